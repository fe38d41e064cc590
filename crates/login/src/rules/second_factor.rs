//! One more proof: where the policy's row asks for it, or the service does, inside as well (C2, S37).

use sekimori_directory::Method;
use sekimori_directory::settings::Requirement;

use super::{Outcome, Weighed};
use crate::submitted::Submission;
use crate::{AssuranceDemand, Details, Reason, Step, Usability};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.facts.demand.assurance == AssuranceDemand::Unreachable {
        return Some(refuse(weighed, Reason::LevelNotReachable));
    }
    if !weighed.second_missing() {
        return None;
    }
    if let Some(Submission::Choose(method)) = weighed.facts.submitted
        && weighed.usability(method) != Usability::Usable
    {
        return Some(again(weighed, method, Reason::FactorUnusable));
    }
    let in_this_attempt = weighed.attempt_proofs().any(crate::Proof::opens);
    let reason = if in_this_attempt { Reason::AskSecondFactor } else { Reason::AskStepUp };
    Some(match step(weighed, wish(weighed)) {
        Some(step) => Outcome::ask(step, reason).with(weighed.row_details()),
        None => refuse(weighed, why_none(weighed)),
    })
}

/// The method that the person chose, now or before.
fn wish(weighed: &Weighed<'_>) -> Option<Method> {
    match weighed.facts.submitted {
        Some(Submission::Choose(method)) => Some(method),
        _ => weighed.facts.attempt.as_ref().and_then(|attempt| attempt.chosen),
    }
}

/// The step of `method` once more, with the reason above it; another method's if it cannot be used.
pub(super) fn again(weighed: &Weighed<'_>, method: Method, reason: Reason) -> Outcome {
    match step(weighed, Some(method)) {
        Some(step) => Outcome::ask(step, reason),
        None => refuse(weighed, why_none(weighed)),
    }
}

/// The step that shows `wanted` if it can be used, else the recommended one; `None` if none can.
fn step(weighed: &Weighed<'_>, wanted: Option<Method>) -> Option<Step> {
    let choices = weighed.choices();
    let usable = |method: Method| {
        choices
            .iter()
            .any(|choice| choice.method == method && choice.usability == Usability::Usable)
    };
    let own = |method: Method| {
        weighed.person().is_some_and(|person| person.usable(method).next().is_some())
    };
    let method = wanted
        .filter(|method| usable(*method))
        .or_else(|| preferred(weighed).find(|method| usable(*method)))
        // What the account has goes before what it may have.
        .or_else(|| Method::ALL.into_iter().find(|method| usable(*method) && own(*method)))
        .or_else(|| Method::ALL.into_iter().find(|method| usable(*method)))?;
    Some(Step::SecondFactor { method, choices })
}

/// The methods that go before what is best: what the person wants first, and what was shown last in this browser.
fn preferred(weighed: &Weighed<'_>) -> impl Iterator<Item = Method> {
    let own = weighed.person().and_then(|person| person.preferences.first());
    own.into_iter().chain(weighed.facts.browser.last_method)
}

fn refuse(weighed: &Weighed<'_>, reason: Reason) -> Outcome {
    let details = Details { choices: weighed.choices(), ..weighed.row_details() };
    Outcome::refuse(reason).with(details)
}

/// Nothing of the account's own can be used.
pub(super) fn none(weighed: &Weighed<'_>) -> Outcome {
    refuse(weighed, why_none(weighed))
}

/// Why no method can be used: the nearest to usable speaks.
fn why_none(weighed: &Weighed<'_>) -> Reason {
    let choices = weighed.choices();
    let any = |usability| choices.iter().any(|choice| choice.usability == usability);
    let ever = weighed.person().is_some_and(|person| person.ever_had_factor);
    if any(Usability::BindingTooWeak) || any(Usability::MethodTooWeak) {
        Reason::LevelNotReachable
    } else if any(Usability::NotAllowedHere) {
        Reason::FactorNotAllowed
    } else if any(Usability::SwitchedOff) {
        Reason::FactorSwitchedOff
    } else if any(Usability::Suspended) {
        Reason::FactorSuspended
    } else if ever || any(Usability::UsedUp) {
        Reason::FactorNoneLeft
    } else if any(Usability::Unfinished) {
        Reason::FactorUnfinished
    } else if weighed.row_requiring(Requirement::TwoFactors).is_some() {
        Reason::FactorNone
    } else {
        Reason::LevelNotReachable
    }
}

#[cfg(test)]
mod tests {
    use sekimori_base::FactorId;
    use sekimori_directory::Binding;

    use super::*;
    use crate::rules::tables::{passes, says, step};
    use crate::samples::{
        KENJI, app, at_second_step, attempt, campus, code_of, codes, hana, hana_with, home,
        password, policy, policy_with, proven, sent, session, signed_in,
    };
    use crate::{
        Assurance, AttemptFacts, Choice, Demand, FactorFacts, FactorState, Facts, Interaction,
        KnownPerson, Next, PersonFacts, Policy, Proof, decide,
    };

    fn with(factors: Vec<FactorFacts>) -> Facts {
        Facts { person: hana_with(factors), ..at_second_step() }
    }

    fn wants(assurance: AssuranceDemand, facts: Facts) -> Facts {
        Facts { demand: Demand { assurance, ..facts.demand.clone() }, ..facts }
    }

    fn weak(factor: &FactorFacts) -> FactorFacts {
        FactorFacts { binding: Binding::InsideWithPassword, ..*factor }
    }

    fn is(state: FactorState, factor: &FactorFacts) -> FactorFacts {
        FactorFacts { state, ..*factor }
    }

    fn used_up() -> FactorFacts {
        FactorFacts { codes_left: Some(0), ..codes() }
    }

    fn app_only(policy_for: Requirement) -> Policy {
        policy_with(policy_for, |row| row.methods = [Method::Totp].into())
    }

    fn shown(policy: &Policy, facts: &Facts) -> Option<(Method, Vec<Choice>)> {
        match step(&decide(policy, facts))? {
            Step::SecondFactor { method, choices } => Some((*method, choices.clone())),
            Step::Username | Step::Password => None,
        }
    }

    #[test]
    fn outside_one_more_proof_is_asked_of_whoever_has_one() {
        let step_up = Facts { position: home(), person: hana_with(vec![app()]), ..signed_in() };
        says(
            "second_factor",
            &policy(),
            [
                ("password just now", with(vec![app()]), Reason::AskSecondFactor),
                ("a session opened on campus", step_up, Reason::AskStepUp),
                ("codes alone", with(vec![codes()]), Reason::AskSecondFactor),
                ("a weak app, for the site", with(vec![weak(&app())]), Reason::AskSecondFactor),
            ],
        );
        let decision = decide(&policy(), &with(vec![app()]));
        assert_eq!(decision.details.policy_row.as_deref(), Some("outside"));
        let both = vec![password(20), code_of(&app(), 5)];
        passes(
            "second_factor",
            &policy(),
            [
                ("on campus", Facts { position: campus(), ..with(vec![app()]) }),
                ("both shown", Facts { proofs: both, ..with(vec![app()]) }),
            ],
        );
    }

    #[test]
    fn a_break_glass_code_is_taken_by_every_row_and_asked_for_by_none() {
        let glass = || FactorFacts { binding: Binding::BreakGlass, codes_left: Some(1), ..codes() };
        let strict = app_only(Requirement::TwoFactors);
        let asked = decide(&strict, &with(vec![glass()]));
        assert_eq!(asked.reason, Reason::AskSecondFactor);
        let sheet = decide(&strict, &with(vec![codes()]));
        assert_eq!(sheet.reason, Reason::FactorNotAllowed, "a sheet of codes is not");
        let both = vec![password(20), code_of(&glass(), 5)];
        passes(
            "second_factor",
            &strict,
            [("shown", Facts { proofs: both, ..with(vec![glass()]) })],
        );
        let highest = wants(AssuranceDemand::Highest, with(vec![glass()]));
        passes(
            "second_factor",
            &policy(),
            [("the most they have, on campus", Facts { position: campus(), ..highest })],
        );
    }

    #[test]
    fn whoever_has_none_is_told_why() {
        let once = |factors| Facts {
            person: PersonFacts::Known(Box::new(KnownPerson {
                factors,
                ever_had_factor: true,
                ..hana()
            })),
            ..at_second_step()
        };
        let never = |factors| Facts {
            person: PersonFacts::Known(Box::new(KnownPerson { factors, ..hana() })),
            ..at_second_step()
        };
        let (unfinished, suspended) = (FactorState::Unfinished, FactorState::Suspended);
        says(
            "second_factor",
            &policy(),
            [
                ("never had one", never(vec![]), Reason::FactorNone),
                ("had one", once(vec![]), Reason::FactorNoneLeft),
                (
                    "begun, not finished",
                    never(vec![is(unfinished, &app())]),
                    Reason::FactorUnfinished,
                ),
                (
                    "had one, began another",
                    once(vec![is(unfinished, &app())]),
                    Reason::FactorNoneLeft,
                ),
                ("suspended", once(vec![is(suspended, &app())]), Reason::FactorSuspended),
                (
                    "one suspended, one switched off",
                    once(vec![is(suspended, &codes()), is(FactorState::SwitchedOff, &app())]),
                    Reason::FactorSwitchedOff,
                ),
                (
                    "suspended and unfinished",
                    once(vec![is(unfinished, &app()), is(suspended, &app())]),
                    Reason::FactorSuspended,
                ),
                ("codes used up", once(vec![used_up()]), Reason::FactorNoneLeft),
                ("used up, and never had one", never(vec![used_up()]), Reason::FactorNoneLeft),
            ],
        );
        says(
            "second_factor",
            &app_only(Requirement::TwoFactors),
            [("not taken here", with(vec![codes()]), Reason::FactorNotAllowed)],
        );
        let decision = decide(&policy(), &once(vec![used_up()]));
        assert_eq!(decision.next, Next::Refuse);
        assert_eq!(decision.details.choices.len(), 5, "the others shown, and why not");
    }

    #[test]
    fn each_method_says_whether_it_can_be_used_and_why_not() {
        use Usability::{
            BindingTooWeak, NotAllowedHere, NotRegistered, Suspended, Unfinished, UsedUp,
        };
        let other = FactorFacts { id: FactorId::from_bytes([9; 16]), ..codes() };
        let two = AssuranceDemand::AtLeast(Assurance::TwoFactors);
        let plain = AssuranceDemand::Any;
        let site = policy();
        let row = app_only(Requirement::TwoFactors);
        for (policy, demand, recovery, expected) in [
            (&site, plain, vec![], NotRegistered),
            (&site, plain, vec![is(FactorState::Unfinished, &codes())], Unfinished),
            (&site, plain, vec![is(FactorState::Suspended, &codes())], Suspended),
            (&site, plain, vec![used_up()], UsedUp),
            (&site, plain, vec![used_up(), other.clone()], Usability::Usable),
            (&site, plain, vec![weak(&codes())], Usability::Usable),
            (&site, two, vec![weak(&codes())], BindingTooWeak),
            (&site, two, vec![weak(&codes()), other], Usability::Usable),
            (&row, plain, vec![codes()], NotAllowedHere),
        ] {
            let mut factors = recovery.clone();
            factors.push(app());
            let (method, choices) = shown(policy, &wants(demand, with(factors))).unwrap();
            assert_eq!(method, Method::Totp, "the app is recommended: {recovery:?}");
            let found = choices.iter().find(|choice| choice.method == Method::RecoveryCode);
            assert_eq!(found.unwrap().usability, expected, "{recovery:?}");
        }
    }

    #[test]
    fn the_recommended_method_is_the_first_that_can_be_used() {
        let suspended = is(FactorState::Suspended, &app());
        let chose = |method, facts: Facts| Facts {
            attempt: Some(AttemptFacts { chosen: Some(method), ..attempt(20) }),
            ..facts
        };
        for (case, facts, expected) in [
            ("the app", with(vec![codes(), app()]), Method::Totp),
            (
                "codes when the app cannot be used",
                with(vec![suspended.clone(), codes()]),
                Method::RecoveryCode,
            ),
            (
                "what was chosen before",
                chose(Method::RecoveryCode, with(vec![app(), codes()])),
                Method::RecoveryCode,
            ),
            (
                "not if it cannot be used any more",
                chose(Method::Totp, with(vec![suspended, codes()])),
                Method::RecoveryCode,
            ),
            (
                "what is chosen now",
                sent(Submission::Choose(Method::RecoveryCode), with(vec![app(), codes()])),
                Method::RecoveryCode,
            ),
            (
                "what is chosen now, not before",
                sent(
                    Submission::Choose(Method::Totp),
                    chose(Method::RecoveryCode, with(vec![app(), codes()])),
                ),
                Method::Totp,
            ),
        ] {
            assert_eq!(
                shown(&policy(), &facts).map(|(method, _)| method),
                Some(expected),
                "{case}"
            );
        }
    }

    #[test]
    fn choosing_what_cannot_be_used_shows_another_and_says_so() {
        let chosen = |method| sent(Submission::Choose(method), with(vec![app()]));
        for method in [Method::RecoveryCode, Method::Password] {
            let decision = decide(&policy(), &chosen(method));
            assert_eq!(decision.reason, Reason::FactorUnusable, "{method:?}");
            let (shown, _) = shown(&policy(), &chosen(method)).unwrap();
            assert_eq!(shown, Method::Totp, "{method:?}");
        }
        let none = sent(Submission::Choose(Method::Totp), with(vec![]));
        says("second_factor", &policy(), [("none at all", none, Reason::FactorNone)]);
    }

    #[test]
    fn a_service_that_asks_two_factors_gets_them_on_campus_too_or_an_error() {
        let two = AssuranceDemand::AtLeast(Assurance::TwoFactors);
        let campus = |factors| wants(two, Facts { position: campus(), ..with(factors) });
        let shown_weak = Facts {
            proofs: vec![password(20), code_of(&weak(&app()), 5)],
            ..campus(vec![weak(&app())])
        };
        let both_ways = Facts {
            proofs: vec![password(20), code_of(&weak(&app()), 5)],
            ..campus(vec![weak(&app()), codes()])
        };
        says(
            "second_factor",
            &policy(),
            [
                ("asked", campus(vec![app()]), Reason::AskSecondFactor),
                ("the strong one after the weak", both_ways, Reason::AskSecondFactor),
                ("no factor", campus(vec![]), Reason::LevelNotReachable),
                ("a weak factor", campus(vec![weak(&app())]), Reason::LevelNotReachable),
                ("a weak factor, shown", shown_weak, Reason::LevelNotReachable),
                (
                    "a level that does not exist",
                    wants(AssuranceDemand::Unreachable, proven()),
                    Reason::LevelNotReachable,
                ),
            ],
        );
        let one = AssuranceDemand::AtLeast(Assurance::OneFactor);
        passes("second_factor", &policy(), [("one is asked", wants(one, proven()))]);
    }

    #[test]
    fn the_highest_is_what_the_account_can_reach_here() {
        let highest = |factors, proofs| {
            wants(
                AssuranceDemand::Highest,
                Facts { position: campus(), person: hana_with(factors), proofs, ..proven() },
            )
        };
        let alone = || vec![password(20)];
        let (weak_shown, strong_shown) = (
            vec![password(20), code_of(&weak(&app()), 5)],
            vec![password(20), code_of(&codes(), 5)],
        );
        says(
            "second_factor",
            &policy(),
            [
                ("the app", highest(vec![app()], alone()), Reason::AskSecondFactor),
                ("a weak app", highest(vec![weak(&app())], alone()), Reason::AskSecondFactor),
                (
                    "the strong one",
                    highest(vec![weak(&app()), codes()], weak_shown.clone()),
                    Reason::AskSecondFactor,
                ),
            ],
        );
        passes(
            "second_factor",
            &policy(),
            [
                ("no factor", highest(vec![], alone())),
                ("a suspended one", highest(vec![is(FactorState::Suspended, &app())], alone())),
                ("a weak one, shown", highest(vec![weak(&app())], weak_shown)),
                ("a strong one, shown", highest(vec![app(), codes()], strong_shown)),
            ],
        );
        passes(
            "second_factor",
            &app_only(Requirement::OneFactor),
            [("one that the row does not take", highest(vec![codes()], alone()))],
        );
    }

    #[test]
    fn for_a_sensitive_change_a_factor_shown_long_ago_is_asked_again() {
        let sudo = |code_seconds_ago| {
            let proofs = vec![password(60), code_of(&app(), code_seconds_ago)];
            let facts = Facts {
                person: hana_with(vec![app()]),
                session: Some(session(proofs)),
                ..signed_in()
            };
            let demand = Demand {
                assurance: AssuranceDemand::Highest,
                freshness: crate::Freshness::WithinSeconds(900),
                ..facts.demand.clone()
            };
            Facts { demand, ..facts }
        };
        says("second_factor", &policy(), [("an hour ago", sudo(3600), Reason::AskStepUp)]);
        passes("second_factor", &policy(), [("just now", sudo(60))]);
    }

    #[test]
    fn a_level_that_cannot_be_reached_is_said_silently_too_a_step_up_is_not() {
        let two = AssuranceDemand::AtLeast(Assurance::TwoFactors);
        let silently = |factors| {
            let facts = wants(two, Facts { person: hana_with(factors), ..signed_in() });
            let demand = Demand { interaction: Interaction::Silent, ..facts.demand.clone() };
            decide(&policy(), &Facts { demand, ..facts })
        };
        assert_eq!(silently(vec![weak(&app())]).reason, Reason::LevelNotReachable);
        assert_eq!(silently(vec![app()]).reason, Reason::InteractionRequired);
        assert_eq!(silently(vec![app()]).next, Next::Refuse);
    }

    #[test]
    fn a_code_shown_by_somebody_else_or_of_a_factor_that_is_gone_is_no_second_factor() {
        let with_proof = |proof| Facts { proofs: vec![password(20), proof], ..with(vec![app()]) };
        let mine = code_of(&app(), 5);
        says(
            "second_factor",
            &policy(),
            [
                (
                    "somebody else's",
                    with_proof(Proof { person: KENJI, ..mine.clone() }),
                    Reason::AskSecondFactor,
                ),
                ("an unknown factor's", with_proof(code_of(&codes(), 5)), Reason::AskSecondFactor),
                (
                    "of no factor",
                    with_proof(Proof { factor: None, ..mine.clone() }),
                    Reason::AskSecondFactor,
                ),
                (
                    "of another kind",
                    with_proof(Proof { method: Method::RecoveryCode, ..mine }),
                    Reason::AskSecondFactor,
                ),
                ("the password again", with_proof(password(5)), Reason::AskSecondFactor),
            ],
        );
    }
}
