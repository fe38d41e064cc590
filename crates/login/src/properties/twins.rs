//! Enumeration twins: whoever has shown nothing cannot tell accounts apart, nor from names that nobody bears.

use proptest::prelude::*;
use proptest::sample::select;

use super::arbitrary::{demand, facts, known, policies, submission};
use super::cases;
use crate::samples::{HANA, KENJI, NOW};
use crate::{
    Decision, Facts, IdentifierFacts, KnownPerson, PersonFacts, Reason, SessionFacts, Submission,
    Tier, Verdict, decide,
};
use sekimori_directory::PersonState;

/// What somebody may send without knowing a password, and what checking it gives.
fn guesses() -> impl Strategy<Value = (Option<Submission>, Option<Verdict>)> {
    let checked = select(vec![Verdict::PasswordMismatch, Verdict::Busy])
        .prop_map(|verdict| (Some(Submission::Password), Some(verdict)));
    prop_oneof![
        1 => Just((None, None)),
        3 => submission().prop_map(|sent| (Some(sent), None)),
        3 => checked,
    ]
}

/// The same request, once naming an account and once a name that nobody bears. The browser may have somebody
/// else's session and proofs.
fn twins() -> impl Strategy<Value = (Facts, Facts)> {
    (facts(), known(), demand(), guesses()).prop_map(|(facts, known, demand, guess)| {
        let (submitted, verdict) = guess;
        let named = |username: Option<&str>, person| Facts {
            identifier: IdentifierFacts::Typed {
                username: username.map(str::to_owned),
                hints: Vec::new(),
            },
            person,
            demand: demand.clone(),
            session: facts.session.clone().map(|session| SessionFacts { person: KENJI, ..session }),
            proofs: facts.proofs.iter().filter(|proof| proof.person != HANA).cloned().collect(),
            submitted,
            verdict,
            ..facts.clone()
        };
        let hana = PersonFacts::Known(Box::new(KnownPerson { id: HANA, ..known }));
        (named(Some("hana"), hana), named(None, PersonFacts::Unknown))
    })
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_name_that_nobody_bears_is_answered_like_any_account(
        policy in policies(),
        (account, nobody) in twins(),
    ) {
        prop_assert_eq!(decide(&policy, &account), decide(&policy, &nobody));
    }

    #[test]
    fn a_held_account_answers_the_right_password_like_a_wrong_one(
        policy in policies(),
        (account, nobody) in twins(),
        rehash in any::<bool>(),
    ) {
        let right = if rehash { Verdict::PasswordMatchRehash } else { Verdict::PasswordMatch };
        let sent = |verdict, facts: Facts| Facts {
            submitted: Some(Submission::Password),
            verdict: Some(verdict),
            ..facts
        };
        let PersonFacts::Known(known) = account.person.clone() else { unreachable!() };
        let held = KnownPerson { state: PersonState::Held { since: NOW }, ..*known };
        let held = Facts { person: PersonFacts::Known(Box::new(held)), ..account };
        let wrong = decide(&policy, &sent(Verdict::PasswordMismatch, nobody));
        let found = decide(&policy, &sent(right, held));
        for tier in [Tier::Public, Tier::Verified, Tier::Owner] {
            prop_assert_eq!(found.reason.shown_to(tier), wrong.reason.shown_to(tier));
        }
        let told = found.reason;
        prop_assert_eq!(Decision { reason: wrong.reason, ..found }, wrong.clone());
        prop_assert!(told == wrong.reason || told == Reason::AccountHeld);
    }
}
