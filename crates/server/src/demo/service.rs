//! The demo's sample service: a relying party of its own, on a port of its own, that knows the provider by its
//! discovery document only.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use sekimori_base::{Bilingual, Clock, random};
use sekimori_directory::settings::{Help, Organisation};
use sekimori_keys::jws::{self, Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, Typ};
use sekimori_keys::{JwkSet, SignatureAlgorithm, pkce};
use sekimori_pages::demo::SampleService;
use sekimori_pages::{Frame, Page};
use sekimori_web::loopback_language;
use serde_json::{Map, Value};

use super::site::{self, SAMPLE_CLIENT};
use crate::command::Failed;
use crate::outside::{SystemClock, SystemEntropy};

/// Sign-ins that may be open, and sessions that are kept: this is a demo for one person.
const KEPT_MAX: usize = 100;
/// Longest answer of the provider that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The service's own session cookie.
const SESSION: &str = "sample-session";

struct Service {
    base: String,
    issuer: String,
    secret: String,
    client: Client<HttpConnector, Full<bytes::Bytes>>,
    open: Mutex<HashMap<String, Open>>,
    sessions: Mutex<HashMap<String, Session>>,
}

/// A sign-in that was begun.
struct Open {
    nonce: String,
    verifier: String,
}

/// Somebody who is signed in.
#[derive(Clone)]
struct Session {
    claims: Vec<(String, String)>,
    id_token: String,
}

type Shared = Arc<Service>;

/// Begin to serve at all of `addresses`.
pub async fn start(
    addresses: &[SocketAddr],
    base: &str,
    issuer: &str,
    secret: &str,
) -> Result<(), Failed> {
    let service = Arc::new(Service {
        base: base.to_owned(),
        issuer: issuer.to_owned(),
        secret: secret.to_owned(),
        client: Client::builder(TokioExecutor::new()).build_http(),
        open: Mutex::default(),
        sessions: Mutex::default(),
    });
    let router = Router::new()
        .route("/", get(front))
        .route("/sign-in", get(sign_in))
        .route("/callback", get(callback))
        .route("/sign-out", get(sign_out))
        .route("/static/{name}", get(asset))
        .with_state(service);
    for address in addresses {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(Failed::at(format!("listening on {address}")))?;
        let router = router.clone();
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(target: "sekimori", %error, "the sample service has stopped");
            }
        });
    }
    Ok(())
}

async fn front(State(service): State<Shared>, headers: HeaderMap) -> Response {
    let session = session(&service, &headers);
    show(&service, &headers, session.as_ref(), None)
}

fn show(
    service: &Service,
    headers: &HeaderMap,
    session: Option<&Session>,
    error: Option<String>,
) -> Response {
    let language = loopback_language(headers);
    let name = Bilingual::new(site::SAMPLE_TITLE.0, site::SAMPLE_TITLE.1);
    let page: Page = SampleService {
        title: name.text(language).to_owned(),
        claims: session.map(|session| session.claims.clone()).unwrap_or_default(),
        sign_in_href: "/sign-in".to_owned(),
        sign_in_strong_href: "/sign-in?strong=yes".to_owned(),
        sign_out_href: "/sign-out".to_owned(),
        error,
    }
    .into();
    let troubleshoot = format!("{}/help", service.issuer);
    let check = format!("{}/check", service.issuer);
    let organisation = Organisation { name, accent: "#197a4b".to_owned(), help: Help::default() };
    let frame = Frame {
        language,
        organisation: &organisation,
        time_zone: "Asia/Tokyo",
        now: SystemClock.now(),
        languages: Vec::new(),
        troubleshoot_href: &troubleshoot,
        check_href: &check,
        portal: None,
        demo: None,
    };
    ([("content-security-policy", page.csp())], Html(page.html(&frame))).into_response()
}

/// Send the browser to the provider: code, PKCE with S256, state and nonce.
async fn sign_in(State(service): State<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    let strong = uri.query().is_some_and(|query| query.contains("strong"));
    let word = || URL_SAFE_NO_PAD.encode(random::<32>(&SystemEntropy));
    let (state, nonce, verifier) = (word(), word(), word());
    let query = authorize_query(&service.base, [&state, &nonce, &verifier], strong);
    keep(&mut locked(&service.open), state, Open { nonce, verifier });
    let endpoint = match service.discover("authorization_endpoint").await {
        Ok(endpoint) => endpoint,
        Err(error) => return show(&service, &headers, None, Some(error)),
    };
    Redirect::to(&format!("{endpoint}?{query}")).into_response()
}

fn authorize_query(base: &str, [state, nonce, verifier]: [&String; 3], strong: bool) -> String {
    let redirect_uri = format!("{base}/callback");
    let mut query = Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", SAMPLE_CLIENT)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", "openid profile email affiliation")
        .append_pair("state", state)
        .append_pair("nonce", nonce)
        .append_pair("code_challenge", &pkce::s256_challenge(verifier))
        .append_pair("code_challenge_method", "S256");
    if strong {
        query.append_pair("acr_values", "https://refeds.org/profile/mfa");
    }
    query.finish()
}

/// The browser is back: check who answers, redeem the code, verify the ID token.
async fn callback(State(service): State<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default().to_owned();
    match service.finish(&query).await {
        Ok(session) => {
            let id = URL_SAFE_NO_PAD.encode(random::<16>(&SystemEntropy));
            keep(&mut locked(&service.sessions), id.clone(), session);
            let cookie = format!("{SESSION}={id}; Path=/; HttpOnly; SameSite=Lax");
            ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Err(error) => show(&service, &headers, None, Some(error)),
    }
}

async fn sign_out(State(service): State<Shared>, headers: HeaderMap) -> Response {
    let Some(session) = session(&service, &headers) else {
        return Redirect::to("/").into_response();
    };
    let endpoint = match service.discover("end_session_endpoint").await {
        Ok(endpoint) => endpoint,
        Err(error) => return show(&service, &headers, None, Some(error)),
    };
    let query = Serializer::new(String::new())
        .append_pair("id_token_hint", &session.id_token)
        .append_pair("post_logout_redirect_uri", &format!("{}/", service.base))
        .finish();
    let forget = format!("{SESSION}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(SET_COOKIE, forget)], Redirect::to(&format!("{endpoint}?{query}"))).into_response()
}

async fn asset(Path(name): Path<String>) -> Response {
    match sekimori_pages::asset(&name) {
        Some(asset) => {
            ([(CONTENT_TYPE, asset.content_type)], asset.body.into_owned()).into_response()
        }
        None => http::StatusCode::NOT_FOUND.into_response(),
    }
}

impl Service {
    async fn finish(&self, query: &str) -> Result<Session, String> {
        let field = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let state = field("state").ok_or("the answer has no state")?;
        let open = locked(&self.open).remove(&state).ok_or("this sign-in was not begun here")?;
        // RFC 9207: the answer names who gives it.
        if field("iss").as_deref() != Some(self.issuer.as_str()) {
            return Err("the answer is not from our provider".to_owned());
        }
        if let Some(error) = field("error") {
            let description = field("error_description").unwrap_or_default();
            return Err(format!("{error} {description}").trim().to_owned());
        }
        let code = field("code").ok_or("the answer has no code")?;
        let tokens = self.redeem(&code, &open.verifier).await?;
        let id_token = text(&tokens, "id_token").ok_or("the answer has no ID token")?;
        let claims = self.verify(&id_token, &open.nonce).await?;
        let access = text(&tokens, "access_token").ok_or("the answer has no access token")?;
        let more = self.userinfo(&access).await?;
        let shown = ["sub", "acr", "amr", "auth_time"]
            .iter()
            .filter_map(|name| claims.get(*name).map(|value| ((*name).to_owned(), plain(value))));
        let more = more.iter().filter(|(name, _)| *name != "sub");
        let more = more.map(|(name, value)| (name.clone(), plain(value)));
        Ok(Session { claims: shown.chain(more).collect(), id_token })
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Result<Map<String, Value>, String> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &format!("{}/callback", self.base))
            .append_pair("code_verifier", verifier)
            .finish();
        let basic = STANDARD.encode(format!("{SAMPLE_CLIENT}:{}", self.secret));
        let request = Request::post(self.discover("token_endpoint").await?)
            .header(AUTHORIZATION, format!("Basic {basic}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form));
        self.ask(request).await
    }

    async fn userinfo(&self, access: &str) -> Result<Map<String, Value>, String> {
        let request = Request::get(self.discover("userinfo_endpoint").await?)
            .header(AUTHORIZATION, format!("Bearer {access}"))
            .body(Full::default());
        self.ask(request).await
    }

    /// The ID token's claims, once issuer, audience, signature, time and nonce fit.
    async fn verify(&self, id_token: &str, nonce: &str) -> Result<Map<String, Value>, String> {
        let request = Request::get(self.discover("jwks_uri").await?).body(Full::default());
        let keys = Value::Object(self.ask(request).await?).to_string();
        let keys = JwkSet::parse(&keys).map_err(|error| error.to_string())?;
        let expected = Expected {
            algorithms: &SignatureAlgorithm::ALL,
            typ: ExpectedTyp::StatedOrAbsent(&[Typ::Jwt]),
            issuer: &self.issuer,
            audience: ExpectedAudience::Only(&[SAMPLE_CLIENT]),
            lifetime: ExpectedLifetime::Current { ahead_seconds_max: 24 * 3600 },
            now: SystemClock.now(),
            leeway_seconds: 10,
            keys: keys.keys(),
        };
        let verified = jws::verify::<Map<String, Value>>(id_token, &expected)
            .map_err(|error| format!("the ID token cannot be trusted: {error}"))?;
        let claims = verified.into_claims();
        if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err("the ID token belongs to another sign-in".to_owned());
        }
        Ok(claims)
    }

    /// An endpoint of the provider's discovery document.
    async fn discover(&self, name: &str) -> Result<String, String> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer);
        let document = self.ask(Request::get(url).body(Full::default())).await?;
        text(&document, name).ok_or_else(|| format!("the provider has no {name}"))
    }

    async fn ask(
        &self,
        request: Result<Request<Full<bytes::Bytes>>, http::Error>,
    ) -> Result<Map<String, Value>, String> {
        let request = request.map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let value: Map<String, Value> =
            serde_json::from_slice(&body).map_err(|error| format!("{status}: {error}"))?;
        if status.is_success() {
            return Ok(value);
        }
        let error = text(&value, "error").unwrap_or_else(|| status.to_string());
        let description = text(&value, "error_description").unwrap_or_default();
        Err(format!("{error} {description}").trim().to_owned())
    }
}

fn text(value: &Map<String, Value>, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn session(service: &Service, headers: &HeaderMap) -> Option<Session> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, id) = pairs.find(|(name, _)| *name == SESSION)?;
    locked(&service.sessions).get(id).cloned()
}

fn keep<T>(map: &mut HashMap<String, T>, key: String, value: T) {
    if map.len() >= KEPT_MAX {
        map.clear();
    }
    map.insert(key, value);
}

fn locked<T>(map: &Mutex<HashMap<String, T>>) -> MutexGuard<'_, HashMap<String, T>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
