//! The text form of certificates and lists. RFC 7468

use der::pem::{LineEnding, encode_string};

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PemKind {
    /// A certificate.
    Certificate,
    /// A request for one.
    Request,
    /// A revocation list.
    RevocationList,
    /// A private key (PKCS#8). The text is as secret as the bytes.
    PrivateKey,
}

/// The text form of these DER bytes.
pub fn pem(kind: PemKind, der: &[u8]) -> String {
    let label = match kind {
        PemKind::Certificate => "CERTIFICATE",
        PemKind::Request => "CERTIFICATE REQUEST",
        PemKind::RevocationList => "X509 CRL",
        PemKind::PrivateKey => "PRIVATE KEY",
    };
    encode_string(label, LineEnding::LF, der).expect("bytes have a text form")
}
