//! A code by mail is sent when somebody asks for it, and not again while the last one is good, unless they ask.

use sekimori_base::limits::{MAIL_CODE_SECONDS, MAIL_CODES_MAX};
use sekimori_directory::Method;

use super::{Outcome, Weighed, second_factor};
use crate::facts::{Mailed, is_within};
use crate::submitted::Submission;
use crate::{Details, Effect, Reason, Usability};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let again = match weighed.facts.submitted? {
        Submission::SendCode => true,
        Submission::Choose(Method::MailCode) => false,
        Submission::Choose(_)
        | Submission::Code(_)
        | Submission::Passkey
        | Submission::Certificate
        | Submission::Username
        | Submission::Password
        | Submission::Empty
        | Submission::Overlong => return None,
    };
    if !weighed.awaits_code() || weighed.usability(Method::MailCode) != Usability::Usable {
        // Whoever needs no code is let in; whoever cannot have one is told by the rule of second factors.
        return None;
    }
    let factor = *weighed.counting(Method::MailCode).first()?;
    let good = mailed(weighed).is_some_and(|mailed| {
        mailed.factor == factor && is_within(mailed.at, weighed.facts.now, MAIL_CODE_SECONDS)
    });
    if good && !again {
        return Some(second_factor::again(weighed, Method::MailCode, Reason::AskMailCode));
    }
    if let Some(outcome) = wait(weighed) {
        return Some(outcome);
    }
    let outcome = second_factor::again(weighed, Method::MailCode, Reason::AskMailCode);
    Some(outcome.and(Effect::SendCode { factor }))
}

fn mailed(weighed: &Weighed<'_>) -> Option<Mailed> {
    weighed.facts.attempt.as_ref().and_then(|attempt| attempt.mailed)
}

/// An attempt sends so many and no more; and whoever knows a password must not fill its owner's mailbox by beginning
/// again and again.
fn wait(weighed: &Weighed<'_>) -> Option<Outcome> {
    let until = weighed.facts.throttle.mail_wait_until.filter(|until| *until > weighed.facts.now);
    let many = mailed(weighed).is_some_and(|mailed| mailed.number >= MAIL_CODES_MAX);
    (until.is_some() || many).then(|| {
        let details = Details { wait_until: until, ..Details::default() };
        second_factor::again(weighed, Method::MailCode, Reason::MailWait).with(details)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tables::{passes, says, step};
    use crate::samples::{
        MAIL, NOW, app, at_second_step, attempt, campus, code_of, hana_with, mail, no_wait,
        password, policy, proven, sent,
    };
    use crate::{
        Assurance, AssuranceDemand, AttemptFacts, Demand, FactorFacts, Facts, Step, ThrottleFacts,
        decide,
    };

    const CHOOSE: Submission = Submission::Choose(Method::MailCode);

    fn with(factors: Vec<FactorFacts>) -> Facts {
        Facts { person: hana_with(factors), ..at_second_step() }
    }

    fn mailed(seconds_ago: i64, number: u32) -> Facts {
        let mailed = Mailed { factor: MAIL, number, at: NOW.plus_seconds(-seconds_ago) };
        let attempt = AttemptFacts { mailed: Some(mailed), ..attempt(400) };
        Facts { attempt: Some(attempt), ..with(vec![app(), mail()]) }
    }

    fn sends(submission: Submission, facts: Facts) -> bool {
        let decision = decide(&policy(), &sent(submission, facts));
        decision.effects.contains(&Effect::SendCode { factor: MAIL })
    }

    #[test]
    fn a_code_is_sent_when_it_is_chosen_and_once_more_when_another_is_asked_for() {
        assert!(sends(CHOOSE, with(vec![app(), mail()])), "chosen");
        assert!(!sends(CHOOSE, mailed(60, 1)), "the one that was sent is still good");
        assert!(sends(CHOOSE, mailed(301, 1)), "it is too old");
        assert!(sends(Submission::SendCode, mailed(60, 1)), "another one");
        let decision = decide(&policy(), &sent(CHOOSE, with(vec![app(), mail()])));
        assert_eq!(decision.reason, Reason::AskMailCode);
        let shown = step(&decision);
        assert!(matches!(shown, Some(Step::SecondFactor { method: Method::MailCode, .. })));
    }

    #[test]
    fn nothing_is_sent_that_nobody_needs_or_nobody_could_use() {
        let two = AssuranceDemand::AtLeast(Assurance::TwoFactors);
        let level = |facts: Facts| Facts {
            demand: Demand { assurance: two, ..facts.demand.clone() },
            ..facts
        };
        for (case, facts) in [
            (
                "on campus",
                Facts { position: campus(), person: hana_with(vec![mail()]), ..proven() },
            ),
            ("no address", with(vec![app()])),
            ("a level that it does not reach", level(with(vec![app(), mail()]))),
        ] {
            assert!(!sends(CHOOSE, facts.clone()), "{case}");
            assert!(!sends(Submission::SendCode, facts), "{case}");
        }
        says(
            "second_factor",
            &policy(),
            [
                ("no address", sent(CHOOSE, with(vec![app()])), Reason::FactorUnusable),
                (
                    "mail alone does not reach the level",
                    level(with(vec![mail()])),
                    Reason::LevelNotReachable,
                ),
            ],
        );
    }

    #[test]
    fn a_site_that_has_not_switched_it_on_takes_no_code_by_mail() {
        let mut off = policy();
        off.settings.mail_codes = false;
        let mail_only = || with(vec![mail()]);
        says(
            "second_factor",
            &off,
            [
                ("it is the only one", mail_only(), Reason::FactorNotAllowed),
                ("it is chosen", sent(CHOOSE, with(vec![app(), mail()])), Reason::FactorUnusable),
            ],
        );
        let decision = decide(&off, &sent(CHOOSE, mail_only()));
        assert!(decision.effects.is_empty(), "nothing is sent");
        let shown = Facts { proofs: vec![password(20), code_of(&mail(), 5)], ..mail_only() };
        assert_eq!(decide(&off, &shown).reason, Reason::FactorNotAllowed, "shown before");
        assert_eq!(decide(&policy(), &shown).reason, Reason::Admitted, "where it is on");
    }

    #[test]
    fn a_mailbox_is_not_filled() {
        let throttle =
            |until| ThrottleFacts { mail_wait_until: Some(NOW.plus_seconds(until)), ..no_wait() };
        let flooded = |until| Facts { throttle: throttle(until), ..with(vec![app(), mail()]) };
        says(
            "mail_code",
            &policy(),
            [
                ("sent a moment ago", sent(CHOOSE, flooded(20)), Reason::MailWait),
                (
                    "five in one sign-in",
                    sent(Submission::SendCode, mailed(60, 5)),
                    Reason::MailWait,
                ),
            ],
        );
        assert!(sends(CHOOSE, flooded(0)), "the wait is over");
        passes("mail_code", &policy(), [("nothing was chosen", flooded(20))]);
    }
}
