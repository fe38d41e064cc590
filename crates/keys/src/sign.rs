//! Signature algorithms, the [`Signer`] port, and private keys that are held in memory.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use sekimori_base::{Fault, Secret};

use crate::jwk::Jwk;

/// The signature algorithms that we make and accept; there is no other, so `none` and HMAC cannot
/// be named at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

/// A text that is not the name of an algorithm that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not ES256, RS256, PS256 or EdDSA")]
pub struct UnknownAlgorithm;

impl SignatureAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// The name in JOSE headers and metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SignatureAlgorithm {
    type Err = UnknownAlgorithm;
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or(UnknownAlgorithm)
    }
}

/// The length of an RSA modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaBits {
    /// 2048 bits: the fastest that is still accepted.
    B2048,
    /// 3072 bits: beyond 2030 for NIST; a third of the speed.
    B3072,
    /// 4096 bits.
    B4096,
}

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyProfile {
    /// For [`SignatureAlgorithm::Es256`].
    Es256,
    /// For [`SignatureAlgorithm::Rs256`].
    Rs256(RsaBits),
    /// For [`SignatureAlgorithm::Ps256`].
    Ps256(RsaBits),
    /// For [`SignatureAlgorithm::EdDsa`].
    EdDsa,
}

impl KeyProfile {
    /// The algorithm that such a key signs with.
    pub const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::Es256 => SignatureAlgorithm::Es256,
            Self::Rs256(_) => SignatureAlgorithm::Rs256,
            Self::Ps256(_) => SignatureAlgorithm::Ps256,
            Self::EdDsa => SignatureAlgorithm::EdDsa,
        }
    }
}

/// The port to private keys: in memory, or in a device that never gives them away.
pub trait Signer: Send + Sync {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The public key, its id being its thumbprint.
    fn public(&self) -> &Jwk;

    /// The signature of `message` in the form of RFC 7518 (ES256: r and s, 32 bytes each).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault>;
}

/// Bytes that are not a private key that may sign with the wanted algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a PKCS#8 private key for this algorithm, or it is too weak")]
pub struct KeyRejected;

/// A private key in memory, parsed once.
pub struct SigningKey {
    algorithm: SignatureAlgorithm,
    pair: Pair,
    public: Jwk,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    /// A fresh key pair. RSA takes from tens of milliseconds to seconds.
    pub fn generate(profile: KeyProfile) -> Result<Self, Fault> {
        let algorithm = profile.algorithm();
        let pair = match profile {
            KeyProfile::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ec)
            }
            KeyProfile::Rs256(bits) => generate_rsa(bits, &RSA_PKCS1_SHA256),
            KeyProfile::Ps256(bits) => generate_rsa(bits, &RSA_PSS_SHA256),
            KeyProfile::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        pair.map_err(Fault::while_doing("generating a signing key")).and_then(|pair| {
            Self::from_pair(algorithm, pair).map_err(Fault::while_doing("generating a signing key"))
        })
    }

    /// From the PKCS#8 form, once; RSA of 2048 to 4096 bits.
    pub fn from_pkcs8(algorithm: SignatureAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        let rsa = |encoding| RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Pair::Rsa(pair, encoding));
        let pair = match algorithm {
            SignatureAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::Ec)
            }
            SignatureAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            SignatureAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            SignatureAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed),
        };
        Self::from_pair(algorithm, pair.map_err(|_| KeyRejected)?)
    }

    /// The PKCS#8 form, version 1, to be sealed.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        let encoded = match &self.pair {
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Rsa(pair, _) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ed(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        Secret::new(encoded.expect("a key pair that was made has a PKCS#8 form"))
    }

    /// The key id: the thumbprint of the public key.
    pub fn kid(&self) -> &str {
        self.public.kid().expect("our own keys have one")
    }

    fn from_pair(algorithm: SignatureAlgorithm, pair: Pair) -> Result<Self, KeyRejected> {
        let public = match &pair {
            Pair::Ec(pair) => Jwk::from_ec_point(pair.public_key().as_ref()),
            Pair::Rsa(pair, _) => {
                let public = pair.public_key();
                let (modulus, exponent) = (public.modulus(), public.exponent());
                Jwk::from_rsa(
                    modulus.big_endian_without_leading_zero(),
                    exponent.big_endian_without_leading_zero(),
                )
            }
            Pair::Ed(pair) => Jwk::from_ed25519(pair.public_key().as_ref()),
        };
        let public =
            public.and_then(|key| key.for_algorithm(algorithm)).map_err(|_| KeyRejected)?;
        Ok(Self { algorithm, pair, public })
    }
}

fn generate_rsa(bits: RsaBits, encoding: &'static dyn RsaEncoding) -> Result<Pair, Unspecified> {
    let size = match bits {
        RsaBits::B2048 => KeySize::Rsa2048,
        RsaBits::B3072 => KeySize::Rsa3072,
        RsaBits::B4096 => KeySize::Rsa4096,
    };
    RsaKeyPair::generate(size).map(|pair| Pair::Rsa(pair, encoding))
}

/// What aws-lc wants to be handed, and does not look at: ECDSA and PSS draw their own randomness inside it.
fn system_random() -> SystemRandom {
    SystemRandom::new()
}

impl Signer for SigningKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn public(&self) -> &Jwk {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let signature = match &self.pair {
            Pair::Ec(pair) => {
                pair.sign(&system_random(), message).map(|signature| signature.as_ref().to_vec())
            }
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &system_random(), message, &mut signature).map(|()| signature)
            }
            Pair::Ed(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        };
        signature.map_err(Fault::while_doing("signing"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid())
    }
}
