//! While an identifier or a source waits, nothing that is submitted is evaluated (C5, S24).
//!
//! The text depends on the typed name and the moment alone and is the same for names that do not exist.

use sekimori_directory::Method;

use super::{Outcome, Weighed, second_factor};
use crate::facts::Submission;
use crate::throttle::FAILURES_CAP;
use crate::{Details, Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    weighed.guess()?;
    let facts = weighed.facts;
    let throttle = &facts.throttle;
    if facts.verdict.is_some() {
        // The guess was reserved before it was checked: the wait that it began concerns the next one.
        return None;
    }
    let after_now = |moment: Option<_>| moment.filter(|until| *until > facts.now);
    let wait = |until, reason| {
        let details = Details { wait_until: Some(until), ..Details::default() };
        Some(again(weighed, reason).with(details))
    };
    if throttle.failures >= FAILURES_CAP {
        return Some(again(weighed, Reason::ThrottleClosed));
    }
    if let Some(until) = after_now(throttle.wait_until) {
        return wait(until, Reason::ThrottleWait);
    }
    if let Some(until) = after_now(throttle.source_wait_until) {
        return wait(until, Reason::ThrottleSource);
    }
    throttle.reservation_refused.then(|| again(weighed, Reason::ThrottleBusy))
}

/// The same step once more, with the reason above it.
pub(super) fn again(weighed: &Weighed<'_>, reason: Reason) -> Outcome {
    let step = match weighed.facts.submitted {
        Some(Submission::Code(method) | Submission::Choose(method))
            if method != Method::Password =>
        {
            second_factor::step(weighed, Some(method)).unwrap_or(Step::Password)
        }
        Some(Submission::Empty) if weighed.verified() => {
            second_factor::step(weighed, None).unwrap_or(Step::Password)
        }
        Some(Submission::Empty) if weighed.facts.identifier == crate::IdentifierFacts::Absent => {
            Step::Username
        }
        Some(Submission::Username) => Step::Username,
        _ => Step::Password,
    };
    Outcome::ask(step, reason)
}
