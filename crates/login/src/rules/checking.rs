//! What was submitted and not yet checked is checked: a password once, a code against usable factors only.

use sekimori_directory::Method;

use super::verdicts::again;
use super::{Outcome, Weighed, freshness, opening_proof, second_factor};
use crate::facts::Submission;
use crate::{Check, Details, Next, Reason, Usability};

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    if weighed.facts.verdict.is_some() {
        return None;
    }
    match weighed.facts.submitted? {
        Submission::Empty => empty(weighed),
        Submission::Overlong => Some(again(weighed, Reason::PasswordTooLong)),
        Submission::Password => Some(check(Check::Password)),
        Submission::Code(method) if weighed.awaits_code() => Some(code(weighed, method)),
        Submission::Code(_) | Submission::Username | Submission::Choose(_) => None,
    }
}

/// A field left empty counts nothing and skips nothing: the question that is due is asked again.
fn empty(weighed: &Weighed<'_>) -> Option<Outcome> {
    let questions = [freshness::rule, opening_proof::rule, second_factor::rule];
    match questions.iter().find_map(|rule| rule(weighed))?.next {
        Next::Ask(step) => Some(Outcome::ask(step, Reason::InputEmpty)),
        Next::Check(_) | Next::Admit(_) | Next::Refuse => None,
    }
}

fn code(weighed: &Weighed<'_>, method: Method) -> Outcome {
    match weighed.usability(method) {
        Usability::Usable => check(Check::Code { method, factors: weighed.counting(method) }),
        Usability::NotRegistered
        | Usability::Unfinished
        | Usability::UsedUp
        | Usability::Suspended
        | Usability::NotAllowedHere
        | Usability::BindingTooWeak => {
            second_factor::again(weighed, method, Reason::FactorUnusable)
        }
    }
}

fn check(check: Check) -> Outcome {
    Outcome {
        next: Next::Check(check),
        reason: Reason::Checking,
        details: Details::default(),
        effects: Vec::new(),
    }
}
