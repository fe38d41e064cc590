//! A certificate, read but not believed: what is shown of it, and what its verification needs.

use std::fmt::{self, Write as _};

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use sekimori_base::Timestamp;
use sekimori_keys::digest::sha256;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::months::from_x509;
use crate::serial::Serial;
use crate::signed::Signed;

/// Longest certificate that is read, in bytes. People's have one or two KiB.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// These bytes are no X.509 certificate of version 3 that we can read, or are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an X.509 certificate of version 3 (at most 16 KiB, DER)")]
pub struct CertificateMalformed;

/// SHA-256 of a certificate's bytes: which certificate it is, whatever it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    pub fn of(der: &[u8]) -> Self {
        Self(sha256(&[der]))
    }

    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An X.509 certificate that was read. Nothing that it says is proven.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    parsed: x509_cert::Certificate,
    serial: Serial,
}

impl Certificate {
    /// From its DER form. RFC 5280, 4.1
    pub fn read(der: &[u8]) -> Result<Self, CertificateMalformed> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateMalformed);
        }
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| CertificateMalformed)?;
        let content = parsed.tbs_certificate();
        if content.version() != x509_cert::Version::V3 {
            return Err(CertificateMalformed);
        }
        let serial = Serial::from_der_content(content.serial_number().as_bytes());
        let serial = serial.ok_or(CertificateMalformed)?;
        Ok(Self { der: der.to_vec(), serial, parsed })
    }

    /// The bytes that it was read from.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its serial number.
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// The first second of its validity, which stands for its date of issue.
    pub fn not_before(&self) -> Timestamp {
        from_x509(self.parsed.tbs_certificate().validity().not_before)
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> Timestamp {
        from_x509(self.parsed.tbs_certificate().validity().not_after)
    }

    /// Whom it names, as text for people. RFC 4514
    pub fn subject_text(&self) -> String {
        self.subject().to_string()
    }

    /// Who issued it, as text for people. RFC 4514
    pub fn issuer_text(&self) -> String {
        self.issuer().to_string()
    }

    /// The DER form of the name that it gives its subject, by which TLS says whose certificates are taken.
    /// RFC 8446, 4.2.4
    pub fn subject_der(&self) -> Vec<u8> {
        name_bytes(self.subject())
    }

    /// SHA-256 of its bytes.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// The name of its key in addresses: the first 20 bytes of SHA-256 over it, in hexadecimal. The same for every
    /// certificate of that key.
    pub fn key_name(&self) -> String {
        let info = self.key().to_der().expect("a key that was read can be written");
        let mut name = String::with_capacity(40);
        for byte in &sha256(&[&info])[..20] {
            let _ = write!(name, "{byte:02x}");
        }
        name
    }

    /// True if it names `issuer` as its issuer and that one's key signed it. Nothing else is looked at.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let named = name_bytes(self.issuer()) == name_bytes(issuer.subject());
        let signed = Signed::read(&self.der);
        named && signed.is_some_and(|signed| signed.verify(issuer.key()).is_ok())
    }

    pub(crate) fn subject(&self) -> &Name {
        self.parsed.tbs_certificate().subject()
    }

    pub(crate) fn issuer(&self) -> &Name {
        self.parsed.tbs_certificate().issuer()
    }

    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.parsed.tbs_certificate().subject_public_key_info()
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, CertificateMalformed> {
        self.extension()
    }

    /// The purposes that it may be used for; `None` if it does not restrict them.
    pub(crate) fn purposes(&self) -> Result<Option<Vec<ObjectIdentifier>>, CertificateMalformed> {
        Ok(self.extension::<ExtendedKeyUsage>()?.map(|purposes| purposes.0))
    }

    /// True if it says that it may sign other certificates.
    pub(crate) fn is_authority(&self) -> Result<bool, CertificateMalformed> {
        Ok(self.extension::<BasicConstraints>()?.is_some_and(|constraints| constraints.ca))
    }

    /// One extension; an error if it stands twice or cannot be read.
    pub(crate) fn extension<'a, T>(&'a self) -> Result<Option<T>, CertificateMalformed>
    where
        T: Decode<'a> + der::oid::AssociatedOid,
    {
        let found = self.parsed.tbs_certificate().get_extension::<T>();
        found.map(|found| found.map(|(_, extension)| extension)).map_err(|_| CertificateMalformed)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} of {})", self.serial, self.issuer())
    }
}

/// The public key (SubjectPublicKeyInfo, DER) in what somebody presents as a certificate: the part that the proof of
/// having its key needs. Nothing else of it is looked at.
pub fn public_key_info(der: &[u8]) -> Option<Vec<u8>> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return None;
    }
    let parsed = x509_cert::Certificate::from_der(der).ok()?;
    parsed.tbs_certificate().subject_public_key_info().to_der().ok()
}

/// The DER form of a name.
pub(crate) fn name_bytes(name: &Name) -> Vec<u8> {
    name.to_der().expect("a name that was read can be written")
}
