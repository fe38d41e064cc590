//! The policy of decisions as one ordered list. The first rule that speaks wins; the last always speaks.

mod account_state;
mod admit;
mod attempt_age;
mod checking;
mod entitlement;
mod freshness;
mod opening_proof;
mod second_factor;
mod service_state;
mod subject;
#[cfg(test)]
mod tests;
mod throttling;
mod verdicts;
mod weighed;

use crate::facts::Facts;
use crate::policy::Policy;
use crate::{Decision, Details, Effect, Interaction, Next, Reason, Step};

pub(crate) use weighed::Weighed;

/// The version of this list: raised by every change that could decide recorded facts differently.
pub const RULE_SET: u16 = 1;

/// One rule: it speaks, or passes on to the next.
pub(crate) type Rule = fn(&Weighed<'_>) -> Option<Outcome>;

/// The rules, in the order in which they are applied.
const RULES: [(&str, Rule); 12] = [
    ("service_state", service_state::rule),
    ("attempt_age", attempt_age::rule),
    ("throttling", throttling::rule),
    ("checking", checking::rule),
    ("verdicts", verdicts::rule),
    ("subject", subject::rule),
    ("opening_proof", opening_proof::rule),
    ("account_state", account_state::rule),
    ("entitlement", entitlement::rule),
    ("freshness", freshness::rule),
    ("second_factor", second_factor::rule),
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

/// The names of the rules in order, for `policy show`.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|(name, _)| *name)
}

/// What holds for every outcome: nobody is asked who cannot be, and what a verdict proved is kept.
fn finish(weighed: &Weighed<'_>, rule: &'static str, outcome: Outcome) -> Decision {
    let Outcome { mut next, mut reason, mut details, mut effects } = outcome;
    if matches!(next, Next::Ask(_)) {
        match weighed.facts.demand.interaction {
            Interaction::Allowed => {}
            Interaction::Silent => {
                let nobody = matches!(next, Next::Ask(Step::Username | Step::Password));
                reason = if nobody { Reason::LoginRequired } else { Reason::InteractionRequired };
                next = Next::Refuse;
            }
            Interaction::Impossible => {
                if !reason.is_refusal() {
                    reason = Reason::InteractionRequired;
                }
                next = Next::Refuse;
            }
        }
    }
    if !matches!(next, Next::Check(_)) {
        effects.splice(0..0, weighed.verdict_effects());
    }
    details.verified = weighed.verified();
    Decision { next, reason, details, effects, rule }
}
