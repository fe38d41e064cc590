//! From a decision to one transaction and one answer: effects, attempt, session, grant and audit line together,
//! and only then does anything leave.

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{AttemptId, FactorId, Fault, GrantId, Secret, SessionId, Timestamp, random};
use sekimori_directory::Method;
use sekimori_login::{
    Authenticated, Decision, Drift, Effect, Next, Proof, RULE_SET, Reason, Verdict,
};
use sekimori_store::{AuditFacts, AuditLine, CommitError, Conflict, Digest, NewSession, Write};

use super::pages::shown;
use super::round::{Round, Stage};
use super::submit::browser_of;
use crate::Flow;
use crate::attempt::{AttemptState, Outcome, SealedPart, Shown};
use crate::carried::browser_mark;
use crate::device::Device;
use crate::door::{Answer, Door};
use crate::hashing::Class;
use crate::incident::IncidentCode;
use crate::record::RecordedFacts;
use crate::token::{self, Kind};
use crate::view::{Cookies, Progress, RefusedView};

/// A conflict leads to another decision, but not for ever.
const CONFLICTS_MAX: usize = 4;
/// A session's last use is written down at most this often, in seconds.
const TOUCH_SECONDS: i64 = 60;

/// How often one person was sent to one service lately.
#[derive(Debug, Default)]
pub struct Loop(Mutex<(Timestamp, u32)>);

/// Answers to one person and service within [`LOOP_SECONDS`] that are no loop yet.
const LOOP_ANSWERS_MAX: u32 = 10;
/// The window of a loop.
const LOOP_SECONDS: i64 = 60;

impl Loop {
    /// Count one more answer; true if there are too many.
    fn again(&self, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.seconds_since(state.0) >= LOOP_SECONDS {
            *state = (now, 0);
        }
        state.1 += 1;
        state.1 > LOOP_ANSWERS_MAX
    }
}

/// What a transaction is made of, and what leaves after it.
#[derive(Default)]
struct Plan {
    writes: Vec<Write>,
    cookies: Cookies,
    answer: Option<Answer>,
    incident: Option<IncidentCode>,
}

impl Flow {
    /// Decide on a verdict and store what follows.
    pub(crate) async fn settle_checked(&self, mut round: Round<'_>) -> Result<Progress, Fault> {
        for _ in 0..CONFLICTS_MAX {
            let decision = round.decide();
            let plan = self.plan(&round, &decision).await?;
            let Plan { writes, cookies, answer, incident } = plan;
            match self.store.commit(round.visitor.tenant.id, round.visitor.now, writes).await {
                Ok(_) => {
                    self.after(&round, &decision);
                    return Ok(self.checked_progress(&round, &decision, answer, cookies, incident));
                }
                Err(CommitError::Conflict { conflict, .. }) => match conflict {
                    // The code was spent by another request meanwhile: decide on that.
                    Conflict::StepSpent | Conflict::RecoveryCodeSpent => {
                        round.facts.verdict = Some(Verdict::CodeReused);
                    }
                    Conflict::EpochMoved | Conflict::PersonMissing | Conflict::SessionGone => {
                        return Ok(self.plain_refusal(
                            round.visitor,
                            None,
                            Reason::AttemptOvertaken,
                        ));
                    }
                    Conflict::AttemptMoved => return Ok(self.moved(&round)),
                    // An incident code drawn twice: draw again.
                    Conflict::IncidentTaken => {}
                    other => return Err(Fault::new("storing a sign-in", other)),
                },
                Err(CommitError::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::new("storing a sign-in", "conflicts without end"))
    }

    /// A submission that was not checked (throttled, empty, too long): nothing is evaluated, and little stored.
    pub(crate) async fn settle_unchecked(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        let incident = match decision.reason {
            Reason::InputEmpty => None,
            _ => self.narrate(&round, &decision).await?,
        };
        match (&round.stage, &decision.next) {
            (Stage::Carried(carried), Next::Ask(_)) => {
                let mut carried = carried.clone();
                carried.reason = Some(shown(&decision));
                carried.incident = incident;
                Ok(self.see_carried(round.visitor, &carried))
            }
            (Stage::Attempt { id, version, state }, Next::Ask(step)) => {
                let mut state = state.clone();
                state.last = self.shown_state(&round, &decision, incident);
                state.last.step = Some(step.clone());
                self.advance(&round, *id, *version, &state).await
            }
            _ => Ok(self.refused_view(&round, &decision, incident)),
        }
    }

    /// Answered by the standing session: one transaction.
    pub(crate) async fn settle_by_session(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        if let Some(consent) = self.consent_question(&round, &decision).await? {
            return Ok(consent);
        }
        if self.is_looping(&round) {
            let decision = Decision { reason: Reason::RequestLoop, ..decision };
            return self.refuse_with_page(round, decision).await;
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
        self.after(round, decision);
        let answer = plan.answer.ok_or_else(|| Fault::new("answering a service", "no answer"))?;
        Ok(Progress::Answer { answer, cookies: plan.cookies })
    }

    /// The same person is sent to the same service again and again (U23).
    fn is_looping(&self, round: &Round<'_>) -> bool {
        let Some(person) = &round.person else { return false };
        let service = round.facts.service.name.to_string();
        let key = (round.visitor.tenant.id, *person.person.id.bytes(), service);
        self.answers.get_with(key, Arc::default).again(round.visitor.now)
    }

    /// A refusal with nothing proven in this attempt: a page, and an incident code within the budget.
    pub(crate) async fn refuse_with_page(
        &self,
        round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        let incident = self.narrate(&round, &decision).await?;
        Ok(self.refused_view(&round, &decision, incident))
    }

    /// Keep an audit line and an incident code of a refusal that stores nothing else, within the budget.
    async fn narrate(
        &self,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<Option<IncidentCode>, Fault> {
        let visitor = round.visitor;
        if !self.budget.take(visitor.tenant.id, visitor.network(), visitor.now) {
            return Ok(None);
        }
        let incident = IncidentCode::random(&*self.entropy);
        let line = self.audit_line(round, decision, Some(incident))?;
        let writes = vec![Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Some(incident)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// All writes of a decision.
    async fn plan(&self, round: &Round<'_>, decision: &Decision) -> Result<Plan, Fault> {
        let mut plan = Plan::default();
        let mut opened = None;
        for effect in &decision.effects {
            self.add_effect(&mut plan, round, decision, effect, &mut opened)?;
        }
        if decision.reason.is_refusal() {
            plan.incident = Some(IncidentCode::random(&*self.entropy));
        }
        if let Next::Admit(authenticated) = &decision.next {
            let session = opened
                .or_else(|| authenticated.session())
                .ok_or_else(|| Fault::new("answering a service", "a sign-in without a session"))?;
            self.add_answer(&mut plan, round, decision, authenticated, session).await?;
        }
        let line = self.audit_line(round, decision, plan.incident)?;
        plan.writes.push(Write::Audit(Box::new(line)));
        self.add_attempt(&mut plan, round, decision)?;
        Ok(plan)
    }

    fn add_effect(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
        effect: &Effect,
        opened: &mut Option<SessionId>,
    ) -> Result<(), Fault> {
        match effect {
            Effect::CountFailure { .. } => {
                plan.writes.extend(round.reserved.map(Write::CounterFail));
            }
            Effect::ClearFailures { .. } => {
                plan.writes.extend(round.reserved.map(Write::CounterClear));
            }
            Effect::GiveBack { .. } => {
                plan.writes.extend(round.reserved.map(Write::CounterGiveBack));
            }
            Effect::SpendCode { factor, step } => {
                plan.writes.extend(spend(round, *factor, *step));
            }
            Effect::BurnCode { factor, step, .. } => {
                plan.writes.push(Write::BurnStep { factor: *factor, step: *step });
            }
            Effect::OpenSession => {
                *opened = Some(self.add_session(plan, round, decision)?);
            }
            Effect::TouchSession => {
                if let Some(session) = &round.session
                    && round.visitor.now.seconds_since(session.facts.used_at) >= TOUCH_SECONDS
                {
                    plan.writes.push(Write::SessionTouch {
                        digest: session.digest,
                        used_at: round.visitor.now,
                    });
                }
            }
            Effect::RememberDevice => {
                if let Some(name) = round.username() {
                    let tenant = &round.visitor.tenant;
                    let known = round.device.clone();
                    plan.cookies.device = Device::remembering(
                        known,
                        tenant,
                        name.as_str(),
                        round.visitor.now,
                        &*self.entropy,
                    );
                }
            }
            Effect::Notify(notice) => {
                plan.writes.extend(self.notice_writes(round, *notice)?);
            }
            // Proofs are kept with the attempt's state; a rehash runs after the answer.
            Effect::RecordProof(_) | Effect::Rehash | Effect::ForgetDrift => {}
        }
        Ok(())
    }

    /// Open a session under a fresh id with the proofs that count; the one that stood ends with it.
    fn add_session(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<SessionId, Fault> {
        let visitor = round.visitor;
        let person = round
            .person
            .as_ref()
            .ok_or_else(|| Fault::new("opening a session", "nobody is known"))?;
        let (text, digest) = token::fresh(&visitor.tenant, Kind::Session, &*self.entropy);
        let id = SessionId::random(&*self.entropy);
        let mut proofs = round.facts.proofs.clone();
        proofs.extend(new_proofs(decision));
        let standing =
            round.session.as_ref().filter(|session| session.facts.person == person.person.id);
        if let Some(session) = standing {
            // A step-up adds to what the session had shown; a newer proof of a method replaces an older one.
            let kept = session.facts.proofs.iter().filter(|old| {
                !proofs.iter().any(|new| new.method == old.method && new.factor == old.factor)
            });
            proofs.extend(kept.cloned().collect::<Vec<_>>());
        }
        let opened_at =
            standing.map_or(visitor.now, |session| session.facts.opened_at.min(visitor.now));
        let absolute = i64::from(visitor.tenant.site.session.absolute_seconds);
        let session = NewSession {
            digest: Digest::from_bytes(digest),
            id,
            person: person.person.id,
            proofs,
            device: visitor.user_agent.clone(),
            zone: visitor.position.zone.clone(),
            opened_at,
            expires_at: opened_at.plus_seconds(absolute),
            epoch: person.known.credential_epoch,
        };
        let old = round.visitor.session_digest().map(Digest::from_bytes);
        match (old, standing) {
            (Some(old), Some(_)) => plan.writes.push(Write::SessionReplace { old, session }),
            (Some(old), None) => {
                plan.writes.push(Write::SessionEnd { digest: old });
                plan.writes.push(Write::SessionOpen(session));
            }
            (None, _) => plan.writes.push(Write::SessionOpen(session)),
        }
        plan.cookies.session = Some(text.expose().clone());
        Ok(id)
    }

    /// The answer for the service; consent that is still to be asked sends the browser back to the request.
    async fn add_answer(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        decision: &Decision,
        authenticated: &Authenticated,
        session: SessionId,
    ) -> Result<(), Fault> {
        let visitor = round.visitor;
        let answer = match round.stage.door() {
            Door::Portal { path, .. } => Answer::SeeOther(path.as_str().to_owned()),
            Door::Oidc { pending, .. } => {
                if round.session.is_none() && self.needs_consent(round, pending).await? {
                    match self.see_carried(visitor, &again(round)) {
                        Progress::SeeOther { path, cookies } => {
                            plan.cookies.request = cookies.request;
                            Answer::SeeOther(path)
                        }
                        _ => return Err(Fault::new("asking for consent", "request too long")),
                    }
                } else {
                    let grant = GrantId::random(&*self.entropy);
                    let (answer, write) =
                        self.code_answer(visitor, authenticated, pending, session, grant)?;
                    plan.writes.push(write);
                    answer
                }
            }
        };
        debug_assert!(!decision.reason.is_refusal());
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
                answer: answer.clone(),
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
                _ => {}
            }
        }
        state.last = self.shown_state(round, decision, plan.incident);
        plan.writes.push(Write::AttemptAdvance {
            id: *id,
            from_version: *version,
            state: state.seal(tenant, *id, &*self.entropy).map_err(sealing)?,
            outcome: None,
        });
        Ok(())
    }

    fn shown_state(
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

    /// The audit line of a decision, with the facts beside it so that it can be decided again.
    pub(crate) fn audit_line(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        incident: Option<IncidentCode>,
    ) -> Result<AuditLine, Fault> {
        let visitor = round.visitor;
        let recorded = RecordedFacts {
            rule_set: RULE_SET,
            settings_version: visitor.tenant.settings_version,
            reason: decision.reason,
            rule: decision.rule.to_owned(),
            browser: visitor.browser_digest().map(browser_mark),
            facts: round.facts.clone(),
        };
        let json =
            serde_json::to_string(&recorded).map_err(Fault::while_doing("recording facts"))?;
        Ok(AuditLine {
            at: visitor.now,
            event: event(decision).to_owned(),
            reason: Some(decision.reason.code().to_owned()),
            person: round.person.as_ref().map(|person| person.person.id),
            by: None,
            service: Some(round.facts.service.name.to_string()),
            zone: Some(visitor.position.zone.to_string()),
            incident: incident.map(|code| code.to_string()),
            details: audit_details(round, decision),
            facts: Some(AuditFacts { json, salt: random(&*self.entropy) }),
        })
    }

    async fn advance(
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

    fn checked_progress(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        answer: Option<Answer>,
        cookies: Cookies,
        incident: Option<IncidentCode>,
    ) -> Progress {
        match (answer, &round.stage) {
            (Some(answer), _) => Progress::Answer { answer, cookies },
            (None, Stage::Attempt { id, .. }) => self.see_attempt(*id, None),
            (None, Stage::Carried(_)) => self.refused_view(round, decision, incident),
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

    /// What may happen after the answer is safe: counting networks, renewing an old password record.
    fn after(&self, round: &Round<'_>, decision: &Decision) {
        let visitor = round.visitor;
        self.tally.decided(decision, visitor.position.inside);
        if decision.effects.contains(&Effect::Rehash) {
            self.rehash_later(round);
        }
        let failed = decision.effects.iter().any(|e| matches!(e, Effect::CountFailure { .. }));
        if failed
            && !visitor.position.inside
            && !round.facts.browser.known_device
            && let Some(key) = round.counter_key()
        {
            self.sources.failed(visitor.tenant.id, visitor.network(), *key.bytes(), visitor.now);
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

/// The request of a round as it would begin again, with the session that was just opened.
fn again(round: &Round<'_>) -> crate::carried::Carried {
    crate::carried::Carried {
        door: round.stage.door().clone(),
        browser: browser_of(&round.stage),
        at: round.visitor.now,
        name: None,
        reason: None,
        incident: None,
        other_person: false,
    }
}

fn new_proofs(decision: &Decision) -> impl Iterator<Item = Proof> + '_ {
    decision.effects.iter().filter_map(|effect| match effect {
        Effect::RecordProof(proof) => Some(proof.clone()),
        _ => None,
    })
}

fn spend(round: &Round<'_>, factor: FactorId, step: u64) -> Option<Write> {
    let person = round.person.as_ref()?;
    let stored = person.factors.iter().find(|stored| stored.facts.id == factor)?;
    let person = person.person.id;
    match stored.facts.method {
        Method::Totp => Some(Write::SpendStep { person, factor, step }),
        Method::RecoveryCode => {
            Some(Write::SpendRecoveryCode { person, factor, index: u8::try_from(step).ok()? })
        }
        Method::Password => None,
    }
}

/// The stable word of what happened.
fn event(decision: &Decision) -> &'static str {
    match &decision.next {
        Next::Admit(_) => "login.admitted",
        Next::Refuse => "login.refused",
        Next::Ask(_) if decision.reason.is_refusal() => "login.refused",
        Next::Ask(_) => "login.asked",
        Next::Check(_) => "login.checking",
    }
}

/// What stays in the audit line itself when the facts have gone.
fn audit_details(round: &Round<'_>, decision: &Decision) -> String {
    let mut details = serde_json::Map::new();
    details.insert("rule".into(), decision.rule.into());
    if let Next::Admit(authenticated) = &decision.next {
        let amr = authenticated.amr();
        details.insert("amr".into(), amr.into());
    }
    if round.person.is_none()
        && let Some(typed) = &round.typed
    {
        // People type passwords into the name field: of a name that matches nobody only its shape is kept.
        details.insert("name_shape".into(), shape(typed.folded()).into());
    }
    serde_json::Value::Object(details).to_string()
}

/// `a` for letters, `9` for digits, the rest as it is if it is plain punctuation; at most 32 characters.
fn shape(name: &str) -> String {
    name.chars()
        .take(32)
        .map(|character| match character {
            'a'..='z' => 'a',
            '0'..='9' => '9',
            '@' | '.' | '-' | '_' => character,
            _ => '?',
        })
        .collect()
}
