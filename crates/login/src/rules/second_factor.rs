//! One more proof: where the policy's row asks for it, or the service does, inside as well (C2, S37).

use sekimori_directory::Method;
use sekimori_directory::settings::Requirement;

use super::{Outcome, Weighed};
use crate::facts::Submission;
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
    let in_this_attempt = weighed.attempt_proofs().any(|proof| proof.method.opens());
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
    let method = wanted
        .filter(|method| usable(*method))
        .or_else(|| Method::ALL.into_iter().find(|method| usable(*method)))?;
    Some(Step::SecondFactor { method, choices })
}

fn refuse(weighed: &Weighed<'_>, reason: Reason) -> Outcome {
    let details = Details { choices: weighed.choices(), ..weighed.row_details() };
    Outcome::refuse(reason).with(details)
}

/// Why no method can be used: the nearest to usable speaks.
fn why_none(weighed: &Weighed<'_>) -> Reason {
    let choices = weighed.choices();
    let any = |usability| choices.iter().any(|choice| choice.usability == usability);
    let ever = weighed.person().is_some_and(|person| person.ever_had_factor);
    if any(Usability::BindingTooWeak) {
        Reason::LevelNotReachable
    } else if any(Usability::NotAllowedHere) {
        Reason::FactorNotAllowed
    } else if any(Usability::Suspended) {
        Reason::FactorSuspended
    } else if ever || any(Usability::UsedUp) {
        Reason::FactorNoneLeft
    } else if any(Usability::Unfinished) {
        Reason::FactorUnfinished
    } else if weighed.matched.require == Requirement::TwoFactors {
        Reason::FactorNone
    } else {
        Reason::LevelNotReachable
    }
}
