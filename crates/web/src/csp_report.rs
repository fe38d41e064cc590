//! `POST /csp-report`: a browser says that a page of ours was to load or run what its policy forbids (S50).
//!
//! Anybody can send anything here. Nothing is stored or answered; the metrics count requests by route, and a few a
//! minute are logged, in words of a fixed set as far as they go: no address with its query, nothing of the page's text.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::Deserialize;

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;

/// A longer report is none.
const REPORT_BYTES_MAX: usize = 16 * 1024;
/// Longest word of a report that is logged.
const WORD_MAX: usize = 64;

/// A report as `report-uri` brings it (CSP Level 3, 5.3).
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "csp-report")]
    violation: Violation,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Violation {
    #[serde(default)]
    document_uri: String,
    #[serde(default)]
    effective_directive: String,
    #[serde(default)]
    violated_directive: String,
    #[serde(default)]
    blocked_uri: String,
}

/// Take a report.
pub async fn report(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    if body.len() > REPORT_BYTES_MAX {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let Ok(Report { violation }) = serde_json::from_slice(&body) else {
        return bare(StatusCode::BAD_REQUEST);
    };
    if cx.app.flow.may_log_report(&cx.visitor) {
        let directive = match violation.effective_directive.as_str() {
            "" => first_word(&violation.violated_directive),
            directive => first_word(directive),
        };
        let (page, blocked) = (page(&violation.document_uri), source(&violation.blocked_uri));
        tracing::warn!(directive, page, blocked, "a page's policy was violated");
    }
    bare(StatusCode::NO_CONTENT)
}

/// The first word of a directive, as far as it looks like one.
fn first_word(text: &str) -> String {
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    plain(word)
}

/// The first step of a page's path: what comes after it may be a secret link.
fn page(address: &str) -> String {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    format!("/{}", plain(path.split('/').nth(1).unwrap_or_default()))
}

/// What was to be loaded: `inline`, `eval`, a scheme, or scheme and host.
fn source(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{}://{}", plain(scheme), plain(host))
        }
        None => plain(address.split(':').next().unwrap_or_default()),
    }
}

fn plain(text: &str) -> String {
    let visible = |c: &char| c.is_ascii_alphanumeric() || "-._[]:".contains(*c);
    text.chars().filter(visible).take(WORD_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_nothing_is_told_but_where_it_belongs() {
        for (address, expected) in [
            ("https://login.example.ac.jp/not-me/SECRET?r=SECRET#x", "/not-me"),
            ("https://login.example.ac.jp/login?r=SECRET", "/login"),
            ("https://login.example.ac.jp", "/"),
            ("/a b\n\u{1b}[2J/SECRET", "/ab[2J"),
            ("", "/"),
        ] {
            assert_eq!(page(address), expected, "{address:?}");
        }
        for (address, expected) in [
            ("https://user:SECRET@evil.example:8443/SECRET?x", "https://evil.example:8443"),
            ("inline", "inline"),
            ("data:text/html,SECRET", "data"),
            ("", ""),
        ] {
            assert_eq!(source(address), expected, "{address:?}");
        }
        assert_eq!(first_word("script-src 'self' SECRET"), "script-src");
        assert_eq!(first_word(&"x".repeat(1_000)).len(), WORD_MAX);
    }

    proptest::proptest! {
        #[test]
        fn no_address_in_a_report_does_harm(text in ".{0,300}") {
            for word in [page(&text), source(&text), first_word(&text)] {
                proptest::prop_assert!(word.bytes().all(|byte| byte.is_ascii_graphic()));
                proptest::prop_assert!(word.len() <= 2 * WORD_MAX + 3);
            }
        }
    }
}
