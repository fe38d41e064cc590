//! The signing keys of one tenant: which one signs, and which ones are published.

use std::sync::Arc;

use sekimori_base::Timestamp;

use crate::jwk::{Jwk, JwkSet};
use crate::jws::JwsKey;
use crate::rotation::KeyState;
use crate::sign::{SignatureAlgorithm, Signer};

/// Signing keys in their states. Built when keys change, then only read.
pub struct SigningKeySet {
    keys: Vec<(KeyState, JwsKey)>,
    published: Arc<JwkSet>,
    /// From this moment on a retired key is among `published` that should not be.
    published_until: Timestamp,
}

impl SigningKeySet {
    /// The set as of `now`; retired keys whose time is over are left out.
    pub fn new(
        now: Timestamp,
        keys: impl IntoIterator<Item = (KeyState, Arc<dyn Signer>)>,
    ) -> Self {
        let mut keys: Vec<_> = keys
            .into_iter()
            .filter(|(state, _)| is_published(*state, now))
            .map(|(state, signer)| (state, JwsKey::new(signer)))
            .collect();
        // The active key first: relying parties that take the first one of a kind take that.
        keys.sort_by_key(|(state, key)| (rank(*state), key.algorithm(), state.moment()));
        let ends = keys.iter().filter_map(|(state, _)| match state {
            KeyState::Retired { until } => Some(*until),
            KeyState::Next { .. } | KeyState::Active { .. } => None,
        });
        let published_until = ends.min();
        let published = Arc::new(published_at(&keys, now));
        Self {
            keys,
            published,
            published_until: published_until.unwrap_or(Timestamp::from_unix_millis(i64::MAX)),
        }
    }

    /// The key that signs with this algorithm now, if there is one.
    pub fn active(&self, algorithm: SignatureAlgorithm) -> Option<&JwsKey> {
        let active = self.keys.iter().filter(|(state, key)| match state {
            KeyState::Active { .. } => key.algorithm() == algorithm,
            KeyState::Next { .. } | KeyState::Retired { .. } => false,
        });
        active.map(|(_, key)| key).next_back()
    }

    /// The algorithms that can be signed with now, for metadata.
    pub fn algorithms(&self) -> Vec<SignatureAlgorithm> {
        SignatureAlgorithm::ALL
            .into_iter()
            .filter(|algorithm| self.active(*algorithm).is_some())
            .collect()
    }

    /// The public keys of all states, retired ones until their time is over: what is published, and
    /// what our own tokens are verified with.
    pub fn published(&self, now: Timestamp) -> Arc<JwkSet> {
        if now < self.published_until {
            return Arc::clone(&self.published);
        }
        Arc::new(published_at(&self.keys, now))
    }
}

fn published_at(keys: &[(KeyState, JwsKey)], now: Timestamp) -> JwkSet {
    let published = keys.iter().filter(|(state, _)| is_published(*state, now));
    let keys: Vec<Jwk> = published.map(|(_, key)| key.public().clone()).collect();
    JwkSet::new(keys)
}

fn is_published(state: KeyState, now: Timestamp) -> bool {
    match state {
        KeyState::Next { .. } | KeyState::Active { .. } => true,
        KeyState::Retired { until } => now < until,
    }
}

fn rank(state: KeyState) -> u8 {
    match state {
        KeyState::Active { .. } => 0,
        KeyState::Next { .. } => 1,
        KeyState::Retired { .. } => 2,
    }
}
