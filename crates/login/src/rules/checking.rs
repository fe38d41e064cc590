//! What was submitted and not yet checked is checked: a password once, a code against usable factors only.

use sekimori_directory::Method;

use super::verdicts::again;
use super::{Outcome, Weighed, freshness, opening_proof, second_factor};
use crate::submitted::Submission;
use crate::{Check, Details, Holder, Next, Reason, Usability};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.facts.verdict.is_some() {
        return None;
    }
    match weighed.facts.submitted? {
        Submission::Empty => empty(weighed),
        Submission::Overlong => Some(again(weighed, Reason::PasswordTooLong)),
        Submission::Password => Some(check(Check::Password)),
        Submission::Passkey => passkey(weighed),
        Submission::Certificate if weighed.awaits_code() => Some(certificate(weighed)),
        Submission::Code(method) if weighed.awaits_code() => Some(code(weighed, method)),
        Submission::Code(_)
        | Submission::Certificate
        | Submission::Username
        | Submission::Choose(_)
        | Submission::SendCode => None,
    }
}

/// A field left empty counts nothing and skips nothing: the question that is due is asked again.
fn empty(weighed: &Weighed<'_>) -> Option<Outcome> {
    let questions = [freshness::rule, opening_proof::rule, second_factor::rule];
    match questions.iter().find_map(|rule| rule(weighed))?.next {
        Next::Ask(step) => Some(Outcome::ask(step, Reason::InputEmpty)),
        Next::Check(_) | Next::Admit(_) | Next::Refuse => None,
    }
}

/// A passkey opens, and then it must have verified its holder, or it is the one more proof. Where neither is waited
/// for it is not looked at. Nobody is told whether the account it names exists or has one.
fn passkey(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.opening().is_none() {
        return Some(check(Check::Passkey { factors: Vec::new(), holder: Holder::Verified }));
    }
    let second = weighed.awaits_code();
    second.then(|| match weighed.usability(Method::Passkey) {
        Usability::Usable => {
            let factors = weighed.counting(Method::Passkey);
            check(Check::Passkey { factors, holder: Holder::Present })
        }
        Usability::NotRegistered
        | Usability::Unfinished
        | Usability::UsedUp
        | Usability::Suspended
        | Usability::SwitchedOff
        | Usability::NotAllowedHere
        | Usability::MethodTooWeak
        | Usability::BindingTooWeak => {
            second_factor::again(weighed, Method::Passkey, Reason::FactorUnusable)
        }
    })
}

fn code(weighed: &Weighed<'_>, method: Method) -> Outcome {
    match weighed.usability(method) {
        Usability::Usable => check(Check::Code { method, factors: weighed.counting(method) }),
        Usability::NotRegistered
        | Usability::Unfinished
        | Usability::UsedUp
        | Usability::Suspended
        | Usability::SwitchedOff
        | Usability::NotAllowedHere
        | Usability::MethodTooWeak
        | Usability::BindingTooWeak => {
            second_factor::again(weighed, method, Reason::FactorUnusable)
        }
    }
}

fn certificate(weighed: &Weighed<'_>) -> Outcome {
    let method = Method::Certificate;
    match weighed.usability(method) {
        Usability::Usable => check(Check::Certificate { factors: weighed.counting(method) }),
        Usability::NotRegistered
        | Usability::Unfinished
        | Usability::UsedUp
        | Usability::Suspended
        | Usability::SwitchedOff
        | Usability::NotAllowedHere
        | Usability::MethodTooWeak
        | Usability::BindingTooWeak => {
            second_factor::again(weighed, method, Reason::FactorUnusable)
        }
    }
}

fn check(check: Check) -> Outcome {
    Outcome {
        next: Next::Check(check),
        reason: Reason::Checking,
        details: Details::default(),
        effects: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use sekimori_base::FactorId;
    use sekimori_directory::Binding;

    use super::*;
    use crate::rules::tables::{passes, says, step};
    use crate::samples::{
        APP, CODES, app, at_second_step, calm, codes, hana_with, nobody, password, policy,
        policy_with, proven, sent, session, signed_in,
    };
    use crate::{
        Assurance, AssuranceDemand, Demand, FactorFacts, FactorState, Facts, PersonFacts, Step,
        decide,
    };

    fn checks(facts: &Facts) -> Option<Check> {
        match decide(&policy(), facts).next {
            Next::Check(check) => Some(check),
            Next::Ask(_) | Next::Admit(_) | Next::Refuse => None,
        }
    }

    #[test]
    fn a_password_is_checked_for_every_name_and_for_a_stale_session() {
        for (case, facts) in [
            ("an account", calm()),
            ("no such account", Facts { person: PersonFacts::Unknown, ..calm() }),
            (
                "a session that is too old",
                Facts {
                    demand: Demand { freshness: crate::Freshness::Now, ..nobody().demand },
                    ..signed_in()
                },
            ),
            ("once more, in another tab", proven()),
        ] {
            let decision = decide(&policy(), &sent(Submission::Password, facts));
            assert_eq!(decision.next, Next::Check(Check::Password), "{case}");
            assert_eq!((decision.reason, decision.rule), (Reason::Checking, "checking"), "{case}");
            assert!(decision.effects.is_empty(), "nothing is known yet: {case}");
        }
    }

    #[test]
    fn a_code_is_checked_against_the_factors_that_bring_the_person_on() {
        let other = FactorFacts { id: FactorId::from_bytes([9; 16]), ..app() };
        let weak = FactorFacts { binding: Binding::InsideWithPassword, ..other.clone() };
        let suspended = FactorFacts { state: FactorState::Suspended, ..other.clone() };
        let asked = |factors| Facts { person: hana_with(factors), ..at_second_step() };
        let two = |facts: Facts| Facts {
            demand: Demand {
                assurance: AssuranceDemand::AtLeast(Assurance::TwoFactors),
                ..facts.demand.clone()
            },
            ..facts
        };
        for (case, facts, factors) in [
            ("one", asked(vec![app(), codes()]), vec![APP]),
            ("both of a kind", asked(vec![app(), other]), vec![APP, FactorId::from_bytes([9; 16])]),
            ("not a suspended one", asked(vec![suspended, app()]), vec![APP]),
            ("for the site a weak one too", asked(vec![weak.clone()]), vec![weak.id]),
            ("for a level the strong one", two(asked(vec![weak, app()])), vec![APP]),
        ] {
            let expected = Check::Code { method: Method::Totp, factors };
            let facts = sent(Submission::Code(Method::Totp), facts);
            assert_eq!(checks(&facts), Some(expected), "{case}");
        }
        let recovery = sent(Submission::Code(Method::RecoveryCode), at_second_step());
        let expected = Check::Code { method: Method::RecoveryCode, factors: vec![CODES] };
        assert_eq!(checks(&recovery), Some(expected));
    }

    #[test]
    fn a_code_that_could_not_help_is_neither_guessed_nor_spent() {
        let used_up = FactorFacts { codes_left: Some(0), ..codes() };
        let asked = |factors| Facts { person: hana_with(factors), ..at_second_step() };
        let recovery = Submission::Code(Method::RecoveryCode);
        says(
            "checking",
            &policy(),
            [
                ("not registered", sent(recovery, asked(vec![app()])), Reason::FactorUnusable),
                (
                    "used up",
                    sent(recovery, asked(vec![app(), used_up.clone()])),
                    Reason::FactorUnusable,
                ),
                ("the last way gone", sent(recovery, asked(vec![used_up])), Reason::FactorNoneLeft),
            ],
        );
        let app_only = policy_with(sekimori_directory::settings::Requirement::TwoFactors, |row| {
            row.methods = [Method::Totp].into();
        });
        let decision = decide(&app_only, &sent(recovery, at_second_step()));
        assert_eq!(decision.reason, Reason::FactorUnusable, "the row does not take it");
        assert!(matches!(step(&decision), Some(Step::SecondFactor { method: Method::Totp, .. })));
        passes(
            "checking",
            &policy(),
            [
                (
                    "nobody waits for it",
                    sent(recovery, Facts { person: hana_with(vec![codes()]), ..proven() }),
                ),
                ("the session is enough", sent(recovery, signed_in())),
            ],
        );
    }

    #[test]
    fn an_empty_field_counts_nothing_and_skips_nothing() {
        let old = Facts { session: Some(session(vec![password(60)])), ..signed_in() };
        let fresh = Demand { freshness: crate::Freshness::Now, ..nobody().demand };
        for (case, facts, expected) in [
            ("no name", nobody(), Some("username")),
            ("no password", calm(), Some("password")),
            ("no code", at_second_step(), Some("second_factor")),
            ("a fresh password is asked", Facts { demand: fresh, ..old }, Some("password")),
            ("nothing was asked", proven(), None),
        ] {
            let decision = decide(&policy(), &sent(Submission::Empty, facts));
            let shown = step(&decision).map(|step| match step {
                Step::Username => "username",
                Step::Password => "password",
                Step::SecondFactor { .. } => "second_factor",
            });
            assert_eq!(shown, expected, "{case}");
            if expected.is_some() {
                assert_eq!(decision.reason, Reason::InputEmpty, "{case}");
                assert!(decision.effects.is_empty(), "{case}");
            } else {
                assert!(matches!(decision.next, Next::Admit(_)), "{case}");
            }
        }
    }

    #[test]
    fn a_password_that_is_too_long_is_not_looked_at() {
        says(
            "checking",
            &policy(),
            [("too long", sent(Submission::Overlong, calm()), Reason::PasswordTooLong)],
        );
    }
}
