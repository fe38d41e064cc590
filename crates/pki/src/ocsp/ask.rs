//! Asking other authorities: the question, and what their responder's answer is worth.
//! RFC 6960, 3.2, 4.2.2.2
//!
//! Where to ask is configured, never read from a certificate; who carries the bytes is not known here.

use der::asn1::{Int, OctetString, Uint};
use der::oid::db::rfc5280::ID_KP_OCSP_SIGNING;
use der::{Any, Decode, Encode};
use sekimori_base::limits::CLOCK_SKEW_SECONDS_MAX;
use sekimori_base::{Fault, Timestamp};
use x509_cert::ext::Extension;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::asn1::{
    self, BasicResponse, CertId, OcspResponse, ResponseData, ResponseStatus, SingleRequest,
    SingleResponse, Status, TbsRequest,
};
use super::{IdHash, hash_of};
use crate::certificate::{Certificate, name_bytes};
use crate::crl::RevocationReason;
use crate::months::since_epoch;
use crate::presented::{self, Issuer, IssuerId, Revocation, RevocationUnknown};
use crate::serial::Serial;
use crate::signed::Signed;

/// Longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Length of our nonces, in bytes. RFC 9654, 2.1
pub const NONCE_BYTES: usize = 32;
/// Most certificates of responders that are looked at in one answer.
const CERTIFICATES_MAX: usize = 4;

/// Why an answer is not taken: the status stays unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefused {
    /// More than 64 KiB.
    #[error("the answer is longer than 64 KiB")]
    TooLong,
    /// Not an OCSP answer of the basic kind, or without a next update.
    #[error("this is not a basic OCSP answer with a next update")]
    Malformed,
    /// The responder gave no status (it is broken, busy, or does not speak for the issuer).
    #[error("the responder did not answer the question")]
    NoStatus,
    /// Not signed by the issuer, nor by a responder that the issuer certified for this.
    #[error("the answer is not signed by the issuer or its responder")]
    NotAuthentic,
    /// It echoes another nonce: an old answer played back.
    #[error("the answer echoes another nonce")]
    OtherNonce,
    /// It is about other certificates.
    #[error("the answer is about another certificate")]
    OtherCertificate,
}

/// The question about one certificate of `issuer` (DER), to be posted as `application/ocsp-request`.
pub fn question(
    issuer: &Issuer,
    serial: Serial,
    nonce: &[u8; NONCE_BYTES],
) -> Result<Vec<u8>, Fault> {
    encode(issuer, serial, nonce).map_err(Fault::while_doing("writing an OCSP question"))
}

fn encode(issuer: &Issuer, serial: Serial, nonce: &[u8]) -> der::Result<Vec<u8>> {
    let serial: Int = Uint::new(serial.bytes())?.into();
    let (name, key) = hashes(issuer, IdHash::Sha1);
    let id = CertId {
        hash: AlgorithmIdentifierOwned { oid: IdHash::Sha1.oid(), parameters: Some(Any::null()) },
        issuer_name_hash: OctetString::new(name)?,
        issuer_key_hash: OctetString::new(key)?,
        serial,
    };
    let nonce = OctetString::new(nonce)?.to_der()?;
    let nonce =
        Extension { extn_id: asn1::NONCE, critical: false, extn_value: OctetString::new(nonce)? };
    let content = TbsRequest {
        version: 0,
        requestor: None,
        requests: vec![SingleRequest { id, extensions: None }],
        extensions: Some(vec![nonce]),
    };
    asn1::OcspRequest { content, signature: None }.to_der()
}

fn hashes(issuer: &Issuer, hash: IdHash) -> (Vec<u8>, Vec<u8>) {
    let certificate = issuer.certificate();
    let key = certificate.key().subject_public_key.raw_bytes();
    (hash.of(&name_bytes(certificate.subject())), hash.of(key))
}

/// What a responder said about one certificate, proven to be said by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusAnswer {
    issuer: IssuerId,
    serial: Serial,
    status: presented::Status,
    this_update: Timestamp,
    next_update: Timestamp,
}

impl StatusAnswer {
    /// What it says, whatever the time.
    pub const fn said(&self) -> presented::Status {
        self.status
    }

    /// The moment for which it was known.
    pub const fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// The answer (DER) to [`question`] with this nonce, which came at `at`. A responder may leave
    /// out the nonce (answers signed ahead do); one that is there must be ours.
    pub fn read(
        der: &[u8],
        issuer: &Issuer,
        serial: Serial,
        nonce: &[u8; NONCE_BYTES],
        at: Timestamp,
    ) -> Result<Self, AnswerRefused> {
        if der.len() > ANSWER_BYTES_MAX {
            return Err(AnswerRefused::TooLong);
        }
        let outer = OcspResponse::from_der(der).map_err(|_| AnswerRefused::Malformed)?;
        if outer.status != ResponseStatus::Successful {
            return Err(AnswerRefused::NoStatus);
        }
        let bytes = outer.bytes.filter(|bytes| bytes.kind == asn1::BASIC);
        let bytes = bytes.ok_or(AnswerRefused::Malformed)?.response;
        let answer =
            BasicResponse::from_der(bytes.as_bytes()).map_err(|_| AnswerRefused::Malformed)?;
        let signed = Signed::read_with_certificates(bytes.as_bytes());
        let signed = signed.ok_or(AnswerRefused::Malformed)?;
        is_authentic(&signed, &answer, issuer, at)?;
        echoes(&answer.content, nonce)?;
        let said = about(&answer.content, issuer, serial).ok_or(AnswerRefused::OtherCertificate)?;
        let next_update = said.next_update.ok_or(AnswerRefused::Malformed)?;
        Ok(Self {
            issuer: issuer.id(),
            serial,
            status: status(&said.status),
            this_update: since_epoch(said.this_update.to_unix_duration()),
            next_update: since_epoch(next_update.to_unix_duration()),
        })
    }

    /// From this moment on it is stale and must be asked for again.
    pub const fn next_update(&self) -> Timestamp {
        self.next_update
    }
}

impl Revocation for StatusAnswer {
    fn status(&self, issuer: IssuerId, of: &Certificate, at: Timestamp) -> presented::Status {
        let (this_update, next_update) = (self.this_update, self.next_update);
        if (self.issuer, self.serial) != (issuer, of.serial()) {
            return presented::Status::Unknown(RevocationUnknown::Missing);
        }
        match self.status {
            revoked @ presented::Status::Revoked { .. } => revoked,
            _ if next_update <= at => {
                presented::Status::Unknown(RevocationUnknown::Stale { next_update })
            }
            _ if at.plus_seconds(CLOCK_SKEW_SECONDS_MAX) < this_update => {
                presented::Status::Unknown(RevocationUnknown::NotYet { this_update })
            }
            other => other,
        }
    }
}

/// RFC 6960, 4.2.2.2: by the issuer's own key, or by one that it certified for OCSP itself. Whether
/// that certificate was revoked is not asked: it is the issuer's to make it short-lived.
fn is_authentic(
    signed: &Signed<'_>,
    answer: &BasicResponse,
    issuer: &Issuer,
    at: Timestamp,
) -> Result<(), AnswerRefused> {
    if signed.verify(issuer.certificate().key()).is_ok() {
        return Ok(());
    }
    let certified = answer.certificates.iter().flatten().take(CERTIFICATES_MAX);
    let responders = certified.filter_map(|one| Certificate::read(&one.to_der().ok()?).ok());
    let mut responders = responders.filter(|one| is_responder(one, issuer, at));
    let signer = responders.find(|one| signed.verify(one.key()).is_ok());
    signer.map(|_| ()).ok_or(AnswerRefused::NotAuthentic)
}

fn is_responder(certificate: &Certificate, issuer: &Issuer, at: Timestamp) -> bool {
    let certified = Signed::read(certificate.der())
        .is_some_and(|signed| signed.verify(issuer.certificate().key()).is_ok());
    let purposes = certificate.purposes().ok().flatten().unwrap_or_default();
    let usage = certificate.key_usage().ok().flatten();
    certified
        && certificate.issuer() == issuer.certificate().subject()
        && purposes.contains(&ID_KP_OCSP_SIGNING)
        && usage.is_none_or(|usage| usage.digital_signature())
        && (certificate.not_before()..=certificate.not_after()).contains(&at)
}

fn echoes(content: &ResponseData, nonce: &[u8]) -> Result<(), AnswerRefused> {
    let mut extensions = content.extensions.iter().flatten();
    let Some(echo) = extensions.find(|extension| extension.extn_id == asn1::NONCE) else {
        return Ok(());
    };
    let echo = OctetString::from_der(echo.extn_value.as_bytes());
    let same = echo.is_ok_and(|echo| echo.as_bytes() == nonce);
    if same { Ok(()) } else { Err(AnswerRefused::OtherNonce) }
}

fn about<'a>(
    content: &'a ResponseData,
    issuer: &Issuer,
    serial: Serial,
) -> Option<&'a SingleResponse> {
    content.responses.iter().find(|one| {
        let Some(hash) = hash_of(&one.id) else {
            return false;
        };
        let (name, key) = hashes(issuer, hash);
        one.id.issuer_name_hash.as_bytes() == name
            && one.id.issuer_key_hash.as_bytes() == key
            && Serial::from_der_content(one.id.serial.as_bytes()) == Some(serial)
    })
}

fn status(said: &Status) -> presented::Status {
    match said {
        Status::Good(_) => presented::Status::Good,
        Status::Unknown(_) => presented::Status::Unknown(RevocationUnknown::NeverIssued),
        Status::Revoked(revoked) => {
            let reason = revoked.reason.map_or(0, |reason| reason as u8);
            presented::Status::Revoked {
                at: since_epoch(revoked.at.to_unix_duration()),
                reason: RevocationReason::from_code(reason),
            }
        }
    }
}
