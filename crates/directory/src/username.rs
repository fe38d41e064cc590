//! User names, and forgiveness for how people type them.
//!
//! The name that is looked up is the only name: case, width, spaces and the site's own mail domain are
//! folded *before* any look-up, so that no two spellings can have two counters, two factors or two people
//! (peers' bug class "identity mismatch").

use std::fmt;

use sekimori_base::limits::USERNAME_BYTES_MAX;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A canonical user name: 1 to 64 characters of `a-z`, `0-9`, `.`, `_`, `-`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// Why a text is not a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a user name has 1 to 64 characters: a-z, 0-9, '.', '_', '-', beginning with a letter or a digit"
)]
pub struct UsernameError;

impl Username {
    /// Exactly a canonical name; nothing is folded.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let bytes = text.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (1..=64).contains(&bytes.len())
            && bytes.first().is_some_and(plain)
            && bytes.iter().all(|byte| plain(byte) || b"._-".contains(byte));
        if fits { Ok(Self(text.to_owned())) } else { Err(UsernameError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Username {
    type Error = UsernameError;
    fn try_from(text: String) -> Result<Self, UsernameError> {
        Self::parse(&text)
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

/// Something that the typed text itself shows: the same for existing and missing accounts (U13, R6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputHint {
    /// Full-width characters were typed: an input method is on.
    FullWidth,
    /// Spaces or invisible characters stood around or inside the text.
    Spaces,
    /// The site's own mail domain was typed after the name and has been taken off.
    OwnMailDomain,
    /// A mail address of another domain was typed where a user name belongs.
    LooksLikeMail,
    /// The text cannot be a user name here.
    NotAName,
    /// The password contains full-width characters.
    PasswordFullWidth,
    /// The password begins or ends with a space.
    PasswordSpaces,
    /// The password has the shape of a ticket, or of the initial password of a letter: it is entered elsewhere.
    PasswordTicket,
    /// Caps Lock was on while the password was typed (the browser says so).
    CapsLock,
}

/// What somebody typed in the user-name field, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedName {
    folded: String,
    name: Option<Username>,
    hints: Vec<InputHint>,
}

impl TypedName {
    /// Fold `typed`: NFKC, invisible characters and spaces out, lower case, own mail domain off.
    /// `own_domains` are lower case. Text over the limit is cut before it is looked at.
    pub fn fold(typed: &str, own_domains: &[String]) -> Self {
        let mut hints = Vec::new();
        let typed = truncated(typed, USERNAME_BYTES_MAX);
        if typed.chars().any(is_full_width) {
            hints.push(InputHint::FullWidth);
        }
        let wide: String = typed.nfkc().collect();
        let mut folded: String = wide
            .chars()
            .filter(|character| !is_blank(*character))
            .flat_map(char::to_lowercase)
            .collect();
        if typed.chars().any(is_blank) {
            hints.push(InputHint::Spaces);
        }
        if let Some((local, domain)) = folded.split_once('@') {
            if own_domains.iter().any(|own| own == domain) {
                folded = local.to_owned();
                hints.push(InputHint::OwnMailDomain);
            } else {
                hints.push(InputHint::LooksLikeMail);
            }
        }
        let name = Username::parse(&folded).ok();
        if name.is_none() && !folded.is_empty() && !hints.contains(&InputHint::LooksLikeMail) {
            hints.push(InputHint::NotAName);
        }
        Self { folded, name, hints }
    }

    /// Whether nothing at all was typed.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// The folded text: the key of counters, for names that cannot exist as well.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The canonical name, when the text can be one.
    pub fn name(&self) -> Option<&Username> {
        self.name.as_ref()
    }

    /// What the typed text shows.
    pub fn hints(&self) -> &[InputHint] {
        &self.hints
    }
}

/// Hints from the text of a password, which is never changed.
pub fn password_hints(password: &str) -> Vec<InputHint> {
    let mut hints = Vec::new();
    if password.chars().any(is_full_width) {
        hints.push(InputHint::PasswordFullWidth);
    }
    let edge = |character: Option<char>| character.is_some_and(is_blank);
    if edge(password.chars().next()) || edge(password.chars().next_back()) {
        hints.push(InputHint::PasswordSpaces);
    }
    if is_ticket(password) {
        hints.push(InputHint::PasswordTicket);
    }
    hints
}

/// Three groups of four letters and digits as they are printed, or the twelve of them, digits among them.
fn is_ticket(password: &str) -> bool {
    let groups: Vec<&str> = password.trim().split(['-', ' ']).collect();
    let plain = groups.concat();
    let characters = plain.len() == 12
        && plain.chars().all(|c| c.is_ascii_alphanumeric() && !c.eq_ignore_ascii_case(&'u'));
    let printed = groups.len() == 3 && groups.iter().all(|group| group.len() == 4);
    characters && (printed || (groups.len() == 1 && plain.contains(|c: char| c.is_ascii_digit())))
}

fn is_full_width(character: char) -> bool {
    // Full-width ASCII, ideographic space, kana and half-width kana: signs of an input method.
    matches!(u32::from(character), 0xFF01..=0xFF9F | 0x3000 | 0x3041..=0x30FF)
}

fn is_blank(character: char) -> bool {
    // Zero-width and soft characters come along with text copied from PDF and mail.
    character.is_whitespace()
        || character.is_control()
        || matches!(u32::from(character), 0x00AD | 0x200B..=0x200F | 0x2060 | 0xFEFF)
}

fn truncated(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(typed: &str) -> TypedName {
        TypedName::fold(typed, &["example.ac.jp".to_owned()])
    }

    #[test]
    fn a_name_is_found_however_it_was_typed() {
        for typed in [
            "s1234567",
            " s1234567 ",
            "S1234567",
            "ｓ１２３４５６７",
            "s1234567@example.ac.jp",
            "s1234567\u{200b}\u{3000}",
        ] {
            assert_eq!(fold(typed).name().map(Username::as_str), Some("s1234567"), "{typed:?}");
        }
    }

    #[test]
    fn hints_come_from_the_text_alone() {
        assert_eq!(fold("ｓ１").hints(), [InputHint::FullWidth]);
        assert_eq!(fold("a@elsewhere.example").hints(), [InputHint::LooksLikeMail]);
        assert_eq!(fold("a@example.ac.jp").hints(), [InputHint::OwnMailDomain]);
        assert_eq!(fold("what?").hints(), [InputHint::NotAName]);
        assert!(fold("").is_empty());
        assert_eq!(password_hints("ｐassword"), [InputHint::PasswordFullWidth]);
        assert_eq!(password_hints("password "), [InputHint::PasswordSpaces]);
        for ticket in ["7K3M-9QTX-4ACD", "acde-fhjk-mnpq", "7k3m 9qtx 4acd", "7K3M9QTX4ACD"] {
            assert_eq!(password_hints(ticket), [InputHint::PasswordTicket], "{ticket}");
        }
        for other in ["greenmantles", "7K3M-9QTX", "7K3M-9QTX-4ACU", "one-two-three4"] {
            assert_eq!(password_hints(other), [], "{other}");
        }
    }

    #[test]
    fn an_endless_name_is_cut_at_a_character_boundary() {
        let long = "あ".repeat(10_000);
        assert!(fold(&long).folded().len() <= USERNAME_BYTES_MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_typed_name_and_folding_again_changes_nothing(text in ".{0,300}") {
            let typed = fold(&text);
            let _ = (Username::parse(&text), password_hints(&text));
            if let Some(name) = typed.name() {
                let again = fold(name.as_str());
                proptest::prop_assert_eq!(again.name(), Some(name));
            }
        }
    }
}
