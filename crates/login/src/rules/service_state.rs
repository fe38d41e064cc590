//! A service that is switched off gets no sign-ins, whatever anybody proves (R-DISABLED).

use super::{Outcome, Weighed};
use crate::Reason;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    weighed.facts.service.disabled.then(|| Outcome::refuse(Reason::ServiceDisabled))
}

#[cfg(test)]
mod tests {
    use crate::rules::tables::{passes, says};
    use crate::samples::{at_second_step, calm, checked, nobody, policy, proven, signed_in};
    use crate::{Facts, Reason, ServiceFacts, Submission, Verdict};

    fn off(facts: Facts) -> Facts {
        Facts { service: ServiceFacts { disabled: true, ..facts.service.clone() }, ..facts }
    }

    #[test]
    fn a_service_that_is_switched_off_refuses_everybody_at_once() {
        let right = checked(Submission::Password, Verdict::PasswordMatch, calm());
        says(
            "service_state",
            &policy(),
            [
                ("nobody", off(nobody()), Reason::ServiceDisabled),
                ("a standing session", off(signed_in()), Reason::ServiceDisabled),
                ("the right password", off(right), Reason::ServiceDisabled),
                ("one step before the end", off(at_second_step()), Reason::ServiceDisabled),
            ],
        );
        passes("service_state", &policy(), [("switched on", proven())]);
    }
}
