//! Answers to programs: status, body and the headers that belong to the meaning. The web layer adds its own.

use serde::Serialize;

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Not at all: `Cache-Control: no-store`.
    NoStore,
    /// By anybody, for so many seconds: `Cache-Control: public, max-age=…`.
    Public {
        /// Seconds.
        max_age_seconds: u32,
    },
}

/// An answer to a program. Printed without its body: there may be tokens in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `application/json` of this body; an empty body has no content type.
    pub body: String,
    /// `Cache-Control`.
    pub caching: Caching,
    /// `WWW-Authenticate`, if the status is about credentials.
    pub www_authenticate: Option<String>,
    /// `Retry-After` in seconds, if waiting helps.
    pub retry_after_seconds: Option<u32>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

impl Reply {
    /// A JSON answer that must not be kept.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("our own types have a JSON form");
        Self {
            status,
            body,
            caching: Caching::NoStore,
            www_authenticate: None,
            retry_after_seconds: None,
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            body: String::new(),
            caching: Caching::NoStore,
            www_authenticate: None,
            retry_after_seconds: None,
        }
    }
}

/// A text for `error_description`: RFC 6749, 5.2 allows visible ASCII and space without `"` and `\`.
pub(crate) fn described(text: &str) -> String {
    let allowed =
        |character: char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\');
    text.chars()
        .take(300)
        .map(|character| if allowed(character) { character } else { '?' })
        .collect()
}
