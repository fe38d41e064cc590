//! An attempt ends after ten minutes, and with any change of password or factors.

use sekimori_base::limits::ATTEMPT_SECONDS_MAX;

use super::{Outcome, Weighed};
use crate::Reason;
use crate::facts::is_within;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let attempt = weighed.facts.attempt.as_ref()?;
    let life = u32::try_from(ATTEMPT_SECONDS_MAX).unwrap_or(0);
    if !is_within(attempt.begun_at, weighed.facts.now, life) {
        return Some(Outcome::refuse(Reason::AttemptExpired));
    }
    // Only somebody who has proven something notices an epoch: an unknown name has none.
    let overtaken = weighed.person().is_some_and(|person| {
        person.credential_epoch != attempt.credential_epoch
            && weighed.facts.proofs.iter().any(|proof| proof.person == person.id)
    });
    overtaken.then(|| Outcome::refuse(Reason::AttemptOvertaken))
}
