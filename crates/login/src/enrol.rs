//! Whether somebody may register a factor, and how it is bound if they do (decisions on factors).
//!
//! "First" means that the account never had a factor: ending the last one does not restore it. So a password
//! thief outside can never be the first to register, and inside-with-password happens once. A factor that was
//! registered by showing another is bound no more strongly than that other one was.

use sekimori_directory::Binding;

use crate::facts::{Facts, Proof};
use crate::rules::{Weighed, unusable_account};
use crate::{Decision, Details, Next, Policy, Reason, decide};

/// What the person holds besides the standing sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// Nothing.
    None,
    /// An enrolment ticket that was just verified.
    Verified,
}

/// How a new factor would be bound, or why none may be registered now. `facts` are of the portal, with a
/// standing session.
///
/// [`Reason::AskFresh`] and [`Reason::AskStepUp`] are settled by a sign-in to the portal that demands
/// [`AssuranceDemand::Highest`](crate::AssuranceDemand::Highest) within `sudo_seconds`; then ask again.
pub fn binding(policy: &Policy, facts: &Facts, ticket: Ticket) -> Result<Binding, Reason> {
    let weighed = Weighed::new(policy, facts);
    let (Some(person), Some(session)) = (weighed.person(), weighed.session) else {
        return Err(Reason::LoginRequired);
    };
    if let Some(reason) = unusable_account(&weighed) {
        return Err(reason);
    }
    let recent: Vec<&Proof> = session
        .proofs
        .iter()
        .filter(|proof| proof.within(facts.now, policy.session.sudo_seconds))
        .filter(|proof| weighed.still_proves(proof))
        .collect();
    if !recent.iter().any(|proof| proof.opens()) {
        return Err(Reason::AskFresh);
    }
    if ticket == Ticket::Verified {
        return Ok(Binding::Ticket);
    }
    if let Some(binding) = inherited(policy, &recent) {
        return Ok(binding);
    }
    if weighed.usable_here().next().is_some() {
        return Err(Reason::AskStepUp);
    }
    if person.ever_had_factor {
        return Err(Reason::EnrolTicketNeeded);
    }
    if facts.position.may_enrol {
        Ok(Binding::InsideWithPassword)
    } else {
        Err(Reason::EnrolNotHere)
    }
}

/// The same as a decision, as it is recorded and decided again.
pub fn decision(policy: &Policy, facts: &Facts, ticket: Ticket) -> Decision {
    let (next, reason) = match binding(policy, facts, ticket) {
        Err(reason) => (Next::Refuse, reason),
        Ok(_) => return decide(policy, facts),
    };
    let details = Details { verified: true, ..Details::default() };
    Decision { next, reason, details, effects: Vec::new(), rule: "enrol" }
}

/// The binding that follows from the factors that were just shown, if any was: no stronger than theirs, or a
/// password thief inside would need only two registrations for a level that one does not give.
fn inherited(policy: &Policy, recent: &[&Proof]) -> Option<Binding> {
    let shown = || {
        recent
            .iter()
            .filter(|proof| proof.factor.is_some())
            .filter_map(|proof| proof.binding.map(Binding::worth))
    };
    let strong = shown()
        .any(|binding| binding != Binding::InsideWithPassword && policy.counts_for_mfa(binding));
    if strong { Some(Binding::OtherFactor) } else { shown().next() }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::{Method, PersonState};

    use super::*;
    use crate::samples::{
        NOW, app, code_of, codes, hana, hana_who_is, hana_with, home, nobody, password, policy,
        policy_with, session, signed_in,
    };
    use crate::{FactorFacts, FactorState, KnownPerson, PersonFacts, SessionFacts};
    use sekimori_directory::settings::Requirement;

    fn weak(factor: &FactorFacts) -> FactorFacts {
        FactorFacts { binding: Binding::InsideWithPassword, ..*factor }
    }

    fn with(factors: Vec<FactorFacts>, proofs: Vec<Proof>) -> Facts {
        Facts { person: hana_with(factors), session: Some(session(proofs)), ..signed_in() }
    }

    fn had_one() -> Facts {
        let known = KnownPerson { ever_had_factor: true, ..hana() };
        Facts { person: PersonFacts::Known(Box::new(known)), ..signed_in() }
    }

    fn table(cases: Vec<(&str, Facts, Result<Binding, Reason>)>, ticket: Ticket) {
        for (case, facts, expected) in cases {
            assert_eq!(binding(&policy(), &facts, ticket), expected, "{case}");
        }
    }

    #[test]
    fn the_first_factor_is_registered_inside_once() {
        let unfinished = FactorFacts { state: FactorState::Unfinished, ..app() };
        let begun = KnownPerson { factors: vec![unfinished], ..hana() };
        let begun = Facts { person: PersonFacts::Known(Box::new(begun)), ..signed_in() };
        let inside = Ok(Binding::InsideWithPassword);
        table(
            vec![
                ("on campus", signed_in(), inside),
                ("begun before and not finished", begun, inside),
                ("at home", Facts { position: home(), ..signed_in() }, Err(Reason::EnrolNotHere)),
                ("the last one was ended", had_one(), Err(Reason::EnrolTicketNeeded)),
                (
                    "ended, at home",
                    Facts { position: home(), ..had_one() },
                    Err(Reason::EnrolTicketNeeded),
                ),
            ],
            Ticket::None,
        );
    }

    #[test]
    fn a_ticket_works_everywhere_after_the_password() {
        let ticket = Ok(Binding::Ticket);
        table(
            vec![
                ("at home", Facts { position: home(), ..signed_in() }, ticket),
                ("the last one was ended", had_one(), ticket),
                ("with another factor", with(vec![app()], vec![password(5)]), ticket),
                ("an old password", with(vec![], vec![password(901)]), Err(Reason::AskFresh)),
            ],
            Ticket::Verified,
        );
    }

    #[test]
    fn whoever_has_a_factor_shows_it_first() {
        let gone = FactorFacts { state: FactorState::Suspended, ..app() };
        let shown = |factor: &FactorFacts| vec![password(60), code_of(factor, 60)];
        let home = |facts| Facts { position: home(), ..facts };
        table(
            vec![
                ("shown", home(with(vec![app()], shown(&app()))), Ok(Binding::OtherFactor)),
                (
                    "by recovery code",
                    home(with(vec![codes()], shown(&codes()))),
                    Ok(Binding::OtherFactor),
                ),
                ("not shown", with(vec![app()], vec![password(60)]), Err(Reason::AskStepUp)),
                (
                    "shown too long ago",
                    with(vec![app()], vec![password(60), code_of(&app(), 901)]),
                    Err(Reason::AskStepUp),
                ),
                (
                    "suspended since",
                    with(vec![gone.clone()], shown(&gone)),
                    Err(Reason::EnrolTicketNeeded),
                ),
                ("removed since", home(with(vec![codes()], shown(&app()))), Err(Reason::AskStepUp)),
            ],
            Ticket::None,
        );
        let app_only =
            policy_with(Requirement::OneFactor, |row| row.methods = [Method::Totp].into());
        let facts = with(vec![codes()], vec![password(60)]);
        assert_eq!(
            binding(&app_only, &facts, Ticket::None),
            Err(Reason::EnrolTicketNeeded),
            "no sign-in would ask for it here"
        );
    }

    #[test]
    fn a_weakly_bound_factor_makes_no_strong_one() {
        let shown = |factors: &[FactorFacts]| {
            let codes = factors.iter().map(|factor| code_of(factor, 60));
            with(factors.to_vec(), codes.chain([password(60)]).collect())
        };
        table(
            vec![
                ("a weak one", shown(&[weak(&app())]), Ok(Binding::InsideWithPassword)),
                (
                    "a weak and a strong one",
                    shown(&[weak(&app()), codes()]),
                    Ok(Binding::OtherFactor),
                ),
            ],
            Ticket::None,
        );
        let mut strict = policy();
        strict.settings.mfa_bindings = [Binding::Desk].into();
        let facts = shown(&[app()]);
        assert_eq!(binding(&strict, &facts, Ticket::None), Ok(Binding::Ticket), "as its parent");
        let mut lax = policy();
        lax.settings.mfa_bindings = Binding::ALL.into();
        assert_eq!(
            binding(&lax, &shown(&[weak(&app())]), Ticket::None),
            Ok(Binding::InsideWithPassword),
            "also where that counts: the site may change its mind"
        );
    }

    #[test]
    fn nobody_registers_without_a_session_that_stands_and_a_fresh_password() {
        let changed = SessionFacts { credential_epoch: 6, ..session(vec![password(5)]) };
        let disabled = PersonState::Disabled { since: NOW };
        let held = PersonState::Held { since: NOW };
        table(
            vec![
                ("nobody", nobody(), Err(Reason::LoginRequired)),
                ("no session", Facts { session: None, ..signed_in() }, Err(Reason::LoginRequired)),
                (
                    "ended by a change",
                    Facts { session: Some(changed), ..signed_in() },
                    Err(Reason::LoginRequired),
                ),
                (
                    "held",
                    Facts { person: hana_who_is(held), ..signed_in() },
                    Err(Reason::LoginRequired),
                ),
                (
                    "disabled",
                    Facts { person: hana_who_is(disabled), ..signed_in() },
                    Err(Reason::AccountDisabled),
                ),
                (
                    "at the end of sudo",
                    with(vec![], vec![password(900)]),
                    Ok(Binding::InsideWithPassword),
                ),
                ("after sudo", with(vec![], vec![password(901)]), Err(Reason::AskFresh)),
            ],
            Ticket::None,
        );
    }
}
