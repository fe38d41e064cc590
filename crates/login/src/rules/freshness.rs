//! `prompt=login`, `max_age`, the policy's own age limit: a standing session may be too old an answer.

use super::{Outcome, Weighed};
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    (weighed.session.is_some() && weighed.opening().is_none())
        .then(|| Outcome::ask(Step::Password, Reason::AskFresh))
}
