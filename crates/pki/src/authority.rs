//! Authorities: the root, which may stay offline, and the issuing one below it.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod,
    KeyUsagePurpose,
};
use rustls_pki_types::CertificateDer;
use sekimori_base::{Entropy, Fault, Timestamp};
use sekimori_keys::Signer;
use sekimori_keys::digest::sha256;
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::certificate::{Certificate, CertificateMalformed, name_bytes};
use crate::months::{later, offset};
use crate::name::AuthorityName;
use crate::profile::Locations;
use crate::public_key::{CertificateSigner, PublicKey, SignerUnfit};
use crate::request::Request;
use crate::serial::Serial;

/// Certificates begin this many seconds before they are made, for clocks that go slow.
pub(crate) const BACKDATED_SECONDS: i64 = 300;
/// Length of a key's identifier, in bytes. RFC 7093, 2 (1)
const KEY_ID_BYTES: usize = 20;

/// Why an authority cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The certificate cannot be read.
    #[error(transparent)]
    Malformed(#[from] CertificateMalformed),
    /// The key cannot sign certificates.
    #[error(transparent)]
    Signer(#[from] SignerUnfit),
    /// It is a certificate of another key.
    #[error("the certificate is not that of this key")]
    OtherKey,
    /// It lacks CA, keyCertSign, cRLSign or the name of its key. RFC 5280, 4.2.1
    #[error("the certificate does not let its key sign certificates and revocation lists")]
    NotAnAuthority,
    /// Its name has a form that cannot be written again byte by byte, so that the chain would break
    /// (several values of one kind, or in one part).
    #[error("the subject of the certificate has a form that cannot be used as an issuer")]
    Name,
}

/// Why one authority does not sign another.
#[derive(Debug, thiserror::Error)]
pub enum SigningRefused {
    /// The signer's own certificate is over, or has not begun.
    #[error("the certificate of the authority is not valid now")]
    NotValid,
    /// Only a root signs authorities.
    #[error("the certificate of the authority does not let it sign other authorities")]
    NotARoot,
    /// What is to be below it has its very key.
    #[error(
        "the request has the key of the root itself: an issuing authority has a key of its own"
    )]
    OwnKey,
    /// The key did not sign.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A certificate that may sign others, with its key.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, CertificateSigner>,
    key_id: Vec<u8>,
    path_length: Option<u8>,
}

impl Authority {
    /// From its certificate (DER) and key.
    pub fn open(certificate: &[u8], signer: Arc<dyn Signer>) -> Result<Self, AuthorityError> {
        let signer = CertificateSigner::new(signer)?;
        let certificate = Certificate::read(certificate)?;
        let own = PublicKey::accept(certificate.key()).map_err(|_| AuthorityError::OtherKey)?;
        if own != *signer.public() {
            return Err(AuthorityError::OtherKey);
        }
        let usage = certificate.key_usage()?.ok_or(AuthorityError::NotAnAuthority)?;
        let constraints: Option<x509_cert::ext::pkix::BasicConstraints> =
            certificate.extension()?;
        let constraints = constraints.filter(|constraints| constraints.ca);
        let constraints = constraints.ok_or(AuthorityError::NotAnAuthority)?;
        let key_id: Option<SubjectKeyIdentifier> = certificate.extension()?;
        let key_id = key_id.ok_or(AuthorityError::NotAnAuthority)?.0.as_bytes().to_vec();
        if !usage.key_cert_sign() || !usage.crl_sign() || key_id.is_empty() {
            return Err(AuthorityError::NotAnAuthority);
        }
        writes_its_name(&certificate)?;
        let issuer = issuer_of(&certificate, signer)?;
        Ok(Self { issuer, key_id, path_length: constraints.path_len_constraint, certificate })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Signs the authority that made `request` (with [`request_issuing`], perhaps elsewhere): it may
    /// issue certificates for client authentication and nothing else, and no further authorities. It
    /// ends with this one at the latest.
    pub fn sign_issuing(
        &self,
        request: &Request,
        name: &AuthorityName,
        months: u16,
        locations: &Locations,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Certificate, SigningRefused> {
        if !self.is_valid(now) {
            return Err(SigningRefused::NotValid);
        }
        if self.path_length == Some(0) {
            return Err(SigningRefused::NotARoot);
        }
        if PublicKey::accept(self.certificate.key()).is_ok_and(|own| own == *request.key()) {
            return Err(SigningRefused::OwnKey);
        }
        let mut params = authority_params(name, request.key());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.use_authority_key_identifier_extension = true;
        // A stolen issuing key must not be good for servers' or programs' certificates.
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        locations.write(&mut params);
        Ok(self.sign(&mut params, request.key(), months, now, entropy)?)
    }

    /// True if its own certificate holds at that moment.
    pub fn is_valid(&self, at: Timestamp) -> bool {
        (self.certificate.not_before()..=self.certificate.not_after()).contains(&at)
    }

    /// Fills in validity and serial number, and signs.
    pub(crate) fn sign(
        &self,
        params: &mut CertificateParams,
        key: &PublicKey,
        months: u16,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Certificate, Fault> {
        let begin = now.plus_seconds(-BACKDATED_SECONDS).max(self.certificate.not_before());
        let end = later(now, months).min(self.certificate.not_after());
        stamp(params, begin, end, entropy);
        let made = params.signed_by(key, &self.issuer);
        let made = made.map_err(|error| self.signer().fault("signing a certificate", error))?;
        Certificate::read(made.der()).map_err(Fault::while_doing("reading a new certificate"))
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, CertificateSigner> {
        &self.issuer
    }

    pub(crate) fn signer(&self) -> &CertificateSigner {
        self.issuer.key()
    }

    pub(crate) fn key_id(&self) -> &[u8] {
        &self.key_id
    }
}

/// A root: signs itself, may sign issuing authorities, and those no others.
pub fn make_root(
    name: &AuthorityName,
    months: u16,
    signer: Arc<dyn Signer>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Authority, SigningRefused> {
    let fault = |error: AuthorityError| SigningRefused::Fault(Fault::new("making a root", error));
    let own = CertificateSigner::new(Arc::clone(&signer)).map_err(|error| fault(error.into()))?;
    let mut params = authority_params(name, own.public());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    stamp(&mut params, now.plus_seconds(-BACKDATED_SECONDS), later(now, months), entropy);
    let made = params.self_signed(&own).map_err(|error| own.fault("signing a root", error))?;
    Authority::open(made.der(), signer).map_err(fault)
}

/// The request of an issuing authority to its root (DER), proving that it has the key.
pub fn request_issuing(name: &AuthorityName, signer: Arc<dyn Signer>) -> Result<Vec<u8>, Fault> {
    let doing = "making the request of an issuing authority";
    let signer = CertificateSigner::new(signer).map_err(Fault::while_doing(doing))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name.distinguished();
    let request = params.serialize_request(&signer).map_err(|error| signer.fault(doing, error))?;
    Ok(request.der().to_vec())
}

fn authority_params(name: &AuthorityName, key: &PublicKey) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name.distinguished();
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // RFC 7093, 2 (1): the first 160 bits of SHA-256 over the key.
    let id = sha256(&[key.bits()])[..KEY_ID_BYTES].to_vec();
    params.key_identifier_method = KeyIdMethod::PreSpecified(id);
    params
}

fn stamp(params: &mut CertificateParams, begin: Timestamp, end: Timestamp, entropy: &dyn Entropy) {
    params.not_before = offset(begin);
    params.not_after = offset(end);
    params.serial_number = Some(Serial::random(entropy).bytes().to_vec().into());
}

fn issuer_of<S: rcgen::SigningKey>(
    certificate: &Certificate,
    signer: S,
) -> Result<Issuer<'static, S>, AuthorityError> {
    // The library panics on a part without values.
    if certificate.subject().iter_rdn().any(|part| part.len() != 1) {
        return Err(AuthorityError::Name);
    }
    let der = CertificateDer::from(certificate.der());
    Issuer::from_ca_cert_der(&der, signer).map_err(|_| AuthorityError::Name)
}

/// A key that signs nothing, to see what would be signed.
struct Blank(PublicKey);

impl rcgen::PublicKeyData for Blank {
    fn der_bytes(&self) -> &[u8] {
        self.0.bits()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        rcgen::PublicKeyData::algorithm(&self.0)
    }
}

impl rcgen::SigningKey for Blank {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![0])
    }
}

/// Proves that certificates will name their issuer exactly as it names itself.
fn writes_its_name(certificate: &Certificate) -> Result<(), AuthorityError> {
    let key = PublicKey::accept(certificate.key()).map_err(|_| AuthorityError::OtherKey)?;
    let issuer = issuer_of(certificate, Blank(key.clone()))?;
    let mut params = CertificateParams::default();
    params.serial_number = Some(1_u64.into());
    let sample = params.signed_by(&key, &issuer).map_err(|_| AuthorityError::Name)?;
    // An empty subject would be read, but X.509 gives issuers a name. RFC 5280, 4.1.2.4
    let sample = Certificate::read(sample.der()).map_err(|_| AuthorityError::Name)?;
    let same = name_bytes(sample.issuer()) == name_bytes(certificate.subject());
    if same && !certificate.subject().is_empty() { Ok(()) } else { Err(AuthorityError::Name) }
}
