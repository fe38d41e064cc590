//! Ids are kinds: 128 random bits that print with what they name (`per_6h1v…`).
//!
//! Random rather than sequential, so that no database sequence is needed and rows spread evenly
//! over partitions; the text form is Crockford's base 32 without check character, lower case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Entropy;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text does not begin with the kind's prefix.
    #[error("this is not an id of that kind: it begins with {0}_")]
    Kind(&'static str),
    /// The rest is not 26 characters of Crockford's base 32.
    #[error("the id is damaged")]
    Text,
}

/// Crockford's base 32 (lower case on output, forgiving on input).
pub mod base32 {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// `bytes` as base 32, most significant bits first, last character zero-padded.
    pub fn encode(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
        let (mut buffer, mut bits) = (0_u32, 0_u32);
        for byte in bytes {
            buffer = (buffer << 8) | u32::from(*byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
            }
            buffer &= (1 << bits) - 1;
        }
        if bits > 0 {
            text.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
        }
        text
    }

    /// The value (0..32) of one character; `o` reads as 0, `i` and `l` as 1, case is ignored.
    pub fn value(character: char) -> Option<u8> {
        let lower = match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let position = ALPHABET.iter().position(|known| char::from(*known) == lower)?;
        u8::try_from(position).ok()
    }

    /// The bytes of `text`; `None` when a character is foreign or the padding bits are not zero.
    pub fn decode(text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
        let (mut buffer, mut bits) = (0_u32, 0_u32);
        for character in text.chars() {
            buffer = (buffer << 5) | u32::from(value(character)?);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(buffer >> bits).ok()?);
                buffer &= (1 << bits) - 1;
            }
        }
        (buffer == 0 && bits < 5).then_some(bytes)
    }
}

fn parse(kind: &'static str, text: &str) -> Result<[u8; 16], IdError> {
    let rest = text
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(IdError::Kind(kind))?;
    if rest.len() != 26 {
        return Err(IdError::Text);
    }
    base32::decode(rest).and_then(|bytes| bytes.try_into().ok()).ok_or(IdError::Text)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident = $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A fresh id of 128 random bits.
            pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
                Self(crate::random(entropy))
            }

            /// From the 16 bytes that [`Self::bytes`] gave.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, as stored.
            pub const fn bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($kind, "_{}"), base32::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse($kind, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// One organisation: one issuer, one host name.
    TenantId = "ten"
);
id!(
    /// One human being who can sign in.
    PersonId = "per"
);
id!(
    /// One try to sign in, from the first submitted credential on.
    AttemptId = "att"
);
id!(
    /// One browser's standing sign-in. Names the row; it is not the cookie's secret.
    SessionId = "ses"
);
id!(
    /// One registered authenticator of a person.
    FactorId = "fac"
);
id!(
    /// One permission given to a service by a sign-in: the family of its tokens.
    GrantId = "gra"
);
id!(
    /// One enrolment ticket.
    TicketId = "tic"
);
id!(
    /// One running server process.
    NodeId = "nod"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_its_kind_and_reads_back() {
        let id = PersonId::from_bytes([7; 16]);
        let text = id.to_string();
        assert!(text.starts_with("per_"));
        assert_eq!(text.parse::<PersonId>(), Ok(id));
        assert_eq!(text.parse::<TenantId>(), Err(IdError::Kind("ten")));
        assert_eq!("per_short".parse::<PersonId>(), Err(IdError::Text));
    }

    #[test]
    fn base32_round_trips_and_forgives_look_alikes() {
        for length in 0..40_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            assert_eq!(base32::decode(&base32::encode(&bytes)), Some(bytes));
        }
        assert_eq!(base32::value('O'), Some(0));
        assert_eq!(base32::value('l'), Some(1));
        assert_eq!(base32::value('u'), None);
    }
}
