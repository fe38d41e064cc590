//! `docs/checks.md`: every numbered check stands there once, and every test that it names exists.
//!
//! A row is `| S21 | what it demands | held by |`. The last cell names files and, after each, tests in it, both in
//! backticks; what is not done says `later:` or `open:` and why. A test is a function of a Rust file or the sentence
//! (or its beginning) of a journey.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Where the table stands.
const TABLE: &str = "docs/checks.md";
/// How many checks there are of each kind.
const KINDS: [(char, u32); 3] = [('S', 80), ('U', 40), ('R', 25)];

/// Everything that is wrong with the table of this repository.
pub fn check(root: &Path) -> Vec<String> {
    let text = match fs::read_to_string(root.join(TABLE)) {
        Ok(text) => text,
        Err(error) => return vec![format!("{TABLE}:0: checks: {error}")],
    };
    let read = |place: &str| {
        let in_crates = root.join("crates").join(place);
        fs::read_to_string(in_crates).or_else(|_| fs::read_to_string(root.join(place))).ok()
    };
    problems(&text, read)
}

fn problems(table: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut files = BTreeMap::new();
    let mut missing: BTreeSet<String> = KINDS
        .iter()
        .flat_map(|(kind, last)| (1..=*last).map(move |number| format!("{kind}{number:02}")))
        .collect();
    let mut problems = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", number, _, held_by, ""] = cells[..] else { continue };
        if !is_number(number) {
            continue;
        }
        let mut say = |what: String| {
            problems.push(format!("{TABLE}:{}: checks: {number} {what}", index + 1));
        };
        if !missing.remove(number) {
            say("stands twice, or is no check".to_owned());
        }
        if !held_by.contains('`') && !held_by.contains("later: ") && !held_by.contains("open: ") {
            say("names neither a test nor, after `later:` or `open:`, a reason".to_owned());
        }
        for what in unknown(held_by, &mut files, &read) {
            say(what);
        }
    }
    problems.extend(missing.iter().map(|number| format!("{TABLE}:0: checks: {number} is missing")));
    problems
}

/// What the cell names and is not there.
fn unknown(
    cell: &str,
    files: &mut BTreeMap<String, Option<String>>,
    read: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let mut unknown = Vec::new();
    let mut place = None;
    // Between backticks is every second part.
    for name in cell.split('`').skip(1).step_by(2) {
        if matches!(super::ending(name), "rs" | "mjs") {
            if files.entry(name.to_owned()).or_insert_with(|| read(name)).is_none() {
                unknown.push(format!("names {name}, which is not there"));
            }
            place = Some(name);
            continue;
        }
        let text = place.and_then(|place| files.get(place)).and_then(Option::as_ref);
        if !text.is_some_and(|text| holds(text, name)) {
            let place = place.unwrap_or("no file");
            unknown.push(format!("names {name}, which is not in {place}"));
        }
    }
    unknown
}

/// Whether the file has a test of this name.
fn holds(text: &str, name: &str) -> bool {
    let sentences = ["'", "`"].map(|quote| format!("journey({quote}{name}"));
    text.contains(&format!("fn {name}(")) || sentences.iter().any(|begin| text.contains(begin))
}

fn is_number(cell: &str) -> bool {
    let mut characters = cell.chars();
    let kind = characters.next();
    KINDS.iter().any(|(known, _)| Some(*known) == kind)
        && characters.clone().count() == 2
        && characters.all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: &str = "`a/b.rs`: `it_holds`; `c.mjs`: `a sentence`, `pages in`";

    fn read(place: &str) -> Option<String> {
        match place {
            "a/b.rs" => Some("#[test]\nfn it_holds() {}\n".to_owned()),
            "c.mjs" => Some("journey('a sentence', x); journey(`pages in ${l}`, x)".to_owned()),
            _ => None,
        }
    }

    /// A table with all checks, the first of which is held by this.
    fn table(first: &str) -> String {
        let numbers = KINDS.iter().flat_map(|(kind, last)| (1..=*last).map(move |n| (kind, n)));
        let rows = numbers.map(|(kind, number)| {
            let held = if (*kind, number) == ('S', 1) { first } else { "later: SAML" };
            format!("| {kind}{number:02} | what | {held} |\n")
        });
        rows.collect()
    }

    #[test]
    fn a_table_whose_tests_exist_is_in_order() {
        assert!(problems(&table(HELD), read).is_empty());
    }

    #[test]
    fn a_test_or_file_that_is_not_there_is_named() {
        for (held, said) in [
            ("`a/b.rs`: `it_held`", "names it_held, which is not in a/b.rs"),
            ("`c.mjs`: `another sentence`", "names another sentence, which is not in c.mjs"),
            ("`z.rs`: `it_holds`", "names z.rs, which is not there"),
            ("`it_holds`", "names it_holds, which is not in no file"),
            ("soon", "names neither a test"),
        ] {
            let found = problems(&table(held), read);
            assert!(found[0].contains(said), "{found:?}");
        }
    }

    #[test]
    fn a_check_that_is_missing_or_stands_twice_is_named() {
        let without: String = table(HELD).split_inclusive('\n').skip(1).collect();
        assert_eq!(problems(&without, read), ["docs/checks.md:0: checks: S01 is missing"]);
        let twice = table(HELD) + "| U40 | again | later: SAML |\n";
        assert!(problems(&twice, read)[0].contains("U40 stands twice"));
    }
}
