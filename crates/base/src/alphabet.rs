//! Characters drawn by lot from an alphabet.

use crate::Entropy;

/// `count` characters of `alphabet`, each as likely as every other. The alphabet has 1 to 32 of them, in ASCII.
pub fn draw(entropy: &(impl Entropy + ?Sized), alphabet: &[u8], count: usize) -> String {
    debug_assert!((1..=32).contains(&alphabet.len()) && alphabet.is_ascii());
    let mut drawn = String::with_capacity(count);
    let mut bytes = [0; 64];
    while drawn.len() < count {
        entropy.fill(&mut bytes);
        // Five bits each: what lies beyond the alphabet is drawn again, so that nothing is likelier.
        let places = bytes.iter().map(|byte| usize::from(byte & 31));
        let characters = places.filter_map(|place| alphabet.get(place).copied().map(char::from));
        drawn.extend(characters.take(count - drawn.len()));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// Every byte in turn, over and over.
    struct Counting(AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn every_character_is_as_likely_as_every_other() {
        let entropy = Counting(AtomicU8::new(0));
        let alphabet = b"ACDEFHJKLMNPQRTUVWXY347";
        let drawn = draw(&entropy, alphabet, alphabet.len() * 8);
        let mut counts = BTreeMap::new();
        for character in drawn.chars() {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), alphabet.len());
        assert!(counts.values().all(|count| *count == 8), "{counts:?}");
    }
}
