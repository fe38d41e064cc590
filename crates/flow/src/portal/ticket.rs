//! Entering an enrolment ticket: with a standing session, or on the page that refused somebody for want of a factor.

use sekimori_base::{AttemptId, Fault, Secret, Timestamp, random};
use sekimori_directory::Binding;
use sekimori_directory::settings::ServiceName;
use sekimori_login::enrol::{self, Ticket};
use sekimori_login::replay::Asked;
use sekimori_login::throttle::{Bucket, Guess};
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{Details, Next, Reason};
use sekimori_store::{
    AuditLine, CommitError, CounterKey, Reservation, Reserved, StoredPerson, StoredTicket, Write,
};
use serde::{Deserialize, Serialize};

use super::Portal;
use super::enrolment::{Applicant, Enrolment, Holder, Registrar, What, applicant_data, as_session};
use super::enter::{Care, Entrance, Who, door, form_token, portal_line};
use super::refused::Refused;
use super::see;
use crate::Flow;
use crate::attempt::RESERVATION_SECONDS;
use crate::carried::{Carried, browser_mark};
use crate::device::Device;
use crate::door::{Destination, destination};
use crate::guess;
use crate::incident::IncidentCode;
use crate::login::{Round, Stage, ticket_may_help, unknown_bucket};
use crate::record::RecordedFacts;
use crate::ticket::TicketCode;
use crate::view::Progress;
use crate::visitor::Visitor;

/// Where it is.
const PATH: &str = "/portal/ticket";

/// The page that takes a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketPage {
    /// Where the sign-in goes.
    pub destination: Destination,
    /// Whose sign-in was refused for want of a factor; nobody if there is a session.
    pub refused: Option<String>,
    /// Who is signed in; nobody if the ticket is for an attempt.
    pub who: Option<Who>,
    /// The token of the form.
    pub token: String,
    /// The attempt that the ticket is for, if there is no session.
    pub attempt: Option<AttemptId>,
    /// Why the ticket just sent was not taken.
    pub failure: Option<TicketAnswer>,
}

/// Why a ticket was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketAnswer {
    /// Why.
    #[serde(rename = "r")]
    pub reason: Reason,
    /// What goes with it.
    #[serde(rename = "d")]
    pub details: Details,
    /// The incident code, if one was kept.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentCode>,
    /// When.
    #[serde(rename = "t")]
    pub at: Timestamp,
}

impl Flow {
    /// The page that takes a ticket: for the session, or for a refused attempt of this browser. `refused` is why the
    /// last one was not taken, sealed.
    pub async fn ticket_page(
        &self,
        visitor: &Visitor,
        attempt: Option<AttemptId>,
        refused: Option<&str>,
    ) -> Result<Portal<TicketPage>, Fault> {
        Ok(match self.ticket_registrar(visitor, attempt).await? {
            Ok(registrar) => {
                let failure = Refused::open(visitor, PATH, refused).answer;
                Portal::Here(page(&registrar, failure))
            }
            Err(progress) => Portal::elsewhere(progress),
        })
    }

    /// Whoever may enter a ticket.
    async fn ticket_registrar<'a>(
        &'a self,
        visitor: &'a Visitor,
        attempt: Option<AttemptId>,
    ) -> Result<Result<Registrar<'a>, Progress>, Fault> {
        if let Some(attempt) = attempt {
            let registrar = self.applicant(visitor, attempt).await?;
            return Ok(registrar.ok_or_else(|| self.stale(visitor, None)));
        }
        let door = door(PATH, Care::Sensitive);
        match self.look_in(visitor, door.clone()).await? {
            Entrance::Inside(inside) => Ok(Ok(Registrar::Inside(inside))),
            // The session was opened inside and is of no use here: the ticket counts after the password alone.
            Entrance::Not(decision)
                if decision.next == Next::Refuse && ticket_may_help(decision.reason) =>
            {
                let browser = visitor.browser_digest().map(browser_mark);
                let plain = Carried::new(door, visitor.now);
                let carried = Carried { browser, other_person: true, ..plain };
                Ok(Err(self.see_carried(visitor, &carried)))
            }
            Entrance::Not(_) => self.begin(visitor, door).await.map(Err),
        }
    }

    /// Somebody whose attempt has shown the password and was refused for want of a factor.
    async fn applicant<'a>(
        &'a self,
        visitor: &'a Visitor,
        attempt: AttemptId,
    ) -> Result<Option<Registrar<'a>>, Fault> {
        let Some((version, known)) = self.open_attempt(visitor, attempt).await? else {
            return Ok(None);
        };
        let own = visitor.browser_digest().map(browser_mark) == Some(known.browser);
        let refused = known.last.step.is_none() && ticket_may_help(known.last.reason);
        let proof = known.proofs.iter().find(|proof| proof.opens()).cloned();
        let (Some(proof), true, true) = (proof, own, refused) else { return Ok(None) };
        let (name, browser, epoch) = (known.name.clone(), known.browser, known.credential_epoch);
        let service = known.door.service();
        let stage = Stage::Attempt { id: attempt, version, state: Box::new(known) };
        let mut round = Round::load(self, visitor, stage, None).await?;
        round.facts.session = Some(as_session(&proof, epoch, visitor.now));
        let may = enrol::binding(&visitor.tenant.policy, &round.facts, Ticket::Verified);
        let Some(person) = round.person.take().filter(|_| may == Ok(Binding::Ticket)) else {
            return Ok(None);
        };
        let applicant = Applicant { attempt, browser, name, proof, service };
        let (applicant, person) = (Box::new(applicant), Box::new(person));
        let facts = Box::new(round.facts);
        Ok(Some(Registrar::Applicant { visitor, applicant, person, facts }))
    }

    /// A ticket was entered. There is always another page to see.
    pub async fn ticket_entered(
        &self,
        visitor: &Visitor,
        attempt: Option<AttemptId>,
        token: &str,
        typed: &Secret<String>,
    ) -> Result<Progress, Fault> {
        let registrar = match self.ticket_registrar(visitor, attempt).await? {
            Ok(registrar) => registrar,
            Err(progress) => return Ok(progress),
        };
        let here = attempt.map_or(PATH.to_owned(), |id| format!("{PATH}?attempt={id}"));
        let again = |answer: TicketAnswer| {
            Refused::from(answer).path(visitor, &here, &*self.entropy).map(see)
        };
        if !registrar.is_token(token) {
            return Ok(see(here));
        }
        if typed.expose().trim().is_empty() {
            return again(answer(visitor, Reason::InputEmpty));
        }
        // What cannot be a ticket is no guess.
        let Ok(code) = TicketCode::parse(typed.expose()) else {
            return again(answer(visitor, Reason::TicketWrong));
        };
        let name = registrar.person().person.username.as_str();
        let key = counter_of(visitor, Guess::Ticket, name);
        let reserved = match self.reserve_ticket(visitor, key).await? {
            Ok(reserved) => reserved,
            Err(refused) => return again(refused),
        };
        let tenant = &visitor.tenant;
        let person = registrar.person().person.id;
        let tickets = self.store.tickets_of(tenant.id, person).await?;
        let live = tickets.iter().find(|ticket| {
            is_live(ticket, registrar.person(), visitor) && ticket.purpose == TicketPurpose::Factor
        });
        if let Some(ticket) = live.filter(|ticket| code.is_of(tenant, ticket)) {
            return self.ticket_taken(&registrar, ticket, reserved).await;
        }
        let wrong = self.ticket_refused(&registrar, live, reserved).await?;
        again(wrong)
    }

    pub(super) async fn reserve_ticket(
        &self,
        visitor: &Visitor,
        key: CounterKey,
    ) -> Result<Result<Reserved, TicketAnswer>, Fault> {
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let reservation =
            self.store.reserve(tenant, now, key, RESERVATION_SECONDS, Vec::new()).await;
        match reservation {
            Ok(Reservation::Granted { reserved, .. }) => Ok(Ok(reserved)),
            Ok(Reservation::Refused(counter)) => {
                let reason = if counter.closed() {
                    Reason::ThrottleClosed
                } else if counter.wait_until.is_some() {
                    Reason::ThrottleWait
                } else {
                    Reason::ThrottleBusy
                };
                let details = Details { wait_until: counter.wait_until, ..Details::default() };
                Ok(Err(TicketAnswer { details, ..answer(visitor, reason) }))
            }
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("reserving a guess", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The right ticket: on to registering. It is spent with the factor, not before.
    async fn ticket_taken(
        &self,
        registrar: &Registrar<'_>,
        ticket: &StoredTicket,
        reserved: Reserved,
    ) -> Result<Progress, Fault> {
        let visitor = registrar.visitor();
        let person = registrar.person();
        let holder = match registrar {
            Registrar::Inside(inside) => Holder::Session(inside.session.facts.id),
            Registrar::Applicant { applicant, .. } => {
                Holder::Applicant(Applicant::clone(applicant))
            }
        };
        let entropy = &*self.entropy;
        let mut enrolment =
            Enrolment::new(visitor, holder, person, Binding::Ticket, What::Totp, entropy);
        enrolment.ticket = Some(ticket.id);
        let line = portal_line(visitor, person, "ticket.verified");
        let writes = vec![Write::CounterClear(reserved), Write::Audit(Box::new(line))];
        self.commit_ticket(visitor, writes).await?;
        Ok(see(enrolment.path(&visitor.tenant, entropy)?))
    }

    /// Not a ticket of this person. The same for wrong, used, ended and missing ones. The counter's transaction keeps
    /// the facts as well.
    async fn ticket_refused(
        &self,
        registrar: &Registrar<'_>,
        live: Option<&StoredTicket>,
        reserved: Reserved,
    ) -> Result<TicketAnswer, Fault> {
        let visitor = registrar.visitor();
        let person = registrar.person();
        let incident = IncidentCode::random(&*self.entropy);
        let facts = registrar.facts();
        let decision = enrol::decision(&visitor.tenant.policy, facts, Ticket::Wrong);
        let asked = Asked::RegisteringByWrongTicket;
        let recorded = RecordedFacts::of(visitor, asked, facts, &decision);
        let told = AuditLine {
            reason: Some(decision.reason.code().to_owned()),
            incident: Some(incident.to_string()),
            facts: Some(recorded.beside(random(&*self.entropy))?),
            ..portal_line(visitor, person, "ticket.refused")
        };
        let mut writes = vec![Write::CounterFail(reserved), Write::Audit(Box::new(told))];
        let id = person.person.id;
        writes.extend(live.map(|ticket| Write::TicketWrong { person: id, id: ticket.id }));
        self.commit_ticket(visitor, writes).await?;
        Ok(TicketAnswer { incident: Some(incident), ..answer(visitor, decision.reason) })
    }

    pub(super) async fn commit_ticket(
        &self,
        visitor: &Visitor,
        writes: Vec<Write>,
    ) -> Result<(), Fault> {
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("counting a ticket", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

fn page(registrar: &Registrar<'_>, failure: Option<TicketAnswer>) -> TicketPage {
    let tenant = &registrar.visitor().tenant;
    let who = registrar.who();
    match registrar {
        Registrar::Inside(inside) => {
            let destination = destination(tenant, &ServiceName::portal());
            let token = inside.token();
            TicketPage { destination, refused: None, who, token, attempt: None, failure }
        }
        Registrar::Applicant { applicant, person, .. } => TicketPage {
            destination: destination(tenant, &applicant.service),
            refused: Some(person.person.username.to_string()),
            who,
            token: form_token(tenant, &applicant_data(applicant)),
            attempt: Some(applicant.attempt),
            failure,
        },
    }
}

pub(super) fn answer(visitor: &Visitor, reason: Reason) -> TicketAnswer {
    let details = Details { verified: true, ..Details::default() };
    TicketAnswer { reason, details, incident: None, at: visitor.now }
}

/// Whether a ticket may be used: not used, ended or too old, and its person has had no other password or factor since.
pub(super) fn is_live(ticket: &StoredTicket, person: &StoredPerson, visitor: &Visitor) -> bool {
    let epoch = person.known.credential_epoch;
    ticket.spent_at.is_none()
        && ticket.tries_left > 0
        && ticket.expires_at > visitor.now
        && ticket.epoch.is_none_or(|made_under| made_under == epoch)
}

/// Tickets are guessed at a user name, as passwords are, whether or not anybody has it.
pub(super) fn counter_of(visitor: &Visitor, kind: Guess, name: &str) -> CounterKey {
    let tenant = &visitor.tenant;
    let device = visitor.device.as_deref().and_then(|text| Device::open(tenant, text));
    let known = device.filter(|device| device.knows(name));
    let (bucket, device) =
        known.map_or((unknown_bucket(visitor), 0), |device| (Bucket::KnownDevice, device.id()));
    guess::at(tenant, kind, bucket, name, device).key
}
