//! Is a new password one that somebody would try early?
//!
//! Refused is what is too short, what stands in a list of common passwords as a whole, what is
//! nothing but a pattern, and what is made of nothing but the organisation's or the person's own
//! words. There is no rule about kinds of characters and no age (NIST SP 800-63B-4, 3.1.1), and the
//! estimated [`Strength`] is for showing only: it refuses nothing.

use sekimori_base::{Secret, limits::PASSWORD_BYTES_MAX};
use zeroize::Zeroizing;
use zxcvbn::matching::{Match, patterns::MatchPattern};

use crate::password::nfkc;

/// Longest text that is looked up and estimated, in characters: no common password is longer, and
/// the estimate's work grows much faster than the text (up to 0.1 s at this length).
const ESTIMATED_CHARACTERS_MAX: usize = 32;
/// What consists of known pieces alone is refused below this many guesses (10 to the power of).
const GUESSES_LOG10_MIN: f64 = 8.0;

/// What a new password is measured by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Fewest characters: 15 where the password can be the only factor, 8 where it never is.
    pub length_min: usize,
    /// Names of the organisation, its services, its town.
    pub organisation_words: &'a [String],
    /// The user name, the person's names, the mail address.
    pub person_words: &'a [String],
}

/// Why a new password is refused. Each has its own text and its own advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weakness {
    /// Fewer characters than the rules demand.
    TooShort {
        /// Characters of this one, after normalisation.
        length: usize,
        /// Characters that it needs.
        length_min: usize,
    },
    /// More bytes than anybody's password may have.
    TooLong {
        /// The bound, in bytes of UTF-8.
        bytes_max: usize,
    },
    /// It stands in the list of common passwords and words, perhaps with other capitals, digits for
    /// letters or backwards, or is put together from a few such in a common way.
    Common,
    /// It is nothing but a repetition, a row of the keyboard, a run of the alphabet or a date.
    Pattern,
    /// It is nothing but the organisation's words, digits and signs.
    OrganisationWord,
    /// It is nothing but the person's own name or user name, digits and signs.
    PersonWord,
}

/// How hard an accepted password is to guess. For showing; refuses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Guessable in hours by somebody who has stolen the table.
    Fair,
    /// In years.
    Good,
    /// Not in any time that matters.
    Strong,
}

/// Measure a new password: how strong it is, or everything that is wrong with it (never an empty
/// list). Takes some milliseconds, and 0.1 s for texts that are made for that.
pub fn check(password: &Secret<String>, rules: &Rules<'_>) -> Result<Strength, Vec<Weakness>> {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        let bytes_max = PASSWORD_BYTES_MAX;
        return Err(vec![Weakness::TooLong { bytes_max }]);
    }
    let normal = nfkc(password.expose());
    let (length, length_min) = (normal.chars().count(), rules.length_min);
    let guesses = Guesses::estimate(&normal);
    let mut weaknesses = Vec::new();
    if length < length_min {
        weaknesses.push(Weakness::TooShort { length, length_min });
    }
    weaknesses.extend(guesses.weakness);
    weaknesses.extend(own_words(&normal, rules));
    if weaknesses.is_empty() { Ok(guesses.strength()) } else { Err(weaknesses) }
}

/// What zxcvbn says, reduced to what we use.
struct Guesses {
    log10: f64,
    weakness: Option<Weakness>,
}

impl Guesses {
    fn estimate(normal: &str) -> Self {
        let characters: Zeroizing<Vec<char>> = Zeroizing::new(normal.chars().collect());
        // A repetition is no better than saying it twice.
        let unit = characters.len().min(2 * period(&characters));
        let looked_at = unit.min(ESTIMATED_CHARACTERS_MAX);
        let text: Zeroizing<String> = Zeroizing::new(characters[..looked_at].iter().collect());
        let estimate = zxcvbn::zxcvbn(&text, &[]);
        let log10 = estimate.guesses_log10();
        let parts = estimate.sequence();
        let dictionary = |part: &Match| matches!(part.pattern, MatchPattern::Dictionary(_));
        let unknown = |part: &Match| matches!(part.pattern, MatchPattern::BruteForce);
        let in_a_list = parts.len() == 1 && parts.iter().all(dictionary);
        let known = !parts.is_empty() && !parts.iter().any(unknown) && log10 < GUESSES_LOG10_MIN;
        let refused = looked_at == unit && (in_a_list || known);
        let weakness = match (refused, parts.iter().any(dictionary)) {
            (false, _) => None,
            (true, true) => Some(Weakness::Common),
            (true, false) => Some(Weakness::Pattern),
        };
        Self { log10, weakness }
    }

    fn strength(&self) -> Strength {
        match self.log10 {
            log10 if log10 < 10.0 => Strength::Fair,
            log10 if log10 < 14.0 => Strength::Good,
            _ => Strength::Strong,
        }
    }
}

/// The length of the piece that `text` repeats over and over; all of it if it repeats none.
fn period(text: &[char]) -> usize {
    let repeats =
        |period: &usize| text.iter().zip(&text[*period..]).all(|(one, other)| one == other);
    (1..text.len()).find(repeats).unwrap_or(text.len())
}

/// Whether the password consists of nothing but own words, and whose.
fn own_words(normal: &str, rules: &Rules<'_>) -> Option<Weakness> {
    let mut words = Words::default();
    words.add(rules.person_words);
    if words.make_up(normal) {
        return Some(Weakness::PersonWord);
    }
    words.add(rules.organisation_words);
    words.make_up(normal).then_some(Weakness::OrganisationWord)
}

/// Words in the form in which they are compared.
#[derive(Default)]
struct Words(Vec<Vec<char>>);

impl Words {
    /// Each word, its parts (of a mail address, of a full name) and each of them backwards.
    fn add(&mut self, words: &[String]) {
        for word in words {
            let normal = nfkc(word);
            let parts = normal.split(|c: char| !c.is_alphanumeric());
            for part in parts.chain([normal.as_str()]) {
                let letters: Vec<char> = part.chars().map(compared).collect();
                // Two letters of the Latin alphabet are an accident, two kanji are a name.
                if letters.len() >= 3 || letters.len() == 2 && !part.is_ascii() {
                    self.0.push(letters.iter().rev().copied().collect());
                    self.0.push(letters);
                }
            }
        }
    }

    /// Whether `text` is a row of these words (at least one) with anything but letters between.
    fn make_up(&self, text: &str) -> bool {
        let plain: Zeroizing<Vec<char>> = Zeroizing::new(text.chars().collect());
        let letters: Zeroizing<Vec<char>> =
            Zeroizing::new(plain.iter().copied().map(compared).collect());
        // reached[n]: the first n characters are such a row; Some(true): with a word among them.
        let mut reached = vec![None; plain.len() + 1];
        reached[0] = Some(false);
        for place in 0..plain.len() {
            let Some(with_word) = reached[place] else {
                continue;
            };
            if !plain[place].is_alphabetic() {
                reached[place + 1] = reached[place + 1].max(Some(with_word));
            }
            for word in &self.0 {
                if letters[place..].starts_with(word) {
                    reached[place + word.len()] = Some(true);
                }
            }
        }
        reached[plain.len()] == Some(true)
    }
}

/// One character for all that are used for each other: small letters, and letters for the digits
/// and signs that look like them.
fn compared(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' | '|' | 'l' | 'L' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other.to_lowercase().next().unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(length_min: usize) -> (Vec<String>, Vec<String>, usize) {
        let organisation = ["Sekimori University", "関守大学", "Kyoto"];
        let person = ["tanaka24", "Hanako Tanaka", "田中花子", "h.tanaka@seki.example"];
        (organisation.map(Into::into).to_vec(), person.map(Into::into).to_vec(), length_min)
    }

    fn measured(password: &str, length_min: usize) -> Result<Strength, Vec<Weakness>> {
        let (organisation_words, person_words, length_min) = rules(length_min);
        check(
            &Secret::new(password.into()),
            &Rules {
                length_min,
                organisation_words: &organisation_words,
                person_words: &person_words,
            },
        )
    }

    #[test]
    fn what_is_too_short_says_how_much() {
        for (password, length, length_min) in
            [("x7#kQ9!mZ2", 10, 15), ("", 0, 8), ("さくらの木と", 6, 8)]
        {
            let refused = measured(password, length_min).unwrap_err();
            assert!(
                refused.contains(&Weakness::TooShort { length, length_min }),
                "{password}: {refused:?}"
            );
        }
    }

    #[test]
    fn long_passwords_with_spaces_emoji_and_kana_are_welcome() {
        let emoji = "🌸 sakura in the rain 🌧 over the old bridge";
        let kana = "きのうのあめはつめたかったけれどきょうははれ";
        for password in [
            "correct horse battery staple",
            emoji,
            kana,
            &"a long sentence nobody wrote ".repeat(3)[..64],
            &"とても長い文章のパスワード、誰も知らない。".repeat(13)[..768],
        ] {
            assert!(measured(password, 15).is_ok(), "{password}");
        }
    }

    #[test]
    fn beyond_the_bound_it_says_so() {
        let bytes_max = PASSWORD_BYTES_MAX;
        let refused = measured(&"ab ".repeat(bytes_max), 15).unwrap_err();
        assert_eq!(refused, [Weakness::TooLong { bytes_max }]);
    }

    #[test]
    fn common_passwords_are_refused_in_all_their_disguises() {
        for password in [
            "password",
            "Passw0rd",
            "drowssap",
            "iloveyou",
            "basketball",
            "password1234567",
            "ｐａｓｓｗｏｒｄ",
            "trustno1",
        ] {
            let refused = measured(password, 8).unwrap_err();
            assert_eq!(refused, [Weakness::Common], "{password}");
        }
    }

    #[test]
    fn patterns_are_refused() {
        for password in [
            "aaaaaaaaaaaaaaa",
            "abcdefghijklmno",
            "abababababababab",
            "zyxwvutsrqponml",
            "qwertyuiop[]asdfghjkl",
            "2024-11-232024-11-23",
        ] {
            let refused = measured(password, 15).unwrap_err();
            assert!(
                refused.contains(&Weakness::Pattern) || refused.contains(&Weakness::Common),
                "{password}: {refused:?}"
            );
        }
    }

    #[test]
    fn the_persons_and_the_organisations_words_alone_are_refused() {
        for (password, weakness) in [
            ("tanaka24tanaka24", Weakness::PersonWord),
            ("Hanako-Tanaka-2026!", Weakness::PersonWord),
            ("T4n4k4_H4n4k0_123", Weakness::PersonWord),
            ("akanat-okanah-1999", Weakness::PersonWord),
            ("田中花子・田中花子・田中花子・2026", Weakness::PersonWord),
            ("Sekimori-University-1", Weakness::OrganisationWord),
            ("関守大学関守大学関守大学2026!", Weakness::OrganisationWord),
            ("kyoto tanaka hanako 24", Weakness::OrganisationWord),
        ] {
            let refused = measured(password, 15).unwrap_err();
            assert!(refused.contains(&weakness), "{password}: {refused:?}");
        }
    }

    #[test]
    fn a_long_repetition_is_as_weak_as_what_it_repeats() {
        for password in ["a".repeat(300), "password ".repeat(40), "qwerty".repeat(20)] {
            assert!(measured(&password, 15).is_err(), "{password}");
        }
        let phrase = "violet engine under two moons / ".repeat(8);
        assert!(measured(&phrase, 15).is_ok());
        let tail = format!("{}k7#Vq2!zwRbX", "a".repeat(40));
        assert!(measured(&tail, 15).is_ok());
    }

    #[test]
    fn an_own_word_among_others_is_fine() {
        for password in ["kyoto river red tram dinner", "tanaka eats blue mountains"] {
            assert!(measured(password, 15).is_ok(), "{password}");
        }
    }

    #[test]
    fn a_random_password_of_the_least_length_is_never_called_common() {
        for password in ["k7#Vq2!z", "wRbX-49u", "ｋ７＃Ｖｑ２！ｚ"] {
            assert!(measured(password, 8).is_ok(), "{password}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(password in any::<String>(), word in any::<String>()) {
            let words = [word];
            let rules = Rules { length_min: 8, organisation_words: &words, person_words: &words };
            let measured = check(&Secret::new(password), &rules);
            prop_assert!(measured != Err(Vec::new()));
        }
    }
}
