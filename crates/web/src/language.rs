//! Which language an answer is in: what the person or the service chose, then the cookie, then the browser,
//! then the site (U35).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use sekimori_base::Language;

use crate::cookies::{Channel, Name};

/// The language of another program's page on loopback: cookies of one host name go to all its ports.
pub fn loopback_language(headers: &HeaderMap) -> Language {
    negotiate(None, Channel::Plain.read(headers, Name::Language), headers, Language::English)
}

/// The first language that we speak among `chosen`, the cookie and `Accept-Language`.
pub fn negotiate(
    chosen: Option<Language>,
    cookie: Option<&str>,
    headers: &HeaderMap,
    site: Language,
) -> Language {
    chosen
        .or_else(|| cookie.and_then(Language::from_tag))
        .or_else(|| accepted(headers))
        .unwrap_or(site)
}

fn accepted(headers: &HeaderMap) -> Option<Language> {
    let text = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    text.split(',')
        .take(20)
        .filter_map(|part| {
            let (tag, quality) = match part.split_once(";q=") {
                Some((tag, quality)) => (tag, quality.trim().parse().unwrap_or(0.0)),
                None => (part, 1.0_f32),
            };
            Some((Language::from_tag(tag.trim())?, quality))
        })
        .filter(|(_, quality)| *quality > 0.0)
        // The first of equals stands first: `max_by` would take the last.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asks(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn another_program_on_loopback_speaks_as_the_pages_do() {
        let mut headers = asks("ja");
        assert_eq!(loopback_language(&headers), Language::Japanese);
        headers.insert("cookie", HeaderValue::from_static("sekimori-language=en"));
        assert_eq!(loopback_language(&headers), Language::English);
        assert_eq!(loopback_language(&asks("fr")), Language::English);
    }

    #[test]
    fn choice_comes_before_cookie_before_browser_before_site() {
        let (en, ja) = (Language::English, Language::Japanese);
        let headers = asks("fr, ja;q=0.8, en;q=0.5");
        assert_eq!(negotiate(None, None, &headers, en), ja);
        assert_eq!(negotiate(None, Some("en"), &headers, ja), en);
        assert_eq!(negotiate(Some(ja), Some("en"), &headers, en), ja);
        assert_eq!(negotiate(None, None, &asks("fr"), ja), ja);
        assert_eq!(negotiate(None, None, &asks("en-US,en;q=0.9,ja;q=0.8"), ja), en);
    }

    proptest::proptest! {
        #[test]
        fn any_header_leads_to_a_language(bytes in proptest::collection::vec(0x20_u8.., 0..200)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(ACCEPT_LANGUAGE, value);
            }
            negotiate(None, Some("x"), &headers, Language::English);
        }
    }
}
