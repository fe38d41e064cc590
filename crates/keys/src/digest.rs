//! Digests without and with a key.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::sign::SignatureAlgorithm;

/// SHA-256 of the parts, one after the other. Parts of varying length need a separator.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    digest.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// HMAC-SHA-256 of `data`. For stored digests prefer [`crate::KeyRing::digest`].
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    tag.as_ref().try_into().expect("SHA-256 gives 32 bytes")
}

/// True if equal; the time says nothing about where they differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// `at_hash` or `c_hash` of an access token or code, in an ID token signed with `algorithm`: the
/// left half of the digest that belongs to the algorithm. `OpenID` Connect Core 1.0, 3.1.3.6
pub fn left_half(algorithm: SignatureAlgorithm, token: &str) -> String {
    let digest = match algorithm {
        SignatureAlgorithm::Es256 | SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 => {
            digest::digest(&digest::SHA256, token.as_bytes())
        }
        // Ed25519 hashes with SHA-512 inside, and that is what relying parties take.
        SignatureAlgorithm::EdDsa => digest::digest(&digest::SHA512, token.as_bytes()),
    };
    let bytes = digest.as_ref();
    URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 2])
}
