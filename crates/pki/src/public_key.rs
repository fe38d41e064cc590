//! Public keys as certificates carry them, and private ones as they sign certificates.

use std::sync::{Arc, Mutex, PoisonError};

use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256};
use sekimori_base::Fault;
use sekimori_keys::{PublicNumbers, SignatureAlgorithm, Signer};
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoOwned};

use der::oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};

const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 4096;
/// F4 and above: what every generator of keys uses, so that less is a sign of a strange one.
const RSA_EXPONENT_MIN: u64 = 65_537;

/// Why a key is given no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// Not RSA and not on one of the two curves that TLS clients have in common.
    #[error("the key must be RSA or on the curve P-256 or P-384")]
    Kind,
    /// RSA of another size.
    #[error("an RSA key must have 2048 to 4096 bits")]
    RsaSize,
    /// RSA with a small, even or huge exponent.
    #[error("an RSA key must have an odd exponent of at least 65537 and at most 32 bits")]
    RsaExponent,
    /// The numbers of the key cannot be read.
    #[error("the key is damaged")]
    Damaged,
}

/// The key cannot sign certificates: only ES256 and RS256 keys can (everything that connects by TLS
/// can verify those).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an authority signs with ES256 or RS256")]
pub struct SignerUnfit;

/// RFC 8017, A.1.1
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// RFC 3279, 2.2.3
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// A public key that may stand in a certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    algorithm: &'static rcgen::SignatureAlgorithm,
    bits: Vec<u8>,
}

impl PublicKey {
    /// From a certificate or request, if it is of a kind and size that we accept.
    pub(crate) fn accept(info: &SubjectPublicKeyInfoOwned) -> Result<Self, KeyRefused> {
        let bits = info.subject_public_key.as_bytes().ok_or(KeyRefused::Damaged)?;
        let algorithm = if info.algorithm.oid == RSA_ENCRYPTION {
            accept_rsa(bits)?;
            &PKCS_RSA_SHA256
        } else if info.algorithm.oid == ID_EC_PUBLIC_KEY {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
            match curve {
                Some(SECP_256_R_1) => &PKCS_ECDSA_P256_SHA256,
                Some(SECP_384_R_1) => &PKCS_ECDSA_P384_SHA384,
                Some(_) | None => return Err(KeyRefused::Kind),
            }
        } else {
            return Err(KeyRefused::Kind);
        };
        Ok(Self { algorithm, bits: bits.to_vec() })
    }

    /// Of a key of ours that signs with ES256 or RS256.
    pub(crate) fn of(signer: &dyn Signer) -> Result<Self, SignerUnfit> {
        let (algorithm, bits) = match (signer.algorithm(), signer.public().numbers()) {
            (SignatureAlgorithm::Es256, PublicNumbers::P256 { x, y }) => {
                (&PKCS_ECDSA_P256_SHA256, [&[4], x.as_slice(), y.as_slice()].concat())
            }
            (SignatureAlgorithm::Rs256, PublicNumbers::Rsa { modulus, exponent }) => {
                let key = UintRef::new(modulus).and_then(|modulus| {
                    let exponent = UintRef::new(exponent)?;
                    RsaPublicKey { modulus, exponent }.to_der()
                });
                (&PKCS_RSA_SHA256, key.map_err(|_| SignerUnfit)?)
            }
            (
                SignatureAlgorithm::Es256
                | SignatureAlgorithm::Rs256
                | SignatureAlgorithm::Ps256
                | SignatureAlgorithm::EdDsa,
                PublicNumbers::P256 { .. }
                | PublicNumbers::Rsa { .. }
                | PublicNumbers::Ed25519 { .. },
            ) => return Err(SignerUnfit),
        };
        Ok(Self { algorithm, bits })
    }

    /// The content of `subjectPublicKey`.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }
}

fn accept_rsa(bits: &[u8]) -> Result<(), KeyRefused> {
    let key = RsaPublicKey::from_der(bits).map_err(|_| KeyRefused::Damaged)?;
    let modulus = key.modulus.as_bytes();
    let length =
        modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&length) {
        return Err(KeyRefused::RsaSize);
    }
    let exponent = key.exponent.as_bytes();
    let value = exponent.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    if exponent.len() > 4 || value < RSA_EXPONENT_MIN || value % 2 == 0 {
        return Err(KeyRefused::RsaExponent);
    }
    Ok(())
}

impl rcgen::PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

/// A key of ours in the form of the issuing library.
#[derive(Clone)]
pub(crate) struct CertificateSigner {
    signer: Arc<dyn Signer>,
    public: PublicKey,
    /// Why it did not sign the last time, which the issuing library has no room for.
    failure: Arc<Mutex<Option<String>>>,
}

impl CertificateSigner {
    pub(crate) fn new(signer: Arc<dyn Signer>) -> Result<Self, SignerUnfit> {
        let public = PublicKey::of(signer.as_ref())?;
        Ok(Self { signer, public, failure: Arc::default() })
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What the issuing library said while `doing` something with this key: where the key did not sign, why.
    pub(crate) fn fault(&self, doing: &'static str, error: rcgen::Error) -> Fault {
        let why = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (error, why) {
            (rcgen::Error::RemoteKeyError, Some(why)) => Fault::new(doing, why),
            (error, _) => Fault::new(doing, error),
        }
    }

    /// The algorithm, for structures that we write ourselves.
    pub(crate) fn algorithm(&self) -> SignatureAlgorithm {
        self.signer.algorithm()
    }

    /// The signature in the form of X.509.
    pub(crate) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        let signature = self.signer.sign(message)?;
        match self.signer.algorithm() {
            SignatureAlgorithm::Es256 => {
                ecdsa_der(&signature).map_err(Fault::while_doing("writing an ECDSA signature"))
            }
            SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 | SignatureAlgorithm::EdDsa => {
                Ok(signature)
            }
        }
    }
}

/// From two numbers of 32 bytes (RFC 7518, 3.4) to a SEQUENCE of two INTEGERs.
fn ecdsa_der(fixed: &[u8]) -> der::Result<Vec<u8>> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    EcdsaSignature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der()
}

impl rcgen::PublicKeyData for CertificateSigner {
    fn der_bytes(&self) -> &[u8] {
        self.public.bits()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.public.algorithm
    }
}

impl rcgen::SigningKey for CertificateSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signature(message).map_err(|fault| {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            *failure = Some(fault.to_string());
            rcgen::Error::RemoteKeyError
        })
    }
}
