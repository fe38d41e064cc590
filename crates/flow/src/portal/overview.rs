//! The portal's first page.

use sekimori_base::{Bilingual, Fault, SessionId, Timestamp};
use sekimori_directory::settings::{Zone, ZoneName};
use sekimori_directory::{Binding, Method, Person, Position};
use sekimori_login::{FactorFacts, Facts, Tier, enrol};
use sekimori_store::{CommitError, MailState, StoredFactor, StoredSession, Write};

use super::enter::{Care, Inside, Who};
use super::history::Entry;
use super::passkeys::accepted_passkeys;
use super::{Done, Portal};
use crate::Flow;
use crate::desk;
use crate::door::desk_title;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// So many recovery codes are few.
const FEW_CODES: u8 = 3;

/// Everything that the first page shows.
#[derive(Debug, Clone)]
pub struct OverviewView {
    /// Who.
    pub person: Person,
    /// The same for the head of the page.
    pub who: Who,
    /// What was just done.
    pub done: Option<Done>,
    /// What would be good to do.
    pub suggestion: Option<Suggestion>,
    /// Services that the person may use: titles, and where they start.
    pub services: Vec<(Bilingual, String)>,
    /// Factors, also those that cannot be used.
    pub factors: Vec<FactorView>,
    /// What browsers are told about which passkeys there are.
    pub accepted_passkeys: Option<String>,
    /// Whether passkeys can be registered here.
    pub takes_passkeys: bool,
    /// Whether codes by mail are switched on here.
    pub takes_mail_codes: bool,
    /// When the last code by mail came back, if it did and went to the present address.
    pub mail_came_back: Option<Timestamp>,
    /// Whether there is an authority that issues client certificates, or was.
    pub has_certificates: bool,
    /// Standing sessions, the present one first.
    pub sessions: Vec<SessionView>,
    /// What happened, newest first.
    pub history: Vec<Entry>,
    /// Where older lines begin.
    pub older: Option<Timestamp>,
    /// The token of the page's forms.
    pub token: String,
}

/// A factor, with the name that its person knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorView {
    /// What it is.
    pub facts: FactorFacts,
    /// Its name; empty if it has none.
    pub label: String,
}

impl FactorView {
    /// A factor of a row.
    pub(crate) fn of(stored: &StoredFactor) -> Self {
        Self { facts: stored.facts.clone(), label: stored.label.clone() }
    }
}

/// A standing session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Which.
    pub id: SessionId,
    /// The browser as it describes itself.
    pub device: String,
    /// Where it was opened.
    pub zone: ZoneName,
    /// When.
    pub opened_at: Timestamp,
    /// Its last use.
    pub used_at: Timestamp,
    /// What was shown in it.
    pub methods: Vec<Method>,
    /// Whether it is the one of this request.
    pub current: bool,
}

/// What would be good to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggestion {
    /// Nothing is registered, and here the first can be.
    RegisterFirst,
    /// Nothing is registered, and here only a ticket helps; in these networks the first can be registered without.
    RegisterElsewhere(Vec<Bilingual>),
    /// Nothing is registered, and only a ticket helps.
    RegisterWithTicket,
    /// No recovery codes.
    MakeRecoveryCodes,
    /// Few recovery codes are left.
    FewRecoveryCodes,
}

impl Flow {
    /// The portal's first page, with what happened before `before`.
    pub async fn overview(
        &self,
        visitor: &Visitor,
        before: Option<Timestamp>,
        done: Option<Done>,
    ) -> Result<Portal<OverviewView>, Fault> {
        // A sign-in may come between: the message outlives it.
        let path = done.map_or("/portal".to_owned(), Done::path);
        let inside = match self.enter(visitor, &path, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let tenant = &visitor.tenant;
        let person = &inside.person.person;
        // One line of this very moment is shown as well.
        let before = before.unwrap_or_else(|| visitor.now.plus_seconds(60));
        let (history, older) = self.history(tenant, person.id, before, Tier::Owner).await?;
        let stored = self.store.sessions_of(tenant.id, person.id).await?;
        let others = inside.other_standing(&stored, visitor.now);
        let sessions = std::iter::once(&inside.session)
            .chain(others)
            .map(|session| session_view(session, Some(inside.session.facts.id)))
            .collect();
        Ok(Portal::Here(OverviewView {
            person: person.clone(),
            who: inside.who(),
            done,
            suggestion: self.suggestion(&inside).await?,
            services: services(tenant, person),
            factors: inside.person.factors.iter().map(FactorView::of).collect(),
            accepted_passkeys: accepted_passkeys(visitor, &inside.person),
            takes_passkeys: tenant.relying_party.is_some(),
            takes_mail_codes: tenant.site.policy.mail_codes,
            mail_came_back: self.mail_came_back(&inside).await?,
            has_certificates: !tenant.authorities.all().is_empty(),
            sessions,
            history,
            older,
            token: inside.token(),
        }))
    }
}

impl Flow {
    async fn mail_came_back(&self, inside: &Inside<'_>) -> Result<Option<Timestamp>, Fault> {
        let mut factors = inside.person.factors.iter();
        let Some(address) = factors.find(|factor| factor.facts.method == Method::MailCode) else {
            return Ok(None);
        };
        let (tenant, person) = (inside.visitor().tenant.id, inside.person.person.id);
        let last = self.store.mail_codes_of(tenant, person, 1).await?.pop();
        let last = last.filter(|code| code.state == MailState::Bounced);
        Ok(last.filter(|code| code.address == address.label).map(|code| code.state_at))
    }
}

pub(crate) fn session_view(session: &StoredSession, current: Option<SessionId>) -> SessionView {
    let mut methods: Vec<Method> = session.facts.proofs.iter().map(|proof| proof.method).collect();
    methods.sort_unstable();
    methods.dedup();
    SessionView {
        id: session.facts.id,
        device: session.device.clone(),
        zone: session.zone.clone(),
        opened_at: session.facts.opened_at,
        used_at: session.facts.used_at,
        methods,
        current: current == Some(session.facts.id),
    }
}

/// Services that have a front page and let the person in; the console among them for whoever has a role there.
fn services(tenant: &Tenant, person: &Person) -> Vec<(Bilingual, String)> {
    let console = desk::is_staff(tenant, person).then(|| (desk_title(), desk::PATH.to_owned()));
    let services = tenant
        .site
        .services
        .iter()
        .filter(|service| !service.disabled)
        .filter(|service| {
            service.groups.is_empty() || service.groups.iter().any(|g| person.groups.contains(g))
        })
        .filter_map(|service| Some((service.title.clone(), service.home.clone()?)));
    services.chain(console).collect()
}

impl Flow {
    /// Whoever would not get in from outside is told so and where to register, until they say that they know.
    async fn suggestion(&self, inside: &Inside<'_>) -> Result<Option<Suggestion>, Fault> {
        if let Some(reason) = self.locked_out_outside(inside) {
            let (tenant, person) = (inside.visitor().tenant.id, inside.person.person.id);
            let dismissed = self.store.prompt_dismissed(tenant, person).await?;
            return Ok((dismissed.as_deref() != Some(reason.code())).then(|| first(inside)));
        }
        Ok(about_codes(inside))
    }

    /// They know that they would not get in from outside, and do not want to be told once more.
    pub async fn dismiss_prompt(
        &self,
        visitor: &Visitor,
        token: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, "/portal", Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if let Some(reason) = self.locked_out_outside(&inside).filter(|_| inside.is_token(token)) {
            let (person, reason) = (inside.person.person.id, reason.code().to_owned());
            let writes = vec![Write::PromptDismiss { person, reason }];
            match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
                Ok(_) | Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::Fault(fault)) => return Err(fault),
            }
        }
        Ok(Portal::see("/portal"))
    }
}

fn about_codes(inside: &Inside<'_>) -> Option<Suggestion> {
    let known = &inside.person.known;
    // A break-glass code lies in a safe: it is no reason not to have codes of one's own.
    let own = || {
        let factors = known.factors.iter();
        factors.filter(|factor| factor.binding != Binding::BreakGlass && factor.is_usable())
    };
    // Whoever has nothing at all needs nothing for when it is lost.
    own().next()?;
    let codes = own().filter(|factor| factor.method == Method::RecoveryCode);
    match codes.filter_map(|factor| factor.codes_left).max() {
        None => Some(Suggestion::MakeRecoveryCodes),
        Some(left) if left <= FEW_CODES => Some(Suggestion::FewRecoveryCodes),
        Some(_) => None,
    }
}

/// Where the first factor can be registered, as the engine says.
fn first(inside: &Inside<'_>) -> Suggestion {
    let tenant = &inside.visitor().tenant;
    let may = |facts: &Facts| enrol::outlook(&tenant.policy, facts).is_ok();
    if may(inside.facts()) {
        return Suggestion::RegisterFirst;
    }
    let there = |zone: &&Zone| {
        may(&Facts { position: Position::somewhere_in(zone), ..inside.facts().clone() })
    };
    let zones = tenant.site.zones.iter().filter(there);
    let networks: Vec<Bilingual> = zones.map(|zone| zone.title.clone()).collect();
    if networks.is_empty() {
        Suggestion::RegisterWithTicket
    } else {
        Suggestion::RegisterElsewhere(networks)
    }
}
