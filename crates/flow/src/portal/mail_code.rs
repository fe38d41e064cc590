//! Registering an address for codes by mail: outside the organisation's own domains, and it counts when a code that was
//! sent there has been entered. One address at a time: a new one takes the place of the old.
//!
//! The page carries the address and how many codes were sent; the codes follow from its seed, the address and the
//! number, so that nothing is stored before it counts but the letters themselves.

use sekimori_base::limits::{MAIL_CODE_SECONDS, MAIL_CODES_MAX};
use sekimori_base::{Fault, Secret, Timestamp, random};
use sekimori_credential::mail_code::MailCode;
use sekimori_directory::{MailAddress, Method};
use sekimori_login::throttle::{Guess, MailRow};
use sekimori_login::{FactorState, Notice, Reason};
use sekimori_store::{
    AuditLine, CommitError, Conflict, CounterKey, MailPurpose, MailWrite, MessageId, NewMailCode,
    Reservation, Reserved, StoredFactor, Write,
};
use serde::{Deserialize, Serialize};

use super::enrolment::{Enrolment, Halt, NotNow, Registrar, What};
use super::enter::{Care, Changed, Who, portal_line};
use super::refused_code::{CodeFailure, RefusedCode};
use super::{Done, Portal};
use crate::Flow;
use crate::attempt::RESERVATION_SECONDS;
use crate::guess;
use crate::letters::{CodeLetter, Letter, Occasion};
use crate::login::{good_until, unknown_bucket};
use crate::mailboxes::open_address;
use crate::notices::About;
use crate::view::SentMail;
use crate::visitor::Visitor;

/// So much of a text is carried while somebody corrects it, in characters.
const TYPED_MAX: usize = 100;

/// The address that is being proven, as the page carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proving {
    /// As it was typed, or read.
    #[serde(rename = "a")]
    pub address: String,
    /// Codes that were sent there.
    #[serde(rename = "n")]
    pub sent: u32,
    /// When the last one was.
    #[serde(rename = "t")]
    pub at: Timestamp,
}

/// The page of registering an address.
pub struct MailPage {
    /// How far it is.
    pub step: MailStep,
    /// The address that will be replaced, masked.
    pub replaces: Option<String>,
    /// What the form carries.
    pub request: String,
    /// The token of the form.
    pub token: String,
    /// Why what was just sent was not taken.
    pub failure: Option<Box<CodeFailure>>,
    /// Who is signed in; nobody if they came with a ticket.
    pub who: Option<Who>,
    /// Another code is sent from this moment on.
    pub wait_until: Option<Timestamp>,
}

/// How far registering an address is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailStep {
    /// It is to be typed.
    Address {
        /// What was typed.
        typed: String,
    },
    /// A code was sent there.
    Code {
        /// The address: whoever is here has just typed it.
        address: String,
        /// The newest code.
        sent: SentMail,
    },
}

/// What registering an address comes to.
pub enum MailAnswer {
    /// Show it.
    Register(Box<MailPage>),
    /// Not here and now.
    NotNow(NotNow),
}

/// What the person sends there.
pub enum MailForm {
    /// An address.
    Address(String),
    /// The wish for another code.
    Again,
    /// A code.
    Code(Secret<String>),
}

/// Why nothing came of what was sent.
enum Stopped {
    /// The page says why.
    Refused(Reason, Option<Timestamp>),
    /// The same was sent before, or something changed: the page's own address knows.
    Overtaken,
}

/// Whether the address opens with this very sign-in. A site that names no domains of its own still has some: where its
/// mail comes from and returns to; and what the directory has of somebody is what the organisation gave them.
fn is_own(visitor: &Visitor, registrar: &Registrar<'_>, address: &MailAddress) -> bool {
    let site = &visitor.tenant.site;
    if site.is_own_mailbox(address) {
        return true;
    }
    let names_none = site.mail_domains.is_empty() && site.mail.own_domains.is_empty();
    let of_directory = registrar.person().person.mail.as_ref();
    let mut ours = site.mail.from.iter().chain(&site.mail.bounces).map(MailAddress::domain);
    names_none && (of_directory == Some(address) || ours.any(|own| own == address.domain()))
}

impl Flow {
    /// The page of registering an address. Without `request` the engine is asked whether one may; nothing is stored.
    pub async fn mail_code_page(
        &self,
        visitor: &Visitor,
        request: Option<&str>,
    ) -> Result<Portal<MailAnswer>, Fault> {
        if !visitor.tenant.site.policy.mail_codes {
            return Ok(Portal::see("/portal"));
        }
        let Some(request) = request else { return self.mail_begin(visitor).await };
        Ok(match self.resume_enrolment(visitor, request, What::MailCode).await? {
            Ok((enrolment, registrar)) => {
                let page = self.mail_page(&enrolment, &registrar, request).await?;
                Portal::Here(MailAnswer::Register(Box::new(page)))
            }
            Err(halt) => self.mail_halt(visitor, halt).await?,
        })
    }

    async fn mail_begin(&self, visitor: &Visitor) -> Result<Portal<MailAnswer>, Fault> {
        let inside = match self.enter(visitor, What::MailCode.path(), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        Ok(match self.permit(&inside, What::MailCode).await? {
            Ok(progress) => Portal::elsewhere(progress),
            Err(not_now) => Portal::Here(MailAnswer::NotNow(not_now)),
        })
    }

    /// An address, the wish for another code, or a code.
    pub async fn mail_code_sent(
        &self,
        visitor: &Visitor,
        request: &str,
        token: &str,
        form: MailForm,
    ) -> Result<Portal<MailAnswer>, Fault> {
        if !visitor.tenant.site.policy.mail_codes {
            return Ok(Portal::see("/portal"));
        }
        let (enrolment, registrar) =
            match self.resume_enrolment(visitor, request, What::MailCode).await? {
                Ok(opened) => opened,
                Err(halt) => return self.mail_halt(visitor, halt).await,
            };
        let same = || Ok(Portal::see(format!("{}?r={request}", What::MailCode.path())));
        if !registrar.is_token(token) {
            return same();
        }
        let mut next = enrolment.clone();
        next.refused = None;
        let done = match form {
            MailForm::Address(typed) => self.send_first(&mut next, &registrar, &typed).await?,
            MailForm::Again => self.send_code(&mut next, &registrar).await?,
            MailForm::Code(code) => {
                match self.prove_address(&enrolment, &registrar, &code).await? {
                    Ok(()) => {
                        let holder = &enrolment.holder;
                        let after = self.after_enrolment(visitor, holder, Done::MailCodeRegistered);
                        return after.await.map(Portal::elsewhere);
                    }
                    Err(stopped) => Err(stopped),
                }
            }
        };
        match done {
            Ok(()) => {}
            Err(Stopped::Overtaken) => return same(),
            Err(Stopped::Refused(reason, until)) => {
                let incident = match reason {
                    Reason::InputEmpty => None,
                    _ => self.narrate_code(&registrar, reason).await?,
                };
                let refused = RefusedCode::plain(reason, incident, visitor.now);
                next.refused = Some(RefusedCode { until, ..refused });
            }
        }
        Ok(Portal::see(next.path(&visitor.tenant, &*self.entropy)?))
    }

    /// An address was typed: read it, refuse what cannot be, and send the first code.
    async fn send_first(
        &self,
        next: &mut Enrolment,
        registrar: &Registrar<'_>,
        typed: &str,
    ) -> Result<Result<(), Stopped>, Fault> {
        let visitor = registrar.visitor();
        let kept: String = typed.trim().chars().take(TYPED_MAX).collect();
        let empty = kept.is_empty();
        next.mail = Some(Proving { address: kept, sent: 0, at: visitor.now });
        if empty {
            return Ok(Err(Stopped::Refused(Reason::InputEmpty, None)));
        }
        let Ok(address) = MailAddress::read(typed) else {
            return Ok(Err(Stopped::Refused(Reason::AddressMalformed, None)));
        };
        if is_own(visitor, registrar, &address) {
            return Ok(Err(Stopped::Refused(Reason::AddressOwn, None)));
        }
        next.mail = Some(Proving { address: address.to_string(), sent: 0, at: visitor.now });
        self.send_code(next, registrar).await
    }

    /// Send the next code to the address of the page.
    async fn send_code(
        &self,
        next: &mut Enrolment,
        registrar: &Registrar<'_>,
    ) -> Result<Result<(), Stopped>, Fault> {
        let (visitor, person) = (registrar.visitor(), registrar.person());
        let (tenant, now) = (&visitor.tenant, visitor.now);
        let Some(proving) = next.mail.clone() else { return Ok(Err(Stopped::Overtaken)) };
        let Ok(address) = MailAddress::parse(&proving.address) else {
            return Ok(Err(Stopped::Refused(Reason::AddressMalformed, None)));
        };
        if proving.sent >= MAIL_CODES_MAX {
            return Ok(Err(Stopped::Refused(Reason::MailWait, None)));
        }
        let number = proving.sent + 1;
        let id = drawn(next, visitor, number).1;
        let row = self.store.mail_row(tenant.id, person.person.id).await?;
        let wait = row.and_then(|row| row.wait_until(now));
        // The same page sent twice: what it sent is on its way.
        let before = self.store.mail_code(tenant.id, person.person.id, id).await?;
        if let Some(before) = before {
            next.mail = Some(Proving { sent: number, at: before.made_at, ..proving });
            return Ok(Ok(()));
        }
        if wait.is_some() {
            return Ok(Err(Stopped::Refused(Reason::MailWait, wait)));
        }
        let to = MailRow::and_one(row, now);
        let writes = vec![
            self.code_write(next, registrar, &address, number)?,
            Write::Mail(MailWrite::RowPut { person: person.person.id, from: row, to }),
        ];
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => {}
            Err(CommitError::Conflict { conflict: Conflict::Exists, .. }) => {}
            // Another code was sent to them at this moment.
            Err(CommitError::Conflict { .. }) => {
                let until = Some(to).and_then(|row| row.wait_until(now));
                return Ok(Err(Stopped::Refused(Reason::MailWait, until)));
            }
            Err(CommitError::Fault(fault)) => return Err(fault),
        }
        next.mail = Some(Proving { sent: number, at: now, ..proving });
        Ok(Ok(()))
    }

    /// The write that sends the code with this number to `address`, and ends the one before it.
    fn code_write(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        address: &MailAddress,
        number: u32,
    ) -> Result<Write, Fault> {
        let (visitor, person) = (registrar.visitor(), &registrar.person().person);
        let (code, id) = drawn(enrolment, visitor, number);
        let (at, until) = (visitor.now, good_until(visitor.now));
        let letter = Letter::Code(CodeLetter {
            to: address.clone(),
            person: person.id,
            language: person.language,
            occasion: Occasion::Registration,
            number,
            code: code.text(),
            at,
            until,
            zone: visitor.position.zone.clone(),
        });
        Ok(Write::Mail(MailWrite::Send(Box::new(NewMailCode {
            id,
            person: person.id,
            message: self.sealed_letter(&visitor.tenant, id, &letter)?,
            purpose: MailPurpose::Registration,
            address: address.masked(),
            number,
            expires_at: until,
            replaces: (number > 1).then(|| drawn(enrolment, visitor, number - 1).1),
        }))))
    }

    /// A code was entered: a guess like any other, counted for the person whatever the address.
    async fn prove_address(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        typed: &Secret<String>,
    ) -> Result<Result<(), Stopped>, Fault> {
        let (visitor, person) = (registrar.visitor(), registrar.person());
        let refused = |reason| Ok(Err(Stopped::Refused(reason, None)));
        let Some(proving) = enrolment.mail.as_ref().filter(|proving| proving.sent > 0) else {
            return refused(Reason::CodeNotSent);
        };
        if typed.expose().trim().is_empty() {
            return refused(Reason::InputEmpty);
        }
        let Ok(code) = MailCode::parse(typed.expose()) else {
            return refused(Reason::CodeMalformed);
        };
        let subject = format!("register|{}", person.person.username);
        let bucket = unknown_bucket(visitor);
        let key = guess::at(&visitor.tenant, Guess::MailCode, bucket, &subject, 0).key;
        let reserved = match self.reserve_proof(visitor, key).await? {
            Ok(reserved) => reserved,
            Err(stopped) => return Ok(Err(stopped)),
        };
        let is = |number| *drawn(enrolment, visitor, number).0.digits() == *code.digits();
        let young = visitor.now.seconds_since(proving.at) <= i64::from(MAIL_CODE_SECONDS);
        let reason = match (is(proving.sent), young) {
            (true, true) => {
                return self.store_address(enrolment, registrar, proving, reserved).await;
            }
            (true, false) => Reason::CodeExpired,
            (false, _) if (1..proving.sent).any(is) => Reason::CodeSuperseded,
            (false, _) => Reason::CodeWrong,
        };
        let writes = vec![Write::CounterFail(reserved)];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => refused(reason),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    async fn reserve_proof(
        &self,
        visitor: &Visitor,
        key: CounterKey,
    ) -> Result<Result<Reserved, Stopped>, Fault> {
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        match self.store.reserve(tenant, now, key, RESERVATION_SECONDS, Vec::new()).await {
            Ok(Reservation::Granted { reserved, .. }) => Ok(Ok(reserved)),
            Ok(Reservation::Refused(counter)) => Ok(Err(match counter.wait_until {
                _ if counter.closed() => Stopped::Refused(Reason::ThrottleClosed, None),
                Some(until) => Stopped::Refused(Reason::ThrottleWait, Some(until)),
                None => Stopped::Refused(Reason::ThrottleBusy, None),
            })),
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("reserving a guess", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The mailbox is the person's: the address becomes a factor, and the one before it goes.
    async fn store_address(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        proving: &Proving,
        reserved: Reserved,
    ) -> Result<Result<(), Stopped>, Fault> {
        let (visitor, person) = (registrar.visitor(), registrar.person());
        let Ok(address) = MailAddress::parse(&proving.address) else {
            return Ok(Err(Stopped::Refused(Reason::AddressMalformed, None)));
        };
        let (id, who) = (enrolment.factor(&visitor.tenant), enrolment.person);
        let secret = self.seal_factor(&visitor.tenant, id, address.as_str().as_bytes())?;
        let mut new = enrolment.new_factor(id, secret, 0);
        new.label = address.masked();
        let old: Vec<&StoredFactor> = addresses(person.factors.iter()).collect();
        let raised = old.iter().filter(|old| old.facts.state != FactorState::Unfinished).count();
        let message = drawn(enrolment, visitor, proving.sent).1;
        let mut writes = vec![
            Write::CounterClear(reserved),
            Write::Mail(MailWrite::Spend { person: who, id: message, factor: None }),
            Write::Mail(MailWrite::RowForget { person: who }),
        ];
        writes.extend(enrolment.spends_ticket());
        writes.push(Write::FactorAdd(new));
        for old in &old {
            let factor = old.facts.id;
            writes.push(Write::FactorRemove { person: who, factor });
            let details =
                serde_json::json!({ "method": Method::MailCode.as_str(), "factor": factor });
            let line = portal_line(visitor, person, "factor.replaced");
            let line = AuditLine { details: details.to_string(), ..line };
            writes.push(Write::Audit(Box::new(line)));
        }
        let about = About {
            factor: Some(id),
            method: Some(Method::MailCode),
            binding: Some(enrolment.binding),
            replaced: !old.is_empty(),
            ..About::default()
        };
        writes.extend(self.told(visitor, person, "factor.added", Notice::FactorAdded, about)?);
        match self.store_enrolment(registrar, writes, 1 + raised as u64).await? {
            Changed::Done => Ok(Ok(())),
            Changed::Overtaken => {
                // Nothing was stored: the guess goes back.
                let back = vec![Write::CounterGiveBack(reserved)];
                match self.store.commit(visitor.tenant.id, visitor.now, back).await {
                    Ok(_) | Err(CommitError::Conflict { .. }) => Ok(Err(Stopped::Overtaken)),
                    Err(CommitError::Fault(fault)) => Err(fault),
                }
            }
        }
    }

    async fn mail_halt(&self, visitor: &Visitor, halt: Halt) -> Result<Portal<MailAnswer>, Fault> {
        match halt {
            Halt::Elsewhere(progress) => Ok(Portal::elsewhere(progress)),
            // Sent twice: on to where the first one led.
            Halt::Finished(enrolment) => {
                let holder = &enrolment.holder;
                let after = self.after_enrolment(visitor, holder, Done::MailCodeRegistered);
                after.await.map(Portal::elsewhere)
            }
        }
    }

    async fn mail_page(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        request: &str,
    ) -> Result<MailPage, Fault> {
        let (visitor, person) = (registrar.visitor(), registrar.person());
        let (tenant, who) = (&visitor.tenant, person.person.id);
        let step = match &enrolment.mail {
            None => MailStep::Address { typed: String::new() },
            Some(proving) if proving.sent == 0 => {
                MailStep::Address { typed: proving.address.clone() }
            }
            Some(proving) => {
                let id = drawn(enrolment, visitor, proving.sent).1;
                let followed = self.store.mail_code(tenant.id, who, id).await?;
                let sent = SentMail::of(proving.sent, proving.at, followed.as_ref());
                MailStep::Code { address: proving.address.clone(), sent }
            }
        };
        let row = self.store.mail_row(tenant.id, who).await?;
        let old = addresses(person.factors.iter()).next();
        let replaces = old.map(|old| open_address(tenant, old)).transpose()?;
        Ok(MailPage {
            step,
            replaces: replaces.map(|old| old.masked()),
            request: request.to_owned(),
            token: registrar.token(),
            failure: enrolment
                .refused
                .map(|refused| Box::new(CodeFailure::of(refused, Method::MailCode))),
            who: registrar.who(),
            wait_until: row.and_then(|row| row.wait_until(visitor.now)),
        })
    }
}

/// The addresses among factors.
fn addresses<'f>(
    factors: impl Iterator<Item = &'f StoredFactor>,
) -> impl Iterator<Item = &'f StoredFactor> {
    factors.filter(|stored| stored.facts.method == Method::MailCode)
}

/// The code with this number for the address of the page, and its letter: the same however often it is asked.
fn drawn(enrolment: &Enrolment, visitor: &Visitor, number: u32) -> (MailCode, MessageId) {
    let address = enrolment.mail.as_ref().map_or("", |proving| proving.address.as_str());
    let about = [address.as_bytes(), &number.to_be_bytes()];
    let chance = enrolment.chance_for(&visitor.tenant, "mail", &about);
    let message = random(&chance);
    (MailCode::random(&chance), MessageId::from_bytes(message))
}
