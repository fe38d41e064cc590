//! An account that may not be used, told only to somebody who has shown its password (R1, S23), and before any
//! question that would show its factors.

use sekimori_directory::PersonState;

use super::{Outcome, Weighed};
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let now = weighed.facts.now;
    let (reason, moment) = match weighed.verified_person()?.state {
        PersonState::Disabled { .. } => (Reason::AccountDisabled, None),
        PersonState::Active { from: Some(from), .. } if now < from => {
            (Reason::AccountNotYet, Some(from))
        }
        PersonState::Active { until: Some(until), .. } if now >= until => {
            (Reason::AccountEnded, Some(until))
        }
        PersonState::Active { .. } => return None,
        // Nothing that is shown of a held account counts, so that nobody comes here: `verdicts` speaks.
        PersonState::Held { .. } => return None,
    };
    let details = Details { account_moment: moment, ..Details::default() };
    Some(Outcome::refuse(reason).with(details))
}
