//! How many different names something failed with within an hour: counted by their digests, up to a bound.

use sekimori_base::Timestamp;

/// Length of the window, which begins with the first name.
const WINDOW_SECONDS: i64 = 3600;

/// Different names since a moment.
pub(crate) struct Distinct {
    names: Vec<u64>,
    since: Timestamp,
}

/// What one more name comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// There are fewer than the bound.
    NotYet,
    /// There are as many since this very name.
    Now,
    /// There were as many before.
    Before,
}

impl Distinct {
    /// None yet.
    pub fn new(now: Timestamp) -> Self {
        Self { names: Vec::new(), since: now }
    }

    /// Whether there are so many, and the window has not ended.
    pub fn has(&self, names: usize, now: Timestamp) -> bool {
        self.names.len() >= names && self.is_open(now)
    }

    fn is_open(&self, now: Timestamp) -> bool {
        now.seconds_since(self.since) <= WINDOW_SECONDS
    }

    /// Count a name, up to `names_max` different ones. After the window it begins anew.
    pub fn add(&mut self, name: u64, names_max: usize, now: Timestamp) -> Filled {
        if !self.is_open(now) {
            *self = Self::new(now);
        }
        if self.names.len() >= names_max {
            return Filled::Before;
        }
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        if self.names.len() >= names_max { Filled::Now } else { Filled::NotYet }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

    #[test]
    fn different_names_count_and_the_same_one_does_not() {
        use Filled::{Before, NotYet, Now};
        let mut failed = Distinct::new(NOW);
        let mut said = Vec::new();
        for name in [1, 1, 2, 2, 3, 3, 4] {
            said.push(failed.add(name, 3, NOW));
        }
        assert_eq!(said, [NotYet, NotYet, NotYet, NotYet, Now, Before, Before]);
    }

    #[test]
    fn after_an_hour_it_begins_anew() {
        let mut failed = Distinct::new(NOW);
        failed.add(1, 2, NOW);
        let later = NOW.plus_seconds(WINDOW_SECONDS);
        assert!(failed.has(1, later) && !failed.has(1, later.plus_seconds(1)));
        assert_eq!(failed.add(2, 2, later.plus_seconds(1)), Filled::NotYet);
    }
}
