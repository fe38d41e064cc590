//! The word that somebody probably meant.

/// The word of `known` that `typed` is a slip of, if one is near enough to be worth naming.
pub(crate) fn closest<'w>(
    typed: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    let typed = typed.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|word| {
            let plain = word.to_lowercase().replace('-', "_");
            let distance = if begins_word(&plain, &typed) {
                1
            } else {
                strsim::damerau_levenshtein(&typed, &plain)
            };
            (distance, word)
        })
        .filter(|(distance, word)| *distance <= slips_max(word))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `password` for `password_file`.
fn begins_word(word: &str, typed: &str) -> bool {
    word.strip_prefix(typed).is_some_and(|rest| !typed.is_empty() && rest.starts_with('_'))
}

/// A third of the word may be wrong.
fn slips_max(word: &str) -> usize {
    (word.chars().count() / 3).clamp(1, 4)
}

/// `a`, `b`, `c`: words as they stand in a remedy.
pub(crate) fn listed<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// A text of the file as it stands in a message: in backticks, one line, not endless.
pub(crate) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let mut plain: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .flat_map(|character| {
            let escaped = character.is_control() || character == '\u{feff}';
            let (as_is, as_escape) = if escaped {
                (None, Some(character.escape_default()))
            } else {
                (Some(character), None)
            };
            as_is.into_iter().chain(as_escape.into_iter().flatten())
        })
        .collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        plain.push('…');
    }
    format!("`{plain}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        let known = ["inside", "ranges", "password_suffices", "redirect_uris"];
        for (typed, meant) in [
            ("inisde", Some("inside")),
            ("Ranges", Some("ranges")),
            ("password-suffices", Some("password_suffices")),
            ("redirect_uri", Some("redirect_uris")),
            ("password", Some("password_suffices")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, known), meant, "{typed}");
        }
    }

    #[test]
    fn a_shown_text_is_one_short_line() {
        assert_eq!(shown("a\nb"), "`a\\nb`");
        assert_eq!(shown(&"あ".repeat(200)).chars().count(), 83);
    }
}
