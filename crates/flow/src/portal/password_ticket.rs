//! Choosing a password by a ticket: somebody new, or somebody who has forgotten theirs.
//!
//! Two pages. The first takes user name and ticket; the second takes the new password and, of an account that has a
//! factor, a code of it: a ticket never goes round a factor (S18). Between them the right ticket travels sealed in the
//! address, bound to this browser, for ten minutes. It is used in the transaction that stores the password, and
//! afterwards everybody signs in as everybody does.

use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{Entropy, Fault, PersonId, Sealed, Secret, TicketId, Timestamp};
use sekimori_keys::{Binding as SealBinding, Purpose, seal};
use sekimori_login::throttle::Guess;
use sekimori_login::ticket::{self, PasswordPermit, TicketPurpose};
use sekimori_login::{Details, Reason};
use sekimori_store::{AuditLine, Write};
use serde::{Deserialize, Serialize};

use super::enter::{Care, door, portal_line};
use super::new_password::PAGE;
use super::refused::Refused;
use super::ticket::{TicketAnswer, answer, counter_of, is_live};
use super::{Portal, see};
use crate::Flow;
use crate::carried::{Carried, browser_mark};
use crate::door::Destination;
use crate::incident::IncidentCode;
use crate::login::{Round, Stage};
use crate::ticket::TicketCode;
use crate::view::Progress;
use crate::visitor::Visitor;

/// Where the first page is.
pub(super) const PATH: &str = "/ticket";
/// From the right ticket to the new password there is so long, in seconds.
const CHOOSING_SECONDS: i64 = 600;
/// What the sealed part is about, so that nothing else opens as it.
const ABOUT: &[u8] = b"ticket for a password";

/// The page that takes user name and ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct PasswordTicketPage {
    /// Where the sign-in goes that goes on afterwards.
    pub destination: Destination,
    /// The sealed request of the sign-in that goes on afterwards.
    pub request: String,
    /// The user name as it was typed.
    pub username: String,
    /// Why what was just sent was not taken.
    pub failure: Option<TicketAnswer>,
}

/// A right ticket on its way to the new password.
#[derive(Serialize, Deserialize)]
pub(super) struct Right {
    #[serde(rename = "p")]
    pub person: PersonId,
    #[serde(rename = "n")]
    pub name: String,
    #[serde(rename = "e")]
    pub epoch: u64,
    #[serde(rename = "k")]
    pub ticket: TicketId,
    #[serde(rename = "f")]
    pub purpose: TicketPurpose,
    #[serde(rename = "b")]
    browser: u64,
    #[serde(rename = "t")]
    at: Timestamp,
}

impl Right {
    fn path(
        &self,
        visitor: &Visitor,
        request: &str,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<String, Fault> {
        let tenant = &visitor.tenant;
        let binding = SealBinding::new(Purpose::Enrolment, tenant.id).about(ABOUT);
        let sealed = tenant
            .keys
            .seal_json(&binding, self, SEALED_REQUEST_BYTES_MAX, entropy)
            .map_err(Fault::while_doing("sealing a ticket"))?;
        Ok(format!("{PAGE}?t={}&r={request}", seal::to_text(&sealed)))
    }

    pub(super) fn open(visitor: &Visitor, text: &str) -> Option<Self> {
        let tenant = &visitor.tenant;
        let sealed: Sealed<Self> = seal::from_text(text, SEALED_REQUEST_BYTES_MAX).ok()?;
        let binding = SealBinding::new(Purpose::Enrolment, tenant.id).about(ABOUT);
        let open: Self = tenant.keys.open_json(&binding, &sealed).ok()?;
        let young = visitor.now.seconds_since(open.at) <= CHOOSING_SECONDS;
        let own = visitor.browser_digest().map(browser_mark) == Some(open.browser);
        (young && own).then_some(open)
    }
}

impl Flow {
    /// The page that takes user name and ticket; `request` is the sign-in that goes on afterwards.
    /// `refused` is why the last ticket was not taken, sealed.
    pub async fn password_ticket_page(
        &self,
        visitor: &Visitor,
        request: Option<&str>,
        refused: Option<&str>,
    ) -> Result<Portal<PasswordTicketPage>, Fault> {
        let Some(text) = request else { return Ok(Portal::elsewhere(self.ticket_begin(visitor))) };
        Ok(match self.ticket_request(visitor, text).await? {
            Ok(carried) => {
                let Refused { name, answer: failure, .. } = Refused::open(visitor, PATH, refused);
                let destination = carried.door.destination(&visitor.tenant);
                let username = match failure {
                    Some(_) => name,
                    None => carried.name.unwrap_or_default(),
                };
                let request = text.to_owned();
                Portal::Here(PasswordTicketPage { destination, request, username, failure })
            }
            Err(progress) => Portal::elsewhere(*progress),
        })
    }

    /// Nobody was about to sign in anywhere: to the portal, then.
    fn ticket_begin(&self, visitor: &Visitor) -> Progress {
        let (digest, new_cookie) = if let Some(digest) = visitor.browser_digest() {
            (digest, None)
        } else {
            let (digest, text) = self.new_browser(visitor);
            (digest, Some(text))
        };
        let carried = Carried::new(door("/portal", Care::Plain), visitor.now).bound_to(digest);
        let sealed = carried.seal(&visitor.tenant, SEALED_REQUEST_BYTES_MAX, &*self.entropy);
        let mut progress = see(format!("{PATH}?r={}", sealed.unwrap_or_default()));
        if let Progress::SeeOther { cookies, .. } = &mut progress {
            cookies.browser = new_cookie;
        }
        progress
    }

    /// The request behind a page of ours, of this browser.
    pub(super) async fn ticket_request(
        &self,
        visitor: &Visitor,
        text: &str,
    ) -> Result<Result<Carried, Box<Progress>>, Fault> {
        let carried = match self.carried(visitor, text) {
            Ok(carried) => carried,
            Err(progress) => return Ok(Err(progress)),
        };
        let Some(digest) = visitor.browser_digest() else {
            return Ok(Err(Box::new(self.without_cookie(visitor, carried).await?)));
        };
        let plain = Carried { other_person: true, ..Carried::new(carried.door, carried.at) };
        Ok(Ok(Carried { name: carried.name, ..plain }.bound_to(digest)))
    }

    /// User name and ticket were entered. There is always another page to see.
    pub async fn password_ticket_entered(
        &self,
        visitor: &Visitor,
        request: &str,
        username: &str,
        typed: &Secret<String>,
    ) -> Result<Progress, Fault> {
        let mut carried = match self.ticket_request(visitor, request).await? {
            Ok(carried) => carried,
            Err(progress) => return Ok(*progress),
        };
        let username: String = username.chars().take(200).collect();
        let again = |failure: TicketAnswer| {
            let refused = Refused { name: username.clone(), ..failure.into() };
            refused.path(visitor, &format!("{PATH}?r={request}"), &*self.entropy).map(see)
        };
        if username.trim().is_empty() || typed.expose().trim().is_empty() {
            return again(public(visitor, Reason::InputEmpty));
        }
        // What cannot be a ticket is no guess.
        let Ok(code) = TicketCode::parse(typed.expose()) else {
            return again(public(visitor, Reason::TicketWrong));
        };
        carried.name = Some(username.clone());
        let mut round = Round::load_shown(self, visitor, Stage::Carried(carried)).await?;
        if let Some(until) = round.facts.throttle.source_wait_until {
            let details = Details { wait_until: Some(until), ..Details::default() };
            return again(TicketAnswer { details, ..public(visitor, Reason::ThrottleSource) });
        }
        let name = round.name().unwrap_or_default();
        let key = counter_of(visitor, Guess::PasswordTicket, &name);
        let reserved = match self.reserve_ticket(visitor, key).await? {
            Ok(reserved) => reserved,
            Err(refused) => return again(TicketAnswer { details: hushed(&refused), ..refused }),
        };
        let right = self.right_ticket(&mut round, name, &code).await?;
        let Some((right, said)) = right else {
            if !visitor.position.inside {
                self.network_failed(visitor, key);
            }
            let writes = vec![Write::CounterFail(reserved)];
            let wrong = public(visitor, Reason::TicketWrong);
            return again(self.ticket_told(&round, wrong, writes).await?);
        };
        let mut writes = vec![Write::CounterClear(reserved)];
        match said {
            Ok(_) | Err(Reason::AskSecondFactor) => {
                let line = line(&round, "ticket.verified");
                writes.push(Write::Audit(Box::new(line)));
                self.commit_ticket(visitor, writes).await?;
                Ok(see(right.path(visitor, request, &*self.entropy)?))
            }
            Err(reason) => again(self.ticket_told(&round, answer(visitor, reason), writes).await?),
        }
    }

    /// The ticket that was typed, if it is one of the named person's, and what the engine says about it. The account
    /// is judged only for whoever has it.
    async fn right_ticket(
        &self,
        round: &mut Round<'_>,
        name: String,
        code: &TicketCode,
    ) -> Result<Option<(Right, Result<PasswordPermit, Reason>)>, Fault> {
        let visitor = round.visitor;
        let tenant = &visitor.tenant;
        let nobody = PersonId::from_bytes([0; 16]);
        let id = round.person.as_ref().map_or(nobody, |person| person.person.id);
        let tickets = self.store.tickets_of(tenant.id, id).await?;
        let (Some(person), Some(browser)) = (&round.person, visitor.browser_digest()) else {
            return Ok(None);
        };
        let found = tickets
            .iter()
            .find(|ticket| is_live(ticket, person, visitor) && code.is_of(tenant, ticket));
        let Some(found) = found else { return Ok(None) };
        let said = ticket::password(&round.facts, found.purpose, None);
        let right = Right {
            person: id,
            name,
            epoch: person.known.credential_epoch,
            ticket: found.id,
            purpose: found.purpose,
            browser: browser_mark(browser),
            at: visitor.now,
        };
        Ok((said != Err(Reason::TicketWrong)).then_some((right, said)))
    }

    /// Write a refusal down, under an incident code.
    pub(super) async fn ticket_told(
        &self,
        round: &Round<'_>,
        said: TicketAnswer,
        mut writes: Vec<Write>,
    ) -> Result<TicketAnswer, Fault> {
        let incident = IncidentCode::random(&*self.entropy);
        let told = AuditLine {
            reason: Some(said.reason.code().to_owned()),
            incident: Some(incident.to_string()),
            ..line(round, "ticket.refused")
        };
        writes.push(Write::Audit(Box::new(told)));
        self.commit_ticket(round.visitor, writes).await?;
        Ok(TicketAnswer { incident: Some(incident), ..said })
    }
}

/// A refusal to somebody who has shown nothing.
fn public(visitor: &Visitor, reason: Reason) -> TicketAnswer {
    TicketAnswer { details: Details::default(), ..answer(visitor, reason) }
}

fn hushed(refused: &TicketAnswer) -> Details {
    Details { verified: false, ..refused.details.clone() }
}

/// The audit line of a ticket; of nobody, if nobody has the name.
fn line(round: &Round<'_>, event: &str) -> AuditLine {
    let visitor = round.visitor;
    match &round.person {
        Some(person) => portal_line(visitor, person, event),
        None => AuditLine {
            at: visitor.now,
            event: event.to_owned(),
            service: Some(sekimori_directory::settings::ServiceName::portal().to_string()),
            zone: Some(visitor.position.zone.to_string()),
            ..AuditLine::default()
        },
    }
}
