//! `application/x-www-form-urlencoded`, strictly: bounded, valid UTF-8, nothing twice.

use sekimori_base::Secret;

/// Longest query string that is looked at, in bytes.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Most parameters of one request.
pub const PARAMETERS_MAX: usize = 64;

/// Why bytes are not a form that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More bytes than are looked at.
    #[error("the request is longer than {bytes_max} bytes")]
    TooLong {
        /// The bound, in bytes.
        bytes_max: usize,
    },
    /// More parameters than [`PARAMETERS_MAX`].
    #[error("the request has more than {PARAMETERS_MAX} parameters")]
    TooMany,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("the request has a % that is not followed by two hexadecimal digits")]
    Encoding,
    /// The decoded bytes are not UTF-8.
    #[error("the request is not valid UTF-8")]
    NotUtf8,
}

/// Whether bytes are such a form: names and values that decode to UTF-8. Browsers send nothing else.
pub fn is_utf8(raw: &[u8]) -> bool {
    let mut pairs = raw.split(|byte| *byte == b'&');
    pairs.all(|pair| pair.splitn(2, |byte| *byte == b'=').all(|half| decode(half).is_ok()))
}

/// The parameters of a request, decoded, in their order.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The parameters in `raw`.
    pub(crate) fn parse(raw: &[u8], bytes_max: usize) -> Result<Self, FormError> {
        if raw.len() > bytes_max {
            return Err(FormError::TooLong { bytes_max });
        }
        let mut parameters = Vec::new();
        for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == PARAMETERS_MAX {
                return Err(FormError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            parameters.push((name, decode(halves.next().unwrap_or_default())?));
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter. RFC 6749, 3.1: one without a value counts as omitted.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, value)| known == name && !value.is_empty())?;
        Some(value)
    }

    /// The value of a parameter, taken out under guard.
    pub(crate) fn take_secret(&mut self, name: &str) -> Option<Secret<String>> {
        let (_, value) =
            self.0.iter_mut().find(|(known, value)| known == name && !value.is_empty())?;
        Some(Secret::new(std::mem::take(value)))
    }

    /// True if the parameter stands more than once, with or without a value.
    pub(crate) fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(known, _)| known == name).count() > 1
    }

    /// True if any parameter stands more than once. RFC 6749, 3.1; only `resource` may (RFC 8707, 2).
    pub(crate) fn has_repeated(&self) -> bool {
        self.0.iter().any(|(name, _)| name != "resource" && self.is_repeated(name))
    }
}

/// Percent and plus decoding of one name or value.
pub(crate) fn decode(encoded: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (hex(rest.next())?, hex(rest.next())?);
                high << 4 | low
            }
            plain => *plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| FormError::NotUtf8)
}

fn hex(digit: Option<&u8>) -> Result<u8, FormError> {
    match digit {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        Some(_) | None => Err(FormError::Encoding),
    }
}

/// Whether a text is a scope value (RFC 6749, 3.3: visible ASCII without `"` and `\`).
pub(crate) fn is_scope_value(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// Longest `scope` parameter, in bytes.
const SCOPE_BYTES_MAX: usize = 1024;

/// The values of a `scope` parameter in their order; `None` if it is malformed or too long.
pub(crate) fn scope_values(text: &str) -> Option<Vec<&str>> {
    let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
    let fits = text.len() <= SCOPE_BYTES_MAX && values.iter().all(|value| is_scope_value(value));
    fits.then_some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_count_as_omitted() {
        let form = Form::parse(b"a=1+2&b=%E6%97%A5&&c=&d&e=x%3Dy=z", 100).unwrap();
        assert_eq!(form.value("a"), Some("1 2"));
        assert_eq!(form.value("b"), Some("日"));
        assert_eq!((form.value("c"), form.value("d")), (None, None));
        assert_eq!(form.value("e"), Some("x=y=z"));
    }

    #[test]
    fn what_is_not_a_form_is_named() {
        let wrong = |raw: &[u8]| Form::parse(raw, 400).map(|_| ()).unwrap_err();
        assert_eq!(wrong(b"a=%F"), FormError::Encoding);
        assert_eq!(wrong(b"a=%zz"), FormError::Encoding);
        assert_eq!(wrong(b"a=%ff"), FormError::NotUtf8);
        assert_eq!(wrong(b"a=\xff"), FormError::NotUtf8);
        assert_eq!(wrong(&[b'x'; 401]), FormError::TooLong { bytes_max: 400 });
        assert_eq!(wrong("a=b&".repeat(65).as_bytes()), FormError::TooMany);
    }

    #[test]
    fn a_parameter_that_stands_twice_is_seen_even_without_values() {
        let repeated = |raw: &[u8]| Form::parse(raw, 100).unwrap().has_repeated();
        assert!(repeated(b"state=1&state=1"));
        assert!(repeated(b"state=1&state="));
        assert!(repeated(b"state=1&%73tate=2"));
        assert!(!repeated(b"resource=a&resource=b"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_form_or_not(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(form) = Form::parse(&raw, 256) {
                prop_assert!(form.0.len() <= PARAMETERS_MAX);
            }
        }

        #[test]
        fn what_was_encoded_is_read_back(name in "[a-z]{1,9}", value in ".{1,40}") {
            let raw = form_urlencoded::Serializer::new(String::new())
                .append_pair(&name, &value)
                .finish();
            let form = Form::parse(raw.as_bytes(), 4096).unwrap();
            prop_assert_eq!(form.value(&name), Some(value.as_str()));
        }
    }
}
