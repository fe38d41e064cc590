//! What a verdict means for counters, codes and proofs, whatever is decided afterwards.

use sekimori_directory::Method;

use super::Weighed;
use crate::facts::{Submission, Verdict};
use crate::throttle::{Bucket, Guess};
use crate::{Effect, Notice};

/// What became of the reserved guess.
#[derive(Clone, Copy)]
enum Fate {
    Right,
    Wrong,
    NotChecked,
}

/// The effects of the verdict. A reserved guess is counted, cleared or given back, exactly one of them; an
/// accepted code is spent even if nothing comes of it.
pub(super) fn of(weighed: &Weighed<'_>) -> Vec<Effect> {
    let (Some(guess), Some(verdict)) = (weighed.guess(), weighed.facts.verdict) else {
        return Vec::new();
    };
    let mut effects = vec![settled(fate(weighed, verdict), guess, weighed.facts.throttle.bucket)];
    match verdict {
        Verdict::CodeAccepted { factor, step } => effects.push(Effect::SpendCode { factor, step }),
        Verdict::CodeDrift { factor, step, offset_seconds } => {
            effects.push(Effect::BurnCode { factor, step, offset_seconds });
        }
        Verdict::PasswordMatchRehash if weighed.fresh.is_some() => effects.push(Effect::Rehash),
        Verdict::PasswordMatchRehash
        | Verdict::PasswordMatch
        | Verdict::PasswordMismatch
        | Verdict::CodeReused
        | Verdict::RecoverySpent
        | Verdict::CodeWrong
        | Verdict::CodeMalformed
        | Verdict::Busy => {}
    }
    if breaks_row(weighed, verdict) {
        effects.push(Effect::ForgetDrift);
    }
    if failed_second(weighed, verdict) {
        effects.push(Effect::Notify(Notice::SecondFactorFailed));
    }
    if let Some(proof) = &weighed.fresh {
        if proof.method == Method::RecoveryCode {
            effects.push(Effect::Notify(Notice::RecoveryCodeUsed));
        }
        effects.push(Effect::RecordProof(proof.clone()));
    }
    effects
}

fn settled(fate: Fate, guess: Guess, bucket: Bucket) -> Effect {
    match fate {
        Fate::Right => Effect::ClearFailures { guess, bucket },
        Fate::Wrong => Effect::CountFailure { guess, bucket },
        Fate::NotChecked => Effect::GiveBack { guess, bucket },
    }
}

fn fate(weighed: &Weighed<'_>, verdict: Verdict) -> Fate {
    match verdict {
        Verdict::Busy | Verdict::CodeMalformed => Fate::NotChecked,
        Verdict::PasswordMismatch
        | Verdict::CodeReused
        | Verdict::CodeWrong
        | Verdict::RecoverySpent
        | Verdict::CodeDrift { .. } => Fate::Wrong,
        // A positive verdict that proves nothing (the factor vanished meanwhile, the account is held) is a
        // failure like any other.
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash | Verdict::CodeAccepted { .. } => {
            if weighed.fresh.is_some() {
                Fate::Right
            } else {
                Fate::Wrong
            }
        }
    }
}

/// The password was right and the code was not (S31).
fn failed_second(weighed: &Weighed<'_>, verdict: Verdict) -> bool {
    let code = matches!(weighed.facts.submitted, Some(Submission::Code(_)));
    code && weighed.verified() && matches!(fate(weighed, verdict), Fate::Wrong)
}

/// A checked code of an authenticator app that did not drift ends a row of drifts.
fn breaks_row(weighed: &Weighed<'_>, verdict: Verdict) -> bool {
    let last = weighed.facts.attempt.as_ref().and_then(|attempt| attempt.last_drift);
    let checked = match verdict {
        Verdict::CodeAccepted { .. } | Verdict::CodeReused | Verdict::CodeWrong => true,
        Verdict::CodeDrift { .. }
        | Verdict::CodeMalformed
        | Verdict::Busy
        | Verdict::RecoverySpent
        | Verdict::PasswordMatch
        | Verdict::PasswordMatchRehash
        | Verdict::PasswordMismatch => false,
    };
    last.is_some()
        && checked
        && matches!(weighed.facts.submitted, Some(Submission::Code(Method::Totp)))
}
