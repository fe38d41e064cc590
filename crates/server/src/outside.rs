//! The wall clock and the system's randomness: the two doors that `base` leaves open.

use std::time::{SystemTime, UNIX_EPOCH};

use sekimori_base::{Clock, Entropy, Timestamp};

/// The wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Before 1970 there is no certificate and no token either: such a clock reads as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The system's cryptographic randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("a process without randomness must not go on");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_2024_and_chance_differs() {
        assert!(SystemClock.now().unix_seconds() > 1_704_067_200);
        let (one, two) =
            (sekimori_base::random::<32>(&SystemEntropy), sekimori_base::random(&SystemEntropy));
        assert_ne!(one, two);
    }
}
