//! The hosts on which a certificate is presented: one question, and nothing else of ours.
//!
//! No cookie is read or set here and nothing is kept: who presented what is told to the sign-in's own host, through the
//! browser.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HOST, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use sekimori_base::Fault;
use sekimori_flow::Tenant;

use crate::answer::{Answer, bare, bare_fault};
use crate::app::App;
use crate::headers;
use crate::presented::{Presented, PresentedHost};
use crate::query::Fields;

/// Where a certificate is presented.
const PRESENT: &str = "/present";

/// The routes of certificate hosts, with the headers that stand on every answer.
pub fn router(app: App) -> Router {
    Router::new()
        .route(PRESENT, get(present))
        .fallback(elsewhere)
        .method_not_allowed_fallback(elsewhere)
        .layer(map_response(closing))
        .layer(from_fn(headers::secure))
        .with_state(app)
}

/// A connection is for one answer: the next try is to be a whole handshake, also where its host is the same.
async fn closing(mut response: Answer) -> Answer {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The host of a request, and whose it is; `None` unless it is the one for which a certificate was presented: a
/// connection serves one host (RFC 9110, 15.5.20).
fn host(app: &App, parts: &Parts) -> Option<(String, Arc<Tenant>)> {
    let mut stated = parts.headers.get_all(HOST).iter();
    let (first, None) = (stated.next(), stated.next()) else { return None };
    let stated = name(first?.to_str().ok()?);
    let also = parts.uri.authority().map(|authority| name(authority.as_str()));
    if also.is_some_and(|also| !also.eq_ignore_ascii_case(stated)) {
        return None;
    }
    let same = match &parts.extensions.get::<Presented>()?.host {
        PresentedHost::Named(named) => named.eq_ignore_ascii_case(stated),
        PresentedHost::Unnamed => false,
        PresentedHost::AtProxy => true,
    };
    let tenant = app.flow.tenants.by_certificate_host(stated).filter(|_| same)?;
    Some((stated.to_ascii_lowercase(), tenant))
}

/// A host without its port. Certificate hosts are never addresses.
fn name(host: &str) -> &str {
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// `GET /present`: a page of a sign-in led here, and what was presented leads back to it.
async fn present(State(app): State<App>, parts: Parts) -> Answer {
    let Some((host, tenant)) = host(&app, &parts) else {
        return bare(StatusCode::MISDIRECTED_REQUEST);
    };
    let fields = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let Some(ticket) = fields.one("ticket") else {
        return nothing_here(&tenant, StatusCode::NOT_FOUND);
    };
    let presented = parts.extensions.get::<Presented>();
    let certificate = presented.and_then(|presented| presented.certificate.as_deref());
    match app.flow.certificate_presented(&tenant, &host, ticket, certificate).await {
        Ok(Some(back)) => see_other(&back),
        Ok(None) => nothing_here(&tenant, StatusCode::BAD_REQUEST),
        Err(fault) => bare_fault(&fault),
    }
}

/// 303 to an address that was made here.
fn see_other(address: &str) -> Answer {
    let Ok(location) = HeaderValue::from_str(address) else {
        return bare_fault(&Fault::new(
            "leading back to a sign-in",
            "a location that is no header",
        ));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// Anything else: what this host is for, and where the sign-in is.
async fn elsewhere(State(app): State<App>, parts: Parts) -> Answer {
    let Some((_, tenant)) = host(&app, &parts) else {
        return bare(StatusCode::MISDIRECTED_REQUEST);
    };
    nothing_here(&tenant, StatusCode::NOT_FOUND)
}

/// A ticket that leads nowhere is as good as none: it is too old, or of another host.
fn nothing_here(tenant: &Tenant, status: StatusCode) -> Answer {
    let issuer = tenant.issuer();
    let text = format!(
        "There is nothing here but the question for a certificate while somebody signs in. Sign in at {issuer}/\n\
         ここでは、サインインの途中で証明書を確認するだけです。サインインは {issuer}/ から行ってください。\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
