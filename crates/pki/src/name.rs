//! The names of authorities.

use rcgen::{DistinguishedName, DnType, DnValue};

/// Longest part of a name, in characters. RFC 5280, A.1 (ub-common-name and its like)
const PART_CHARACTERS_MAX: usize = 64;

/// Why a text cannot stand in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or only spaces.
    #[error("a part of the name is empty")]
    Empty,
    /// More than 64 characters. RFC 5280, A.1
    #[error("a part of the name has more than 64 characters")]
    TooLong,
    /// A control character, or space around it.
    #[error("a part of the name has control characters or space around it")]
    Characters,
    /// Not two capital letters. ISO 3166-1
    #[error("a country is two capital letters")]
    Country,
}

/// The name of an authority: what people see as the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityName {
    common_name: String,
    organization: Option<String>,
    country: Option<String>,
}

impl AuthorityName {
    /// From its parts, the most particular first.
    pub fn parse(
        common_name: &str,
        organization: Option<&str>,
        country: Option<&str>,
    ) -> Result<Self, NameError> {
        Ok(Self {
            common_name: part(common_name)?,
            organization: organization.map(part).transpose()?,
            country: country.map(self::country).transpose()?,
        })
    }

    pub(crate) fn distinguished(&self) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        push_country(&mut name, self.country.as_deref());
        if let Some(organization) = &self.organization {
            name.push(DnType::OrganizationName, organization.as_str());
        }
        name.push(DnType::CommonName, self.common_name.as_str());
        name
    }
}

/// A part of a name that may stand in a certificate.
pub(crate) fn part(text: &str) -> Result<String, NameError> {
    if text.trim().is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > PART_CHARACTERS_MAX {
        return Err(NameError::TooLong);
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(NameError::Characters);
    }
    Ok(text.to_owned())
}

/// A country's code.
pub(crate) fn country(text: &str) -> Result<String, NameError> {
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if fits { Ok(text.to_owned()) } else { Err(NameError::Country) }
}

/// RFC 5280, A.1: a country is a PrintableString.
pub(crate) fn push_country(name: &mut DistinguishedName, country: Option<&str>) {
    let printable = country.and_then(|country| country.try_into().ok());
    if let Some(country) = printable {
        name.push(DnType::CountryName, DnValue::PrintableString(country));
    }
}
