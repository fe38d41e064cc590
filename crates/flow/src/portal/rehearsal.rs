//! "Could I sign in from home?": what the engine says about the person's own factors at every other place, and the same
//! sign-in for real, from where they are.
//!
//! The rules are not written down here once more: each answer is a [`Rehearsal`] of the facts that a sign-in has. The
//! sign-in for real goes through a door of its own ([`Door::Rehearsal`]), that asks for what both places ask; what was
//! shown counts as at any other sign-in.

use std::collections::BTreeMap;

use sekimori_base::{Bilingual, FactorId, Fault, Timestamp};
use sekimori_directory::settings::{Service, ServiceName, Zone, ZoneName};
use sekimori_directory::{Binding, Method, Position};
use sekimori_login::replay::{Forecast, Rehearsal, can_be_tried, rehearse};
use sekimori_login::{
    Demand, FactorFacts, FactorState, Facts, KnownPerson, PersonFacts, Reason, enrol,
};

use super::enter::{Care, Entrance, Inside, Who};
use super::{FactorView, Portal};
use crate::Flow;
use crate::door::{Door, place_title};
use crate::login::certificate_factor;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// Where it is.
pub(crate) const REHEARSAL: &str = "/portal/rehearsal";

/// Where a sign-in as if from a zone leads.
pub(crate) fn rehearsed_path(zone: &ZoneName) -> String {
    format!("{REHEARSAL}/{zone}")
}

/// What a sign-in would come to, place by place.
#[derive(Debug, Clone)]
pub struct RehearsalPage {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
    /// Every place: outside first, then the site's zones.
    pub places: Vec<RehearsedPlace>,
    /// The person's factors.
    pub factors: Vec<FactorView>,
    /// Whether something can be registered here and now.
    pub registering: Registering,
}

/// What a sign-in would come to at one place.
#[derive(Debug, Clone)]
pub struct RehearsedPlace {
    /// The place.
    pub position: Position,
    /// They are there now.
    pub here: bool,
    /// What a sign-in to the portal comes to, and with that to whatever is not listed apart.
    pub there: Rehearsal,
    /// Methods of which one more would be enough there, where nothing that they have is.
    pub mends: Vec<Method>,
    /// Services of which that is not true.
    pub apart: Vec<(Bilingual, Rehearsal)>,
    /// It can be done for real from here.
    pub may_try: bool,
    /// It cannot, although it would be possible there: the present place takes other proofs.
    pub only_there: bool,
}

/// Whether something can be registered here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registering {
    /// It can.
    Here,
    /// Not here without a ticket; in these networks with the password alone.
    There(Vec<Bilingual>),
    /// Only with a ticket.
    WithTicket,
}

/// What was shown in a sign-in as if from elsewhere.
#[derive(Debug, Clone)]
pub struct RehearsedPage {
    /// Who.
    pub who: Who,
    /// From where it was rehearsed.
    pub from: Bilingual,
    /// What was shown lately, and when.
    pub shown: Vec<(Method, Timestamp)>,
}

impl Flow {
    /// What a sign-in would come to, place by place.
    pub async fn rehearsal_page(&self, visitor: &Visitor) -> Result<Portal<RehearsalPage>, Fault> {
        let inside = match self.enter(visitor, REHEARSAL, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let registering = registering(&inside);
        let takes = self.methods_to_register(&inside);
        let places = places(&visitor.tenant).into_iter().filter_map(|position| {
            rehearsed(&visitor.tenant, inside.facts(), position, &visitor.position, &takes)
        });
        Ok(Portal::Here(RehearsalPage {
            who: inside.who(),
            token: inside.token(),
            places: places.collect(),
            factors: self.factor_views(&inside).await?,
            registering,
        }))
    }

    /// Do it for real: the sign-in that the place of `zone` would ask for, from here.
    pub async fn rehearse(
        &self,
        visitor: &Visitor,
        token: &str,
        zone: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, REHEARSAL, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let tenant = &visitor.tenant;
        let position = places(tenant).into_iter().find(|position| position.zone.as_str() == zone);
        let there = position.and_then(|position| {
            rehearsed(tenant, inside.facts(), position, &visitor.position, &[])
        });
        match there.filter(|there| there.may_try && inside.is_token(token)) {
            Some(there) => {
                let door = Door::Rehearsal { zone: there.position.zone, shown: false };
                Ok(Portal::elsewhere(self.begin(visitor, door).await?))
            }
            None => Ok(Portal::see(REHEARSAL)),
        }
    }

    /// How it went: whether what was shown just now is what the place of `zone` asks for.
    pub async fn rehearsed_page(
        &self,
        visitor: &Visitor,
        zone: &str,
    ) -> Result<Portal<RehearsedPage>, Fault> {
        let tenant = &visitor.tenant;
        let mut places = places(tenant).into_iter();
        let Some(position) = places.find(|position| position.zone.as_str() == zone) else {
            return Ok(Portal::see(REHEARSAL));
        };
        let door = Door::Rehearsal { zone: position.zone.clone(), shown: true };
        let Entrance::Inside(inside) = self.look_in(visitor, door).await? else {
            return Ok(Portal::see(REHEARSAL));
        };
        let seconds = tenant.site.session.sudo_seconds;
        // The last time of each.
        let mut shown = BTreeMap::new();
        for proof in &inside.session.facts.proofs {
            if proof.within(visitor.now, seconds) {
                let at = shown.entry(proof.method).or_insert(proof.at);
                *at = proof.at.max(*at);
            }
        }
        Ok(Portal::Here(RehearsedPage {
            who: inside.who(),
            from: place_title(tenant, &position.zone),
            shown: shown.into_iter().collect(),
        }))
    }

    /// Why the person would not get in from outside, if something that they could register would mend it.
    pub(super) fn locked_out_outside(&self, inside: &Inside<'_>) -> Option<Reason> {
        let (tenant, facts) = (&inside.visitor().tenant, inside.facts());
        let outside = tenant.somewhere_in(&ZoneName::outside());
        let there = at_service(tenant, facts, &ServiceName::portal(), &outside)?;
        let takes = self.methods_to_register(inside);
        let mended = !mends(tenant, facts, &outside, &there, &takes).is_empty();
        mended.then_some(there.reason)
    }

    /// The person's factors with the names that they know them by, certificates among them.
    async fn factor_views(&self, inside: &Inside<'_>) -> Result<Vec<FactorView>, Fault> {
        let tenant = &inside.visitor().tenant;
        let known = &inside.person.known.factors;
        let stored = &inside.person.factors;
        let mut labels: BTreeMap<FactorId, String> =
            stored.iter().map(|factor| (factor.facts.id, factor.label.clone())).collect();
        if known.iter().any(|factor| factor.method == Method::Certificate) {
            let certificates = self.certificates_of(tenant, inside.person.person.id).await?;
            labels.extend(certificates.into_iter().map(|certificate| {
                (certificate_factor(tenant, certificate.serial), certificate.label)
            }));
        }
        let view = |facts: &FactorFacts| FactorView {
            facts: facts.clone(),
            label: labels.get(&facts.id).cloned().unwrap_or_default(),
        };
        Ok(known.iter().map(view).collect())
    }

    /// What this site lets the person register at all, the recommended first.
    fn methods_to_register(&self, inside: &Inside<'_>) -> Vec<Method> {
        let tenant = &inside.visitor().tenant;
        let own = &inside.person.person;
        let offered = |method: &Method| match method {
            Method::Passkey => tenant.relying_party.is_some(),
            Method::Totp => true,
            Method::Certificate => {
                tenant.certificates.is_some() && self.may_have_certificate(tenant, own).is_ok()
            }
            Method::MailCode => tenant.site.policy.mail_codes,
            // A sheet of codes is for when the other ways fail.
            Method::RecoveryCode | Method::Password => false,
        };
        Method::ALL.into_iter().filter(offered).collect()
    }
}

/// Outside, then every zone of the site, as if somebody were there.
fn places(tenant: &Tenant) -> Vec<Position> {
    let outside = tenant.somewhere_in(&ZoneName::outside());
    let zones = tenant.site.zones.iter().map(Position::somewhere_in);
    let others = zones.filter(|position| position.zone != outside.zone);
    std::iter::once(outside.clone()).chain(others).collect()
}

fn rehearsed(
    tenant: &Tenant,
    facts: &Facts,
    position: Position,
    present: &Position,
    takes: &[Method],
) -> Option<RehearsedPlace> {
    let there = at_service(tenant, facts, &ServiceName::portal(), &position)?;
    let here = present.zone == position.zone;
    let open = |service: &&Service| {
        let groups = facts.known().map(|person| &person.groups);
        !service.disabled
            && (service.groups.is_empty()
                || groups.is_some_and(|groups| !service.groups.is_disjoint(groups)))
    };
    let apart = tenant.site.services.iter().filter(open).filter_map(|service| {
        let other = at_service(tenant, facts, &service.name, &position)?;
        let same = (other.forecast, other.reason, &other.factors)
            == (there.forecast, there.reason, &there.factors);
        (!same).then(|| (service.title.clone(), other))
    });
    let able = there.forecast == Forecast::AskedAble;
    let may_try = able && tried_from(tenant, facts, present, &position);
    Some(RehearsedPlace {
        here,
        mends: mends(tenant, facts, &position, &there, takes),
        apart: apart.collect(),
        may_try,
        only_there: able && !may_try,
        there,
        position,
    })
}

/// The methods of which one more would be enough there, if nothing that they have is.
fn mends(
    tenant: &Tenant,
    facts: &Facts,
    position: &Position,
    there: &Rehearsal,
    takes: &[Method],
) -> Vec<Method> {
    let lacks = there.forecast == Forecast::AskedUnable;
    let enough = |method: &Method| {
        let with = Facts { person: with_one_more(tenant, facts, *method), ..facts.clone() };
        at_service(tenant, &with, &ServiceName::portal(), position)
            .is_some_and(|there| there.forecast == Forecast::AskedAble)
    };
    takes.iter().copied().filter(|method| lacks && enough(method)).collect()
}

/// What a plain sign-in to the service comes to there.
fn at_service(
    tenant: &Tenant,
    facts: &Facts,
    service: &ServiceName,
    position: &Position,
) -> Option<Rehearsal> {
    rehearse(&tenant.policy, &plain(tenant, facts, service), position.clone())
}

/// Whether it can be done for real from the present place.
fn tried_from(tenant: &Tenant, facts: &Facts, present: &Position, there: &Position) -> bool {
    let asked = plain(tenant, facts, &ServiceName::portal());
    can_be_tried(&tenant.policy, &asked, present.clone(), there.clone())
}

fn plain(tenant: &Tenant, facts: &Facts, service: &ServiceName) -> Facts {
    Facts {
        service: tenant.service_facts(service),
        demand: Demand::plain(service.clone()),
        ..facts.clone()
    }
}

/// The person as they would be with one more factor, bound as it would be now.
fn with_one_more(tenant: &Tenant, facts: &Facts, method: Method) -> PersonFacts {
    let Some(known) = facts.known() else { return PersonFacts::Unknown };
    let binding = enrol::outlook(&tenant.policy, facts).unwrap_or(Binding::Ticket);
    let factor = FactorFacts {
        id: FactorId::from_bytes([0; 16]),
        method,
        binding,
        state: FactorState::Ready.under(&known.preferences, method),
        registered_at: facts.now,
        last_used_at: None,
        codes_left: None,
    };
    let factors = known.factors.iter().cloned().chain([factor]).collect();
    PersonFacts::Known(Box::new(KnownPerson { factors, ..known.clone() }))
}

/// Where something can be registered, as the engine says.
fn registering(inside: &Inside<'_>) -> Registering {
    let tenant = &inside.visitor().tenant;
    // Whoever has something that counts here is asked for it, and goes on.
    let may = |facts: &Facts| {
        matches!(enrol::outlook(&tenant.policy, facts), Ok(_) | Err(Reason::AskStepUp))
    };
    if may(inside.facts()) {
        return Registering::Here;
    }
    let there = |zone: &&Zone| {
        may(&Facts { position: Position::somewhere_in(zone), ..inside.facts().clone() })
    };
    let zones = tenant.site.zones.iter().filter(there);
    let networks: Vec<Bilingual> = zones.map(|zone| zone.title.clone()).collect();
    if networks.is_empty() { Registering::WithTicket } else { Registering::There(networks) }
}
