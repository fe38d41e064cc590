//! Requests of people who keep their own key, and of issuing authorities to an offline root.
//! RFC 2986
//!
//! Only the key is taken from a request, and only after its holder proved to have it. The name, the
//! extensions and the attributes that it asks for are ignored: who somebody is we know ourselves.

use der::Decode;
use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject;
use x509_cert::request::CertReq;

use crate::public_key::{KeyRefused, PublicKey};
use crate::signed::Signed;

/// Longest request that is read, in bytes of either form.
pub const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// More than 16 KiB.
    #[error("the request is longer than 16 KiB")]
    TooLong,
    /// Neither DER nor PEM of a request.
    #[error("this is not a PKCS#10 certificate request")]
    Malformed,
    /// It holds a private key: that should never leave its owner, and a request does not have it.
    #[error("this is a private key: keep it, make a new one if it was seen, and send the request")]
    PrivateKey,
    /// The key gets no certificate.
    #[error(transparent)]
    Key(#[from] KeyRefused),
    /// The signature is not by this key, or of an algorithm that is not accepted (SHA-1).
    #[error("the request is not signed by its own key with an algorithm that is accepted")]
    NotProven,
}

/// A public key whose holder proved to have the private one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    key: PublicKey,
}

impl Request {
    /// Reads and proves a request in DER or PEM.
    pub fn read(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        // DER begins with the tag of a SEQUENCE, which is the digit 0 and so never begins a PEM.
        if bytes.first() == Some(&0x30) {
            return Self::read_der(bytes);
        }
        if contains(bytes, b"PRIVATE KEY-----") {
            return Err(RequestError::PrivateKey);
        }
        let der = CertificateSigningRequestDer::from_pem_slice(bytes);
        Self::read_der(&der.map_err(|_| RequestError::Malformed)?)
    }

    fn read_der(der: &[u8]) -> Result<Self, RequestError> {
        let request = CertReq::from_der(der).map_err(|_| RequestError::Malformed)?;
        let signed = Signed::read(der).ok_or(RequestError::Malformed)?;
        let key = PublicKey::accept(&request.info.public_key)?;
        signed.verify(&request.info.public_key).map_err(|_| RequestError::NotProven)?;
        Ok(Self { key })
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
