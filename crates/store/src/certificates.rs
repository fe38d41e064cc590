//! Certificates that our authorities issued: a row each, found by number and by person. What is in one, `pki` knows.

use std::fmt;

use sekimori_base::{Fault, PersonId, Sealed, TenantId, Timestamp};
use sekimori_directory::Binding;

use crate::Store;
use crate::database::{Call, DatabaseError, call};
use crate::statement as sql;
use crate::value::{Row, from_word, to_word};

/// The number of CRLReason for an account that ended (cessationOfOperation). RFC 5280, 5.3.1
const ACCOUNT_ENDED: u8 = 5;
/// Longest number. RFC 5280, 4.1.2.2
const SERIAL_BYTES_MAX: usize = 20;

/// The serial number of a certificate: 1 to 20 bytes, big-endian, without leading zeros. Unique in a tenant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateSerial(Vec<u8>);

impl CertificateSerial {
    /// From its bytes; `None` if they are none, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (1..=SERIAL_BYTES_MAX).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// The bytes, as stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateSerial(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A certificate to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCertificate {
    /// Its number.
    pub serial: CertificateSerial,
    /// Which authority issued it.
    pub authority: String,
    /// To whom.
    pub person: PersonId,
    /// What the person calls it.
    pub label: String,
    /// The certificate (DER).
    pub document: Vec<u8>,
    /// Who asked for it.
    pub issued_by: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// The account ends then, and takes it along.
    pub account_until: Option<Timestamp>,
    /// How its owner was known when it was issued.
    pub binding: Binding,
    /// The sealed file for its owner, and until when it is kept.
    pub file: Option<(Sealed<[u8]>, Timestamp)>,
    /// So many good ones may the person have, this one among them.
    pub good_max: u8,
    /// It is one more proof here: from now on the account has had a factor.
    pub is_factor: bool,
}

/// A certificate as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCertificate {
    /// Its number.
    pub serial: CertificateSerial,
    /// Which authority issued it.
    pub authority: String,
    /// Whose it is; `None` when they were erased.
    pub person: Option<PersonId>,
    /// What the person calls it.
    pub label: String,
    /// The certificate (DER); empty when its person was erased.
    pub document: Vec<u8>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Who asked for it.
    pub issued_by: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// When and why it was taken back.
    pub revoked: Option<Taken>,
    /// How its owner was known when it was issued.
    pub binding: Binding,
}

/// A certificate that is neither taken back nor over, as a decision needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodCertificate {
    /// Its number.
    pub serial: CertificateSerial,
    /// How its owner was known when it was issued.
    pub binding: Binding,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// When and why a certificate was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// The number of CRLReason.
    pub reason: u8,
}

/// A line of a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedRow {
    /// Which.
    pub serial: CertificateSerial,
    /// When and why.
    pub taken: Taken,
}

/// A certificate whose account has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithEndedAccount {
    /// Which.
    pub serial: CertificateSerial,
    /// Whose.
    pub person: Option<PersonId>,
}

impl Store {
    /// The certificate with that number.
    pub async fn certificate(
        &self,
        tenant: TenantId,
        serial: CertificateSerial,
    ) -> Result<Option<StoredCertificate>, Fault> {
        self.read("looking for a certificate", move |transaction| {
            let call = call!(sql::CERTIFICATES_BY_SERIAL, tenant.bytes(), serial.bytes());
            transaction.row(&call)?.map(|mut row| stored(&mut row)).transpose()
        })
        .await
    }

    /// The sealed file of a person's certificate, while it is kept.
    pub async fn certificate_file(
        &self,
        tenant: TenantId,
        person: PersonId,
        serial: CertificateSerial,
        now: Timestamp,
    ) -> Result<Option<Sealed<[u8]>>, Fault> {
        self.read("looking for a certificate's file", move |transaction| {
            let (t, p) = (tenant.bytes(), person.bytes());
            let call = call!(sql::CERTIFICATES_FILE, t, serial.bytes(), p, now);
            transaction.row(&call)?.map(|mut row| row.sealed()).transpose()
        })
        .await
    }

    /// The newest 200 certificates of a person, newest first.
    pub async fn certificates_of(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<StoredCertificate>, Fault> {
        self.read("loading certificates", move |transaction| {
            let call = call!(sql::CERTIFICATES_OF_PERSON, tenant.bytes(), person.bytes());
            transaction.rows(&call)?.iter_mut().map(stored).collect()
        })
        .await
    }

    /// Everything that an authority took back and that had not expired by `expired_before`, in the order of time.
    pub async fn certificates_revoked(
        &self,
        tenant: TenantId,
        authority: String,
        expired_before: Timestamp,
    ) -> Result<Vec<RevokedRow>, Fault> {
        self.read_long("loading what was taken back", move |transaction| {
            let call = call!(sql::CERTIFICATES_REVOKED, tenant.bytes(), &authority, expired_before);
            transaction
                .rows(&call)?
                .iter_mut()
                .map(|row| {
                    let serial = serial(row)?;
                    let taken = Taken { at: row.moment()?, reason: row.small()? };
                    Ok(RevokedRow { serial, taken })
                })
                .collect()
        })
        .await
    }

    /// How many of those there are, and when the last was taken back.
    pub async fn certificates_revoked_last(
        &self,
        tenant: TenantId,
        authority: String,
        expired_before: Timestamp,
    ) -> Result<(u64, Option<Timestamp>), Fault> {
        self.read("looking at what was taken back", move |transaction| {
            let call =
                call!(sql::CERTIFICATES_REVOKED_LAST, tenant.bytes(), &authority, expired_before);
            match transaction.row(&call)? {
                Some(mut row) => Ok((row.natural()?, row.maybe_moment()?)),
                None => Ok((0, None)),
            }
        })
        .await
    }

    /// Up to 100 certificates that are to be taken back because their accounts ended by `now`.
    pub async fn certificates_ended(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Vec<WithEndedAccount>, Fault> {
        self.read("looking for certificates of ended accounts", move |transaction| {
            transaction
                .rows(&call!(sql::CERTIFICATES_ENDED, tenant.bytes(), now))?
                .iter_mut()
                .map(|row| {
                    let serial = serial(row)?;
                    let person = row.maybe_array()?.map(PersonId::from_bytes);
                    Ok(WithEndedAccount { serial, person })
                })
                .collect()
        })
        .await
    }
}

/// The call that keeps a certificate.
pub(crate) fn put(tenant: TenantId, now: Timestamp, new: &NewCertificate) -> Call {
    call!(
        sql::CERTIFICATES_PUT,
        new.serial.bytes(),
        &new.authority,
        &new.label,
        new.document.as_slice(),
        now,
        &new.issued_by,
        new.expires_at,
        new.account_until,
        to_word(&new.binding),
        new.file.as_ref().map(|(file, _)| file),
        new.file.as_ref().map(|(_, until)| *until),
        tenant.bytes(),
        new.person.bytes(),
        new.good_max
    )
}

/// The call that takes back all certificates of a person whose account ends.
pub(crate) fn revoke_all(tenant: TenantId, now: Timestamp, person: PersonId) -> Call {
    let (t, p) = (tenant.bytes(), person.bytes());
    call!(sql::CERTIFICATES_REVOKE_OF_PERSON, now, ACCOUNT_ENDED, t, p)
}

pub(crate) fn good(row: &mut Row) -> Result<GoodCertificate, DatabaseError> {
    let serial = serial(row)?;
    Ok(GoodCertificate { serial, binding: from_word(&row.text()?)?, issued_at: row.moment()? })
}

fn serial(row: &mut Row) -> Result<CertificateSerial, DatabaseError> {
    let serial = CertificateSerial::from_bytes(&row.bytes()?);
    serial.ok_or(DatabaseError::Damaged("a certificate's number has another length"))
}

fn stored(row: &mut Row) -> Result<StoredCertificate, DatabaseError> {
    let serial = serial(row)?;
    let authority = row.text()?;
    let person = row.maybe_array()?.map(PersonId::from_bytes);
    let (label, document) = (row.text()?, row.bytes()?);
    let (issued_at, issued_by, expires_at) = (row.moment()?, row.text()?, row.moment()?);
    let (revoked_at, reason) = (row.maybe_moment()?, row.small()?);
    let binding = from_word(&row.text()?)?;
    let revoked = revoked_at.map(|at| Taken { at, reason });
    Ok(StoredCertificate {
        serial,
        authority,
        person,
        label,
        document,
        issued_at,
        issued_by,
        expires_at,
        revoked,
        binding,
    })
}
