//! Incident codes: short, read out over the telephone, a handle and never a permission.

use std::fmt;
use std::str::FromStr;

use sekimori_base::{Entropy, base32, random};
use serde::{Deserialize, Serialize};

/// `7K3M-9QTX-4`: eight random Crockford characters and a check character. Unique per tenant while kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentCode([u8; 8]);

/// Why a text is not an incident code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncidentCodeError {
    /// Not eight characters and a check character.
    #[error("an incident code has nine letters and digits, like 7K3M-9QTX-4")]
    Shape,
    /// The check character does not fit: something was misread.
    #[error("one character of the incident code was misread")]
    Check,
}

/// Crockford's check symbols: the value modulo 37.
const CHECK: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

impl IncidentCode {
    /// A fresh code: 40 random bits.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let bits: [u8; 5] = random(entropy);
        let mut value = bits.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        let mut characters = [0; 8];
        for character in characters.iter_mut().rev() {
            *character = (value & 31) as u8;
            value >>= 5;
        }
        // Only codes whose check symbol is a letter or digit are given out, so that it can be read aloud.
        let code = Self(characters);
        if code.check().is_ascii_alphanumeric() { code } else { Self::random(entropy) }
    }

    fn check(self) -> char {
        let value =
            self.0.iter().fold(0_u64, |value, character| (value << 5) | u64::from(*character));
        char::from(CHECK[usize::try_from(value % 37).unwrap_or(0)])
    }
}

impl fmt::Display for IncidentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.iter().enumerate() {
            if index == 4 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(CHECK[usize::from(*character)]))?;
        }
        write!(f, "-{}", self.check())
    }
}

impl FromStr for IncidentCode {
    type Err = IncidentCodeError;

    /// Forgiving: case, spaces and dashes do not matter, `O` reads as 0, `I` and `L` as 1.
    fn from_str(text: &str) -> Result<Self, IncidentCodeError> {
        let kept: Vec<char> = text
            .chars()
            .filter(|character| !character.is_whitespace() && !"-‐－ー".contains(*character))
            .take(10)
            .collect();
        let [front @ .., check] = kept.as_slice() else { return Err(IncidentCodeError::Shape) };
        let values: Option<Vec<u8>> = front.iter().map(|c| base32::value(*c)).collect();
        let values = values.ok_or(IncidentCodeError::Shape)?;
        let code = Self(values.try_into().map_err(|_| IncidentCodeError::Shape)?);
        let given = match check.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if code.check() == given { Ok(code) } else { Err(IncidentCodeError::Check) }
    }
}

impl Serialize for IncidentCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IncidentCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_code_reads_back_however_it_was_noted() {
        let entropy = Counting(1.into());
        for _ in 0..200 {
            let code = IncidentCode::random(&entropy);
            let text = code.to_string();
            assert_eq!(text.len(), 11, "{text}");
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            assert_eq!(text.parse(), Ok(code));
            assert_eq!(text.to_lowercase().replace('-', " ").parse(), Ok(code));
            assert_eq!(text.replace('0', "o").replace('1', "l").parse(), Ok(code));
        }
    }

    #[test]
    fn a_misread_character_is_noticed() {
        let text = IncidentCode::random(&Counting(5.into())).to_string();
        let first = if text.starts_with('7') { "8" } else { "7" };
        let misread = format!("{first}{}", &text[1..]);
        assert_eq!(misread.parse::<IncidentCode>(), Err(IncidentCodeError::Check));
        assert_eq!("".parse::<IncidentCode>(), Err(IncidentCodeError::Shape));
        assert_eq!("1234".parse::<IncidentCode>(), Err(IncidentCodeError::Shape));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_code_or_none(text in ".{0,100}") {
            let _ = text.parse::<IncidentCode>();
        }
    }
}
