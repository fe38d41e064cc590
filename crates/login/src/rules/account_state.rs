//! An account that may not be used, told only to somebody who has shown its password (R1, S23), and before any
//! question that would show its factors.

use sekimori_base::Timestamp;
use sekimori_directory::PersonState;

use super::{Outcome, Weighed};
use crate::{Details, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let state = weighed.verified_person()?.state;
    let reason = account_refusal(state, weighed.facts.now)?;
    let moment = match state {
        // Nothing that is shown of a held account counts, so that nobody comes here: `verdicts` speaks.
        PersonState::Held { .. } => return None,
        PersonState::Disabled { .. } => None,
        PersonState::Active { from, until } => {
            if reason == Reason::AccountNotYet {
                from
            } else {
                until
            }
        }
    };
    let details = Details { account_moment: moment, ..Details::default() };
    Some(Outcome::refuse(reason).with(details))
}

/// Why an account in this state may not be used at this moment; `None` if it may. For sign-ins it is one rule of
/// many; what was granted before (codes, refresh and access tokens) asks it alone, each time (R-DISABLED, S48), and so does
/// whoever issues a certificate.
pub fn account_refusal(state: PersonState, now: Timestamp) -> Option<Reason> {
    match state {
        PersonState::Disabled { .. } => Some(Reason::AccountDisabled),
        PersonState::Held { .. } => Some(Reason::AccountHeld),
        PersonState::Active { from: Some(from), .. } if now < from => Some(Reason::AccountNotYet),
        PersonState::Active { until: Some(until), .. } if now >= until => {
            Some(Reason::AccountEnded)
        }
        PersonState::Active { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::{Method, PersonState};

    use crate::rules::tables::{passes, says};
    use crate::samples::{
        NOW, at_second_step, calm, checked, hana_who_is, policy, sent, signed_in,
    };
    use crate::{Facts, Next, Reason, Submission, Verdict, decide};

    #[test]
    fn what_was_granted_ends_with_the_account() {
        let (soon, before) = (NOW.plus_seconds(1), NOW.plus_seconds(-1));
        let active = |from, until| PersonState::Active { from, until };
        for (case, state, expected) in [
            ("active", PersonState::ACTIVE, None),
            ("since now", active(Some(NOW), None), None),
            ("from soon on", active(Some(soon), None), Some(Reason::AccountNotYet)),
            ("until soon", active(Some(before), Some(soon)), None),
            ("until now", active(None, Some(NOW)), Some(Reason::AccountEnded)),
            ("disabled", PersonState::Disabled { since: before }, Some(Reason::AccountDisabled)),
            ("held", PersonState::Held { since: before }, Some(Reason::AccountHeld)),
        ] {
            assert_eq!(super::account_refusal(state, NOW), expected, "{case}");
        }
    }

    fn refused_states() -> [(PersonState, Reason); 4] {
        let soon = NOW.plus_seconds(1);
        [
            (PersonState::Disabled { since: NOW }, Reason::AccountDisabled),
            (PersonState::Active { from: Some(soon), until: None }, Reason::AccountNotYet),
            (PersonState::Active { from: None, until: Some(NOW) }, Reason::AccountEnded),
            (PersonState::Active { from: Some(soon), until: Some(NOW) }, Reason::AccountNotYet),
        ]
    }

    #[test]
    fn whoever_has_shown_the_password_is_told_why_the_account_cannot_be_used() {
        for (state, reason) in refused_states() {
            let is = |facts| Facts { person: hana_who_is(state), ..facts };
            let code = Submission::Code(Method::Totp);
            says(
                "account_state",
                &policy(),
                [
                    (
                        "right password",
                        is(checked(Submission::Password, Verdict::PasswordMatch, calm())),
                        reason,
                    ),
                    ("a standing session", is(signed_in()), reason),
                    ("before a factor is named", is(at_second_step()), reason),
                    ("before a code is looked at", is(sent(code, at_second_step())), reason),
                    (
                        "instead of a wrong code",
                        is(checked(code, Verdict::CodeWrong, at_second_step())),
                        reason,
                    ),
                ],
            );
        }
    }

    #[test]
    fn whoever_has_not_learns_nothing() {
        let wrong = || checked(Submission::Password, Verdict::PasswordMismatch, calm());
        let usual = decide(&policy(), &wrong());
        for (state, _) in refused_states() {
            let decision = decide(&policy(), &Facts { person: hana_who_is(state), ..wrong() });
            assert_eq!(decision, usual, "{state:?}");
        }
    }

    #[test]
    fn the_moment_is_said_and_the_bounds_are_half_open() {
        let from = |from| Facts {
            person: hana_who_is(PersonState::Active { from: Some(from), until: None }),
            ..signed_in()
        };
        let later = decide(&policy(), &from(NOW.plus_seconds(60)));
        assert_eq!(later.details.account_moment, Some(NOW.plus_seconds(60)));
        passes("account_state", &policy(), [("from now on", from(NOW))]);
        let last = PersonState::Active { from: None, until: Some(NOW.plus_millis(1)) };
        let decision = decide(&policy(), &Facts { person: hana_who_is(last), ..signed_in() });
        assert!(matches!(decision.next, Next::Admit(_)), "the last moment");
    }
}
