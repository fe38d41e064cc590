//! Chance that is the same each time a page is shown: it follows from a seed that the page carries.

use std::sync::atomic::{AtomicU32, Ordering};

use sekimori_base::Entropy;
use sekimori_keys::{KeyVersion, Purpose};

use crate::tenant::Tenant;

/// Chance that follows from a seed under a key of ours.
pub(super) struct Seeded<'t> {
    tenant: &'t Tenant,
    key: KeyVersion,
    seed: [u8; 16],
    about: &'static str,
    block: AtomicU32,
}

impl<'t> Seeded<'t> {
    /// From this seed, for one use of it.
    pub fn new(tenant: &'t Tenant, key: KeyVersion, seed: [u8; 16], about: &'static str) -> Self {
        Self { tenant, key, seed, about, block: AtomicU32::new(0) }
    }
}

impl Entropy for Seeded<'_> {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let block = self.block.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let data = [self.about.as_bytes(), b":", &self.seed, &block].concat();
            let digest = self
                .tenant
                .keys
                .digest_under(self.key, Purpose::Enrolment, self.tenant.id, &data)
                .expect("its key was in the ring when it was opened or made");
            part.copy_from_slice(&digest.bytes()[..part.len()]);
        }
    }
}
