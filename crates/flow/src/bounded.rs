//! A map that never holds more than a fixed number of entries, whatever anybody sends.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// So many of the oldest entries are looked at for one that may go.
const LOOKS_MAX: usize = 16;

/// A bounded map. When it is full the oldest entry goes, except that entries worth keeping are passed over as long
/// as there are few of them among the oldest: a flood of junk does not push out what was learned of an attack.
pub(crate) struct Bounded<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    entries_max: usize,
}

impl<K: Copy + Eq + Hash, V> Bounded<K, V> {
    /// An empty map for at most so many entries.
    pub fn new(entries_max: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), entries_max }
    }

    /// What is kept for the key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// What is kept for the key, or a fresh value; `worth` says which others should rather stay.
    pub fn entry(&mut self, key: K, fresh: V, worth: impl Fn(&V) -> bool) -> &mut V {
        if !self.entries.contains_key(&key) {
            self.make_room(worth);
            self.order.push_back(key);
        }
        self.entries.entry(key).or_insert(fresh)
    }

    fn make_room(&mut self, worth: impl Fn(&V) -> bool) {
        let mut looks = 0;
        while self.entries.len() >= self.entries_max {
            let Some(oldest) = self.order.pop_front() else { return };
            looks += 1;
            if looks < LOOKS_MAX && self.entries.get(&oldest).is_some_and(&worth) {
                self.order.push_back(oldest);
            } else {
                self.entries.remove(&oldest);
            }
        }
    }

    /// How many entries there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        assert_eq!(self.entries.len(), self.order.len(), "every entry stands in the order once");
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_what_is_worth_keeping_stays() {
        let mut map = Bounded::new(100);
        for key in 0..5 {
            *map.entry(key, 0, |kept| *kept > 0) = 1;
        }
        for key in 5..100_000 {
            map.entry(key, 0, |kept| *kept > 0);
        }
        assert_eq!(map.len(), 100);
        assert!((0..5).all(|key| map.get(&key) == Some(&1)));
        assert_eq!(map.get(&99_900), None);
        assert_eq!(map.get(&99_999), Some(&0));
    }

    #[test]
    fn it_stays_bounded_when_everything_is_worth_keeping() {
        let mut map = Bounded::new(100);
        for key in 0..1000 {
            map.entry(key, (), |()| true);
        }
        assert_eq!(map.len(), 100);
    }
}
