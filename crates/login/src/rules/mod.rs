//! The policy of decisions as one ordered list. The first rule that speaks wins; the last always speaks.

mod account_state;
mod admit;
mod attempt_age;
#[cfg(test)]
mod certificates;
mod checking;
mod entitlement;
mod freshness;
mod mail_code;
mod opening_proof;
mod order;
#[cfg(test)]
mod passkeys;
mod redirect_loop;
mod second_factor;
mod service_state;
mod subject;
#[cfg(test)]
pub(crate) mod tables;
mod throttling;
mod verdict_effects;
mod verdicts;
mod weighed;

use crate::facts::Facts;
use crate::policy::Policy;
use crate::{Decision, Details, Effect, Interaction, Next, Reason, Step};

pub use account_state::account_refusal;
pub(crate) use weighed::Weighed;
pub use weighed::standing_session;

/// The version of this list: raised by every change that could decide recorded facts differently.
pub const RULE_SET: u16 = 4;

/// One rule: it speaks, or passes on to the next.
pub(crate) type Rule = fn(&Weighed<'_>) -> Option<Outcome>;

/// The rules, in the order in which they are applied.
const RULES: [(&str, Rule); 15] = [
    ("service_state", service_state::rule),
    ("attempt_age", attempt_age::rule),
    ("subject", subject::rule),
    ("account_state", account_state::rule),
    ("entitlement", entitlement::rule),
    ("order", order::rule),
    ("throttling", throttling::rule),
    ("checking", checking::rule),
    ("verdicts", verdicts::rule),
    ("freshness", freshness::rule),
    ("opening_proof", opening_proof::rule),
    ("mail_code", mail_code::rule),
    ("second_factor", second_factor::rule),
    ("redirect_loop", redirect_loop::rule),
    ("admit", admit::rule),
];

/// What a rule says.
pub(crate) struct Outcome {
    pub next: Next,
    pub reason: Reason,
    pub details: Details,
    pub effects: Vec<Effect>,
}

impl Outcome {
    pub(crate) fn refuse(reason: Reason) -> Self {
        Self { next: Next::Refuse, reason, details: Details::default(), effects: Vec::new() }
    }

    pub(crate) fn ask(step: Step, reason: Reason) -> Self {
        Self { next: Next::Ask(step), reason, details: Details::default(), effects: Vec::new() }
    }

    pub(crate) fn with(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

/// Weigh the facts under the policy. Total: speaks for any input, never panics.
pub fn decide(policy: &Policy, facts: &Facts) -> Decision {
    let weighed = Weighed::new(policy, facts);
    for (name, rule) in RULES {
        if let Some(outcome) = rule(&weighed) {
            return finish(&weighed, name, outcome);
        }
    }
    // `admit` speaks whenever it is reached; should that ever change, nobody gets in.
    finish(&weighed, "none", Outcome::refuse(Reason::ServerFault))
}

/// Why the account may not be used now, if somebody has shown its primary credential.
pub(crate) fn unusable_account(weighed: &Weighed<'_>) -> Option<Reason> {
    account_state::rule(weighed).map(|outcome| outcome.reason)
}

/// The names of the rules in order, for `policy show`.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(name, _)| *name)
}

/// What holds for every outcome: nobody is asked who cannot be, and what a verdict means is kept.
fn finish(weighed: &Weighed<'_>, rule: &'static str, outcome: Outcome) -> Decision {
    let Outcome { mut next, mut reason, mut details, mut effects } = outcome;
    if let Next::Ask(step) = &next
        && let Some(answer) = unasked(weighed.facts.demand.interaction, step, reason)
    {
        details.unasked = Some(step.clone());
        reason = answer;
        next = Next::Refuse;
    }
    if !matches!(next, Next::Check(_)) {
        effects.splice(0..0, verdict_effects::of(weighed));
    }
    details.method = weighed.facts.submitted.and_then(crate::Submission::method);
    details.verified = weighed.verified();
    Decision { next, reason, details, effects, rule }
}

/// What is answered instead of a question, if none may be asked.
fn unasked(interaction: Interaction, step: &Step, reason: Reason) -> Option<Reason> {
    match interaction {
        Interaction::Allowed => None,
        Interaction::Silent => Some(match step {
            Step::Username | Step::Password => Reason::LoginRequired,
            Step::SecondFactor { .. } => Reason::InteractionRequired,
        }),
        Interaction::Impossible if reason.is_refusal() => Some(reason),
        Interaction::Impossible => Some(Reason::InteractionRequired),
    }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::Method;

    use super::*;
    use crate::samples::{
        APP, app, calm, checked, hana_with, home, nobody, policy, proven, sent, signed_in,
    };
    use crate::{Demand, Facts, Submission, Verdict};

    fn may(interaction: Interaction, facts: Facts) -> Facts {
        Facts { demand: Demand { interaction, ..facts.demand.clone() }, ..facts }
    }

    #[test]
    fn a_silent_request_is_answered_or_refused_and_the_question_is_kept() {
        let at_home = Facts { position: home(), person: hana_with(vec![app()]), ..signed_in() };
        for (case, facts, expected) in [
            ("nobody is signed in", nobody(), Some(Reason::LoginRequired)),
            ("a name only", calm(), Some(Reason::LoginRequired)),
            ("one more proof", at_home, Some(Reason::InteractionRequired)),
            ("a session", signed_in(), None),
        ] {
            let asked = decide(&policy(), &facts);
            let decision = decide(&policy(), &may(Interaction::Silent, facts));
            if let Some(reason) = expected {
                assert_eq!((&decision.next, decision.reason), (&Next::Refuse, reason), "{case}");
                let Next::Ask(step) = asked.next else { panic!("{case}") };
                assert_eq!(decision.details.unasked, Some(step), "{case}");
            } else {
                assert!(matches!(decision.next, Next::Admit(_)), "{case}");
            }
        }
    }

    #[test]
    fn a_one_shot_door_gets_the_reason_or_learns_what_was_not_asked() {
        let one_shot = |facts| decide(&policy(), &may(Interaction::Impossible, facts));
        let wrong = one_shot(checked(Submission::Password, Verdict::PasswordMismatch, calm()));
        assert_eq!((wrong.next, wrong.reason), (Next::Refuse, Reason::CredentialMismatch));
        assert!(matches!(one_shot(proven()).next, Next::Admit(_)));

        // Password and code came together: the password is submitted first, then, as a code is asked, the code.
        let right = checked(
            Submission::Password,
            Verdict::PasswordMatch,
            Facts { position: home(), person: hana_with(vec![app()]), ..calm() },
        );
        let first = one_shot(right.clone());
        assert_eq!((first.next, first.reason), (Next::Refuse, Reason::InteractionRequired));
        let Some(Step::SecondFactor { method, .. }) = first.details.unasked else {
            panic!("a code was due")
        };
        let proofs = right.fresh_proof().into_iter().collect();
        let code = Facts { proofs, ..sent(Submission::Code(method), right) };
        assert!(matches!(one_shot(code.clone()).next, Next::Check(_)));
        let accepted = Verdict::CodeAccepted { factor: APP, step: 1 };
        let last = one_shot(checked(Submission::Code(Method::Totp), accepted, code));
        assert!(matches!(last.next, Next::Admit(_)));
    }

    #[test]
    fn every_rule_has_its_name_and_the_last_one_lets_in() {
        let names: Vec<_> = rule_names().collect();
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        assert_eq!(names.last(), Some(&"admit"));
    }
}
