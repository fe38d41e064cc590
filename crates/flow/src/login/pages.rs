//! What the person sees between the decisions, and where their browser is sent.

use sekimori_base::limits::{SEALED_COOKIE_BYTES_MAX, SEALED_REQUEST_BYTES_MAX};
use sekimori_base::{AttemptId, Fault};
use sekimori_directory::Method;
use sekimori_login::{Decision, Details, Next, Reason, Step, Submission, Tier};
use sekimori_store::{Digest, StoredAttempt, StoredPerson, Wanted};

use super::mail_code::unsent;
use super::round::{Round, Stage};
use crate::Flow;
use crate::answered::to_start;
use crate::attempt::{AttemptState, Outcome, SealedPart, Shown};
use crate::carried::Carried;
use crate::device::Device;
use crate::door::{Destination, Door, PortalPath, destination};
use crate::portal::REHEARSAL;
use crate::view::{Cookies, Progress, RefusedView, StepView};
use crate::visitor::Visitor;

/// A second submit gets the first one's answer for so long; afterwards the session speaks.
const OUTCOME_SECONDS: i64 = 60;

impl Flow {
    /// Send the browser to the page of a carried request.
    pub(crate) fn see_carried(&self, visitor: &Visitor, carried: &Carried) -> Progress {
        let tenant = &visitor.tenant;
        if let Some(text) = carried.seal(tenant, SEALED_REQUEST_BYTES_MAX, &*self.entropy) {
            let path = format!("/login?r={text}");
            return Progress::SeeOther { path, cookies: Cookies::default() };
        }
        match carried.seal(tenant, SEALED_COOKIE_BYTES_MAX, &*self.entropy) {
            Some(text) => {
                let id = self.word();
                let path = format!("/login?c={id}");
                let cookies = Cookies { request: Some((id, text)), ..Cookies::default() };
                Progress::SeeOther { path, cookies }
            }
            None => self.plain_refusal(visitor, Some(carried), Reason::RequestInvalid),
        }
    }

    /// Send the browser to the page of an attempt.
    pub(crate) fn see_attempt(&self, id: AttemptId, other: Option<Method>) -> Progress {
        let path = match other {
            Some(method) => format!("/login/{id}?use={}", method.as_str()),
            None => format!("/login/{id}"),
        };
        Progress::SeeOther { path, cookies: Cookies::default() }
    }

    /// The page of a request that cannot be continued.
    pub(crate) fn stale(&self, visitor: &Visitor, carried: Option<&Carried>) -> Progress {
        self.plain_refusal(visitor, carried, Reason::RequestStale)
    }

    /// A refusal about the request alone that the desk may be asked about.
    pub(crate) async fn noted_refusal(
        &self,
        visitor: &Visitor,
        carried: &Carried,
        reason: Reason,
    ) -> Result<Progress, Fault> {
        let code = self.note_plain(visitor, reason, &carried.door.service()).await?;
        let mut progress = self.plain_refusal(visitor, Some(carried), reason);
        if let Progress::Refused(view) = &mut progress {
            view.incident = code;
        }
        Ok(progress)
    }

    /// A refusal about the request alone: nothing is stored, no code is kept.
    pub(crate) fn plain_refusal(
        &self,
        visitor: &Visitor,
        carried: Option<&Carried>,
        reason: Reason,
    ) -> Progress {
        let destination = carried.map(|carried| carried.door.destination(&visitor.tenant));
        self.refusal_at(visitor, destination, reason)
    }

    /// A page that is over, of a sign-in to this destination.
    pub(crate) fn stale_at(&self, visitor: &Visitor, destination: Option<Destination>) -> Progress {
        self.refusal_at(visitor, destination, Reason::RequestStale)
    }

    fn refusal_at(
        &self,
        visitor: &Visitor,
        destination: Option<Destination>,
        reason: Reason,
    ) -> Progress {
        let start_over = destination.as_ref().and_then(|destination| destination.home.clone());
        Progress::Refused(Box::new(RefusedView {
            destination,
            reason,
            details: Details::default(),
            incident: None,
            at: visitor.now,
            verified: false,
            start_over,
            signed_in_as: None,
            ticket_attempt: None,
        }))
    }

    /// All places in the hash queue are taken.
    pub(crate) fn busy(&self, round: &Round<'_>, decision: &Decision) -> Progress {
        Progress::Busy(Box::new(RefusedView {
            destination: Some(round.stage.door().destination(&round.visitor.tenant)),
            reason: decision.reason,
            details: decision.details.clone(),
            incident: None,
            at: round.visitor.now,
            verified: false,
            start_over: None,
            signed_in_as: None,
            ticket_attempt: None,
        }))
    }

    /// An attempt's row, also of one that has ended.
    pub(crate) async fn stored_attempt(
        &self,
        visitor: &Visitor,
        id: AttemptId,
    ) -> Result<Option<StoredAttempt>, Fault> {
        let wanted = Wanted { attempt: Some(id), ..Wanted::default() };
        Ok(self.store.load(visitor.tenant.id, visitor.now, wanted).await?.attempt)
    }

    /// An attempt's version and state; `None` if there is none, or it has ended.
    pub(crate) async fn open_attempt(
        &self,
        visitor: &Visitor,
        id: AttemptId,
    ) -> Result<Option<(u64, AttemptState)>, Fault> {
        let Some(stored) = self.stored_attempt(visitor, id).await? else { return Ok(None) };
        if stored.ended_at.is_some() {
            return Ok(None);
        }
        let state = AttemptState::open(&visitor.tenant, id, &stored.state)
            .map_err(Fault::while_doing("opening an attempt"))?;
        Ok(Some((stored.version, state)))
    }

    /// An attempt that has ended, asked about once more: its page, and the submit of this version that ended it, get
    /// its answer again (double click, lost connection) until the service has taken it, and then the way to the
    /// service, as who goes back to the page does later; everything else hears that this page is over.
    pub(crate) async fn ended(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        stored: &StoredAttempt,
        version: Option<u64>,
    ) -> Result<Progress, Fault> {
        let outcome = stored
            .outcome
            .as_ref()
            .and_then(|sealed| Outcome::open(&visitor.tenant, id, sealed).ok())
            .filter(|outcome| {
                visitor.browser_digest().map(crate::carried::browser_mark) == Some(outcome.browser)
            });
        let Some(outcome) = outcome else { return Ok(self.stale(visitor, None)) };
        let destination = destination(&visitor.tenant, &outcome.service);
        // A submit moves the version at most twice: when its guess is reserved, and with its outcome.
        let same = version.is_none_or(|from| from < stored.version && stored.version <= from + 2);
        let late = visitor.now.seconds_since(outcome.at) > OUTCOME_SECONDS;
        if !same || (late && version.is_some()) {
            return Ok(self.stale_at(visitor, Some(destination)));
        }
        let taken = match outcome.code {
            Some(code) => self.is_redeemed(visitor, Digest::from_bytes(code)).await?,
            None => false,
        };
        Ok(match destination.home.clone() {
            Some(home) if taken || late => to_start(home),
            None if taken || late => self.stale_at(visitor, Some(destination)),
            Some(_) | None => Progress::Answer { answer: outcome.answer, cookies: outcome.cookies },
        })
    }

    pub(super) async fn is_second_submit(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        from_version: u64,
    ) -> Result<bool, Fault> {
        let wanted = Wanted { attempt: Some(id), ..Wanted::default() };
        let loaded = self.store.load(visitor.tenant.id, visitor.now, wanted).await?;
        Ok(loaded.attempt.is_some_and(|stored| stored.version > from_version))
    }

    /// The same form was submitted before: its outcome, as soon as there is one.
    pub(super) async fn first_outcome(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        version: u64,
    ) -> Result<Progress, Fault> {
        // The first submit waits for a hash at most as long as the queue is deep; so does the second.
        for _ in 0..100 {
            let wanted = Wanted { attempt: Some(id), ..Wanted::default() };
            let loaded = self.store.load(visitor.tenant.id, visitor.now, wanted).await?;
            let Some(stored) = loaded.attempt else { return Ok(self.stale(visitor, None)) };
            if stored.ended_at.is_some() {
                return self.ended(visitor, id, &stored, Some(version)).await;
            }
            let state = AttemptState::open(&visitor.tenant, id, &stored.state)
                .map_err(Fault::while_doing("opening an attempt"))?;
            if visitor.browser_digest().map(crate::carried::browser_mark) != Some(state.browser) {
                return Ok(self.stale(visitor, None));
            }
            if !state.is_checking(visitor.now) {
                return Ok(self.see_attempt(id, None));
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(self.see_attempt(id, None))
    }

    /// The page of an attempt: what its last submit led to.
    pub async fn attempt(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        other: Option<Method>,
    ) -> Result<Progress, Fault> {
        let Some(stored) = self.stored_attempt(visitor, id).await? else {
            return Ok(self.stale(visitor, None));
        };
        if stored.ended_at.is_some() {
            return self.ended(visitor, id, &stored, None).await;
        }
        let state = AttemptState::open(&visitor.tenant, id, &stored.state)
            .map_err(Fault::while_doing("opening an attempt"))?;
        let version = stored.version;
        let mark = visitor.browser_digest().map(crate::carried::browser_mark);
        if mark != Some(state.browser) {
            return Ok(self.stale(visitor, Some(&super::submit::restart(&state, visitor))));
        }
        let last = state.shown_at(visitor.now);
        let stage = Stage::Attempt { id, version, state: Box::new(state) };
        // Another method is shown when the engine finds it usable: the choice is a question to it.
        match (last.step.is_some(), other.filter(|method| method.seconds())) {
            (false, _) => Ok(self.refused_attempt(visitor, &stage, &last)),
            (true, Some(method)) => self.other_method(visitor, stage, method).await,
            (true, None) => self.last_shown(visitor, stage, last).await,
        }
    }

    /// The page of an attempt with another method than the one that was shown last.
    async fn other_method(
        &self,
        visitor: &Visitor,
        stage: Stage,
        method: Method,
    ) -> Result<Progress, Fault> {
        let submitted = Some(Submission::Choose(method));
        let round = Round::load(self, visitor, stage, submitted).await?;
        let decision = round.decide();
        let step = match decision.next.clone() {
            Next::Ask(step) => step,
            Next::Admit(_) => return self.settle_admitted(round, decision).await,
            Next::Check(_) | Next::Refuse => return self.refuse_with_page(round, decision).await,
        };
        let mut view = self.step_view(visitor, &round.stage, step, round.person.as_ref());
        view.reason = unsent(&decision).unwrap_or_else(|| shown(&decision));
        self.add_mail(visitor, &round.stage, &mut view).await?;
        view.details = decision.details;
        Ok(Progress::Step(Box::new(view)))
    }

    /// The page of an attempt as its last submit left it.
    async fn last_shown(
        &self,
        visitor: &Visitor,
        stage: Stage,
        last: Shown,
    ) -> Result<Progress, Fault> {
        let Some(step) = last.step else { return Ok(self.stale(visitor, None)) };
        let mut person = None;
        if matches!(step, Step::SecondFactor { .. }) {
            let round = Round::load(self, visitor, stage.clone(), None).await?;
            let decision = round.decide();
            if matches!(decision.next, Next::Admit(_)) {
                return self.settle_admitted(round, decision).await;
            }
            // Which passkeys the browser is to look for is known of whoever is asked for one.
            person = round.person;
        }
        let mut view = self.step_view(visitor, &stage, step, person.as_ref());
        view.reason = last.reason;
        view.details = last.details;
        view.hints = last.hints;
        view.incident = last.incident;
        view.at = last.at;
        self.wait_of(visitor, &mut view).await?;
        self.add_mail(visitor, &stage, &mut view).await?;
        Ok(Progress::Step(Box::new(view)))
    }

    /// A wait that began meanwhile (by another tab, another device) is shown instead of an older reason.
    pub(crate) async fn wait_of(
        &self,
        visitor: &Visitor,
        view: &mut StepView,
    ) -> Result<(), Fault> {
        let Some(name) = &view.name else { return Ok(()) };
        let device = visitor.device.as_deref().and_then(|text| Device::open(&visitor.tenant, text));
        let submission = submission_of(&view.step);
        let guesses = super::round::candidates(visitor, name, device.as_ref(), Some(submission));
        let wanted = Wanted {
            counters: guesses.iter().map(|guess| guess.key).collect(),
            ..Wanted::default()
        };
        let loaded = self.store.load(visitor.tenant.id, visitor.now, wanted).await?;
        let chosen = crate::guess::choose(&guesses, &loaded.counters);
        // The pace of one try a second is no wait that anybody should read about.
        if let Some(until) = chosen.and_then(|(_, counter)| counter.wait_until)
            && until.millis_since(visitor.now) > 1500
        {
            view.reason = Reason::ThrottleWait;
            view.details.wait_until = Some(until);
        }
        Ok(())
    }

    /// A step of a stage, with nothing said yet; `person` is known where one more proof is asked for.
    pub(crate) fn step_view(
        &self,
        visitor: &Visitor,
        stage: &Stage,
        step: Step,
        person: Option<&StoredPerson>,
    ) -> StepView {
        let tenant = &visitor.tenant;
        let (request, attempt, version) = match stage {
            Stage::Carried(carried) => {
                (carried.seal(tenant, SEALED_COOKIE_BYTES_MAX, &*self.entropy), None, 0)
            }
            // The request goes along, so that a page that outlives its attempt leads on as well.
            Stage::Attempt { id, version, state } => (
                super::submit::restart(state, visitor).seal(
                    tenant,
                    SEALED_COOKIE_BYTES_MAX,
                    &*self.entropy,
                ),
                Some(id.to_string()),
                *version,
            ),
        };
        let passkey = self.passkey_prompt(visitor, stage, &step, request.as_deref(), person);
        let certificate = self.certificate_prompt(visitor, stage, &step, request.as_deref());
        let typed = stage.typed().map(|typed| {
            let domains = &tenant.site.mail_domains;
            sekimori_directory::TypedName::fold(typed, domains).folded().to_owned()
        });
        let hinted = stage.door().login_hint().map(str::to_owned);
        StepView {
            destination: stage.door().destination(tenant),
            step,
            reason: Reason::AskUsername,
            details: Details::default(),
            hints: Vec::new(),
            incident: None,
            at: visitor.now,
            name: typed.or(hinted),
            request,
            attempt,
            version,
            verified: false,
            zone_at_begin: stage.zone_at_begin().cloned(),
            browser: None,
            note: None,
            passkey,
            certificate,
            mail: None,
            cancel: cancel(visitor, stage.door()),
        }
    }

    fn refused_attempt(&self, visitor: &Visitor, stage: &Stage, last: &Shown) -> Progress {
        let destination = stage.door().destination(&visitor.tenant);
        Progress::Refused(Box::new(RefusedView {
            start_over: destination.home.clone(),
            destination: Some(destination),
            reason: last.reason,
            details: last.details.clone(),
            incident: last.incident,
            at: last.at,
            verified: last.details.verified,
            signed_in_as: None,
            ticket_attempt: match stage {
                Stage::Attempt { id, .. } if ticket_may_help(last.reason) => Some(id.to_string()),
                Stage::Attempt { .. } | Stage::Carried(_) => None,
            },
        }))
    }
}

/// Where it leads not to answer: whoever is signed in already can call off what they were asked for more for.
fn cancel(visitor: &Visitor, door: &Door) -> Option<String> {
    visitor.session.as_ref()?;
    match door {
        Door::Portal { sensitive: true, .. } | Door::Desk { .. } => {
            Some(PortalPath::front().as_str().to_owned())
        }
        Door::Rehearsal { .. } => Some(REHEARSAL.to_owned()),
        Door::Portal { sensitive: false, .. } | Door::Oidc { .. } => None,
    }
}

/// The reason that may be shown: more after the opening proof, never all.
pub(crate) fn shown(decision: &Decision) -> Reason {
    let tier = if decision.details.verified { Tier::Verified } else { Tier::Public };
    decision.reason.shown_to(tier)
}

/// Refusals after the right password where an enrolment ticket leads on.
pub(crate) const fn ticket_may_help(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::FactorNone
            | Reason::FactorNoneLeft
            | Reason::FactorUnfinished
            | Reason::FactorSuspended
            | Reason::FactorSwitchedOff
    )
}

fn submission_of(step: &Step) -> Submission {
    match step {
        Step::Username => Submission::Username,
        Step::Password => Submission::Password,
        Step::SecondFactor { method, .. } => Submission::of(*method),
    }
}
