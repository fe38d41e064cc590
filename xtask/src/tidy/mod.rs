//! `tidy`: what a compiler does not mind and a reader does.
//!
//! Rust: files up to 500 lines, functions up to 60 (tests 100), a doc comment on top of each
//! file, no `allow(…)` (only `expect(…, reason = "…")`), no leftovers, no `unwrap` outside tests.
//! Scripts: file length and leftovers. SQL: parameters numbered by their first appearance.
//! `docs/checks.md`: tests that are named there exist. Exceptions are lines in `tidy.toml`, each with its reason; one
//! that is not needed is reported.

mod checks;
mod exceptions;
mod rust;
mod sql;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use exceptions::Exceptions;

use crate::{shown, tree};

/// Lines of a file.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function, from its signature to its closing brace.
const FUNCTION_LINES_MAX: usize = 60;
/// Lines of a function in a test: a table of cases is read as a table.
const TEST_LINES_MAX: usize = 100;

/// One thing to put right.
pub struct Finding {
    /// The rule's name, as `tidy.toml` spells it.
    pub rule: &'static str,
    /// Line in the file, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The function or the like that is meant; empty where that says nothing.
    pub name: String,
    /// What is wrong and what is right.
    pub text: String,
}

impl Finding {
    fn new(rule: &'static str, line: usize, text: impl Into<String>) -> Self {
        Self { rule, line, name: String::new(), text: text.into() }
    }
}

/// Everything untidy, one line each.
pub fn check(root: &Path) -> Vec<String> {
    let mut exceptions = match Exceptions::read(&root.join("tidy.toml")) {
        Ok(exceptions) => exceptions,
        Err(problem) => return vec![problem],
    };
    let endings = [".rs", ".sql", ".mjs", ".js", ".sh", ".css", ".html"];
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for path in tree::files(root, &endings) {
        let place = shown(root, &path);
        match fs::read_to_string(&path) {
            Ok(text) => files.push((place, text)),
            Err(error) => problems.push(format!("{place}:0: readable: {error}")),
        }
    }
    let rust_files = files.iter().filter(|(place, _)| ending(place) == "rs");
    let test_modules: Vec<String> =
        rust_files.flat_map(|(place, text)| rust::test_modules(place, text)).collect();
    for (place, text) in &files {
        for finding in inspect(place, text, &test_modules) {
            if !exceptions.cover(place, &finding) {
                let Finding { rule, line, text, .. } = finding;
                problems.push(format!("{place}:{line}: {rule}: {text}"));
            }
        }
    }
    problems.extend(exceptions.unneeded());
    problems.extend(checks::check(root));
    problems
}

fn inspect(place: &str, text: &str, test_modules: &[String]) -> Vec<Finding> {
    let mut findings = leftovers(text);
    findings.extend(length(text));
    if ending(place) == "rs" {
        findings.extend(rust::inspect(place, text, test_modules));
    }
    if ending(place) == "sql" && place.contains("/sql/") {
        findings.extend(sql::inspect(text));
    }
    findings
}

fn ending(place: &str) -> &str {
    Path::new(place).extension().and_then(OsStr::to_str).unwrap_or_default()
}

fn length(text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (lines > FILE_LINES_MAX).then(|| {
        let text = format!("{lines} lines; a file is a sitting, up to {FILE_LINES_MAX}");
        Finding::new("file-length", 0, text)
    })
}

/// Notes to oneself, in any language.
fn leftovers(text: &str) -> Vec<Finding> {
    // Put together here, or this file would report itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for mark in marks {
            if line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark) {
                findings.push(Finding::new(
                    "leftover",
                    index + 1,
                    format!("{mark}: do it or leave it out"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(place: &str, text: &str) -> Vec<&'static str> {
        inspect(place, text, &[]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_file_of_500_lines_is_fine_and_one_of_501_is_not() {
        assert!(rules("a.css", &"a {}\n".repeat(500)).is_empty());
        assert_eq!(rules("a.css", &"a {}\n".repeat(501)), ["file-length"]);
    }

    #[test]
    fn notes_to_oneself_are_found_in_comments_but_not_inside_words() {
        let note = concat!("// TO", "DO: later\n");
        assert_eq!(rules("a.mjs", note), ["leftover"]);
        assert!(rules("a.mjs", concat!("// MASTO", "DON\n")).is_empty());
    }
}
