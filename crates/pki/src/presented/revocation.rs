//! What is known about revocation: lists of issuers, verified when they are fetched.
//!
//! A list is read and its signature verified once, when it comes; a login only looks a number up.

use std::collections::HashMap;
use std::sync::Arc;

use der::{Decode, Reader, SliceReader};
use sekimori_base::Timestamp;
use sekimori_base::limits::CLOCK_SKEW_SECONDS_MAX;
use webpki::BorrowedCertRevocationList;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, CrlNumber};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use crate::certificate::Certificate;
use crate::crl::{RevocationReason, RevokedCertificate};
use crate::months::{from_x509, since_epoch};
use crate::presented::trust::{Issuer, IssuerId, Trust};
use crate::serial::Serial;
use crate::signed::Signed;

/// Longest list that is read, in bytes: a million entries.
pub const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why it is not known whether a certificate was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationUnknown {
    /// No list or answer of the issuer is here, or none that speaks of this certificate.
    #[error("there is no list of its issuer")]
    Missing,
    /// The newest should have been replaced by now.
    #[error("the newest list was due for replacement at {next_update}")]
    Stale {
        /// When.
        next_update: Timestamp,
    },
    /// It comes from the future: a clock is wrong.
    #[error("the list begins at {this_update}, which is not yet")]
    NotYet {
        /// When it begins.
        this_update: Timestamp,
    },
    /// The issuer's responder was to be asked, and gave no answer that can be relied upon.
    #[error("the responder of its issuer gave no answer")]
    Unanswered,
    /// The issuer knows of no such certificate.
    #[error("its issuer does not know it")]
    NeverIssued,
}

/// What is known about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not taken back.
    Good,
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
    /// Nothing that may be relied upon.
    Unknown(RevocationUnknown),
}

/// Who knows what was taken back: lists, or the registry of our own authority.
pub trait Revocation {
    /// What is known of `certificate`, which `issuer` signed, as of `at`.
    fn status(&self, issuer: IssuerId, certificate: &Certificate, at: Timestamp) -> Status;
}

/// Why a list is not taken; the one before it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListRefused {
    /// More than 64 MiB.
    #[error("the list is longer than 64 MiB")]
    TooLong,
    /// Not a revocation list, or of a kind that is not supported: version 1, without nextUpdate or
    /// number, a delta, indirect, for some reasons only, with unknown critical extensions.
    #[error("this is not a complete revocation list of version 2 with a number and a next update")]
    Malformed,
    /// It is for authorities or attributes, not for people's certificates.
    #[error("the list is not about people's certificates")]
    Scope,
    /// Not signed by any issuer that is trusted here.
    #[error("the list is not signed by an issuer that is trusted here")]
    UnknownIssuer,
    /// The issuer may not sign lists.
    #[error("the certificate of the issuer does not let it sign revocation lists")]
    NotASigner,
}

/// A verified list of one issuer.
#[derive(Debug)]
pub struct RevocationList {
    issuer: IssuerId,
    number: Vec<u8>,
    this_update: Timestamp,
    next_update: Timestamp,
    /// If not empty, the list is only about certificates that point to one of these addresses.
    addresses: Vec<String>,
    entries: HashMap<Serial, (Timestamp, RevocationReason)>,
}

impl RevocationList {
    /// From its DER form, if an issuer that is trusted signed it. RFC 5280, 5 and 6.3
    pub fn read(der: &[u8], trust: &Trust) -> Result<Self, ListRefused> {
        if der.len() > LIST_BYTES_MAX {
            return Err(ListRefused::TooLong);
        }
        // What a list may be is the verifying library's word: versions, deltas, extensions.
        let list = BorrowedCertRevocationList::from_der(der).map_err(|_| ListRefused::Malformed)?;
        let signed = Signed::read(der).ok_or(ListRefused::Malformed)?;
        let head = Head::read(signed.content).map_err(|_| ListRefused::Malformed)?;
        let number = head.number.ok_or(ListRefused::Malformed)?;
        let addresses = addresses(head.scope.as_ref())?;
        let issuer = issuer_of(&signed, &head.issuer, trust)?;
        let mut entries = HashMap::new();
        for entry in &list {
            let entry = entry.map_err(|_| ListRefused::Malformed)?;
            // A number that no certificate here can have needs no place.
            let Some(serial) = Serial::from_der_content(entry.serial_number) else { continue };
            let code = entry.reason_code.map_or(0, |reason| reason as u8);
            let at = since_epoch(std::time::Duration::from_secs(entry.revocation_date.as_secs()));
            entries.insert(serial, (at, RevocationReason::from_code(code)));
        }
        Ok(Self {
            issuer: issuer.id(),
            number,
            this_update: head.this_update,
            next_update: head.next_update,
            addresses,
            entries,
        })
    }

    /// Whose it is.
    pub const fn issuer(&self) -> IssuerId {
        self.issuer
    }

    /// Its number, big-endian without leading zeros.
    pub fn number(&self) -> &[u8] {
        &self.number
    }

    /// When it was made.
    pub const fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// From this moment on it is stale: the alarm rings before that.
    pub const fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// How many certificates it takes back.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The numbers of those that it takes back.
    pub fn serials(&self) -> impl Iterator<Item = Serial> {
        self.entries.keys().copied()
    }

    /// True if it takes none back.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True if it was made after `other`. RFC 5280, 5.2.3: numbers grow with time.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        let key = |list: &Self| (list.this_update, list.number.len(), list.number.clone());
        key(self) > key(other)
    }

    /// What it takes back, in no order.
    pub fn entries(&self) -> impl Iterator<Item = RevokedCertificate> {
        let entry = |(serial, (at, reason)): (&Serial, &(Timestamp, RevocationReason))| {
            RevokedCertificate { serial: *serial, at: *at, reason: *reason }
        };
        self.entries.iter().map(entry)
    }

    /// What it says about one number.
    pub fn entry(&self, serial: Serial) -> Option<RevokedCertificate> {
        let (at, reason) = *self.entries.get(&serial)?;
        Some(RevokedCertificate { serial, at, reason })
    }

    fn status(&self, certificate: &Certificate, at: Timestamp) -> Status {
        if let Some((at, reason)) = self.entries.get(&certificate.serial()) {
            // What was taken back stays so, whether the list is fresh or not.
            return Status::Revoked { at: *at, reason: *reason };
        }
        if self.next_update <= at {
            return Status::Unknown(RevocationUnknown::Stale { next_update: self.next_update });
        }
        if at.plus_seconds(CLOCK_SKEW_SECONDS_MAX) < self.this_update {
            return Status::Unknown(RevocationUnknown::NotYet { this_update: self.this_update });
        }
        Status::Good
    }

    /// RFC 5280, 6.3.3 (b): a part of a divided list speaks only of certificates that point to it.
    fn covers(&self, certificate: &Certificate) -> bool {
        if self.addresses.is_empty() {
            return true;
        }
        let points: Result<Option<CrlDistributionPoints>, _> = certificate.extension();
        let points = points.ok().flatten().map(|points| points.0).unwrap_or_default();
        let names = points.into_iter().filter_map(|point| point.distribution_point);
        names.flat_map(|name| urls(&name)).any(|url| self.addresses.contains(&url))
    }
}

/// The newest list of each issuer (several, if an issuer divides its list).
#[derive(Debug, Clone, Default)]
pub struct RevocationLists {
    lists: Vec<Arc<RevocationList>>,
}

impl RevocationLists {
    /// Puts in a list; it replaces an older one of the same issuer and part. False if the one that
    /// is here is newer or the same, and so stays: an old list played back forgives nobody.
    pub fn put(&mut self, list: Arc<RevocationList>) -> bool {
        let same = |other: &&mut Arc<RevocationList>| {
            other.issuer == list.issuer && other.addresses == list.addresses
        };
        match self.lists.iter_mut().find(same) {
            Some(present) if list.is_newer_than(present) => *present = list,
            Some(_) => return false,
            None => self.lists.push(list),
        }
        true
    }

    /// The lists that are here.
    pub fn lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.lists.iter().map(Arc::as_ref)
    }
}

impl Revocation for RevocationLists {
    fn status(&self, issuer: IssuerId, certificate: &Certificate, at: Timestamp) -> Status {
        let lists = self.lists.iter().filter(|list| list.issuer == issuer);
        let said = lists.filter(|list| list.covers(certificate));
        together(said.map(|list| list.status(certificate, at)))
    }
}

/// Several sources for one question: refused only if none knows, or one knows of a revocation.
pub struct AnyOf<'a>(pub &'a [&'a dyn Revocation]);

impl Revocation for AnyOf<'_> {
    fn status(&self, issuer: IssuerId, certificate: &Certificate, at: Timestamp) -> Status {
        together(self.0.iter().map(|source| source.status(issuer, certificate, at)))
    }
}

/// Revoked by any is revoked; good by any that is fresh is good.
fn together(said: impl Iterator<Item = Status>) -> Status {
    let both = said.reduce(|one, other| match (one, other) {
        (Status::Revoked { .. }, _) => one,
        (_, Status::Revoked { .. }) => other,
        (Status::Good, Status::Good | Status::Unknown(_)) => one,
        (Status::Unknown(_), Status::Good) => other,
        // That there is something stale says more than that something is missing.
        (Status::Unknown(RevocationUnknown::Missing), Status::Unknown(_)) => other,
        (Status::Unknown(_), Status::Unknown(_)) => one,
    });
    both.unwrap_or(Status::Unknown(RevocationUnknown::Missing))
}

/// What stands around the entries.
struct Head {
    issuer: Name,
    this_update: Timestamp,
    next_update: Timestamp,
    number: Option<Vec<u8>>,
    scope: Option<IssuingDistributionPoint>,
}

impl Head {
    /// RFC 5280, 5.1: TBSCertList.
    fn read(content: &[u8]) -> der::Result<Self> {
        let mut outer = SliceReader::new(content)?;
        outer.sequence(|list| {
            u8::decode(list)?;
            AlgorithmIdentifierOwned::decode(list)?;
            let issuer = Name::decode(list)?;
            let this_update = from_x509(Time::decode(list)?);
            let next_update = from_x509(Time::decode(list)?);
            if der::Header::peek(list)?.tag() == der::Tag::Sequence {
                list.tlv_bytes()?;
            }
            let extensions =
                der::asn1::ContextSpecific::<x509_cert::ext::Extensions>::decode(list)?;
            let find = |oid| {
                let mut all = extensions.value.iter();
                all.find(|extension| extension.extn_id == oid)
            };
            let number = find(<CrlNumber as der::oid::AssociatedOid>::OID)
                .map(|found| CrlNumber::from_der(found.extn_value.as_bytes()))
                .transpose()?;
            let scope = find(der::oid::db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT)
                .map(|found| IssuingDistributionPoint::from_der(found.extn_value.as_bytes()))
                .transpose()?;
            let number = number.map(|number| number.0.as_bytes().to_vec());
            Ok(Self { issuer, this_update, next_update, number, scope })
        })
    }
}

fn addresses(scope: Option<&IssuingDistributionPoint>) -> Result<Vec<String>, ListRefused> {
    let Some(scope) = scope else {
        return Ok(Vec::new());
    };
    if scope.only_contains_ca_certs || scope.only_contains_attribute_certs {
        return Err(ListRefused::Scope);
    }
    let Some(point) = &scope.distribution_point else {
        return Ok(Vec::new());
    };
    let urls = urls(point);
    if urls.is_empty() { Err(ListRefused::Malformed) } else { Ok(urls) }
}

fn urls(name: &DistributionPointName) -> Vec<String> {
    let DistributionPointName::FullName(names) = name else {
        return Vec::new();
    };
    let url = |name: &GeneralName| match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.as_str().to_owned()),
        _ => None,
    };
    names.iter().filter_map(url).collect()
}

fn issuer_of<'a>(
    signed: &Signed<'_>,
    name: &Name,
    trust: &'a Trust,
) -> Result<&'a Issuer, ListRefused> {
    let named = trust.issuers().iter().filter(|issuer| issuer.is_named(name));
    let issuer = named.into_iter().find(|issuer| signed.verify(issuer.key()).is_ok());
    let issuer = issuer.ok_or(ListRefused::UnknownIssuer)?;
    let usage = issuer.certificate().key_usage().map_err(|_| ListRefused::NotASigner)?;
    if usage.is_some_and(|usage| !usage.crl_sign()) {
        return Err(ListRefused::NotASigner);
    }
    Ok(issuer)
}
