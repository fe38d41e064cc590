//! What the same sign-in would come to elsewhere, with the reason: for whoever wants to know before they go there.

use sekimori_base::FactorId;
use sekimori_directory::{Method, Position};
use serde::{Deserialize, Serialize};

use super::forecast::{Forecast, calm, walk};
use crate::facts::{FactorState, Facts, IdentifierFacts};
use crate::rules::Weighed;
use crate::submitted::{Submission, Verdict};
use crate::{
    AssuranceDemand, Choice, Decision, Freshness, Interaction, Next, Policy, Reason, Step,
    Usability, decide,
};

/// What a sign-in from some place comes to, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// How it ends.
    pub forecast: Forecast,
    /// Why: that of the refusal, or of the question that is asked after the password, or of the admission.
    pub reason: Reason,
    /// The row of the policy that says so.
    pub policy_row: Option<String>,
    /// The method that is asked for first, where one more proof is asked for.
    pub method: Option<Method>,
    /// All methods with whether they would do, where one more proof is needed; else empty.
    pub choices: Vec<Choice>,
    /// The account's own factors with whether they would do, where one more proof is needed; else empty.
    pub factors: Vec<(FactorId, Usability)>,
}

/// What a sign-in of the person to the service comes to from `position`: a new one, with the right password, by
/// somebody who need not wait. `None`: the facts name nobody.
pub fn rehearse(policy: &Policy, facts: &Facts, position: Position) -> Option<Rehearsal> {
    let begun = begun(facts, position)?;
    let after_password = decide(policy, &begun);
    let end = walk(policy, &begun);
    let (forecast, said) = match (&after_password.next, &end.next) {
        (Next::Admit(_), _) => (Forecast::Admitted, after_password),
        (_, Next::Admit(_)) => (Forecast::AskedAble, after_password),
        (_, Next::Refuse) if wants_proof(&end, begun.demand.assurance) => {
            (Forecast::AskedUnable, end)
        }
        (_, Next::Refuse | Next::Ask(_) | Next::Check(_)) => (Forecast::Refused, end),
    };
    let (method, choices) = asked(&said);
    let factors = if choices.is_empty() { Vec::new() } else { factors(policy, &begun) };
    Some(Rehearsal {
        forecast,
        reason: said.reason,
        policy_row: said.details.policy_row,
        method,
        choices,
        factors,
    })
}

/// Whether a sign-in for real from `here`, as if from `there`, can end well: the rows of both places must be
/// satisfied by what the person has.
pub fn can_be_tried(policy: &Policy, facts: &Facts, here: Position, there: Position) -> bool {
    let Some(mut begun) = begun(facts, here) else { return false };
    begun.demand.as_from = Some(Box::new(there));
    matches!(walk(policy, &begun).next, Next::Admit(_))
}

/// A new sign-in there, whose password has just been right.
fn begun(facts: &Facts, position: Position) -> Option<Facts> {
    facts.known()?;
    let mut begun = facts.clone();
    calm(&mut begun);
    begun.identifier = IdentifierFacts::Typed { username: None, hints: Vec::new() };
    begun.position = position;
    begun.attempt = None;
    begun.session = None;
    begun.proofs = Vec::new();
    begun.submitted = Some(Submission::Password);
    begun.verdict = Some(Verdict::PasswordMatch);
    begun.demand.freshness = Freshness::Any;
    begun.demand.subject = None;
    begun.demand.as_from = None;
    if begun.demand.interaction == Interaction::Silent {
        // What a silent request could not ask, the next one asks.
        begun.demand.interaction = Interaction::Allowed;
    }
    Some(begun)
}

/// Refused for want of a second proof, not of a right.
fn wants_proof(end: &Decision, demand: AssuranceDemand) -> bool {
    match end.reason {
        Reason::FactorNone
        | Reason::FactorNoneLeft
        | Reason::FactorUnfinished
        | Reason::FactorSuspended
        | Reason::FactorSwitchedOff
        | Reason::FactorNotAllowed => true,
        Reason::LevelNotReachable => demand != AssuranceDemand::Unreachable,
        // There was nobody to ask for it.
        Reason::InteractionRequired => {
            matches!(end.details.unasked, Some(Step::SecondFactor { .. }))
        }
        _ => false,
    }
}

/// The question for one more proof: the method that is shown, and all of them.
fn asked(said: &Decision) -> (Option<Method>, Vec<Choice>) {
    let step = match &said.next {
        Next::Ask(step) => Some(step),
        Next::Refuse => said.details.unasked.as_ref(),
        Next::Admit(_) | Next::Check(_) => None,
    };
    match step {
        Some(Step::SecondFactor { method, choices }) => (Some(*method), choices.clone()),
        Some(Step::Username | Step::Password) => (None, Vec::new()),
        None => (None, said.details.choices.clone()),
    }
}

fn factors(policy: &Policy, begun: &Facts) -> Vec<(FactorId, Usability)> {
    let weighed = Weighed::new(policy, begun);
    let own = weighed.person().into_iter().flat_map(|person| person.factors.iter());
    own.filter(|factor| factor.method.seconds() && factor.state != FactorState::Elsewhere)
        .map(|factor| (factor.id, weighed.usability_of(factor)))
        .collect()
}
