//! An account that may not be used, told only to somebody who has shown its password (R1, S23).

use sekimori_directory::PersonState;

use super::{Outcome, Weighed};
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let now = weighed.facts.now;
    let (reason, moment) = match weighed.person()?.state {
        PersonState::Disabled { .. } => (Reason::AccountDisabled, None),
        PersonState::Held { .. } => (Reason::AccountHeld, None),
        PersonState::Active { from: Some(from), .. } if now < from => {
            (Reason::AccountNotYet, Some(from))
        }
        PersonState::Active { until: Some(until), .. } if now >= until => {
            (Reason::AccountEnded, Some(until))
        }
        PersonState::Active { .. } => return None,
    };
    let details = Details { account_moment: moment, ..Details::default() };
    Some(Outcome::refuse(reason).with(details))
}
