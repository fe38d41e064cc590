//! What a certificate of a person says: lifetime, subject, alternative names, addresses of status.

use der::asn1::Ia5String;
use der::oid::db::rfc5280::{ID_AD_CA_ISSUERS, ID_AD_OCSP};
use der::{Encode, oid::ObjectIdentifier};
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, OtherNameValue, SanType,
};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax};

use crate::name::{NameError, country, part, push_country};

/// id-pe-authorityInfoAccess. RFC 5280, 4.2.2.1
const AUTHORITY_INFORMATION: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
/// The user principal name of Windows, an otherName.
const USER_PRINCIPAL_NAME: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 20, 2, 3];
/// Longest address of a list or responder, in bytes.
const URL_BYTES_MAX: usize = 512;
/// Longest mail address, in bytes. RFC 5321, 4.5.3.1.3
const MAIL_BYTES_MAX: usize = 254;

/// How long a certificate of a person is valid: a year or two with a month to renew in, or four
/// years for those who stay for all of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// 13 calendar months.
    Months13,
    /// 25 calendar months.
    Months25,
    /// 48 calendar months.
    Months48,
}

impl Lifetime {
    /// Every lifetime.
    pub const ALL: [Self; 3] = [Self::Months13, Self::Months25, Self::Months48];

    /// In calendar months.
    pub const fn months(self) -> u16 {
        match self {
            Self::Months13 => 13,
            Self::Months25 => 25,
            Self::Months48 => 48,
        }
    }
}

/// Why an address of a list, responder or certificate is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "addresses in certificates begin with http:// or https:// and have at most 512 plain characters"
)]
pub struct LocationsError;

/// Where the world finds out whether a certificate still holds. By plain HTTP, usually: what is
/// fetched there is signed, and who fetches it cannot need it first (RFC 5280, 8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locations {
    revocation_lists: Vec<String>,
    responders: Vec<String>,
    issuers: Vec<String>,
}

impl Locations {
    /// Addresses of the revocation list (one list, any of them), of the OCSP responder, and of the
    /// issuer's own certificate. RFC 5280, 4.2.1.13 and 4.2.2.1
    pub fn parse(
        revocation_lists: &[&str],
        responders: &[&str],
        issuers: &[&str],
    ) -> Result<Self, LocationsError> {
        let urls = |texts: &[&str]| texts.iter().map(|text| url(text)).collect::<Result<_, _>>();
        Ok(Self {
            revocation_lists: urls(revocation_lists)?,
            responders: urls(responders)?,
            issuers: urls(issuers)?,
        })
    }

    pub(crate) fn write(&self, params: &mut CertificateParams) {
        if !self.revocation_lists.is_empty() {
            let uris = self.revocation_lists.clone();
            params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
        }
        let responders = self.responders.iter().map(|url| access(ID_AD_OCSP, url));
        let issuers = self.issuers.iter().map(|url| access(ID_AD_CA_ISSUERS, url));
        let access = AuthorityInfoAccessSyntax(responders.chain(issuers).collect());
        if !access.0.is_empty() {
            let content = access.to_der().expect("addresses are short");
            let extension = CustomExtension::from_oid_content(AUTHORITY_INFORMATION, content);
            params.custom_extensions.push(extension);
        }
    }
}

fn access(access_method: ObjectIdentifier, url: &str) -> AccessDescription {
    let url = Ia5String::new(url).expect("addresses are ASCII");
    let access_location = GeneralName::UniformResourceIdentifier(url);
    AccessDescription { access_method, access_location }
}

fn url(text: &str) -> Result<String, LocationsError> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let plain = text.len() <= URL_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    match rest {
        Some(rest) if plain && !rest.is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(LocationsError),
    }
}

/// Why a profile or a subject is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A part of the subject's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A mail address that cannot stand in a certificate (not ASCII, no single @, too long).
    #[error("a mail address in a certificate is name@domain in ASCII with at most 254 characters")]
    Mail,
    /// The realm of user principal names is not a domain in ASCII.
    #[error("the realm of user principal names is a domain in ASCII")]
    Realm,
}

/// Whether certificates carry the person's mail address (rfc822Name).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailRule {
    /// They do not: an address changes, a certificate does not.
    Absent,
    /// They do, for mail programs that look for it.
    Present,
}

/// What all certificates of a site have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    lifetime: Lifetime,
    country: Option<String>,
    organization: Option<String>,
    organizational_unit: Option<String>,
    realm: Option<String>,
    mail: MailRule,
    locations: Locations,
}

impl Profile {
    /// CN only: the least that a certificate can say.
    pub fn new(lifetime: Lifetime, locations: Locations) -> Self {
        Self {
            lifetime,
            country: None,
            organization: None,
            organizational_unit: None,
            realm: None,
            mail: MailRule::Absent,
            locations,
        }
    }

    /// With C, O and OU before the CN.
    pub fn in_organization(
        self,
        country: Option<&str>,
        organization: Option<&str>,
        organizational_unit: Option<&str>,
    ) -> Result<Self, ProfileError> {
        Ok(Self {
            country: country.map(self::country).transpose()?,
            organization: organization.map(part).transpose()?,
            organizational_unit: organizational_unit.map(part).transpose()?,
            ..self
        })
    }

    /// With `user@realm` as the user principal name, by which Windows and RADIUS servers know people.
    pub fn with_realm(self, realm: &str) -> Result<Self, ProfileError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if realm.is_empty() || realm.len() > 253 || !realm.bytes().all(fits) {
            return Err(ProfileError::Realm);
        }
        Ok(Self { realm: Some(realm.to_owned()), ..self })
    }

    /// With or without the person's mail address.
    #[must_use]
    pub fn with_mail(self, mail: MailRule) -> Self {
        Self { mail, ..self }
    }

    /// How long its certificates are valid.
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// Everything but validity and serial number.
    pub(crate) fn params(&self, subject: &Subject) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = self.name(subject);
        params.subject_alt_names = self.alternative_names(subject);
        // ExplicitNoCa also writes the identifier of the subject's key.
        params.is_ca = IsCa::ExplicitNoCa;
        // RFC 8446, 4.4.2.2: a key that signs the handshake has digitalSignature.
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        self.locations.write(&mut params);
        params
    }

    fn name(&self, subject: &Subject) -> DistinguishedName {
        let mut name = DistinguishedName::new();
        push_country(&mut name, self.country.as_deref());
        if let Some(organization) = &self.organization {
            name.push(DnType::OrganizationName, organization.as_str());
        }
        if let Some(unit) = &self.organizational_unit {
            name.push(DnType::OrganizationalUnitName, unit.as_str());
        }
        name.push(DnType::CommonName, subject.user_name.as_str());
        name
    }

    fn alternative_names(&self, subject: &Subject) -> Vec<SanType> {
        let mut names = Vec::new();
        if let Some(realm) = &self.realm {
            let principal = OtherNameValue::Utf8String(format!("{}@{realm}", subject.user_name));
            names.push(SanType::OtherName((USER_PRINCIPAL_NAME.to_vec(), principal)));
        }
        let mail = match self.mail {
            MailRule::Absent => None,
            MailRule::Present => subject.mail.as_deref(),
        };
        if let Some(mail) = mail.and_then(|mail| mail.try_into().ok()) {
            names.push(SanType::Rfc822Name(mail));
        }
        names
    }
}

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    user_name: String,
    mail: Option<String>,
}

impl Subject {
    /// From the account's user name, and the mail address if the profile wants it.
    pub fn parse(user_name: &str, mail: Option<&str>) -> Result<Self, ProfileError> {
        Ok(Self { user_name: part(user_name)?, mail: mail.map(self::mail).transpose()? })
    }

    pub(crate) fn user_name(&self) -> &str {
        &self.user_name
    }
}

/// RFC 5280, 4.2.1.6: an rfc822Name is local-part@domain in ASCII, without angle brackets.
fn mail(text: &str) -> Result<String, ProfileError> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b',');
    let parts = text.split_once('@');
    let whole = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    let fits = whole && text.len() <= MAIL_BYTES_MAX && text.bytes().all(plain);
    if fits { Ok(text.to_owned()) } else { Err(ProfileError::Mail) }
}
