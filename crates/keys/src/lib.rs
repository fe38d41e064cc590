//! Signing and sealing keys: derivation, rotation, JWK and JWS.
//!
//! No input or output: `server` reads the root key file, `store` keeps sealed bytes, `flow` opens
//! them with what is here. Time and chance are arguments, with one exception: key pairs are
//! generated, and ECDSA and PSS signatures made, with the randomness of aws-lc itself.
//!
//! From the root to a signature:
//!
//! 1. [`RootKeys`], from one file that is the same on all nodes, seal the [`DataKey`]s.
//! 2. A [`KeyRing`] of data keys seals everything else and makes keyed digests; keys are derived
//!    per [`Purpose`], [`Scope`] and message.
//! 3. [`SigningKey`]s lie sealed by the ring; a [`SigningKeySet`] signs with the active one and
//!    publishes all that a relying party may still need.
//!
//! A key of an authority may be in a device instead: a [`DeviceKey`].
//!
//! Deliberately absent: HMAC signatures on tokens, encrypted tokens, and any key that a token
//! brings along or points to.

mod device;
pub mod digest;
mod json;
mod jwk;
pub mod jws;
pub mod pkce;
mod purpose;
mod ring;
mod root;
pub mod rotation;
pub mod seal;
mod set;
mod sign;

pub use device::{DeviceError, DeviceKey, KEY_LABEL_BYTES_MAX, KeyDevice, Origin};
pub use jwk::{Jwk, JwkError, JwkSet, PublicNumbers};
pub use purpose::{Purpose, Scope};
pub use ring::{DataKey, KeyRing, KeyRingError, KeyVersion, KeyedDigest};
pub use root::{RootKey, RootKeyError, RootKeyId, RootKeyProblem, RootKeys};
pub use rotation::KeyState;
pub use seal::{Binding, OpenError, SealError};
pub use set::SigningKeySet;
pub use sign::{KeyProfile, KeyRejected, RsaBits, SignatureAlgorithm, Signer, SigningKey};
