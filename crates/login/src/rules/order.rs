//! One thing after another (R-MFA-ORDER): no code before somebody has shown who they are, no password before
//! anybody was named.

use sekimori_directory::Method;

use super::{Outcome, Weighed};
use crate::facts::{IdentifierFacts, Submission};
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    match weighed.facts.submitted? {
        Submission::Code(Method::Password) => Some(Outcome::refuse(Reason::RequestInvalid)),
        // Said before any counter or factor is looked at: the same for every name.
        Submission::Code(_) if !weighed.verified() => Some(Outcome::refuse(Reason::RequestStale)),
        Submission::Password if names_nobody(weighed) => {
            Some(Outcome::ask(Step::Username, Reason::AskUsername))
        }
        Submission::Code(_)
        | Submission::Password
        | Submission::Username
        | Submission::Choose(_)
        | Submission::Empty
        | Submission::Overlong => None,
    }
}

fn names_nobody(weighed: &Weighed<'_>) -> bool {
    match weighed.facts.identifier {
        IdentifierFacts::Absent => weighed.person().is_none(),
        IdentifierFacts::Typed { .. } => false,
    }
}
