//! Recovery codes: ten codes on paper, 80 bits each, spent once. What is stored of them is `flow`'s to say.
//!
//! `7K3M-9QTX-40VW-B6HD`: Crockford's base 32 in groups of four, so that a code can be read aloud
//! and typed from paper. There is no letter U; O, I and L are read as the digits they look like.

use sekimori_base::{Entropy, Secret, base32};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use crate::totp::is_separator;

/// How many codes a person gets at once.
pub const CODES: usize = 10;
/// Random bytes of a code.
const BYTES: usize = 10;
/// Characters of a code.
const CHARACTERS: usize = BYTES * 8 / 5;
/// Characters that are read out in one breath.
const GROUP: usize = 4;

/// Why a typed text is no recovery code. Says nothing about any account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// Nothing was typed.
    #[error("no recovery code was typed")]
    Empty,
    /// Fewer than 16 characters.
    #[error("a recovery code has {CHARACTERS} characters, these are {0}")]
    TooShort(usize),
    /// More than 16 characters.
    #[error("a recovery code has {CHARACTERS} characters, these are {0}")]
    TooLong(usize),
    /// A character that no recovery code has.
    #[error("{0:?} is in no recovery code")]
    OtherCharacter(char),
}

/// One recovery code.
pub struct RecoveryCode(Secret<[u8; BYTES]>);

impl RecoveryCode {
    /// A fresh code of 80 random bits.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(Secret::new(sekimori_base::random(entropy)))
    }

    /// A fresh set of ten.
    pub fn set(entropy: &(impl Entropy + ?Sized)) -> [Self; CODES] {
        std::array::from_fn(|_| Self::random(entropy))
    }

    /// Read what somebody typed: case, spaces, hyphens and full width do not matter.
    pub fn parse(typed: &str) -> Result<Self, RecoveryCodeError> {
        let mut code = Zeroizing::new(String::with_capacity(CHARACTERS));
        let mut count = 0;
        for character in typed.nfkc().filter(|c| !is_separator(*c)) {
            base32::value(character).ok_or(RecoveryCodeError::OtherCharacter(character))?;
            count += 1;
            if count <= CHARACTERS {
                code.push(character);
            }
        }
        match count {
            0 => Err(RecoveryCodeError::Empty),
            1..CHARACTERS => Err(RecoveryCodeError::TooShort(count)),
            CHARACTERS => {
                let bytes = Zeroizing::new(base32::decode(&code).unwrap_or_default());
                let mut exact = [0; BYTES];
                exact.copy_from_slice(&bytes);
                Ok(Self(Secret::new(exact)))
            }
            _ => Err(RecoveryCodeError::TooLong(count)),
        }
    }

    /// The code for paper: upper case, groups of four.
    pub fn text(&self) -> Secret<String> {
        let mut plain = base32::encode(self.0.expose());
        plain.make_ascii_uppercase();
        let mut text = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
        for (position, character) in plain.chars().enumerate() {
            if position > 0 && position % GROUP == 0 {
                text.push('-');
            }
            text.push(character);
        }
        plain.zeroize();
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Counting;

    fn code() -> RecoveryCode {
        RecoveryCode::random(&Counting::default())
    }

    fn same(typed: &str) -> bool {
        RecoveryCode::parse(typed).is_ok_and(|typed| typed.0.expose() == code().0.expose())
    }

    fn refused(typed: &str) -> Option<RecoveryCodeError> {
        RecoveryCode::parse(typed).err()
    }

    #[test]
    fn a_code_is_four_groups_of_four_and_at_least_64_bits() {
        const { assert!(BYTES * 8 >= 64) };
        let text = code().text();
        let groups: Vec<&str> = text.expose().split('-').collect();
        assert_eq!(groups.len(), 4);
        assert!(groups.iter().all(|group| group.len() == 4));
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let text = code().text();
        let text = text.expose();
        assert!(same(text));
        assert!(same(&text.to_lowercase()));
        assert!(same(&text.replace('-', "")));
        assert!(same(&text.replace('-', " ")));
        assert!(same(&text.replace('-', "ー")));
        assert!(same(&text.replace('0', "O").replace('1', "l")));
        let wide: String =
            text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        assert!(same(&format!("\u{3000}{wide} ")));
        assert!(!same("0000-0000-0000-0000"));
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told_apart() {
        assert_eq!(refused(" - "), Some(RecoveryCodeError::Empty));
        assert_eq!(refused("7K3M"), Some(RecoveryCodeError::TooShort(4)));
        let long = "0".repeat(17);
        assert_eq!(refused(&long), Some(RecoveryCodeError::TooLong(17)));
        assert_eq!(refused("7K3M-9QTX-40VW-B6HU"), Some(RecoveryCodeError::OtherCharacter('U')));
    }

    #[test]
    fn the_ten_codes_of_a_set_differ() {
        let set = RecoveryCode::set(&Counting::default());
        for (position, one) in set.iter().enumerate() {
            for other in &set[position + 1..] {
                assert_ne!(one.0.expose(), other.0.expose());
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = RecoveryCode::parse(&text);
        }

        #[test]
        fn every_code_reads_back(bytes in any::<[u8; BYTES]>()) {
            let code = RecoveryCode(Secret::new(bytes));
            let read = RecoveryCode::parse(code.text().expose()).unwrap();
            prop_assert_eq!(read.0.expose(), &bytes);
        }
    }
}
