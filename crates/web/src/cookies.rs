//! Cookies: names, attributes, reading. All are host-only, `HttpOnly`, `SameSite=Lax`, without personal data
//! in the clear (S45).
//!
//! `__Host-` and `Secure` whenever the issuer is https. A plain http issuer is possible on loopback only, for
//! the demo and for tests; programs there keep no `Secure` cookies.

use std::fmt::Write as _;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Binds sealed requests and attempts to the browser.
    Browser,
    /// The session.
    Session,
    /// Remembers which accounts signed in from here.
    Device,
    /// The language that was chosen.
    Language,
    /// The suggestion of the portal that was put off.
    Later,
    /// The connection check looks whether it comes back.
    Check,
    /// The incident code of the last page that could not go on.
    Incident,
}

impl Name {
    const fn word(self) -> &'static str {
        match self {
            Self::Browser => "sekimori-browser",
            Self::Session => "sekimori-session",
            Self::Device => "sekimori-device",
            Self::Language => "sekimori-language",
            Self::Later => "sekimori-later",
            Self::Check => "sekimori-check",
            Self::Incident => "sekimori-incident",
        }
    }

    /// How long the browser keeps it, in seconds; `None` until it is closed.
    const fn max_age(self) -> Option<u32> {
        match self {
            Self::Session => None,
            Self::Check => Some(60),
            Self::Incident => Some(3600),
            Self::Later => Some(30 * 24 * 3600),
            Self::Browser | Self::Device | Self::Language => Some(400 * 24 * 3600),
        }
    }
}

/// Longest cookie that is set, name and attributes included (RFC 6265, 6.1).
pub const COOKIE_BYTES_MAX: usize = 4096;

/// How cookies are written for one issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// https: `__Host-` and `Secure`.
    Tls,
    /// Loopback http.
    Plain,
}

impl Channel {
    fn full_name(self, word: &str) -> String {
        match self {
            Self::Tls => format!("__Host-{word}"),
            Self::Plain => word.to_owned(),
        }
    }

    /// Add `Set-Cookie` for a value of ours (token, sealed text, language tag: all of the cookie alphabet).
    pub fn set(self, headers: &mut HeaderMap, name: Name, value: &str) {
        self.write(headers, name.word(), value, name.max_age());
    }

    /// Add `Set-Cookie` that makes the browser forget.
    pub fn forget(self, headers: &mut HeaderMap, name: Name) {
        self.write(headers, name.word(), "", Some(0));
    }

    /// The value of a cookie; `None` also when it appears twice (somebody planted one).
    pub fn read(self, headers: &HeaderMap, name: Name) -> Option<&str> {
        self.find(headers, &self.full_name(name.word()))
    }

    /// Add `Set-Cookie` for a request that came by a cross-site POST, for two minutes.
    pub fn set_request(self, headers: &mut HeaderMap, id: &str, value: &str) {
        self.write(headers, &format!("{REQUEST_PREFIX}{id}"), value, Some(120));
    }

    /// Make the browser forget such a request. An id comes from an address: what could not be one of ours says nothing
    /// in a header.
    pub fn forget_request(self, headers: &mut HeaderMap, id: &str) {
        if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            self.write(headers, &format!("{REQUEST_PREFIX}{id}"), "", Some(0));
        }
    }

    /// The request of that id.
    pub fn read_request<'a>(self, headers: &'a HeaderMap, id: &str) -> Option<&'a str> {
        self.find(headers, &self.full_name(&format!("{REQUEST_PREFIX}{id}")))
    }

    /// Ids of all carried requests, in the browser's order (oldest first, RFC 6265, 5.4).
    pub fn request_ids(self, headers: &HeaderMap) -> Vec<String> {
        let prefix = self.full_name(REQUEST_PREFIX);
        pairs(headers)
            .filter_map(|(name, _)| name.strip_prefix(prefix.as_str()))
            .map(str::to_owned)
            .collect()
    }

    fn write(self, headers: &mut HeaderMap, word: &str, value: &str, max_age: Option<u32>) {
        let name = self.full_name(word);
        let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
        if self == Self::Tls {
            text.push_str("; Secure");
        }
        if let Some(seconds) = max_age {
            // Writing to a string cannot fail.
            let _ = write!(text, "; Max-Age={seconds}");
        }
        // Values are ours and of the cookie alphabet; what is not, or too long, is not set at all.
        if text.len() <= COOKIE_BYTES_MAX
            && let Ok(value) = HeaderValue::from_str(&text)
        {
            headers.append(SET_COOKIE, value);
        }
    }

    fn find<'a>(self, headers: &'a HeaderMap, full_name: &str) -> Option<&'a str> {
        let mut found = pairs(headers).filter(|(name, _)| *name == full_name);
        let (_, value) = found.next()?;
        (found.next().is_none() && !value.is_empty()).then_some(value)
    }
}

const REQUEST_PREFIX: &str = "sekimori-request-";

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookies).unwrap());
        headers
    }

    #[test]
    fn cookies_are_host_only_secure_and_lax() {
        let mut headers = HeaderMap::new();
        Channel::Tls.set(&mut headers, Name::Session, "1.abc");
        assert_eq!(
            headers[SET_COOKIE],
            "__Host-sekimori-session=1.abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn a_cookie_that_was_planted_twice_is_not_believed() {
        let once = sent("a=b; __Host-sekimori-session=1.abc");
        assert_eq!(Channel::Tls.read(&once, Name::Session), Some("1.abc"));
        let twice = sent("__Host-sekimori-session=1.abc; __Host-sekimori-session=1.evil");
        assert_eq!(Channel::Tls.read(&twice, Name::Session), None);
        assert_eq!(Channel::Tls.read(&sent("sekimori-session=1.x"), Name::Session), None);
    }

    #[test]
    fn an_id_that_is_none_of_ours_stands_in_no_cookie() {
        let mut headers = HeaderMap::new();
        for id in ["x=y; Domain=example", "x\u{3042}", "a b", "a;b"] {
            Channel::Tls.forget_request(&mut headers, id);
        }
        assert!(headers.is_empty(), "{headers:?}");
        Channel::Tls.forget_request(&mut headers, "Az09-_");
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn an_overlong_cookie_is_not_set() {
        let mut headers = HeaderMap::new();
        Channel::Tls.set(&mut headers, Name::Device, &"x".repeat(5000));
        assert!(headers.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_cookies_or_none(
            lines in proptest::collection::vec(proptest::collection::vec(0x20_u8.., 0..200), 0..4),
            value in ".{0,80}",
        ) {
            let mut headers = HeaderMap::new();
            for line in lines {
                if let Ok(line) = HeaderValue::from_bytes(&line) {
                    headers.append(COOKIE, line);
                }
            }
            for channel in [Channel::Tls, Channel::Plain] {
                let _ = (channel.read(&headers, Name::Session), channel.request_ids(&headers));
                // What is set is one cookie, or nothing.
                let mut set = HeaderMap::new();
                channel.set(&mut set, Name::Device, &value);
                proptest::prop_assert!(set.len() <= 1);
            }
        }
    }
}
