//! ID tokens, access tokens as JWT, and the answer that carries them. OpenID Connect Core, 2; RFC 9068

use sekimori_base::{Fault, GrantId, Secret, Timestamp};
use sekimori_directory::client::TokenAlgorithm;
use sekimori_directory::release::Released;
use sekimori_directory::{Client, Site};
use sekimori_keys::jws::{
    self, Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError, JwsKey, Typ,
};
use sekimori_keys::{JwkSet, SignatureAlgorithm, SigningKeySet, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::grant::acr_name;
use crate::redeem::{ClientEntitled, Entitled};
use crate::reply::Reply;
use crate::userinfo;

/// The algorithms that tokens are signed with.
pub const ID_TOKEN_ALGORITHMS: [SignatureAlgorithm; 3] =
    [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa];

/// How far the clocks of our own nodes may differ, in seconds.
const LEEWAY_SECONDS: i64 = 10;
/// Longest life of an access token that is believed, in seconds: settings cannot go beyond.
const ACCESS_SECONDS_MAX: i64 = 24 * 3600;

/// The algorithm of a client's tokens.
pub const fn algorithm(client: &Client) -> SignatureAlgorithm {
    match client.token_algorithm {
        TokenAlgorithm::Rs256 => SignatureAlgorithm::Rs256,
        TokenAlgorithm::Es256 => SignatureAlgorithm::Es256,
        TokenAlgorithm::EdDsa => SignatureAlgorithm::EdDsa,
    }
}

/// When an access token of this client that is made now ends, unless the session ends before.
pub fn access_expires(client: &Client, now: Timestamp) -> Timestamp {
    now.plus_seconds(i64::from(client.access_token_seconds).min(ACCESS_SECONDS_MAX))
}

/// There is no active key of the client's algorithm.
#[derive(Debug, thiserror::Error)]
#[error("there is no active {0} key")]
struct NoKey(SignatureAlgorithm);

/// Makes tokens: the site, its keys, the moment.
#[derive(Clone, Copy)]
pub struct Mint<'a> {
    /// The site.
    pub site: &'a Site,
    /// The tenant's signing keys.
    pub keys: &'a SigningKeySet,
    /// The present moment.
    pub now: Timestamp,
}

/// What tokens about a sign-in say beside what was granted.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The person towards this client ([`crate::subject::sub`]).
    pub sub: &'a str,
    /// The session towards this client ([`crate::subject::sid`]).
    pub sid: &'a str,
    /// What the client may receive, for [`userinfo::release_scopes`].
    pub released: &'a Released,
    /// When the tokens end.
    pub expires: Timestamp,
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: &'a str,
    amr: &'a [String],
    at_hash: String,
    sid: &'a str,
    #[serde(flatten)]
    asked: Map<String, Value>,
}

#[derive(Serialize)]
struct AccessTokenOut<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    exp: i64,
    iat: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(flatten)]
    person: Option<PersonPart<'a>>,
}

#[derive(Serialize)]
struct PersonPart<'a> {
    grant: GrantId,
    auth_time: i64,
    acr: &'a str,
    amr: &'a [String],
}

impl Mint<'_> {
    /// The ID token beside `access_token`; none without the scope `openid`.
    pub fn id_token(
        &self,
        entitled: &Entitled<'_>,
        about: &About<'_>,
        access_token: &Secret<String>,
    ) -> Result<Option<Secret<String>>, Fault> {
        let granted = entitled.granted();
        if !entitled.scopes().contains("openid") {
            return Ok(None);
        }
        let client = entitled.client().client();
        let asked = granted.id_token_claims();
        let claims = IdToken {
            iss: &self.site.issuer,
            sub: about.sub,
            aud: client.client_id.as_str(),
            exp: about.expires.unix_seconds(),
            iat: self.now.unix_seconds(),
            auth_time: granted.auth_time().unix_seconds(),
            nonce: entitled.nonce,
            acr: acr_name(granted.assurance(), &self.site.policy),
            amr: granted.amr(),
            at_hash: digest::left_half(algorithm(client), access_token.expose()),
            sid: about.sid,
            asked: userinfo::claims(about.released, asked, self.site, granted.language()),
        };
        self.key(client)?.sign(Typ::Jwt, &claims).map(Secret::new).map(Some)
    }

    /// An access token about a sign-in, as JWT. It carries no attribute of the person (R-RELEASE).
    pub fn access_token(
        &self,
        entitled: &Entitled<'_>,
        about: &About<'_>,
        token_id: &str,
    ) -> Result<Secret<String>, Fault> {
        let granted = entitled.granted();
        let client = entitled.client().client();
        let person = PersonPart {
            grant: granted.grant(),
            auth_time: granted.auth_time().unix_seconds(),
            acr: acr_name(granted.assurance(), &self.site.policy),
            amr: granted.amr(),
        };
        let scope = joined(entitled.scopes());
        self.access(client, about.sub, about.expires, token_id, scope, Some(person))
    }

    /// An access token of a client about itself, as JWT. RFC 9068, 2.2: its `sub` is the client.
    pub fn client_access_token(
        &self,
        entitled: &ClientEntitled<'_>,
        expires: Timestamp,
        token_id: &str,
    ) -> Result<Secret<String>, Fault> {
        let client = entitled.client().client();
        let scope = joined(entitled.scopes());
        self.access(client, client.client_id.as_str(), expires, token_id, scope, None)
    }

    fn access(
        &self,
        client: &Client,
        sub: &str,
        expires: Timestamp,
        jti: &str,
        scope: String,
        person: Option<PersonPart<'_>>,
    ) -> Result<Secret<String>, Fault> {
        let client_id = client.client_id.as_str();
        let claims = AccessTokenOut {
            iss: &self.site.issuer,
            sub,
            aud: client_id,
            client_id,
            exp: expires.unix_seconds(),
            iat: self.now.unix_seconds(),
            jti,
            scope,
            person,
        };
        self.key(client)?.sign(Typ::AccessToken, &claims).map(Secret::new)
    }

    fn key(&self, client: &Client) -> Result<&JwsKey, Fault> {
        let algorithm = algorithm(client);
        self.keys.active(algorithm).ok_or_else(|| Fault::new("signing a token", NoKey(algorithm)))
    }
}

fn joined(scopes: &std::collections::BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// An access token of ours, read back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccessToken {
    /// The client that it was made for.
    pub client_id: String,
    /// The person towards that client, or the client.
    pub sub: String,
    /// Its id.
    pub jti: String,
    /// Scopes, joined by spaces.
    #[serde(default)]
    pub scope: String,
    /// The sign-in that it belongs to; `None` for a client about itself.
    #[serde(default)]
    pub grant: Option<GrantId>,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
}

/// Verify an access token of ours: kind, signature, issuer, time. Whether its grant, person and client still
/// stand is looked up afterwards.
pub fn verify_access_token(
    token: &str,
    site: &Site,
    keys: &JwkSet,
    now: Timestamp,
) -> Result<AccessToken, JwsError> {
    let expected = Expected {
        algorithms: &ID_TOKEN_ALGORITHMS,
        typ: ExpectedTyp::Stated(&[Typ::AccessToken]),
        issuer: &site.issuer,
        audience: ExpectedAudience::Any,
        lifetime: ExpectedLifetime::Current { ahead_seconds_max: ACCESS_SECONDS_MAX },
        now,
        leeway_seconds: LEEWAY_SECONDS,
        keys: keys.keys(),
    };
    let verified = jws::verify::<AccessToken>(token, &expected)?;
    // R-AUD: each of our access tokens is for the client that it was made for, and for nobody else.
    if verified.audience() != [verified.claims().client_id.as_str()] {
        return Err(JwsError::Audience);
    }
    // No leeway after the end: our own clock made it.
    if verified.claims().exp <= now.unix_seconds() {
        return Err(JwsError::Expired);
    }
    Ok(verified.into_claims())
}

/// What goes into the answer of the token endpoint.
pub struct TokenAnswer<'a> {
    /// The access token.
    pub access_token: &'a Secret<String>,
    /// Its life in seconds.
    pub expires_in_seconds: i64,
    /// The refresh token, if there is one.
    pub refresh_token: Option<&'a Secret<String>>,
    /// The ID token, if there is one.
    pub id_token: Option<&'a Secret<String>>,
    /// The scopes of the access token.
    pub scopes: &'a std::collections::BTreeSet<String>,
}

#[derive(Serialize)]
struct TokenBody<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

impl TokenAnswer<'_> {
    /// The answer, never to be kept.
    pub fn reply(&self) -> Reply {
        let text = |token: &&Secret<String>| -> String { token.expose().clone() };
        let (refresh, id) =
            (self.refresh_token.as_ref().map(text), self.id_token.as_ref().map(text));
        Reply::json(
            200,
            &TokenBody {
                access_token: self.access_token.expose(),
                token_type: "Bearer",
                expires_in: self.expires_in_seconds,
                refresh_token: refresh.as_deref(),
                id_token: id.as_deref(),
                scope: joined(self.scopes),
            },
        )
    }
}
