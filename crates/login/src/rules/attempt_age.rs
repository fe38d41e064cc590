//! An attempt ends after ten minutes, and with any change of password or factors.

use sekimori_base::limits::ATTEMPT_SECONDS_MAX;

use super::{Outcome, Weighed};
use crate::Reason;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let attempt = weighed.facts.attempt.as_ref()?;
    let age = weighed.facts.now.millis_since(attempt.begun_at);
    if !(0..=ATTEMPT_SECONDS_MAX * 1000).contains(&age) {
        return Some(Outcome::refuse(Reason::AttemptExpired));
    }
    // Only a person who has proven something can notice an epoch: an unknown name has none.
    let proven = !weighed.facts.proofs.is_empty();
    let changed =
        weighed.person().is_some_and(|person| person.credential_epoch != attempt.credential_epoch);
    (proven && changed).then(|| Outcome::refuse(Reason::AttemptOvertaken))
}
