//! Whether somebody may be sent a letter: user name, initial password and the secret of an app on one paper, which is
//! the whole of an account. So it is for accounts that nobody uses yet (S18: for others it would go round what they
//! have registered).

use sekimori_base::{FactorId, Timestamp};
use sekimori_directory::{Binding, Method};

use crate::rules::account_refusal;
use crate::{FactorFacts, FactorState, KnownPerson, Reason};

/// Whether the account has a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Password {
    /// Its owner, or somebody else for them, has chosen one.
    Set,
    /// Nobody has.
    None,
}

/// How an account stands towards letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody uses it: there is no password, and nothing registered but what waits to be.
    Unused {
        /// The apps of earlier letters, which end with the next one.
        letters: Vec<FactorId>,
    },
    /// Somebody has chosen a password or used something registered.
    InUse {
        /// The apps of earlier letters that were never used, which end with the next one.
        letters: Vec<FactorId>,
    },
}

impl Standing {
    /// The apps of earlier letters that the next one ends.
    pub fn letters(&self) -> &[FactorId] {
        match self {
            Self::Unused { letters } | Self::InUse { letters } => letters,
        }
    }
}

/// How an account stands, or why nobody may be sent a letter about it. One that begins later may: letters travel.
pub fn standing(
    person: &KnownPerson,
    password: Password,
    now: Timestamp,
) -> Result<Standing, Reason> {
    match account_refusal(person.state, now) {
        None | Some(Reason::AccountNotYet) => {}
        Some(reason) => return Err(reason),
    }
    let unused = |factor: &&FactorFacts| {
        factor.binding == Binding::Letter
            && factor.method == Method::Totp
            && factor.state == FactorState::Ready
            && factor.last_used_at.is_none()
    };
    // A break-glass code lies ready before anything else, and what was begun and not finished is nothing yet.
    let idle = |factor: &FactorFacts| {
        factor.binding == Binding::BreakGlass
            || matches!(factor.state, FactorState::Unfinished | FactorState::Elsewhere)
    };
    let letters = person.factors.iter().filter(unused).map(|factor| factor.id).collect();
    let used = person.factors.iter().any(|factor| !unused(&factor) && !idle(factor));
    Ok(match password {
        Password::None if !used => Standing::Unused { letters },
        Password::None | Password::Set => Standing::InUse { letters },
    })
}

#[cfg(test)]
mod tests {
    use sekimori_directory::PersonState;

    use super::*;
    use crate::PersonFacts;
    use crate::samples::{APP, NOW, app, hana_who_is, hana_with};

    fn known(person: PersonFacts) -> KnownPerson {
        match person {
            PersonFacts::Known(known) => *known,
            PersonFacts::Unknown => panic!("somebody is meant"),
        }
    }

    fn of(factor: FactorFacts, password: Password) -> Standing {
        standing(&known(hana_with(vec![factor])), password, NOW).unwrap()
    }

    fn by_letter() -> FactorFacts {
        FactorFacts { binding: Binding::Letter, last_used_at: None, ..app() }
    }

    #[test]
    fn an_account_is_in_use_from_its_first_password_or_its_first_code_on() {
        let (letters, none) = (vec![APP], Vec::new());
        let used = FactorFacts { last_used_at: Some(NOW), ..by_letter() };
        let suspended = FactorFacts { state: FactorState::Suspended, ..by_letter() };
        let own = FactorFacts { binding: Binding::Ticket, ..by_letter() };
        let ready = FactorFacts { binding: Binding::BreakGlass, ..own.clone() };
        let begun = FactorFacts { state: FactorState::Unfinished, ..own.clone() };
        let unused = |letters: &Vec<FactorId>| Standing::Unused { letters: letters.clone() };
        let in_use = |letters: &Vec<FactorId>| Standing::InUse { letters: letters.clone() };
        for (case, factor, password, expected) in [
            ("the letter before", by_letter(), Password::None, unused(&letters)),
            ("a password since", by_letter(), Password::Set, in_use(&letters)),
            ("a code since", used, Password::None, in_use(&none)),
            ("this was not me", suspended, Password::None, in_use(&none)),
            ("an app of their own", own, Password::None, in_use(&none)),
            ("a break-glass code", ready, Password::None, unused(&none)),
            ("nothing finished", begun, Password::None, unused(&none)),
        ] {
            assert_eq!(of(factor, password), expected, "{case}");
        }
    }

    #[test]
    fn nobody_is_sent_a_letter_about_an_account_that_has_ended() {
        let (soon, before) = (NOW.plus_seconds(1), NOW.plus_seconds(-1));
        let active = |from, until| PersonState::Active { from, until };
        for (state, expected) in [
            (active(Some(soon), None), None),
            (active(None, Some(before)), Some(Reason::AccountEnded)),
            (PersonState::Disabled { since: before }, Some(Reason::AccountDisabled)),
            (PersonState::Held { since: before }, Some(Reason::AccountHeld)),
        ] {
            let said = standing(&known(hana_who_is(state)), Password::None, NOW);
            assert_eq!(said.err(), expected, "{state:?}");
        }
    }
}
