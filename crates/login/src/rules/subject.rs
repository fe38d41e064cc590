//! The service expects a certain person (`id_token_hint`): another one's session is not an answer (S64).

use super::{Outcome, Weighed};
use crate::{Interaction, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let expected = weighed.facts.demand.subject?;
    if weighed.verified_person()?.id == expected {
        return None;
    }
    let reason = match weighed.facts.demand.interaction {
        Interaction::Silent => Reason::LoginRequired,
        Interaction::Allowed | Interaction::Impossible => Reason::OtherPerson,
    };
    Some(Outcome::refuse(reason))
}
