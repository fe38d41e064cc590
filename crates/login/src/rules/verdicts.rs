//! A check that failed shows the same step again, with what may be said about it.

use super::throttling::again;
use super::{Outcome, Weighed};
use crate::facts::{Facts, Verdict};
use crate::{Details, Effect, Notice, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.fresh.is_some() {
        return None;
    }
    let verdict = weighed.facts.verdict?;
    let outcome = match verdict {
        Verdict::Busy => again(weighed, Reason::ServerBusy),
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

/// The drift is named only after two different codes in a row with the same offset: naming it at once would
/// multiply a thief's chances by the number of steps searched.
fn drift(weighed: &Weighed<'_>, offset_seconds: i64) -> Outcome {
    if twice(weighed.facts, offset_seconds) {
        let details = Details { clock_ahead_seconds: Some(offset_seconds), ..Details::default() };
        again(weighed, Reason::ClockDrift).with(details)
    } else {
        again(weighed, Reason::ClockSuspected).and(Effect::Notify(Notice::ClockSuspected))
    }
}

fn twice(facts: &Facts, offset_seconds: i64) -> bool {
    // Two codes lie at least one step apart; the offset of a steady clock stays within one step.
    facts
        .attempt
        .as_ref()
        .and_then(|attempt| attempt.last_drift_seconds)
        .is_some_and(|last| last.saturating_sub(offset_seconds).unsigned_abs() <= 30)
}
