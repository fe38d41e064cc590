//! One thing after another (R-MFA-ORDER): no code before somebody has shown who they are, no password before
//! anybody was named.

use super::{Outcome, Weighed};
use crate::facts::IdentifierFacts;
use crate::submitted::Submission;
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    match weighed.facts.submitted? {
        Submission::Code(method) if !method.is_code() => {
            Some(Outcome::refuse(Reason::RequestInvalid))
        }
        // Said before any counter or factor is looked at: the same for every name.
        Submission::Code(_) | Submission::Certificate | Submission::SendCode
            if !weighed.verified() =>
        {
            Some(Outcome::refuse(Reason::RequestStale))
        }
        Submission::Password if names_nobody(weighed) => {
            Some(Outcome::ask(Step::Username, Reason::AskUsername))
        }
        Submission::Code(_)
        | Submission::Passkey
        | Submission::Certificate
        | Submission::SendCode
        | Submission::Password
        | Submission::Username
        | Submission::Choose(_)
        | Submission::Empty
        | Submission::Overlong => None,
    }
}

fn names_nobody(weighed: &Weighed<'_>) -> bool {
    match weighed.facts.identifier {
        IdentifierFacts::Absent => weighed.person().is_none(),
        IdentifierFacts::Typed { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::tables::{passes, says};
    use crate::samples::{
        NOW, app, at_second_step, calm, hana_with, home, no_wait, nobody, policy, sent, session,
    };
    use crate::{Facts, Reason, Submission, ThrottleFacts, decide};
    use sekimori_directory::Method;

    #[test]
    fn a_code_before_any_password_is_not_looked_at() {
        let code = Submission::Code(Method::Totp);
        says(
            "order",
            &policy(),
            [
                ("no name", sent(code, nobody()), Reason::RequestStale),
                ("a name", sent(code, calm()), Reason::RequestStale),
                (
                    "an account with a factor",
                    sent(code, Facts { person: hana_with(vec![app()]), ..calm() }),
                    Reason::RequestStale,
                ),
                (
                    "a password is no code",
                    sent(Submission::Code(Method::Password), at_second_step()),
                    Reason::RequestInvalid,
                ),
            ],
        );
        passes("order", &policy(), [("after the password", sent(code, at_second_step()))]);
    }

    #[test]
    fn a_code_before_any_password_shows_no_factors_even_while_waiting() {
        let throttle = ThrottleFacts { wait_until: Some(NOW.plus_seconds(60)), ..no_wait() };
        let asked = |person| {
            let facts = Facts { person, throttle, position: home(), ..calm() };
            decide(&policy(), &sent(Submission::Code(Method::Totp), facts))
        };
        assert_eq!(asked(hana_with(vec![app()])), asked(crate::PersonFacts::Unknown));
    }

    #[test]
    fn a_password_of_nobody_is_not_checked() {
        says(
            "order",
            &policy(),
            [("no name", sent(Submission::Password, nobody()), Reason::AskUsername)],
        );
        let stale = Facts {
            person: calm().person,
            session: Some(crate::SessionFacts {
                used_at: NOW.plus_seconds(-100_000),
                ..session(Vec::new())
            }),
            ..nobody()
        };
        passes(
            "order",
            &policy(),
            [
                ("a name", sent(Submission::Password, calm())),
                ("the person of a session that ended", sent(Submission::Password, stale)),
            ],
        );
    }
}
