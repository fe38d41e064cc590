//! Decide again: on recorded facts (`explain`), under another policy (`what-if`), from another place
//! (`rehearsal`). Possible only because the engine is pure.

use sekimori_base::Timestamp;
use sekimori_directory::{
    Binding, Group, Method, NetworkMap, PersonState, Position, PositionOrigin,
};
use serde::{Deserialize, Serialize};

use crate::facts::{
    FACTS_SCHEMA, FactorFacts, FactorState, Facts, IdentifierFacts, PersonFacts, Proof, Submission,
    Verdict,
};
use crate::{
    AssuranceDemand, Decision, Freshness, Interaction, Next, Policy, RULE_SET, Reason, decide,
};

/// An attempt's decision as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The rules then.
    pub rule_set: u16,
    /// The version of the site settings then.
    pub settings_version: u64,
    /// The policy then: facts alone would not decide.
    pub policy: Policy,
    /// The facts.
    pub facts: Facts,
    /// The reason that was given.
    pub reason: Reason,
}

/// What deciding again gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The recorded reason, by the same rules: as it must be.
    Same(Decision),
    /// Another reason by the same rules: a defect of ours.
    Broken(Decision),
    /// The rules have changed since; they give this today.
    DecidedDifferentlyToday(Decision),
    /// The facts were recorded in a shape that is no longer read.
    Unreadable,
}

/// Decide the recorded facts again.
pub fn replay(recorded: &Recorded) -> Replayed {
    if recorded.facts.schema != FACTS_SCHEMA {
        return Replayed::Unreadable;
    }
    let decision = decide(&recorded.policy, &recorded.facts);
    if decision.reason == recorded.reason {
        Replayed::Same(decision)
    } else if recorded.rule_set == RULE_SET {
        Replayed::Broken(decision)
    } else {
        Replayed::DecidedDifferentlyToday(decision)
    }
}

/// A change of one fact that would have let the person in. For the help desk only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The right password.
    RightPassword,
    /// A right, fresh code of the method.
    FreshCode(Method),
    /// A registered factor of the method, and its code.
    RegisteredFactor(Method),
    /// A place where a password suffices.
    InsideZone,
    /// An account that may be used.
    UsableAccount,
    /// Membership in one of the service's groups.
    GroupMember(Group),
    /// Waiting until this moment.
    WaitUntil(Timestamp),
    /// A service that is switched on.
    EnabledService,
    /// Beginning again.
    StartOver,
}

/// The nearest changes, one of which is enough; in the order of how easily they are had. Empty: nobody was
/// refused, or no single change of the declared list is enough.
pub fn nearest_changes(policy: &Policy, facts: &Facts) -> Vec<Change> {
    if matches!(decide(policy, facts).next, Next::Admit(_) | Next::Check(_)) {
        return Vec::new();
    }
    candidates(facts)
        .into_iter()
        .filter(|(_, changed)| goes_on(policy, changed))
        .map(|(change, _)| change)
        .collect()
}

/// Whether honest answers to every question lead in.
fn goes_on(policy: &Policy, facts: &Facts) -> bool {
    matches!(walk(policy, facts).next, Next::Admit(_))
}

fn candidates(facts: &Facts) -> Vec<(Change, Facts)> {
    let mut list = Vec::new();
    let mut add = |change: Change, alter: &dyn Fn(&mut Facts)| {
        let mut changed = facts.clone();
        alter(&mut changed);
        list.push((change, changed));
    };
    let calm = |facts: &mut Facts| {
        facts.throttle.failures = 0;
        facts.throttle.wait_until = None;
        facts.throttle.source_wait_until = None;
        facts.throttle.reservation_refused = false;
        facts.verdict = None;
    };
    if let Some(until) = facts.throttle.wait_until.or(facts.throttle.source_wait_until) {
        add(Change::WaitUntil(until), &calm);
    }
    match facts.submitted {
        Some(Submission::Password) if facts.known().is_some() => {
            add(Change::RightPassword, &|facts| {
                calm(facts);
                facts.verdict = Some(Verdict::PasswordMatch);
            });
        }
        Some(Submission::Code(method)) => add(Change::FreshCode(method), &calm),
        _ => {}
    }
    if facts.attempt.is_some() {
        add(Change::StartOver, &|facts| {
            calm(facts);
            facts.attempt = None;
            facts.proofs.clear();
            facts.submitted = Some(Submission::Password);
            facts.verdict = Some(Verdict::PasswordMatch);
        });
    }
    add(Change::InsideZone, &|facts| {
        facts.position.inside = true;
        facts.position.password_suffices = true;
        facts.position.may_enrol = true;
    });
    add(Change::RegisteredFactor(Method::Totp), &|facts| {
        let now = facts.now;
        if let PersonFacts::Known(person) = &mut facts.person {
            person.factors.push(imagined_factor(Method::Totp, now));
        }
    });
    add(Change::UsableAccount, &|facts| {
        if let PersonFacts::Known(person) = &mut facts.person {
            person.state = PersonState::ACTIVE;
        }
    });
    if let Some(group) = facts.service.groups.first().cloned() {
        add(Change::GroupMember(group.clone()), &|facts| {
            if let PersonFacts::Known(person) = &mut facts.person {
                person.groups.insert(group.clone());
            }
        });
    }
    add(Change::EnabledService, &|facts| {
        facts.service.disabled = false;
    });
    list
}

fn imagined_factor(method: Method, now: Timestamp) -> FactorFacts {
    FactorFacts {
        id: sekimori_base::FactorId::from_bytes([0xff; 16]),
        method,
        binding: Binding::Ticket,
        state: FactorState::Ready,
        registered_at: now,
        last_used_at: None,
        codes_left: None,
    }
}

/// How a sign-in would end if every question were answered rightly by the account's own means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forecast {
    /// In, without a further question.
    Admitted,
    /// Asked for one more proof, and able to give it.
    AskedAble,
    /// Asked for one more proof, and unable to give it.
    AskedUnable,
    /// Refused whatever they show.
    Refused,
    /// The facts do not tell (nobody was named).
    Unknown,
}

/// Answer every question of the engine rightly, with the account's own factors, and see where it ends.
pub fn walk(policy: &Policy, facts: &Facts) -> Decision {
    let mut facts = facts.clone();
    let mut decision = decide(policy, &facts);
    for _ in 0..sekimori_base::limits::ROUNDS_MAX {
        match &decision.next {
            Next::Admit(_) | Next::Refuse => return decision,
            Next::Ask(step) => answer(&mut facts, step),
            Next::Check(check) => {
                facts.verdict = Some(match check {
                    crate::Check::Password => Verdict::PasswordMatch,
                    crate::Check::Code { factors, .. } => {
                        factors.first().map_or(Verdict::CodeWrong, |factor| Verdict::CodeAccepted {
                            factor: *factor,
                            step: 0,
                        })
                    }
                });
            }
        }
        if facts.verdict.is_some() {
            decision = decide(policy, &facts);
            if let Some(proof) = facts.fresh_proof() {
                facts.proofs.push(proof);
                facts.submitted = None;
                facts.verdict = None;
            }
        } else {
            decision = decide(policy, &facts);
        }
    }
    decision
}

fn answer(facts: &mut Facts, step: &crate::Step) {
    facts.verdict = None;
    facts.throttle.failures = 0;
    facts.throttle.wait_until = None;
    facts.throttle.source_wait_until = None;
    facts.throttle.reservation_refused = false;
    match step {
        crate::Step::Username => {
            facts.identifier = IdentifierFacts::Typed { username: None, hints: Vec::new() };
            facts.submitted = Some(Submission::Username);
        }
        crate::Step::Password => facts.submitted = Some(Submission::Password),
        crate::Step::SecondFactor { method, .. } => {
            facts.submitted = Some(Submission::Code(*method));
        }
    }
}

/// What a sign-in of the recorded person to the recorded service would come to, from `position`.
pub fn forecast(policy: &Policy, facts: &Facts, position: Position) -> Forecast {
    let Some(person) = facts.known() else {
        return Forecast::Unknown;
    };
    let person = person.id;
    let mut facts = facts.clone();
    facts.position = position;
    facts.attempt = None;
    facts.session = None;
    facts.demand.freshness = Freshness::Any;
    facts.demand.interaction = Interaction::Allowed;
    facts.verdict = None;
    facts.submitted = None;
    facts.proofs = vec![Proof {
        person,
        method: Method::Password,
        factor: None,
        binding: None,
        at: facts.now,
        zone: facts.position.zone.clone(),
    }];
    let first = decide(policy, &facts);
    if matches!(first.next, Next::Admit(_)) {
        return Forecast::Admitted;
    }
    match walk(policy, &facts) {
        Decision { next: Next::Admit(_), .. } => Forecast::AskedAble,
        Decision {
            reason:
                Reason::FactorNone
                | Reason::FactorNoneLeft
                | Reason::FactorUnfinished
                | Reason::FactorSuspended
                | Reason::FactorNotAllowed
                | Reason::LevelNotReachable,
            ..
        } if facts.demand.assurance != AssuranceDemand::Unreachable => Forecast::AskedUnable,
        _ => Forecast::Refused,
    }
}

/// Then and now: what a changed site would make of a recorded attempt. The position is looked up anew.
pub fn what_if(
    recorded: &Recorded,
    policy: &Policy,
    networks: &NetworkMap,
) -> (Forecast, Forecast) {
    let facts = &recorded.facts;
    let before = forecast(&recorded.policy, facts, facts.position.clone());
    let origin = match facts.position.address {
        Some(_) => facts.position.origin,
        None => PositionOrigin::Unreadable,
    };
    let after = forecast(policy, facts, networks.position(facts.position.address, origin));
    (before, after)
}
