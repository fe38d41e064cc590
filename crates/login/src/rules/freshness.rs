//! `prompt=login`, `max_age`, the policy's own age limit: a standing session may be too old an answer.

use super::{Outcome, Weighed};
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    (weighed.session.is_some() && weighed.opening().is_none())
        .then(|| Outcome::ask(Step::Password, Reason::AskFresh))
}

#[cfg(test)]
mod tests {
    use sekimori_directory::settings::Requirement;

    use crate::rules::tables::{passes, says, step};
    use crate::samples::{
        KENJI, NOW, app, checked, code_of, hana_with, home, nobody, password, policy, policy_with,
        proven, sent, session, signed_in,
    };
    use crate::{
        Demand, FactorFacts, FactorState, Facts, Freshness, Next, Proof, Reason, SessionFacts,
        Step, Submission, Verdict, decide,
    };

    fn wants(freshness: Freshness, facts: Facts) -> Facts {
        Facts { demand: Demand { freshness, ..facts.demand.clone() }, ..facts }
    }

    fn shown(seconds_ago: i64) -> Facts {
        Facts { session: Some(session(vec![password(seconds_ago)])), ..signed_in() }
    }

    #[test]
    fn a_session_that_is_too_old_an_answer_asks_its_person_for_the_password() {
        use Freshness::{Now, WithinSeconds};
        says(
            "freshness",
            &policy(),
            [
                ("prompt=login", wants(Now, shown(1)), Reason::AskFresh),
                ("max_age=0", wants(WithinSeconds(0), shown(1)), Reason::AskFresh),
                ("max_age=59", wants(WithinSeconds(59), shown(60)), Reason::AskFresh),
                (
                    "no password in it",
                    Facts { session: Some(session(Vec::new())), ..signed_in() },
                    Reason::AskFresh,
                ),
                (
                    "proven about somebody else",
                    Facts {
                        session: Some(session(vec![Proof { person: KENJI, ..password(60) }])),
                        ..signed_in()
                    },
                    Reason::AskFresh,
                ),
            ],
        );
        let asked = decide(&policy(), &wants(Now, shown(1)));
        assert_eq!(step(&asked), Some(&Step::Password));
        passes(
            "freshness",
            &policy(),
            [
                ("max_age=60", wants(WithinSeconds(60), shown(60))),
                ("proven on a node whose clock is ahead", wants(WithinSeconds(60), shown(-5))),
                ("the password for this request", wants(Now, proven())),
                ("a slow typist", wants(WithinSeconds(5), proven())),
            ],
        );
    }

    #[test]
    fn a_fresh_sign_in_is_fresh_in_both_factors() {
        let facts = Facts {
            session: Some(session(vec![password(60), code_of(&app(), 60)])),
            person: hana_with(vec![app()]),
            position: home(),
            ..signed_in()
        };
        let admitted = |facts: &Facts| matches!(decide(&policy(), facts).next, Next::Admit(_));
        assert!(admitted(&facts));
        let again = checked(
            Submission::Password,
            Verdict::PasswordMatch,
            wants(Freshness::Now, facts.clone()),
        );
        assert_eq!(decide(&policy(), &again).reason, Reason::AskSecondFactor);
        assert!(admitted(&wants(Freshness::WithinSeconds(60), facts)));
    }

    #[test]
    fn the_rows_own_age_limit_concerns_what_a_session_brings() {
        let hourly = policy_with(Requirement::OneFactor, |row| row.max_age_seconds = Some(30));
        says("freshness", &hourly, [("older", shown(31), Reason::AskFresh)]);
        passes("freshness", &hourly, [("as old", shown(30))]);
        let slow = Facts { proofs: vec![password(90)], ..proven() };
        passes("freshness", &hourly, [("the attempt's own", slow)]);
    }

    /// What does not stand is no session at all: nobody learns whose it was.
    #[test]
    fn a_session_that_does_not_stand_is_none() {
        let of = |alter: fn(&mut SessionFacts)| {
            let mut session = session(vec![password(60)]);
            alter(&mut session);
            Facts { session: Some(session), ..signed_in() }
        };
        says(
            "opening_proof",
            &policy(),
            [
                ("somebody else's", of(|s| s.person = KENJI), Reason::AskUsername),
                (
                    "before a change of password",
                    of(|s| s.credential_epoch = 6),
                    Reason::AskUsername,
                ),
                (
                    "unused for an hour",
                    of(|s| s.used_at = NOW.plus_seconds(-3601)),
                    Reason::AskUsername,
                ),
                (
                    "half a day old",
                    of(|s| s.opened_at = NOW.plus_seconds(-43_201)),
                    Reason::AskUsername,
                ),
                (
                    "of tomorrow",
                    of(|s| s.opened_at = NOW.plus_seconds(86_400)),
                    Reason::AskUsername,
                ),
                (
                    "nobody is known",
                    Facts { person: nobody().person, ..signed_in() },
                    Reason::AskUsername,
                ),
            ],
        );
        passes("opening_proof", &policy(), [("one that stands", signed_in())]);
        passes(
            "opening_proof",
            &policy(),
            [(
                "opened by a node ahead",
                of(|s| {
                    s.opened_at = NOW.plus_seconds(5);
                    s.used_at = NOW.plus_seconds(5);
                }),
            )],
        );
    }

    #[test]
    fn a_factor_that_is_gone_takes_its_proofs_with_it() {
        let shown = Facts {
            session: Some(session(vec![password(60), code_of(&app(), 60)])),
            position: home(),
            ..signed_in()
        };
        let with =
            |factors| decide(&policy(), &Facts { person: hana_with(factors), ..shown.clone() });
        assert!(matches!(with(vec![app()]).next, Next::Admit(_)));
        let suspended = FactorFacts { state: FactorState::Suspended, ..app() };
        assert_eq!(with(vec![suspended]).reason, Reason::FactorSuspended);
        assert_eq!(with(Vec::new()).reason, Reason::FactorNone);
        let late = sent(
            Submission::Code(sekimori_directory::Method::Totp),
            wants(Freshness::WithinSeconds(10), shown),
        );
        assert_eq!(
            decide(&policy(), &late).reason,
            Reason::AskFresh,
            "a code after the hour asks anew"
        );
    }
}
