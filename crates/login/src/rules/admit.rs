//! Everything required was shown. The only place where an [`Authenticated`] is made.

use std::collections::BTreeSet;

use super::{Outcome, Weighed};
use crate::{Authenticated, Effect, Next, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let person = weighed.person()?;
    let opening = weighed.opening()?;
    let assurance = weighed.assurance()?;
    let methods: BTreeSet<_> = weighed.proofs().map(|proof| proof.method).collect();
    let by_session_alone = weighed.attempt_proofs().next().is_none();
    let standing = weighed.session.map(|session| session.id);
    let authenticated = Authenticated::new(
        person.id,
        weighed.facts.service.name.clone(),
        opening.at,
        assurance,
        methods,
        weighed.facts.position.zone.clone(),
        standing.filter(|_| by_session_alone),
    );
    let (reason, effects) = if by_session_alone {
        (Reason::SessionReused, vec![Effect::TouchSession])
    } else {
        // S44: a fresh session id after every proof, also after a step-up.
        (Reason::Admitted, vec![Effect::OpenSession, Effect::RememberDevice])
    };
    let next = Next::Admit(authenticated);
    Some(Outcome { next, reason, details: weighed.row_details(), effects })
}
