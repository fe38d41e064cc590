//! A form of ours came back: name, password, code, or the wish to use another factor.

use sekimori_base::limits::{ATTEMPT_SECONDS_MAX, PASSWORD_BYTES_MAX};
use sekimori_base::{AttemptId, Fault, Secret};
use sekimori_directory::Method;
use sekimori_directory::username::{InputHint, TypedName, password_hints};
use sekimori_login::{Check, Details, Next, Reason, Step, Submission, Verdict};
use sekimori_store::{CommitError, Conflict, Reservation, Wanted, Write};

use super::check::Proofed;
use super::round::{Round, Stage};
use crate::Flow;
use crate::attempt::{AttemptState, SealedPart, Shown};
use crate::carried::{Carried, browser_mark};
use crate::view::Progress;
use crate::visitor::Visitor;

/// A guess that was reserved and never decided on (a crash) is given back after so many seconds.
const RESERVATION_SECONDS: u32 = 30;

/// A form of the sign-in as it was sent. Everything is optional: a form can be anything.
#[derive(Default)]
pub struct SignInForm {
    /// The sealed request, before the first credential.
    pub request: Option<String>,
    /// The attempt, afterwards.
    pub attempt: Option<AttemptId>,
    /// The version of the attempt that the page was made for.
    pub version: u64,
    /// The user name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret<String>>,
    /// A code.
    pub code: Option<Secret<String>>,
    /// The method of the code.
    pub method: Option<Method>,
    /// The method that is wished for instead.
    pub other: Option<Method>,
    /// The browser saw Caps Lock on.
    pub caps_lock: bool,
}

impl Flow {
    /// Take a form of the sign-in.
    pub async fn submit(&self, visitor: &Visitor, form: SignInForm) -> Result<Progress, Fault> {
        match form.attempt {
            Some(id) => self.submit_to_attempt(visitor, id, form).await,
            None => self.submit_carried(visitor, form).await,
        }
    }

    async fn submit_carried(&self, visitor: &Visitor, form: SignInForm) -> Result<Progress, Fault> {
        let carried =
            form.request.as_deref().and_then(|request| Carried::open(&visitor.tenant, request));
        let Some(mut carried) = carried else {
            return Ok(self.stale(visitor, None));
        };
        let Some(mark) = visitor.browser_digest().map(browser_mark) else {
            return Ok(self.cookies_blocked(visitor, &carried));
        };
        if visitor.now.seconds_since(carried.at) > crate::carried::CARRIED_SECONDS_MAX {
            return Ok(self.stale(visitor, Some(&carried)));
        }
        if carried.browser != Some(mark) {
            // Another cookie than the page was made for: the same step once more, nothing evaluated.
            carried.browser = Some(mark);
            return Ok(self.see_carried(visitor, &carried));
        }
        if let Some(password) = form.password {
            // One page submitted twice is one attempt: its id follows from the page's sealed request.
            let id = attempt_id(form.request.as_deref().unwrap_or_default());
            let round = self.carried_round(visitor, carried, &password, form.caps_lock).await?;
            return self.check(round, Some(id), Proofed::Password(password)).await;
        }
        if let Some(code) = form.code {
            let method = form.method.unwrap_or(Method::Totp);
            let id = attempt_id(form.request.as_deref().unwrap_or_default());
            let submission = code_submission(method, &code);
            let round =
                Round::load(self, visitor, Stage::Carried(carried), Some(submission)).await?;
            return self.check(round, Some(id), Proofed::Code(code)).await;
        }
        Ok(self.username(visitor, carried, &form))
    }

    /// A user name: remembered in the sealed request, looked up nowhere.
    fn username(&self, visitor: &Visitor, mut carried: Carried, form: &SignInForm) -> Progress {
        let typed = form.username.as_deref().unwrap_or_default();
        let folded = TypedName::fold(typed, &visitor.tenant.site.mail_domains);
        carried.reason = None;
        carried.name = None;
        if folded.is_empty() {
            carried.reason = Some(Reason::InputEmpty);
        } else {
            let cut = typed.chars().take(200).collect();
            carried.name = Some(cut);
            carried.other_person = true;
        }
        self.see_carried(visitor, &carried)
    }

    async fn carried_round<'a>(
        &'a self,
        visitor: &'a Visitor,
        carried: Carried,
        password: &Secret<String>,
        caps_lock: bool,
    ) -> Result<Round<'a>, Fault> {
        let submission = password_submission(password);
        let mut round =
            Round::load(self, visitor, Stage::Carried(carried), Some(submission)).await?;
        round.add_hints(password, caps_lock);
        Ok(round)
    }

    async fn submit_to_attempt(
        &self,
        visitor: &Visitor,
        id: AttemptId,
        form: SignInForm,
    ) -> Result<Progress, Fault> {
        let Some((version, state)) = self.open_attempt(visitor, id).await? else {
            return Ok(self.stale(visitor, None));
        };
        let Some(mark) = visitor.browser_digest().map(browser_mark) else {
            return Ok(self.stale(visitor, None));
        };
        if mark != state.browser {
            return Ok(self.stale(visitor, Some(&restart(&state, visitor))));
        }
        if version != form.version {
            return self.first_outcome(visitor, id, form.version).await;
        }
        if let Some(other) = form.other {
            return Ok(self.see_attempt(id, Some(other)));
        }
        let stage = Stage::Attempt { id, version, state: Box::new(state) };
        if let Some(password) = form.password {
            let submission = password_submission(&password);
            let mut round = Round::load(self, visitor, stage, Some(submission)).await?;
            round.add_hints(&password, form.caps_lock);
            return self.check(round, None, Proofed::Password(password)).await;
        }
        let code = form.code.unwrap_or_else(|| Secret::new(String::new()));
        let method = form.method.unwrap_or(Method::Totp);
        let submission = code_submission(method, &code);
        let round = Round::load(self, visitor, stage, Some(submission)).await?;
        self.check(round, None, Proofed::Code(code)).await
    }

    /// Queue, reserve, check, decide, store.
    async fn check(
        &self,
        mut round: Round<'_>,
        new_attempt: Option<AttemptId>,
        typed: Proofed,
    ) -> Result<Progress, Fault> {
        let first = round.decide();
        let Next::Check(check) = &first.next else {
            return self.settle_unchecked(round, first).await;
        };
        let place = match (&check, round.enter_queue()) {
            (Check::Code { .. }, _) => None,
            (Check::Password, Ok(place)) => Some(place),
            (Check::Password, Err(crate::Busy)) => {
                let decision = round.with_verdict(Verdict::Busy);
                let busy = decision.decide();
                return Ok(self.busy(&decision, &busy));
            }
        };
        match self.reserve(&mut round, new_attempt).await? {
            Reserve::Granted => {}
            Reserve::Refused => {
                let decision = round.decide();
                return self.settle_unchecked(round, decision).await;
            }
            Reserve::SecondSubmit(id, version) => {
                return self.first_outcome(round.visitor, id, version).await;
            }
        }
        let verdict = match (check, typed, place) {
            (Check::Password, Proofed::Password(typed), Some(place)) => {
                round.typed_password = Some(Secret::new(typed.expose().clone()));
                round.check_password(&place, typed).await?
            }
            (Check::Code { method, factors }, Proofed::Code(typed), _) => {
                round.check_code(*method, factors, &typed)?
            }
            // The engine asks for what was submitted and nothing else.
            _ => Verdict::CodeMalformed,
        };
        self.settle_checked(round.with_verdict(verdict)).await
    }

    /// Reserve the guess and move the attempt, in one transaction.
    async fn reserve(
        &self,
        round: &mut Round<'_>,
        new_attempt: Option<AttemptId>,
    ) -> Result<Reserve, Fault> {
        let tenant = &round.visitor.tenant;
        let Some(key) = round.counter_key() else { return Ok(Reserve::Refused) };
        let (id, from_version, state) = round.checking_state(new_attempt)?;
        let sealed = state
            .seal(tenant, id, &*self.entropy)
            .map_err(Fault::while_doing("sealing an attempt"))?;
        let write = if from_version == 0 {
            let expires_at = round.visitor.now.plus_seconds(ATTEMPT_SECONDS_MAX);
            Write::AttemptPut { id, state: sealed, outcome: None, expires_at }
        } else {
            Write::AttemptAdvance { id, from_version, state: sealed, outcome: None }
        };
        let now = round.visitor.now;
        let reserved =
            self.store.reserve(tenant.id, now, key, RESERVATION_SECONDS, vec![write]).await;
        match reserved {
            Ok(Reservation::Granted { reserved, .. }) => {
                round.reserved = Some(reserved);
                round.stored_as(id, from_version + 1, state);
                Ok(Reserve::Granted)
            }
            Ok(Reservation::Refused(counter)) => {
                let throttle = &mut round.facts.throttle;
                throttle.failures = counter.failures;
                throttle.wait_until = counter.wait_until;
                throttle.reservation_refused = true;
                // A double click is refused the guess because its twin holds it: then the twin's outcome counts.
                if self.is_second_submit(round.visitor, id, from_version).await? {
                    return Ok(Reserve::SecondSubmit(id, from_version));
                }
                Ok(Reserve::Refused)
            }
            Err(CommitError::Conflict { conflict, .. }) => match conflict {
                Conflict::AttemptMoved | Conflict::Exists => {
                    Ok(Reserve::SecondSubmit(id, from_version))
                }
                other => Err(Fault::new("reserving a guess", other)),
            },
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    async fn is_second_submit(
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
    async fn first_outcome(
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
            if let Some(outcome) = self.stored_outcome(visitor, id, &stored, version) {
                return Ok(outcome);
            }
            if stored.version > version + 1 {
                return Ok(self.see_attempt(id, None));
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(self.see_attempt(id, None))
    }
}

enum Reserve {
    Granted,
    Refused,
    SecondSubmit(AttemptId, u64),
}

impl Round<'_> {
    /// The attempt as it stands while the guess is checked: its id, the version that it moves from (0 if it is
    /// new), and its state.
    fn checking_state(
        &self,
        new_attempt: Option<AttemptId>,
    ) -> Result<(AttemptId, u64, AttemptState), Fault> {
        let carried = match (&self.stage, new_attempt) {
            (Stage::Attempt { id, version, state }, _) => {
                return Ok((*id, *version, AttemptState::clone(state)));
            }
            (Stage::Carried(carried), Some(id)) => (carried, id),
            (Stage::Carried(_), None) => {
                return Err(Fault::new("beginning an attempt", "a carried request has no id"));
            }
        };
        let (carried, id) = carried;
        let state = AttemptState {
            door: carried.door.clone(),
            browser: carried.browser.unwrap_or_default(),
            begun_at: self.visitor.now,
            zone_at_begin: self.visitor.position.zone.clone(),
            name: carried.name.clone().unwrap_or_default(),
            credential_epoch: self
                .person
                .as_ref()
                .map_or(0, |person| person.known.credential_epoch),
            proofs: Vec::new(),
            last_drift: None,
            other_person: carried.other_person,
            last: Shown {
                step: Some(Step::Password),
                reason: Reason::Checking,
                details: Details::default(),
                hints: Vec::new(),
                incident: None,
                at: self.visitor.now,
            },
        };
        Ok((id, 0, state))
    }

    fn add_hints(&mut self, password: &Secret<String>, caps_lock: bool) {
        self.hints = password_hints(password.expose());
        if caps_lock {
            self.hints.push(InputHint::CapsLock);
        }
    }
}

/// The attempt that begins with the page of this sealed request.
fn attempt_id(request: &str) -> AttemptId {
    let digest = sekimori_keys::digest::sha256(&[b"attempt:", request.as_bytes()]);
    AttemptId::from_bytes(digest[..16].try_into().expect("a digest has 32 bytes"))
}

fn password_submission(password: &Secret<String>) -> Submission {
    match password.expose().len() {
        0 => Submission::Empty,
        1..=PASSWORD_BYTES_MAX => Submission::Password,
        _ => Submission::Overlong,
    }
}

fn code_submission(method: Method, code: &Secret<String>) -> Submission {
    if code.expose().trim().is_empty() { Submission::Empty } else { Submission::Code(method) }
}

/// The request of an attempt, to begin again with.
pub(crate) fn restart(state: &AttemptState, visitor: &Visitor) -> Carried {
    Carried {
        door: state.door.clone(),
        browser: visitor.browser_digest().map(browser_mark),
        at: visitor.now,
        name: None,
        reason: None,
        incident: None,
        other_person: false,
    }
}

/// The browser that a stage is bound to.
pub(crate) fn browser_of(stage: &Stage) -> Option<u64> {
    match stage {
        Stage::Carried(carried) => carried.browser,
        Stage::Attempt { state, .. } => Some(state.browser),
    }
}
