//! Names of rows that no other crate knows: digests of tokens, keys of counters, writers, messages.

use std::fmt;

use sekimori_base::base32;

macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// From the bytes that [`Self::bytes`] gave.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The bytes, as stored.
            pub const fn bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}..)"), base32::encode(&self.0[..4]))
            }
        }

        impl From<[u8; $bytes]> for $name {
            fn from(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }
    };
}

bytes_type!(
    /// A keyed digest of something that is presented: a cookie, a code, a token, a ticket. The thing
    /// itself is never stored.
    Digest,
    32
);
bytes_type!(
    /// A keyed digest that names one counter of guesses (of what, whose, from where).
    CounterKey,
    32
);
bytes_type!(
    /// One message in the outbox.
    MessageId,
    16
);
bytes_type!(
    /// One writer of the audit: one connection of one start of one node.
    WriterId,
    16
);
