//! What somebody types as a code, read forgivingly, in one place for all kinds of six-digit codes.

use subtle::ConstantTimeEq;
use totp_rs::Totp;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{DIGITS, STEP_SECONDS};

/// Why a typed text is no code. Says nothing about any account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OneTimeCodeError {
    /// Nothing was typed.
    #[error("no code was typed")]
    Empty,
    /// Fewer than six digits.
    #[error("a code has {DIGITS} digits, these are {0}")]
    TooShort(usize),
    /// More than six digits.
    #[error("a code has {DIGITS} digits, these are {0}")]
    TooLong(usize),
    /// Something that is neither a digit nor what people put between digits.
    #[error("{0:?} is no digit")]
    OtherCharacter(char),
}

/// Six digits. Compares in constant time.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct OneTimeCode(u32);

impl OneTimeCode {
    /// Read what somebody typed: `123456`, `123 456`, `123-456`, `１２３　４５６`, `123ー456`.
    pub fn parse(typed: &str) -> Result<Self, OneTimeCodeError> {
        let (mut value, mut count) = (0_u32, 0_usize);
        for character in typed.nfkc().filter(|c| !is_separator(*c)) {
            let digit =
                character.to_digit(10).ok_or(OneTimeCodeError::OtherCharacter(character))?;
            count += 1;
            if count <= usize::from(DIGITS) {
                value = value * 10 + digit;
            }
        }
        match count {
            0 => Err(OneTimeCodeError::Empty),
            _ if count < usize::from(DIGITS) => Err(OneTimeCodeError::TooShort(count)),
            _ if count > usize::from(DIGITS) => Err(OneTimeCodeError::TooLong(count)),
            _ => Ok(Self(value)),
        }
    }

    /// The six digits, for showing or sending.
    pub fn digits(&self) -> String {
        format!("{:06}", self.0)
    }

    pub(super) fn new(totp: &Totp, step: u64) -> Self {
        let token = totp.generate(step.saturating_mul(STEP_SECONDS)).to_string();
        Self(token.parse().expect("a token is six ASCII digits"))
    }
}

impl PartialEq for OneTimeCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for OneTimeCode {}

/// What people (and phones, and pasted mail) put into codes and what carries no meaning there:
/// white space, all kinds of dashes, the Japanese long-vowel mark that a full-width keyboard gives
/// for the hyphen key, and invisible characters.
pub(crate) fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '_' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{30fc}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}'
        )
}
