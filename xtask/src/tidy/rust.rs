//! Rust files: documentation, length of functions, attributes, leftovers.
//!
//! Functions and attributes are read from the syntax tree. Leftovers are read from the tokens, so
//! that they are also found inside the arguments of macros, of which the tree knows nothing.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Item, Meta, Signature};

use super::{FUNCTION_LINES_MAX, Finding, TEST_LINES_MAX};

/// Macros that must not stay.
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// Check one file; `test_modules` are those of the whole tree.
pub fn inspect(place: &str, text: &str, test_modules: &[String]) -> Vec<Finding> {
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(error) => {
            return vec![Finding::new("readable", line(error.span()), error.to_string())];
        }
    };
    let test_file = is_test_file(place, test_modules);
    let mut reader = Reader { test_file, ..Reader::default() };
    let test_file = is_test_file(place, test_modules);
    if !test_file && !file.attrs.iter().any(|attribute| attribute.path().is_ident("doc")) {
        let text = "starts without `//!`: say what it is for and what it leaves out";
        reader.findings.push(Finding::new("module-doc", 1, text));
    }
    reader.visit_file(&file);
    if !test_file {
        let tokens = text.parse().expect("it was parsed above");
        let mut previous = Vec::new();
        reader.leftovers(tokens, &mut previous);
    }
    reader.findings
}

/// Where the modules lie that the file `place` declares behind `#[cfg(test)]`: without `.rs`, as a
/// module may be a file or a folder.
pub fn test_modules(place: &str, text: &str) -> Vec<String> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let (folder, name) = place.rsplit_once('/').unwrap_or(("", place));
    let folder = match name.trim_end_matches(".rs") {
        "lib" | "main" | "mod" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    };
    let declared = file.items.into_iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && module.attrs.iter().any(marks_test) => {
            Some(format!("{folder}/{}", module.ident))
        }
        _ => None,
    });
    declared.collect()
}

/// Files that are compiled for tests only; `test_modules` are those of the whole tree.
fn is_test_file(place: &str, test_modules: &[String]) -> bool {
    let declared = test_modules.iter().any(|module| {
        let rest = place.strip_prefix(module.as_str());
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    });
    declared || place.split('/').any(|part| matches!(part, "tests" | "benches" | "testbed"))
}

#[derive(Default)]
struct Reader {
    /// The whole file is for tests.
    test_file: bool,
    findings: Vec<Finding>,
    /// First and last line of everything behind `#[cfg(test)]` or `#[test]`.
    tests: Vec<(usize, usize)>,
}

impl Reader {
    fn function(&mut self, signature: &Signature, block: &Block) {
        let first = line(signature.fn_token.span);
        let last = line(block.brace_token.span.close());
        let lines = last - first + 1;
        let most = if self.test_file || self.in_tests(first) {
            TEST_LINES_MAX
        } else {
            FUNCTION_LINES_MAX
        };
        if lines > most {
            let name = signature.ident.to_string();
            let text = format!("`{name}` has {lines} lines; up to {most} fit a screen");
            self.findings.push(Finding { rule: "function-length", line: first, name, text });
        }
    }

    fn note_tests(&mut self, attributes: &[Attribute], last: usize) {
        if let Some(attribute) = attributes.iter().find(|attribute| marks_test(attribute)) {
            self.tests.push((line(attribute.pound_token.span), last));
        }
    }

    fn in_tests(&self, line: usize) -> bool {
        self.tests.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    /// Walk all tokens; `previous` are the two before, to recognise `.unwrap(` and `todo!`.
    fn leftovers(&mut self, tokens: TokenStream, previous: &mut Vec<TokenTree>) {
        for token in tokens {
            let at = line(token.span());
            if let [.., before, word] = previous.as_slice()
                && let TokenTree::Ident(word) = word
                && !self.in_tests(at)
            {
                let word = word.to_string();
                if is_punctuation(&token, '!') && UNFINISHED.contains(&word.as_str()) {
                    let text = format!("`{word}!`: finish it or leave it out");
                    self.findings.push(Finding::new("leftover", at, text));
                }
                if is_punctuation(before, '.') && word == "unwrap" && is_call(&token) {
                    let text =
                        "`.unwrap()`: use `expect(\"why this cannot be\")`, or return the fault";
                    self.findings.push(Finding::new("unwrap", at, text));
                }
            }
            if let TokenTree::Group(group) = &token {
                self.leftovers(group.stream(), &mut vec![token.clone()]);
            }
            previous.push(token);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note_tests(&item.attrs, line(item.block.brace_token.span.close()));
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note_tests(&item.attrs, line(item.block.brace_token.span.close()));
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) => {
                if let Some((brace, _)) = &module.content {
                    self.note_tests(&module.attrs, line(brace.span.close()));
                }
            }
            Item::Impl(item) => self.note_tests(&item.attrs, line(item.brace_token.span.close())),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            let at = line(attribute.pound_token.span);
            let words = words(list.tokens.clone());
            let conditional = list.path.is_ident("cfg_attr");
            let says = |word: &str| {
                list.path.is_ident(word) || (conditional && words.iter().any(|other| other == word))
            };
            if says("allow") {
                let text = "`allow(…)` stays for ever: use `expect(…, reason = \"…\")`";
                self.findings.push(Finding::new("allow", at, text));
            }
            if says("expect") && !words.iter().any(|word| word == "reason") {
                let text = "`expect(…)` without `reason = \"…\"`";
                self.findings.push(Finding::new("allow", at, text));
            }
        }
    }
}

fn marks_test(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if let (true, Meta::List(list)) = (path.is_ident("cfg"), &attribute.meta) {
        let words = words(list.tokens.clone());
        return words.iter().any(|word| word == "test") && !words.iter().any(|word| word == "not");
    }
    // #[test], #[tokio::test], and their like.
    path.segments.last().is_some_and(|segment| segment.ident == "test")
}

fn words(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) => found.push(word.to_string()),
            TokenTree::Group(group) => found.extend(words(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

fn is_punctuation(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punctuation) if punctuation.as_char() == mark)
}

fn is_call(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group)
        if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(place: &str, text: &str) -> Vec<&'static str> {
        inspect(place, text, &["src/a/testing".to_owned()])
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn a_file_without_a_doc_comment_is_found() {
        assert_eq!(rules("src/a.rs", "fn a() {}"), ["module-doc"]);
        assert!(rules("src/a.rs", "//! A.\nfn a() {}").is_empty());
    }

    #[test]
    fn a_function_of_60_lines_is_fine_and_one_of_61_is_not() {
        let of = |lines: usize| format!("//! A.\nfn a() {{\n{}}}", "b();\n".repeat(lines - 2));
        assert!(rules("src/a.rs", &of(60)).is_empty());
        assert_eq!(rules("src/a.rs", &of(61)), ["function-length"]);
    }

    #[test]
    fn a_test_may_hold_a_table_of_100_lines() {
        let of = |lines: usize| format!("#[test]\nfn a() {{\n{}}}", "b();\n".repeat(lines - 2));
        assert!(rules("tests/a.rs", &of(100)).is_empty());
        assert_eq!(rules("src/a.rs", &format!("//! A.\n{}", of(101))), ["function-length"]);
        assert_eq!(rules("tests/a.rs", &of(101)), ["function-length"]);
    }

    #[test]
    fn unwrap_is_for_tests_also_inside_macros() {
        assert_eq!(rules("src/a.rs", "//! A.\nfn a() { b().unwrap() }"), ["unwrap"]);
        assert_eq!(rules("src/a.rs", "//! A.\nfn a() { assert!(b.unwrap()) }"), ["unwrap"]);
        let test = "//! A.\n#[cfg(test)]\nmod tests {\n fn a() { b.unwrap() }\n}";
        assert!(rules("src/a.rs", test).is_empty());
        assert!(rules("src/a.rs", "//! A.\n#[test]\nfn a() {\n b.unwrap() }").is_empty());
        assert!(rules("tests/a.rs", "//! A.\nfn a() { b.unwrap() }").is_empty());
        assert!(rules("src/a/testing.rs", "fn a() { b.unwrap() }").is_empty());
    }

    #[test]
    fn a_function_that_is_only_called_unwrap_is_no_matter() {
        assert!(rules("src/a.rs", "//! A.\nfn a() { b.unwrap_or(1); key.unwrap(c); }").is_empty());
    }

    #[test]
    fn modules_for_tests_are_known_by_their_declaration() {
        let text = "#[cfg(test)]\nmod testing;\nmod other;";
        assert_eq!(test_modules("src/lib.rs", text), ["src/testing"]);
        assert_eq!(test_modules("src/a.rs", text), ["src/a/testing"]);
    }

    #[test]
    fn unfinished_code_is_found() {
        let text = concat!("//! A.\nfn a() { to", "do!() }");
        assert_eq!(rules("src/a.rs", text), ["leftover"]);
    }

    #[test]
    fn only_expect_with_a_reason_may_silence_a_lint() {
        assert_eq!(rules("src/a.rs", "//! A.\n#[allow(dead_code)]\nfn a() {}"), ["allow"]);
        assert_eq!(rules("src/a.rs", "//! A.\n#![allow(dead_code)]"), ["allow"]);
        assert_eq!(rules("src/a.rs", "//! A.\n#[cfg_attr(x, allow(y))]\nfn a() {}"), ["allow"]);
        assert_eq!(rules("src/a.rs", "//! A.\n#[expect(dead_code)]\nfn a() {}"), ["allow"]);
        let reasoned = "//! A.\n#[expect(dead_code, reason = \"x\")]\nfn a() {}";
        assert!(rules("src/a.rs", reasoned).is_empty());
    }
}
