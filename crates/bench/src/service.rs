//! A service behind the server: asks for sign-ins with PKCE, redeems codes, verifies what it gets.

use std::fmt::Write as _;
use std::rc::Rc;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use sekimori_base::{Clock, random};
use sekimori_keys::jws::{Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, Typ, verify};
use sekimori_keys::{JwkSet, SignatureAlgorithm, pkce};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::browser::Origin;
use crate::failure::Failure;
use crate::outside::{SystemClock, SystemEntropy};
use crate::text::{fields, query_field};
use crate::wire::{Connection, Head};

/// Where the service takes answers.
pub const REDIRECT_URI: &str = "https://library.example/callback";
/// Longest life of a token that is accepted, in seconds.
const LIFE_SECONDS_MAX: i64 = 24 * 3600;

/// A service, with one connection to the server.
pub struct Service {
    client: Rc<Client>,
    origin: Origin,
    scope: &'static str,
    connection: Option<Connection>,
    request: String,
}

/// Who the service is and what it knows of the server.
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// How its tokens are signed.
    pub algorithm: SignatureAlgorithm,
    /// The server's keys.
    pub keys: Rc<JwkSet>,
}

/// A request for a sign-in that was sent off.
pub struct Asked {
    /// Where the browser goes.
    pub path: String,
    state: String,
    nonce: String,
    verifier: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(rename = "access_token")]
    access: String,
    #[serde(rename = "id_token")]
    id: Option<String>,
    #[serde(rename = "refresh_token")]
    refresh: Option<String>,
}

#[derive(Deserialize)]
struct IdClaims {
    nonce: Option<String>,
}

impl Service {
    /// A service that asks for these scopes.
    pub fn new(client: &Rc<Client>, origin: &Origin, scope: &'static str) -> Self {
        Self {
            client: Rc::clone(client),
            origin: origin.clone(),
            scope,
            connection: None,
            request: String::with_capacity(2048),
        }
    }

    /// Ask for a sign-in.
    pub fn ask(&self) -> Asked {
        let word = || BASE64URL_NOPAD.encode(&random::<16>(&SystemEntropy));
        let (state, nonce) = (word(), word());
        let verifier = BASE64URL_NOPAD.encode(&random::<32>(&SystemEntropy));
        let query = fields([
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", self.scope),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("code_challenge", pkce::s256_challenge(&verifier).as_str()),
            ("code_challenge_method", "S256"),
        ]);
        Asked { path: format!("/oidc/authorize?{query}"), state, nonce, verifier }
    }

    /// The browser came back: redeem the code, verify the ID token. Gives the refresh token, if there is one.
    pub async fn redeem(
        &mut self,
        asked: &Asked,
        location: &str,
    ) -> Result<Option<String>, Failure> {
        const STEP: &str = "answer to the service";
        if !location.starts_with(REDIRECT_URI) {
            return Err(Failure::content(STEP, "another address"));
        }
        if query_field(location, "state").as_deref() != Some(asked.state.as_str()) {
            return Err(Failure::content(STEP, "another state"));
        }
        let Some(code) = query_field(location, "code") else {
            let error = query_field(location, "error").unwrap_or_default();
            return Err(Failure::content(STEP, format!("no code, error {error}")));
        };
        let body = fields([
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", asked.verifier.as_str()),
        ]);
        let answer = self.token("code", &body).await?;
        let id_token = answer.id.as_deref();
        let id_token = id_token.ok_or_else(|| Failure::content("code", "no ID token"))?;
        let claims: IdClaims = self.verified("ID token", id_token, Typ::Jwt)?;
        if claims.nonce.as_deref() != Some(asked.nonce.as_str()) {
            return Err(Failure::content("ID token", "another nonce"));
        }
        Ok(answer.refresh)
    }

    /// Trade a refresh token for the next one; an ID token that comes along is verified.
    pub async fn refresh(&mut self, token: &str) -> Result<String, Failure> {
        let body = fields([("grant_type", "refresh_token"), ("refresh_token", token)]);
        let answer = self.token("refresh", &body).await?;
        if let Some(id_token) = &answer.id {
            self.verified::<IgnoredAny>("ID token", id_token, Typ::Jwt)?;
        }
        answer.refresh.ok_or_else(|| Failure::content("refresh", "no refresh token"))
    }

    /// A token about the client itself, a JWT that is verified.
    pub async fn own_token(&mut self) -> Result<(), Failure> {
        let answer = self.token("client", "grant_type=client_credentials").await?;
        self.verified::<IgnoredAny>("JWT", &answer.access, Typ::AccessToken)?;
        Ok(())
    }

    async fn token(&mut self, step: &'static str, body: &str) -> Result<TokenAnswer, Failure> {
        let (id, secret) = (&self.client.id, &self.client.secret);
        let basic = BASE64.encode(format!("{id}:{secret}").as_bytes());
        self.request.clear();
        let _ = write!(
            self.request,
            "POST /oidc/token HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {basic}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.origin.host(),
            body.len()
        );
        let head = self.exchange().await?;
        let answer = self.connection.as_ref().map(Connection::body).unwrap_or_default();
        if head.status != 200 {
            let text: String = String::from_utf8_lossy(answer).chars().take(120).collect();
            let reason = if text.is_empty() { text } else { format!(" ({text})") };
            return Err(Failure::Status { step, status: head.status, reason });
        }
        serde_json::from_slice(answer).map_err(|_| Failure::content(step, "not a token answer"))
    }

    async fn exchange(&mut self) -> Result<Head, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.origin.address).await?,
        };
        let head = connection.exchange(self.request.as_bytes()).await?;
        self.connection = Some(connection);
        Ok(head)
    }

    fn verified<T: serde::de::DeserializeOwned>(
        &self,
        step: &'static str,
        token: &str,
        typ: Typ,
    ) -> Result<T, Failure> {
        let expected = Expected {
            algorithms: &[self.client.algorithm],
            typ: ExpectedTyp::Stated(&[typ]),
            issuer: &self.origin.issuer,
            audience: ExpectedAudience::Includes(&[&self.client.id]),
            lifetime: ExpectedLifetime::Current { ahead_seconds_max: LIFE_SECONDS_MAX },
            now: SystemClock.now(),
            leeway_seconds: 5,
            keys: self.client.keys.keys(),
        };
        let verified = verify::<T>(token, &expected);
        verified
            .map(sekimori_keys::jws::Verified::into_claims)
            .map_err(|error| Failure::content(step, error.to_string()))
    }
}
