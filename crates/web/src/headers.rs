//! Headers that stand on every answer, errors included (S51).

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, HeaderName, STRICT_TRANSPORT_SECURITY};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), \
         publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Add the headers to every answer. What an answer says itself stays.
pub async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add(response.headers_mut());
    response
}

fn add(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert_with(|| HeaderValue::from_static("no-store"));
    headers
        .entry("content-security-policy")
        .or_insert_with(|| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    // Browsers ignore it on plain http (RFC 6797, 8.1), so it can always stand.
    headers
        .entry(STRICT_TRANSPORT_SECURITY)
        .or_insert_with(|| HeaderValue::from_static("max-age=63072000; includeSubDomains"));
}
