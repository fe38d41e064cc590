//! The envelope that certificates, requests and lists share: content, algorithm, signature.

use der::asn1::BitStringRef;
use der::{Decode, Encode, Reader, SliceReader};
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::aws_lc_rs as algorithms;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// What we verify: nothing with SHA-1, nothing with RSA below 2048 bits.
pub(crate) static ACCEPTED: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P256_SHA512,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ECDSA_P384_SHA512,
    algorithms::ECDSA_P521_SHA256,
    algorithms::ECDSA_P521_SHA384,
    algorithms::ECDSA_P521_SHA512,
    algorithms::ED25519,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// The signature is not that of this key, or of an algorithm that we do not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// A signed structure, taken apart but not believed.
pub(crate) struct Signed<'a> {
    /// The content with its header: what is signed.
    pub(crate) content: &'a [u8],
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
}

impl<'a> Signed<'a> {
    /// `None` unless it is one SEQUENCE of the three parts and nothing else.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        parts(bytes, Tail::Nothing).ok()
    }

    /// The same with certificates after the three parts, or without. RFC 6960, 4.2.1
    pub(crate) fn read_with_certificates(bytes: &'a [u8]) -> Option<Self> {
        parts(bytes, Tail::Certificates).ok()
    }

    /// Proves that the holder of the key signed it.
    pub(crate) fn verify(&self, key: &SubjectPublicKeyInfoOwned) -> Result<(), NotAuthentic> {
        let key_algorithm = content_of(&key.algorithm).ok_or(NotAuthentic)?;
        let algorithm = content_of(&self.algorithm).ok_or(NotAuthentic)?;
        let key_bits = key.subject_public_key.as_bytes().ok_or(NotAuthentic)?;
        let signature = self.signature.as_bytes().ok_or(NotAuthentic)?;
        let accepted = ACCEPTED.iter().find(|accepted| {
            accepted.public_key_alg_id().as_ref() == key_algorithm
                && accepted.signature_alg_id().as_ref() == algorithm
        });
        let accepted = accepted.ok_or(NotAuthentic)?;
        accepted.verify_signature(key_bits, self.content, signature).map_err(|_| NotAuthentic)
    }
}

/// What may follow the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    Certificates,
}

fn parts(bytes: &[u8], tail: Tail) -> der::Result<Signed<'_>> {
    let mut reader = SliceReader::new(bytes)?;
    let signed = reader.sequence(|inner| {
        let signed = Signed {
            content: inner.tlv_bytes()?,
            algorithm: AlgorithmIdentifierOwned::decode(inner)?,
            signature: BitStringRef::decode(inner)?,
        };
        if tail == Tail::Certificates && !inner.is_finished() {
            inner.tlv_bytes()?;
        }
        Ok::<_, der::Error>(signed)
    })?;
    reader.finish()?;
    Ok(signed)
}

/// An algorithm identifier without the header of its SEQUENCE, as the verifying library names them.
fn content_of(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let bytes = algorithm.to_der().ok()?;
    let any = der::asn1::AnyRef::from_der(&bytes).ok()?;
    Some(any.value().to_vec())
}
