//! How a sign-in of the recorded person would end: under another policy, from another place.

use sekimori_base::limits::ROUNDS_MAX;
use sekimori_directory::settings::{ServiceName, Site};
use sekimori_directory::{NetworkMap, Position, PositionOrigin};
use serde::{Deserialize, Serialize};

use super::Recorded;
use super::rehearsal::rehearse;
use crate::facts::{Facts, IdentifierFacts, ServiceFacts};
use crate::submitted::{CertificateRefusal, Submission, Verdict};
use crate::{Check, Decision, Effect, Next, Policy, Step, decide};

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
    rehearse(policy, facts, position).map_or(Forecast::Unknown, |there| there.forecast)
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
            // Nobody knows of one that somebody else issued.
            None => Verdict::CertificateRefused(CertificateRefusal::NotPresented),
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
