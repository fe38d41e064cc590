//! What the world asks about certificates of our authority: revocation lists, OCSP, the issuer's own certificate.
//!
//! Everybody may ask, nobody is known by it: no cookie is read or set, nothing is written, and what is answered is signed
//! itself, so that it may lie in any cache for as long as its header says.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use sekimori_flow::Caller;
use sekimori_flow::certificates::StatusAnswer;

use crate::answer::{Answer, bare, bare_fault};
use crate::app::App;
use crate::cx::caller;

/// Lists and answers may lie in caches so long: after it everybody hears of a revocation.
const STATUS_CACHING: &str = "public, max-age=300";
/// The certificate of an authority never changes under its name.
const CERTIFICATE_CACHING: &str = "public, max-age=86400";
/// `GET /ca/{file}`: `NAME.crl` is the revocation list of an authority, `NAME.cer` its certificate. RFC 5280, 4.2.1.13
/// and 4.2.2.1
pub async fn file(State(app): State<App>, Path(name): Path<String>, parts: Parts) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Caller { tenant, now } = &caller;
    match name.rsplit_once('.') {
        Some((name, "crl")) => match app.flow.revocation_list(tenant, name, *now).await {
            Ok(Some(list)) => signed(list.to_vec(), "application/pkix-crl", STATUS_CACHING),
            Ok(None) => bare(StatusCode::NOT_FOUND),
            Err(fault) => bare_fault(&fault),
        },
        Some((name, "cer")) => match app.flow.authority_certificate(tenant, name) {
            Some(certificate) => signed(certificate, "application/pkix-cert", CERTIFICATE_CACHING),
            None => bare(StatusCode::NOT_FOUND),
        },
        Some(_) | None => bare(StatusCode::NOT_FOUND),
    }
}

/// `POST /ca/ocsp`: whether certificates still hold. RFC 6960, A.1
pub async fn status(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    answered(app.flow.certificate_status(&caller.tenant, &body, caller.now).await)
}

/// `GET /ca/ocsp/{request}`: the same, with the request in base 64. RFC 6960, A.1
pub async fn status_by_address(
    State(app): State<App>,
    Path(request): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(caller) = caller(&app, &parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Caller { tenant, now } = &caller;
    answered(app.flow.certificate_status_of_text(tenant, &request, *now).await)
}

fn answered(answer: Option<StatusAnswer>) -> Answer {
    let Some(answer) = answer else { return bare(StatusCode::NOT_FOUND) };
    let caching = if answer.cacheable { STATUS_CACHING } else { "no-store" };
    signed(answer.body.to_vec(), "application/ocsp-response", caching)
}

fn signed(body: Vec<u8>, kind: &'static str, caching: &'static str) -> Answer {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}
