//! `prompt=login`, `max_age` and the policy's own age limit: a standing session may be too old an answer.

use super::{Outcome, Weighed};
use crate::{Freshness, Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let now = weighed.facts.now;
    let fresh = match weighed.facts.demand.freshness {
        Freshness::Any => true,
        Freshness::WithinSeconds(seconds) => {
            weighed.opening().is_some_and(|proof| proof.within(now, seconds))
        }
        Freshness::Now => weighed.attempt_proofs().any(|proof| proof.method.opens()),
    };
    (!fresh).then(|| Outcome::ask(Step::Password, Reason::AskFresh))
}
