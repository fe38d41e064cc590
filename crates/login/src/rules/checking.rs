//! What was submitted and not yet checked is checked: a password once, a code against usable factors only.

use sekimori_directory::Method;

use super::throttling::again;
use super::{Outcome, Weighed};
use crate::facts::{FactorState, Submission};
use crate::{Check, Details, Next, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.facts.verdict.is_some() {
        return None;
    }
    match weighed.facts.submitted? {
        Submission::Empty => Some(again(weighed, Reason::InputEmpty)),
        Submission::Overlong => Some(again(weighed, Reason::PasswordTooLong)),
        Submission::Password => Some(check(Check::Password)),
        Submission::Code(Method::Password) => Some(Outcome::refuse(Reason::RequestInvalid)),
        Submission::Code(method) => Some(code(weighed, method)),
        Submission::Username | Submission::Choose(_) => None,
    }
}

/// A code comes after the opening proof, never before it and never instead of it (R-MFA-ORDER).
fn code(weighed: &Weighed<'_>, method: Method) -> Outcome {
    if weighed.opening().is_none() {
        return Outcome::refuse(Reason::RequestStale);
    }
    let factors: Vec<_> = weighed
        .person()
        .into_iter()
        .flat_map(|person| person.factors.iter())
        .filter(|factor| factor.method == method && factor.state == FactorState::Ready)
        .map(|factor| factor.id)
        .collect();
    if factors.is_empty() {
        return again(weighed, Reason::FactorUnusable);
    }
    check(Check::Code { method, factors })
}

fn check(check: Check) -> Outcome {
    Outcome {
        next: Next::Check(check),
        reason: Reason::Checking,
        details: Details::default(),
        effects: Vec::new(),
    }
}
