//! A passkey in a sign-in: what its page asks for, and what becomes of its answer.
//!
//! Before anybody has shown anything no passkey is named (R5): the browser offers what it has, and the answer says
//! whose it is. An answer that proves something begins an attempt, or moves one on, in the transaction that stores what
//! follows; so it counts once, on all nodes, and a second submit of the page hears what the first one led to.

use sekimori_base::{AttemptId, FactorId, Fault, PersonId};
use sekimori_credential::passkey::{Assertion, CHALLENGE_BYTES, Holder as Asked, Passkey, Refused};
use sekimori_directory::Method;
use sekimori_login::{
    Check, Decision, Effect, FactorState, Holder, Next, Step, Usability, Verdict,
};
use sekimori_store::{CommitError, StoredFactor, StoredPerson, Write};

use super::check::Proofed;
use super::round::{Round, Stage};
use super::submit::{attempt_id, browser_of};
use crate::Flow;
use crate::challenge::{Challenge, OnPage, credential_digest, open_passkey};
use crate::notices::About;
use crate::view::{PasskeyPrompt, Progress};
use crate::visitor::Visitor;

/// What a browser sent for a passkey. Nothing of it is believed yet.
pub(crate) struct Signed {
    /// The answer, if it can be read.
    pub assertion: Option<Assertion>,
    /// The challenge, if it is of this page and still good.
    pub challenge: Option<[u8; CHALLENGE_BYTES]>,
}

/// A passkey's answer as a form brings it.
#[derive(Debug, Clone)]
pub struct PasskeyForm {
    /// The browser's JSON.
    pub answer: String,
    /// The page's sealed challenge.
    pub challenge: String,
}

impl Flow {
    /// What a step's page asks a passkey for; none where none can be used.
    pub(super) fn passkey_prompt(
        &self,
        visitor: &Visitor,
        stage: &Stage,
        step: &Step,
        request: Option<&str>,
        person: Option<&StoredPerson>,
    ) -> Option<PasskeyPrompt> {
        let relying_party = visitor.tenant.relying_party.as_ref()?;
        let (holder, allowed) = match step {
            Step::Username | Step::Password => (Asked::Verified, Vec::new()),
            Step::SecondFactor { method: Method::Passkey, choices } => {
                let usable = choices.iter().any(|choice| {
                    choice.method == Method::Passkey && choice.usability == Usability::Usable
                });
                let allowed = passkeys(visitor, person?);
                if !usable || allowed.is_empty() {
                    return None;
                }
                (Asked::Present, allowed)
            }
            Step::SecondFactor { .. } => return None,
        };
        let page = on_page(stage, request.unwrap_or_default());
        let challenge = Challenge::new(visitor, browser_of(stage), page, &*self.entropy)?;
        Some(PasskeyPrompt {
            options: relying_party.request(&challenge.value, holder, &allowed),
            challenge: challenge.sealed,
            may_be_unknown: holder == Asked::Verified,
        })
    }

    /// A passkey's answer came with a form of this stage.
    pub(super) async fn submit_passkey(
        &self,
        visitor: &Visitor,
        stage: Stage,
        request: &str,
        form: PasskeyForm,
    ) -> Result<Progress, Fault> {
        let new_attempt = match &stage {
            Stage::Carried(_) => Some(attempt_id(request)),
            Stage::Attempt { .. } => None,
        };
        if let Some(id) = new_attempt
            && self.stored_attempt(visitor, id).await?.is_some()
        {
            // The page was sent before: its counter has moved, and nothing is checked again.
            return self.first_outcome(visitor, id, 0).await;
        }
        let assertion = Assertion::parse(&form.answer);
        let challenge = Challenge::open(visitor, &form.challenge, on_page(&stage, request));
        let digest = assertion
            .as_ref()
            .map(|signed| credential_digest(&visitor.tenant, signed.credential_id()));
        let round = Round::load_passkey(self, visitor, stage, digest).await?;
        let first = round.decide();
        if new_attempt.is_some() && matches!(first.next, Next::Admit(_)) {
            // Signed in already, in another tab.
            return self.settle_by_session(round, first).await;
        }
        let signed = Box::new(Signed { assertion, challenge });
        self.check(round, new_attempt, Proofed::Passkey(signed)).await
    }

    /// Store what a passkey's answer led to. One that proves nothing leaves the page as it was.
    pub(super) async fn settle_passkey(
        &self,
        mut round: Round<'_>,
        new_attempt: Option<AttemptId>,
    ) -> Result<Progress, Fault> {
        round.new_id = new_attempt;
        let decision = round.decide();
        if !proves(&decision) {
            if round.facts.verdict == Some(Verdict::PasskeyCopied)
                && let Some(outcome) = self.outcome_of_twin(&round).await?
            {
                return Ok(outcome);
            }
            self.tell_owner(&round, &decision).await?;
            return self.settle_unchecked(round, decision).await;
        }
        round.named_by_passkey();
        self.begin_attempt(&mut round, new_attempt)?;
        self.settle_checked(round).await
    }

    /// Where the same page led to that was sent at the same moment, perhaps to another node: it moved the counter on,
    /// and what looks like a copy is this very answer.
    pub(super) async fn outcome_of_twin(
        &self,
        round: &Round<'_>,
    ) -> Result<Option<Progress>, Fault> {
        let (id, version) = round.submitted_to();
        if !self.is_second_submit(round.visitor, id, version).await? {
            return Ok(None);
        }
        self.first_outcome(round.visitor, id, version).await.map(Some)
    }

    /// What the owner of a passkey hears of an answer that was refused.
    async fn tell_owner(&self, round: &Round<'_>, decision: &Decision) -> Result<(), Fault> {
        let mut writes = Vec::new();
        for effect in &decision.effects {
            if let (Effect::Notify(notice), Some(person)) = (effect, &round.person) {
                let about = About {
                    factor: round.passkey.as_ref().map(|used| used.factor),
                    method: Some(Method::Passkey),
                    ..About::default()
                };
                writes.extend(self.notice(round.visitor, &person.person, *notice, about)?);
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        match self.store.commit(round.visitor.tenant.id, round.visitor.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// Whether something was proven: whatever else is decided, its answer is spent.
fn proves(decision: &Decision) -> bool {
    decision.effects.iter().any(|effect| matches!(effect, Effect::UsePasskey { .. }))
}

/// The page of a stage; `request` is the sealed request on it.
fn on_page(stage: &Stage, request: &str) -> OnPage {
    match stage {
        Stage::Carried(_) => OnPage::SignIn(attempt_id(request), 0),
        Stage::Attempt { id, version, .. } => OnPage::SignIn(*id, *version),
    }
}

/// The passkeys of somebody that can be used.
fn passkeys(visitor: &Visitor, person: &StoredPerson) -> Vec<Passkey> {
    let usable = person.factors.iter().filter(|stored| {
        stored.facts.method == Method::Passkey && stored.facts.state == FactorState::Ready
    });
    usable.filter_map(|stored| open_passkey(&visitor.tenant, stored)).collect()
}

/// A passkey that is being checked.
pub(crate) struct UsedPasskey {
    /// Which.
    pub factor: FactorId,
    /// What is kept of it from now on, if that changed.
    pub changed: Option<Passkey>,
}

impl Round<'_> {
    /// Check a passkey's answer: against those that the engine named, or against any that is registered.
    pub(super) fn check_passkey(
        &mut self,
        factors: &[FactorId],
        holder: Holder,
        signed: &Signed,
    ) -> Verdict {
        let tenant = &self.visitor.tenant;
        let (Some(relying_party), Some(assertion)) = (&tenant.relying_party, &signed.assertion)
        else {
            return Verdict::PasskeyRefused;
        };
        let wanted = credential_digest(tenant, assertion.credential_id());
        let is_it = |stored: &&StoredFactor| {
            stored.facts.method == Method::Passkey
                && (factors.is_empty() || factors.contains(&stored.facts.id))
        };
        let found = self.person.iter().flat_map(|person| person.factors.iter()).filter(is_it);
        let found = found.filter_map(|stored| Some((stored, open_passkey(tenant, stored)?)));
        let found = found
            .into_iter()
            .find(|(_, passkey)| credential_digest(tenant, passkey.id()) == wanted);
        let Some((stored, passkey)) = found else { return Verdict::PasskeyUnknown };
        let person = self.person.as_ref().map(|person| person.person.id);
        let Some(challenge) = signed.challenge else { return Verdict::PasskeyRefused };
        // One that somebody has suspended may come back: it is refused, and not unknown. One that its owner has
        // switched off is checked, so that whoever has it hears why it is not taken.
        let checked = matches!(stored.facts.state, FactorState::Ready | FactorState::SwitchedOff);
        if !is_of(assertion, person, holder) || !checked {
            return Verdict::PasskeyRefused;
        }
        let (factor, asked) = (stored.facts.id, asked(holder));
        let counter = u32::try_from(stored.last_step.unwrap_or(0)).unwrap_or(u32::MAX);
        match relying_party.verify(&challenge, asked, (&passkey, counter), assertion) {
            Ok(used) => {
                self.passkey = Some(UsedPasskey { factor, changed: used.changed });
                let (user_verified, counter) = (used.user_verified, used.counter);
                Verdict::PasskeyAccepted { factor, user_verified, counter }
            }
            Err(Refused::Mismatch) => Verdict::PasskeyRefused,
            Err(Refused::Unverified) => Verdict::PasskeyUnverified,
            Err(Refused::Counter) => {
                self.passkey = Some(UsedPasskey { factor, changed: None });
                Verdict::PasskeyCopied
            }
        }
    }

    /// The write that stores a passkey's use.
    pub(super) fn use_passkey(
        &self,
        factor: FactorId,
        counter: u32,
    ) -> Result<Option<Write>, Fault> {
        let Some(person) = &self.person else { return Ok(None) };
        let changed = self.passkey.as_ref().and_then(|used| used.changed.as_ref());
        let secret = changed
            .map(|passkey| self.flow.seal_factor(&self.visitor.tenant, factor, &passkey.to_bytes()))
            .transpose()?;
        Ok(Some(Write::UsePasskey { person: person.person.id, factor, counter, secret }))
    }
}

const fn asked(holder: Holder) -> Asked {
    match holder {
        Holder::Verified => Asked::Verified,
        Holder::Present => Asked::Present,
    }
}

/// Whether the answer says itself whose it is. One that opens must; where somebody is known already it may.
fn is_of(assertion: &Assertion, person: Option<PersonId>, holder: Holder) -> bool {
    let handle = assertion.handle();
    let own = handle.is_some() && handle == person.as_ref().map(|id| id.bytes().as_slice());
    match holder {
        Holder::Verified => own,
        Holder::Present => own || handle.is_none(),
    }
}

/// Whether what was decided waits for one more proof of somebody who is known.
pub(super) fn waits_for_one_more(decision: &Decision) -> bool {
    match &decision.next {
        Next::Check(Check::Passkey { factors, .. }) => !factors.is_empty(),
        Next::Ask(Step::SecondFactor { .. }) => true,
        Next::Check(_) | Next::Ask(_) | Next::Admit(_) | Next::Refuse => false,
    }
}
