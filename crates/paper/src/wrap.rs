//! Where a paragraph is broken into lines: between words, between Japanese characters, and within a word only where
//! nothing else is left.

/// What no Japanese line begins with (JIS X 4051, the common ones).
const NEVER_FIRST: &str =
    "、。，．・：；？！）］｝」』】〉》〕ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ%),.:;?]}";
/// What no Japanese line ends with.
const NEVER_LAST: &str = "（［｛「『【〈《〔([{";

/// The lines of `text` where each may be so wide.
pub(crate) fn lines(text: &str, width_max: f32, width_of: impl Fn(char) -> f32) -> Vec<&str> {
    let mut lines = Vec::new();
    // From where the line begins, where it could be broken last, and how wide it is there and now.
    let (mut begin, mut chance, mut wide_at_chance, mut wide) = (0, None, 0.0, 0.0);
    let mut before = None;
    for (at, character) in text.char_indices() {
        if let Some(before) = before
            && at > begin
            && may_break(before, character)
        {
            chance = Some(at);
            wide_at_chance = wide;
        }
        let width = width_of(character);
        if wide + width > width_max && at > begin && character != ' ' {
            let (end, left) = match chance {
                Some(chance) => (chance, wide - wide_at_chance),
                None => (at, 0.0),
            };
            lines.push(text[begin..end].trim_end());
            begin = end;
            wide = left;
            chance = None;
        }
        wide += width;
        before = Some(character);
    }
    let rest = text[begin..].trim_end();
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest);
    }
    lines
}

/// Whether a line may end after `before` and the next begin with `after`.
fn may_break(before: char, after: char) -> bool {
    if after == ' ' || NEVER_FIRST.contains(after) || NEVER_LAST.contains(before) {
        return false;
    }
    before == ' ' || is_wide(before) || is_wide(after)
}

/// Kana, kanji and their punctuation: lines break between them.
fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: f32) -> Vec<&str> {
        lines(text, width, |c| if is_wide(c) { 2.0 } else { 1.0 })
    }

    #[test]
    fn latin_text_breaks_between_words() {
        assert_eq!(wrapped("one two three", 8.0), ["one two", "three"]);
        assert_eq!(wrapped("one two  three", 7.0), ["one two", "three"]);
        assert_eq!(wrapped("", 7.0), [""]);
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_cut() {
        assert_eq!(wrapped("to https://login/", 8.0), ["to", "https://", "login/"]);
    }

    #[test]
    fn no_japanese_line_begins_with_what_closes_or_ends_with_what_opens() {
        assert_eq!(wrapped("手紙です。次に", 8.0), ["手紙で", "す。次に"]);
        assert_eq!(wrapped("これは（例）", 8.0), ["これは", "（例）"]);
        assert_eq!(wrapped("6桁のcodeを", 8.0), ["6桁の", "codeを"]);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_too_wide() {
        let text = "下の折りを開きます。認証アプリ（TOTP）で https://login.example.ac.jp/ticket を読み取ります。";
        for width in 2_u8..60 {
            let lines = wrapped(text, f32::from(width));
            let joined: String = lines.concat().replace(' ', "");
            assert_eq!(joined, text.replace(' ', ""), "{width}");
            for line in lines {
                let wide: f32 = line.chars().map(|c| if is_wide(c) { 2.0 } else { 1.0 }).sum();
                assert!(wide <= f32::from(width).max(2.0), "{width}: {line}");
            }
        }
    }
}
