//! A form of ours came back: name, password, code, or the wish to use another factor.

use sekimori_base::limits::PASSWORD_BYTES_MAX;
use sekimori_base::{AttemptId, Fault, Secret};
use sekimori_directory::Method;
use sekimori_directory::username::{InputHint, TypedName, password_hints};
use sekimori_login::{Check, Next, Reason, Submission, Verdict};

use super::certificate::CertificateFound;
use super::check::Proofed;
use super::pages::shown;
use super::passkey::PasskeyForm;
use super::reserve::Reserve;
use super::round::{Round, Stage};
use crate::Flow;
use crate::attempt::{AttemptState, SealedPart};
use crate::carried::{CARRIED_SECONDS_MAX, Carried, browser_mark};
use crate::view::Progress;
use crate::visitor::Visitor;

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
    /// What a passkey signed.
    pub passkey: Option<PasskeyForm>,
    /// What was presented on a certificate host.
    pub certificate: Option<Box<CertificateFound>>,
    /// The method of the code.
    pub method: Option<Method>,
    /// The method that is wished for instead.
    pub other: Option<Method>,
    /// Another code by mail is wished for.
    pub send_code: bool,
    /// The browser saw Caps Lock on.
    pub caps_lock: bool,
    /// It was held back once already to keep the pace.
    pub held: bool,
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
        let request = form.request.as_deref().unwrap_or_default();
        let mut carried = match self.carried(visitor, request) {
            Ok(carried) => carried,
            Err(progress) => return Ok(*progress),
        };
        let Some(mark) = visitor.browser_digest().map(browser_mark) else {
            return self.without_cookie(visitor, carried).await;
        };
        if carried.browser != Some(mark) {
            // Another cookie than the page was made for: the same step once more, nothing evaluated.
            carried.browser = Some(mark);
            return Ok(self.see_carried(visitor, &carried));
        }
        if let Some(over) = self.answered_before(visitor, &carried.door).await? {
            return Ok(over);
        }
        if let Some(passkey) = form.passkey {
            let request = form.request.unwrap_or_default();
            return self.submit_passkey(visitor, Stage::Carried(carried), &request, passkey).await;
        }
        if let Some(found) = form.certificate {
            let id = attempt_id(form.request.as_deref().unwrap_or_default());
            return self
                .submit_certificate(visitor, Stage::Carried(carried), Some(id), found)
                .await;
        }
        if let Some(password) = form.password {
            // One page submitted twice is one attempt: its id follows from the page's sealed request.
            let id = attempt_id(form.request.as_deref().unwrap_or_default());
            let mut round = self.carried_round(visitor, carried, &password, form.caps_lock).await?;
            round.may_hold = !form.held;
            return self.check(round, Some(id), Proofed::Password(password)).await;
        }
        if let Some(code) = form.code {
            let method = form.method.unwrap_or(Method::Totp);
            let id = attempt_id(form.request.as_deref().unwrap_or_default());
            let submission = code_submission(method, &code);
            let mut round =
                Round::load(self, visitor, Stage::Carried(carried), Some(submission)).await?;
            round.may_hold = !form.held;
            return self.check(round, Some(id), Proofed::Code(code)).await;
        }
        if let Some(wish) = form.wishes_code() {
            let request = form.request.unwrap_or_default();
            return self.ask_for_code(visitor, Stage::Carried(carried), &request, wish).await;
        }
        if let Some(method) = form.other {
            let chosen = Some(method);
            let other = Carried { chosen, ..carried.unsaid() };
            return Ok(self.see_carried(visitor, &other));
        }
        Ok(self.username(visitor, carried, &form))
    }

    /// A form of an attempt that is over and forgotten: the same request from its beginning, with the name kept
    /// (one click more, and no word is lost).
    fn outlived(&self, visitor: &Visitor, carried: Option<Carried>) -> Progress {
        match (carried, visitor.browser_digest()) {
            (Some(carried), Some(digest))
                if visitor.now.seconds_since(carried.at) <= CARRIED_SECONDS_MAX =>
            {
                let reason = Some(Reason::AttemptExpired);
                let again = Carried { reason, chosen: None, ..carried.unsaid() };
                self.see_carried(visitor, &again.bound_to(digest))
            }
            (carried, _) => self.stale(visitor, carried.as_ref()),
        }
    }

    /// A user name: remembered in the sealed request, looked up nowhere.
    fn username(&self, visitor: &Visitor, carried: Carried, form: &SignInForm) -> Progress {
        let mut carried = carried.unsaid();
        let typed = form.username.as_deref().unwrap_or_default();
        let folded = TypedName::fold(typed, &visitor.tenant.site.mail_domains);
        carried.name = None;
        if folded.is_empty() {
            carried.reason = Some(Reason::InputEmpty);
        } else {
            let cut = typed.chars().take(200).collect();
            carried.name = Some(cut);
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
        let stored = self.stored_attempt(visitor, id).await?;
        let carried =
            form.request.as_deref().and_then(|request| Carried::open(&visitor.tenant, request));
        let Some(stored) = stored else { return Ok(self.outlived(visitor, carried)) };
        if stored.ended_at.is_some() {
            return self.ended(visitor, id, &stored, Some(form.version)).await;
        }
        let mut state = AttemptState::open(&visitor.tenant, id, &stored.state)
            .map_err(Fault::while_doing("opening an attempt"))?;
        if visitor.browser_digest().map(browser_mark) != Some(state.browser) {
            return Ok(self.stale(visitor, Some(&restart(&state, visitor))));
        }
        if stored.version != form.version {
            return self.first_outcome(visitor, id, form.version).await;
        }
        if state.is_checking(visitor.now) {
            // Nothing moves an attempt on while its guess is checked: what the guess comes to could not be stored.
            return self.first_outcome(visitor, id, form.version).await;
        }
        state.door = match self.door_again(visitor, state.door) {
            Ok(door) => door,
            Err(progress) => return Ok(*progress),
        };
        if let Some(over) = self.answered_before(visitor, &state.door).await? {
            return Ok(over);
        }
        let version = stored.version;
        let stage = Stage::Attempt { id, version, state: Box::new(state) };
        if let Some(wish) = form.wishes_code() {
            return self.ask_for_code(visitor, stage, "", wish).await;
        }
        if let Some(other) = form.other {
            return Ok(self.see_attempt(id, Some(other)));
        }
        if let Some(passkey) = form.passkey {
            return self.submit_passkey(visitor, stage, "", passkey).await;
        }
        if let Some(found) = form.certificate {
            return self.submit_certificate(visitor, stage, None, found).await;
        }
        if let Some(password) = form.password {
            let submission = password_submission(&password);
            let mut round = Round::load(self, visitor, stage, Some(submission)).await?;
            round.add_hints(&password, form.caps_lock);
            round.may_hold = !form.held;
            return self.check(round, None, Proofed::Password(password)).await;
        }
        let code = form.code.unwrap_or_else(|| Secret::new(String::new()));
        let method = form.method.unwrap_or(Method::Totp);
        let submission = code_submission(method, &code);
        let mut round = Round::load(self, visitor, stage, Some(submission)).await?;
        round.may_hold = !form.held;
        self.check(round, None, Proofed::Code(code)).await
    }

    /// Queue, reserve, check, decide, store.
    pub(super) async fn check(
        &self,
        mut round: Round<'_>,
        new_attempt: Option<AttemptId>,
        typed: Proofed,
    ) -> Result<Progress, Fault> {
        let first = round.decide();
        match (&first.next, typed) {
            (Next::Check(Check::Password), Proofed::Password(typed)) => {
                self.check_password(round, new_attempt, typed).await
            }
            (Next::Check(Check::Code { method, factors }), Proofed::Code(typed)) => {
                let verdict = round.check_code(*method, factors, &typed)?;
                let round = self.reserving(round, new_attempt)?;
                self.settle_checked(round.with_verdict(verdict)).await
            }
            (Next::Check(Check::Passkey { factors, holder }), Proofed::Passkey(signed)) => {
                let verdict = round.check_passkey(factors, *holder, &signed);
                self.settle_passkey(round.with_verdict(verdict), new_attempt).await
            }
            (Next::Check(Check::Certificate { factors }), Proofed::Certificate(found)) => {
                let verdict = self.check_certificate(&round, factors, &found).await?;
                self.begin_attempt(&mut round, new_attempt)?;
                self.settle_checked(round.with_verdict(verdict)).await
            }
            // The engine asks for what was submitted and nothing else.
            (Next::Check(_), _) => {
                Err(Fault::new("checking a proof", "another proof was asked than was sent"))
            }
            (Next::Ask(_) | Next::Admit(_) | Next::Refuse, typed) => {
                // This may be the twin of a form that is being checked at this moment, or of one with which a
                // session stepped up: that one replaced the session, so that this one finds none.
                let (id, version) = match (&round.stage, new_attempt) {
                    (Stage::Attempt { id, version, .. }, _) => (Some(*id), *version),
                    (Stage::Carried(_), new) => (new, 0),
                };
                if let Some(id) = id
                    && (first.reason == Reason::ThrottleBusy
                        || !matches!(typed, Proofed::Password(_)))
                    && self.is_second_submit(round.visitor, id, version).await?
                {
                    return self.first_outcome(round.visitor, id, version).await;
                }
                self.settle_unchecked(round, first).await
            }
        }
    }

    /// A hash is long: the guess is reserved in a transaction of its own before it runs.
    async fn check_password(
        &self,
        mut round: Round<'_>,
        new_attempt: Option<AttemptId>,
        typed: Secret<String>,
    ) -> Result<Progress, Fault> {
        let no_sooner = tokio::time::sleep(round.visitor.tenant.wrong_password_held());
        if let Err(until) = self.turn(&round) {
            round.facts.throttle.alert_wait_until = Some(until);
            let decision = round.decide();
            return self.settle_unchecked(round, decision).await;
        }
        let Ok(place) = round.enter_queue() else {
            let round = round.with_verdict(Verdict::Busy);
            let decision = round.decide();
            self.tally.decided(&decision, round.visitor.position.inside);
            return Ok(self.busy(&round, &decision));
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
        round.typed_password = Some(Secret::new(typed.expose().clone()));
        self.recognise(&mut round, &typed);
        let verdict = round.check_password(&place, typed).await?;
        drop(place);
        let round = round.with_verdict(verdict);
        // Before anything is stored: a second submit of the form hears of it no sooner either.
        if shown(&round.decide()) == Reason::CredentialMismatch {
            no_sooner.await;
        }
        self.settle_checked(round).await
    }
}

impl Round<'_> {
    fn add_hints(&mut self, password: &Secret<String>, caps_lock: bool) {
        self.hints = password_hints(password.expose());
        if caps_lock {
            self.hints.push(InputHint::CapsLock);
        }
    }
}

/// The attempt that begins with the page of this sealed request.
pub(super) fn attempt_id(request: &str) -> AttemptId {
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
        browser: visitor.browser_digest().map(browser_mark),
        name: Some(state.name.clone()).filter(|name| !name.is_empty()),
        other_person: state.other_person,
        ..Carried::new(state.door.clone(), state.requested_at)
    }
}

/// The browser that a stage is bound to.
pub(crate) fn browser_of(stage: &Stage) -> Option<u64> {
    match stage {
        Stage::Carried(carried) => carried.browser,
        Stage::Attempt { state, .. } => Some(state.browser),
    }
}
