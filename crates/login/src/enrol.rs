//! Whether somebody may register a factor, and how it is bound if they do (decisions on factors).
//!
//! "First" means that the account never had a factor: ending the last one does not restore it. So a password
//! thief outside can never be the first to register, and inside-with-password happens once.

use sekimori_directory::{Binding, Method};

use crate::facts::{Facts, Proof};
use crate::{Policy, Reason};

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
pub fn binding(policy: &Policy, facts: &Facts, ticket: Ticket) -> Result<Binding, Reason> {
    let Some(person) = facts.known() else {
        return Err(Reason::LoginRequired);
    };
    let Some(session) = &facts.session else {
        return Err(Reason::LoginRequired);
    };
    let sudo = policy.session.sudo_seconds;
    let recent = |proof: &&Proof| proof.within(facts.now, sudo);
    if !session.proofs.iter().filter(recent).any(|proof| proof.method.opens()) {
        return Err(Reason::AskFresh);
    }
    if ticket == Ticket::Verified {
        return Ok(Binding::Ticket);
    }
    let shown_factor = session.proofs.iter().filter(recent).any(|proof| {
        proof.method != Method::Password
            && proof.factor.is_some_and(|id| person.factors.iter().any(|factor| factor.id == id))
    });
    if shown_factor {
        return Ok(Binding::OtherFactor);
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
