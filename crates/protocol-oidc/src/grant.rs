//! What a sign-in granted, what a code stands for: made from an [`Authenticated`] and nothing else.

use std::collections::BTreeSet;

use sekimori_base::{GrantId, Language, PersonId, SessionId, Timestamp};
use sekimori_directory::ClientId;
use sekimori_directory::settings::{PolicySettings, ServiceName};
use sekimori_login::{Assurance, Authenticated};
use serde::{Deserialize, Serialize};

use crate::request::PendingAuthorize;
use crate::userinfo::ClaimNames;

/// Life of an authorization code in seconds (S58).
pub const CODE_SECONDS: i64 = 60;

/// The `acr` value of a level. RFC 9470 and OpenID Connect Core, 2
pub fn acr_name(level: Assurance, policy: &PolicySettings) -> &str {
    match level {
        Assurance::OneFactor => &policy.acr_one_factor,
        Assurance::TwoFactors => &policy.acr_two_factors,
    }
}

/// Why an admitted sign-in is no answer to this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The person was admitted for another service: a fault of ours.
    #[error("the sign-in was admitted for another service")]
    Audience,
    /// The service expects another person: it is answered with `login_required`.
    #[error("the service expects another person")]
    OtherPerson,
}

/// What a sign-in granted to a client, as long as its tokens live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    #[serde(rename = "c")]
    client_id: ClientId,
    #[serde(rename = "v")]
    service: ServiceName,
    #[serde(rename = "w")]
    person: PersonId,
    #[serde(rename = "d")]
    session: SessionId,
    #[serde(rename = "g")]
    grant: GrantId,
    #[serde(rename = "o")]
    scopes: BTreeSet<String>,
    #[serde(rename = "t")]
    auth_time: Timestamp,
    #[serde(rename = "a")]
    assurance: Assurance,
    #[serde(rename = "x")]
    amr: Vec<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    #[serde(rename = "i", default, skip_serializing_if = "ClaimNames::is_empty")]
    id_token_claims: ClaimNames,
    #[serde(rename = "u", default, skip_serializing_if = "ClaimNames::is_empty")]
    userinfo_claims: ClaimNames,
}

impl Granted {
    /// The client.
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Its service.
    pub const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Who signed in.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// The standing sign-in that it belongs to.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// The family of its tokens.
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// What was granted.
    pub const fn scopes(&self) -> &BTreeSet<String> {
        &self.scopes
    }

    /// When the person actively proved who they are.
    pub const fn auth_time(&self) -> Timestamp {
        self.auth_time
    }

    /// The level that is stated: never more than was reached.
    pub const fn assurance(&self) -> Assurance {
        self.assurance
    }

    /// What was shown, exactly (RFC 8176).
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// The language of the request, if it had one.
    pub const fn language(&self) -> Option<Language> {
        self.language
    }

    /// Claims that were asked into the ID token by name.
    pub const fn id_token_claims(&self) -> &ClaimNames {
        &self.id_token_claims
    }

    /// Claims that were asked of userinfo by name.
    pub const fn userinfo_claims(&self) -> &ClaimNames {
        &self.userinfo_claims
    }

    /// True if refresh tokens belong to it.
    pub fn offline(&self) -> bool {
        self.scopes.contains("offline_access")
    }
}

/// What an authorization code stands for. Flow seals and stores it under the code's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePayload {
    #[serde(rename = "z")]
    granted: Granted,
    #[serde(rename = "r")]
    redirect_uri: String,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

impl CodePayload {
    /// What the code for this sign-in stands for. `session` is the standing sign-in after it, `sub` what the
    /// client will read about the person ([`crate::subject::sub`]).
    pub fn new(
        authenticated: &Authenticated,
        pending: &PendingAuthorize,
        session: SessionId,
        grant: GrantId,
        sub: &str,
    ) -> Result<Self, GrantError> {
        if authenticated.audience() != pending.service() {
            return Err(GrantError::Audience);
        }
        if pending.expected_sub().is_some_and(|expected| expected != sub) {
            return Err(GrantError::OtherPerson);
        }
        let assurance = pending.acr.stated(authenticated.assurance());
        // Invariant 1: what is stated never exceeds the evidence.
        assert!(assurance <= authenticated.assurance(), "a stated level above the evidence");
        let granted = Granted {
            client_id: pending.client_id.clone(),
            service: pending.service.clone(),
            person: authenticated.person(),
            session,
            grant,
            scopes: pending.scopes.clone(),
            auth_time: authenticated.at(),
            assurance,
            amr: authenticated.amr().into_iter().map(str::to_owned).collect(),
            language: pending.language,
            id_token_claims: pending.id_token_claims.clone(),
            userinfo_claims: pending.userinfo_claims.clone(),
        };
        Ok(Self {
            granted,
            redirect_uri: pending.return_to.redirect_uri.clone(),
            challenge: pending.challenge.clone(),
            nonce: pending.nonce.clone(),
        })
    }

    /// What the sign-in granted: the part that refresh tokens go on standing for.
    pub const fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The client's address of the request, to the letter.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The PKCE challenge, if the request had one.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The client's nonce, for the ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}
