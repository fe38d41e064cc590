//! Answers of the authorization endpoint: where the browser goes, and with what.

use sekimori_base::Secret;

use crate::error::{ErrorCode, Refused, ResponseMode, ReturnTo};
use crate::grant::CodePayload;
use crate::request::PendingAuthorize;

/// An answer that the browser carries to the client. Printed without its fields: a code may be among them.
#[derive(Clone, PartialEq, Eq)]
pub enum RedirectAnswer {
    /// A redirection with status 303, never 307 (S53): the value of `Location`.
    SeeOther(String),
    /// A page whose form the browser posts, by itself or by a button.
    FormPost {
        /// Where to.
        action: String,
        /// Names and values of its hidden fields.
        fields: Vec<(&'static str, String)>,
    },
}

impl std::fmt::Debug for RedirectAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (way, address) = match self {
            Self::SeeOther(location) => ("SeeOther", location),
            Self::FormPost { action, .. } => ("FormPost", action),
        };
        let (bare, _) = address.split_once('?').unwrap_or((address, ""));
        write!(f, "{way}({bare}, …)")
    }
}

/// The good answer. `payload` is what the code stands for, so there is none without an
/// [`sekimori_login::Authenticated`].
pub fn code(
    payload: &CodePayload,
    pending: &PendingAuthorize,
    code: &Secret<String>,
    issuer: &str,
) -> RedirectAnswer {
    debug_assert_eq!(payload.granted().client_id(), pending.client_id());
    carry(pending.return_to(), issuer, vec![("code", code.expose().clone())])
}

/// An error, with a description for the client's developer if there is one (ASCII without `"` and `\`).
pub fn error(
    return_to: &ReturnTo,
    issuer: &str,
    error: ErrorCode,
    description: Option<&str>,
) -> RedirectAnswer {
    let mut fields = vec![("error", error.as_str().to_owned())];
    if let Some(description) = description {
        fields.push(("error_description", crate::reply::described(description)));
    }
    carry(return_to, issuer, fields)
}

/// The answer to a client that made a mistake.
pub fn refused(refused: &Refused, issuer: &str) -> RedirectAnswer {
    error(&refused.return_to, issuer, refused.error, Some(&refused.description))
}

fn carry(
    return_to: &ReturnTo,
    issuer: &str,
    mut fields: Vec<(&'static str, String)>,
) -> RedirectAnswer {
    if let Some(state) = return_to.state() {
        fields.push(("state", state.to_owned()));
    }
    // RFC 9207: against mix-up of servers, in every answer.
    fields.push(("iss", issuer.to_owned()));
    match return_to.mode() {
        ResponseMode::Query => {
            let query =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            RedirectAnswer::SeeOther(with_query(return_to.redirect_uri(), &query))
        }
        ResponseMode::FormPost => {
            RedirectAnswer::FormPost { action: return_to.redirect_uri().to_owned(), fields }
        }
    }
}

/// The address to the letter, with more at the end of its query. RFC 6749, 3.1.2
pub(crate) fn with_query(address: &str, query: &str) -> String {
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, present)) if present.is_empty() || present.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{address}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn return_to(redirect_uri: &str, mode: ResponseMode) -> ReturnTo {
        ReturnTo { redirect_uri: redirect_uri.into(), state: Some("a&b=c 日".into()), mode }
    }

    #[test]
    fn an_answer_by_query_keeps_the_address_to_the_letter() {
        for (address, begins) in [
            ("https://app.example/cb", "https://app.example/cb?error="),
            ("https://app.example/cb?", "https://app.example/cb?error="),
            ("https://app.example/cb?x=1", "https://app.example/cb?x=1&error="),
            ("https://app.example/%63b?x=1&", "https://app.example/%63b?x=1&error="),
            ("jp.ac.example.app:/cb", "jp.ac.example.app:/cb?error="),
        ] {
            let return_to = return_to(address, ResponseMode::Query);
            let RedirectAnswer::SeeOther(location) =
                error(&return_to, "https://login.example", ErrorCode::AccessDenied, None)
            else {
                panic!("by query");
            };
            assert!(location.starts_with(begins), "{location}");
            assert!(location.ends_with(
                "access_denied&state=a%26b%3Dc+%E6%97%A5&iss=https%3A%2F%2Flogin.example"
            ));
        }
    }

    #[test]
    fn an_answer_by_form_carries_the_same_fields() {
        let return_to = return_to("https://app.example/cb", ResponseMode::FormPost);
        let answer = error(
            &return_to,
            "https://login.example",
            ErrorCode::LoginRequired,
            Some("a \"quoted\" thing\r\n"),
        );
        assert_eq!(
            answer,
            RedirectAnswer::FormPost {
                action: "https://app.example/cb".into(),
                fields: vec![
                    ("error", "login_required".into()),
                    ("error_description", "a ?quoted? thing??".into()),
                    ("state", "a&b=c 日".into()),
                    ("iss", "https://login.example".into()),
                ],
            }
        );
    }
}
