//! A forecast is what a real sign-in comes to, request by request.

use proptest::prelude::*;

use super::arbitrary::{demand, known, policies};
use super::cases;
use super::world::{Luck, World};
use crate::replay::{Forecast, forecast};
use crate::samples::{HANA, calm, campus, home};
use crate::{
    AssuranceDemand, Decision, Demand, Facts, Freshness, Interaction, KnownPerson, Next,
    PersonFacts, Policy, Reason, Step, Submission,
};
use sekimori_directory::Position;

/// Hana signs in: her name, her password, whatever is asked then, everything right.
fn sign_in(policy: &Policy, person: &KnownPerson, demand: &Demand, inside: bool) -> Forecast {
    let mut world = World::new(policy.clone());
    *world.person(HANA) = person.clone();
    world.request(demand.clone());
    world.go(inside);
    world.tab.typed = Some(HANA);
    let mut decision = world.send(Some(Submission::Password), Luck::Right);
    if matches!(decision.next, Next::Admit(_)) {
        return Forecast::Admitted;
    }
    for _ in 0..3 {
        let sent = match &decision.next {
            Next::Ask(Step::SecondFactor { method, .. }) => Submission::of(*method),
            Next::Ask(Step::Password) => Submission::Password,
            Next::Ask(Step::Username) => Submission::Username,
            Next::Admit(_) => return Forecast::AskedAble,
            Next::Refuse | Next::Check(_) => break,
        };
        decision = world.send(Some(sent), Luck::Right);
    }
    ended(&decision, demand)
}

fn ended(decision: &Decision, demand: &Demand) -> Forecast {
    let one_shot = matches!(decision.details.unasked, Some(Step::SecondFactor { .. }));
    let without = matches!(
        decision.reason,
        Reason::FactorNone
            | Reason::FactorNoneLeft
            | Reason::FactorUnfinished
            | Reason::FactorSuspended
            | Reason::FactorNotAllowed
            | Reason::LevelNotReachable
    ) && demand.assurance != AssuranceDemand::Unreachable;
    match decision.next {
        Next::Admit(_) => Forecast::AskedAble,
        Next::Refuse if one_shot || without => Forecast::AskedUnable,
        Next::Refuse | Next::Ask(_) | Next::Check(_) => Forecast::Refused,
    }
}

fn position(inside: bool) -> Position {
    if inside { campus() } else { home() }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_forecast_is_what_a_sign_in_comes_to(
        policy in policies(),
        known in known(),
        demand in demand(),
        (then, inside) in any::<(bool, bool)>(),
    ) {
        let known = KnownPerson { id: HANA, ..known };
        let interaction = match demand.interaction {
            Interaction::Silent | Interaction::Allowed => Interaction::Allowed,
            Interaction::Impossible => Interaction::Impossible,
        };
        let asked =
            Demand { subject: None, freshness: Freshness::Any, interaction, ..demand.clone() };
        let real = sign_in(&policy, &known, &asked, inside);
        let recorded = Facts {
            person: PersonFacts::Known(Box::new(known)),
            position: position(then),
            demand,
            ..calm()
        };
        prop_assert_eq!(forecast(&policy, &recorded, position(inside)), real);
    }
}
