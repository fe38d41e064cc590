//! Laws of a single decision.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sekimori_directory::Method;

use super::arbitrary::{facts, policies};
use super::cases;
use super::model::Model;
use crate::replay::{Asked, Recorded, Replayed, replay};
use crate::throttle::FAILURES_CAP;
use crate::{
    Assurance, Authenticated, Decision, Effect, Facts, Interaction, Next, RULE_SET, Reason, Step,
    Submission, Tier, Verdict, decide, rule_names,
};

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn every_decision_keeps_the_laws(policy in policies(), facts in facts()) {
        let decision = decide(&policy, &facts);
        let model = Model::new(&policy, &facts);
        prop_assert_eq!(&decide(&policy, &facts), &decision, "the same again");
        engines_own(&decision)?;
        nobody_is_asked_who_cannot_be(&facts, &decision)?;
        nothing_is_told_before_a_proof(&model, &decision)?;
        checks_are_orderly(&facts, &decision)?;
        effects_are_consistent(&model, &facts, &decision)?;
        entry_needs_its_proofs(&model, &facts, &decision)?;
    }

    #[test]
    fn recorded_facts_give_the_reason_again(policy in policies(), facts in facts()) {
        let reason = decide(&policy, &facts).reason;
        let recorded = Recorded { rule_set: RULE_SET, settings_version: 1, asked: Asked::default(), policy, facts, reason };
        let text = serde_json::to_string(&recorded).unwrap();
        let read: Recorded = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &recorded);
        prop_assert!(matches!(replay(&read), Replayed::Same(_)));
    }

    #[test]
    fn whoever_has_shown_everything_is_let_in(policy in policies(), facts in facts()) {
        let facts = Facts { submitted: None, verdict: None, ..facts };
        let expected = Model::new(&policy, &facts).may_enter();
        let decision = decide(&policy, &facts);
        let entered = matches!(decision.next, Next::Admit(_));
        prop_assert_eq!(entered, expected.is_ok(), "{:?} {:?}", expected, decision);
    }
}

/// A reason of ours, said by a rule of ours.
fn engines_own(decision: &Decision) -> TestCaseResult {
    prop_assert!(!Reason::made_outside_the_engine().contains(&decision.reason));
    prop_assert!(rule_names().any(|name| name == decision.rule), "{}", decision.rule);
    let admitted = matches!(decision.next, Next::Admit(_));
    let says_so = matches!(decision.reason, Reason::Admitted | Reason::SessionReused);
    prop_assert_eq!(admitted, says_so);
    if decision.next == Next::Refuse {
        prop_assert!(decision.reason.is_refusal(), "{:?}", decision.reason);
    }
    Ok(())
}

fn nobody_is_asked_who_cannot_be(facts: &Facts, decision: &Decision) -> TestCaseResult {
    match facts.demand.interaction {
        Interaction::Allowed => prop_assert_eq!(&decision.details.unasked, &None),
        Interaction::Silent | Interaction::Impossible => {
            prop_assert!(!matches!(decision.next, Next::Ask(_)));
        }
    }
    Ok(())
}

fn nothing_is_told_before_a_proof(model: &Model<'_>, decision: &Decision) -> TestCaseResult {
    prop_assert_eq!(decision.details.verified, model.verified());
    if model.verified() {
        return Ok(());
    }
    let step = match &decision.next {
        Next::Ask(step) => Some(step),
        Next::Check(_) | Next::Admit(_) | Next::Refuse => decision.details.unasked.as_ref(),
    };
    let shows_factors = matches!(step, Some(Step::SecondFactor { .. }));
    prop_assert!(!shows_factors);
    prop_assert!(decision.details.choices.is_empty());
    prop_assert_eq!(&decision.details.policy_row, &None);
    prop_assert_eq!(decision.details.account_moment, None);
    prop_assert_eq!(decision.details.clock_ahead_seconds, None);
    let for_staff = matches!(
        decision.reason,
        Reason::AccountHeld | Reason::PasskeyHeld | Reason::PasskeyCopied
    );
    let public = decision.reason.tier() == Tier::Public || for_staff;
    prop_assert!(public, "{:?} to anybody", decision.reason);
    Ok(())
}

fn checks_are_orderly(facts: &Facts, decision: &Decision) -> TestCaseResult {
    let Next::Check(_) = decision.next else { return Ok(()) };
    let throttle = &facts.throttle;
    prop_assert_eq!(facts.verdict, None, "once is enough");
    prop_assert_eq!(decision.reason, Reason::Checking);
    prop_assert!(decision.effects.is_empty());
    if matches!(facts.submitted, Some(Submission::Passkey | Submission::Certificate)) {
        // A signature cannot be guessed: no wait keeps its holder out.
        return Ok(());
    }
    prop_assert!(throttle.failures < FAILURES_CAP);
    prop_assert!(throttle.wait_until.is_none_or(|until| until <= facts.now));
    prop_assert!(throttle.source_wait_until.is_none_or(|until| until <= facts.now));
    prop_assert!(throttle.alert_wait_until.is_none_or(|until| until <= facts.now));
    prop_assert!(!throttle.reservation_refused);
    Ok(())
}

fn effects_are_consistent(model: &Model<'_>, facts: &Facts, decision: &Decision) -> TestCaseResult {
    let count = |kind: fn(&Effect) -> bool| decision.effects.iter().filter(|e| kind(e)).count();
    let guessed = matches!(
        facts.submitted,
        Some(
            Submission::Password
                | Submission::Code(Method::Totp | Method::MailCode | Method::RecoveryCode)
        )
    ) && facts.verdict.is_some();
    let signed = facts.submitted == Some(Submission::Passkey) && facts.verdict.is_some();
    let presented = facts.submitted == Some(Submission::Certificate) && facts.verdict.is_some();
    let counted = count(|e| matches!(e, Effect::CountFailure { .. }));
    let repeated = count(|e| matches!(e, Effect::RepeatFailure { .. }));
    let cleared = count(|e| matches!(e, Effect::ClearFailures { .. }));
    let given_back = count(|e| matches!(e, Effect::GiveBack { .. }));
    prop_assert_eq!(
        counted + repeated + cleared + given_back,
        usize::from(guessed),
        "exactly one fate"
    );

    let recorded: Vec<_> = decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::RecordProof(proof) => Some(proof),
            _ => None,
        })
        .collect();
    let fresh: Vec<_> = model.fresh.iter().filter(|_| guessed || signed || presented).collect();
    prop_assert_eq!(&recorded, &fresh);
    prop_assert_eq!(cleared, if guessed { recorded.len() } else { 0 }, "only a proof clears");
    let used = count(|e| matches!(e, Effect::UsePasskey { .. }));
    prop_assert_eq!(used, if signed { recorded.len() } else { 0 }, "a passkey is used by a proof");
    let sends = matches!(
        facts.submitted,
        Some(Submission::SendCode | Submission::Choose(Method::MailCode))
    );
    let sent = count(|e| matches!(e, Effect::SendCode { .. }));
    prop_assert!(sent <= usize::from(sends && model.verified()), "sent when asked for");

    let accepted = guessed && matches!(facts.verdict, Some(Verdict::CodeAccepted { .. }));
    let drifted = guessed && matches!(facts.verdict, Some(Verdict::CodeDrift { .. }));
    prop_assert_eq!(count(|e| matches!(e, Effect::SpendCode { .. })), usize::from(accepted));
    prop_assert_eq!(count(|e| matches!(e, Effect::BurnCode { .. })), usize::from(drifted));

    let admitted = matches!(decision.next, Next::Admit(_));
    let opened = count(|e| matches!(e, Effect::OpenSession));
    let touched = count(|e| matches!(e, Effect::TouchSession));
    prop_assert_eq!(opened, usize::from(admitted && !model.attempt.is_empty()));
    prop_assert_eq!(touched, usize::from(admitted && model.attempt.is_empty()));
    prop_assert_eq!(count(|e| matches!(e, Effect::RememberDevice)), opened);
    prop_assert!(count(|e| matches!(e, Effect::Rehash)) <= recorded.len());
    Ok(())
}

fn entry_needs_its_proofs(model: &Model<'_>, facts: &Facts, decision: &Decision) -> TestCaseResult {
    let Next::Admit(authenticated) = &decision.next else { return Ok(()) };
    prop_assert_eq!(model.may_enter(), Ok(()));
    says_what_happened(model, facts, authenticated)
}

fn says_what_happened(
    model: &Model<'_>,
    facts: &Facts,
    authenticated: &Authenticated,
) -> TestCaseResult {
    prop_assert_eq!(Some(authenticated.person()), facts.known().map(|person| person.id));
    prop_assert_eq!(authenticated.audience(), &facts.service.name);
    prop_assert_eq!(authenticated.zone(), &facts.position.zone);
    prop_assert_eq!(Some(authenticated.at()), model.opened_at());
    prop_assert_eq!(authenticated.assurance(), model.level());
    prop_assert_eq!(authenticated.methods(), &model.methods());
    let standing = facts.session.as_ref().filter(|_| model.attempt.is_empty());
    prop_assert_eq!(authenticated.session(), standing.map(|session| session.id));
    let mut amr = BTreeSet::new();
    for proof in model.all() {
        amr.insert(match proof.method {
            Method::Password => "pwd",
            Method::Totp | Method::RecoveryCode => "otp",
            Method::Passkey | Method::Certificate => "swk",
            Method::MailCode => continue,
        });
        if proof.method == Method::Passkey {
            amr.insert("user");
        }
    }
    if model.level() == Assurance::TwoFactors {
        amr.insert("mfa");
    }
    prop_assert_eq!(authenticated.amr().into_iter().collect::<BTreeSet<_>>(), amr);
    Ok(())
}

#[test]
fn the_laws_meet_people_who_are_let_in_and_people_who_are_not() {
    // A property over facts that never let anybody in would prove little.
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut admitted, mut two, mut asked) = (0, 0, 0);
    for _ in 0..4_000 {
        let tree = (policies(), facts()).new_tree(&mut runner).unwrap();
        let (policy, facts) = tree.current();
        match decide(&policy, &facts).next {
            Next::Admit(proof) => {
                admitted += 1;
                two += i32::from(proof.assurance() == Assurance::TwoFactors);
            }
            Next::Ask(Step::SecondFactor { .. }) => asked += 1,
            Next::Ask(_) | Next::Check(_) | Next::Refuse => {}
        }
    }
    assert!(
        admitted > 100 && two > 30 && asked > 25,
        "{admitted} in, {two} with two, {asked} asked"
    );
}
