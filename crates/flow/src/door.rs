//! Doors: where a sign-in came from, what it asks, and how its answer is carried back.

use sekimori_base::{Bilingual, Language, PersonId};
use sekimori_directory::MailAddress;
use sekimori_directory::settings::{Service, ServiceName, ZoneName};
use sekimori_keys::Purpose;
use sekimori_login::{Assurance, AssuranceDemand, Demand, Freshness, Interaction};
use sekimori_protocol_oidc::answer::RedirectAnswer;
use sekimori_protocol_oidc::request::PendingAuthorize;
use sekimori_protocol_oidc::subject::{self, PairwiseKey};
use sekimori_words::Words;
use serde::{Deserialize, Serialize};

use crate::tenant::Tenant;

/// Through which door a request came, with what it asks. Travels sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Door {
    /// An OpenID Connect client's authorization request.
    #[serde(rename = "o")]
    Oidc {
        /// The verified request.
        #[serde(rename = "p")]
        pending: Box<PendingAuthorize>,
    },
    /// The portal.
    #[serde(rename = "p")]
    Portal {
        /// Where to go afterwards.
        #[serde(rename = "t")]
        path: PortalPath,
        /// For a sensitive change: a recent proof at the account's highest level.
        #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
        sensitive: bool,
    },
    /// The portal, as if from another place: what is asked there is asked as well, wherever the person is.
    #[serde(rename = "h")]
    Rehearsal {
        /// The zone of that place.
        #[serde(rename = "z")]
        zone: ZoneName,
        /// Everything was shown just now: nothing is asked for once more.
        #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
        shown: bool,
    },
    /// The help desk's console: two factors, wherever somebody is.
    #[serde(rename = "d")]
    Desk {
        /// Where to go afterwards.
        #[serde(rename = "t")]
        path: PortalPath,
    },
}

/// Both factors were shown within a working day: whoever finds the console open in the evening finds it closed.
const DESK_SECONDS: u32 = 8 * 3600;

/// A path of the portal or of the help desk's console: `/portal`, `/desk`, or below them; the portal's front page may say what was done before the sign-in came between.
/// Nothing else can be reached after a portal sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortalPath(String);

/// The text is not a path of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path of the portal")]
pub struct PortalPathError;

impl PortalPath {
    /// The portal's front page.
    pub fn front() -> Self {
        Self("/portal".to_owned())
    }

    /// The console's front page.
    pub fn desk() -> Self {
        Self("/desk".to_owned())
    }

    /// A path of the portal or the console.
    pub fn parse(text: &str) -> Result<Self, PortalPathError> {
        let done = text.strip_prefix("/portal?done=");
        let below = done.is_some()
            || ["/portal", "/desk"].iter().any(|front| {
                text.strip_prefix(front)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
        let mut bytes = done.unwrap_or(text).bytes();
        let plain = text.len() <= 200
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
        if below && plain && !text.contains("//") {
            Ok(Self(text.to_owned()))
        } else {
            Err(PortalPathError)
        }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PortalPath {
    type Error = PortalPathError;
    fn try_from(text: String) -> Result<Self, PortalPathError> {
        Self::parse(&text)
    }
}

impl From<PortalPath> for String {
    fn from(path: PortalPath) -> Self {
        path.0
    }
}

/// Where the person is going, for the slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The service; the portal is one.
    pub service: ServiceName,
    /// What people call it.
    pub title: Bilingual,
    /// Where people start.
    pub home: Option<String>,
    /// Whom to ask about it.
    pub contact: Option<MailAddress>,
}

/// What goes back through the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// A redirect to a verified address.
    SeeOther(String),
    /// A form that the browser posts to a verified address.
    FormPost {
        /// The address.
        action: String,
        /// Names and values.
        fields: Vec<(String, String)>,
    },
}

impl From<RedirectAnswer> for Answer {
    fn from(answer: RedirectAnswer) -> Self {
        match answer {
            RedirectAnswer::SeeOther(location) => Self::SeeOther(location),
            RedirectAnswer::FormPost { action, fields } => Self::FormPost {
                action,
                fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            },
        }
    }
}

impl Door {
    /// The service behind it.
    pub fn service(&self) -> ServiceName {
        match self {
            Self::Oidc { pending } => pending.service().clone(),
            Self::Portal { .. } | Self::Rehearsal { .. } | Self::Desk { .. } => {
                ServiceName::portal()
            }
        }
    }

    /// Where the person is going.
    pub fn destination(&self, tenant: &Tenant) -> Destination {
        let mut destination = destination(tenant, &self.service());
        if let Self::Desk { .. } = self {
            destination.title = desk_title();
            destination.home = Some("/desk".to_owned());
        }
        if let Self::Rehearsal { zone, .. } = self {
            let title = place_title(tenant, zone);
            destination.title = Bilingual::new(
                format!("{} (as if from: {})", destination.title.en, title.en),
                format!("{}（「{}」からとみなした確認）", destination.title.ja, title.ja),
            );
        }
        destination
    }

    /// What the engine is asked, of `current` if somebody is known already.
    pub fn demand(&self, tenant: &Tenant, current: Option<PersonId>) -> Demand {
        match self {
            Self::Oidc { pending } => {
                let expected = pending.expected_sub();
                let subject =
                    expected.and_then(|sub| expected_person(tenant, pending, sub, current));
                pending.demand(subject)
            }
            Self::Portal { sensitive: false, .. } => Demand::plain(ServiceName::portal()),
            Self::Portal { sensitive: true, .. } => Demand {
                assurance: AssuranceDemand::Highest,
                freshness: Freshness::WithinSeconds(tenant.site.session.sudo_seconds),
                ..Demand::plain(ServiceName::portal())
            },
            Self::Desk { .. } => Demand {
                assurance: AssuranceDemand::AtLeast(Assurance::TwoFactors),
                freshness: Freshness::WithinSeconds(DESK_SECONDS),
                ..Demand::plain(ServiceName::portal())
            },
            Self::Rehearsal { zone, shown } => Demand {
                freshness: if *shown {
                    Freshness::WithinSeconds(tenant.site.session.sudo_seconds)
                } else {
                    Freshness::Now
                },
                as_from: Some(Box::new(tenant.somewhere_in(zone))),
                ..Demand::plain(ServiceName::portal())
            },
        }
    }

    /// The user name that the service believes in.
    pub fn login_hint(&self) -> Option<&str> {
        match self {
            Self::Oidc { pending } => pending.login_hint(),
            Self::Portal { .. } | Self::Rehearsal { .. } | Self::Desk { .. } => None,
        }
    }

    /// Whether the person is to choose who they are.
    pub fn asks_account(&self) -> bool {
        match self {
            Self::Oidc { pending } => pending.asks_account(),
            Self::Portal { .. } | Self::Rehearsal { .. } | Self::Desk { .. } => false,
        }
    }

    /// The language that the service asks for.
    pub fn language(&self) -> Option<Language> {
        match self {
            Self::Oidc { pending } => pending.language(),
            Self::Portal { .. } | Self::Rehearsal { .. } | Self::Desk { .. } => None,
        }
    }

    /// Whether pages may be shown.
    pub fn interaction(&self) -> Interaction {
        match self {
            Self::Oidc { pending } => pending.interaction(),
            Self::Portal { .. } | Self::Rehearsal { .. } | Self::Desk { .. } => {
                Interaction::Allowed
            }
        }
    }
}

/// Whom the client means by `sub`. A name that nobody present bears is a person who can never be present:
/// the engine then refuses everybody else.
fn expected_person(
    tenant: &Tenant,
    pending: &PendingAuthorize,
    sub: &str,
    current: Option<PersonId>,
) -> Option<PersonId> {
    let (_, client) = tenant.client(pending.client_id().as_str())?;
    let key = pairwise_key(tenant);
    let nobody = PersonId::from_bytes([0; 16]);
    Some(subject::person(sub, client, current, &key).unwrap_or(nobody))
}

/// The key of pairwise subjects: derived from the tenant's first data key, so that no rotation changes a
/// `sub`.
pub(crate) fn pairwise_key(tenant: &Tenant) -> PairwiseKey {
    let first = tenant.keys.versions().next().unwrap_or(tenant.keys.active());
    let digest = tenant
        .keys
        .digest_under(first, Purpose::PairwiseSubject, tenant.id, b"pairwise")
        .expect("a version that the ring names is in the ring");
    PairwiseKey::new(*digest.bytes())
}

/// What the help desk's console is called.
pub(crate) fn desk_title() -> Bilingual {
    let text = |language| Words::of(language).text("desk-heading");
    Bilingual::new(text(Language::English), text(Language::Japanese))
}

/// What the place of a zone is called.
pub(crate) fn place_title(tenant: &Tenant, zone: &ZoneName) -> Bilingual {
    tenant.site.zone(zone).map_or_else(
        || {
            let text = |language| Words::of(language).text("place-outside");
            Bilingual::new(text(Language::English), text(Language::Japanese))
        },
        |zone| zone.title.clone(),
    )
}

/// A service as the slip shows it.
pub fn destination(tenant: &Tenant, name: &ServiceName) -> Destination {
    let service = tenant.site.service(name);
    let portal = || {
        Bilingual::new(
            format!("{} account", tenant.site.organisation.name.en),
            format!("{}アカウント", tenant.site.organisation.name.ja),
        )
    };
    Destination {
        service: name.clone(),
        title: service.map_or_else(portal, |service| service.title.clone()),
        home: service.map_or(Some("/portal".to_owned()), Service::start),
        contact: service.and_then(|service| service.contact.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_portal_can_be_reached_after_its_sign_in() {
        for good in [
            "/portal",
            "/portal/password",
            "/portal/totp/new",
            "/portal?done=mail-code",
            "/desk",
            "/desk/person/AbC-_09",
        ] {
            assert!(PortalPath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/",
            "/portals",
            "/desks",
            "/desk?done=x",
            "/desk//evil.example",
            "//evil.example",
            "/portal//evil.example",
            "/portal/../login",
            "/portal/%2e%2e",
            "/portal?x=https://evil.example",
            "/portal?done=x&lang=ja",
            "/portal/totp?done=x",
            "https://evil.example/portal",
            "/portal\\evil",
        ] {
            assert_eq!(PortalPath::parse(bad), Err(PortalPathError), "{bad}");
        }
    }
}
