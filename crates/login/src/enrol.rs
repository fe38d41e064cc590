//! Whether somebody may register a factor, and how it is bound if they do (decisions on factors).
//!
//! "First" means that the account never had a factor: ending the last one does not restore it. So a password
//! thief outside can never be the first to register, and inside-with-password happens once. A factor that was
//! registered by showing another is bound no more strongly than that other one was.

use sekimori_base::FactorId;
use sekimori_directory::{Binding, Method};

use crate::facts::{Facts, KnownPerson, Proof};
use crate::rules::{Weighed, unusable_account};
use crate::{Decision, Details, Next, Policy, Reason, decide};

/// What the person holds besides the standing sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// Nothing.
    None,
    /// An enrolment ticket that was just verified.
    Verified,
    /// Something was entered as an enrolment ticket that is none of theirs.
    Wrong,
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
    match ticket {
        Ticket::Verified => return Ok(Binding::Ticket),
        Ticket::Wrong => return Err(Reason::TicketWrong),
        Ticket::None => {}
    }
    let inherited = inherited(policy, &recent);
    if let Some(binding) = inherited.filter(|binding| {
        // A code by mail registers nothing for whoever has more to show.
        *binding != Binding::MailCode || !weighed.can_reach_two()
    }) {
        return Ok(binding);
    }
    without_ticket(&weighed, person)
}

/// What [`binding`] would say without a ticket to somebody who has just shown the password and no factor: what the
/// portal may tell them beforehand, here or (with another position in `facts`) elsewhere.
pub fn outlook(policy: &Policy, facts: &Facts) -> Result<Binding, Reason> {
    let weighed = Weighed::new(policy, facts);
    let person = weighed.person().ok_or(Reason::LoginRequired)?;
    match unusable_account(&weighed) {
        Some(reason) => Err(reason),
        None => without_ticket(&weighed, person),
    }
}

fn without_ticket(weighed: &Weighed<'_>, person: &KnownPerson) -> Result<Binding, Reason> {
    if weighed.usable_here().next().is_some() {
        return Err(Reason::AskStepUp);
    }
    if person.ever_had_factor {
        return Err(Reason::EnrolTicketNeeded);
    }
    if weighed.facts.position.may_enrol {
        Ok(Binding::InsideWithPassword)
    } else {
        Err(Reason::EnrolNotHere)
    }
}

/// The proofs of the standing session once `new` has taken the place of the person's factors of `method`, made in this
/// session: what one of those had proven here stays proven, by the new one, as far as it counts now and as it was bound.
/// It ends with the new factor, as every proof does. `None`: they stay as they are. A break-glass code is not replaced.
pub fn handed_on(
    policy: &Policy,
    facts: &Facts,
    method: Method,
    new: FactorId,
) -> Option<Vec<Proof>> {
    let weighed = Weighed::new(policy, facts);
    let replaced = |proof: &Proof| {
        proof.method == method
            && proof.factor.is_some()
            && proof.binding != Some(Binding::BreakGlass)
            && weighed.still_proves(proof)
    };
    let proofs = &weighed.session?.proofs;
    proofs.iter().any(replaced).then(|| {
        let by_new = |proof: &Proof| Proof { factor: Some(new), ..proof.clone() };
        proofs.iter().map(|old| if replaced(old) { by_new(old) } else { old.clone() }).collect()
    })
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
/// password thief inside would need only two registrations for a level that one does not give. What a code by mail
/// registers is bound by that and nothing more (C3).
fn inherited(policy: &Policy, recent: &[&Proof]) -> Option<Binding> {
    let shown = || {
        recent.iter().filter(|proof| proof.factor.is_some()).filter_map(|proof| {
            let worth = proof.binding.map(Binding::worth)?;
            Some(if proof.method.counts_for_mfa() { worth } else { Binding::MailCode })
        })
    };
    let weak = [Binding::InsideWithPassword, Binding::MailCode];
    let strong = shown().any(|binding| !weak.contains(&binding) && policy.counts_for_mfa(binding));
    if strong {
        return Some(Binding::OtherFactor);
    }
    shown().find(|binding| *binding != Binding::MailCode).or_else(|| shown().next())
}

#[cfg(test)]
mod tests {
    use sekimori_directory::{Method, PersonState};

    use super::*;
    use crate::samples::{
        NOW, app, code_of, codes, hana, hana_who_is, hana_with, home, mail, nobody, password,
        policy, policy_with, session, signed_in,
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
    fn a_ticket_that_is_none_of_theirs_is_said_after_the_password_alone() {
        let ask = Err(Reason::AskFresh);
        let wrong = Err(Reason::TicketWrong);
        table(
            vec![
                ("on campus", signed_in(), wrong),
                ("with a factor", with(vec![app()], vec![password(5), code_of(&app(), 5)]), wrong),
                ("an old password", with(vec![], vec![password(901)]), ask),
            ],
            Ticket::Wrong,
        );
        let said = decision(&policy(), &signed_in(), Ticket::Wrong);
        assert_eq!((said.next, said.reason), (Next::Refuse, Reason::TicketWrong));
    }

    #[test]
    fn the_outlook_is_what_a_fresh_password_would_come_to() {
        let away = |facts: Facts| Facts { position: home(), ..facts };
        let cases = [
            signed_in(),
            away(signed_in()),
            had_one(),
            away(had_one()),
            with(vec![app()], vec![password(5)]),
            Facts { person: hana_who_is(PersonState::Disabled { since: NOW }), ..signed_in() },
        ];
        for facts in cases {
            let fresh = binding(&policy(), &facts, Ticket::None);
            assert_eq!(outlook(&policy(), &facts), fresh, "{facts:?}");
            let old = Facts { session: Some(session(vec![password(3000)])), ..facts };
            assert_eq!(outlook(&policy(), &old), fresh, "however old the password is: {old:?}");
        }
        assert_eq!(outlook(&policy(), &nobody()), Err(Reason::LoginRequired));
    }

    #[test]
    fn what_a_replaced_sheet_proved_is_proven_by_the_new_one() {
        let new = FactorId::from_bytes([9; 16]);
        let sheet = |state| FactorFacts { state, ..codes() };
        let break_glass = FactorFacts { binding: Binding::BreakGlass, ..codes() };
        let kept = |factor: &FactorFacts| {
            let shown = vec![password(60), code_of(&app(), 60), code_of(&codes(), 90)];
            let facts = with(vec![app(), factor.clone()], shown);
            handed_on(&policy(), &facts, Method::RecoveryCode, new)
        };
        let proofs = kept(&codes()).unwrap();
        let by: Vec<_> = proofs.iter().map(|proof| proof.factor).collect();
        assert_eq!(by, [None, Some(app().id), Some(new)]);
        let before = code_of(&codes(), 90);
        assert_eq!(
            (proofs[2].at, proofs[2].binding),
            (before.at, before.binding),
            "no more than it was"
        );
        assert_eq!(kept(&sheet(FactorState::Suspended)), None, "it proves nothing any more");
        let glass = with(vec![break_glass.clone()], vec![password(60), code_of(&break_glass, 60)]);
        assert_eq!(handed_on(&policy(), &glass, Method::RecoveryCode, new), None, "it stays");
        // And it ends with the new sheet.
        let after = |state| {
            let new = FactorFacts { id: new, ..sheet(state) };
            binding(&policy(), &with(vec![new], proofs.clone()), Ticket::None)
        };
        assert_eq!(after(FactorState::Ready), Ok(Binding::OtherFactor));
        assert_eq!(after(FactorState::Suspended), Err(Reason::EnrolTicketNeeded));
    }

    #[test]
    fn a_code_by_mail_binds_nothing_that_counts_for_a_level() {
        let shown = |factors: Vec<FactorFacts>, by: &[FactorFacts]| {
            let codes = by.iter().map(|factor| code_of(factor, 60));
            let facts = with(factors, codes.chain([password(60)]).collect());
            Facts { position: home(), ..facts }
        };
        table(
            vec![
                ("mail alone", shown(vec![mail()], &[mail()]), Ok(Binding::MailCode)),
                (
                    "mail and an app",
                    shown(vec![mail(), app()], &[mail(), app()]),
                    Ok(Binding::OtherFactor),
                ),
                (
                    "mail and a weak app",
                    shown(vec![mail(), weak(&app())], &[mail(), weak(&app())]),
                    Ok(Binding::InsideWithPassword),
                ),
                (
                    "an app is there, and was not shown",
                    shown(vec![mail(), app()], &[mail()]),
                    Err(Reason::AskStepUp),
                ),
                (
                    "a factor that was registered by mail alone",
                    shown(
                        vec![FactorFacts { binding: Binding::MailCode, ..app() }],
                        &[FactorFacts { binding: Binding::MailCode, ..app() }],
                    ),
                    Ok(Binding::MailCode),
                ),
            ],
            Ticket::None,
        );
        assert!(!policy().counts_for_mfa(Binding::MailCode), "by default");
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
