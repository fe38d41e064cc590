//! From a decision to one transaction and one answer: effects, attempt, session, grant and audit line together,
//! and only then does anything leave.

use sekimori_base::{AttemptId, Fault, GrantId, Secret, SessionId, random};
use sekimori_login::throttle::hold_millis;
use sekimori_login::{
    Authenticated, Decision, Drift, Effect, Next, Reason, Step, Submission, Verdict,
};
use sekimori_store::{CommitError, Conflict, Digest, Reservation, Write};

use super::effects::{Plan, Settled, new_proofs};
use super::mail_code::SentCode;
use super::pages::shown;
use super::reserve::Reserve;
use super::round::{Round, Stage};
use super::submit::browser_of;
use crate::Flow;
use crate::attempt::{AttemptState, Outcome, RESERVATION_SECONDS, SealedPart, Shown};
use crate::carried::{Carried, Fresh};
use crate::door::{Answer, Door};
use crate::hashing::Class;
use crate::incident::IncidentCode;
use crate::portal::rehearsed_path;
use crate::view::{Progress, RefusedView};

/// A conflict leads to another decision, but not for ever.
const CONFLICTS_MAX: usize = 4;

impl Flow {
    /// Decide on a verdict and store what follows.
    pub(crate) async fn settle_checked(&self, mut round: Round<'_>) -> Result<Progress, Fault> {
        let no_sooner = tokio::time::sleep(round.visitor.tenant.wrong_password_held());
        tokio::pin!(no_sooner);
        for _ in 0..CONFLICTS_MAX {
            let decision = round.decide();
            let mut plan = self.plan(&round, &decision).await?;
            let writes = std::mem::take(&mut plan.writes);
            match self.store_settled(&mut round, writes).await? {
                Settled::Done => {
                    self.after(&round, &decision, plan.code);
                    return Ok(self.checked_progress(&round, &decision, plan));
                }
                Settled::NotGranted(why) => {
                    // What was made ready for a right code and for a wrong one took times of their own.
                    no_sooner.await;
                    if let Reserve::SecondSubmit(id, version) = why {
                        return self.first_outcome(round.visitor, id, version).await;
                    }
                    round.unchecked();
                    let decision = round.decide();
                    return self.settle_unchecked(round, decision).await;
                }
                Settled::Refused(conflict) => match conflict {
                    // The code was spent by another request meanwhile: decide on that.
                    Conflict::StepSpent | Conflict::RecoveryCodeSpent | Conflict::MailCodeSpent => {
                        round.facts.verdict = Some(Verdict::CodeRaced);
                    }
                    // The counter of the passkey has moved on meanwhile.
                    Conflict::PasskeyUsed => {
                        if let Some(outcome) = self.outcome_of_twin(&round).await? {
                            return Ok(outcome);
                        }
                        round.unchecked();
                        round.facts.verdict = Some(Verdict::PasskeySpent);
                        let decision = round.decide();
                        return self.settle_unchecked(round, decision).await;
                    }
                    Conflict::EpochMoved | Conflict::PersonMissing | Conflict::SessionGone => {
                        self.settle_guess(&round, &decision).await?;
                        let carried = again(&round);
                        let reason = Reason::AttemptOvertaken;
                        return Ok(self.plain_refusal(round.visitor, Some(&carried), reason));
                    }
                    Conflict::AttemptMoved => {
                        self.settle_guess(&round, &decision).await?;
                        return Ok(self.moved(&round));
                    }
                    // An incident code drawn twice: draw again.
                    Conflict::IncidentTaken => {}
                    other => return Err(Fault::new("storing a sign-in", other)),
                },
            }
        }
        Err(Fault::new("storing a sign-in", "conflicts without end"))
    }

    /// Store what a verdict led to. A code costs nothing to check, so that its guess is reserved in this very
    /// transaction: refused, nothing of it happened, and nobody hears of the verdict.
    pub(super) async fn store_settled(
        &self,
        round: &mut Round<'_>,
        mut writes: Vec<Write>,
    ) -> Result<Settled, Fault> {
        let (tenant, now) = (round.visitor.tenant.id, round.visitor.now);
        writes.splice(0..0, round.begun.iter().map(|(write, _)| write.clone()));
        let Some(key) = round.reserving else {
            let signed = round.facts.submitted.is_some_and(Submission::is_signature);
            return match self.store.commit(tenant, now, writes).await {
                Ok(_) => Ok(Settled::Done),
                Err(CommitError::Conflict { conflict, .. }) => Ok(match conflict {
                    Conflict::AttemptMoved | Conflict::Exists if signed => {
                        let (id, version) = round.submitted_to();
                        Settled::NotGranted(Reserve::SecondSubmit(id, version))
                    }
                    other => Settled::Refused(other),
                }),
                Err(CommitError::Fault(fault)) => Err(fault),
            };
        };
        match self.store.reserve(tenant, now, key, RESERVATION_SECONDS, writes).await {
            Ok(Reservation::Granted { .. }) => Ok(Settled::Done),
            Ok(Reservation::Refused(counter)) => {
                self.refused_guess(round, &counter).await.map(Settled::NotGranted)
            }
            Err(CommitError::Conflict { conflict, .. }) => Ok(match conflict {
                Conflict::AttemptMoved | Conflict::Exists => {
                    let (id, version) = round.submitted_to();
                    Settled::NotGranted(Reserve::SecondSubmit(id, version))
                }
                other => Settled::Refused(other),
            }),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// A submission that was not checked (throttled, empty, too long): nothing is evaluated, and little stored.
    pub(crate) async fn settle_unchecked(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        if matches!(decision.next, Next::Admit(_)) {
            return Box::pin(self.settle_admitted(round, decision)).await;
        }
        if round.may_hold
            && let Some(millis) = hold_millis(&decision, round.facts.now)
        {
            return Ok(Progress::Hold { millis });
        }
        self.tally.decided(&decision, round.visitor.position.inside);
        let incident = match decision.reason {
            Reason::InputEmpty => None,
            _ => self.narrate(&round, &decision).await?,
        };
        match (&round.stage, &decision.next) {
            (Stage::Carried(carried), Next::Ask(_)) => {
                let mut carried = carried.clone();
                carried.reason = Some(shown(&decision));
                carried.incident = incident;
                carried.wait_until = decision.details.wait_until;
                Ok(self.see_carried(round.visitor, &carried))
            }
            (Stage::Attempt { id, version, state }, Next::Ask(step)) => {
                let mut state = state.clone();
                let left = state.last.step.take();
                state.last = self.shown_state(&round, &decision, incident);
                // A passkey that does not fit leaves the page as it was.
                let kept = left.filter(|_| {
                    round.facts.submitted == Some(Submission::Passkey) && *step == Step::Username
                });
                state.last.step = kept.or_else(|| Some(step.clone()));
                self.advance(&round, *id, *version, &state).await
            }
            _ => Ok(self.refused_view(&round, &decision, incident)),
        }
    }

    /// Nothing more is needed, whatever was sent: another tab has signed in meanwhile, or the person is where what was
    /// shown is enough.
    pub(crate) async fn settle_admitted(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        match round.stage {
            Stage::Carried(_) => self.settle_by_session(round, decision).await,
            Stage::Attempt { .. } => self.settle_checked(round).await,
        }
    }

    /// Answered by the standing session: one transaction.
    pub(crate) async fn settle_by_session(
        &self,
        mut round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        if let Some(consent) = self.consent_question(&round, &decision).await? {
            return Ok(consent);
        }
        round.facts.answered_lately = self.answered_lately(&round);
        let decision = round.decide();
        if !matches!(decision.next, Next::Admit(_)) {
            return self.refuse_unproven(round, decision).await;
        }
        self.answer_by_session(&round, &decision, Vec::new()).await
    }

    /// Store what an admission by the standing session needs, and answer.
    pub(crate) async fn answer_by_session(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        first: Vec<Write>,
    ) -> Result<Progress, Fault> {
        let mut plan = self.plan(round, decision).await?;
        let writes = first.into_iter().chain(std::mem::take(&mut plan.writes)).collect();
        match self.store.commit(round.visitor.tenant.id, round.visitor.now, writes).await {
            Ok(_) => {}
            Err(CommitError::Conflict { .. }) => {
                return Ok(self.plain_refusal(round.visitor, None, Reason::SessionEnded));
            }
            Err(CommitError::Fault(fault)) => return Err(fault),
        }
        self.after(round, decision, plan.code);
        let answer = plan.answer.ok_or_else(|| Fault::new("answering a service", "no answer"))?;
        Ok(Progress::Answer { answer, cookies: plan.cookies })
    }

    /// A refusal with nothing proven in this attempt: a page, and an incident code within the budget.
    pub(crate) async fn refuse_with_page(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        self.tally.decided(&decision, round.visitor.position.inside);
        let incident = self.narrate(&round, &decision).await?;
        Ok(self.refused_view(&round, &decision, incident))
    }

    /// All writes of a decision.
    pub(super) async fn plan(&self, round: &Round<'_>, decision: &Decision) -> Result<Plan, Fault> {
        let mut plan = Plan::default();
        let mut opened = None;
        for effect in &decision.effects {
            self.add_effect(&mut plan, round, decision, effect, &mut opened).await?;
        }
        if decision.reason.is_refusal() {
            plan.incident = Some(IncidentCode::random(&*self.entropy));
        }
        if let Next::Admit(authenticated) = &decision.next {
            let session = opened
                .or_else(|| authenticated.session())
                .ok_or_else(|| Fault::new("answering a service", "a sign-in without a session"))?;
            self.add_answer(&mut plan, round, authenticated, session).await?;
        }
        let line = self.audit_line(round, decision, plan.incident)?;
        plan.writes.push(Write::Audit(Box::new(line)));
        self.add_attempt(&mut plan, round, decision)?;
        Ok(plan)
    }

    /// The answer for the service; consent that is still to be asked sends the browser back to the request.
    async fn add_answer(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        authenticated: &Authenticated,
        session: SessionId,
    ) -> Result<(), Fault> {
        let visitor = round.visitor;
        let answer = match round.stage.door() {
            Door::Portal { path, .. } | Door::Desk { path } => {
                Answer::SeeOther(path.as_str().to_owned())
            }
            Door::Rehearsal { zone, .. } => Answer::SeeOther(rehearsed_path(zone)),
            Door::Oidc { pending, .. } => {
                // By the standing session alone it was asked before anything was decided here.
                let attempt = match &round.stage {
                    Stage::Attempt { state, .. } => Some(state),
                    Stage::Carried(_) => None,
                };
                if let Some(state) = attempt
                    && self.needs_consent(round, pending).await?
                {
                    match self.see_carried(visitor, &with_session(round, state, session)) {
                        Progress::SeeOther { path, cookies } => {
                            plan.cookies.request = cookies.request;
                            Answer::SeeOther(path)
                        }
                        _ => return Err(Fault::new("asking for consent", "request too long")),
                    }
                } else {
                    let grant = GrantId::random(&*self.entropy);
                    let (answer, code, writes) =
                        self.code_answer(visitor, authenticated, pending, session, grant)?;
                    plan.writes.extend(writes);
                    plan.code = Some(code);
                    answer
                }
            }
        };
        plan.answer = Some(answer);
        Ok(())
    }

    /// Move the attempt to what the decision made of it.
    fn add_attempt(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<(), Fault> {
        let Stage::Attempt { id, version, state } = &round.stage else { return Ok(()) };
        let tenant = &round.visitor.tenant;
        let sealing = Fault::while_doing("sealing an attempt");
        if let Some(answer) = &plan.answer {
            let outcome = Outcome {
                at: round.visitor.now,
                browser: state.browser,
                service: round.facts.service.name.clone(),
                answer: answer.clone(),
                code: plan.code.map(|code| *code.bytes()),
                cookies: plan.cookies.clone(),
            };
            let outcome = outcome.seal(tenant, *id, &*self.entropy).map_err(sealing)?;
            plan.writes.push(Write::AttemptEnd {
                id: *id,
                from_version: *version,
                outcome: Some(outcome),
            });
            return Ok(());
        }
        let mut state = state.clone();
        if state.proofs.is_empty()
            && let Some(person) = &round.person
        {
            state.credential_epoch = person.known.credential_epoch;
        }
        state.proofs.extend(new_proofs(decision));
        for effect in &decision.effects {
            match effect {
                Effect::BurnCode { factor, step, offset_seconds } => {
                    let (factor, step, offset_seconds) = (*factor, *step, *offset_seconds);
                    state.last_drift = Some(Drift { factor, step, offset_seconds });
                }
                Effect::ForgetDrift => state.last_drift = None,
                Effect::SpendCode { factor, step } => {
                    let spent = |sent: &&mut SentCode| sent.is(*factor, *step);
                    state.mailed.iter_mut().filter(spent).for_each(|sent| sent.spent = true);
                }
                _ => {}
            }
        }
        state.mailed.extend(plan.sent.take());
        state.last = self.shown_state(round, decision, plan.incident);
        plan.writes.push(Write::AttemptAdvance {
            id: *id,
            from_version: *version,
            state: state.seal(tenant, *id, &*self.entropy).map_err(sealing)?,
            outcome: None,
        });
        Ok(())
    }

    pub(super) fn shown_state(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        incident: Option<IncidentCode>,
    ) -> Shown {
        let mut hints =
            round.typed.as_ref().map(|typed| typed.hints().to_vec()).unwrap_or_default();
        hints.extend(round.hints.iter().copied());
        Shown {
            step: match &decision.next {
                Next::Ask(step) => Some(step.clone()),
                Next::Admit(_) | Next::Check(_) | Next::Refuse => None,
            },
            reason: shown(decision),
            details: decision.details.clone(),
            hints,
            incident,
            at: round.visitor.now,
        }
    }

    pub(super) async fn advance(
        &self,
        round: &Round<'_>,
        id: AttemptId,
        version: u64,
        state: &AttemptState,
    ) -> Result<Progress, Fault> {
        let tenant = &round.visitor.tenant;
        let write = Write::AttemptAdvance {
            id,
            from_version: version,
            state: state
                .seal(tenant, id, &*self.entropy)
                .map_err(Fault::while_doing("sealing an attempt"))?,
            outcome: None,
        };
        match self.store.commit(tenant.id, round.visitor.now, vec![write]).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(self.see_attempt(id, None)),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    fn moved(&self, round: &Round<'_>) -> Progress {
        match &round.stage {
            Stage::Attempt { id, .. } => self.see_attempt(*id, None),
            Stage::Carried(carried) => self.see_carried(round.visitor, carried),
        }
    }

    pub(super) fn checked_progress(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        plan: Plan,
    ) -> Progress {
        match (plan.answer, &round.stage) {
            (Some(answer), _) => Progress::Answer { answer, cookies: plan.cookies },
            (None, Stage::Attempt { id, .. }) => self.see_attempt(*id, None),
            (None, Stage::Carried(_)) => self.refused_view(round, decision, plan.incident),
        }
    }

    pub(crate) fn refused_view(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        incident: Option<IncidentCode>,
    ) -> Progress {
        let destination = round.stage.door().destination(&round.visitor.tenant);
        Progress::Refused(Box::new(RefusedView {
            start_over: destination.home.clone(),
            destination: Some(destination),
            reason: shown(decision),
            details: decision.details.clone(),
            incident,
            at: round.visitor.now,
            verified: decision.details.verified,
            signed_in_as: round.username().map(ToString::to_string),
            ticket_attempt: None,
        }))
    }

    /// What may happen after the answer is safe: remembering failures and what was answered, renewing an old password
    /// record.
    pub(super) fn after(&self, round: &Round<'_>, decision: &Decision, code: Option<Digest>) {
        let visitor = round.visitor;
        if let Some(code) = code {
            self.answered.remember(visitor, round.stage.door(), code);
        }
        self.tally.decided(decision, visitor.position.inside);
        if decision.effects.contains(&Effect::Rehash) {
            self.rehash_later(round);
        }
        if decision.effects.iter().any(|e| matches!(e, Effect::CountFailure { .. })) {
            self.remember_failure(round);
        }
    }
}

impl Flow {
    /// Renew an old password record, off the request: the password is still known here and nowhere later.
    fn rehash_later(&self, round: &Round<'_>) {
        let (Some(person), Some(typed)) = (&round.person, &round.typed_password) else { return };
        let Some(from) = person.password.clone() else { return };
        let (flow, person) = (self.clone(), person.person.id);
        let (tenant, now) = (round.visitor.tenant.id, round.visitor.now);
        let typed = Secret::new(typed.expose().clone());
        let turn = (tenant, round.visitor.network());
        tokio::spawn(async move {
            // Nothing depends on it: a busy queue means that the next sign-in renews the record.
            let Ok(place) = flow.hashing.enter(Class::Rest, turn) else { return };
            let salt = random(&*flow.entropy);
            if let Ok(Ok(record)) = place.hash(typed, salt).await {
                let write = Write::PasswordRehash { person, from, to: record.to_string() };
                if let Err(error) = flow.store.commit(tenant, now, vec![write]).await {
                    tracing::warn!(%error, "an old password record could not be renewed");
                }
            }
        });
    }
}

/// The request of a round as it goes on with the session that was just opened.
fn with_session(round: &Round<'_>, state: &AttemptState, session: SessionId) -> Carried {
    let fresh = Fresh::new(session, state.begun_at, round.visitor.now);
    Carried { fresh: Some(fresh), ..again(round) }
}

/// The request of a round as it would begin again.
fn again(round: &Round<'_>) -> Carried {
    let browser = browser_of(&round.stage);
    Carried { browser, ..Carried::new(round.stage.door().clone(), round.stage.requested_at()) }
}
