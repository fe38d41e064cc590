//! Forms of ours come from pages of ours (S52).

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// Where a form came from, as far as the browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A page of ours, or a program that says nothing (forms are bound by cookie and seal besides).
    Own,
    /// A page of somebody else.
    Foreign,
}

/// Who sent the form: `Sec-Fetch-Site` where the browser sends it, else `Origin`. `issuer` is our only origin.
///
/// Under `Referrer-Policy: no-referrer`, which our pages have, browsers send `Origin: null` with our own forms;
/// so `null` alone says nothing. What protects a browser without `Sec-Fetch-Site` then is that no cookie of ours
/// travels with a cross-site POST (`SameSite=Lax`), and that forms are bound to the cookie.
pub fn sender(headers: &HeaderMap, issuer: &str) -> Sender {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let origin = text(ORIGIN.as_str());
    match (text("sec-fetch-site"), origin) {
        (Some("same-origin" | "none") | None, None | Some("null")) => Sender::Own,
        (Some("same-origin" | "none") | None, Some(origin)) if origin == issuer => Sender::Own,
        (Some(_), _) | (None, Some(_)) => Sender::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn says(pairs: &[(&'static str, &'static str)]) -> Sender {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        sender(&headers, "https://login.example")
    }

    #[test]
    fn a_form_of_another_site_is_recognised() {
        assert_eq!(says(&[]), Sender::Own);
        assert_eq!(says(&[("origin", "https://login.example")]), Sender::Own);
        for foreign in
            ["https://evil.example", "https://login.example.evil", "http://login.example"]
        {
            assert_eq!(says(&[("origin", foreign)]), Sender::Foreign, "{foreign}");
        }
        let own_form = [("origin", "null"), ("sec-fetch-site", "same-origin")];
        assert_eq!(says(&own_form), Sender::Own);
        let foreign_form = [("origin", "null"), ("sec-fetch-site", "cross-site")];
        assert_eq!(says(&foreign_form), Sender::Foreign);
        let both = [("origin", "https://login.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(says(&both), Sender::Foreign);
        assert_eq!(says(&[("sec-fetch-site", "same-site")]), Sender::Foreign);
    }
}
