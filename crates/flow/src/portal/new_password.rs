//! The second page of choosing a password by a ticket: the new password and, of an account that has a factor, a code of
//! it. Everything is stored in one transaction, the ticket's use among it.

use sekimori_base::{FactorId, Fault, Secret, random};
use sekimori_credential::password::PasswordError;
use sekimori_credential::recovery::RecoveryCode;
use sekimori_credential::totp::OneTimeCode;
use sekimori_directory::Method;
use sekimori_login::ticket::{self, PasswordPermit};
use sekimori_login::{Notice, PersonFacts, Reason, Submission, Verdict};
use sekimori_store::{CommitError, Reserved, StoredPerson, Write};
use sekimori_words::PasswordFlaw;

use super::password::flaw;
use super::password_ticket::{PATH, Right};
use super::refused::Refused;
use super::ticket::{TicketAnswer, answer};
use super::{Portal, see};
use crate::Flow;
use crate::carried::Carried;
use crate::door::Destination;
use crate::hashing::Place;
use crate::login::{Round, Stage, spend};
use crate::measure::{measured, person_words};
use crate::notices::{About, codes_left_after};
use crate::view::Progress;
use crate::visitor::Visitor;

/// Where the second page is.
pub(super) const PAGE: &str = "/ticket/password";

/// The page that takes the new password.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPasswordPage {
    /// Where the sign-in goes that goes on afterwards.
    pub destination: Destination,
    /// The sealed request of the sign-in that goes on afterwards.
    pub request: String,
    /// The right ticket, sealed.
    pub ticket: String,
    /// The user name, for password managers.
    pub username: String,
    /// Shortest new password, in characters.
    pub length_min: u16,
    /// The account has a factor: a code of it is asked as well.
    pub asks_code: bool,
    /// Why the new password just sent was not taken.
    pub flaws: Vec<PasswordFlaw>,
    /// Another reason why nothing was stored.
    pub failure: Option<TicketAnswer>,
}

/// The second page as it was sent.
pub struct NewPasswordForm {
    /// The sealed request.
    pub request: String,
    /// The right ticket, sealed.
    pub ticket: String,
    /// A code of an app, or a recovery code.
    pub code: Secret<String>,
    /// The new password.
    pub new: Secret<String>,
}

/// A right ticket that was brought back, with what the engine says about it.
struct Choosing<'a> {
    right: Right,
    round: Round<'a>,
    person: StoredPerson,
    carried: Carried,
    /// The permission, or that a factor is to be shown first.
    asks_code: bool,
}

impl Flow {
    /// The page that takes the new password. `refused` is why the last one was not taken, sealed.
    pub async fn new_password_page(
        &self,
        visitor: &Visitor,
        ticket: &str,
        request: &str,
        refused: Option<&str>,
    ) -> Result<Portal<NewPasswordPage>, Fault> {
        Ok(match self.choosing(visitor, ticket, request).await? {
            Ok(choosing) => {
                let refused = Refused::open(visitor, PAGE, refused);
                Portal::Here(page(&choosing, ticket, request, refused))
            }
            Err(progress) => Portal::elsewhere(*progress),
        })
    }

    /// Open a right ticket again, and ask the engine again.
    async fn choosing<'a>(
        &'a self,
        visitor: &'a Visitor,
        ticket: &str,
        request: &str,
    ) -> Result<Result<Choosing<'a>, Box<Progress>>, Fault> {
        let carried = match self.ticket_request(visitor, request).await? {
            Ok(carried) => carried,
            Err(progress) => return Ok(Err(progress)),
        };
        let from_the_start = || Ok(Err(Box::new(see(format!("{PATH}?r={request}")))));
        let Some(right) = Right::open(visitor, ticket) else { return from_the_start() };
        let carried = Carried { name: Some(right.name.clone()), ..carried };
        let stage = Stage::Carried(carried.clone());
        let round = Round::load_shown(self, visitor, stage).await?;
        let Some(person) = round.person.clone().filter(|one| one.person.id == right.person) else {
            return from_the_start();
        };
        if person.known.credential_epoch == right.epoch + 1 {
            // Sent twice, or back after it was done: on to where the first one led.
            return Ok(Err(Box::new(self.after_new_password(visitor, carried))));
        }
        if person.known.credential_epoch != right.epoch {
            return from_the_start();
        }
        let asks_code = match ticket::password(&round.facts, right.purpose, None) {
            Ok(_) => false,
            Err(Reason::AskSecondFactor) => true,
            Err(_) => return from_the_start(),
        };
        Ok(Ok(Choosing { right, round, person, carried, asks_code }))
    }

    fn after_new_password(&self, visitor: &Visitor, carried: Carried) -> Progress {
        let reason = Some(Reason::AskNewPassword);
        self.see_carried(visitor, &Carried { reason, ..carried })
    }

    /// A new password was chosen.
    pub async fn new_password_chosen(
        &self,
        visitor: &Visitor,
        form: NewPasswordForm,
    ) -> Result<Portal<NewPasswordPage>, Fault> {
        let NewPasswordForm { request, ticket, code, new } = form;
        let choosing = match self.choosing(visitor, &ticket, &request).await? {
            Ok(choosing) => choosing,
            Err(progress) => return Ok(Portal::elsewhere(*progress)),
        };
        let here = format!("{PAGE}?t={ticket}&r={request}");
        let again =
            |refused: Refused| refused.path(visitor, &here, &*self.entropy).map(Portal::see);
        let words = person_words(&choosing.person.person);
        let (new, flaws) = measured(&visitor.tenant, words, new).await?;
        if !flaws.is_empty() {
            return again(Refused::flaws(flaws.into_iter().map(flaw).collect()));
        }
        let Ok(place) = choosing.round.enter_queue() else {
            let busy = answer(visitor, Reason::ServerBusy).into();
            return Ok(Portal::Here(page(&choosing, &ticket, &request, busy)));
        };
        let mut writes = Vec::new();
        let mut shown = None;
        if choosing.asks_code {
            match self.ticket_factor(&choosing, &code).await? {
                Ok((factor, spent)) => (shown, writes) = (Some(factor), spent),
                Err(refused) => return again(refused.into()),
            }
        }
        let permit = match ticket::password(&choosing.round.facts, choosing.right.purpose, shown) {
            Ok(permit) => permit,
            Err(reason) => return again(answer(visitor, reason).into()),
        };
        match self.store_password(&choosing, &permit, &place, new, writes).await? {
            Ok(()) => {
                let carried = choosing.carried.clone();
                Ok(Portal::elsewhere(self.after_new_password(visitor, carried)))
            }
            Err(Stopped::TooLong) => again(Refused::flaws(vec![PasswordFlaw::TooLong])),
            // The same page was sent twice, or the ticket was used elsewhere: its own address knows which.
            Err(Stopped::Overtaken) => Ok(Portal::see(here)),
        }
    }

    /// Check a code of one of the account's factors: which factor, and the writes that spend it.
    async fn ticket_factor(
        &self,
        choosing: &Choosing<'_>,
        typed: &Secret<String>,
    ) -> Result<Result<(FactorId, Vec<Write>), TicketAnswer>, Fault> {
        let visitor = choosing.round.visitor;
        if typed.expose().trim().is_empty() {
            return Ok(Err(answer(visitor, Reason::InputEmpty)));
        }
        let method = if OneTimeCode::parse(typed.expose()).is_ok() {
            Method::Totp
        } else if RecoveryCode::parse(typed.expose()).is_ok() {
            Method::RecoveryCode
        } else {
            return Ok(Err(answer(visitor, Reason::CodeMalformed)));
        };
        let stage = Stage::Carried(choosing.carried.clone());
        let round = Round::load(self, visitor, stage, Some(Submission::Code(method))).await?;
        let Some(key) = round.counter_key() else {
            return Err(Fault::new("reserving a guess", "a code without a counter"));
        };
        let reserved = match self.reserve_ticket(visitor, key).await? {
            Ok(reserved) => reserved,
            Err(refused) => return Ok(Err(refused)),
        };
        let usable = usable_of(&round.facts.person, method);
        match round.check_code(method, &usable, typed)? {
            Verdict::CodeAccepted { factor, step } => {
                let mut writes = vec![Write::CounterClear(reserved)];
                writes.extend(spend(&round, factor, step));
                if method == Method::RecoveryCode {
                    let left = codes_left_after(&choosing.person.known.factors, factor);
                    let about = About {
                        factor: Some(factor),
                        method: Some(method),
                        codes_left: left,
                        ..About::default()
                    };
                    let person = &choosing.person.person;
                    let notice = Notice::RecoveryCodeUsed;
                    writes.extend(self.notice(visitor, person, notice, about)?);
                }
                Ok(Ok((factor, writes)))
            }
            verdict => self.ticket_code_wrong(&round, verdict, reserved).await.map(Err),
        }
    }

    /// A code that does not count. One of another moment is burned; its owner reads "wrong code".
    async fn ticket_code_wrong(
        &self,
        round: &Round<'_>,
        verdict: Verdict,
        reserved: Reserved,
    ) -> Result<TicketAnswer, Fault> {
        let mut writes = vec![Write::CounterFail(reserved)];
        if let Verdict::CodeDrift { factor, step, .. } = verdict {
            writes.push(Write::BurnStep { factor, step });
        }
        let reason = match verdict {
            Verdict::CodeReused => Reason::CodeReused,
            Verdict::RecoverySpent => Reason::RecoverySpent,
            _ => Reason::CodeWrong,
        };
        self.ticket_told(round, answer(round.visitor, reason), writes).await
    }

    /// Hash and store, in one transaction with everything that hangs on it: sessions and grants end, factors stay.
    async fn store_password(
        &self,
        choosing: &Choosing<'_>,
        permit: &PasswordPermit,
        place: &Place,
        new: Secret<String>,
        spent: Vec<Write>,
    ) -> Result<Result<(), Stopped>, Fault> {
        let visitor = choosing.round.visitor;
        let record = match place.hash(new, random(&*self.entropy)).await? {
            Ok(record) => record.to_string(),
            Err(PasswordError::TooLong) => return Ok(Err(Stopped::TooLong)),
            Err(fault) => return Err(Fault::new("hashing a password", fault)),
        };
        let (person, from_epoch) = (permit.person(), Some(permit.epoch()));
        let Right { ticket: id, purpose, .. } = choosing.right;
        let mut writes = vec![
            Write::TicketSpend { person, id, purpose },
            Write::PasswordSet { person, record, from_epoch },
            Write::SessionsEndOfPerson { person, except: None },
            Write::GrantsEndOfPerson { person },
        ];
        writes.extend(spent);
        let (stored, notice) = (&choosing.person, Notice::PasswordChanged);
        let about = About::default();
        writes.extend(self.told(visitor, stored, "password.by_ticket", notice, about)?);
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Ok(())),
            Err(CommitError::Conflict { .. }) => Ok(Err(Stopped::Overtaken)),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// Why a password was not stored.
enum Stopped {
    TooLong,
    Overtaken,
}

fn page(choosing: &Choosing<'_>, ticket: &str, request: &str, refused: Refused) -> NewPasswordPage {
    NewPasswordPage {
        destination: choosing.carried.door.destination(&choosing.round.visitor.tenant),
        request: request.to_owned(),
        ticket: ticket.to_owned(),
        username: choosing.person.person.username.to_string(),
        length_min: choosing.round.visitor.tenant.site.password.length_min,
        asks_code: choosing.asks_code,
        flaws: refused.flaws,
        failure: refused.answer,
    }
}

fn usable_of(person: &PersonFacts, method: Method) -> Vec<FactorId> {
    match person {
        PersonFacts::Known(known) => {
            let usable = known.factors.iter().filter(|one| one.is_usable());
            usable.filter(|one| one.method == method).map(|one| one.id).collect()
        }
        PersonFacts::Unknown => Vec::new(),
    }
}
