//! What a page of registering carries: sealed, bound to a session or to a refused attempt, gone in minutes.
//!
//! Secrets are not carried but follow from a seed under a key of ours, so that the same page shows the same secret
//! and a page that nobody finishes leaves nothing to clean up.

use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{
    AttemptId, Entropy, FactorId, Fault, PersonId, Sealed, SessionId, TicketId, Timestamp, random,
};
use sekimori_directory::settings::ServiceName;
use sekimori_directory::{Binding, Method};
use sekimori_keys::{Binding as SealBinding, KeyVersion, Purpose, seal};
use sekimori_login::enrol::{self, Ticket};
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{FactorState, Facts, Proof, Reason, SessionFacts};
use sekimori_store::{CommitError, NewFactor, StoredPerson, Write};
use serde::{Deserialize, Serialize};

use super::enter::{Care, Changed, Inside, Others, Who, door, form_token, is_form_token};
use super::mail_code::Proving;
use super::refused_code::RefusedCode;
use super::see;
use super::seeded::Seeded;
use crate::Flow;
use crate::carried::{Carried, browser_mark};
use crate::incident::IncidentCode;
use crate::login::{Round, Stage};
use crate::tenant::Tenant;
use crate::view::Progress;
use crate::visitor::Visitor;

/// A verified ticket permits to register for so long.
pub(super) const TICKET_SECONDS: i64 = 600;

/// What is being registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// An authenticator app.
    #[serde(rename = "t")]
    Totp,
    /// A passkey.
    #[serde(rename = "k")]
    Passkey,
    /// An address for codes by mail.
    #[serde(rename = "m")]
    MailCode,
    /// A sheet of recovery codes.
    #[serde(rename = "c")]
    Codes,
}

impl What {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Totp => "/portal/totp",
            Self::Passkey => "/portal/passkey",
            Self::MailCode => "/portal/mail-code",
            Self::Codes => "/portal/recovery-codes",
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::Totp => Method::Totp,
            Self::Passkey => Method::Passkey,
            Self::MailCode => Method::MailCode,
            Self::Codes => Method::RecoveryCode,
        }
    }

    /// Whether a permission for the other is one for this: for an app, a passkey or an address, as the person likes.
    fn takes(self, other: Self) -> bool {
        let either = |what| matches!(what, Self::Totp | Self::Passkey | Self::MailCode);
        self == other || (either(self) && either(other))
    }
}

/// To whom the page belongs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Holder {
    /// A standing session.
    #[serde(rename = "s")]
    Session(SessionId),
    /// Somebody who was refused for want of a factor, and has a ticket.
    #[serde(rename = "a")]
    Applicant(Applicant),
}

/// Somebody without a session: their attempt has shown the password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Applicant {
    /// The attempt.
    #[serde(rename = "a")]
    pub attempt: AttemptId,
    /// The browser that it is bound to.
    #[serde(rename = "b")]
    pub browser: u64,
    /// The user name.
    #[serde(rename = "n")]
    pub name: String,
    /// The password, as it was proven.
    #[serde(rename = "p")]
    pub proof: Proof,
    /// Where the sign-in went.
    #[serde(rename = "v", default = "ServiceName::portal")]
    pub service: ServiceName,
}

/// The permission to register, with what is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    #[serde(rename = "h")]
    pub holder: Holder,
    #[serde(rename = "p")]
    pub person: PersonId,
    /// The person's epoch: another change of password or factors ends it.
    #[serde(rename = "e")]
    pub epoch: u64,
    /// How the factor will be bound.
    #[serde(rename = "b")]
    pub binding: Binding,
    /// When it was permitted.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// The ticket that is spent with it.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(rename = "w")]
    pub what: What,
    /// The address that is being proven.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Proving>,
    /// Why the code just sent was not taken.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedCode>,
    #[serde(rename = "s")]
    seed: [u8; 16],
    /// The version of the key under which the seed becomes a secret.
    #[serde(rename = "v")]
    key: u32,
}

/// Nothing can be registered here and now.
#[derive(Debug, Clone, PartialEq)]
pub struct NotNow {
    /// Why.
    pub reason: Reason,
    /// The incident code, if one was kept.
    pub incident: Option<IncidentCode>,
    /// The token of the form that takes a ticket.
    pub token: String,
    /// Who is signed in.
    pub who: Who,
}

/// Whoever registers something.
pub(crate) enum Registrar<'a> {
    /// With a standing session.
    Inside(Box<Inside<'a>>),
    /// With a refused attempt and a ticket.
    Applicant {
        visitor: &'a Visitor,
        applicant: Box<Applicant>,
        person: Box<StoredPerson>,
        /// What the engine was asked about, with the attempt as a session.
        facts: Box<Facts>,
    },
}

/// Why an opened page of registering cannot go on.
pub(crate) enum Halt {
    /// It was finished before (a double click, back, another tab).
    Finished(Box<Enrolment>),
    /// Something else comes first.
    Elsewhere(Progress),
}

impl Enrolment {
    /// The permission, with a fresh seed.
    pub fn new(
        visitor: &Visitor,
        holder: Holder,
        person: &StoredPerson,
        binding: Binding,
        what: What,
        entropy: &(impl Entropy + ?Sized),
    ) -> Self {
        Self {
            holder,
            person: person.person.id,
            epoch: person.known.credential_epoch,
            binding,
            at: visitor.now,
            ticket: None,
            what,
            mail: None,
            refused: None,
            seed: random(entropy),
            key: visitor.tenant.keys.active().0,
        }
    }

    /// The address of its page.
    pub fn path(
        &self,
        tenant: &Tenant,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<String, Fault> {
        let binding = SealBinding::new(Purpose::Enrolment, tenant.id);
        let sealed = tenant
            .keys
            .seal_json(&binding, self, SEALED_REQUEST_BYTES_MAX, entropy)
            .map_err(Fault::while_doing("sealing a registration"))?;
        Ok(format!("{}?r={}", self.what.path(), seal::to_text(&sealed)))
    }

    fn open(visitor: &Visitor, text: &str, what: What) -> Option<Self> {
        let tenant = &visitor.tenant;
        let sealed: Sealed<Self> = seal::from_text(text, SEALED_REQUEST_BYTES_MAX).ok()?;
        let binding = SealBinding::new(Purpose::Enrolment, tenant.id);
        let mut open: Self = tenant.keys.open_json(&binding, &sealed).ok()?;
        let seconds = match open.holder {
            Holder::Session(_) if open.ticket.is_none() => {
                i64::from(tenant.site.session.sudo_seconds)
            }
            Holder::Session(_) | Holder::Applicant(_) => TICKET_SECONDS,
        };
        let young = visitor.now.seconds_since(open.at) <= seconds;
        let known = tenant.keys.versions().any(|version| version.0 == open.key);
        let fits = what.takes(open.what);
        if open.what != what {
            (open.what, open.refused) = (what, None);
        }
        (fits && young && known).then_some(open)
    }

    /// Chance that is the same each time the page is shown.
    pub fn chance<'t>(&self, tenant: &'t Tenant, about: &'static str) -> impl Entropy + use<'t> {
        Seeded::new(tenant, KeyVersion(self.key), self.seed, about)
    }

    /// The same about something that is carried along.
    pub fn chance_for<'t>(
        &self,
        tenant: &'t Tenant,
        about: &'static str,
        data: &[&[u8]],
    ) -> impl Entropy + use<'t> {
        let parts = [[self.seed.as_slice()].as_slice(), data].concat();
        let digest = sekimori_keys::digest::sha256(&parts);
        let seed = digest[..16].try_into().expect("a digest has 32 bytes");
        Seeded::new(tenant, KeyVersion(self.key), seed, about)
    }

    /// The id that the factor will have: a page that is sent twice makes one factor.
    pub fn factor(&self, tenant: &Tenant) -> FactorId {
        FactorId::random(&self.chance(tenant, "id"))
    }

    /// The write that spends its ticket.
    pub fn spends_ticket(&self) -> Option<Write> {
        let (person, purpose) = (self.person, TicketPurpose::Factor);
        self.ticket.map(|id| Write::TicketSpend { person, id, purpose })
    }

    /// The factor, ready.
    pub fn new_factor(&self, id: FactorId, secret: Sealed<[u8]>, codes: u8) -> NewFactor {
        NewFactor {
            person: self.person,
            id,
            method: self.what.method(),
            binding: self.binding,
            state: FactorState::Ready,
            label: String::new(),
            secret,
            codes,
            passkey: None,
        }
    }
}

impl<'a> Registrar<'a> {
    pub fn person(&self) -> &StoredPerson {
        match self {
            Self::Inside(inside) => &inside.person,
            Self::Applicant { person, .. } => person,
        }
    }

    /// What the engine is asked about whether they may register something.
    pub fn facts(&self) -> &Facts {
        match self {
            Self::Inside(inside) => inside.facts(),
            Self::Applicant { facts, .. } => facts,
        }
    }

    pub fn visitor(&self) -> &'a Visitor {
        match self {
            Self::Inside(inside) => inside.visitor(),
            Self::Applicant { visitor, .. } => visitor,
        }
    }

    /// Who is signed in.
    pub fn who(&self) -> Option<Who> {
        match self {
            Self::Inside(inside) => Some(inside.who()),
            Self::Applicant { .. } => None,
        }
    }

    /// Whether nothing may be registered any more where they are now: a page that was opened on campus registers
    /// nothing from elsewhere. (A proof that has grown old meanwhile is no reason: the page itself is young.) For
    /// somebody without a session this was asked when their person was loaded.
    fn has_left(&self, enrolment: &Enrolment) -> bool {
        let Self::Inside(inside) = self else { return false };
        let ticket = if enrolment.ticket.is_some() { Ticket::Verified } else { Ticket::None };
        let asked = enrol::binding(&inside.visitor().tenant.policy, inside.facts(), ticket);
        matches!(asked, Err(Reason::EnrolNotHere | Reason::EnrolTicketNeeded))
    }

    pub fn token(&self) -> String {
        match self {
            Self::Inside(inside) => inside.token(),
            Self::Applicant { visitor, applicant, .. } => {
                form_token(&visitor.tenant, &applicant_data(applicant))
            }
        }
    }

    pub fn is_token(&self, text: &str) -> bool {
        match self {
            Self::Inside(inside) => inside.is_token(text),
            Self::Applicant { visitor, applicant, .. } => {
                is_form_token(&visitor.tenant, &applicant_data(applicant), text)
            }
        }
    }
}

/// What the form token of somebody without a session belongs to.
pub(super) fn applicant_data(applicant: &Applicant) -> Vec<u8> {
    [b"attempt:".as_slice(), applicant.attempt.bytes(), &applicant.browser.to_be_bytes()].concat()
}

/// What a password in an attempt amounts to for registering: as if it had opened a session just then. There is no such
/// session: only [`enrol::binding`] reads it, and facts that are kept of its answer.
pub(super) fn as_session(proof: &Proof, epoch: u64, now: Timestamp) -> SessionFacts {
    SessionFacts {
        id: SessionId::from_bytes([0; 16]),
        person: proof.person,
        opened_at: proof.at,
        used_at: now,
        proofs: vec![proof.clone()],
        credential_epoch: epoch,
    }
}

impl Flow {
    /// Permit the standing session to register something, or say why not.
    pub(crate) async fn permit(
        &self,
        inside: &Inside<'_>,
        what: What,
    ) -> Result<Result<Progress, NotNow>, Fault> {
        let visitor = inside.visitor();
        let tenant = &visitor.tenant;
        match enrol::binding(&tenant.policy, inside.facts(), Ticket::None) {
            Ok(binding) => {
                let holder = Holder::Session(inside.session.facts.id);
                let entropy = &*self.entropy;
                let enrolment =
                    Enrolment::new(visitor, holder, &inside.person, binding, what, entropy);
                Ok(Ok(see(enrolment.path(tenant, entropy)?)))
            }
            Err(reason @ (Reason::EnrolNotHere | Reason::EnrolTicketNeeded)) => {
                let decision = enrol::decision(&tenant.policy, inside.facts(), Ticket::None);
                let incident = self.narrate_registering(inside, &decision).await?;
                let who = inside.who();
                Ok(Err(NotNow { reason, incident, token: inside.token(), who }))
            }
            // What is missing is asked by a sign-in; then this page again.
            Err(_) => self.begin(visitor, door(what.path(), Care::Sensitive)).await.map(Ok),
        }
    }

    /// Open what a page of registering carries, for the browser that it belongs to.
    pub(crate) async fn resume_enrolment<'a>(
        &'a self,
        visitor: &'a Visitor,
        text: &str,
        what: What,
    ) -> Result<Result<(Enrolment, Registrar<'a>), Halt>, Fault> {
        let elsewhere = |path: &str| Ok(Err(Halt::Elsewhere(see(path))));
        let Some(enrolment) = Enrolment::open(visitor, text, what) else {
            return elsewhere(what.path());
        };
        let registrar = match &enrolment.holder {
            Holder::Session(id) => {
                let inside = match self.enter(visitor, what.path(), Care::Plain).await? {
                    Ok(inside) => inside,
                    Err(progress) => return Ok(Err(Halt::Elsewhere(progress))),
                };
                if inside.session.facts.id != *id {
                    return elsewhere(what.path());
                }
                Registrar::Inside(inside)
            }
            Holder::Applicant(applicant) => {
                match self.applicant_again(visitor, &enrolment, applicant).await? {
                    Some(registrar) => registrar,
                    None => return elsewhere("/portal"),
                }
            }
        };
        if registrar.has_left(&enrolment) {
            return elsewhere(what.path());
        }
        let person = registrar.person();
        let id = enrolment.factor(&visitor.tenant);
        if person.factors.iter().any(|stored| stored.facts.id == id) {
            return Ok(Err(Halt::Finished(Box::new(enrolment))));
        }
        if person.person.id != enrolment.person || person.known.credential_epoch != enrolment.epoch
        {
            return elsewhere(what.path());
        }
        Ok(Ok((enrolment, registrar)))
    }

    /// The person of an applicant, if this is their browser and the account may still be used.
    async fn applicant_again<'a>(
        &self,
        visitor: &'a Visitor,
        enrolment: &Enrolment,
        applicant: &Applicant,
    ) -> Result<Option<Registrar<'a>>, Fault> {
        if visitor.browser_digest().map(browser_mark) != Some(applicant.browser) {
            return Ok(None);
        }
        let carried = Carried {
            browser: Some(applicant.browser),
            name: Some(applicant.name.clone()),
            other_person: true,
            ..Carried::new(door(enrolment.what.path(), Care::Plain), visitor.now)
        };
        let mut round = Round::load_shown(self, visitor, Stage::Carried(carried)).await?;
        let Some(person) = round.person.take() else { return Ok(None) };
        // The epoch is compared by whoever asked: a finished registration has raised it.
        let epoch = person.known.credential_epoch;
        round.facts.session = Some(as_session(&applicant.proof, epoch, visitor.now));
        let may = enrol::binding(&visitor.tenant.policy, &round.facts, Ticket::Verified).is_ok();
        let (applicant, person) = (Box::new(applicant.clone()), Box::new(person));
        let facts = Box::new(round.facts);
        Ok(may.then_some(Registrar::Applicant { visitor, applicant, person, facts }))
    }

    /// Store a registered factor; `raises` is by how much the writes raise the person's epoch.
    pub(crate) async fn store_enrolment(
        &self,
        registrar: &Registrar<'_>,
        writes: Vec<Write>,
        raises: u64,
    ) -> Result<Changed, Fault> {
        match registrar {
            Registrar::Inside(inside) => self.change(inside, writes, raises, Others::Keep).await,
            Registrar::Applicant { visitor, person, .. } => {
                // No session is renewed here that would hold the epoch.
                let (person, epoch) = (person.person.id, person.known.credential_epoch);
                let mut all = vec![Write::EpochIs { person, epoch }];
                all.extend(writes);
                match self.store.commit(visitor.tenant.id, visitor.now, all).await {
                    Ok(_) => Ok(Changed::Done),
                    Err(CommitError::Conflict { .. }) => Ok(Changed::Overtaken),
                    Err(CommitError::Fault(fault)) => Err(fault),
                }
            }
        }
    }

    /// Where somebody goes who has finished registering.
    pub(crate) async fn after_enrolment(
        &self,
        visitor: &Visitor,
        holder: &Holder,
        done: super::Done,
    ) -> Result<Progress, Fault> {
        match holder {
            Holder::Session(_) => Ok(see(done.path())),
            // They have no session: the sign-in that was refused begins again, now with a factor.
            Holder::Applicant(applicant) => {
                Ok(self.open_attempt(visitor, applicant.attempt).await?.map_or_else(
                    || see("/portal"),
                    |(_, state)| self.see_carried(visitor, &crate::login::restart(&state, visitor)),
                ))
            }
        }
    }
}
