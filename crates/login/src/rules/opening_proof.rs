//! Nobody is anybody without an opening proof: first the name, then the password.

use super::{Outcome, Weighed};
use crate::facts::IdentifierFacts;
use crate::{Reason, Step};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.opening().is_some() {
        return None;
    }
    Some(match weighed.facts.identifier {
        IdentifierFacts::Absent => Outcome::ask(Step::Username, Reason::AskUsername),
        IdentifierFacts::Typed { .. } => Outcome::ask(Step::Password, Reason::AskPassword),
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::tables::{passes, says};
    use crate::samples::{
        KENJI, NOW, calm, hana_who_is, nobody, password, policy, proven, sent, session, signed_in,
    };
    use crate::{Facts, PersonFacts, Proof, Reason, Submission};
    use sekimori_directory::{Method, PersonState};

    #[test]
    fn first_the_name_then_the_password() {
        let missing = || Facts { person: PersonFacts::Unknown, ..calm() };
        says(
            "opening_proof",
            &policy(),
            [
                ("nobody", nobody(), Reason::AskUsername),
                ("no name was sent", sent(Submission::Username, nobody()), Reason::AskUsername),
                ("a name", sent(Submission::Username, calm()), Reason::AskPassword),
                (
                    "a name that nobody bears",
                    sent(Submission::Username, missing()),
                    Reason::AskPassword,
                ),
                ("the page again", calm(), Reason::AskPassword),
                (
                    "a method before the password",
                    sent(Submission::Choose(Method::Totp), calm()),
                    Reason::AskPassword,
                ),
            ],
        );
        passes(
            "opening_proof",
            &policy(),
            [("the password", proven()), ("a session", signed_in())],
        );
    }

    #[test]
    fn what_was_proven_counts_for_nobody_else_and_not_for_ever() {
        let with = |proof| Facts { proofs: vec![proof], ..proven() };
        let held = hana_who_is(PersonState::Held { since: NOW });
        let nameless = Proof { method: Method::Totp, ..password(5) };
        says(
            "opening_proof",
            &policy(),
            [
                (
                    "another name was typed",
                    with(Proof { person: KENJI, ..password(5) }),
                    Reason::AskPassword,
                ),
                ("older than an attempt", with(password(601)), Reason::AskPassword),
                ("of tomorrow", with(password(-86_400)), Reason::AskPassword),
                ("a code alone", with(nameless), Reason::AskPassword),
                (
                    "nobody is known",
                    Facts { person: PersonFacts::Unknown, ..proven() },
                    Reason::AskPassword,
                ),
                ("held meanwhile", Facts { person: held.clone(), ..proven() }, Reason::AskPassword),
                (
                    "a held account's session",
                    Facts { person: held, session: Some(session(vec![password(60)])), ..nobody() },
                    Reason::AskUsername,
                ),
            ],
        );
    }
}
