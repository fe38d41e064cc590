//! R-MFA-ORDER: walks of any length, in any order, in two tabs, with empty and repeated forms, never end inside
//! without the proofs.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use sekimori_base::{FactorId, PersonId};
use sekimori_directory::settings::Requirement;
use sekimori_directory::{Binding, Method, PersonState};

use super::arbitrary::{demand, method, submission};
use super::cases;
use super::world::{FACTORS, Luck, World};
use crate::samples::{HANA, KENJI, NOW, policy, policy_with};
use crate::{
    Assurance, AssuranceDemand, Authenticated, Decision, Demand, FactorState, Freshness, Next,
    Policy, Submission,
};

#[derive(Debug, Clone)]
enum Act {
    /// A form comes back, or the page is loaded again.
    Send(Option<Submission>, Luck),
    /// The last form once more.
    Again,
    /// A user name is typed.
    Type(PersonId),
    /// The other tab.
    OtherTab,
    /// A service asks.
    Request(Demand),
    Go {
        inside: bool,
    },
    Wait(i64),
    Factor(FactorId, FactorState),
    ChangePassword,
    State(PersonState),
    ForgetSession,
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        6 => Just(Luck::Right),
        2 => Just(Luck::Wrong),
        1 => Just(Luck::Malformed),
        1 => Just(Luck::Reused),
        1 => (0..3u64).prop_map(Luck::Drift),
        1 => Just(Luck::Busy),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let likely = prop_oneof![
        3 => Just(Submission::Password),
        2 => method().prop_map(Submission::of),
        1 => submission(),
    ];
    let factor = (
        select(FACTORS.to_vec()),
        prop_oneof![
            2 => Just(FactorState::Ready),
            1 => Just(FactorState::Suspended),
        ],
    );
    let state = prop_oneof![
        3 => Just(PersonState::ACTIVE),
        1 => Just(PersonState::Held { since: NOW }),
        1 => Just(PersonState::Disabled { since: NOW }),
    ];
    prop_oneof![
        12 => (prop::option::weighted(0.9, likely), luck()).prop_map(|(sent, luck)| Act::Send(sent, luck)),
        2 => Just(Act::Again),
        4 => select(vec![HANA, HANA, HANA, KENJI]).prop_map(Act::Type),
        2 => Just(Act::OtherTab),
        2 => demand().prop_map(Act::Request),
        3 => any::<bool>().prop_map(|inside| Act::Go { inside }),
        2 => select(vec![1, 59, 300, 601, 3601, 43_201]).prop_map(Act::Wait),
        1 => factor.prop_map(|(factor, state)| Act::Factor(factor, state)),
        1 => Just(Act::ChangePassword),
        1 => state.prop_map(Act::State),
        1 => Just(Act::ForgetSession),
    ]
}

fn tables() -> impl Strategy<Value = Policy> {
    let app_only = |row: &mut sekimori_directory::settings::PolicyRow| {
        row.methods = [Method::Totp].into();
    };
    prop_oneof![
        3 => Just(policy()),
        1 => Just(policy_with(Requirement::TwoFactors, |_| ())),
        1 => Just(policy_with(Requirement::TwoFactors, app_only)),
    ]
}

fn perform(world: &mut World, act: &Act, last: &mut Option<Submission>) -> Option<Decision> {
    match act {
        Act::Send(sent, luck) => {
            *last = *sent;
            return Some(world.send(*sent, *luck));
        }
        Act::Again => return Some(world.send(*last, Luck::Right)),
        Act::Type(person) => {
            world.tab.typed = Some(*person);
            return Some(world.send(Some(Submission::Username), Luck::Wrong));
        }
        Act::OtherTab => std::mem::swap(&mut world.tab, &mut world.other_tab),
        Act::Request(demand) => world.request(demand.clone()),
        Act::Go { inside } => world.go(*inside),
        Act::Wait(seconds) => world.now = world.now.plus_seconds(*seconds),
        Act::Factor(factor, state) => world.set_factor(*factor, *state),
        Act::ChangePassword => world.person(HANA).credential_epoch += 1,
        Act::State(state) => world.hold(*state),
        Act::ForgetSession => world.session = None,
    }
    None
}

/// What the ledger, which the engine never sees, says about whoever was let in.
fn deserved(world: &World, demand: &Demand, proof: &Authenticated) -> TestCaseResult {
    let person = world.people.iter().find(|person| person.id == proof.person()).unwrap();
    prop_assert_eq!(person.state, PersonState::ACTIVE);
    let mine = || {
        world
            .ledger
            .iter()
            .filter(|shown| shown.person == person.id && shown.epoch == person.credential_epoch)
    };
    let opening = mine().find(|shown| {
        let opens = shown.method == Method::Password || shown.user_verified;
        opens && shown.at == proof.at()
    });
    prop_assert!(opening.is_some(), "the password or a passkey of its holder was shown then");
    let ready = |id: Option<FactorId>| {
        person
            .factors
            .iter()
            .find(|known| Some(known.id) == id && known.state == FactorState::Ready)
    };
    let codes: Vec<_> = mine().filter_map(|shown| Some((shown, ready(shown.factor)?))).collect();
    for method in proof.methods() {
        let shown = *method == Method::Password || codes.iter().any(|(s, _)| s.method == *method);
        prop_assert!(shown, "{method:?} was shown");
    }
    let row = world.policy.table().remove(0);
    let site = row.require == Requirement::TwoFactors || !world.position.password_suffices;
    if site {
        let taken = |method| row.methods.is_empty() || row.methods.contains(&method);
        prop_assert!(codes.iter().any(|(shown, _)| taken(shown.method)), "a second was shown");
    }
    let strong = codes.iter().any(|(_, known)| {
        let weak = [Binding::InsideWithPassword, Binding::MailCode];
        known.method != Method::MailCode && !weak.contains(&known.binding)
    });
    if proof.assurance() == Assurance::TwoFactors {
        prop_assert!(strong);
    }
    if demand.assurance == AssuranceDemand::AtLeast(Assurance::TwoFactors) {
        prop_assert_eq!(proof.assurance(), Assurance::TwoFactors);
    }
    fresh(world, demand, proof)
}

fn fresh(world: &World, demand: &Demand, proof: &Authenticated) -> TestCaseResult {
    let age = world.now.seconds_since(proof.at());
    match demand.freshness {
        // An attempt of this request lasts ten minutes.
        Freshness::Now => prop_assert!(age <= 600 && proof.session().is_none()),
        Freshness::WithinSeconds(seconds) => prop_assert!(age <= i64::from(seconds).max(600)),
        Freshness::Any => prop_assert!(age <= 43_200),
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn no_walk_ends_inside_without_the_proofs(policy in tables(), acts in vec(act(), 1..40)) {
        let mut world = World::new(policy);
        let mut last = None;
        for act in &acts {
            let demand = world.demand.clone();
            let Some(decision) = perform(&mut world, act, &mut last) else { continue };
            prop_assert!(!matches!(decision.next, Next::Check(_)), "one check a request");
            if let Next::Admit(proof) = &decision.next {
                deserved(&world, &demand, proof)?;
            }
        }
    }
}

#[test]
fn walks_do_end_inside() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut inside, mut two) = (0, 0);
    for _ in 0..150 {
        let (policy, acts) = (tables(), vec(act(), 1..40)).new_tree(&mut runner).unwrap().current();
        let mut world = World::new(policy);
        let mut last = None;
        for act in &acts {
            if let Some(Decision { next: Next::Admit(proof), .. }) =
                perform(&mut world, act, &mut last)
            {
                inside += 1;
                two += i32::from(proof.assurance() == Assurance::TwoFactors);
            }
        }
    }
    assert!(inside > 40 && two > 8, "{inside} times inside, {two} with two factors");
}
