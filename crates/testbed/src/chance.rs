//! Time that stands still until it is moved, and chance that is the same in each run.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sekimori_base::{Clock, Entropy, Timestamp};
use sekimori_keys::digest::sha256;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.unix_millis()))
    }

    /// Move it by so many seconds.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Let it show this moment.
    pub fn set(&self, moment: Timestamp) {
        self.0.store(moment.unix_millis(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that look like chance and are the same in each run: SHA-256 over a seed and a counter.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    counter: AtomicU64,
}

impl Seeded {
    /// Chance from this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }

    /// A number below `bound`, for random walks.
    pub fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(u64::from_le_bytes(bytes) % bound).unwrap_or(0)
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for block in bytes.chunks_mut(32) {
            let number = self.counter.fetch_add(1, Ordering::Relaxed);
            let digest = sha256(&[&self.seed.to_be_bytes(), &number.to_be_bytes()]);
            block.copy_from_slice(&digest[..block.len()]);
        }
    }
}
