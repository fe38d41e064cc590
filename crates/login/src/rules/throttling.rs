//! While an identifier or a source waits, nothing that is submitted is evaluated (C5, S24).
//!
//! The text depends on the typed name and the moment alone and is the same for names that do not exist.

use super::verdicts::again;
use super::{Outcome, Weighed};
use crate::facts::Submission;
use crate::throttle::FAILURES_CAP;
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let facts = weighed.facts;
    if facts.verdict.is_some() {
        // The guess was reserved before it was checked: the wait that it began concerns the next one.
        return None;
    }
    weighed.guess()?;
    if matches!(facts.submitted, Some(Submission::Code(_))) && !weighed.awaits_code() {
        // Nobody waits for this code: it is not looked at, so that nothing is guessed.
        return None;
    }
    let throttle = &facts.throttle;
    if throttle.failures >= FAILURES_CAP {
        return Some(again(weighed, Reason::ThrottleClosed));
    }
    // The wait that ends last is the one to tell.
    let identifier = throttle.wait_until.map(|until| (until, Reason::ThrottleWait));
    let source = throttle.source_wait_until.map(|until| (until, Reason::ThrottleSource));
    let waits = source.into_iter().chain(identifier).filter(|(until, _)| *until > facts.now);
    if let Some((until, reason)) = waits.max_by_key(|(until, _)| *until) {
        let details = Details { wait_until: Some(until), ..Details::default() };
        return Some(again(weighed, reason).with(details));
    }
    throttle.reservation_refused.then(|| again(weighed, Reason::ThrottleBusy))
}
