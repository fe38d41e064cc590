//! What its owner wants to be asked for as the one more proof. Whether that leaves a way in is for the engine to say.

use sekimori_base::{Bilingual, Fault};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Method, Position, PositionOrigin, Preferences};
use sekimori_login::preferences::{Closed, closes};
use sekimori_login::{FactorState, Notice, Reason, ServiceFacts};
use sekimori_store::{AuditLine, Write};

use super::enter::{Care, Changed, Inside, Others, Who, portal_line};
use super::{Done, Portal};
use crate::Flow;
use crate::door::destination;
use crate::notices::About;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

const PATH: &str = "/portal/preferences";

/// The audit's word for a choice.
pub(super) const EVENT: &str = "preferences.changed";

/// The page on which somebody chooses.
#[derive(Debug, Clone)]
pub struct PreferencesPage {
    /// Who.
    pub who: Who,
    /// The kinds that they have, and whether each may be used.
    pub kinds: Vec<(Method, Use)>,
    /// What is asked for first, if not what the browser remembers.
    pub first: Option<Method>,
    /// Why what was just sent was not taken.
    pub refused: Option<ClosedWay>,
    /// The token of the form.
    pub token: String,
}

/// Whether a kind may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It may.
    On,
    /// It may not.
    Off,
}

/// The way in that a choice would close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedWay {
    /// Why that is refused.
    pub reason: Reason,
    /// To which service.
    pub service: Bilingual,
    /// From which zone.
    pub zone: ZoneName,
    /// What is left is too weak for services that ask for more.
    pub for_level: bool,
}

/// What was chosen, as the form or the address says it.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// The kinds that are ticked, or that are left out.
    pub methods: Vec<Method>,
    /// What is asked for first.
    pub first: Option<Method>,
}

impl Flow {
    /// The page; `refused` is a choice that was not taken, as the address carries it: the kinds that would be off.
    pub async fn preferences_page(
        &self,
        visitor: &Visitor,
        refused: Option<Chosen>,
    ) -> Result<Portal<PreferencesPage>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let wanted = refused.map(|refused| Preferences::new(refused.methods, refused.first));
        let closed = wanted.as_ref().and_then(|wanted| closed(&inside, wanted));
        let shown = wanted.as_ref().filter(|_| closed.is_some());
        let shown = shown.unwrap_or(&inside.person.known.preferences);
        let state = |method| if shown.is_off(method) { Use::Off } else { Use::On };
        Ok(Portal::Here(PreferencesPage {
            kinds: kinds(&inside).map(|method| (method, state(method))).collect(),
            first: shown.first(),
            refused: closed.map(|closed| closed_way(&visitor.tenant, closed)),
            who: inside.who(),
            token: inside.token(),
        }))
    }

    /// Choose: `chosen` names the kinds that may be used.
    pub async fn choose_preferences(
        &self,
        visitor: &Visitor,
        token: &str,
        chosen: Chosen,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, PATH, Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(PATH));
        }
        let off = kinds(&inside).filter(|method| !chosen.methods.contains(method));
        let wanted = Preferences::new(off, chosen.first);
        if wanted == inside.person.known.preferences {
            return Ok(Portal::done(Done::PreferencesChosen));
        }
        if closed(&inside, &wanted).is_some() {
            return Ok(Portal::see(refused_path(&wanted)));
        }
        let person = inside.person.person.id;
        let line = AuditLine {
            details: serde_json::json!({ "preferences": &wanted }).to_string(),
            ..portal_line(visitor, &inside.person, EVENT)
        };
        let mut writes = vec![Write::PreferencesSet { person, preferences: wanted }];
        writes.push(Write::Audit(Box::new(line)));
        let (notice, about) = (Notice::PreferencesChanged, About::default());
        writes.extend(self.notice_to_all(visitor, &inside.person, notice, about)?);
        match self.change(&inside, writes, 1, Others::Keep).await? {
            Changed::Done => Ok(Portal::done(Done::PreferencesChosen)),
            Changed::Overtaken => Ok(Portal::see(PATH)),
        }
    }
}

/// The kinds that somebody has, or has switched off.
fn kinds<'i>(inside: &'i Inside<'_>) -> impl Iterator<Item = Method> + 'i {
    let known = &inside.person.known;
    Preferences::CHOOSABLE.into_iter().filter(|method| {
        let has = known
            .factors
            .iter()
            .any(|factor| factor.method == *method && factor.state != FactorState::Unfinished);
        known.preferences.is_off(*method) || (has && inside.takes(*method))
    })
}

/// Asks the engine: every service, and every place that the site knows, and elsewhere.
fn closed(inside: &Inside<'_>, wanted: &Preferences) -> Option<Closed> {
    let tenant = &inside.visitor().tenant;
    let outside = tenant.position(None, PositionOrigin::Unreadable);
    let zones = tenant.site.zones.iter().map(Position::somewhere_in);
    let positions: Vec<Position> = std::iter::once(outside).chain(zones).collect();
    let services = tenant.site.services.iter().map(ServiceFacts::of);
    let portal = tenant.service_facts(&sekimori_directory::settings::ServiceName::portal());
    let services: Vec<ServiceFacts> = std::iter::once(portal).chain(services).collect();
    closes(&tenant.policy, inside.facts(), &services, &positions, wanted)
}

fn closed_way(tenant: &Tenant, closed: Closed) -> ClosedWay {
    ClosedWay {
        reason: closed.reason(),
        service: destination(tenant, &closed.service).title,
        zone: closed.zone,
        for_level: closed.for_level,
    }
}

/// The page once more, with what was chosen.
fn refused_path(wanted: &Preferences) -> String {
    let off: Vec<&str> = wanted.off().map(Method::as_str).collect();
    let first = wanted.first().map_or("", Method::as_str);
    format!("{PATH}?off={}&first={first}", off.join("."))
}
