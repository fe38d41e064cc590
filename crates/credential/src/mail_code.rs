//! Codes that are sent by mail: eight digits, drawn evenly. What is stored of them is `flow`'s to say.

use sekimori_base::{Entropy, Secret, random};
use unicode_normalization::UnicodeNormalization;

use crate::totp::is_separator;

/// Digits of a code.
pub const DIGITS: usize = 8;
/// Digits that are read in one go.
const GROUP: usize = 4;
/// How many codes there are.
const CODES: u32 = 100_000_000;

/// Why a typed text is no code. Says nothing about any account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailCodeError {
    /// Nothing was typed.
    #[error("no code was typed")]
    Empty,
    /// Fewer or more than eight digits.
    #[error("a code has {DIGITS} digits, these are {0}")]
    Length(usize),
    /// Something that is neither a digit nor what people put between digits.
    #[error("{0:?} is no digit")]
    OtherCharacter(char),
}

/// Eight digits.
pub struct MailCode(Secret<String>);

impl MailCode {
    /// A fresh code: every one is as likely as any other.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        // The largest multiple of the number of codes: what lies above it would favour the small ones.
        const EVEN: u32 = u32::MAX - u32::MAX % CODES;
        loop {
            let drawn = u32::from_be_bytes(random(entropy));
            if drawn < EVEN {
                return Self(Secret::new(format!("{:08}", drawn % CODES)));
            }
        }
    }

    /// Read what somebody typed or pasted: `12345678`, `1234 5678`, `１２３４－５６７８`.
    pub fn parse(typed: &str) -> Result<Self, MailCodeError> {
        let (mut digits, mut count) = (String::with_capacity(DIGITS), 0);
        for character in typed.nfkc().filter(|c| !is_separator(*c)) {
            let digit = character.to_digit(10).ok_or(MailCodeError::OtherCharacter(character))?;
            count += 1;
            if count <= DIGITS {
                digits.extend(char::from_digit(digit, 10));
            }
        }
        match count {
            0 => Err(MailCodeError::Empty),
            DIGITS => Ok(Self(Secret::new(digits))),
            _ => Err(MailCodeError::Length(count)),
        }
    }

    /// The eight digits.
    pub fn digits(&self) -> &Secret<String> {
        &self.0
    }

    /// The code for a mail: in two groups.
    pub fn text(&self) -> Secret<String> {
        let (first, second) = self.0.expose().split_at(GROUP);
        Secret::new(format!("{first} {second}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counting;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        for typed in
            ["01234567", " 0123 4567 ", "0123-4567", "０１２３　４５６７", "0123ー4567\u{200b}"]
        {
            let code = MailCode::parse(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
            assert_eq!(code.digits().expose(), "01234567");
            assert_eq!(code.text().expose(), "0123 4567");
        }
    }

    #[test]
    fn what_is_no_code_says_how() {
        let error = |typed: &str| MailCode::parse(typed).err();
        assert_eq!(error("   "), Some(MailCodeError::Empty));
        assert_eq!(error("123456"), Some(MailCodeError::Length(6)));
        assert_eq!(error("123456789"), Some(MailCodeError::Length(9)));
        assert_eq!(error(&"1".repeat(1_000_000)), Some(MailCodeError::Length(1_000_000)));
        assert_eq!(error("1234567a"), Some(MailCodeError::OtherCharacter('a')));
    }

    #[test]
    fn drawn_codes_have_eight_digits_and_differ() {
        let entropy = Counting::default();
        let codes: std::collections::BTreeSet<String> =
            (0..50).map(|_| MailCode::random(&entropy).digits().expose().clone()).collect();
        assert!(codes.iter().all(|code| code.len() == DIGITS));
        assert_eq!(codes.len(), 50);
    }

    #[test]
    fn a_draw_that_would_favour_small_codes_is_drawn_again() {
        struct Twice(std::sync::atomic::AtomicU32);
        impl Entropy for Twice {
            fn fill(&self, bytes: &mut [u8]) {
                let first = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
                let drawn: u32 = if first { u32::MAX } else { 42 };
                bytes.copy_from_slice(&drawn.to_be_bytes());
            }
        }
        let entropy = Twice(std::sync::atomic::AtomicU32::new(0));
        assert_eq!(MailCode::random(&entropy).digits().expose(), "00000042");
    }
}
