//! An OpenID Connect client that believes nothing it has not verified: `state`, `iss`, signature by our published
//! keys, `aud`, `nonce`, times.

use std::sync::Arc;

use axum::body::Body;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST as HOST_HEADER};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sekimori_base::TenantId;
use sekimori_directory::client::{ClientAuth, TokenAlgorithm};
use sekimori_keys::digest::sha256;
use sekimori_keys::jws::{JwsKey, Typ};
use sekimori_keys::{KeyProfile, Signer, SigningKey};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Page, Testbed};

/// A client.
#[derive(Clone)]
pub struct Service {
    bed: Testbed,
    host: &'static str,
    tenant: TenantId,
    /// Its `client_id`.
    pub client_id: String,
    secret: Option<String>,
}

/// A sign-in that a service began.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Where the service sends the browser.
    pub url: String,
    /// The parameters of the request, for a POST.
    pub fields: Vec<(String, String)>,
    /// What binds the answer to the request.
    pub state: String,
    /// What binds the ID token to the request.
    pub nonce: String,
    /// The PKCE verifier.
    pub verifier: String,
}

/// An answer to a program.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null if it is no JSON.
    pub json: Value,
}

impl Reply {
    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }

    /// The protocol's error code.
    pub fn error(&self) -> &str {
        self.text("error").unwrap_or_default()
    }
}

/// What a service got for a code, verified.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For userinfo.
    pub access: String,
    /// For going on later.
    pub refresh: Option<String>,
    /// As it was sent.
    pub id_token: String,
    /// What the ID token says.
    pub claims: Value,
}

impl Tokens {
    /// A text claim of the ID token.
    pub fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The methods that the ID token names.
    pub fn amr(&self) -> Vec<&str> {
        let amr = self.claims.get("amr").and_then(Value::as_array);
        amr.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

impl Service {
    pub(crate) fn new(
        bed: Testbed,
        host: &'static str,
        tenant: TenantId,
        client_id: &str,
        secret: Option<String>,
    ) -> Self {
        Self { bed, host, tenant, client_id: client_id.to_owned(), secret }
    }

    /// The client's registration.
    pub fn client(&self) -> sekimori_directory::Client {
        let tenant = self.bed.flow.tenants.by_id(self.tenant).expect("the tenant runs");
        let (_, client) = tenant.client(&self.client_id).expect("the client is registered");
        client.clone()
    }

    /// Where its answers go.
    pub fn redirect_uri(&self) -> String {
        let client = self.client();
        client.redirect_uris.first().expect("it has an address").as_str().to_owned()
    }

    /// The issuer that it trusts.
    pub fn issuer(&self) -> String {
        format!("https://{}", self.host)
    }

    /// Begin a sign-in.
    pub fn sign_in(&self) -> SignIn {
        self.sign_in_with(&[])
    }

    /// Begin a sign-in with more parameters, or others: an empty value leaves one out.
    pub fn sign_in_with(&self, changes: &[(&str, &str)]) -> SignIn {
        let word = || BASE64URL_NOPAD.encode(&self.bed.chance::<32>());
        let (state, nonce, verifier) = (word(), word(), word());
        let challenge = BASE64URL_NOPAD.encode(&sha256(&[verifier.as_bytes()]));
        let mut fields: Vec<(String, String)> = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri()),
            ("scope", "openid profile email"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in changes {
            fields.retain(|(field, _)| field != name);
            if !value.is_empty() {
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let url = format!("https://{}/oidc/authorize?{query}", self.host);
        SignIn { url, fields, state, nonce, verifier }
    }

    /// The code of an answer, after `state` and `iss` were checked.
    pub fn code(&self, sign_in: &SignIn, page: &Page) -> String {
        assert!(page.is_away(), "not at the service: {}", page.shows());
        let mut address = page.url.clone();
        address.set_query(None);
        assert_eq!(address.as_str(), self.redirect_uri(), "the answer goes to the letter (S55)");
        assert_eq!(page.param("error"), None, "{}", page.url);
        assert_eq!(page.param("state").as_deref(), Some(sign_in.state.as_str()));
        assert_eq!(page.param("iss"), Some(self.issuer()), "RFC 9207 (S61)");
        page.param("code").expect("a code")
    }

    /// The error of an answer, after `state` and `iss` were checked.
    pub fn error(&self, sign_in: &SignIn, page: &Page) -> String {
        assert!(page.is_away(), "not at the service: {}", page.shows());
        assert_eq!(page.param("state").as_deref(), Some(sign_in.state.as_str()));
        assert_eq!(page.param("iss"), Some(self.issuer()), "RFC 9207 (S61)");
        assert_eq!(page.param("code"), None);
        page.param("error").expect("an error")
    }

    /// Redeem the answer and verify everything about it.
    pub async fn redeem(&self, sign_in: &SignIn, page: &Page) -> Tokens {
        let code = self.code(sign_in, page);
        let reply = self.redeem_code(&code, &sign_in.verifier).await;
        assert_eq!(reply.status, StatusCode::OK, "{:?}", reply.json);
        self.tokens(&reply, Some(&sign_in.nonce)).await
    }

    /// Send a code to the token endpoint.
    pub async fn redeem_code(&self, code: &str, verifier: &str) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", verifier),
        ])
        .await
    }

    /// Send a refresh token to the token endpoint.
    pub async fn refresh(&self, token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Ask the token endpoint, as the client that this is.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Reply {
        self.ask("/oidc/token", fields).await
    }

    /// Ask what a token is.
    pub async fn introspect(&self, token: &str) -> Reply {
        self.ask("/oidc/introspect", &[("token", token)]).await
    }

    /// End a token.
    pub async fn revoke(&self, token: &str) -> Reply {
        self.ask("/oidc/revoke", &[("token", token)]).await
    }

    /// Ask about the person of an access token.
    pub async fn userinfo(&self, access: &str) -> Reply {
        let bearer = format!("Bearer {access}");
        self.send("GET", "/oidc/userinfo", Some(&bearer), &[]).await
    }

    /// Ask an endpoint for programs, proving itself as it is registered.
    pub async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut fields: Vec<(&str, &str)> = fields.to_vec();
        let secret = self.secret.clone().unwrap_or_default();
        let mut authorization = None;
        match self.client().auth {
            ClientAuth::ClientSecretBasic => {
                let encode = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let pair = format!("{}:{}", encode(&self.client_id), encode(&secret));
                authorization = Some(format!("Basic {}", BASE64.encode(pair.as_bytes())));
            }
            ClientAuth::ClientSecretPost => {
                fields.push(("client_id", &self.client_id));
                fields.push(("client_secret", &secret));
            }
            ClientAuth::None | ClientAuth::PrivateKeyJwt => {
                fields.push(("client_id", &self.client_id));
            }
        }
        self.send("POST", path, authorization.as_deref(), &fields).await
    }

    /// Send any request to an endpoint for programs.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Reply {
        let mut request =
            Request::builder().method(method).uri(path).header(HOST_HEADER, self.host);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if method == "POST" {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = request.body(Body::from(body)).expect("requests of tests are sound");
        let router = self.bed.router.clone();
        let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("bodies of ours are whole").to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, json }
    }

    /// The tokens of an answer, verified.
    pub async fn tokens(&self, reply: &Reply, nonce: Option<&str>) -> Tokens {
        assert_eq!(reply.text("token_type"), Some("Bearer"));
        let text = |name: &str| reply.text(name).map(str::to_owned);
        let id_token = text("id_token").expect("an ID token");
        let claims = self.verified(&id_token).await;
        assert_eq!(claims.get("nonce").and_then(Value::as_str), nonce);
        Tokens {
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
            id_token,
            claims,
        }
    }

    /// What an ID token says, after it was verified by our published keys.
    pub async fn verified(&self, id_token: &str) -> Value {
        let discovery = self.send("GET", "/.well-known/openid-configuration", None, &[]).await;
        assert_eq!(discovery.text("issuer"), Some(self.issuer().as_str()), "S61");
        let jwks = self.send("GET", "/oidc/jwks", None, &[]).await;
        self.verified_by(id_token, &jwks.json).1
    }

    /// The id of an ID token's key and what the token says, after it was verified by this set of keys.
    pub fn verified_by(&self, id_token: &str, jwks: &Value) -> (String, Value) {
        let keys: JwkSet = serde_json::from_value(jwks.clone()).expect("a set of keys");
        let header = decode_header(id_token).expect("a JWT");
        let algorithm = match self.client().token_algorithm {
            TokenAlgorithm::Rs256 => Algorithm::RS256,
            TokenAlgorithm::Es256 => Algorithm::ES256,
            TokenAlgorithm::EdDsa => Algorithm::EdDSA,
        };
        assert_eq!(header.alg, algorithm, "the registered algorithm");
        let id = header.kid.expect("a key id");
        let key = keys.find(&id).expect("a published key");
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[self.issuer()]);
        validation.set_audience(&[&self.client_id]);
        // The library's clock is the real one; ours is checked below.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).expect("a key of a known kind");
        let claims = decode::<Value>(id_token, &key, &validation).expect("a good signature").claims;
        let now = self.bed.now().unix_seconds();
        let moment = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        assert!(moment("exp") > now, "the token is over");
        assert!(moment("iat") <= now && moment("auth_time") <= now, "the token is of the future");
        (id, claims)
    }
}

/// A program that proves itself by a signed assertion.
pub struct Robot {
    key: JwsKey,
    jwks: String,
}

impl Robot {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate(KeyProfile::Es256).expect("a key can be made");
        let public = serde_json::to_value(key.public()).expect("a public key is JSON");
        let jwks = json!({ "keys": [public] }).to_string();
        Self { key: JwsKey::new(Arc::new(key)), jwks }
    }

    pub(crate) fn jwks(&self) -> &str {
        &self.jwks
    }

    /// An assertion with these claims.
    pub fn assertion(&self, claims: &Value) -> String {
        self.key.sign(Typ::Jwt, claims).expect("a key of ours signs")
    }

    /// The claims of a good assertion.
    pub fn claims(&self, service: &Service, id: &str) -> Value {
        let now = service.bed.now().unix_seconds();
        json!({
            "iss": service.client_id,
            "sub": service.client_id,
            "aud": service.issuer(),
            "jti": id,
            "iat": now,
            "exp": now + 60,
        })
    }

    /// Ask the token endpoint with an assertion.
    pub async fn token(&self, service: &Service, assertion: &str) -> Reply {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "sync"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        service.send("POST", "/oidc/token", None, &fields).await
    }
}
