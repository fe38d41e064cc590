//! The hosts on which a certificate is presented: one question, and nothing else of ours.
//!
//! No cookie is read or set here and nothing is kept: who presented what is told to the sign-in's own host, through the
//! browser.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::{from_fn, map_response};
use sekimori_flow::Tenant;

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::headers;
use crate::presented::{Presented, PresentedHost};

/// The routes of certificate hosts, with the headers that stand on every answer.
pub fn router(app: App) -> Router {
    Router::new()
        .fallback(elsewhere)
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

/// Anything else: what this host is for, and where the sign-in is.
async fn elsewhere(State(app): State<App>, parts: Parts) -> Answer {
    let Some((_, tenant)) = host(&app, &parts) else {
        return bare(StatusCode::MISDIRECTED_REQUEST);
    };
    let issuer = tenant.issuer();
    let text = format!(
        "There is nothing here but the question for a certificate while somebody signs in. Sign in at {issuer}/\n\
         ここでは、サインインの途中で証明書を確認するだけです。サインインは {issuer}/ から行ってください。\n"
    );
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
