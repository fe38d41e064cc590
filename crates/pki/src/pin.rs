//! The access PIN of a PKCS#12 file.

use std::fmt;

use sekimori_base::{Entropy, Secret};

/// No 0, 1, i, l, o, u, and no capitals: what is read from one screen is typed at another.
const ALPHABET: &[u8; 30] = b"23456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 5;
const GROUP_CHARACTERS: usize = 4;

/// A generated access PIN, shown once: twenty characters in five groups (98 bits). The hyphens
/// belong to it, because people type what they see.
pub struct AccessPin(Secret<String>);

impl AccessPin {
    /// A fresh one.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let mut pin = String::with_capacity(GROUPS * (GROUP_CHARACTERS + 1));
        for place in 0..GROUPS * GROUP_CHARACTERS {
            if place > 0 && place % GROUP_CHARACTERS == 0 {
                pin.push('-');
            }
            pin.push(character(entropy));
        }
        Self(Secret::new(pin))
    }

    /// The characters, to be shown to the person once.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for AccessPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessPin")
    }
}

fn character(entropy: &(impl Entropy + ?Sized)) -> char {
    // Bytes beyond the last whole multiple would make the first characters likelier.
    let limit = 256 - 256 % ALPHABET.len();
    loop {
        let [byte] = sekimori_base::random::<1>(entropy);
        let byte = usize::from(byte);
        if byte < limit {
            return char::from(ALPHABET[byte % ALPHABET.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::tests::Chance;

    #[test]
    fn a_pin_has_five_groups_of_unmistakable_characters_and_all_come_equally_often() {
        let chance = Chance::new(7);
        let mut counts = HashMap::new();
        for _ in 0..1500 {
            let pin = AccessPin::random(&chance);
            let groups: Vec<_> = pin.expose().split('-').collect();
            assert_eq!(groups.len(), GROUPS);
            for character in groups.iter().flat_map(|group| group.bytes()) {
                assert!(ALPHABET.contains(&character));
                *counts.entry(character).or_insert(0) += 1;
            }
            assert!(groups.iter().all(|group| group.len() == GROUP_CHARACTERS));
            assert_eq!(format!("{pin:?}"), "AccessPin");
        }
        // 30,000 characters, so 1,000 of each; five standard deviations are 155.
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| (845..1155).contains(count)), "{counts:?}");
    }
}
