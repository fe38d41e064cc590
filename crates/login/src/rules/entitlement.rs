//! Who may use the service, and from where nobody may. Told only to somebody who has shown a password.

use sekimori_directory::settings::Requirement;

use super::{Outcome, Weighed};
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let person = weighed.verified_person()?;
    if !weighed.facts.service.is_open_to(&person.groups) {
        return Some(Outcome::refuse(Reason::NotEntitled));
    }
    let row = weighed.row_requiring(Requirement::Refuse)?;
    let details = Details { policy_row: Some(row.row.clone()), ..Details::default() };
    Some(Outcome::refuse(Reason::NotFromHere).with(details))
}

#[cfg(test)]
mod tests {
    use sekimori_directory::settings::Requirement;

    use crate::rules::tables::{passes, says};
    use crate::samples::{
        at_second_step, calm, checked, group, nobody, policy, policy_with, proven, sent, signed_in,
    };
    use crate::{Facts, Reason, ServiceFacts, Submission, Verdict, decide};

    fn only(name: &str, facts: Facts) -> Facts {
        let groups = [group(name)].into();
        Facts { service: ServiceFacts { groups, ..facts.service.clone() }, ..facts }
    }

    #[test]
    fn a_service_for_other_groups_refuses_after_the_password_and_before_the_second_factor() {
        let right = checked(Submission::Password, Verdict::PasswordMatch, calm());
        says(
            "entitlement",
            &policy(),
            [
                ("password", only("staff", right), Reason::NotEntitled),
                ("session", only("staff", signed_in()), Reason::NotEntitled),
                ("outside", only("staff", at_second_step()), Reason::NotEntitled),
            ],
        );
        passes(
            "entitlement",
            &policy(),
            [
                ("a member", only("students", proven())),
                ("for everybody", proven()),
                ("nobody yet", only("staff", nobody())),
                ("a name only", only("staff", calm())),
                ("not checked yet", only("staff", sent(Submission::Password, calm()))),
            ],
        );
    }

    #[test]
    fn a_row_that_refuses_is_named_to_whoever_has_shown_the_password() {
        let nobody_from_here =
            policy_with(Requirement::Refuse, |row| row.name = "closed".to_owned());
        says(
            "entitlement",
            &nobody_from_here,
            [
                ("password", proven(), Reason::NotFromHere),
                ("session", signed_in(), Reason::NotFromHere),
            ],
        );
        passes("entitlement", &nobody_from_here, [("a name only", calm())]);
        let decision = decide(&nobody_from_here, &proven());
        assert_eq!(decision.details.policy_row.as_deref(), Some("closed"));
    }
}
