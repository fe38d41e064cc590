//! A service that is switched off gets no sign-ins, whatever anybody proves (R-DISABLED).

use super::{Outcome, Weighed};
use crate::Reason;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    weighed.facts.service.disabled.then(|| Outcome::refuse(Reason::ServiceDisabled))
}
