//! A check that failed shows the same step again, with what may be said about it.

use sekimori_directory::Method;

use super::{Outcome, Weighed, second_factor};
use crate::facts::{Facts, IdentifierFacts, KnownPerson, Submission, Verdict};
use crate::{Details, Effect, Notice, Reason, Step};

/// Seconds by which the offsets of two codes of one steady clock may differ: one step.
const STEP_SECONDS: u64 = 30;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.fresh.is_some() {
        return None;
    }
    let outcome = match weighed.facts.verdict? {
        Verdict::Busy => again(weighed, Reason::ServerBusy),
        // Step, effects and public text are those of a wrong password: whoever is kept out must not learn more.
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash
            if weighed.person().is_some_and(KnownPerson::is_held) =>
        {
            again(weighed, Reason::AccountHeld)
        }
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash | Verdict::PasswordMismatch => {
            again(weighed, Reason::CredentialMismatch)
        }
        Verdict::CodeAccepted { .. } | Verdict::CodeWrong => again(weighed, Reason::CodeWrong),
        Verdict::CodeReused => again(weighed, Reason::CodeReused),
        Verdict::CodeMalformed => again(weighed, Reason::CodeMalformed),
        Verdict::RecoverySpent => again(weighed, Reason::RecoverySpent),
        Verdict::CodeDrift { offset_seconds, .. } => drift(weighed, offset_seconds),
    };
    Some(outcome)
}

/// The same step once more, with the reason above it.
pub(super) fn again(weighed: &Weighed<'_>, reason: Reason) -> Outcome {
    let unnamed = weighed.facts.identifier == IdentifierFacts::Absent && weighed.person().is_none();
    match weighed.facts.submitted {
        Some(Submission::Code(method)) if method != Method::Password && weighed.verified() => {
            second_factor::again(weighed, method, reason)
        }
        _ if unnamed => Outcome::ask(Step::Username, reason),
        _ => Outcome::ask(Step::Password, reason),
    }
}

/// The drift is named only after two different codes in a row with the same offset: naming it at once would
/// multiply a thief's chances by the number of steps searched.
fn drift(weighed: &Weighed<'_>, offset_seconds: i64) -> Outcome {
    if seen_before(weighed.facts) {
        let details = Details { clock_ahead_seconds: Some(offset_seconds), ..Details::default() };
        again(weighed, Reason::ClockDrift).with(details)
    } else {
        again(weighed, Reason::ClockSuspected).and(Effect::Notify(Notice::ClockSuspected))
    }
}

/// Another code of the same device, just before, with the same offset.
fn seen_before(facts: &Facts) -> bool {
    let last = facts.attempt.as_ref().and_then(|attempt| attempt.last_drift);
    let (Some(last), Some(Verdict::CodeDrift { factor, step, offset_seconds })) =
        (last, facts.verdict)
    else {
        return false;
    };
    last.factor == factor
        && last.step != step
        && last.offset_seconds.abs_diff(offset_seconds) <= STEP_SECONDS
}
