//! Decide again: on recorded facts (`explain`), under another policy (`what-if`), from another place
//! ([`rehearse`]). Possible only because the engine is pure.

mod forecast;
mod nearest;
mod rehearsal;

use serde::{Deserialize, Serialize};

use crate::enrol::{self, Ticket};
use crate::facts::{FACTS_SCHEMA, Facts};
use crate::{Decision, Policy, RULE_SET, Reason, decide};

pub use forecast::{Forecast, Proposal, forecast, walk, what_if};
pub use nearest::{Change, nearest_changes};
pub use rehearsal::{Rehearsal, can_be_tried, rehearse};

/// What the engine was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// Whether somebody may go on to a service or into the portal.
    #[default]
    SignIn,
    /// Whether somebody in the portal may register a factor without a ticket.
    Registering,
    /// The same with a ticket that was found to be none of theirs.
    RegisteringByWrongTicket,
}

/// An attempt's decision as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The rules then.
    pub rule_set: u16,
    /// The version of the site settings then.
    pub settings_version: u64,
    /// What was asked.
    pub asked: Asked,
    /// The policy then: facts alone would not decide.
    pub policy: Policy,
    /// The facts.
    pub facts: Facts,
    /// The reason that was given.
    pub reason: Reason,
}

/// What deciding again gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The recorded reason, by the same rules: as it must be.
    Same(Decision),
    /// Another reason by the same rules: a defect of ours.
    Broken(Decision),
    /// The rules have changed since; they give this today.
    DecidedDifferentlyToday(Decision),
    /// The facts were recorded in a shape that is no longer read.
    Unreadable,
}

/// Decide the recorded facts again.
pub fn replay(recorded: &Recorded) -> Replayed {
    if recorded.facts.schema != FACTS_SCHEMA {
        return Replayed::Unreadable;
    }
    let (policy, facts) = (&recorded.policy, &recorded.facts);
    let decision = match recorded.asked {
        Asked::SignIn => decide(policy, facts),
        Asked::Registering => enrol::decision(policy, facts, Ticket::None),
        Asked::RegisteringByWrongTicket => enrol::decision(policy, facts, Ticket::Wrong),
    };
    if decision.reason == recorded.reason {
        Replayed::Same(decision)
    } else if recorded.rule_set == RULE_SET {
        Replayed::Broken(decision)
    } else {
        Replayed::DecidedDifferentlyToday(decision)
    }
}

#[cfg(test)]
mod tests;
