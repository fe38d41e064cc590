//! Who may use the service, and from where nobody may.

use sekimori_directory::settings::Requirement;

use super::{Outcome, Weighed};
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let allowed = &weighed.facts.service.groups;
    if !allowed.is_empty() && weighed.person()?.groups.is_disjoint(allowed) {
        return Some(Outcome::refuse(Reason::NotEntitled));
    }
    (weighed.matched.require == Requirement::Refuse).then(|| {
        let details =
            Details { policy_row: Some(weighed.matched.row.clone()), ..Details::default() };
        Outcome::refuse(Reason::NotFromHere).with(details)
    })
}
