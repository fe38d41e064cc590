//! A check that failed shows the same step again, with what may be said about it.

use sekimori_directory::Method;

use super::{Outcome, Weighed, second_factor};
use crate::facts::{Facts, IdentifierFacts, KnownPerson};
use crate::submitted::{CertificateRefusal, Submission, Verdict};
use crate::{Details, Effect, Notice, Reason, Step};

/// Seconds by which the offsets of two codes of one steady clock may differ: one step.
const STEP_SECONDS: u64 = 30;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.fresh.is_some() {
        return None;
    }
    let verdict = weighed.facts.verdict?;
    if !answers(weighed.facts.submitted, verdict) {
        return Some(Outcome::refuse(Reason::ServerFault));
    }
    let outcome = match verdict {
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
        Verdict::CodeRaced => again(weighed, Reason::CodeRaced),
        Verdict::CodeMalformed => again(weighed, Reason::CodeMalformed),
        Verdict::RecoverySpent => again(weighed, Reason::RecoverySpent),
        Verdict::CodeDrift { offset_seconds, .. } => drift(weighed, offset_seconds),
        Verdict::CodeExpired => again(weighed, Reason::CodeExpired),
        Verdict::CodeSuperseded => again(weighed, Reason::CodeSuperseded),
        Verdict::CodeNotSent => again(weighed, Reason::CodeNotSent),
        Verdict::PasskeyAccepted { .. } => again(weighed, unproven_passkey(weighed)),
        Verdict::PasskeyUnknown => again(weighed, Reason::PasskeyUnknown),
        Verdict::PasskeyRefused => again(weighed, Reason::PasskeyRefused),
        Verdict::PasskeyUnverified => again(weighed, Reason::PasskeyUnverified),
        Verdict::PasskeyCopied => again(weighed, Reason::PasskeyCopied),
        Verdict::PasskeySpent => again(weighed, Reason::PasskeySpent),
        // Of a held account, or gone meanwhile.
        Verdict::CertificateAccepted { .. } => again(weighed, Reason::CertificateNotRegistered),
        // Who may have a certificate from elsewhere and shows none has nothing here: that is what there is to say.
        Verdict::CertificateRefused(CertificateRefusal::NotPresented) if !weighed.has_own() => {
            second_factor::none(weighed)
        }
        Verdict::CertificateRefused(why) => again(weighed, refused_certificate(why)),
    };
    Some(outcome)
}

/// Why a right signature proves nothing: the account is held, the holder was not verified where that was needed, its
/// owner has switched passkeys off, or the passkey has gone meanwhile.
fn unproven_passkey(weighed: &Weighed<'_>) -> Reason {
    match weighed.facts.verdict {
        _ if weighed.person().is_some_and(KnownPerson::is_held) => Reason::PasskeyHeld,
        Some(Verdict::PasskeyAccepted { factor, user_verified: false, .. })
            if weighed.person().is_some_and(|person| person.has_ready(factor, Method::Passkey)) =>
        {
            Reason::PasskeyUnverified
        }
        Some(Verdict::PasskeyAccepted { factor, .. })
            if weighed.person().is_some_and(|person| person.has_switched_off(factor)) =>
        {
            Reason::PasskeySwitchedOff
        }
        _ => Reason::PasskeyUnknown,
    }
}

/// Each refusal has its own reason.
const fn refused_certificate(why: CertificateRefusal) -> Reason {
    match why {
        CertificateRefusal::Stale => Reason::CertificateStale,
        CertificateRefusal::NotPresented => Reason::CertificateNotPresented,
        CertificateRefusal::Malformed => Reason::CertificateMalformed,
        CertificateRefusal::UnknownIssuer => Reason::CertificateIssuerUnknown,
        CertificateRefusal::WithdrawnIssuer => Reason::CertificateIssuerWithdrawn,
        CertificateRefusal::WrongPurpose => Reason::CertificatePurpose,
        CertificateRefusal::NotYetValid => Reason::CertificateNotYetValid,
        CertificateRefusal::Expired => Reason::CertificateExpired,
        CertificateRefusal::Revoked => Reason::CertificateRevoked,
        CertificateRefusal::RevocationUnknown => Reason::CertificateRevocationUnknown,
        CertificateRefusal::StatusUnanswered => Reason::CertificateStatusUnanswered,
        CertificateRefusal::UnknownToIssuer => Reason::CertificateUnknownToIssuer,
        CertificateRefusal::NoIdentity => Reason::CertificateNoIdentity,
        CertificateRefusal::OtherPerson => Reason::CertificateOtherPerson,
        CertificateRefusal::FormerAccount => Reason::CertificateFormerAccount,
        CertificateRefusal::NotRegistered => Reason::CertificateNotRegistered,
    }
}

/// Whether the verdict is one on what was sent; another one is a defect of ours, and says nothing.
fn answers(submitted: Option<Submission>, verdict: Verdict) -> bool {
    match verdict {
        Verdict::PasswordMatch | Verdict::PasswordMatchRehash | Verdict::PasswordMismatch => {
            submitted == Some(Submission::Password)
        }
        Verdict::CodeAccepted { .. }
        | Verdict::CodeReused
        | Verdict::CodeRaced
        | Verdict::CodeDrift { .. }
        | Verdict::RecoverySpent
        | Verdict::CodeExpired
        | Verdict::CodeSuperseded
        | Verdict::CodeNotSent
        | Verdict::CodeWrong
        | Verdict::CodeMalformed => matches!(submitted, Some(Submission::Code(_))),
        Verdict::PasskeyAccepted { .. }
        | Verdict::PasskeyUnknown
        | Verdict::PasskeyRefused
        | Verdict::PasskeyUnverified
        | Verdict::PasskeyCopied
        | Verdict::PasskeySpent => submitted == Some(Submission::Passkey),
        Verdict::CertificateAccepted { .. } | Verdict::CertificateRefused(_) => {
            submitted == Some(Submission::Certificate)
        }
        Verdict::Busy => {
            matches!(submitted, Some(Submission::Password | Submission::Code(_)))
        }
    }
}

/// The same step once more, with the reason above it.
pub(super) fn again(weighed: &Weighed<'_>, reason: Reason) -> Outcome {
    let unnamed = weighed.facts.identifier == IdentifierFacts::Absent && weighed.person().is_none();
    match weighed.facts.submitted {
        Some(Submission::Code(method)) if method.is_code() && weighed.verified() => {
            second_factor::again(weighed, method, reason)
        }
        Some(Submission::Certificate) if weighed.verified() => {
            second_factor::again(weighed, Method::Certificate, reason)
        }
        Some(Submission::Passkey) if weighed.awaits_code() => {
            second_factor::again(weighed, Method::Passkey, reason)
        }
        // Whoever it names has not been typed: the page that was left is shown.
        Some(Submission::Passkey) if weighed.facts.identifier == IdentifierFacts::Absent => {
            Outcome::ask(Step::Username, reason)
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

#[cfg(test)]
mod tests {
    use sekimori_base::FactorId;
    use sekimori_directory::PersonState;

    use super::*;
    use crate::rules::tables::{kinds, says, step};
    use crate::samples::{
        APP, NOW, app, at_second_step, attempt, calm, checked, codes, hana_who_is, hana_with,
        policy,
    };
    use crate::{
        AttemptFacts, Decision, Drift, FactorFacts, FactorState, PersonFacts, Tier, decide,
    };

    #[test]
    fn what_was_refused_is_asked_again_with_the_reason() {
        let at = at_second_step;
        let (totp, recovery) =
            (Submission::Code(Method::Totp), Submission::Code(Method::RecoveryCode));
        let password = Submission::Password;
        let missing = || Facts { person: PersonFacts::Unknown, ..calm() };
        let suspended = FactorFacts { state: FactorState::Suspended, ..app() };
        let changed = Facts { person: hana_with(vec![suspended, codes()]), ..at() };
        let accepted = Verdict::CodeAccepted { factor: APP, step: 1 };
        says(
            "verdicts",
            &policy(),
            [
                (
                    "wrong",
                    checked(password, Verdict::PasswordMismatch, calm()),
                    Reason::CredentialMismatch,
                ),
                (
                    "no account",
                    checked(password, Verdict::PasswordMismatch, missing()),
                    Reason::CredentialMismatch,
                ),
                (
                    "right for nobody",
                    checked(password, Verdict::PasswordMatch, missing()),
                    Reason::CredentialMismatch,
                ),
                ("queue full", checked(password, Verdict::Busy, calm()), Reason::ServerBusy),
                ("wrong code", checked(totp, Verdict::CodeWrong, at()), Reason::CodeWrong),
                ("used code", checked(totp, Verdict::CodeReused, at()), Reason::CodeReused),
                ("raced code", checked(totp, Verdict::CodeRaced, at()), Reason::CodeRaced),
                (
                    "no code at all",
                    checked(totp, Verdict::CodeMalformed, at()),
                    Reason::CodeMalformed,
                ),
                ("spent", checked(recovery, Verdict::RecoverySpent, at()), Reason::RecoverySpent),
                (
                    "of a factor suspended meanwhile",
                    checked(totp, accepted, changed),
                    Reason::CodeWrong,
                ),
                ("queue full", checked(totp, Verdict::Busy, at()), Reason::ServerBusy),
            ],
        );
        let decision = decide(&policy(), &checked(recovery, Verdict::CodeWrong, at()));
        let shown = step(&decision);
        assert!(matches!(shown, Some(Step::SecondFactor { method: Method::RecoveryCode, .. })));
    }

    #[test]
    fn a_verdict_on_something_else_than_what_was_sent_is_a_fault_of_ours() {
        let code = Submission::Code(Method::Totp);
        says(
            "verdicts",
            &policy(),
            [
                (
                    "nothing was sent",
                    Facts { verdict: Some(Verdict::Busy), ..calm() },
                    Reason::ServerFault,
                ),
                (
                    "a code",
                    checked(Submission::Password, Verdict::CodeWrong, calm()),
                    Reason::ServerFault,
                ),
                (
                    "a password",
                    checked(code, Verdict::PasswordMatch, at_second_step()),
                    Reason::ServerFault,
                ),
                (
                    "an empty field",
                    checked(Submission::Empty, Verdict::Busy, calm()),
                    Reason::ServerFault,
                ),
            ],
        );
    }

    #[test]
    fn a_held_account_answers_its_password_as_it_answers_a_wrong_one() {
        let held = || Facts { person: hana_who_is(PersonState::Held { since: NOW }), ..calm() };
        let wrong =
            decide(&policy(), &checked(Submission::Password, Verdict::PasswordMismatch, calm()));
        for verdict in [Verdict::PasswordMatch, Verdict::PasswordMatchRehash] {
            let right = decide(&policy(), &checked(Submission::Password, verdict, held()));
            assert_eq!(right.reason, Reason::AccountHeld);
            for tier in [Tier::Public, Tier::Verified, Tier::Owner] {
                assert_eq!(right.reason.shown_to(tier), wrong.reason.shown_to(tier));
            }
            assert_eq!(Decision { reason: wrong.reason, ..right }, wrong);
        }
        let typo = checked(Submission::Password, Verdict::PasswordMismatch, held());
        assert_eq!(decide(&policy(), &typo), wrong);
    }

    fn drifted(factor: FactorId, step: u64, offset_seconds: i64, last: Option<Drift>) -> Decision {
        let attempt = AttemptFacts { last_drift: last, ..attempt(20) };
        let verdict = Verdict::CodeDrift { factor, step, offset_seconds };
        let facts = Facts { attempt: Some(attempt), ..at_second_step() };
        decide(&policy(), &checked(Submission::Code(Method::Totp), verdict, facts))
    }

    #[test]
    fn a_wrong_clock_is_named_after_two_different_codes_in_a_row_with_one_offset() {
        let last = Some(Drift { factor: APP, step: 100, offset_seconds: -180 });
        let other = FactorId::from_bytes([9; 16]);
        for (case, decision, named) in [
            ("the first", drifted(APP, 100, -180, None), false),
            ("the same code again", drifted(APP, 100, -180, last), false),
            ("the same code, a little later", drifted(APP, 100, -210, last), false),
            ("another code", drifted(APP, 101, -180, last), true),
            ("another code, the clock between two steps", drifted(APP, 102, -150, last), true),
            ("another offset", drifted(APP, 103, 180, last), false),
            ("another device", drifted(other, 101, -180, last), false),
        ] {
            let (reason, seconds) = if named {
                (Reason::ClockDrift, decision.details.clock_ahead_seconds)
            } else {
                (Reason::ClockSuspected, None)
            };
            assert_eq!(decision.reason, reason, "{case}");
            assert_eq!(decision.details.clock_ahead_seconds, seconds, "{case}");
            assert_eq!(seconds.is_some(), named, "{case}");
            assert!(
                decision.effects.iter().any(|e| matches!(e, Effect::BurnCode { .. })),
                "{case}"
            );
        }
    }

    #[test]
    fn a_suspected_clock_reads_like_a_wrong_code_except_to_owner_and_desk() {
        let decision = drifted(APP, 100, -180, None);
        assert_eq!(decision.reason.shown_to(Tier::Verified), Reason::CodeWrong);
        assert_eq!(decision.reason.shown_to(Tier::Owner), Reason::ClockSuspected);
        let wrong = checked(Submission::Code(Method::Totp), Verdict::CodeWrong, at_second_step());
        let wrong = decide(&policy(), &wrong);
        assert_eq!((&decision.next, &decision.details), (&wrong.next, &wrong.details));
        assert!(kinds(&wrong.effects).contains("count_failure"));
    }
}
