//! Keys in a device that never gives them away: the port to the device, and a [`Signer`] whose key is there.
//!
//! A [`DeviceKey`] is opened without asking the device anything, so that nothing hangs on its being there; only what
//! must be signed does.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use sekimori_base::Fault;

use crate::digest::sha256;
use crate::jwk::{Jwk, PublicNumbers};
use crate::sign::{KeyRejected, SignatureAlgorithm, Signer};

/// Longest label of a key, in bytes.
pub const KEY_LABEL_BYTES_MAX: usize = 64;

/// The port to a device (a PKCS#11 token) that keeps private keys of ECDSA on P-256. Its calls block, within bounds.
pub trait KeyDevice: Send + Sync {
    /// What it is called: the label of the token.
    fn name(&self) -> &str;

    /// The uncompressed point of the key with this label, and whether it was made just now because there was none.
    fn take_or_make(&self, label: &str) -> Result<(Vec<u8>, Origin), DeviceError>;

    /// The signature (r and s, 32 bytes each) over a digest, made by the key with this label.
    fn sign_digest(&self, label: &str, digest: [u8; 32]) -> Result<Vec<u8>, DeviceError>;

    /// Look whether the keys with these labels are there and could sign; connects to the device if need be.
    fn look(&self, labels: &[String]) -> Result<(), DeviceError>;
}

/// Whether a key was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was there.
    Taken,
    /// It was made.
    Made,
}

/// Why a device does not do what it was asked for: what happened, and what to do. No PIN is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The settings know no device.
    #[error(
        "the key is in the token {token}, which this node does not have: name it under [pkcs11] of sekimori.toml"
    )]
    NotHere {
        /// Where the key is.
        token: String,
    },
    /// The settings know another device.
    #[error(
        "the key is in the token {token}, and [pkcs11] of sekimori.toml names {here}: name the one with the key"
    )]
    OtherToken {
        /// Where the key is.
        token: String,
        /// What the settings name.
        here: String,
    },
    /// The module is no module, or does not start.
    #[error("the PKCS#11 module does not work ({why}): see pkcs11.module of sekimori.toml")]
    Module {
        /// What the system or the module said.
        why: String,
    },
    /// No token of that name is there.
    #[error(
        "the token {token} is not there (the module shows {shown}): plug it in, or start what it belongs to"
    )]
    NoToken {
        /// Which one is wanted.
        token: String,
        /// The labels of those that are there.
        shown: String,
    },
    /// Several have that name.
    #[error("there are {count} tokens called {token}: give each a label of its own")]
    SeveralTokens {
        /// Which one is wanted.
        token: String,
        /// How many there are.
        count: usize,
    },
    /// The PIN cannot be read.
    #[error("the PIN of the token cannot be read ({why}): see pkcs11.pin_file of sekimori.toml")]
    PinFile {
        /// What the system said.
        why: String,
    },
    /// The token does not take the PIN.
    #[error(
        "the token {token} refused the PIN: it was tried once and is not tried again, because tokens lock themselves; write the right one to pkcs11.pin_file"
    )]
    PinRefused {
        /// Which one.
        token: String,
    },
    /// Another wrong PIN would lock the token.
    #[error(
        "the token {token} has one try for its PIN left, and it is not spent here: log in once with the token's own tool"
    )]
    LastTry {
        /// Which one.
        token: String,
    },
    /// It has locked itself.
    #[error("the token {token} is locked: unlock it with the token's own tool (its SO PIN)")]
    Locked {
        /// Which one.
        token: String,
    },
    /// It has no such key.
    #[error(
        "the token {token} has no key {label}: bring back the token, or the copy of it, that has"
    )]
    NoKey {
        /// Which token.
        token: String,
        /// The label of the key.
        label: String,
    },
    /// It has several.
    #[error("the token {token} has several keys {label}: give each a label of its own")]
    SeveralKeys {
        /// Which token.
        token: String,
        /// The label of the keys.
        label: String,
    },
    /// The key is of a kind that is not used here.
    #[error("the key {label} of the token cannot be used: {why}")]
    Unfit {
        /// The label of the key.
        label: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Another key signed.
    #[error(
        "the key {label} of the token is not the one of the certificate: it was replaced, or the token with it"
    )]
    OtherKey {
        /// The label of the key.
        label: String,
    },
    /// Too much is waiting for it.
    #[error("too many signatures wait for the token: try again in a moment")]
    Busy,
    /// The module does not return.
    #[error(
        "the token has not answered for {seconds} seconds: see that it, and what it is connected through, works"
    )]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Anything else that the module says.
    #[error("the token failed ({why}): it is tried anew; if it goes on, look at the token")]
    Failed {
        /// What the module said.
        why: String,
    },
}

/// A private key in a device.
pub struct DeviceKey {
    device: Result<Arc<dyn KeyDevice>, DeviceError>,
    label: String,
    public: Jwk,
}

impl DeviceKey {
    /// The key with this label in a token, which may not be the one that is here; `public` is its point.
    pub fn new(
        device: Option<&Arc<dyn KeyDevice>>,
        token: &str,
        label: &str,
        public: &[u8],
    ) -> Result<Self, KeyRejected> {
        let token = token.to_owned();
        let device = match device {
            Some(device) if device.name() == token => Ok(Arc::clone(device)),
            Some(device) => Err(DeviceError::OtherToken { token, here: device.name().to_owned() }),
            None => Err(DeviceError::NotHere { token }),
        };
        let public = Jwk::from_ec_point(public)
            .and_then(|key| key.for_algorithm(SignatureAlgorithm::Es256))
            .map_err(|_| KeyRejected)?;
        Ok(Self { device, label: label.to_owned(), public })
    }

    /// Its id: the thumbprint of the public key.
    pub fn kid(&self) -> &str {
        self.public.kid().expect("our own keys have one")
    }

    /// Why its device cannot be asked at all, as far as the settings tell.
    pub fn unreachable(&self) -> Option<&DeviceError> {
        self.device.as_ref().err()
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, DeviceError> {
        let device = self.device.as_ref().map_err(Clone::clone)?;
        let signature = device.sign_digest(&self.label, sha256(&[message]))?;
        // A device that holds another key under the label, or computes wrongly, must not speak for this one.
        let good = match self.public.numbers() {
            PublicNumbers::P256 { x, y } => {
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
            }
            PublicNumbers::Rsa { .. } | PublicNumbers::Ed25519 { .. } => {
                Err(aws_lc_rs::error::Unspecified)
            }
        };
        good.map(|()| signature).map_err(|_| DeviceError::OtherKey { label: self.label.clone() })
    }
}

impl Signer for DeviceKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Es256
    }

    fn public(&self) -> &Jwk {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.signature(message).map_err(Fault::while_doing("signing with a token"))
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({} {})", self.label, self.kid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::{KeyProfile, SigningKey};

    /// A device that holds one key, whatever label is asked for.
    struct Holding(SigningKey);

    impl KeyDevice for Holding {
        fn name(&self) -> &'static str {
            "campus"
        }
        fn take_or_make(&self, _: &str) -> Result<(Vec<u8>, Origin), DeviceError> {
            Ok((point(&self.0), Origin::Taken))
        }
        fn sign_digest(&self, _: &str, digest: [u8; 32]) -> Result<Vec<u8>, DeviceError> {
            // Over the digest of the digest: what a device that computes wrongly would give.
            self.0.sign(&digest).map_err(|fault| DeviceError::Failed { why: fault.to_string() })
        }
        fn look(&self, _: &[String]) -> Result<(), DeviceError> {
            Ok(())
        }
    }

    fn point(key: &SigningKey) -> Vec<u8> {
        match key.public().numbers() {
            PublicNumbers::P256 { x, y } => [&[4], x.as_slice(), y.as_slice()].concat(),
            PublicNumbers::Rsa { .. } | PublicNumbers::Ed25519 { .. } => Vec::new(),
        }
    }

    #[test]
    fn what_the_known_key_did_not_sign_is_not_handed_out() {
        let key = SigningKey::generate(KeyProfile::Es256).unwrap();
        let public = point(&key);
        let device: Arc<dyn KeyDevice> = Arc::new(Holding(key));
        let key = DeviceKey::new(Some(&device), "campus", "ca", &public).unwrap();
        let said = key.sign(b"message").unwrap_err().to_string();
        assert!(said.contains("is not the one of the certificate"), "{said}");
    }

    #[test]
    fn a_key_is_opened_without_its_device_and_says_where_it_is() {
        let key = SigningKey::generate(KeyProfile::Es256).unwrap();
        let public = point(&key);
        let kid = key.kid().to_owned();
        let away = DeviceKey::new(None, "campus", "ca", &public).unwrap();
        assert_eq!(away.kid(), kid);
        assert!(away.sign(b"message").unwrap_err().to_string().contains("in the token campus"));
        let device: Arc<dyn KeyDevice> = Arc::new(Holding(key));
        let other = DeviceKey::new(Some(&device), "vault", "ca", &public).unwrap();
        let said = other.sign(b"message").unwrap_err().to_string();
        assert!(said.contains("vault") && said.contains("campus"), "{said}");
        assert!(DeviceKey::new(None, "campus", "ca", &public[..64]).is_err());
    }
}
