//! Nobody is anybody without an opening proof: first the name, then the password.

use super::{Outcome, Weighed};
use crate::facts::IdentifierFacts;
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.opening().is_some() {
        return None;
    }
    Some(match weighed.facts.identifier {
        IdentifierFacts::Absent => Outcome::ask(Step::Username, Reason::AskUsername),
        IdentifierFacts::Typed { .. } => Outcome::ask(Step::Password, Reason::AskPassword),
    })
}
