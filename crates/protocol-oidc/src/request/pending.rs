//! A verified request, small enough to travel sealed in a URL while the person signs in.

use std::collections::BTreeSet;

use sekimori_base::{Language, PersonId};
use sekimori_directory::ClientId;
use sekimori_directory::settings::ServiceName;
use sekimori_login::{Assurance, AssuranceDemand, Demand, Freshness, Interaction};
use serde::{Deserialize, Serialize};

use crate::error::ReturnTo;
use crate::userinfo::{ClaimName, ClaimNames};

/// Largest JSON form of a request that still travels in a URL: with the seal, base64url and what flow adds,
/// it stays below [`sekimori_base::limits::SEALED_REQUEST_BYTES_MAX`].
pub const URL_BYTES_MAX: usize = 1100;
/// Largest JSON form that travels in the short-lived cookie of large or cross-site requests
/// ([`sekimori_base::limits::SEALED_COOKIE_BYTES_MAX`]).
pub const COOKIE_BYTES_MAX: usize = 1900;

/// How the sealed request can travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// In the URL of the page.
    Url,
    /// Only in the short-lived cookie: it is too long for a URL.
    Cookie,
}

/// An authorization request whose sender was verified, freed of everything that is decided already. The
/// names of the fields are short because all of it travels in a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAuthorize {
    #[serde(rename = "c")]
    pub(crate) client_id: ClientId,
    #[serde(rename = "v")]
    pub(crate) service: ServiceName,
    #[serde(rename = "r")]
    pub(crate) return_to: ReturnTo,
    #[serde(rename = "o")]
    pub(crate) scopes: BTreeSet<String>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(rename = "p", default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) prompts: BTreeSet<Prompt>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_age_seconds: Option<u32>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub(crate) login_hint: Option<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<Language>,
    #[serde(rename = "a", default, skip_serializing_if = "AcrRequest::is_any")]
    pub(crate) acr: AcrRequest,
    #[serde(rename = "i", default, skip_serializing_if = "ClaimNames::is_empty")]
    pub(crate) id_token_claims: ClaimNames,
    #[serde(rename = "u", default, skip_serializing_if = "ClaimNames::is_empty")]
    pub(crate) userinfo_claims: ClaimNames,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_sub: Option<String>,
}

/// A value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Prompt {
    /// No page may be shown.
    #[serde(rename = "n")]
    None,
    /// A fresh proof.
    #[serde(rename = "l")]
    Login,
    /// Ask for consent even if it was given before.
    #[serde(rename = "c")]
    Consent,
    /// Let the person choose who they are.
    #[serde(rename = "s")]
    SelectAccount,
}

impl Prompt {
    /// All values.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The word in the request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// Which level of authentication is asked, in the order of preference.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AcrRequest {
    /// None by name.
    #[default]
    #[serde(rename = "n")]
    Any,
    /// By `acr_values`, or by a claim that is not essential: the first that exists here.
    #[serde(rename = "w")]
    Wanted(Assurance),
    /// As an essential claim: one of these, all of which exist here.
    #[serde(rename = "e")]
    OneOf(Vec<Assurance>),
    /// As an essential claim whose values do not exist here.
    #[serde(rename = "u")]
    Unreachable,
}

impl AcrRequest {
    fn is_any(&self) -> bool {
        *self == Self::Any
    }

    fn demand(&self) -> AssuranceDemand {
        match self {
            Self::Any => AssuranceDemand::Any,
            Self::Wanted(level) => AssuranceDemand::AtLeast(*level),
            Self::OneOf(levels) => levels
                .first()
                .map_or(AssuranceDemand::Unreachable, |level| AssuranceDemand::AtLeast(*level)),
            Self::Unreachable => AssuranceDemand::Unreachable,
        }
    }

    /// The level to state when `reached` was reached: never a higher one. An essential claim is answered by
    /// one of its values (OpenID Connect Core, 5.5.1.1), if need be by a lower one than was reached.
    pub(crate) fn stated(&self, reached: Assurance) -> Assurance {
        match self {
            Self::Any | Self::Wanted(_) | Self::Unreachable => reached,
            Self::OneOf(levels) => {
                let fitting = levels.iter().copied().filter(|level| *level <= reached);
                fitting.max().unwrap_or(reached)
            }
        }
    }
}

impl PendingAuthorize {
    /// What the engine is asked. `subject` is the person behind `id_token_hint` or [`Self::expected_sub`].
    pub fn demand(&self, subject: Option<PersonId>) -> Demand {
        Demand {
            audience: self.service.clone(),
            assurance: self.acr.demand(),
            freshness: self.freshness(),
            interaction: self.interaction(),
            subject,
            as_from: None,
        }
    }

    /// Whether a page may be shown.
    pub fn interaction(&self) -> Interaction {
        if self.prompts.contains(&Prompt::None) {
            Interaction::Silent
        } else {
            Interaction::Allowed
        }
    }

    fn freshness(&self) -> Freshness {
        // Who is chosen anew shows anew that they are it. OpenID Connect Core, 3.1.2.1
        let fresh = [Prompt::Login, Prompt::SelectAccount];
        match self.max_age_seconds {
            _ if fresh.iter().any(|prompt| self.prompts.contains(prompt)) => Freshness::Now,
            Some(0) => Freshness::Now,
            Some(seconds) => Freshness::WithinSeconds(seconds),
            None => Freshness::Any,
        }
    }

    /// True if consent is asked even if it was given before (`prompt=consent`).
    pub fn asks_consent_again(&self) -> bool {
        self.prompts.contains(&Prompt::Consent)
    }

    /// True if the person is to choose who they are (`prompt=select_account`).
    pub fn asks_account(&self) -> bool {
        self.prompts.contains(&Prompt::SelectAccount)
    }

    /// The client.
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Its service.
    pub const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Where the answer goes.
    pub const fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Scopes, narrowed to what exists and the client may ask.
    pub const fn scopes(&self) -> &BTreeSet<String> {
        &self.scopes
    }

    /// Scopes whose data the client would receive, those of single claims among them: what consent is about.
    pub fn released_scopes(&self) -> BTreeSet<String> {
        let claims = self.id_token_claims.iter().chain(self.userinfo_claims.iter());
        let named = claims.copied().map(ClaimName::scope).map(str::to_owned);
        self.scopes.iter().cloned().chain(named).collect()
    }

    /// The user name to fill in, as the client believes.
    pub fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }

    /// The first language of `ui_locales` that pages exist in.
    pub const fn language(&self) -> Option<Language> {
        self.language
    }

    /// The `sub` that the client expects by its `claims` parameter: nobody else may be answered with.
    pub fn expected_sub(&self) -> Option<&str> {
        self.expected_sub.as_deref()
    }

    /// How it can travel; `None` if it is too long for both ways.
    pub(crate) fn carriage(&self) -> Option<Carriage> {
        let bytes = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if bytes <= URL_BYTES_MAX {
            Some(Carriage::Url)
        } else if bytes <= COOKIE_BYTES_MAX {
            Some(Carriage::Cookie)
        } else {
            None
        }
    }
}
