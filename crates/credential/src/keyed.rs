//! The keyed digest under everything that is stored hashed but has enough entropy not to need
//! Argon2: HMAC-SHA-256, with a name of what is digested in front, so that one key can never make
//! the digest of one kind pass for another's.

use aws_lc_rs::hmac;
use sekimori_base::Secret;

/// HMAC-SHA-256 under `key` of `kind`, a zero byte, and `message`.
pub fn digest(key: &Secret<[u8; 32]>, kind: &str, message: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let mut context = hmac::Context::with_key(&key);
    context.update(kind.as_bytes());
    context.update(&[0]);
    context.update(message);
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}
