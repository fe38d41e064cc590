//! The OpenID Provider's endpoints.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ORIGIN, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use sekimori_base::Fault;
use sekimori_directory::settings::Service;
use sekimori_flow::view::Cookies;
use sekimori_flow::{Caller, Confirmed, LogoutProgress};
use sekimori_login::{Details, Reason};
use sekimori_pages::{Failure, Form, Incident, OwnerDetails, Problem, SignOut, SignedOut};
use sekimori_protocol_oidc::TokenError;
use sekimori_protocol_oidc::cors::{self, Cors};
use sekimori_protocol_oidc::userinfo::BearerRequest;
use sekimori_protocol_oidc::{
    AuthorizeError, Caching, Endpoint, PageError, Reply, metadata, token_request,
};

use crate::answer::{Answer, PASSING_SECONDS, bare, log_fault};
use crate::app::App;
use crate::cx::{Cx, caller};
use crate::origin::{Sender, sender};
use crate::query::ProgramBody;

/// `GET /oidc/authorize`: begin, or finish at once, a sign-in for a client.
pub async fn authorize(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let raw = cx.query.clone().unwrap_or_default();
    match cx.app.flow.authorize(&cx.visitor, raw.as_bytes()).await {
        Ok(Ok(progress)) => cx.show(progress),
        Ok(Err(error)) => mistaken(&cx, error).await,
        Err(fault) => cx.fault(&fault),
    }
}

/// `POST /oidc/authorize`: the same by form. It may come from another site, where no cookie of ours is sent
/// along: the request is kept in a cookie and taken up by a GET of our own.
pub async fn authorize_post(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    match cx.app.flow.authorize_by_post(&cx.visitor, &body).await {
        Ok(Ok(progress)) => cx.show(progress),
        Ok(Err(error)) => mistaken(&cx, error).await,
        Err(fault) => cx.fault(&fault),
    }
}

/// `POST /oidc/token`.
pub async fn token(State(app): State<App>, parts: Parts, ProgramBody(body): ProgramBody) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = match token_request::parse(&body, authorization(&parts)) {
        Ok(request) => request,
        Err(error) => return program(&parts, Endpoint::Token, &caller, None, Ok(error.reply())),
    };
    let client = request.credential.id().to_owned();
    let reply = app.flow.token(&caller, request).await;
    program(&parts, Endpoint::Token, &caller, Some(&client), reply)
}

/// `GET` and `POST /oidc/userinfo`.
pub async fn userinfo(
    State(app): State<App>,
    parts: Parts,
    ProgramBody(body): ProgramBody,
) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let is_form = parts
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let request = BearerRequest {
        authorization: authorization(&parts),
        query: parts.uri.query().map(str::as_bytes),
        form: (is_form && parts.method == Method::POST).then_some(&body[..]),
    };
    match app.flow.userinfo(&caller, &request).await {
        Ok((reply, client)) => {
            program(&parts, Endpoint::Userinfo, &caller, client.as_deref(), Ok(reply))
        }
        Err(fault) => program(&parts, Endpoint::Userinfo, &caller, None, Err(fault)),
    }
}

/// `POST /oidc/introspect`.
pub async fn introspect(
    State(app): State<App>,
    parts: Parts,
    ProgramBody(body): ProgramBody,
) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let reply = match token_request::parse_about(&body, authorization(&parts)) {
        Ok(about) => app.flow.introspect(&caller, about).await,
        Err(error) => Ok(error.reply()),
    };
    program(&parts, Endpoint::Introspect, &caller, None, reply)
}

/// `POST /oidc/revoke`.
pub async fn revoke(
    State(app): State<App>,
    parts: Parts,
    ProgramBody(body): ProgramBody,
) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let reply = match token_request::parse_about(&body, authorization(&parts)) {
        Ok(about) => app.flow.revoke(&caller, about).await,
        Err(error) => Ok(error.reply()),
    };
    program(&parts, Endpoint::Revoke, &caller, None, reply)
}

/// `GET /.well-known/openid-configuration` and its older name.
pub async fn discovery(State(app): State<App>, parts: Parts) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let tenant = &caller.tenant;
    let reply = metadata::discovery(&tenant.site, &tenant.signing.algorithms());
    program(&parts, Endpoint::Discovery, &caller, None, Ok(reply))
}

/// `GET /oidc/jwks`.
pub async fn jwks(State(app): State<App>, parts: Parts) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let reply = metadata::jwks(&caller.tenant.signing.published(caller.now));
    program(&parts, Endpoint::Jwks, &caller, None, Ok(reply))
}

/// `OPTIONS` of the endpoints that pages of other origins may call.
pub async fn preflight(State(app): State<App>, parts: Parts) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let endpoint = Endpoint::at(parts.uri.path());
    let origin = parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let mut response = bare(StatusCode::NO_CONTENT);
    if let (Some(endpoint), Some(origin)) = (endpoint, origin) {
        let allowed = cors::preflight(endpoint, origin, &caller.tenant.site);
        if write_cors(&mut response, allowed) {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            headers.insert(
                ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("authorization, content-type"),
            );
        }
    }
    response
}

/// `GET /oidc/logout`.
pub async fn logout(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let raw = cx.query.clone().unwrap_or_default();
    let progress = cx.app.flow.logout(&cx.visitor, raw.as_bytes()).await;
    signed_out(&cx, progress)
}

/// `POST /oidc/logout` from the client: taken up by a GET of our own, where cookies of ours come along.
pub async fn logout_post(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let progress = cx.app.flow.logout_by_post(&cx.visitor, &body);
    signed_out(&cx, Ok(progress))
}

/// `GET /logout`: the wish to sign out that came by a POST.
pub async fn logout_page(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r").unwrap_or_default();
    let progress = cx.app.flow.logout_again(&cx.visitor, &request, Confirmed::NotYet).await;
    signed_out(&cx, progress)
}

/// `POST /logout`: the person said that they want to sign out.
pub async fn logout_confirmed(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    if sender(&cx.headers, cx.visitor.tenant.issuer()) == Sender::Foreign {
        return cx.problem(StatusCode::FORBIDDEN, Reason::CrossSite, None);
    }
    let fields = crate::query::Fields::parse(&body);
    let request = fields.one("request").unwrap_or_default();
    let confirmed = Confirmed::Yes(fields.one("token").unwrap_or_default());
    let progress = cx.app.flow.logout_again(&cx.visitor, request, confirmed).await;
    signed_out(&cx, progress)
}

fn signed_out(cx: &Cx, progress: Result<LogoutProgress, Fault>) -> Answer {
    let language = cx.visitor.language;
    match progress {
        Err(fault) => cx.fault(&fault),
        Ok(LogoutProgress::Unreadable) => {
            cx.problem(StatusCode::BAD_REQUEST, Reason::RequestInvalid, None)
        }
        Ok(LogoutProgress::See(path)) => cx.see_other(&path, &Cookies::default()),
        Ok(LogoutProgress::Ask { service, request, token, name }) => {
            let page = SignOut {
                form: Form::new("/logout", vec![("request", request), ("token", token)]),
                person: name.text(language).to_owned(),
                service: service.map(|service| service.title.text(language).to_owned()),
                cancel_href: "/portal".to_owned(),
            };
            cx.page(StatusCode::OK, &page.into())
        }
        Ok(LogoutProgress::Done { service, cookies }) => {
            let page = SignedOut {
                back: service.and_then(|service| {
                    Some((service.title.text(language).to_owned(), service.home?))
                }),
                services: Vec::new(),
                sign_in_href: "/portal".to_owned(),
            };
            let mut answer = cx.page(StatusCode::OK, &page.into());
            cx.write_cookies(&mut answer, &cookies);
            answer
        }
        Ok(LogoutProgress::Return { location, cookies }) => cx.see_other(&location, &cookies),
    }
}

/// A request whose sender is not verified: a page, never a redirect (S56).
async fn mistaken(cx: &Cx, error: AuthorizeError) -> Answer {
    let error = match error {
        AuthorizeError::Page(page) => page,
        AuthorizeError::Redirect(refused) => {
            let fault = Fault::new("answering a client", refused.description.into_owned());
            return cx.fault(&fault);
        }
    };
    let code = match cx.app.flow.note_request(&cx.visitor, &error).await {
        Ok(code) => code,
        Err(fault) => return cx.fault(&fault),
    };
    let language = cx.visitor.language;
    let site = &cx.visitor.tenant.site;
    let service = error.service.as_ref().and_then(|name| site.service(name));
    let problem = Problem {
        failure: Failure {
            reason: error.reason,
            details: Details::default(),
            hints: Vec::new(),
            incident: Incident { code: code.map(|code| code.to_string()), at: cx.visitor.now },
        },
        service: service.map(|service| service.title.text(language).to_owned()),
        service_contact: service
            .and_then(|service| service.contact.as_ref())
            .map(ToString::to_string),
        place: Some(cx.place()),
        next_href: service.and_then(Service::start),
        owner: Some(owner_details(&error)),
    };
    cx.page(StatusCode::BAD_REQUEST, &problem.into())
}

fn owner_details(error: &PageError) -> OwnerDetails {
    OwnerDetails {
        client_id: error.client_id().map(str::to_owned),
        redirect_uri: error.redirect_uri().map(str::to_owned),
        error: Some("invalid_request".to_owned()),
        description: Some(error.description()),
    }
}

fn authorization(parts: &Parts) -> Option<&[u8]> {
    parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes)
}

/// An answer to a program.
fn program(
    parts: &Parts,
    endpoint: Endpoint,
    caller: &Caller,
    client_id: Option<&str>,
    reply: Result<Reply, Fault>,
) -> Answer {
    let reply = reply.unwrap_or_else(|fault| {
        log_fault(&fault, None);
        let error = if fault.is_passing() {
            TokenError::Busy { retry_after_seconds: PASSING_SECONDS }
        } else {
            TokenError::Server
        };
        error.reply()
    });
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match reply.caching {
        Caching::NoStore => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Caching::Public { max_age_seconds } => {
            if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={max_age_seconds}"))
            {
                headers.insert(CACHE_CONTROL, value);
            }
        }
    }
    let mut put = |name: HeaderName, text: Option<String>| {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    };
    put(WWW_AUTHENTICATE, reply.www_authenticate);
    put(RETRY_AFTER, reply.retry_after_seconds.map(|seconds| seconds.to_string()));
    if let Some(origin) = parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) {
        let site = &caller.tenant.site;
        let client = client_id.and_then(|id| site.client(id)).map(|(_, client)| client);
        let allowed = cors::answer(endpoint, origin, client, site);
        write_cors(&mut response, allowed);
    }
    response
}

/// Write the CORS headers; true if the page may go on.
fn write_cors(response: &mut Answer, allowed: Cors<'_>) -> bool {
    let headers = response.headers_mut();
    let value = match allowed {
        Cors::Closed => return false,
        Cors::Anybody => Ok(HeaderValue::from_static("*")),
        Cors::Origin(origin) => {
            headers.insert(VARY, HeaderValue::from_static("origin"));
            HeaderValue::from_str(origin)
        }
    };
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    match value {
        Ok(value) => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value);
            true
        }
        Err(_) => false,
    }
}
