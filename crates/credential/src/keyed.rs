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

/// A keyed digest that compares in constant time and prints nothing of itself.
macro_rules! keyed_digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From the bytes that [`Self::bytes`] gave.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes to store.
            pub const fn bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

pub(crate) use keyed_digest;
