//! What a typed password looks like, for hints after a failed sign-in.

use sekimori_base::Secret;

/// Looks of the typed text that often go with a mistake. From the text alone, so a hint is the same
/// for every account, existing or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypedHints {
    /// Full-width letters or digits, or half-width kana: an input method was on.
    pub width: bool,
    /// White space at the beginning or the end: pasted with some.
    pub edge_space: bool,
    /// Letters, and none of them small: perhaps Caps Lock.
    pub capitals: bool,
}

/// Look at a typed password.
pub fn hints(password: &Secret<String>) -> TypedHints {
    let typed = password.expose();
    TypedHints {
        width: typed
            .chars()
            .any(|c| matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{ff61}'..='\u{ff9f}' | '\u{3000}')),
        edge_space: typed.trim().len() != typed.len(),
        capitals: typed.chars().any(char::is_uppercase) && !typed.chars().any(char::is_lowercase),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(typed: &str) -> TypedHints {
        hints(&Secret::new(typed.into()))
    }

    #[test]
    fn full_width_edge_space_and_capitals_are_seen() {
        assert!(look("ｐａｓｓword").width);
        assert!(look("correct　horse").width);
        assert!(look(" correct horse").edge_space);
        assert!(look("CORRECT HORSE 1").capitals);
    }

    #[test]
    fn an_ordinary_password_gets_no_hint() {
        for typed in ["", "correct horse", "さくらの木", "123456", "Correct"] {
            assert_eq!(look(typed), TypedHints::default());
        }
    }
}
