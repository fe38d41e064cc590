//! Whom a certificate names: a rule for each issuer and time of issue.

use der::asn1::{Any, BmpString, Ia5String, ObjectIdentifier, PrintableString, TeletexString};
use der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATIONAL_UNIT_NAME};
use der::{Tag, Tagged};
use sekimori_base::Timestamp;
use sekimori_base::limits::USERNAME_BYTES_MAX;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::certificate::Certificate;
use crate::serial::Serial;

/// The user principal name of Windows, an otherName.
const USER_PRINCIPAL_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// Which of several values of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The only one; several are no answer.
    Only,
    /// The first, as they stand in the certificate.
    First,
    /// The last.
    Last,
}

/// Where the account stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The subject's CN is the account's name.
    CommonName,
    /// An OU of the subject is the account's name.
    OrganizationalUnit(Which),
    /// The user principal name is `account@realm`.
    PrincipalName {
        /// The realm, without regard to case.
        realm: String,
    },
    /// The mail address is `account@domain`.
    MailAccount {
        /// The domain, without regard to case.
        domain: String,
    },
    /// The mail address is one that the directory knows: whoever has it *now*.
    MailAddress,
    /// The serial number is one that was bound to an account.
    SerialNumber,
}

/// Whom certificates name that were issued within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRule {
    /// Issued at this moment or later; from the beginning if absent.
    pub issued_from: Option<Timestamp>,
    /// Issued before this moment; without end if absent.
    pub issued_before: Option<Timestamp>,
    /// Where the account stands.
    pub field: Field,
}

impl IdentityRule {
    /// For all certificates of an issuer.
    pub const fn always(field: Field) -> Self {
        Self { issued_from: None, issued_before: None, field }
    }

    fn covers(&self, issued: Timestamp) -> bool {
        self.issued_from.is_none_or(|from| from <= issued)
            && self.issued_before.is_none_or(|before| issued < before)
    }
}

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An account, by its name as it stands in the certificate.
    Account(String),
    /// Whoever has this mail address.
    MailAddress(String),
    /// Whoever this certificate of this issuer was bound to.
    Serial(Serial),
}

/// Why a certificate names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentity {
    /// No rule of the issuer covers the day of issue.
    #[error("no rule covers the day on which it was issued")]
    NoRule,
    /// The field that the rule names is not there.
    #[error("it lacks the field that names the account")]
    Absent,
    /// The field is there more than once.
    #[error("it names several accounts")]
    Several,
    /// The field is of another realm or domain.
    #[error("it is of another realm or domain")]
    Elsewhere,
    /// The field is not text that can name an account (control characters, empty, too long).
    #[error("the field that names the account cannot be read as a name")]
    Unreadable,
}

/// Whom it names by the first rule that covers its day of issue.
pub(super) fn of(
    rules: &[IdentityRule],
    certificate: &Certificate,
) -> Result<Identity, NoIdentity> {
    let issued = certificate.not_before();
    let rule = rules.iter().find(|rule| rule.covers(issued)).ok_or(NoIdentity::NoRule)?;
    match &rule.field {
        Field::CommonName => {
            pick(Which::Only, &subject_values(certificate, COMMON_NAME)).map(Identity::Account)
        }
        Field::OrganizationalUnit(which) => {
            let values = subject_values(certificate, ORGANIZATIONAL_UNIT_NAME);
            pick(*which, &values).map(Identity::Account)
        }
        Field::PrincipalName { realm } => {
            let name = pick(Which::Only, &principal_names(certificate)?)?;
            before_at(&name, realm).map(Identity::Account)
        }
        Field::MailAccount { domain } => {
            let mail = pick(Which::Only, &mail_addresses(certificate)?)?;
            before_at(&mail, domain).map(Identity::Account)
        }
        Field::MailAddress => {
            let mail = pick(Which::Only, &mail_addresses(certificate)?)?;
            let whole = mail.split_once('@').filter(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains('@')
            });
            whole.ok_or(NoIdentity::Unreadable)?;
            Ok(Identity::MailAddress(mail))
        }
        Field::SerialNumber => Ok(Identity::Serial(certificate.serial())),
    }
}

/// Values that cannot be read stay in the list as `None`: they must not hide that there are several.
type Values = Vec<Option<String>>;

fn pick(which: Which, values: &[Option<String>]) -> Result<String, NoIdentity> {
    let picked = match (which, values) {
        (_, []) => return Err(NoIdentity::Absent),
        (Which::Only, [only]) => only,
        (Which::Only, _) => return Err(NoIdentity::Several),
        (Which::First, [first, ..]) => first,
        (Which::Last, [.., last]) => last,
    };
    picked.as_deref().and_then(readable).ok_or(NoIdentity::Unreadable)
}

/// RFC 5280 lets a name hold anything; an account's name is short and has nothing invisible in it.
fn readable(text: &str) -> Option<String> {
    let fits = !text.is_empty()
        && text.len() <= USERNAME_BYTES_MAX
        && !text.chars().any(|c| c.is_control() || c == '\u{fffd}')
        && text.trim() == text;
    fits.then(|| text.to_owned())
}

fn before_at(text: &str, domain: &str) -> Result<String, NoIdentity> {
    let (account, of) = text.rsplit_once('@').ok_or(NoIdentity::Unreadable)?;
    if !of.eq_ignore_ascii_case(domain) {
        return Err(NoIdentity::Elsewhere);
    }
    if account.contains('@') {
        return Err(NoIdentity::Unreadable);
    }
    readable(account).ok_or(NoIdentity::Unreadable)
}

fn subject_values(certificate: &Certificate, kind: ObjectIdentifier) -> Values {
    let values = certificate.subject().iter().filter(|value| value.oid == kind);
    values.map(|value| text(&value.value)).collect()
}

fn alternative_names(certificate: &Certificate) -> Result<Vec<GeneralName>, NoIdentity> {
    let names = certificate.extension::<SubjectAltName>().map_err(|_| NoIdentity::Unreadable)?;
    Ok(names.map(|names| names.0).unwrap_or_default())
}

fn principal_names(certificate: &Certificate) -> Result<Values, NoIdentity> {
    let principal = |name: GeneralName| match name {
        GeneralName::OtherName(other) if other.type_id == USER_PRINCIPAL_NAME => {
            Some(text(&other.value))
        }
        _ => None,
    };
    Ok(alternative_names(certificate)?.into_iter().filter_map(principal).collect())
}

fn mail_addresses(certificate: &Certificate) -> Result<Values, NoIdentity> {
    let mail = |name: GeneralName| match name {
        GeneralName::Rfc822Name(mail) => Some(Some(mail.as_str().to_owned())),
        _ => None,
    };
    Ok(alternative_names(certificate)?.into_iter().filter_map(mail).collect())
}

/// The kinds of text that names are written in. RFC 5280, 4.1.2.4
fn text(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => value.decode_as::<String>().ok(),
        Tag::PrintableString => {
            value.decode_as::<PrintableString>().ok().map(|text| text.as_str().to_owned())
        }
        Tag::Ia5String => value.decode_as::<Ia5String>().ok().map(|text| text.as_str().to_owned()),
        Tag::TeletexString => {
            let text = value.decode_as::<TeletexString>().ok()?;
            text.as_str().is_ascii().then(|| text.as_str().to_owned())
        }
        Tag::BmpString => value.decode_as::<BmpString>().ok().map(|text| text.to_string()),
        _ => None,
    }
}
