//! Introspection (RFC 7662) and revocation (RFC 7009): what is answered about a token.

use std::collections::BTreeSet;

use sekimori_base::Timestamp;
use sekimori_directory::release::Released;
use sekimori_directory::{ClientId, MailAddress, Site};
use serde::Serialize;
use serde_json::json;

use crate::client_auth::ProvenClient;
use crate::grant::{Granted, acr_name};
use crate::reply::Reply;
use crate::token_error::TokenError;

/// Permission to ask about tokens: confidential clients have it (RFC 7662, 2.1).
pub struct Inquirer<'a>(ProvenClient<'a>);

impl<'a> Inquirer<'a> {
    /// The permission, if this client has it.
    pub fn new(client: ProvenClient<'a>) -> Result<Self, TokenError> {
        if client.is_confidential() {
            Ok(Self(client))
        } else {
            let description = "a public client cannot ask about tokens";
            Err(TokenError::UnauthorizedClient(description.into()))
        }
    }

    /// True if tokens of `owner` are its own: about others it hears that they are not active (R-AUD).
    pub fn may_see(&self, owner: &ClientId) -> bool {
        self.0.client().client_id == *owner
    }
}

/// An active token.
pub struct ActiveToken<'a> {
    /// The client that it was made for.
    pub client_id: &'a ClientId,
    /// The person towards that client, or the client about itself.
    pub sub: &'a str,
    /// Its scopes.
    pub scopes: &'a BTreeSet<String>,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Access or refresh.
    pub kind: TokenKind,
    /// The sign-in and what may be released of the person; `None` for a client about itself.
    pub person: Option<(&'a Granted, &'a Released)>,
}

/// A kind of token that can be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

#[derive(Serialize)]
struct Body<'a> {
    active: bool,
    iss: &'a str,
    client_id: &'a ClientId,
    sub: &'a str,
    aud: &'a ClientId,
    scope: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
}

/// The answer about an active token.
pub fn active(token: &ActiveToken<'_>, site: &Site) -> Reply {
    let granted = token.person.map(|(granted, _)| granted);
    let released = token.person.map(|(_, released)| released);
    let body = Body {
        active: true,
        iss: &site.issuer,
        client_id: token.client_id,
        sub: token.sub,
        aud: token.client_id,
        scope: token.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        iat: token.issued.unix_seconds(),
        exp: token.expires.unix_seconds(),
        token_type: match token.kind {
            TokenKind::Access => Some("Bearer"),
            TokenKind::Refresh => None,
        },
        username: released.and_then(|released| released.username.as_deref()),
        email: released.and_then(|released| released.mail.as_ref()).map(MailAddress::as_str),
        auth_time: granted.map(|granted| granted.auth_time().unix_seconds()),
        acr: granted.map(|granted| acr_name(granted.assurance(), &site.policy)),
        amr: granted.map(Granted::amr),
    };
    Reply::json(200, &body)
}

/// The answer about every other token: unknown, over, ended, or somebody else's.
pub fn inactive() -> Reply {
    Reply::json(200, &json!({ "active": false }))
}

/// Whether a client may revoke a token of `owner`. RFC 7009, 2.1: its own only.
pub fn may_revoke(client: &ProvenClient<'_>, owner: &ClientId) -> Result<(), TokenError> {
    if client.client().client_id == *owner {
        Ok(())
    } else {
        Err(TokenError::InvalidGrant("the token is of another client".into()))
    }
}

/// The answer to a revocation, whether or not there was such a token. RFC 7009, 2.2
pub fn revoked() -> Reply {
    Reply::empty(200)
}
