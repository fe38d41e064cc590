//! Wrong passwords that were typed lately: only as digests, only in memory, under a key that this start of the
//! process drew. Per node, best effort: what is forgotten counts once more (decisions on counters).
//!
//! Somebody whose device keeps sending last year's password guesses nothing. The digest of a repeat covers the
//! network: only there, and nowhere else, a wait that does not grow could tell that a word was tried before. Nothing
//! is ever answered from here: each password is checked against its hash first.

use std::sync::{Mutex, PoisonError};

use sekimori_base::{Secret, TenantId};
use sekimori_keys::digest::hmac_sha256;
use sekimori_store::CounterKey;

use crate::bounded::Bounded;

/// Identifiers that are remembered at most.
const IDENTIFIERS_MAX: usize = 50_000;
/// Wrong passwords that are remembered of one identifier.
const WORDS_MAX: usize = 3;

/// A password as it is remembered after it was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its digest for this identifier from this network.
    pub here: u64,
    /// Its digest for whatever name it is tried on.
    pub anywhere: u64,
}

/// Wrong passwords of identifiers; the newest last.
pub(crate) struct Typed {
    key: [u8; 32],
    words: Mutex<Bounded<u64, Vec<u64>>>,
}

impl Typed {
    /// Nothing remembered, under this key.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, words: Mutex::new(Bounded::new(IDENTIFIERS_MAX)) }
    }

    /// The digests of a password as it was typed for the counter of an identifier.
    pub fn word(
        &self,
        tenant: TenantId,
        counter: CounterKey,
        network: u128,
        typed: &Secret<String>,
    ) -> Word {
        let network = network.to_be_bytes();
        let here = [b"here".as_slice(), tenant.bytes(), counter.bytes(), &network].concat();
        let anywhere = [b"anywhere".as_slice(), tenant.bytes()].concat();
        let digest = |about: &[u8]| {
            let key = hmac_sha256(&self.key, about);
            short(&hmac_sha256(&key, typed.expose().as_bytes()))
        };
        Word { here: digest(&here), anywhere: digest(&anywhere) }
    }

    /// Whether the word was wrong for this counter before.
    pub fn repeats(&self, counter: CounterKey, word: Word) -> bool {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.get(&short(counter.bytes())).is_some_and(|known| known.contains(&word.here))
    }

    /// The word was wrong and counted.
    pub fn counted(&self, counter: CounterKey, word: Word) {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let known = words.entry(short(counter.bytes()), Vec::new(), |_| false);
        if known.len() >= WORDS_MAX {
            known.remove(0);
        }
        known.push(word.here);
    }
}

/// The first 64 bits of a keyed digest: enough to tell a few thousand apart.
pub(crate) fn short(digest: &[u8; 32]) -> u64 {
    let first = digest.first_chunk::<8>().expect("32 bytes begin with 8");
    u64::from_be_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);

    fn counter(number: u64) -> CounterKey {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        CounterKey::from_bytes(bytes)
    }

    fn word(typed: &Typed, text: &str, number: u64, network: u128) -> Word {
        typed.word(TENANT, counter(number), network, &Secret::new(text.to_owned()))
    }

    #[test]
    fn a_word_repeats_only_for_its_name_from_its_network() {
        let typed = Typed::new([3; 32]);
        let old = word(&typed, "last year", 1, 7);
        assert!(!typed.repeats(counter(1), old));
        typed.counted(counter(1), old);
        assert!(typed.repeats(counter(1), old));
        for (case, other) in [
            ("another word", word(&typed, "this year", 1, 7)),
            ("another network", word(&typed, "last year", 1, 8)),
        ] {
            assert!(!typed.repeats(counter(1), other), "{case}");
        }
        assert!(!typed.repeats(counter(2), word(&typed, "last year", 2, 7)), "another name");
    }

    #[test]
    fn three_words_are_remembered_of_a_name() {
        let typed = Typed::new([3; 32]);
        for text in ["one", "two", "three", "four"] {
            typed.counted(counter(1), word(&typed, text, 1, 7));
        }
        assert!(!typed.repeats(counter(1), word(&typed, "one", 1, 7)));
        assert!(typed.repeats(counter(1), word(&typed, "two", 1, 7)));
        assert!(typed.repeats(counter(1), word(&typed, "four", 1, 7)));
    }

    #[test]
    fn another_start_of_the_process_makes_other_digests() {
        let (one, two) = (Typed::new([3; 32]), Typed::new([4; 32]));
        assert_ne!(word(&one, "word", 1, 7), word(&two, "word", 1, 7));
        let (here, elsewhere) = (word(&one, "word", 1, 7), word(&one, "word", 2, 8));
        assert_eq!(here.anywhere, elsewhere.anywhere);
        assert_ne!(here.here, elsewhere.here);
    }

    #[test]
    fn memory_stays_bounded_against_endless_names() {
        let typed = Typed::new([3; 32]);
        let same = word(&typed, "word", 1, 7);
        for number in 0..crate::endless() {
            typed.counted(counter(number), same);
        }
        assert_eq!(typed.words.lock().unwrap().len(), IDENTIFIERS_MAX);
    }
}
