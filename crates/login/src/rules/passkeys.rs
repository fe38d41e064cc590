//! What a passkey does, through all rules: a table of its own because it is both the first proof and the one more.

use sekimori_directory::{Binding, Method, PersonState};

use crate::rules::tables::{kinds, says, step};
use crate::samples::{
    NOW, PASSKEY, app, at_second_step, campus, checked, code_of, codes, hana_who_is, hana_with,
    home, mail, nobody, passkey, passkey_used, password, policy, policy_with, proven, sent,
    session, signed_in,
};
use crate::{
    Assurance, AssuranceDemand, Check, Demand, Facts, Freshness, Holder, Interaction, Next,
    PersonFacts, Proof, Reason, Step, Submission, Verdict, decide,
};

const SIGNED: Submission = Submission::Passkey;

fn accepted(user_verified: bool) -> Verdict {
    Verdict::PasskeyAccepted { factor: PASSKEY, user_verified, counter: 3 }
}

/// Hana at home, whom her passkey names; she has typed nothing.
fn named() -> Facts {
    Facts { position: home(), person: hana_with(vec![passkey(), app()]), ..nobody() }
}

fn two(facts: Facts) -> Facts {
    let assurance = AssuranceDemand::AtLeast(Assurance::TwoFactors);
    Facts { demand: Demand { assurance, ..facts.demand.clone() }, ..facts }
}

fn level(facts: &Facts) -> Option<(Assurance, Vec<&'static str>)> {
    match decide(&policy(), facts).next {
        Next::Admit(proof) => Some((proof.assurance(), proof.amr())),
        Next::Ask(_) | Next::Check(_) | Next::Refuse => None,
    }
}

#[test]
fn alone_it_leads_in_from_anywhere_and_is_two_factors() {
    let facts = checked(SIGNED, accepted(true), named());
    let both = (Assurance::TwoFactors, vec!["swk", "user", "mfa"]);
    assert_eq!(level(&facts), Some(both.clone()));
    assert_eq!(level(&two(facts.clone())), Some(both));
    let effects = kinds(&decide(&policy(), &facts).effects);
    for kind in ["use_passkey", "record_proof", "open_session"] {
        assert!(effects.contains(kind), "{kind} in {effects:?}");
    }
    let weak = crate::FactorFacts { binding: Binding::InsideWithPassword, ..passkey() };
    let weak = Facts { person: hana_with(vec![weak]), ..facts };
    let one = (Assurance::OneFactor, vec!["swk", "user"]);
    assert_eq!(
        level(&weak),
        Some(one),
        "bound with a password alone it does not count for a level"
    );
    assert_eq!(level(&two(weak)), None);
}

#[test]
fn it_is_checked_before_anybody_is_known_and_must_know_its_holder() {
    let first = Next::Check(Check::Passkey { factors: vec![], holder: Holder::Verified });
    for (case, facts) in [
        ("somebody", named()),
        ("nobody", Facts { person: PersonFacts::Unknown, ..named() }),
        ("held", Facts { person: hana_who_is(PersonState::Held { since: NOW }), ..named() }),
    ] {
        assert_eq!(decide(&policy(), &sent(SIGNED, facts)).next, first, "{case}");
    }
    let second = Next::Check(Check::Passkey { factors: vec![PASSKEY], holder: Holder::Present });
    let asked = Facts { person: hana_with(vec![passkey()]), ..at_second_step() };
    assert_eq!(decide(&policy(), &sent(SIGNED, asked)).next, second);
}

#[test]
fn after_a_password_it_is_the_one_more_proof_even_without_its_holder() {
    let asked = Facts { person: hana_with(vec![passkey(), codes()]), ..at_second_step() };
    let shown = decide(&policy(), &asked);
    assert!(matches!(step(&shown), Some(Step::SecondFactor { method: Method::Passkey, .. })));
    let facts = checked(SIGNED, accepted(false), asked);
    let both = (Assurance::TwoFactors, vec!["pwd", "swk", "user", "mfa"]);
    assert_eq!(level(&facts), Some(both));
    let alone = checked(SIGNED, accepted(false), named());
    assert_eq!(decide(&policy(), &alone).reason, Reason::PasskeyUnverified, "alone it is nothing");
    let used = Proof { user_verified: false, ..passkey_used(5) };
    let left = Facts { proofs: vec![used], ..named() };
    assert!(matches!(step(&decide(&policy(), &left)), Some(Step::Username)));
}

#[test]
fn what_does_not_fit_is_said_where_it_was_shown() {
    let first = |verdict| checked(SIGNED, verdict, named());
    let asked = Facts { person: hana_with(vec![passkey(), app()]), ..at_second_step() };
    let second = |verdict| checked(SIGNED, verdict, asked.clone());
    let gone = Facts { person: hana_with(vec![app()]), ..named() };
    says(
        "verdicts",
        &policy(),
        [
            ("unknown here", first(Verdict::PasskeyUnknown), Reason::PasskeyUnknown),
            ("of another site", first(Verdict::PasskeyRefused), Reason::PasskeyRefused),
            ("used before", first(Verdict::PasskeySpent), Reason::PasskeySpent),
            ("copied", second(Verdict::PasskeyCopied), Reason::PasskeyCopied),
            ("removed meanwhile", checked(SIGNED, accepted(true), gone), Reason::PasskeyUnknown),
            ("another verdict", first(Verdict::CodeWrong), Reason::ServerFault),
        ],
    );
    let refused = decide(&policy(), &second(Verdict::PasskeyRefused));
    assert!(matches!(step(&refused), Some(Step::SecondFactor { method: Method::Passkey, .. })));
    let refused = decide(&policy(), &first(Verdict::PasskeyRefused));
    assert!(matches!(step(&refused), Some(Step::Username)), "nothing was typed");
}

#[test]
fn a_held_account_answers_its_passkey_like_one_that_does_not_fit() {
    let held = Facts { person: hana_who_is(PersonState::Held { since: NOW }), ..named() };
    let told = decide(&policy(), &checked(SIGNED, accepted(true), held.clone()));
    let wrong = decide(&policy(), &checked(SIGNED, Verdict::PasskeyRefused, held));
    assert_eq!(told.reason, Reason::PasskeyHeld);
    assert_eq!(told.reason.shown_to(crate::Tier::Verified), wrong.reason);
    assert_eq!((told.next, told.effects), (wrong.next, wrong.effects));
}

#[test]
fn a_session_that_a_passkey_opened_is_two_factors_for_as_long_as_a_second_factor_is() {
    let outside = |seconds| Facts {
        session: Some(session(vec![passkey_used(seconds)])),
        position: home(),
        person: hana_with(vec![passkey()]),
        ..signed_in()
    };
    let mut short = policy();
    short.session.second_factor_seconds = 900;
    let level = |facts: &Facts| match decide(&short, facts).next {
        Next::Admit(proof) => Some(proof.assurance()),
        Next::Ask(_) | Next::Check(_) | Next::Refuse => None,
    };
    assert_eq!(level(&outside(900)), Some(Assurance::TwoFactors));
    let old = decide(&short, &outside(901));
    assert_eq!(old.reason, Reason::AskStepUp, "it opened, and is asked for once more");
    let inside = Facts { position: campus(), ..outside(901) };
    assert_eq!(level(&inside), Some(Assurance::OneFactor));
}

#[test]
fn where_nobody_waits_for_it_it_is_not_looked_at() {
    let enough = Facts { person: hana_with(vec![passkey()]), ..proven() };
    assert_eq!(decide(&policy(), &sent(SIGNED, enough)).reason, Reason::Admitted);
    let app_only = policy_with(sekimori_directory::settings::Requirement::TwoFactors, |row| {
        row.methods = [Method::Totp].into();
    });
    let asked = Facts { person: hana_with(vec![passkey(), app()]), ..at_second_step() };
    assert_eq!(decide(&app_only, &sent(SIGNED, asked)).reason, Reason::FactorUnusable);
    let alone = checked(SIGNED, accepted(true), named());
    let next = decide(&app_only, &alone);
    assert_eq!(next.reason, Reason::AskSecondFactor, "the row wants a code beside it");
    let shown = Facts { proofs: vec![passkey_used(5), code_of(&app(), 2)], ..named() };
    assert!(matches!(decide(&app_only, &shown).next, Next::Admit(_)));
}

#[test]
fn a_fresh_proof_may_be_a_passkey_and_a_silent_request_asks_for_none() {
    let fresh = Demand { freshness: Freshness::Now, ..nobody().demand };
    let old = Facts { demand: fresh, person: hana_with(vec![passkey()]), ..signed_in() };
    assert_eq!(decide(&policy(), &old).reason, Reason::AskFresh);
    assert!(level(&checked(SIGNED, accepted(true), old)).is_some());
    let silent = Demand { interaction: Interaction::Silent, ..nobody().demand };
    let silent = Facts { demand: silent, ..named() };
    assert_eq!(decide(&policy(), &silent).reason, Reason::LoginRequired);
}

#[test]
fn a_mailed_code_satisfies_the_site_and_never_a_level() {
    let shown = Facts {
        proofs: vec![password(20), code_of(&mail(), 5)],
        person: hana_with(vec![mail()]),
        ..at_second_step()
    };
    assert_eq!(level(&shown), Some((Assurance::OneFactor, vec!["pwd"])));
    assert_eq!(decide(&policy(), &two(shown)).reason, Reason::LevelNotReachable);
}
