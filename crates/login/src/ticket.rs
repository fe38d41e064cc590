//! What a ticket is for, and whether whoever shows one may choose a password (S18, S19, S20).
//!
//! A ticket takes the place of the password, never of a factor: an account that has any is asked for one, by whatever
//! way the ticket was come by. If none of them can be shown, only the desk helps, by ending them first.

use sekimori_base::{FactorId, PersonId};
use sekimori_directory::{Binding, Method};
use serde::{Deserialize, Serialize};

use crate::rules::account_refusal;
use crate::{FactorFacts, FactorState, Facts, PersonFacts, Reason};

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketPurpose {
    /// The first password of somebody new; after that the same paper registers their first factor.
    Start,
    /// A new password.
    Password,
    /// A factor, after the right password.
    Factor,
}

impl TicketPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Start, Self::Password, Self::Factor];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Password => "password",
            Self::Factor => "factor",
        }
    }
}

/// Permission to set a password by a ticket. Only this module can make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPermit {
    person: PersonId,
    epoch: u64,
    sealed: (),
}

impl PasswordPermit {
    /// Whose password.
    pub const fn person(&self) -> PersonId {
        self.person
    }

    /// Under which credential epoch: a change meanwhile ends the permission.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Whether somebody who has shown a ticket for `purpose`, and `shown` of their factors, may choose a password.
/// `facts.person` is the account of the typed name; nobody, if the ticket is not right for it.
///
/// [`Reason::AskSecondFactor`] is settled by showing any usable factor; then ask again.
pub fn password(
    facts: &Facts,
    purpose: TicketPurpose,
    shown: Option<FactorId>,
) -> Result<PasswordPermit, Reason> {
    let person = match &facts.person {
        PersonFacts::Known(person) => person,
        PersonFacts::Unknown => return Err(Reason::TicketWrong),
    };
    match account_refusal(person.state, facts.now) {
        None => {}
        // Nothing that is shown of a held account counts.
        Some(Reason::AccountHeld) => return Err(Reason::TicketWrong),
        Some(reason) => return Err(reason),
    }
    if purpose == TicketPurpose::Factor {
        return Err(Reason::TicketForFactor);
    }
    let permit = PasswordPermit { person: person.id, epoch: person.credential_epoch, sealed: () };
    // A break-glass code that lies ready before the first password is not what somebody new begins by using up.
    let lies_ready = |factor: &FactorFacts| {
        purpose == TicketPurpose::Start && factor.binding == Binding::BreakGlass
    };
    let registered = |factor: &FactorFacts| {
        !matches!(factor.state, FactorState::Unfinished | FactorState::Elsewhere)
            && !lies_ready(factor)
    };
    if !person.factors.iter().any(registered) {
        return Ok(permit);
    }
    // What is shown here is a code that somebody has at hand: nothing is sent for a ticket, and nothing is signed.
    let at_hand =
        |factor: &&FactorFacts| matches!(factor.method, Method::Totp | Method::RecoveryCode);
    let mut usable =
        person.factors.iter().filter(|factor| factor.is_usable()).filter(at_hand).peekable();
    if usable.peek().is_none() {
        return Err(Reason::TicketNeedsFactor);
    }
    if usable.any(|factor| Some(factor.id) == shown) {
        return Ok(permit);
    }
    Err(Reason::AskSecondFactor)
}

#[cfg(test)]
mod tests {
    use sekimori_directory::PersonState;

    use super::*;
    use crate::samples::{APP, CODES, NOW, app, calm, codes, hana, hana_who_is, hana_with, nobody};

    const ANY: [TicketPurpose; 2] = [TicketPurpose::Start, TicketPurpose::Password];

    fn who(person: PersonFacts) -> Facts {
        Facts { person, ..calm() }
    }

    fn is(facts: &Facts, shown: Option<FactorId>) -> Result<PersonId, Reason> {
        let all = ANY.map(|purpose| password(facts, purpose, shown).map(|permit| permit.person()));
        assert_eq!(all[0], all[1], "both kinds of tickets are judged alike");
        all[0]
    }

    #[test]
    fn somebody_without_factors_chooses_a_password_with_the_ticket_alone() {
        let unfinished = FactorFacts { state: FactorState::Unfinished, ..app() };
        for factors in [vec![], vec![unfinished]] {
            assert_eq!(is(&who(hana_with(factors)), None), Ok(hana().id));
        }
    }

    #[test]
    fn no_ticket_goes_round_a_factor() {
        let in_state = |state| FactorFacts { state, ..app() };
        let none_left = FactorFacts { codes_left: Some(0), ..codes() };
        let ask = Err(Reason::AskSecondFactor);
        let lost = Err(Reason::TicketNeedsFactor);
        let cases = [
            ("not shown", vec![app()], None, ask),
            ("another one shown", vec![app()], Some(CODES), ask),
            ("shown", vec![app()], Some(APP), Ok(hana().id)),
            ("a recovery code", vec![app(), codes()], Some(CODES), Ok(hana().id)),
            ("suspended", vec![in_state(FactorState::Suspended)], None, lost),
            ("suspended, and shown", vec![in_state(FactorState::Suspended)], Some(APP), lost),
            ("the last code spent", vec![none_left.clone()], Some(CODES), lost),
            ("codes spent, app not shown", vec![none_left, app()], Some(CODES), ask),
        ];
        for (case, factors, shown, expected) in cases {
            assert_eq!(is(&who(hana_with(factors)), shown), expected, "{case}");
        }
    }

    #[test]
    fn a_break_glass_code_is_kept_for_later_by_somebody_new_and_asked_of_everybody_else() {
        let code = FactorFacts { binding: Binding::BreakGlass, ..codes() };
        let facts = who(hana_with(vec![code]));
        let says = |purpose| password(&facts, purpose, None).map(|permit| permit.person());
        assert_eq!(says(TicketPurpose::Start), Ok(hana().id));
        assert_eq!(says(TicketPurpose::Password), Err(Reason::AskSecondFactor));
    }

    #[test]
    fn an_account_that_may_not_be_used_gets_no_password() {
        let soon = Some(NOW.plus_seconds(60));
        let states = [
            (PersonState::Disabled { since: NOW }, Reason::AccountDisabled),
            (PersonState::Active { from: soon, until: None }, Reason::AccountNotYet),
            (PersonState::Active { from: None, until: Some(NOW) }, Reason::AccountEnded),
            (PersonState::Held { since: NOW }, Reason::TicketWrong),
        ];
        for (state, reason) in states {
            assert_eq!(is(&who(hana_who_is(state)), Some(APP)), Err(reason), "{state:?}");
        }
    }

    #[test]
    fn a_ticket_for_a_factor_gives_no_password_and_nobody_learns_that_nobody_is_there() {
        let facts = who(hana_with(vec![app()]));
        let refused = password(&facts, TicketPurpose::Factor, Some(APP));
        assert_eq!(refused, Err(Reason::TicketForFactor));
        assert_eq!(is(&nobody(), None), Err(Reason::TicketWrong));
    }
}
