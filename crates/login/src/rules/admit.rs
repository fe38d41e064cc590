//! Everything required was shown. The only place where an [`Authenticated`] is made.

use std::collections::BTreeSet;

use super::{Outcome, Weighed};
use crate::{Authenticated, Effect, Next, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let person = weighed.person()?;
    let opening = weighed.opening()?;
    let assurance = weighed.assurance()?;
    let methods: BTreeSet<_> = weighed.proofs().map(|proof| proof.method).collect();
    let by_session_alone = weighed.attempt_proofs().next().is_none();
    let standing = weighed.session.map(|session| session.id);
    let authenticated = Authenticated::new(
        person.id,
        weighed.facts.service.name.clone(),
        opening.at,
        assurance,
        methods,
        weighed.facts.position.zone.clone(),
        standing.filter(|_| by_session_alone),
    );
    let (reason, effects) = if by_session_alone {
        (Reason::SessionReused, vec![Effect::TouchSession])
    } else {
        // S44: a fresh session id after every proof, also after a step-up.
        (Reason::Admitted, vec![Effect::OpenSession, Effect::RememberDevice])
    };
    let next = Next::Admit(authenticated);
    Some(Outcome { next, reason, details: weighed.row_details(), effects })
}

#[cfg(test)]
mod tests {
    use sekimori_directory::Binding;

    use super::*;
    use crate::rules::tables::kinds;
    use crate::samples::{
        APP, CODES, HANA, NOW, SESSION, app, at_second_step, checked, code_of, codes, hana_with,
        home, password, policy, proven, session, signed_in,
    };
    use crate::{Assurance, FactorFacts, Facts, Submission, Verdict, decide};
    use sekimori_directory::Method;

    fn admitted(facts: &Facts) -> Authenticated {
        match decide(&policy(), facts).next {
            Next::Admit(authenticated) => authenticated,
            other => panic!("expected to be let in: {other:?}"),
        }
    }

    #[test]
    fn what_is_said_is_what_happened() {
        let weak = FactorFacts { binding: Binding::InsideWithPassword, ..app() };
        let recovery = Verdict::CodeAccepted { factor: CODES, step: 1 };
        let both = |factor: &FactorFacts| Facts {
            proofs: vec![password(20), code_of(factor, 5)],
            person: hana_with(vec![factor.clone()]),
            ..proven()
        };
        let two: &[&str] = &["otp", "pwd", "mfa"];
        for (case, facts, level, amr) in [
            ("on campus, the password", proven(), Assurance::OneFactor, &["pwd"][..]),
            ("password and app", both(&app()), Assurance::TwoFactors, two),
            ("password and recovery code", both(&codes()), Assurance::TwoFactors, two),
            ("an app bound with the password", both(&weak), Assurance::OneFactor, &["otp", "pwd"]),
            (
                "at home, by recovery code",
                checked(Submission::Code(Method::RecoveryCode), recovery, at_second_step()),
                Assurance::TwoFactors,
                two,
            ),
        ] {
            let proof = admitted(&facts);
            assert_eq!(proof.assurance(), level, "{case}");
            assert_eq!(proof.amr(), amr, "{case}");
            assert_eq!(proof.person(), HANA, "{case}");
            assert_eq!(proof.audience(), &facts.service.name, "{case}");
            assert_eq!(proof.zone(), &facts.position.zone, "{case}");
            assert_eq!(proof.at(), NOW.plus_seconds(-20), "the password's moment: {case}");
            assert_eq!(proof.session(), None, "{case}");
        }
    }

    #[test]
    fn a_standing_session_is_used_and_a_new_proof_opens_another() {
        let decision = decide(&policy(), &signed_in());
        assert_eq!(decision.reason, Reason::SessionReused);
        assert_eq!(decision.effects, [Effect::TouchSession]);
        assert_eq!(admitted(&signed_in()).session(), Some(SESSION));
        assert_eq!(admitted(&signed_in()).at(), NOW.plus_seconds(-60));

        let step_up = checked(
            Submission::Code(Method::Totp),
            Verdict::CodeAccepted { factor: APP, step: 1 },
            Facts {
                position: home(),
                person: hana_with(vec![app()]),
                session: Some(session(vec![password(60)])),
                ..signed_in()
            },
        );
        let decision = decide(&policy(), &step_up);
        assert_eq!(decision.reason, Reason::Admitted);
        assert!(kinds(&decision.effects).contains("open_session"));
        let proof = admitted(&step_up);
        assert_eq!((proof.session(), proof.at()), (None, NOW.plus_seconds(-60)));
        assert_eq!(proof.amr(), ["otp", "pwd", "mfa"]);
    }

    #[test]
    fn the_row_is_named_whenever_somebody_is_let_in() {
        let decision = decide(&policy(), &proven());
        assert_eq!(decision.details.policy_row.as_deref(), Some("inside"));
        assert!(decision.details.verified);
    }
}
