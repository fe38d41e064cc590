//! What tests share.

use std::sync::atomic::{AtomicU64, Ordering};

use sekimori_base::Entropy;

/// Chance that is the same in every run.
pub(crate) struct Chance(AtomicU64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // SplitMix64.
            let step = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (step ^ step >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ mixed >> 31).to_le_bytes()[0];
        }
    }
}
