//! The site document as types: what `site.toml` says, parsed.
//!
//! `config` reads TOML into these with lines and remedies; `store` keeps every version as JSON. Every field
//! has a default where an organisation could reasonably leave it out.

mod certificate_hosts;

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use sekimori_base::{Bilingual, Language};
use serde::{Deserialize, Serialize};

use crate::Group;
use crate::client::Client;
use crate::method::{Binding, Method};
use crate::person::MailAddress;

pub use certificate_hosts::{CertificateHosts, CertificateHostsError};
pub use certificate_issuer::{
    CertificateField, CertificateIdentity, CertificateIdentityError, CertificateIssuer, IssuerName,
    Moment, MomentError,
};
pub use certificates::CertificateSettings;
pub use desk::{DeskName, DeskSettings};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// 1 to 64 characters of `a-z 0-9 . _ -`, beginning with a letter or digit.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                let fits = (1..=64).contains(&text.len())
                    && text.as_bytes().first().is_some_and(plain)
                    && text.as_bytes().iter().all(|byte| plain(byte) || b"._-".contains(byte));
                if fits { Ok(Self(text.to_owned())) } else { Err(NameError($what)) }
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// Why a text is not a name in the site document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of a {0} has 1 to 64 characters: a-z, 0-9, '.', '_', '-', beginning with a letter or a digit"
)]
pub struct NameError(pub &'static str);

mod certificate_issuer;
mod certificates;
mod desk;

name_type!(
    /// A network zone's name.
    ZoneName,
    "zone"
);
name_type!(
    /// A service's name: in policies, on the command line, in the audit.
    ServiceName,
    "service"
);

impl ZoneName {
    /// The zone of every address that no range holds, and of unknown addresses.
    pub fn outside() -> Self {
        Self("outside".to_owned())
    }
}

impl ServiceName {
    /// The portal, as an audience of sign-ins.
    pub fn portal() -> Self {
        Self("portal".to_owned())
    }
}

/// One organisation's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// `https://login.example.ac.jp`, without a path or trailing slash: issuer of all tokens and the only host.
    pub issuer: String,
    /// Who this is.
    pub organisation: Organisation,
    /// Mail domains of the organisation, lower case: taken off when typed after a user name.
    #[serde(default)]
    pub mail_domains: Vec<String>,
    /// IANA time zone in which times are shown.
    #[serde(default = "Site::default_time_zone")]
    pub time_zone: String,
    /// Language of pages for browsers that prefer none of ours.
    #[serde(default)]
    pub language: Language,
    /// Networks.
    #[serde(default, rename = "zone")]
    pub zones: Vec<Zone>,
    /// Services that hide addresses.
    #[serde(default, rename = "relay")]
    pub relays: Vec<Relay>,
    /// What is required where, as an ordered list.
    #[serde(default)]
    pub policy: PolicySettings,
    /// Services.
    #[serde(default, rename = "service")]
    pub services: Vec<Service>,
    /// Passwords.
    #[serde(default)]
    pub password: PasswordSettings,
    /// Sessions.
    #[serde(default)]
    pub session: SessionSettings,
    /// How long records are kept.
    #[serde(default)]
    pub retention: Retention,
    /// Where notices come from.
    #[serde(default)]
    pub mail: MailSettings,
    /// Passkeys.
    #[serde(default)]
    pub passkeys: PasskeySettings,
    /// Certificates of the organisation's own authority.
    #[serde(default)]
    pub certificates: CertificateSettings,
    /// Help desks.
    #[serde(default, rename = "desk")]
    pub desks: Vec<DeskSettings>,
}

impl Site {
    fn default_time_zone() -> String {
        "Asia/Tokyo".to_owned()
    }

    /// `host[:port]` of the issuer.
    pub fn host(&self) -> &str {
        self.issuer.split_once("://").map_or(&self.issuer, |(_, host)| host)
    }

    /// The service of that name.
    pub fn service(&self, name: &ServiceName) -> Option<&Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// The service with that `client_id`.
    pub fn client(&self, client_id: &str) -> Option<(&Service, &Client)> {
        self.services.iter().find_map(|service| {
            let client = service.oidc.as_ref()?;
            (client.client_id.as_str() == client_id).then_some((service, client))
        })
    }

    /// Whether the mailbox of this address opens with this very sign-in: one of the organisation's domains, or below
    /// one. A code that is sent there reaches nobody who is locked out.
    pub fn is_own_mailbox(&self, address: &MailAddress) -> bool {
        self.mail_domains.iter().chain(&self.mail.own_domains).any(|own| {
            let domain = address.domain();
            domain == own || domain.strip_suffix(own.as_str()).is_some_and(|sub| sub.ends_with('.'))
        })
    }

    /// The zone of that name; `None` for `outside` unless the site describes it.
    pub fn zone(&self, name: &ZoneName) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.name == *name)
    }
}

/// The organisation as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its name.
    pub name: Bilingual,
    /// Accent colour as `#rrggbb`.
    #[serde(default = "Organisation::default_accent")]
    pub accent: String,
    /// Who helps.
    #[serde(default)]
    pub help: Help,
}

impl Organisation {
    fn default_accent() -> String {
        "#0017c1".to_owned()
    }
}

/// Who helps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// Name of the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Bilingual>,
    /// Its mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailAddress>,
    /// Its telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A network zone.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties, each a line of the file"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its name.
    pub name: ZoneName,
    /// What people call it.
    pub title: Bilingual,
    /// Why it counts as it does, in one sentence.
    #[serde(default)]
    pub explanation: Bilingual,
    /// Its addresses. Where zones overlap, the longest prefix decides.
    pub ranges: Vec<IpNet>,
    /// Counts as inside (wording, fair queue, counters).
    #[serde(default)]
    pub inside: bool,
    /// A password alone may be enough there.
    #[serde(default)]
    pub password_suffices: bool,
    /// A first factor may be registered there.
    #[serde(default)]
    pub may_enrol: bool,
    /// The network itself can be entered with a password alone: `check` warns if it is inside.
    #[serde(default)]
    pub entered_with_password_alone: bool,
    /// Its address translation also serves an outside network: `check` warns if it is inside.
    #[serde(default)]
    pub shared_with_outside: bool,
}

/// A service that hides addresses (a browser's relay, a commercial VPN).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Its name, as shown.
    pub name: String,
    /// Its egress addresses.
    pub ranges: Vec<IpNet>,
}

/// What a sign-in must bring. Ordered: more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// One factor.
    OneFactor,
    /// Two: the site's own "one more proof".
    TwoFactors,
    /// Nobody gets in.
    Refuse,
}

/// One row of the policy table. Empty lists match everything; the first row that matches decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRow {
    /// Its name, in the audit and in `explain`.
    pub name: String,
    /// Zones; `inside` and `outside` stand for all zones of that kind when no zone bears the name.
    #[serde(default)]
    pub zones: BTreeSet<ZoneName>,
    /// Services.
    #[serde(default)]
    pub services: BTreeSet<ServiceName>,
    /// Groups; one of them is enough.
    #[serde(default)]
    pub groups: BTreeSet<Group>,
    /// What is required.
    pub require: Requirement,
    /// Methods that count as the second factor; empty = all.
    #[serde(default)]
    pub methods: BTreeSet<Method>,
    /// How old a proof may be, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u32>,
}

/// The policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// Rows in order. After them the built-in two: where a password suffices one factor, else two.
    #[serde(default, rename = "row")]
    pub rows: Vec<PolicyRow>,
    /// Bindings that count for an MFA `acr` towards services.
    #[serde(default = "PolicySettings::default_mfa_bindings")]
    pub mfa_bindings: BTreeSet<Binding>,
    /// The `acr` value of one factor.
    #[serde(default = "PolicySettings::default_acr_one_factor")]
    pub acr_one_factor: String,
    /// The `acr` value of two.
    #[serde(default = "PolicySettings::default_acr_two_factors")]
    pub acr_two_factors: String,
    /// A code by mail may be the one more proof; it never counts for an MFA `acr` (C3).
    #[serde(default)]
    pub mail_codes: bool,
}

impl PolicySettings {
    fn default_mfa_bindings() -> BTreeSet<Binding> {
        let weak = [Binding::InsideWithPassword, Binding::MailCode];
        Binding::ALL.into_iter().filter(|binding| !weak.contains(binding)).collect()
    }

    fn default_acr_one_factor() -> String {
        "https://refeds.org/profile/sfa".to_owned()
    }

    fn default_acr_two_factors() -> String {
        "https://refeds.org/profile/mfa".to_owned()
    }
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            mfa_bindings: Self::default_mfa_bindings(),
            acr_one_factor: Self::default_acr_one_factor(),
            acr_two_factors: Self::default_acr_two_factors(),
            mail_codes: false,
        }
    }
}

/// A service that people sign in to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// What people call it.
    pub title: Bilingual,
    /// Where people start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<MailAddress>,
    /// Groups that may use it; empty = everybody.
    #[serde(default)]
    pub groups: BTreeSet<Group>,
    /// Longest session that the service should keep, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_seconds: Option<u32>,
    /// Switched off: nobody is signed in there (R-DISABLED).
    #[serde(default)]
    pub disabled: bool,
    /// As an OpenID Connect client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Client>,
}

impl Service {
    /// Where somebody can begin with it: where people start, or the front page of what signs them in.
    pub fn start(&self) -> Option<String> {
        self.home.clone().or_else(|| self.oidc.as_ref()?.front_page())
    }
}

/// Passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Shortest new password, in characters.
    pub length_min: u16,
    /// Words of the organisation that a password must not consist of.
    pub blocked_words: BTreeSet<String>,
    /// Starting tickets of new people are good for so many days.
    pub start_ticket_days: u8,
    /// A wrong password is answered no sooner than so many milliseconds after it came, whoever it was meant for.
    pub wrong_password_millis: u16,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            length_min: 15,
            blocked_words: BTreeSet::new(),
            start_ticket_days: 14,
            wrong_password_millis: 150,
        }
    }
}

/// Sessions (S47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// Ends after so many seconds without use.
    pub idle_seconds: u32,
    /// Ends after so many seconds in any case.
    pub absolute_seconds: u32,
    /// For so many seconds after a proof, sensitive changes do not ask again.
    pub sudo_seconds: u32,
    /// A second factor shown in this session counts for so many seconds.
    pub second_factor_seconds: u32,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            idle_seconds: 3600,
            absolute_seconds: 12 * 3600,
            sudo_seconds: 900,
            second_factor_seconds: 12 * 3600,
        }
    }
}

/// How long records are kept (decision of privacy: facts short, lines longer).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Facts of attempts, full addresses among them.
    pub facts_days: u16,
    /// Audit lines.
    pub audit_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { facts_days: 90, audit_days: 365 }
    }
}

/// Outgoing mail as people see it; how it is sent is the node's matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// The sender of notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<MailAddress>,
    /// Where codes that cannot be delivered come back to; each with a mark of its own after a `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounces: Option<MailAddress>,
    /// Further domains, lower case, whose mailboxes open with this very sign-in: no code for a sign-in goes there.
    pub own_domains: Vec<String>,
}

/// Passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasskeySettings {
    /// The relying-party id that passkeys are bound to: the issuer's host, or a domain above it that outlives the
    /// host's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relying_party: Option<String>,
}
