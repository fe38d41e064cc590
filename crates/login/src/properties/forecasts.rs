//! A forecast is what a real sign-in comes to, request by request: how it ends, why, and with which factors.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sekimori_base::FactorId;
use sekimori_directory::{Method, Position};

use super::arbitrary::{demand, facts, known, policies, position};
use super::world::{Luck, World};
use crate::replay::{Forecast, Rehearsal, forecast, rehearse};
use crate::samples::{HANA, calm};
use crate::{
    AssuranceDemand, Check, Decision, Demand, FactorState, Facts, Freshness, Interaction,
    KnownPerson, Next, PersonFacts, Policy, Reason, Step, Submission, Usability, decide,
};

/// What a sign-in was seen to come to.
struct Seen {
    forecast: Forecast,
    reason: Reason,
    /// The factors that the server would have checked, where one more proof was asked for.
    checked: Option<BTreeSet<FactorId>>,
}

/// Hana at `position` signs in: her name, her password, whatever is asked then, everything right.
fn sign_in(policy: &Policy, person: &KnownPerson, demand: &Demand, position: &Position) -> Seen {
    let mut world = World::new(policy.clone());
    *world.person(HANA) = person.clone();
    world.request(demand.clone());
    world.position = position.clone();
    world.tab.typed = Some(HANA);
    let after_password = world.send(Some(Submission::Password), Luck::Right);
    if matches!(after_password.next, Next::Admit(_)) {
        let (forecast, reason) = (Forecast::Admitted, after_password.reason);
        return Seen { forecast, reason, checked: None };
    }
    let asked = matches!(after_password.next, Next::Ask(Step::SecondFactor { .. }));
    let checked = asked.then(|| checked(&world));
    let mut decision = after_password.clone();
    for _ in 0..3 {
        let sent = match &decision.next {
            Next::Ask(Step::SecondFactor { method, .. }) => Submission::of(*method),
            Next::Ask(Step::Password) => Submission::Password,
            Next::Ask(Step::Username) => Submission::Username,
            Next::Admit(_) | Next::Refuse | Next::Check(_) => break,
        };
        decision = world.send(Some(sent), Luck::Right);
    }
    match decision.next {
        Next::Admit(_) => {
            Seen { forecast: Forecast::AskedAble, reason: after_password.reason, checked }
        }
        Next::Refuse | Next::Ask(_) | Next::Check(_) => {
            Seen { forecast: refused(&decision, demand), reason: decision.reason, checked }
        }
    }
}

/// Which factors the server checks an answer against, whatever method is chosen.
fn checked(world: &World) -> BTreeSet<FactorId> {
    let methods = Method::ALL.into_iter().filter(|method| method.seconds());
    let checks = methods.map(|method| {
        let facts = world.facts(Some(Submission::of(method)));
        match decide(&world.policy, &facts).next {
            Next::Check(
                Check::Code { factors, .. }
                | Check::Certificate { factors }
                | Check::Passkey { factors, .. },
            ) => factors,
            Next::Check(Check::Password) | Next::Ask(_) | Next::Admit(_) | Next::Refuse => {
                Vec::new()
            }
        }
    });
    checks.flatten().collect()
}

fn refused(decision: &Decision, demand: &Demand) -> Forecast {
    let one_shot = matches!(decision.details.unasked, Some(Step::SecondFactor { .. }));
    let without = matches!(
        decision.reason,
        Reason::FactorNone
            | Reason::FactorNoneLeft
            | Reason::FactorUnfinished
            | Reason::FactorSuspended
            | Reason::FactorSwitchedOff
            | Reason::FactorNotAllowed
            | Reason::LevelNotReachable
    ) && demand.assurance != AssuranceDemand::Unreachable;
    if one_shot || without { Forecast::AskedUnable } else { Forecast::Refused }
}

/// Hana, with these factors: an id is that of one factor.
fn hana_like(known: KnownPerson) -> KnownPerson {
    let mut seen = BTreeSet::new();
    let mut known = KnownPerson { id: HANA, ..known };
    known.factors.retain(|factor| seen.insert(factor.id));
    known
}

fn is_as_seen(there: &Rehearsal, seen: &Seen, known: &KnownPerson) -> TestCaseResult {
    prop_assert_eq!((there.forecast, there.reason), (seen.forecast, seen.reason));
    let usable = there.factors.iter().filter(|(_, usability)| *usability == Usability::Usable);
    let usable: BTreeSet<_> = usable.map(|(id, _)| *id).collect();
    if let Some(checked) = &seen.checked {
        prop_assert_eq!(&usable, checked);
    }
    for choice in &there.choices {
        let own = known.factors.iter().filter(|factor| factor.method == choice.method);
        let elsewhere = own.clone().any(|factor| factor.state == FactorState::Elsewhere);
        let any = own.map(|factor| factor.id).any(|id| usable.contains(&id));
        let chosen = choice.usability == Usability::Usable;
        prop_assert!(any == chosen || (elsewhere && chosen), "{:?}", choice);
    }
    Ok(())
}

fn as_sent(demand: &Demand) -> Demand {
    let interaction = match demand.interaction {
        Interaction::Silent | Interaction::Allowed => Interaction::Allowed,
        Interaction::Impossible => Interaction::Impossible,
    };
    Demand { subject: None, freshness: Freshness::Any, interaction, ..demand.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_forecast_is_what_a_sign_in_comes_to(
        policy in policies(),
        known in known(),
        demand in demand(),
        (then, there) in (position(), position()),
    ) {
        let known = hana_like(known);
        let seen = sign_in(&policy, &known, &as_sent(&demand), &there);
        let recorded = Facts {
            person: PersonFacts::Known(Box::new(known.clone())),
            position: then,
            demand,
            ..calm()
        };
        let forecast = forecast(&policy, &recorded, there.clone());
        let rehearsal = rehearse(&policy, &recorded, there).expect("somebody is named");
        prop_assert_eq!(forecast, rehearsal.forecast);
        is_as_seen(&rehearsal, &seen, &known)?;
    }

    /// Whoever signs in here as if from there is asked what is asked there, and what is asked here.
    #[test]
    fn a_sign_in_as_if_from_elsewhere_asks_what_is_asked_there(
        policy in policies(),
        known in known(),
        (here, there) in (position(), position()),
    ) {
        let known = hana_like(known);
        let plain = Demand::plain(calm().demand.audience);
        let rehearsed = Demand { as_from: Some(Box::new(there.clone())), ..plain.clone() };
        let seen = sign_in(&policy, &known, &plain, &there);
        if sign_in(&policy, &known, &plain, &here).forecast == Forecast::Admitted {
            let real = sign_in(&policy, &known, &rehearsed, &here);
            prop_assert_eq!((real.forecast, real.reason), (seen.forecast, seen.reason));
            prop_assert_eq!(real.checked, seen.checked);
        }
    }

    /// It lets nobody in who would not be let in here, or there.
    #[test]
    fn a_rehearsal_is_never_an_excuse(
        policy in policies(),
        facts in facts(),
        there in position(),
    ) {
        let admitted = |facts: &Facts| matches!(decide(&policy, facts).next, Next::Admit(_));
        let plain = Demand { assurance: AssuranceDemand::Any, as_from: None, ..facts.demand.clone() };
        let here = Facts { demand: plain.clone(), ..facts.clone() };
        let elsewhere = Facts { position: there.clone(), ..here.clone() };
        let rehearsed = Demand { as_from: Some(Box::new(there)), ..plain };
        let rehearsed = Facts { demand: rehearsed, ..facts };
        // What is checked now is checked in all three; what was proven counts in each.
        if admitted(&rehearsed) {
            prop_assert!(admitted(&here) && admitted(&elsewhere));
        }
    }
}
