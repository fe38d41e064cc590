//! Opaque tokens and client secrets: 256 random bits, of which only a keyed digest is stored.
//!
//! They are too long to guess, so a fast digest is enough; the key makes a stolen table useless
//! even for tokens that somebody chose badly (client secrets that came from another system).

use sekimori_base::{Entropy, Secret};
use zeroize::Zeroizing;

use crate::keyed::{self, keyed_digest};

keyed_digest!(
    /// What is stored of a token: HMAC-SHA-256 of its text.
    TokenDigest
);

impl TokenDigest {
    /// The digest of a presented token, whatever its text is.
    pub fn of(key: &Secret<[u8; 32]>, token: &str) -> Self {
        Self(keyed::digest(key, "token", token.as_bytes()))
    }
}

/// A fresh token: 43 characters of base64url, which is its only form.
pub struct Token(Secret<String>);

impl Token {
    /// 256 random bits.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(sekimori_base::random(entropy));
        Self(Secret::new(data_encoding::BASE64URL_NOPAD.encode(bytes.as_slice())))
    }

    /// The text to hand out.
    pub fn text(&self) -> &Secret<String> {
        &self.0
    }

    /// The text, by value.
    pub fn into_text(self) -> Secret<String> {
        self.0
    }

    /// What to store.
    pub fn digest(&self, key: &Secret<[u8; 32]>) -> TokenDigest {
        TokenDigest::of(key, self.0.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counting;

    fn key(byte: u8) -> Secret<[u8; 32]> {
        Secret::new([byte; 32])
    }

    #[test]
    fn a_token_is_43_characters_that_need_no_escaping() {
        let token = Token::random(&Counting::default());
        let text = token.text().expose();
        assert_eq!(text.len(), 43);
        assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
    }

    #[test]
    fn the_presented_token_has_the_stored_digest_and_another_one_has_not() {
        let entropy = Counting::default();
        let (one, other) = (Token::random(&entropy), Token::random(&entropy));
        let stored = TokenDigest::from_bytes(*one.digest(&key(1)).bytes());
        assert_eq!(TokenDigest::of(&key(1), one.text().expose()), stored);
        assert_ne!(TokenDigest::of(&key(1), other.text().expose()), stored);
        assert_ne!(TokenDigest::of(&key(2), one.text().expose()), stored);
    }

    #[test]
    fn a_digest_prints_nothing_of_itself() {
        let digest = TokenDigest::of(&key(1), "abc");
        assert_eq!(format!("{digest:?}"), "TokenDigest(..)");
    }
}
