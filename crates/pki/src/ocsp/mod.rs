//! Online status: of our own certificates (requests read, answers signed), and of others' (asked).
//! RFC 6960, 5019, 9654
//!
//! Our answers are signed by the issuing key itself, so that no certificate of a responder has to be
//! renewed, trusted or revoked. Without a nonce an answer depends on the certificate and the time
//! only: it can be signed ahead ([`Authority::presign`]) and served from any cache.

mod ask;
mod asn1;

use aws_lc_rs::digest;
use der::asn1::{BitString, Int, Null, OctetString};
use der::oid::ObjectIdentifier;
use der::{Any, Decode, Encode};
use sekimori_base::{Fault, Timestamp};
use sekimori_keys::SignatureAlgorithm;
use x509_cert::ext::{Extension, Extensions};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::authority::Authority;
use crate::certificate::name_bytes;
use crate::crl::RevocationReason;
use crate::months::generalized;
use crate::serial::Serial;

pub use ask::{ANSWER_BYTES_MAX, AnswerRefused, NONCE_BYTES, StatusAnswer, question};

use asn1::{
    BasicResponse, CertId, OcspResponse, Reason, ResponderId, ResponseBytes, ResponseData,
    ResponseStatus, RevokedInfo, SingleRequest, SingleResponse, Status,
};

/// Longest request that is read, in bytes.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// Most certificates in one request; clients ask for one.
pub const CERTIFICATES_MAX: usize = 8;
/// Longest nonce that is echoed, in bytes. RFC 9654, 2.1
pub const NONCE_BYTES_MAX: usize = 128;

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ECDSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const RSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// An answer without a status: five bytes, not signed. RFC 6960, 2.3 and 4.2.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be read, asks for too much, or has a critical extension.
    #[error("the request is malformed")]
    MalformedRequest,
    /// Something of ours broke.
    #[error("the responder broke")]
    InternalError,
    /// Not now: what is needed is not there yet.
    #[error("try again later")]
    TryLater,
    /// It asks for a certificate of somebody else: no authority to speak about that. RFC 5019, 2.2.3
    #[error("the certificate is not one of this issuer")]
    Unauthorized,
}

impl Refusal {
    /// The answer to be sent (DER).
    pub fn response(self) -> Vec<u8> {
        let status = match self {
            Self::MalformedRequest => ResponseStatus::MalformedRequest,
            Self::InternalError => ResponseStatus::InternalError,
            Self::TryLater => ResponseStatus::TryLater,
            Self::Unauthorized => ResponseStatus::Unauthorized,
        };
        OcspResponse { status, bytes: None }.to_der().expect("a status alone can be written")
    }
}

/// The digest by which a request names the issuer; it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdHash {
    /// What all clients use. RFC 5019, 2.1.1
    Sha1,
    /// What some use.
    Sha256,
}

impl IdHash {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => SHA_1,
            Self::Sha256 => SHA_256,
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// What is said about one certificate. RFC 6960, 2.2
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// We issued it and did not take it back.
    Good,
    /// We took it back.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
    /// We know of no such certificate.
    Unknown,
}

/// The times in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerTimes {
    /// What was known at this moment.
    pub this_update: Timestamp,
    /// From this moment on the answer is stale.
    pub next_update: Timestamp,
    /// When it was signed.
    pub produced_at: Timestamp,
}

/// A request that was read. Who asks is not known and does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspRequest {
    ids: Vec<CertId>,
    nonce: Option<Extension>,
}

impl OcspRequest {
    /// From its DER form (a POST's body, or what a GET's path decodes to).
    pub fn read(der: &[u8]) -> Result<Self, Refusal> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(Refusal::MalformedRequest);
        }
        let request =
            asn1::OcspRequest::from_der(der).map_err(|_| Refusal::MalformedRequest)?.content;
        if request.version != 0 || !(1..=CERTIFICATES_MAX).contains(&request.requests.len()) {
            return Err(Refusal::MalformedRequest);
        }
        let critical = |extensions: &Option<Extensions>| {
            let mut all = extensions.iter().flatten();
            all.any(|extension| extension.critical && extension.extn_id != asn1::NONCE)
        };
        let singles = &request.requests;
        if critical(&request.extensions) || singles.iter().any(|one| critical(&one.extensions)) {
            return Err(Refusal::MalformedRequest);
        }
        let nonce = nonce_of(request.extensions.unwrap_or_default())?;
        let ids = request.requests.into_iter().map(|SingleRequest { id, .. }| id).collect();
        Ok(Self { ids, nonce })
    }

    /// The certificate that it asks for and how it names the issuer, if it asks for exactly one and
    /// without a nonce: an answer signed ahead will do.
    pub fn cacheable(&self) -> Option<(IdHash, Serial)> {
        match (&self.nonce, self.ids.as_slice()) {
            (None, [id]) => Some((hash_of(id)?, Serial::from_der_content(id.serial.as_bytes())?)),
            (None | Some(_), _) => None,
        }
    }

    /// True if it has a nonce, so that only an answer signed now can echo it.
    pub fn has_nonce(&self) -> bool {
        self.nonce.is_some()
    }

    /// The serial numbers that it asks for, whoever's they are; those that nobody could have issued
    /// are left out.
    pub fn serials(&self) -> impl Iterator<Item = Serial> {
        self.ids.iter().filter_map(|id| Serial::from_der_content(id.serial.as_bytes()))
    }
}

/// RFC 9654, 2.1: 1 to 128 bytes, once.
fn nonce_of(extensions: Extensions) -> Result<Option<Extension>, Refusal> {
    let mut nonces = extensions.into_iter().filter(|extension| extension.extn_id == asn1::NONCE);
    let Some(nonce) = nonces.next() else {
        return Ok(None);
    };
    let value = OctetString::from_der(nonce.extn_value.as_bytes());
    let value = value.map_err(|_| Refusal::MalformedRequest)?;
    let fits = (1..=NONCE_BYTES_MAX).contains(&value.as_bytes().len());
    if !fits || nonces.next().is_some() {
        return Err(Refusal::MalformedRequest);
    }
    Ok(Some(Extension { critical: false, ..nonce }))
}

fn hash_of(id: &CertId) -> Option<IdHash> {
    IdHash::ALL.into_iter().find(|hash| hash.oid() == id.hash.oid)
}

/// Why a request got no signed answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Send [`Refusal::response`].
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key did not sign; send [`Refusal::InternalError`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Authority {
    /// Answers a request now (DER): `status` says what is known of each serial number. Echoes the
    /// nonce.
    pub fn answer(
        &self,
        request: &OcspRequest,
        times: AnswerTimes,
        status: impl Fn(Serial) -> CertificateStatus,
    ) -> Result<Vec<u8>, AnswerError> {
        if request.ids.iter().any(|id| !self.issued(id)) {
            return Err(Refusal::Unauthorized.into());
        }
        let responses = request.ids.iter().map(|id| {
            let serial = Serial::from_der_content(id.serial.as_bytes());
            single(id.clone(), serial.map_or(CertificateStatus::Unknown, &status), times)
        });
        let extensions = request.nonce.clone().map(|nonce| vec![nonce]);
        Ok(self.respond(responses.collect(), extensions, times)?)
    }

    /// The answer to every request for this one certificate that has no nonce (DER).
    pub fn presign(
        &self,
        hash: IdHash,
        serial: Serial,
        status: CertificateStatus,
        times: AnswerTimes,
    ) -> Result<Vec<u8>, Fault> {
        let id = self.id(hash, serial).map_err(Fault::while_doing("naming a certificate"))?;
        self.respond(vec![single(id, status, times)], None, times)
    }

    fn issued(&self, id: &CertId) -> bool {
        let Some(hash) = hash_of(id) else {
            return false;
        };
        let name = hash.of(&name_bytes(self.certificate().subject()));
        let key = hash.of(self.signer().public().bits());
        id.issuer_name_hash.as_bytes() == name && id.issuer_key_hash.as_bytes() == key
    }

    fn id(&self, hash: IdHash, serial: Serial) -> der::Result<CertId> {
        let serial: Int = der::asn1::Uint::new(serial.bytes())?.into();
        Ok(CertId {
            hash: AlgorithmIdentifierOwned { oid: hash.oid(), parameters: Some(Any::null()) },
            issuer_name_hash: OctetString::new(hash.of(&name_bytes(self.certificate().subject())))?,
            issuer_key_hash: OctetString::new(hash.of(self.signer().public().bits()))?,
            serial,
        })
    }

    fn respond(
        &self,
        responses: Vec<SingleResponse>,
        extensions: Option<Extensions>,
        times: AnswerTimes,
    ) -> Result<Vec<u8>, Fault> {
        let doing = "signing an OCSP answer";
        // RFC 6960, 4.2.1: the responder's key by its SHA-1.
        let key = OctetString::new(IdHash::Sha1.of(self.signer().public().bits()));
        let content = ResponseData {
            version: 0,
            responder: ResponderId::ByKey(key.map_err(Fault::while_doing(doing))?),
            produced_at: generalized(times.produced_at),
            responses,
            extensions,
        };
        let signed = content.to_der().map_err(Fault::while_doing(doing))?;
        let signature = self.signer().signature(&signed)?;
        // Some look for the signer nowhere else (FreeRADIUS).
        let own = x509_cert::Certificate::from_der(self.certificate().der());
        let response = BasicResponse {
            content,
            algorithm: algorithm(self.signer().algorithm()),
            signature: BitString::from_bytes(&signature).map_err(Fault::while_doing(doing))?,
            certificates: Some(vec![own.map_err(Fault::while_doing(doing))?]),
        };
        let response = response.to_der().and_then(OctetString::new);
        let response = response.map_err(Fault::while_doing(doing))?;
        let bytes = Some(ResponseBytes { kind: asn1::BASIC, response });
        let answer = OcspResponse { status: ResponseStatus::Successful, bytes };
        answer.to_der().map_err(Fault::while_doing(doing))
    }
}

fn single(id: CertId, status: CertificateStatus, times: AnswerTimes) -> SingleResponse {
    let status = match status {
        CertificateStatus::Good => Status::Good(Null),
        CertificateStatus::Unknown => Status::Unknown(Null),
        CertificateStatus::Revoked { at, reason } => {
            Status::Revoked(RevokedInfo { at: generalized(at), reason: written(reason) })
        }
    };
    SingleResponse {
        id,
        status,
        this_update: generalized(times.this_update),
        next_update: Some(generalized(times.next_update)),
        extensions: None,
    }
}

fn written(reason: RevocationReason) -> Option<Reason> {
    match reason {
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise => Some(Reason::KeyCompromise),
        RevocationReason::AuthorityCompromise => Some(Reason::CaCompromise),
        RevocationReason::AffiliationChanged => Some(Reason::AffiliationChanged),
        RevocationReason::Superseded => Some(Reason::Superseded),
        RevocationReason::CessationOfOperation => Some(Reason::CessationOfOperation),
        RevocationReason::PrivilegeWithdrawn => Some(Reason::PrivilegeWithdrawn),
    }
}

/// RFC 5758, 3.2: ECDSA without parameters; RFC 4055, 5: RSA with NULL.
fn algorithm(algorithm: SignatureAlgorithm) -> AlgorithmIdentifierOwned {
    match algorithm {
        SignatureAlgorithm::Es256 => {
            AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None }
        }
        // Authorities have no other keys than these two.
        SignatureAlgorithm::Rs256 | SignatureAlgorithm::Ps256 | SignatureAlgorithm::EdDsa => {
            AlgorithmIdentifierOwned { oid: RSA_WITH_SHA_256, parameters: Some(Any::null()) }
        }
    }
}
