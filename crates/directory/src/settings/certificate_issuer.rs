//! Authorities that are not the organisation's own, and whom their certificates name.

use std::collections::BTreeSet;
use std::fmt;

use sekimori_base::Timestamp;
use serde::{Deserialize, Serialize};

use super::NameError;
use crate::Group;
use crate::method::Binding;

name_type!(
    /// The name of an issuer of certificates.
    IssuerName,
    "issuer"
);

/// Another authority whose certificates are taken: a national service, say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateIssuer {
    /// Its name, in the log and in metrics.
    pub name: IssuerName,
    /// Its certificates (DER in base 64): the one that signs people's certificates first, the anchor last.
    pub certificates: Vec<String>,
    /// Whom its certificates name: the first rule that covers the moment of issue.
    pub identities: Vec<CertificateIdentity>,
    /// Groups whose people may use one; empty = everybody.
    #[serde(default)]
    pub groups: BTreeSet<Group>,
    /// What its way of knowing people is worth.
    #[serde(default = "CertificateIssuer::default_binding")]
    pub binding: Binding,
    /// From this moment on none of its certificates is taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_as_of: Option<Moment>,
    /// Where its revocation lists are fetched from.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Where its responder (OCSP) is asked about each certificate; the next one if one does not answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responders: Vec<String>,
    /// Lists are fetched, and a responder is asked again about the same certificate, so often, in minutes.
    #[serde(default = "CertificateIssuer::default_fetch_minutes")]
    pub fetch_minutes: u32,
    /// A list or answer that was made longer ago is stale, whatever it says of itself, in hours; 0 = what it says
    /// counts.
    #[serde(default)]
    pub list_hours_max: u32,
    /// Longest list that is fetched, in megabytes.
    #[serde(default = "CertificateIssuer::default_list_megabytes_max")]
    pub list_megabytes_max: u32,
}

impl CertificateIssuer {
    /// As at a desk: such a service hands its certificates to people whom somebody knows.
    pub const fn default_binding() -> Binding {
        Binding::Desk
    }

    /// An hour.
    pub const fn default_fetch_minutes() -> u32 {
        60
    }

    /// About 200,000 entries.
    pub const fn default_list_megabytes_max() -> u32 {
        8
    }
}

/// A moment as it stands in the document: RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(pub Timestamp);

/// Why a text is not a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a moment is written with its distance from UTC, as 2023-08-25T16:00:00+09:00")]
pub struct MomentError;

impl TryFrom<String> for Moment {
    type Error = MomentError;
    fn try_from(text: String) -> Result<Self, MomentError> {
        Timestamp::parse(&text).map(Self).ok_or(MomentError)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where the account stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateField {
    /// The subject's CN, the only one, is the user name.
    CommonName,
    /// The subject's OU, the only one, is the user name.
    OrganizationalUnit,
    /// The first OU is.
    FirstOrganizationalUnit,
    /// The last OU is.
    LastOrganizationalUnit,
    /// The user principal name of this realm: what stands before the `@` is the user name.
    PrincipalName(String),
    /// The mail address of this domain: what stands before the `@` is the user name.
    MailAccount(String),
    /// The mail address is that of the account, as it is now.
    MailAddress,
}

/// Whom certificates name that were issued within a time. As text: a field, then `from` and `until` with a moment each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateIdentity {
    /// Where the account stands.
    pub field: CertificateField,
    /// Issued at this moment or later; from the beginning if absent.
    pub from: Option<Moment>,
    /// Issued before this moment; without end if absent.
    pub until: Option<Moment>,
}

/// Why a text does not say whom certificates name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateIdentityError {
    /// No such field.
    #[error(
        "a field is common_name, organizational_unit, first_organizational_unit, last_organizational_unit, \
         principal_name@REALM, mail@DOMAIN or mail"
    )]
    Field,
    /// Not a realm or domain.
    #[error("after the `@` stands a domain in ASCII, as example.ac.jp")]
    Domain,
    /// After the field stand other words than `from MOMENT` and `until MOMENT`.
    #[error("after the field may stand `from` and a moment, then `until` and a moment")]
    Words,
    /// Not a moment.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// It ends before it begins.
    #[error("`until` is later than `from`")]
    Order,
}

impl CertificateIdentity {
    /// Read one.
    pub fn parse(text: &str) -> Result<Self, CertificateIdentityError> {
        let mut words = text.split(' ');
        let field = field(words.next().unwrap_or_default())?;
        let mut rule = Self { field, from: None, until: None };
        while let Some(word) = words.next() {
            let moment = words.next().ok_or(CertificateIdentityError::Words)?;
            let moment = || Moment::try_from(moment.to_owned());
            match word {
                "from" if rule.from.is_none() && rule.until.is_none() => {
                    rule.from = Some(moment()?);
                }
                "until" if rule.until.is_none() => rule.until = Some(moment()?),
                _ => return Err(CertificateIdentityError::Words),
            }
        }
        if rule.from.zip(rule.until).is_some_and(|(from, until)| from >= until) {
            return Err(CertificateIdentityError::Order);
        }
        Ok(rule)
    }
}

fn field(word: &str) -> Result<CertificateField, CertificateIdentityError> {
    let (name, domain) = match word.split_once('@') {
        Some((name, domain)) => (name, Some(domain)),
        None => (word, None),
    };
    let domain = domain.map(checked_domain).transpose()?;
    Ok(match (name, domain) {
        ("common_name", None) => CertificateField::CommonName,
        ("organizational_unit", None) => CertificateField::OrganizationalUnit,
        ("first_organizational_unit", None) => CertificateField::FirstOrganizationalUnit,
        ("last_organizational_unit", None) => CertificateField::LastOrganizationalUnit,
        ("principal_name", Some(realm)) => CertificateField::PrincipalName(realm),
        ("mail", Some(domain)) => CertificateField::MailAccount(domain),
        ("mail", None) => CertificateField::MailAddress,
        _ => return Err(CertificateIdentityError::Field),
    })
}

fn checked_domain(text: &str) -> Result<String, CertificateIdentityError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if (1..=253).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(CertificateIdentityError::Domain)
    }
}

impl fmt::Display for CertificateIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, domain) = match &self.field {
            CertificateField::CommonName => ("common_name", None),
            CertificateField::OrganizationalUnit => ("organizational_unit", None),
            CertificateField::FirstOrganizationalUnit => ("first_organizational_unit", None),
            CertificateField::LastOrganizationalUnit => ("last_organizational_unit", None),
            CertificateField::PrincipalName(realm) => ("principal_name", Some(realm)),
            CertificateField::MailAccount(domain) => ("mail", Some(domain)),
            CertificateField::MailAddress => ("mail", None),
        };
        f.write_str(name)?;
        if let Some(domain) = domain {
            write!(f, "@{domain}")?;
        }
        if let Some(from) = self.from {
            write!(f, " from {from}")?;
        }
        if let Some(until) = self.until {
            write!(f, " until {until}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for CertificateIdentity {
    type Error = CertificateIdentityError;
    fn try_from(text: String) -> Result<Self, CertificateIdentityError> {
        Self::parse(&text)
    }
}

impl From<CertificateIdentity> for String {
    fn from(rule: CertificateIdentity) -> Self {
        rule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_and_printed_in_utc() {
        for (text, printed) in [
            ("common_name", "common_name"),
            ("mail until 2023-08-25T16:00:00+09:00", "mail until 2023-08-25T07:00:00Z"),
            (
                "last_organizational_unit from 2023-08-25T07:00:00Z until 2027-01-01T00:00:00Z",
                "last_organizational_unit from 2023-08-25T07:00:00Z until 2027-01-01T00:00:00Z",
            ),
            ("principal_name@EXAMPLE.ac.jp", "principal_name@example.ac.jp"),
            ("mail@example.ac.jp", "mail@example.ac.jp"),
        ] {
            let rule = CertificateIdentity::parse(text).unwrap();
            assert_eq!(rule.to_string(), printed);
            assert_eq!(CertificateIdentity::parse(printed), Ok(rule));
        }
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        use CertificateIdentityError as Wrong;
        for (text, wrong) in [
            ("", Wrong::Field),
            ("serial", Wrong::Field),
            ("common_name@example.ac.jp", Wrong::Field),
            ("principal_name", Wrong::Field),
            ("mail@", Wrong::Domain),
            ("mail@例.jp", Wrong::Domain),
            ("mail since 2023-08-25T07:00:00Z", Wrong::Words),
            ("mail from", Wrong::Words),
            ("mail  ", Wrong::Words),
            ("mail until 2023-08-25T07:00:00Z from 2023-08-25T07:00:00Z", Wrong::Words),
            ("mail until 2023-08-25", Wrong::Moment(MomentError)),
            ("mail from 2024-01-01T00:00:00Z until 2023-01-01T00:00:00Z", Wrong::Order),
        ] {
            assert_eq!(CertificateIdentity::parse(text), Err(wrong), "{text}");
        }
    }
}
