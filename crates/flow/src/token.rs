//! Opaque tokens of ours: what browsers and services hold, and what is stored of them.
//!
//! A token is `<key version>.<256 random bits>`; stored is its keyed SHA-256 under that version of the data
//! key. The version in the text keeps a look-up at one digest, also after a rotation. The kind goes into the
//! digest: a token of one kind is never found as another's (R-FIX).

use sekimori_base::{Entropy, Secret, random};
use sekimori_keys::{KeyVersion, Purpose};

use crate::tenant::Tenant;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The session cookie.
    Session,
    /// An authorization code.
    Code,
    /// An opaque access token.
    Access,
    /// A refresh token.
    Refresh,
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Session => b"session:",
            Self::Code => b"code:",
            Self::Access => b"access:",
            Self::Refresh => b"refresh:",
        }
    }
}

/// Longest token text that is looked at.
const TEXT_BYTES_MAX: usize = 64;

/// A fresh token and what is stored of it.
pub fn fresh(
    tenant: &Tenant,
    kind: Kind,
    entropy: &(impl Entropy + ?Sized),
) -> (Secret<String>, [u8; 32]) {
    let bits: [u8; 32] = random(entropy);
    let version = tenant.keys.active();
    let text = format!("{}.{}", version.0, data_encoding::BASE64URL_NOPAD.encode(&bits));
    let stored = stored(tenant, version, kind, &text)
        .expect("the active key version is always in its own ring");
    (Secret::new(text), stored)
}

/// What is stored of a presented token; `None` if the text cannot be one of ours.
pub fn digest(tenant: &Tenant, kind: Kind, text: &str) -> Option<[u8; 32]> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (version, _) = text.split_once('.')?;
    stored(tenant, KeyVersion(version.parse().ok()?), kind, text)
}

fn stored(tenant: &Tenant, version: KeyVersion, kind: Kind, text: &str) -> Option<[u8; 32]> {
    let mut data = Vec::with_capacity(TEXT_BYTES_MAX + 8);
    data.extend_from_slice(kind.label());
    data.extend_from_slice(text.as_bytes());
    let digest = tenant.keys.digest_under(version, Purpose::TokenDigest, tenant.id, &data)?;
    Some(*digest.bytes())
}
