//! The structures of OCSP. RFC 6960, 4.1.1, 4.2.1, B.1
#![expect(clippy::unnested_or_patterns, reason = "written by the derived readers of choices")]

use der::asn1::{BitString, GeneralizedTime, Int, Null, OctetString};
use der::oid::ObjectIdentifier;
use der::{Choice, Enumerated, Sequence};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

/// id-pkix-ocsp-basic
pub(super) const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
/// id-pkix-ocsp-nonce. RFC 9654, 2.1
pub(super) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct OcspRequest {
    pub(super) content: TbsRequest,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) signature: Option<RequestSignature>,
}

/// Read so that signed requests are understood; nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct RequestSignature {
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) certificates: Option<Vec<x509_cert::Certificate>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct TbsRequest {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(super) version: u8,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) requestor: Option<GeneralName>,
    pub(super) requests: Vec<SingleRequest>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct SingleRequest {
    pub(super) id: CertId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct CertId {
    pub(super) hash: AlgorithmIdentifierOwned,
    pub(super) issuer_name_hash: OctetString,
    pub(super) issuer_key_hash: OctetString,
    pub(super) serial: Int,
}

/// How a request went. RFC 6960, 4.2.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumerated)]
#[repr(u8)]
pub(super) enum ResponseStatus {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
    SigRequired = 5,
    Unauthorized = 6,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct OcspResponse {
    pub(super) status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) bytes: Option<ResponseBytes>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct ResponseBytes {
    pub(super) kind: ObjectIdentifier,
    pub(super) response: OctetString,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct BasicResponse {
    pub(super) content: ResponseData,
    pub(super) algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) certificates: Option<Vec<x509_cert::Certificate>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct ResponseData {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(super) version: u8,
    pub(super) responder: ResponderId,
    pub(super) produced_at: GeneralizedTime,
    pub(super) responses: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub(super) enum ResponderId {
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    ByName(Name),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    ByKey(OctetString),
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct SingleResponse {
    pub(super) id: CertId,
    pub(super) status: Status,
    pub(super) this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<Extensions>,
}

#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub(super) enum Status {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(super) struct RevokedInfo {
    pub(super) at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) reason: Option<Reason>,
}

/// CRLReason. RFC 5280, 5.3.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumerated)]
#[repr(u8)]
pub(super) enum Reason {
    Unspecified = 0,
    KeyCompromise = 1,
    CaCompromise = 2,
    AffiliationChanged = 3,
    Superseded = 4,
    CessationOfOperation = 5,
    CertificateHold = 6,
    RemoveFromCrl = 8,
    PrivilegeWithdrawn = 9,
    AaCompromise = 10,
}
