//! The slip: on every page of a sign-in, with what is known there.

use sekimori_base::Language;
use sekimori_words::Words;

use super::{Shown, every_page, page};

/// What the slip says, line by line: the term, and the rest of the line.
fn lines(shown: &Shown) -> Vec<(String, String)> {
    let slips = shown.elements.iter().filter(|one| one.has_class("slip")).count();
    assert!(slips <= 1, "{} has {slips} slips", shown.name);
    let terms = shown.elements.iter().enumerate().filter(|(_, one)| one.has_class("line"));
    terms
        .map(|(place, line)| {
            let inside = |name| {
                let found = shown
                    .elements
                    .iter()
                    .find(|one| one.name == name && one.around.contains(&place));
                found.map(|one| one.text.trim().to_owned()).unwrap_or_default()
            };
            assert!(!line.text.is_empty());
            (inside("dt"), inside("dd"))
        })
        .collect()
}

fn says(shown: &Shown, term: &str, text: &str) -> bool {
    let words = Words::of(shown.language);
    let (term, text) = (words.text(term), words.text(text));
    lines(shown).iter().any(|(name, said)| *name == term && said.contains(&text))
}

#[test]
fn every_page_of_a_sign_in_says_where_somebody_is() {
    let sign_in = [
        "username",
        "password",
        "code",
        "recovery-code",
        "refusal",
        "consent",
        "switch",
        "new-password",
        "ticket",
        "problem",
    ];
    let elsewhere = ["password-again", "problem-not-found", "problem-method"];
    let mut seen = 0;
    for shown in every_page() {
        let name = shown.name.split('.').next().unwrap();
        let known = sign_in.iter().any(|begin| name.starts_with(begin));
        if !known
            || name.starts_with("recovery-codes")
            || name.starts_with("consents")
            || elsewhere.contains(&name)
        {
            continue;
        }
        seen += 1;
        let term = Words::of(shown.language).text("slip-you-are");
        assert!(
            lines(&shown).iter().any(|(one, _)| *one == term),
            "{}: {:?}",
            shown.name,
            lines(&shown)
        );
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn a_ticket_for_a_password_keeps_in_sight_where_one_is_going_and_what_was_checked() {
    for language in Language::ALL {
        let ticket = page("password-ticket", language);
        assert_eq!(lines(&ticket).len(), 2, "{:?}", lines(&ticket));
        let new = page("new-password", language);
        assert!(says(&new, "slip-name-and-password", "slip-new-password-needed"), "{}", new.html);
        assert!(!says(&new, "slip-one-more-proof", "slip-needed"));
        let code = page("new-password-code", language);
        assert!(says(&code, "slip-one-more-proof", "slip-needed"), "{}", code.html);
    }
}

#[test]
fn a_problem_says_where_somebody_was_going_if_that_is_known_and_nothing_of_their_password() {
    let known = page("problem-redirect-mismatch", Language::English);
    let terms: Vec<_> = lines(&known).into_iter().map(|(term, _)| term).collect();
    assert_eq!(terms, ["To", "You are"]);
    let unknown = page("problem-unknown-service", Language::English);
    assert_eq!(lines(&unknown).len(), 1, "{:?}", lines(&unknown));
    assert!(lines(&page("problem-not-found", Language::English)).is_empty());
}
