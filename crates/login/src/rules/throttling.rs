//! While an identifier or a source waits, nothing that is submitted is evaluated (C5, S24).
//!
//! The text depends on the typed name and the moment alone and is the same for names that do not exist.

use super::verdicts::again;
use super::{Outcome, Weighed};
use crate::submitted::Submission;
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
    let alert = throttle.alert_wait_until.map(|until| (until, Reason::ThrottleAlert));
    let waits =
        alert.into_iter().chain(source).chain(identifier).filter(|(until, _)| *until > facts.now);
    if let Some((until, reason)) = waits.max_by_key(|(until, _)| *until) {
        let details = Details { wait_until: Some(until), ..Details::default() };
        return Some(again(weighed, reason).with(details));
    }
    throttle.reservation_refused.then(|| again(weighed, Reason::ThrottleBusy))
}

#[cfg(test)]
mod tests {
    use sekimori_directory::Method;

    use super::FAILURES_CAP;
    use crate::rules::tables::{passes, says, step};
    use crate::samples::{NOW, at_second_step, calm, checked, no_wait, policy, proven, sent};
    use crate::{Facts, PersonFacts, Reason, Step, Submission, ThrottleFacts, Verdict, decide};

    fn slowed(throttle: ThrottleFacts) -> Facts {
        sent(Submission::Password, Facts { throttle, ..calm() })
    }

    #[test]
    fn nothing_is_evaluated_while_a_name_or_a_network_waits() {
        let (soon, later) = (Some(NOW.plus_seconds(5)), Some(NOW.plus_seconds(60)));
        let waits = |wait_until, source_wait_until| {
            slowed(ThrottleFacts { wait_until, source_wait_until, ..no_wait() })
        };
        let alert = ThrottleFacts { alert_wait_until: soon, ..no_wait() };
        let closed = ThrottleFacts { failures: FAILURES_CAP, wait_until: later, ..no_wait() };
        let busy = ThrottleFacts { reservation_refused: true, ..no_wait() };
        says(
            "throttling",
            &policy(),
            [
                ("the name", waits(soon, None), Reason::ThrottleWait),
                ("the network", waits(None, soon), Reason::ThrottleSource),
                ("the name for longer", waits(later, soon), Reason::ThrottleWait),
                ("the network for longer", waits(soon, later), Reason::ThrottleSource),
                ("both alike", waits(soon, soon), Reason::ThrottleWait),
                ("many names from outside", slowed(alert), Reason::ThrottleAlert),
                ("a hundred failures", slowed(closed), Reason::ThrottleClosed),
                ("another guess is running", slowed(busy), Reason::ThrottleBusy),
            ],
        );
        let decision = decide(&policy(), &waits(soon, later));
        assert_eq!(decision.details.wait_until, later, "the wait that ends last");
        assert_eq!(step(&decision), Some(&Step::Password));
    }

    #[test]
    fn only_guesses_wait() {
        let throttle = ThrottleFacts { wait_until: Some(NOW.plus_seconds(60)), ..no_wait() };
        let waiting = |facts| Facts { throttle, ..facts };
        let code = Submission::Code(Method::Totp);
        passes(
            "throttling",
            &policy(),
            [
                ("the page itself", waiting(calm())),
                ("a user name", sent(Submission::Username, waiting(calm()))),
                ("an empty field", sent(Submission::Empty, waiting(calm()))),
                ("a code that nobody waits for", sent(code, waiting(proven()))),
                (
                    "a guess that was reserved before",
                    checked(Submission::Password, Verdict::PasswordMatch, waiting(calm())),
                ),
                (
                    "a wait that is over",
                    slowed(ThrottleFacts { wait_until: Some(NOW), ..no_wait() }),
                ),
            ],
        );
    }

    #[test]
    fn a_missing_account_waits_like_any_other() {
        let throttle = ThrottleFacts { wait_until: Some(NOW.plus_seconds(60)), ..no_wait() };
        let known = decide(&policy(), &slowed(throttle));
        let missing =
            decide(&policy(), &Facts { person: PersonFacts::Unknown, ..slowed(throttle) });
        assert_eq!(known, missing);
    }

    #[test]
    fn a_code_that_must_wait_keeps_its_step() {
        let throttle = ThrottleFacts { reservation_refused: true, ..no_wait() };
        let facts = Facts { throttle, ..at_second_step() };
        let decision = decide(&policy(), &sent(Submission::Code(Method::RecoveryCode), facts));
        assert_eq!(decision.reason, Reason::ThrottleBusy);
        assert!(matches!(
            step(&decision),
            Some(Step::SecondFactor { method: Method::RecoveryCode, .. })
        ));
    }
}
