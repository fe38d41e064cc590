//! Query strings and forms: few fields, each at most once, bounded, UTF-8.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use sekimori_protocol_oidc::is_utf8;

use crate::answer::{Answer, program_error, unread, unreadable};

/// Fields that a form or query of ours may have.
const FIELDS_MAX: usize = 32;

/// The fields of a query or form.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Read `application/x-www-form-urlencoded` text.
    pub fn parse(text: &'a [u8]) -> Self {
        Self(form_urlencoded::parse(text).take(FIELDS_MAX).collect())
    }

    /// The value of a field that is there exactly once.
    pub fn one(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The values of a field that may stand several times: the boxes that were ticked.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The value as an owned text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.one(name).map(str::to_owned)
    }
}

/// The body of a form of ours, which is UTF-8; another one is refused before anything is looked at.
pub struct FormBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Answer;

    async fn from_request(request: Request, state: &S) -> Result<Self, Answer> {
        let body =
            Bytes::from_request(request, state).await.map_err(|error| unread(error.status()))?;
        if is_utf8(&body) { Ok(Self(body)) } else { Err(unreadable()) }
    }
}

/// The body of what a program sends; one that is too long is refused as programs read it.
pub struct ProgramBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for ProgramBody {
    type Rejection = Answer;

    async fn from_request(request: Request, state: &S) -> Result<Self, Answer> {
        let read = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|error| program_error(error.status()))
    }
}

/// `path_and_query` with the field `name` set to `value`, for the language switch.
pub fn with_field(path: &str, query: Option<&str>, name: &str, value: &str) -> String {
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    for (key, old) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if key != name {
            serializer.append_pair(&key, &old);
        }
    }
    format!("{path}?{}", serializer.append_pair(name, value).finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_stands_twice_has_no_value() {
        let fields = Fields::parse(b"a=1&b=2&a=3");
        assert_eq!(fields.one("a"), None);
        assert_eq!(fields.one("b"), Some("2"));
        assert_eq!(fields.one("c"), None);
    }

    #[test]
    fn the_language_switch_keeps_the_rest() {
        assert_eq!(
            with_field("/login", Some("r=x%20y&lang=en"), "lang", "ja"),
            "/login?r=x+y&lang=ja"
        );
        assert_eq!(with_field("/", None, "lang", "ja"), "/?lang=ja");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_fields_and_the_language_switch_stays_on_its_path(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
            query in ".{0,100}",
        ) {
            let fields = Fields::parse(&bytes);
            let _ = fields.one("a");
            proptest::prop_assert!(fields.0.len() <= FIELDS_MAX);
            let address = with_field("/login", Some(&query), "lang", "ja");
            proptest::prop_assert!(address.starts_with("/login?"));
            proptest::prop_assert!(http::HeaderValue::from_str(&address).is_ok());
        }
    }
}
