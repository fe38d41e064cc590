//! Whether a proven client may have tokens for what it presents. Only these checks make an [`Entitled`] or a
//! [`ClientEntitled`], and only those make tokens.

use std::collections::BTreeSet;

use sekimori_directory::Client;
use sekimori_directory::client::GrantType;
use sekimori_keys::pkce;

use crate::client_auth::ProvenClient;
use crate::grant::{CodePayload, Granted};
use crate::request::must_use_pkce;
use crate::token_error::{TokenError, invalid};

/// A client that may have tokens about a sign-in.
#[derive(Clone)]
pub struct Entitled<'a> {
    pub(crate) client: ProvenClient<'a>,
    pub(crate) granted: &'a Granted,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) nonce: Option<&'a str>,
}

impl<'a> Entitled<'a> {
    /// What the sign-in granted.
    pub const fn granted(&self) -> &'a Granted {
        self.granted
    }

    /// The client.
    pub const fn client(&self) -> &ProvenClient<'a> {
        &self.client
    }

    /// The scopes of the access token.
    pub const fn scopes(&self) -> &BTreeSet<String> {
        &self.scopes
    }
}

/// A client that may have a token about itself.
#[derive(Clone)]
pub struct ClientEntitled<'a> {
    pub(crate) client: ProvenClient<'a>,
    pub(crate) scopes: BTreeSet<String>,
}

impl<'a> ClientEntitled<'a> {
    /// The client.
    pub const fn client(&self) -> &ProvenClient<'a> {
        &self.client
    }

    /// The scopes of the access token.
    pub const fn scopes(&self) -> &BTreeSet<String> {
        &self.scopes
    }
}

fn refused(description: &'static str) -> TokenError {
    TokenError::InvalidGrant(description.into())
}

/// A code that is unknown, over, spent or somebody else's: the holder learns no more (for flow).
pub fn unknown_code() -> TokenError {
    refused("the code is unknown, over, used before, or of another client")
}

/// The same for a refresh token (for flow).
pub fn unknown_refresh_token() -> TokenError {
    refused("the refresh token is unknown, over, used before, or of another client")
}

/// The person may not use the service any more, or the site asks more by now than was shown (for flow).
pub fn sign_in_again() -> TokenError {
    refused(
        "the person has to sign in again: who may use the service, or what is asked of a refresh, is not what it was",
    )
}

fn registered(client: &ProvenClient<'_>, grant: GrantType) -> Result<(), TokenError> {
    if client.client().grants.contains(&grant) {
        Ok(())
    } else {
        let description = "the client is not registered for this grant type";
        Err(TokenError::UnauthorizedClient(description.into()))
    }
}

/// Scopes of `granted` that the client may still ask for: what was taken from it is gone from what it was granted.
pub fn still_allowed(client: &Client, granted: &BTreeSet<String>) -> BTreeSet<String> {
    let still = |scope: &&String| *scope == "openid" || client.scopes.contains(*scope);
    granted.iter().filter(still).cloned().collect()
}

/// Whether the client may redeem the code: it is the client's own, for the same address to the letter, and
/// with the verifier of its challenge (R-CODE-BIND, R-PKCE-DOWNGRADE).
pub fn check_code<'a>(
    payload: &'a CodePayload,
    client: ProvenClient<'a>,
    redirect_uri: Option<&str>,
    verifier: Option<&str>,
) -> Result<Entitled<'a>, TokenError> {
    registered(&client, GrantType::AuthorizationCode)?;
    let granted = payload.granted();
    let own = *granted.client_id() == client.client().client_id
        && *granted.service() == client.service().name;
    if !own {
        return Err(unknown_code());
    }
    // RFC 6749, 4.1.3: the authorization request always had one, so it is always repeated.
    match redirect_uri {
        Some(sent) if sent != payload.redirect_uri() => {
            return Err(refused("redirect_uri is not the one of the authorization request"));
        }
        None => return Err(invalid("redirect_uri is missing")),
        Some(_) => {}
    }
    if client.client().redirect_uri(payload.redirect_uri()).is_none() {
        return Err(refused("redirect_uri is no longer registered"));
    }
    match (payload.challenge(), verifier) {
        (Some(challenge), Some(verifier)) if pkce::s256_matches(verifier, challenge) => {}
        (Some(_), Some(_)) => {
            return Err(refused("code_verifier does not fit the code_challenge"));
        }
        (Some(_), None) => return Err(refused("code_verifier is missing")),
        (None, Some(_)) => {
            return Err(refused("the authorization request had no code_challenge"));
        }
        // The registration may have become stricter since the code was made.
        (None, None) if must_use_pkce(client.client()) => {
            return Err(refused("this client must use PKCE with S256"));
        }
        (None, None) => {}
    }
    let scopes = still_allowed(client.client(), granted.scopes());
    Ok(Entitled { client, granted, scopes, nonce: payload.nonce() })
}

/// Whether the client may refresh, and with which scopes: never more than granted. RFC 6749, 6
pub fn check_refresh<'a>(
    granted: &'a Granted,
    client: ProvenClient<'a>,
    scopes: Option<BTreeSet<String>>,
) -> Result<Entitled<'a>, TokenError> {
    registered(&client, GrantType::RefreshToken)?;
    let own = *granted.client_id() == client.client().client_id
        && *granted.service() == client.service().name;
    if !own || !granted.offline() {
        return Err(unknown_refresh_token());
    }
    let allowed = still_allowed(client.client(), granted.scopes());
    if !allowed.contains("offline_access") {
        return Err(unknown_refresh_token());
    }
    let scopes = match scopes {
        Some(asked) if asked.is_subset(granted.scopes()) => {
            asked.intersection(&allowed).cloned().collect()
        }
        Some(_) => {
            return Err(TokenError::InvalidScope("a scope was not granted".into()));
        }
        None => allowed,
    };
    // OpenID Connect Core, 12.2: no nonce in an ID token of a refresh.
    Ok(Entitled { client, granted, scopes, nonce: None })
}

/// Scopes that are about a person: a client on its own never has them.
const PERSONAL_SCOPES: [&str; 8] =
    ["openid", "profile", "email", "address", "phone", "offline_access", "affiliation", "groups"];

/// Whether the client may have a token about itself. RFC 6749, 4.4: confidential clients only.
pub fn check_client_credentials(
    client: ProvenClient<'_>,
    scopes: Option<BTreeSet<String>>,
) -> Result<ClientEntitled<'_>, TokenError> {
    registered(&client, GrantType::ClientCredentials)?;
    if !client.is_confidential() {
        let description = "a public client cannot speak for itself";
        return Err(TokenError::UnauthorizedClient(description.into()));
    }
    let own = |scope: &&String| !PERSONAL_SCOPES.contains(&scope.as_str());
    let allowed: BTreeSet<String> = client.client().scopes.iter().filter(own).cloned().collect();
    let scopes = match scopes {
        None => allowed,
        Some(asked) => {
            let narrowed: BTreeSet<String> = asked.intersection(&allowed).cloned().collect();
            if narrowed.is_empty() {
                let description = "none of the scopes exists for this client on its own";
                return Err(TokenError::InvalidScope(description.into()));
            }
            narrowed
        }
    };
    Ok(ClientEntitled { client, scopes })
}
