//! How a sign-in of the recorded person would end: under another policy, from another place.

use sekimori_base::limits::ROUNDS_MAX;
use sekimori_directory::settings::{ServiceName, Site};
use sekimori_directory::{Method, NetworkMap, Position, PositionOrigin};
use serde::{Deserialize, Serialize};

use super::Recorded;
use crate::facts::{Facts, IdentifierFacts, Proof, ServiceFacts};
use crate::submitted::{CertificateRefusal, Submission, Verdict};
use crate::{
    AssuranceDemand, Check, Decision, Effect, Freshness, Interaction, Next, Policy, Reason, Step,
    decide,
};

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

/// What a sign-in of the recorded person to the recorded service would come to, from `position`: a new one, with
/// the right password, by somebody who need not wait.
pub fn forecast(policy: &Policy, facts: &Facts, position: Position) -> Forecast {
    let Some(person) = facts.known() else {
        return Forecast::Unknown;
    };
    let mut begun = facts.clone();
    begun.proofs = vec![Proof {
        person: person.id,
        method: Method::Password,
        factor: None,
        binding: None,
        at: facts.now,
        zone: position.zone.clone(),
        user_verified: false,
    }];
    begun.position = position;
    begun.attempt = None;
    begun.session = None;
    begun.submitted = None;
    begun.verdict = None;
    begun.demand.freshness = Freshness::Any;
    begun.demand.subject = None;
    if begun.demand.interaction == Interaction::Silent {
        // What a silent request could not ask, the next one asks.
        begun.demand.interaction = Interaction::Allowed;
    }
    if matches!(decide(policy, &begun).next, Next::Admit(_)) {
        return Forecast::Admitted;
    }
    let end = walk(policy, &begun);
    match end.next {
        Next::Admit(_) => Forecast::AskedAble,
        Next::Refuse if wants_proof(&end, begun.demand.assurance) => Forecast::AskedUnable,
        Next::Refuse | Next::Ask(_) | Next::Check(_) => Forecast::Refused,
    }
}

/// Refused for want of a second proof, not of a right.
fn wants_proof(end: &Decision, demand: AssuranceDemand) -> bool {
    match end.reason {
        Reason::FactorNone
        | Reason::FactorNoneLeft
        | Reason::FactorUnfinished
        | Reason::FactorSuspended
        | Reason::FactorNotAllowed => true,
        Reason::LevelNotReachable => demand != AssuranceDemand::Unreachable,
        // There was nobody to ask for it.
        Reason::InteractionRequired => {
            matches!(end.details.unasked, Some(Step::SecondFactor { .. }))
        }
        _ => false,
    }
}

/// Answer every question of the engine rightly, with the account's own factors, and see where it ends.
pub fn walk(policy: &Policy, facts: &Facts) -> Decision {
    let mut facts = facts.clone();
    let mut decision = decide(policy, &facts);
    // Recorded facts may hold a verdict that proves something: it goes on from there.
    keep_proofs(&mut facts, &decision);
    for _ in 0..ROUNDS_MAX {
        match &decision.next {
            Next::Admit(_) | Next::Refuse => return decision,
            Next::Ask(step) => answer(&mut facts, step),
            Next::Check(check) => facts.verdict = Some(right(check)),
        }
        decision = decide(policy, &facts);
        keep_proofs(&mut facts, &decision);
    }
    decision
}

/// What the decision proved counts from now on, and its submission is done with.
fn keep_proofs(facts: &mut Facts, decision: &Decision) {
    for effect in &decision.effects {
        if let Effect::RecordProof(proof) = effect {
            facts.proofs.push(proof.clone());
            facts.submitted = None;
            facts.verdict = None;
        }
    }
}

fn answer(facts: &mut Facts, step: &Step) {
    facts.verdict = None;
    // The next guess has counters of its own, and a patient person waits.
    calm(facts);
    facts.submitted = Some(match step {
        Step::Username => {
            facts.identifier = IdentifierFacts::Typed { username: None, hints: Vec::new() };
            Submission::Username
        }
        Step::Password => Submission::Password,
        Step::SecondFactor { method, .. } => Submission::of(*method),
    });
}

fn right(check: &Check) -> Verdict {
    match check {
        Check::Password => Verdict::PasswordMatch,
        Check::Passkey { factors, .. } => match factors.first() {
            Some(factor) => {
                Verdict::PasskeyAccepted { factor: *factor, user_verified: true, counter: 0 }
            }
            None => Verdict::PasskeyUnknown,
        },
        Check::Certificate { factors } => match factors.first() {
            Some(factor) => Verdict::CertificateAccepted { factor: *factor },
            None => Verdict::CertificateRefused(CertificateRefusal::NotRegistered),
        },
        Check::Code { factors, .. } => match factors.first() {
            Some(factor) => Verdict::CodeAccepted { factor: *factor, step: 0 },
            None => Verdict::CodeWrong,
        },
    }
}

/// Nobody waits for anything, and no service asks again and again.
pub(super) fn calm(facts: &mut Facts) {
    facts.answered_lately = 0;
    facts.throttle.failures = 0;
    facts.throttle.wait_until = None;
    facts.throttle.source_wait_until = None;
    facts.throttle.reservation_refused = false;
    facts.throttle.repeated = false;
    facts.throttle.alert_wait_until = None;
}

/// A site document that is not in force yet.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The document.
    pub site: &'a Site,
    /// Its policy.
    pub policy: &'a Policy,
    /// Its networks.
    pub networks: &'a NetworkMap,
}

/// Then and under the proposal: what a sign-in like the recorded one comes to. The position is looked up anew, and
/// the service is what the proposal makes of it; one that is no longer there refuses everybody.
pub fn what_if(recorded: &Recorded, proposal: &Proposal<'_>) -> (Forecast, Forecast) {
    let before = forecast(&recorded.policy, &recorded.facts, recorded.facts.position.clone());
    let mut facts = recorded.facts.clone();
    if facts.service.name != ServiceName::portal() {
        match proposal.site.service(&facts.service.name) {
            Some(service) => facts.service = ServiceFacts::of(service),
            None => facts.service.disabled = true,
        }
    }
    let origin = match facts.position.address {
        Some(_) => facts.position.origin,
        None => PositionOrigin::Unreadable,
    };
    let position = proposal.networks.position(facts.position.address, origin);
    (before, forecast(proposal.policy, &facts, position))
}
