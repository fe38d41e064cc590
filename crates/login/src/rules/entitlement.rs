//! Who may use the service, and from where nobody may. Told only to somebody who has shown a password.

use sekimori_directory::settings::Requirement;

use super::{Outcome, Weighed};
use crate::Reason;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let person = weighed.verified_person()?;
    let allowed = &weighed.facts.service.groups;
    if !allowed.is_empty() && person.groups.is_disjoint(allowed) {
        return Some(Outcome::refuse(Reason::NotEntitled));
    }
    (weighed.matched.require == Requirement::Refuse)
        .then(|| Outcome::refuse(Reason::NotFromHere).with(weighed.row_details()))
}
