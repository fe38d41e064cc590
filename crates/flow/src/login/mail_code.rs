//! A code by mail: sent when somebody asks for it, checked against what was sent in this very attempt, told about on
//! its way. Nothing waits for a mail server: the letter is stored with the attempt and goes out later.

use sekimori_base::limits::MAIL_CODE_SECONDS;
use sekimori_base::{AttemptId, FactorId, Fault, PersonId, Secret, Timestamp, random};
use sekimori_credential::mail_code::MailCode;
use sekimori_directory::Method;
use sekimori_keys::{KeyedDigest, Purpose};
use sekimori_login::throttle::MailRow;
use sekimori_login::{Decision, Effect, Mailed, Next, Reason, Step, Submission, Verdict};
use sekimori_store::{Conflict, MailPurpose, MailWrite, MessageId, NewMailCode, Write};
use serde::{Deserialize, Serialize};

use super::effects::{Plan, Settled};
use super::reserve::Reserve;
use super::round::{Round, Stage};
use super::submit::{SignInForm, attempt_id};
use crate::Flow;
use crate::carried::Carried;
use crate::letters::{CodeLetter, Letter, Occasion};
use crate::mailboxes::open_address;
use crate::tenant::Tenant;
use crate::view::{MailView, Progress, SentMail, StepView};
use crate::visitor::Visitor;

/// Another code may be sent to the same person at the same moment, but not for ever.
const CONFLICTS_MAX: usize = 4;

/// A code that was sent in an attempt: what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// To the address of which factor.
    pub factor: FactorId,
    /// The how manyth of the attempt.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Its letter.
    pub message: [u8; 16],
    /// The keyed digest of the code and of all that it is bound to.
    pub digest: Vec<u8>,
    /// It was entered.
    pub spent: bool,
}

impl SentCode {
    /// What the engine reads.
    pub(super) fn mailed(&self) -> Mailed {
        Mailed { factor: self.factor, number: self.number, at: self.at }
    }

    /// Whether it is the one with this number of this factor.
    pub(super) fn is(&self, factor: FactorId, number: u64) -> bool {
        self.factor == factor && u64::from(self.number) == number
    }
}

/// What a code is bound to: it is of no use in another attempt or browser, to another person or address, nor as
/// another mail's.
struct Bound {
    attempt: AttemptId,
    browser: u64,
    person: PersonId,
    factor: FactorId,
    number: u32,
}

impl Bound {
    fn data(&self, code: &MailCode) -> Secret<Vec<u8>> {
        Secret::new(
            [
                b"mail-code:".as_slice(),
                self.attempt.bytes(),
                &self.browser.to_be_bytes(),
                self.person.bytes(),
                self.factor.bytes(),
                &self.number.to_be_bytes(),
                code.digits().expose().as_bytes(),
            ]
            .concat(),
        )
    }

    fn digest(&self, tenant: &Tenant, code: &MailCode) -> Vec<u8> {
        let data = self.data(code);
        tenant.keys.digest(Purpose::TokenDigest, tenant.id, data.expose()).stored().to_vec()
    }

    fn fits(&self, tenant: &Tenant, code: &MailCode, stored: &[u8]) -> bool {
        let data = self.data(code);
        KeyedDigest::from_stored(stored).is_some_and(|stored| {
            tenant.keys.matches(Purpose::TokenDigest, tenant.id, data.expose(), &stored)
        })
    }
}

impl SignInForm {
    /// The wish for a code by mail, or for another one.
    pub(super) fn wishes_code(&self) -> Option<Submission> {
        if self.send_code {
            Some(Submission::SendCode)
        } else {
            let chosen = self.other.filter(|other| *other == Method::MailCode);
            chosen.map(Submission::Choose)
        }
    }
}

impl Round<'_> {
    /// Read how many codes the person was sent one after another: it says when the next may be.
    async fn read_mail_row(&mut self) -> Result<(), Fault> {
        let Some(person) = &self.person else { return Ok(()) };
        let (tenant, now) = (self.visitor.tenant.id, self.visitor.now);
        self.mail_row = self.flow.store.mail_row(tenant, person.person.id).await?;
        self.facts.throttle.mail_wait_until = self.mail_row.and_then(|row| row.wait_until(now));
        Ok(())
    }

    /// Check a code against those that were sent in this attempt: the newest counts, an earlier one is recognised.
    pub fn check_mail_code(&self, factors: &[FactorId], typed: &Secret<String>) -> Verdict {
        let Ok(code) = MailCode::parse(typed.expose()) else { return Verdict::CodeMalformed };
        let (Stage::Attempt { id, state, .. }, Some(person)) = (&self.stage, &self.person) else {
            return Verdict::CodeNotSent;
        };
        let tenant = &self.visitor.tenant;
        let fits = |sent: &SentCode| {
            let bound = Bound {
                attempt: *id,
                browser: state.browser,
                person: person.person.id,
                factor: sent.factor,
                number: sent.number,
            };
            bound.fits(tenant, &code, &sent.digest)
        };
        let Some((newest, earlier)) = state.mailed.split_last() else {
            return Verdict::CodeNotSent;
        };
        if fits(newest) {
            let age = self.visitor.now.seconds_since(newest.at);
            return if newest.spent {
                Verdict::CodeReused
            } else if !factors.contains(&newest.factor) {
                Verdict::CodeWrong
            } else if age <= i64::from(MAIL_CODE_SECONDS) {
                Verdict::CodeAccepted { factor: newest.factor, step: u64::from(newest.number) }
            } else {
                Verdict::CodeExpired
            };
        }
        if earlier.iter().any(fits) { Verdict::CodeSuperseded } else { Verdict::CodeWrong }
    }

    /// The writes that spend the code of the mail with this number; the row of mails begins anew.
    pub(super) fn spend_mail_code(&self, factor: FactorId, number: u64) -> Vec<Write> {
        let (Stage::Attempt { state, .. }, Some(person)) = (&self.stage, &self.person) else {
            return Vec::new();
        };
        let person = person.person.id;
        let sent = state.mailed.iter().find(|sent| sent.is(factor, number));
        let spend = sent.map(|sent| {
            let id = MessageId::from_bytes(sent.message);
            Write::Mail(MailWrite::Spend { person, id, factor: Some(factor) })
        });
        spend.into_iter().chain([Write::Mail(MailWrite::RowForget { person })]).collect()
    }
}

/// Whether the decision asks for a code to be sent.
fn sends(decision: &Decision) -> bool {
    decision.effects.iter().any(|effect| matches!(effect, Effect::SendCode { .. }))
}

/// The reason for a page that is only looked at: the sending that the same wish would lead to has not happened.
pub(super) fn unsent(decision: &Decision) -> Option<Reason> {
    sends(decision).then_some(Reason::AskSecondFactor)
}

impl Flow {
    /// Somebody wishes a code by mail: decided, stored and answered at once. `request` is the page's sealed request, of
    /// which the attempt is begun if there is none yet.
    pub(super) async fn ask_for_code(
        &self,
        visitor: &Visitor,
        stage: Stage,
        request: &str,
        wish: Submission,
    ) -> Result<Progress, Fault> {
        for _ in 0..CONFLICTS_MAX {
            let mut round = Round::load(self, visitor, stage.clone(), Some(wish)).await?;
            round.read_mail_row().await?;
            let decision = round.decide();
            if !sends(&decision) {
                return self.settle_unsent(round, decision).await;
            }
            self.begin_attempt(&mut round, Some(attempt_id(request)))?;
            let mut plan = self.plan(&round, &decision).await?;
            let writes = std::mem::take(&mut plan.writes);
            match self.store_settled(&mut round, writes).await? {
                Settled::Done => {
                    self.after(&round, &decision, None);
                    return Ok(self.checked_progress(&round, &decision, plan));
                }
                // Sent twice: a double click, or two tabs of one sign-in.
                Settled::Refused(Conflict::AttemptMoved | Conflict::Exists) => {
                    let (id, version) = round.submitted_to();
                    return self.first_outcome(visitor, id, version).await;
                }
                Settled::NotGranted(Reserve::SecondSubmit(id, version)) => {
                    return self.first_outcome(visitor, id, version).await;
                }
                // Another sign-in of the same person was sent one at this moment: decide on that.
                Settled::Refused(Conflict::MailRowMoved | Conflict::IncidentTaken) => {}
                Settled::NotGranted(Reserve::Granted | Reserve::Refused) => {}
                Settled::Refused(other) => return Err(Fault::new("sending a code", other)),
            }
        }
        Err(Fault::new("sending a code", "conflicts without end"))
    }

    /// Nothing is sent: the last code is still good, too many were sent, or something else comes first.
    async fn settle_unsent(
        &self,
        mut round: Round<'_>,
        decision: Decision,
    ) -> Result<Progress, Fault> {
        if let Stage::Carried(carried) = &mut round.stage {
            carried.chosen = Some(Method::MailCode);
        }
        if decision.reason.is_refusal() {
            return self.settle_unchecked(round, decision).await;
        }
        match (&round.stage, &decision.next) {
            (Stage::Attempt { id, version, state }, Next::Ask(_)) => {
                let mut state = state.clone();
                state.last = self.shown_state(&round, &decision, None);
                self.advance(&round, *id, *version, &state).await
            }
            (Stage::Carried(carried), Next::Ask(_)) => {
                let carried = Carried { reason: None, ..carried.clone() };
                Ok(self.see_carried(round.visitor, &carried))
            }
            _ => self.settle_unchecked(round, decision).await,
        }
    }

    /// Draw a code and put its letter into the outbox, with what is kept of it.
    pub(super) fn add_code(
        &self,
        plan: &mut Plan,
        round: &Round<'_>,
        factor: FactorId,
    ) -> Result<(), Fault> {
        let (visitor, tenant) = (round.visitor, &round.visitor.tenant);
        let (Stage::Attempt { id, state, .. }, Some(person)) = (&round.stage, &round.person) else {
            return Err(Fault::new("sending a code", "there is no attempt, or nobody"));
        };
        let stored = person.factors.iter().find(|stored| stored.facts.id == factor);
        let stored = stored.ok_or_else(|| Fault::new("sending a code", "there is no address"))?;
        let to = open_address(tenant, stored)?;
        let last = state.mailed.last();
        let number = last.map_or(1, |last| last.number.saturating_add(1));
        let who = person.person.id;
        let bound = Bound { attempt: *id, browser: state.browser, person: who, factor, number };
        let code = MailCode::random(&*self.entropy);
        let message = random(&*self.entropy);
        let (language, until) = (person.person.language, good_until(visitor.now));
        let service = round.stage.door().destination(tenant).title;
        let address = to.masked();
        let letter = Letter::Code(CodeLetter {
            to,
            person: who,
            language,
            occasion: Occasion::SignIn {
                username: person.person.username.to_string(),
                service: service.text(language).to_owned(),
            },
            number,
            code: code.text(),
            at: visitor.now,
            until,
            zone: visitor.position.zone.clone(),
        });
        let id = MessageId::from_bytes(message);
        let to = MailRow::and_one(round.mail_row, visitor.now);
        let row = MailWrite::RowPut { person: who, from: round.mail_row, to };
        let send = MailWrite::Send(Box::new(NewMailCode {
            id,
            person: who,
            message: self.sealed_letter(tenant, id, &letter)?,
            purpose: MailPurpose::SignIn,
            address,
            number,
            expires_at: until,
            replaces: last.map(|last| MessageId::from_bytes(last.message)),
        }));
        plan.writes.extend([Write::Mail(row), Write::Mail(send)]);
        let (at, digest) = (visitor.now, bound.digest(tenant, &code));
        plan.sent = Some(SentCode { factor, number, at, message, digest, spent: false });
        Ok(())
    }

    /// What the page of a code by mail says: to where, and how the last one fares.
    pub(super) async fn add_mail(
        &self,
        visitor: &Visitor,
        stage: &Stage,
        view: &mut StepView,
    ) -> Result<(), Fault> {
        if !matches!(view.step, Step::SecondFactor { method: Method::MailCode, .. }) {
            return Ok(());
        }
        let round = Round::load(self, visitor, stage.clone(), None).await?;
        let Some(person) = &round.person else { return Ok(()) };
        let newest = match stage {
            Stage::Attempt { state, .. } => state.mailed.last(),
            Stage::Carried(_) => None,
        };
        let of_mail = |wanted: Option<FactorId>| {
            person.factors.iter().find(|stored| {
                stored.facts.method == Method::MailCode
                    && stored.facts.is_usable()
                    && wanted.is_none_or(|id| stored.facts.id == id)
            })
        };
        let factor = of_mail(newest.map(|sent| sent.factor)).or_else(|| of_mail(None));
        let Some(factor) = factor else { return Ok(()) };
        let newest = newest.filter(|sent| sent.factor == factor.facts.id);
        let (tenant, who) = (visitor.tenant.id, person.person.id);
        let row = self.store.mail_row(tenant, who).await?;
        let sent = match newest {
            Some(sent) => {
                let id = MessageId::from_bytes(sent.message);
                let followed = self.store.mail_code(tenant, who, id).await?;
                Some(SentMail::of(sent.number, sent.at, followed.as_ref()))
            }
            None => None,
        };
        let wait_until = row.and_then(|row| row.wait_until(visitor.now));
        if view.reason == Reason::MailWait {
            view.details.wait_until = wait_until;
        }
        let address = open_address(&visitor.tenant, factor)?.masked();
        view.mail = Some(MailView { address, sent, wait_until });
        Ok(())
    }
}

/// A code that is sent now is good until then.
pub(crate) fn good_until(now: Timestamp) -> Timestamp {
    now.plus_seconds(i64::from(MAIL_CODE_SECONDS))
}
