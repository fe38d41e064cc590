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

/// Who sent the form, by `Sec-Fetch-Site` and `Origin`. `issuer` is our only origin.
pub fn sender(headers: &HeaderMap, issuer: &str) -> Sender {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return Sender::Foreign;
    }
    match headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("unreadable")) {
        None => Sender::Own,
        Some(origin) if origin == issuer => Sender::Own,
        Some(_) => Sender::Foreign,
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
            ["https://evil.example", "null", "https://login.example.evil", "http://login.example"]
        {
            assert_eq!(says(&[("origin", foreign)]), Sender::Foreign, "{foreign}");
        }
        let both = [("origin", "https://login.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(says(&both), Sender::Foreign);
        assert_eq!(says(&[("sec-fetch-site", "same-site")]), Sender::Foreign);
    }
}
