//! Every reason that is the engine's own can be had; the others are said to be made elsewhere.

use std::collections::BTreeSet;

use sekimori_directory::settings::Requirement;
use sekimori_directory::{Method, PersonState, Preferences};

use crate::enrol::{Ticket, binding};
use crate::preferences::closes;
use crate::samples::{
    APP, KENJI, NOW, PASSKEY, app, at_second_step, attempt, calm, certificate, checked, codes,
    group, hana, hana_who_is, hana_with, home, mail, no_wait, nobody, passkey, policy, policy_with,
    proven, sent, signed_in,
};
use crate::throttle::FAILURES_CAP;
use crate::ticket::{self, TicketPurpose};
use crate::{
    AssuranceDemand, AttemptFacts, CertificateRefusal, Demand, Drift, FactorFacts, FactorState,
    Facts, Freshness, Interaction, KnownPerson, PersonFacts, Reason, ServiceFacts, Submission,
    ThrottleFacts, Verdict, decide,
};

type Table = Vec<(Reason, Facts)>;

const PASSWORD: Submission = Submission::Password;
const CODE: Submission = Submission::Code(Method::Totp);

fn demand(alter: impl FnOnce(&mut Demand), mut facts: Facts) -> Facts {
    alter(&mut facts.demand);
    facts
}

fn waiting(alter: impl FnOnce(&mut ThrottleFacts)) -> Facts {
    let mut throttle = no_wait();
    alter(&mut throttle);
    sent(PASSWORD, Facts { throttle, ..calm() })
}

fn progress() -> Table {
    vec![
        (Reason::Admitted, proven()),
        (Reason::SessionReused, signed_in()),
        (Reason::AskUsername, nobody()),
        (Reason::AskPassword, calm()),
        (Reason::AskSecondFactor, at_second_step()),
        (
            Reason::AskStepUp,
            Facts { position: home(), person: hana_with(vec![app()]), ..signed_in() },
        ),
        (Reason::AskFresh, demand(|demand| demand.freshness = Freshness::Now, signed_in())),
        (Reason::Checking, sent(PASSWORD, calm())),
    ]
}

fn typing_and_waiting() -> Table {
    let soon = Some(NOW.plus_seconds(5));
    vec![
        (Reason::InputEmpty, sent(Submission::Empty, calm())),
        (Reason::PasswordTooLong, sent(Submission::Overlong, calm())),
        (Reason::CredentialMismatch, checked(PASSWORD, Verdict::PasswordMismatch, calm())),
        (Reason::ThrottleWait, waiting(|throttle| throttle.wait_until = soon)),
        (Reason::ThrottleSource, waiting(|throttle| throttle.source_wait_until = soon)),
        (Reason::ThrottleAlert, waiting(|throttle| throttle.alert_wait_until = soon)),
        (Reason::ThrottleBusy, waiting(|throttle| throttle.reservation_refused = true)),
        (Reason::ThrottleClosed, waiting(|throttle| throttle.failures = FAILURES_CAP)),
        (Reason::ServerBusy, checked(PASSWORD, Verdict::Busy, calm())),
        (Reason::ServerFault, checked(Submission::Empty, Verdict::Busy, calm())),
    ]
}

fn accounts_and_requests() -> Table {
    let is = |state| Facts { person: hana_who_is(state), ..proven() };
    let held = Facts { person: hana_who_is(PersonState::Held { since: NOW }), ..calm() };
    let later = Some(NOW.plus_seconds(60));
    let service = |groups: &[&str], disabled| ServiceFacts {
        groups: groups.iter().map(|name| group(name)).collect(),
        disabled,
        ..nobody().service
    };
    let overtaken = AttemptFacts { credential_epoch: 6, ..attempt(20) };
    let silent = |facts| demand(|demand| demand.interaction = Interaction::Silent, facts);
    vec![
        (Reason::AccountDisabled, is(PersonState::Disabled { since: NOW })),
        (Reason::AccountNotYet, is(PersonState::Active { from: later, until: None })),
        (Reason::AccountEnded, is(PersonState::Active { from: None, until: Some(NOW) })),
        (Reason::AccountHeld, checked(PASSWORD, Verdict::PasswordMatch, held)),
        (Reason::NotEntitled, Facts { service: service(&["staff"], false), ..proven() }),
        (Reason::OtherPerson, demand(|demand| demand.subject = Some(KENJI), signed_in())),
        (Reason::LoginRequired, silent(nobody())),
        (Reason::InteractionRequired, silent(at_second_step())),
        (Reason::AttemptExpired, Facts { attempt: Some(attempt(601)), ..proven() }),
        (Reason::AttemptOvertaken, Facts { attempt: Some(overtaken), ..proven() }),
        (Reason::RequestStale, sent(CODE, calm())),
        (Reason::RequestInvalid, sent(Submission::Code(Method::Password), calm())),
        (Reason::RequestLoop, Facts { answered_lately: 10, ..signed_in() }),
        (Reason::ServiceDisabled, Facts { service: service(&[], true), ..nobody() }),
    ]
}

fn second_factor() -> Table {
    let with = |factors, ever_had_factor| Facts {
        person: PersonFacts::Known(Box::new(KnownPerson { factors, ever_had_factor, ..hana() })),
        ..at_second_step()
    };
    let app_in = |state| vec![FactorFacts { state, ..app() }];
    let code = |verdict| checked(CODE, verdict, at_second_step());
    let drift = Verdict::CodeDrift { factor: APP, step: 8, offset_seconds: 90 };
    let before = Drift { factor: APP, step: 7, offset_seconds: 90 };
    let twice = AttemptFacts { last_drift: Some(before), ..attempt(20) };
    let throttle = ThrottleFacts { mail_wait_until: Some(NOW.plus_seconds(30)), ..no_wait() };
    let flooded = Facts { throttle, ..with(vec![mail()], true) };
    let unreachable = |demand: &mut Demand| demand.assurance = AssuranceDemand::Unreachable;
    vec![
        (Reason::FactorNone, with(vec![], false)),
        (Reason::FactorNoneLeft, with(vec![], true)),
        (Reason::FactorUnfinished, with(app_in(FactorState::Unfinished), false)),
        (Reason::FactorSuspended, with(app_in(FactorState::Suspended), true)),
        (Reason::FactorSwitchedOff, with(app_in(FactorState::SwitchedOff), true)),
        (
            Reason::FactorUnusable,
            sent(Submission::Choose(Method::RecoveryCode), with(vec![app()], true)),
        ),
        (Reason::LevelNotReachable, demand(unreachable, proven())),
        (Reason::CodeMalformed, code(Verdict::CodeMalformed)),
        (Reason::CodeWrong, code(Verdict::CodeWrong)),
        (Reason::CodeReused, code(Verdict::CodeReused)),
        (Reason::CodeRaced, code(Verdict::CodeRaced)),
        (Reason::CodeExpired, code(Verdict::CodeExpired)),
        (Reason::CodeSuperseded, code(Verdict::CodeSuperseded)),
        (Reason::CodeNotSent, code(Verdict::CodeNotSent)),
        (Reason::AskMailCode, sent(Submission::SendCode, with(vec![mail()], true))),
        (Reason::MailWait, sent(Submission::SendCode, flooded)),
        (Reason::ClockSuspected, code(drift)),
        (Reason::ClockDrift, Facts { attempt: Some(twice), ..code(drift) }),
        (
            Reason::RecoverySpent,
            checked(
                Submission::Code(Method::RecoveryCode),
                Verdict::RecoverySpent,
                at_second_step(),
            ),
        ),
    ]
}

fn passkeys() -> Table {
    let known = Facts { person: hana_with(vec![passkey()]), ..nobody() };
    let signed = |verdict| checked(Submission::Passkey, verdict, known.clone());
    let accepted = Verdict::PasskeyAccepted { factor: PASSKEY, user_verified: true, counter: 0 };
    let held = KnownPerson { state: PersonState::Held { since: NOW }, ..hana() };
    let held = Facts { person: PersonFacts::Known(Box::new(held)), ..nobody() };
    let off = FactorFacts { state: FactorState::SwitchedOff, ..passkey() };
    let off = Facts { person: hana_with(vec![off]), ..nobody() };
    vec![
        (Reason::PasskeySwitchedOff, checked(Submission::Passkey, accepted, off)),
        (Reason::PasskeyUnknown, signed(Verdict::PasskeyUnknown)),
        (Reason::PasskeyRefused, signed(Verdict::PasskeyRefused)),
        (Reason::PasskeyUnverified, signed(Verdict::PasskeyUnverified)),
        (Reason::PasskeyCopied, signed(Verdict::PasskeyCopied)),
        (Reason::PasskeySpent, signed(Verdict::PasskeySpent)),
        (Reason::PasskeyHeld, checked(Submission::Passkey, accepted, held)),
    ]
}

fn certificates() -> Table {
    use CertificateRefusal as Why;
    let asked = Facts { person: hana_with(vec![certificate()]), ..at_second_step() };
    let refused =
        |why| checked(Submission::Certificate, Verdict::CertificateRefused(why), asked.clone());
    let reason = |why| match why {
        Why::Stale => Reason::CertificateStale,
        Why::NotPresented => Reason::CertificateNotPresented,
        Why::Malformed => Reason::CertificateMalformed,
        Why::UnknownIssuer => Reason::CertificateIssuerUnknown,
        Why::WithdrawnIssuer => Reason::CertificateIssuerWithdrawn,
        Why::WrongPurpose => Reason::CertificatePurpose,
        Why::NotYetValid => Reason::CertificateNotYetValid,
        Why::Expired => Reason::CertificateExpired,
        Why::Revoked => Reason::CertificateRevoked,
        Why::RevocationUnknown => Reason::CertificateRevocationUnknown,
        Why::StatusUnanswered => Reason::CertificateStatusUnanswered,
        Why::UnknownToIssuer => Reason::CertificateUnknownToIssuer,
        Why::NoIdentity => Reason::CertificateNoIdentity,
        Why::OtherPerson => Reason::CertificateOtherPerson,
        Why::FormerAccount => Reason::CertificateFormerAccount,
        Why::NotRegistered => Reason::CertificateNotRegistered,
    };
    Why::ALL.into_iter().map(|why| (reason(why), refused(why))).collect()
}

#[test]
fn every_reason_is_produced_here_or_said_to_be_made_elsewhere() {
    let mut seen: BTreeSet<Reason> = Reason::made_outside_the_engine().iter().copied().collect();
    let tables = [
        progress(),
        typing_and_waiting(),
        accounts_and_requests(),
        second_factor(),
        passkeys(),
        certificates(),
    ];
    for (reason, facts) in tables.into_iter().flatten() {
        assert_eq!(decide(&policy(), &facts).reason, reason, "{}", reason.code());
        assert!(seen.insert(reason), "{} once, and not elsewhere", reason.code());
    }
    let closed = policy_with(Requirement::Refuse, |_| ());
    seen.insert(decide(&closed, &proven()).reason);
    let app_only = policy_with(Requirement::TwoFactors, |row| row.methods = [Method::Totp].into());
    let with_codes = Facts { person: hana_with(vec![codes()]), ..at_second_step() };
    seen.insert(decide(&app_only, &with_codes).reason);
    let lost = KnownPerson { ever_had_factor: true, ..hana() };
    let lost = Facts { person: PersonFacts::Known(Box::new(lost)), ..signed_in() };
    for facts in [Facts { position: home(), ..signed_in() }, lost] {
        seen.extend(binding(&policy(), &facts, Ticket::None).err());
    }
    let (start, factor) = (TicketPurpose::Start, TicketPurpose::Factor);
    let gone = FactorFacts { state: FactorState::Suspended, ..app() };
    let suspended = Facts { person: hana_with(vec![gone]), ..calm() };
    for (facts, purpose) in [(&nobody(), start), (&calm(), factor), (&suspended, start)] {
        seen.extend(ticket::password(facts, purpose, None).err());
    }
    let wanted = Preferences::new([Method::Totp], None);
    let (own, there) = (Facts { person: hana_with(vec![app()]), ..proven() }, home());
    let closed = closes(&policy(), &own, std::slice::from_ref(&own.service), &[there], &wanted);
    seen.extend(closed.map(|closed| closed.reason()));
    let missing: Vec<_> = Reason::ALL.iter().filter(|reason| !seen.contains(reason)).collect();
    assert!(missing.is_empty(), "no facts give {missing:?}");
}
