//! The service expects a certain person (`id_token_hint`): another one's session is not an answer (S64).

use super::{Outcome, Weighed};
use crate::{Interaction, Reason};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let expected = weighed.facts.demand.subject?;
    if weighed.verified_person()?.id == expected {
        return None;
    }
    let reason = match weighed.facts.demand.interaction {
        Interaction::Silent => Reason::LoginRequired,
        Interaction::Allowed | Interaction::Impossible => Reason::OtherPerson,
    };
    Some(Outcome::refuse(reason))
}

#[cfg(test)]
mod tests {
    use crate::rules::tables::{passes, says};
    use crate::samples::{
        HANA, KENJI, calm, checked, hana_who_is, nobody, policy, proven, sent, signed_in,
    };
    use crate::{Demand, Facts, Interaction, Reason, Submission, Verdict};

    fn expects_kenji(interaction: Interaction, facts: Facts) -> Facts {
        let demand = Demand { subject: Some(KENJI), interaction, ..facts.demand.clone() };
        Facts { demand, ..facts }
    }

    #[test]
    fn another_persons_sign_in_is_no_answer() {
        use Interaction::{Allowed, Impossible, Silent};
        let right = checked(Submission::Password, Verdict::PasswordMatch, calm());
        let held =
            hana_who_is(sekimori_directory::PersonState::Held { since: crate::samples::NOW });
        says(
            "subject",
            &policy(),
            [
                ("a session", expects_kenji(Allowed, signed_in()), Reason::OtherPerson),
                ("a session, silently", expects_kenji(Silent, signed_in()), Reason::LoginRequired),
                ("a one-shot door", expects_kenji(Impossible, proven()), Reason::OtherPerson),
                ("the password just now", expects_kenji(Allowed, right), Reason::OtherPerson),
            ],
        );
        passes(
            "subject",
            &policy(),
            [
                ("nobody yet", expects_kenji(Allowed, nobody())),
                ("a name only", expects_kenji(Allowed, calm())),
                (
                    "a password not checked",
                    expects_kenji(Allowed, sent(Submission::Password, calm())),
                ),
                ("a held account", expects_kenji(Allowed, Facts { person: held, ..signed_in() })),
                ("the expected one", {
                    let facts = signed_in();
                    let demand = Demand { subject: Some(HANA), ..facts.demand.clone() };
                    Facts { demand, ..facts }
                }),
            ],
        );
    }
}
