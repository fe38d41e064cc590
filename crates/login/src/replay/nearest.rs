//! The nearest change that would have let the person in: from one declared list, for the help desk only.

use sekimori_base::{FactorId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Binding, Group, Method, PersonState};
use serde::{Deserialize, Serialize};

use super::forecast::{calm, walk};
use crate::facts::{FactorFacts, FactorState, Facts, IdentifierFacts, PersonFacts};
use crate::submitted::Submission;
use crate::{Decision, Next, NextStep, Policy, Reason, Step, decide};

/// A change of one fact that would have let the person in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The right password.
    RightPassword,
    /// A right, fresh code of the method.
    FreshCode(Method),
    /// A registered factor of the method, and its code.
    RegisteredFactor(Method),
    /// A place where a password suffices.
    InsideZone,
    /// An account that may be used.
    UsableAccount,
    /// Membership in one of the service's groups.
    GroupMember(Group),
    /// Waiting until this moment.
    WaitUntil(Timestamp),
    /// A service that is switched on.
    EnabledService,
    /// Beginning again.
    StartOver,
}

/// The nearest changes, one of which is enough; in the order of how easily they are had. Empty: nobody was
/// refused, or no single change of the declared list is enough.
pub fn nearest_changes(policy: &Policy, facts: &Facts) -> Vec<Change> {
    let decision = decide(policy, facts);
    if !decision.reason.is_refusal() {
        return Vec::new();
    }
    let refused = Refused { policy, facts, asked: asked(&decision), decision: &decision };
    let candidates = refused
        .wait()
        .into_iter()
        .chain(refused.typed())
        .chain(refused.start_over())
        .chain(refused.inside())
        .chain(refused.factors())
        .chain([refused.usable()])
        .chain(refused.member())
        .chain([refused.enabled()]);
    candidates.filter(|(_, changed)| leads_in(policy, changed)).map(|(change, _)| change).collect()
}

/// Whether the refusal is gone and honest answers to every further question lead in. Where nobody was named,
/// nobody can answer: then it is enough that the refusal is gone.
fn leads_in(policy: &Policy, changed: &Facts) -> bool {
    if decide(policy, changed).reason.is_refusal() {
        return false;
    }
    let nobody =
        changed.identifier == IdentifierFacts::Absent && changed.person == PersonFacts::Unknown;
    nobody || matches!(walk(policy, changed).next, Next::Admit(_))
}

/// The question that was asked, or would have been.
fn asked(decision: &Decision) -> Option<&Step> {
    match &decision.next {
        Next::Ask(step) => Some(step),
        Next::Refuse => decision.details.unasked.as_ref(),
        Next::Check(_) | Next::Admit(_) => None,
    }
}

struct Refused<'a> {
    policy: &'a Policy,
    facts: &'a Facts,
    decision: &'a Decision,
    asked: Option<&'a Step>,
}

type Candidate = (Change, Facts);

impl Refused<'_> {
    fn changed(&self, change: Change, alter: impl FnOnce(&mut Facts)) -> Candidate {
        let mut changed = self.facts.clone();
        alter(&mut changed);
        (change, changed)
    }

    /// Later: a wait is over, an account has become valid. Ten minutes end an attempt, so that a new one begins.
    fn wait(&self) -> Option<Candidate> {
        let details = &self.decision.details;
        let until = match self.decision.reason {
            Reason::AccountNotYet => details.account_moment,
            _ => details.wait_until,
        }?;
        Some(self.changed(Change::WaitUntil(until), |facts| {
            facts.now = until;
            begin_again(facts);
        }))
    }

    /// The same field, filled in rightly.
    fn typed(&self) -> Option<Candidate> {
        let (change, submission) = match (self.asked?, self.decision.reason) {
            (
                Step::Password,
                Reason::CredentialMismatch | Reason::InputEmpty | Reason::PasswordTooLong,
            ) => (Change::RightPassword, Submission::Password),
            (
                Step::SecondFactor { method, .. },
                Reason::CodeWrong
                | Reason::CodeReused
                | Reason::CodeRaced
                | Reason::CodeMalformed
                | Reason::ClockDrift
                | Reason::ClockSuspected
                | Reason::RecoverySpent
                | Reason::FactorUnusable
                | Reason::InputEmpty,
            ) => (Change::FreshCode(*method), Submission::of(*method)),
            _ => return None,
        };
        Some(self.changed(change, |facts| {
            facts.submitted = Some(submission);
            facts.verdict = None;
            calm(facts);
        }))
    }

    fn start_over(&self) -> Option<Candidate> {
        (self.decision.reason.next_step() == NextStep::StartOver)
            .then(|| self.changed(Change::StartOver, begin_again))
    }

    fn inside(&self) -> Option<Candidate> {
        let zone = ZoneName::parse("inside").ok()?;
        let second = matches!(self.asked, Some(Step::SecondFactor { .. }));
        Some(self.changed(Change::InsideZone, |facts| {
            facts.position.zone = zone;
            facts.position.inside = true;
            facts.position.password_suffices = true;
            facts.position.may_enrol = true;
            if second {
                // There nobody would have asked for what was refused.
                facts.submitted = None;
                facts.verdict = None;
            }
        }))
    }

    fn factors(&self) -> impl Iterator<Item = Candidate> {
        let now = self.facts.now;
        let counts = self.policy.settings.mfa_bindings.first().copied();
        let binding = counts.unwrap_or(Binding::Ticket);
        Method::ALL.into_iter().filter(|method| method.seconds()).map(move |method| {
            self.changed(Change::RegisteredFactor(method), |facts| {
                if let PersonFacts::Known(person) = &mut facts.person {
                    person.factors.push(imagined(method, binding, now));
                }
            })
        })
    }

    fn usable(&self) -> Candidate {
        self.changed(Change::UsableAccount, |facts| {
            if let PersonFacts::Known(person) = &mut facts.person {
                person.state = PersonState::ACTIVE;
            }
        })
    }

    fn member(&self) -> Option<Candidate> {
        let group = self.facts.service.groups.first()?.clone();
        Some(self.changed(Change::GroupMember(group.clone()), |facts| {
            if let PersonFacts::Known(person) = &mut facts.person {
                person.groups.insert(group);
            }
        }))
    }

    fn enabled(&self) -> Candidate {
        self.changed(Change::EnabledService, |facts| facts.service.disabled = false)
    }
}

/// A new attempt at the same destination.
fn begin_again(facts: &mut Facts) {
    facts.attempt = None;
    facts.proofs.clear();
    facts.submitted = None;
    facts.verdict = None;
    calm(facts);
}

fn imagined(method: Method, binding: Binding, now: Timestamp) -> FactorFacts {
    FactorFacts {
        id: FactorId::from_bytes([0xff; 16]),
        method,
        binding,
        state: FactorState::Ready,
        registered_at: now,
        last_used_at: None,
        codes_left: None,
    }
}
