//! Chance that repeats: tests must not depend on luck.

use std::sync::atomic::{AtomicU64, Ordering};

use sekimori_base::{Entropy, TenantId, Timestamp};
use sekimori_keys::digest;

/// A stream of bytes from a counter; another seed, another stream.
pub struct Counted(AtomicU64);

impl Counted {
    pub const fn from(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 32))
    }
}

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let block = digest::sha256(&[&count.to_be_bytes()]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A machine that was set back: always the same bytes.
pub struct Stuck;

impl Entropy for Stuck {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

pub const TENANT: TenantId = TenantId::from_bytes([7; 16]);
pub const OTHER_TENANT: TenantId = TenantId::from_bytes([8; 16]);

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}
