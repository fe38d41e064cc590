//! The policy of decisions as one ordered list. The first rule that speaks wins; the last always speaks.

mod account_state;
mod admit;
mod attempt_age;
mod checking;
mod entitlement;
mod freshness;
mod opening_proof;
mod order;
mod second_factor;
mod service_state;
mod subject;
mod throttling;
mod verdict_effects;
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
const RULES: [(&str, Rule); 13] = [
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
