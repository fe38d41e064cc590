//! How a client proves itself: one registered method, never two, never an empty secret (S62, R-EMPTY-SECRET).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sekimori_base::{Secret, Timestamp};
use sekimori_directory::client::ClientAuth;
use sekimori_directory::settings::Service;
use sekimori_directory::{Client, ClientId, Site};
use sekimori_keys::jws::{
    self, Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError, Typ,
};
use sekimori_keys::{JwkError, JwkSet, SignatureAlgorithm};
use serde::Deserialize;

use crate::form::{Form, decode};
use crate::token_error::{TokenError, invalid};

/// The only `client_assertion_type`. RFC 7523, 2.2
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longest secret that is looked at, in bytes.
const SECRET_BYTES_MAX: usize = 512;
/// Longest life of an assertion from now, in seconds: how long its id must be remembered.
pub const ASSERTION_SECONDS_MAX: i64 = 300;
/// How far a client's clock may be off, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// Longest `jti`, in bytes.
const TOKEN_ID_BYTES_MAX: usize = 256;

/// What a request presents as its client.
pub enum Credential {
    /// HTTP Basic.
    Basic {
        /// The `client_id`.
        id: String,
        /// The secret: not empty.
        secret: Secret<String>,
    },
    /// The secret in the form.
    Post {
        /// The `client_id`.
        id: String,
        /// The secret: not empty.
        secret: Secret<String>,
    },
    /// A signed assertion.
    Assertion {
        /// The `client_id`: of the form, or what the assertion says of itself.
        id: String,
        /// The JWT, not verified yet.
        jwt: String,
    },
    /// The bare `client_id`.
    Public {
        /// The `client_id`.
        id: String,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({} by {:?})", self.id(), self.method())
    }
}

impl Credential {
    /// The claimed `client_id`.
    pub fn id(&self) -> &str {
        match self {
            Self::Basic { id, .. }
            | Self::Post { id, .. }
            | Self::Assertion { id, .. }
            | Self::Public { id } => id,
        }
    }

    /// The method.
    pub const fn method(&self) -> ClientAuth {
        match self {
            Self::Basic { .. } => ClientAuth::ClientSecretBasic,
            Self::Post { .. } => ClientAuth::ClientSecretPost,
            Self::Assertion { .. } => ClientAuth::PrivateKeyJwt,
            Self::Public { .. } => ClientAuth::None,
        }
    }

    /// The credential in a request; nothing is taken twice.
    pub(crate) fn read(form: &mut Form, authorization: Option<&[u8]>) -> Result<Self, TokenError> {
        let id = form.value("client_id").map(str::to_owned);
        let secret = form.take_secret("client_secret");
        let assertion = assertion(form)?;
        match (authorization, secret, assertion) {
            (Some(header), None, None) => {
                let (basic, secret) = basic(header)?;
                if id.is_some_and(|id| id != basic) {
                    return Err(invalid(
                        "client_id is another one than in the Authorization header",
                    ));
                }
                Ok(Self::Basic { id: basic, secret })
            }
            (None, Some(secret), None) => {
                let id = id.ok_or(invalid("client_id is missing"))?;
                if secret.expose().len() > SECRET_BYTES_MAX {
                    return Err(refused("the client secret is wrong"));
                }
                Ok(Self::Post { id, secret })
            }
            (None, None, Some(jwt)) => {
                let id = id.or_else(|| jws::peek(&jwt).ok()?.subject);
                let id = id.ok_or(refused("the assertion names no client"))?;
                Ok(Self::Assertion { id, jwt })
            }
            (None, None, None) => {
                let id = id.ok_or(refused("the client is not named"))?;
                Ok(Self::Public { id })
            }
            _ => Err(invalid("the client proves itself in two ways at once: one is allowed")),
        }
    }

    /// The registered client that this claims to be, by its registered method.
    pub fn identify<'a>(&'a self, site: &'a Site) -> Result<Identified<'a>, TokenError> {
        let Some((service, client)) = site.client(self.id()) else {
            return Err(refused("the client is unknown"));
        };
        if service.disabled {
            return Err(refused("the client is switched off"));
        }
        if client.auth != self.method() {
            let registered = method_name(client.auth);
            let description = format!("the client is registered for {registered}");
            return Err(TokenError::InvalidClient(Cow::Owned(description)));
        }
        Ok(Identified { credential: self, service, client })
    }
}

/// The word of a method in requests and metadata.
pub const fn method_name(method: ClientAuth) -> &'static str {
    match method {
        ClientAuth::ClientSecretBasic => "client_secret_basic",
        ClientAuth::ClientSecretPost => "client_secret_post",
        ClientAuth::PrivateKeyJwt => "private_key_jwt",
        ClientAuth::None => "none",
    }
}

const fn refused(description: &'static str) -> TokenError {
    TokenError::InvalidClient(Cow::Borrowed(description))
}

fn assertion(form: &Form) -> Result<Option<String>, TokenError> {
    match (form.value("client_assertion_type"), form.value("client_assertion")) {
        (None, None) => Ok(None),
        (Some(ASSERTION_TYPE), Some(jwt)) => Ok(Some(jwt.to_owned())),
        (Some(ASSERTION_TYPE), None) | (None, Some(_)) => {
            Err(invalid("client_assertion and client_assertion_type belong together"))
        }
        (Some(_), _) => Err(invalid("the client_assertion_type is unknown")),
    }
}

/// RFC 6749, 2.3.1: id and secret are form-encoded before they are joined.
fn basic(header: &[u8]) -> Result<(String, Secret<String>), TokenError> {
    let malformed = || refused("the Authorization header is not Basic as in RFC 6749");
    let text = std::str::from_utf8(header).map_err(|_| malformed())?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 4 * SECRET_BYTES_MAX {
        return Err(malformed());
    }
    let joined = STANDARD.decode(encoded.trim_matches(' ')).map_err(|_| malformed())?;
    let joined = Secret::new(joined);
    let mut halves = joined.expose().splitn(2, |byte| *byte == b':');
    let (Some(id), Some(secret)) = (halves.next(), halves.next()) else {
        return Err(malformed());
    };
    let id = decode(id).map_err(|_| malformed())?;
    let secret = Secret::new(decode(secret).map_err(|_| malformed())?);
    if secret.expose().is_empty() {
        return Err(refused("the client secret is empty"));
    }
    if secret.expose().len() > SECRET_BYTES_MAX {
        return Err(refused("the client secret is wrong"));
    }
    Ok((id, secret))
}

/// A known client that has not proven itself yet, by the method that it is registered for.
#[derive(Clone, Copy)]
pub struct Identified<'a> {
    credential: &'a Credential,
    service: &'a Service,
    client: &'a Client,
}

/// What must be checked of an identified client.
pub enum Check<'a> {
    /// The secret against the stored digests: [`Identified::secret_matched`].
    Secret(&'a Secret<String>),
    /// The assertion: [`Identified::verify_assertion`].
    Assertion,
    /// Nothing: [`Identified::public`].
    Nothing,
}

/// The verdict on a presented secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretVerdict {
    /// It is one of the client's secrets.
    Match,
    /// It is none of them, or the client has none.
    Mismatch,
}

/// A client that has proven itself in its registered way. A public one has nothing to prove: PKCE and
/// possession speak for it, so it is one as well.
#[derive(Clone, Copy)]
pub struct ProvenClient<'a> {
    service: &'a Service,
    client: &'a Client,
}

impl<'a> ProvenClient<'a> {
    /// The service.
    pub const fn service(&self) -> &'a Service {
        self.service
    }

    /// The client.
    pub const fn client(&self) -> &'a Client {
        self.client
    }

    /// True if it has proven something that only it can: a public client has not.
    pub fn is_confidential(&self) -> bool {
        self.client.auth != ClientAuth::None
    }
}

/// An assertion that was verified: to be accepted once, until it is over (S62).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionId {
    /// Whose.
    pub client_id: ClientId,
    /// Its `jti`.
    pub token_id: String,
    /// When it is over, clocks that differ allowed for; afterwards its id may be forgotten.
    pub expires: Timestamp,
}

#[derive(Deserialize)]
struct NoClaims {}

/// The public keys of a `private_key_jwt` client. Worth keeping: parsing keys costs more than verifying.
pub fn client_keys(client: &Client) -> Result<JwkSet, JwkError> {
    JwkSet::parse(client.jwks.as_deref().ok_or(JwkError::NoKey)?)
}

impl<'a> Identified<'a> {
    /// The client that it claims to be.
    pub const fn client(&self) -> &'a Client {
        self.client
    }

    /// Its service.
    pub const fn service(&self) -> &'a Service {
        self.service
    }

    /// What must be checked.
    pub const fn check(&self) -> Check<'a> {
        match self.credential {
            Credential::Basic { secret, .. } | Credential::Post { secret, .. } => {
                Check::Secret(secret)
            }
            Credential::Assertion { .. } => Check::Assertion,
            Credential::Public { .. } => Check::Nothing,
        }
    }

    /// After the secret was compared with the stored digests.
    pub fn secret_matched(self, verdict: SecretVerdict) -> Result<ProvenClient<'a>, TokenError> {
        match (self.check(), verdict) {
            (Check::Secret(_), SecretVerdict::Match) => Ok(self.proven()),
            (Check::Secret(_), SecretVerdict::Mismatch)
            | (Check::Assertion | Check::Nothing, _) => Err(refused("the client secret is wrong")),
        }
    }

    /// A public client: nothing to prove.
    pub fn public(self) -> Result<ProvenClient<'a>, TokenError> {
        match self.check() {
            Check::Nothing => Ok(self.proven()),
            Check::Secret(_) | Check::Assertion => Err(refused("the client must prove itself")),
        }
    }

    /// Verify the assertion with the client's keys ([`client_keys`]). RFC 7523, 3; the audience is the issuer,
    /// or the token endpoint as older libraries have it. What comes back is accepted once.
    pub fn verify_assertion(
        self,
        keys: &JwkSet,
        issuer: &str,
        now: Timestamp,
    ) -> Result<(ProvenClient<'a>, AssertionId), TokenError> {
        let Credential::Assertion { jwt, .. } = self.credential else {
            return Err(refused("the client must send an assertion"));
        };
        let token_endpoint = crate::metadata::Endpoint::Token.url(issuer);
        let client_id = self.client.client_id.as_str();
        let verified = jws::verify::<NoClaims>(
            jwt,
            &Expected {
                algorithms: &SignatureAlgorithm::ALL,
                typ: ExpectedTyp::StatedOrAbsent(&[Typ::Jwt, Typ::ClientAuthentication]),
                issuer: client_id,
                audience: ExpectedAudience::Only(&[issuer, &token_endpoint]),
                lifetime: ExpectedLifetime::Current { ahead_seconds_max: ASSERTION_SECONDS_MAX },
                now,
                leeway_seconds: LEEWAY_SECONDS,
                keys: keys.keys(),
            },
        )
        .map_err(unverified)?;
        if verified.subject() != Some(client_id) {
            return Err(refused("iss and sub of the assertion must be the client_id"));
        }
        let id = verified.token_id().filter(|id| (1..=TOKEN_ID_BYTES_MAX).contains(&id.len()));
        let (Some(token_id), Some(expires)) = (id, verified.expires()) else {
            return Err(refused("the assertion has no jti, or a too long one"));
        };
        let id = AssertionId {
            client_id: self.client.client_id.clone(),
            token_id: token_id.to_owned(),
            expires: expires.plus_seconds(LEEWAY_SECONDS),
        };
        Ok((self.proven(), id))
    }

    const fn proven(self) -> ProvenClient<'a> {
        ProvenClient { service: self.service, client: self.client }
    }
}

/// The holder of a wrong assertion learns what a developer needs and an attacker knows already.
fn unverified(error: JwsError) -> TokenError {
    let description = match error {
        JwsError::Issuer => "iss and sub of the assertion must be the client_id",
        JwsError::Audience => "aud of the assertion must be the issuer",
        JwsError::Expired => "the assertion has expired",
        JwsError::NotYet => "the assertion is not valid yet: check the clock",
        JwsError::LivesTooLong => "exp of the assertion is more than 5 minutes ahead",
        JwsError::Typ => "the assertion is a token of another kind",
        JwsError::TooLong
        | JwsError::Malformed
        | JwsError::Duplicate
        | JwsError::Critical
        | JwsError::Algorithm
        | JwsError::UnknownKey
        | JwsError::Signature
        | JwsError::Claims => "the assertion is not a JWT signed with a registered key",
    };
    refused(description)
}
