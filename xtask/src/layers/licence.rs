//! Licences: which are taken, and whether an SPDX expression can be met with them.
//!
//! `deny.toml` says the same to cargo-deny, which reads the licence texts too; this needs nothing
//! installed.

/// Taken from anybody.
const TAKEN: &[&str] = &[
    "Apache-2.0",
    "MIT",
    "MIT-0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// MPL-2.0 is taken from these, unmodified.
const MOZILLA: &[&str] = &[
    "webauthn-rs",
    "webauthn-rs-core",
    "webauthn-rs-proto",
    "webauthn-attestation-ca",
    "crypto-glue",
    "ldap3_proto",
];

/// Whether `expression` leaves a choice that is taken from the crate `name`.
pub fn fits(name: &str, expression: &str) -> bool {
    // Before SPDX, `/` meant OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { name, words: &words, broken: false };
    let met = reader.either();
    met && !reader.broken && reader.words.is_empty()
}

/// Reads an expression from the left; AND binds tighter than OR.
struct Reader<'a> {
    name: &'a str,
    words: &'a [&'a str],
    /// Something is missing: it is no expression.
    broken: bool,
}

impl Reader<'_> {
    fn either(&mut self) -> bool {
        let mut met = self.all();
        while self.take("OR") {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.either();
            self.broken |= !self.take(")");
            return met;
        }
        let Some((licence, rest)) = self.words.split_first() else {
            self.broken = true;
            return false;
        };
        self.words = rest;
        if self.take("WITH") {
            // An exception gives more than the licence does.
            self.words = self.words.get(1..).unwrap_or_default();
        }
        TAKEN.contains(licence) || (*licence == "MPL-2.0" && MOZILLA.contains(&self.name))
    }

    fn take(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        if there {
            self.words = &self.words[1..];
        }
        there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_good_choice_is_enough_and_all_parts_must_be_good() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 OR GPL-2.0-only",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "GPL-3.0 AND MIT OR ISC",
        ] {
            assert!(fits("a", good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "MIT MIT", "MPL-2.0"] {
            assert!(!fits("a", bad), "{bad}");
        }
    }

    #[test]
    fn mozilla_is_taken_from_those_who_are_named() {
        assert!(fits("webauthn-rs", "MPL-2.0"));
        assert!(!fits("other", "MPL-2.0"));
    }
}
