//! What a verdict means for counters, codes and proofs, whatever is decided afterwards.

use sekimori_directory::Method;

use super::Weighed;
use crate::submitted::{Submission, Verdict};
use crate::throttle::{Bucket, Guess};
use crate::{Effect, Notice};

/// What became of the reserved guess.
#[derive(Clone, Copy)]
enum Fate {
    Right,
    Wrong,
    /// Wrong, and counted before.
    Repeated,
    NotChecked,
}

/// The effects of the verdict. A reserved guess is counted, repeated, cleared or given back, exactly one of
/// them; an accepted code is spent even if nothing comes of it.
pub(super) fn of(weighed: &Weighed<'_>) -> Vec<Effect> {
    let Some(verdict) = weighed.facts.verdict else {
        return Vec::new();
    };
    if weighed.facts.submitted == Some(Submission::Passkey) {
        return of_passkey(weighed, verdict);
    }
    if weighed.facts.submitted == Some(Submission::Certificate) {
        return weighed.fresh.iter().cloned().map(Effect::RecordProof).collect();
    }
    let Some(guess) = weighed.guess() else {
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
        | Verdict::CodeRaced
        | Verdict::RecoverySpent
        | Verdict::CodeWrong
        | Verdict::CodeMalformed
        | Verdict::CodeExpired
        | Verdict::CodeSuperseded
        | Verdict::CodeNotSent
        | Verdict::PasskeyAccepted { .. }
        | Verdict::PasskeyUnknown
        | Verdict::PasskeyRefused
        | Verdict::PasskeyUnverified
        | Verdict::PasskeyCopied
        | Verdict::PasskeySpent
        | Verdict::CertificateAccepted { .. }
        | Verdict::CertificateRefused(_)
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

/// A signature is no guess, and has no counter.
fn of_passkey(weighed: &Weighed<'_>, verdict: Verdict) -> Vec<Effect> {
    match (verdict, &weighed.fresh) {
        (Verdict::PasskeyAccepted { factor, counter, .. }, Some(proof)) => {
            vec![Effect::UsePasskey { factor, counter }, Effect::RecordProof(proof.clone())]
        }
        (Verdict::PasskeyCopied, _) => vec![Effect::Notify(Notice::PasskeyCopied)],
        _ => Vec::new(),
    }
}

fn settled(fate: Fate, guess: Guess, bucket: Bucket) -> Effect {
    match fate {
        Fate::Right => Effect::ClearFailures { guess, bucket },
        Fate::Wrong => Effect::CountFailure { guess, bucket },
        Fate::Repeated => Effect::RepeatFailure { guess, bucket },
        Fate::NotChecked => Effect::GiveBack { guess, bucket },
    }
}

fn fate(weighed: &Weighed<'_>, verdict: Verdict) -> Fate {
    match verdict {
        Verdict::Busy | Verdict::CodeMalformed | Verdict::CodeNotSent => Fate::NotChecked,
        Verdict::PasswordMismatch => wrong_password(weighed),
        Verdict::CodeReused
        | Verdict::CodeRaced
        | Verdict::CodeWrong
        | Verdict::RecoverySpent
        | Verdict::CodeExpired
        | Verdict::CodeSuperseded
        | Verdict::CodeDrift { .. } => Fate::Wrong,
        // Not of what is guessed.
        Verdict::PasskeyAccepted { .. }
        | Verdict::PasskeyUnknown
        | Verdict::PasskeyRefused
        | Verdict::PasskeyUnverified
        | Verdict::PasskeyCopied
        | Verdict::PasskeySpent
        | Verdict::CertificateAccepted { .. }
        | Verdict::CertificateRefused(_) => Fate::NotChecked,
        // A positive verdict that proves nothing (the factor vanished meanwhile, the account is held) is a
        // failure like any other.
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash if weighed.fresh.is_none() => {
            wrong_password(weighed)
        }
        Verdict::CodeAccepted { .. } if weighed.fresh.is_none() => Fate::Wrong,
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash | Verdict::CodeAccepted { .. } => {
            Fate::Right
        }
    }
}

/// A program that tries the password of last year over and over guesses nothing: that failure stands already.
fn wrong_password(weighed: &Weighed<'_>) -> Fate {
    let throttle = &weighed.facts.throttle;
    if throttle.repeated && throttle.failures > 0 { Fate::Repeated } else { Fate::Wrong }
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
        Verdict::CodeAccepted { .. }
        | Verdict::CodeReused
        | Verdict::CodeRaced
        | Verdict::CodeWrong => true,
        Verdict::CodeDrift { .. }
        | Verdict::CodeMalformed
        | Verdict::CodeExpired
        | Verdict::CodeSuperseded
        | Verdict::CodeNotSent
        | Verdict::PasskeyAccepted { .. }
        | Verdict::PasskeyUnknown
        | Verdict::PasskeyRefused
        | Verdict::PasskeyUnverified
        | Verdict::PasskeyCopied
        | Verdict::PasskeySpent
        | Verdict::CertificateAccepted { .. }
        | Verdict::CertificateRefused(_)
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

#[cfg(test)]
mod tests {
    use crate::rules::tables::kinds;
    use crate::samples::{
        APP, CODES, NOW, at_second_step, attempt, calm, checked, hana_who_is, home, no_wait, policy,
    };
    use crate::{
        AttemptFacts, Drift, Facts, PersonFacts, Submission, ThrottleFacts, Verdict, decide,
    };
    use sekimori_directory::{Method, PersonState};

    fn effects(facts: &Facts) -> Vec<String> {
        kinds(&decide(&policy(), facts).effects).into_iter().collect()
    }

    #[test]
    fn a_guess_is_counted_cleared_or_given_back() {
        let password =
            |verdict| checked(Submission::Password, verdict, Facts { position: home(), ..calm() });
        let totp = |verdict| checked(Submission::Code(Method::Totp), verdict, at_second_step());
        let accepted = Verdict::CodeAccepted { factor: APP, step: 5 };
        let drift = Verdict::CodeDrift { factor: APP, step: 5, offset_seconds: 90 };
        let admitted =
            ["clear_failures", "open_session", "record_proof", "remember_device", "spend_code"];
        let cases: [(&str, Facts, &[&str]); 9] = [
            ("right", password(Verdict::PasswordMatch), &["clear_failures", "record_proof"]),
            (
                "right, old cost",
                password(Verdict::PasswordMatchRehash),
                &["clear_failures", "record_proof", "rehash"],
            ),
            ("wrong", password(Verdict::PasswordMismatch), &["count_failure"]),
            ("busy", password(Verdict::Busy), &["give_back"]),
            ("right code", totp(accepted), &admitted),
            ("wrong code", totp(Verdict::CodeWrong), &["count_failure", "notify"]),
            ("used code", totp(Verdict::CodeReused), &["count_failure", "notify"]),
            ("no code", totp(Verdict::CodeMalformed), &["give_back"]),
            ("busy", totp(Verdict::Busy), &["give_back"]),
        ];
        for (case, facts, expected) in cases {
            assert_eq!(effects(&facts), expected, "{case}");
        }
        let notices = decide(&policy(), &totp(drift)).effects;
        assert!(notices.contains(&super::Effect::BurnCode {
            factor: APP,
            step: 5,
            offset_seconds: 90
        }));
        assert_eq!(
            notices.iter().filter(|effect| matches!(effect, super::Effect::Notify(_))).count(),
            2,
            "the failure and the clock"
        );
    }

    #[test]
    fn the_same_wrong_password_again_is_paced_and_not_counted() {
        let again = |failures, person, verdict| {
            let throttle = ThrottleFacts { failures, repeated: true, ..no_wait() };
            let facts = Facts { throttle, person, ..calm() };
            effects(&checked(Submission::Password, verdict, facts))
        };
        let (wrong, right) = (Verdict::PasswordMismatch, Verdict::PasswordMatch);
        let held = || hana_who_is(PersonState::Held { since: NOW });
        assert_eq!(again(3, calm().person, wrong), ["repeat_failure"]);
        assert_eq!(again(3, PersonFacts::Unknown, wrong), ["repeat_failure"]);
        assert_eq!(again(3, held(), right), ["repeat_failure"], "as a wrong one");
        assert_eq!(again(0, calm().person, wrong), ["count_failure"], "nothing stands");
        assert!(again(3, calm().person, right).contains(&"clear_failures".to_owned()));
    }

    #[test]
    fn a_right_password_that_proves_nothing_counts_as_a_failure() {
        let right = |person| {
            effects(&checked(
                Submission::Password,
                Verdict::PasswordMatchRehash,
                Facts { person, ..calm() },
            ))
        };
        assert_eq!(right(PersonFacts::Unknown), ["count_failure"]);
        assert_eq!(right(hana_who_is(PersonState::Held { since: NOW })), ["count_failure"]);
    }

    #[test]
    fn an_accepted_code_is_spent_even_if_nothing_comes_of_it() {
        let accepted = Verdict::CodeAccepted { factor: CODES, step: 2 };
        let code = Submission::Code(Method::RecoveryCode);
        let disabled = hana_who_is(PersonState::Disabled { since: NOW });
        for (case, facts) in [
            ("expired meanwhile", Facts { attempt: Some(attempt(601)), ..at_second_step() }),
            ("disabled meanwhile", Facts { person: disabled, ..at_second_step() }),
            ("nobody waited for it", calm()),
        ] {
            let found = effects(&checked(code, accepted, facts));
            assert!(found.contains(&"spend_code".to_owned()), "{case}: {found:?}");
            assert!(!found.contains(&"open_session".to_owned()), "{case}: {found:?}");
        }
    }

    #[test]
    fn a_used_recovery_code_is_told_to_the_owner() {
        let accepted = Verdict::CodeAccepted { factor: CODES, step: 2 };
        let facts = checked(Submission::Code(Method::RecoveryCode), accepted, at_second_step());
        let notice = super::Effect::Notify(super::Notice::RecoveryCodeUsed);
        assert!(decide(&policy(), &facts).effects.contains(&notice));
    }

    #[test]
    fn a_row_of_drifts_ends_with_any_other_code_of_the_app() {
        let last = Drift { factor: APP, step: 5, offset_seconds: 90 };
        let attempt = AttemptFacts { last_drift: Some(last), ..attempt(20) };
        let after = |method, verdict| {
            let facts = Facts { attempt: Some(attempt.clone()), ..at_second_step() };
            let found = effects(&checked(Submission::Code(method), verdict, facts));
            found.contains(&"forget_drift".to_owned())
        };
        assert!(after(Method::Totp, Verdict::CodeWrong));
        assert!(after(Method::Totp, Verdict::CodeReused));
        assert!(after(Method::Totp, Verdict::CodeAccepted { factor: APP, step: 9 }));
        assert!(!after(Method::Totp, Verdict::CodeMalformed), "nothing was checked");
        assert!(!after(Method::Totp, Verdict::Busy), "nothing was checked");
        assert!(!after(Method::RecoveryCode, Verdict::CodeWrong), "not of the app");
    }
}
