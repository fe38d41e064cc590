//! What an incident code says, and to whom. A code is a handle, never a permission: without the browser that it was
//! shown in, or a sign-in as its owner, it opens no more than an unknown code does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekimori_base::{Bilingual, Fault, TenantId, Timestamp};
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_login::{Details, Reason, Tier, decide};
use sekimori_store::AuditEntry;

use super::enter::{Care, Entrance, door};
use crate::Flow;
use crate::carried::browser_mark;
use crate::door::destination;
use crate::incident::IncidentCode;
use crate::record::RecordedFacts;
use crate::refused::RefusedRequest;
use crate::visitor::Visitor;

/// Codes that one network may look up in a minute.
const NETWORK_MAX: u32 = 10;
/// Codes that a tenant's visitors may look up in a minute on this node.
const TENANT_MAX: u32 = 600;
/// Networks that are remembered in a minute; beyond it everybody waits for the next one.
const NETWORKS_MAX: usize = 20_000;

/// What is said about a code.
#[derive(Debug, Clone, PartialEq)]
pub enum HelpView {
    /// No code was entered.
    Nothing,
    /// It cannot be a code.
    Mistyped,
    /// A code, known or not.
    Public(IncidentCode),
    /// One of this browser's or this person's own.
    Told(IncidentCode, Box<Told>),
    /// Too many were looked up.
    Slower {
        /// Seconds to wait.
        wait_seconds: i64,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The reason, as far as it may be told.
    pub reason: Reason,
    /// What goes with it.
    pub details: Details,
    /// When.
    pub at: Timestamp,
    /// The service's title.
    pub service: Option<Bilingual>,
    /// The zone.
    pub zone: Option<ZoneName>,
}

/// Look-ups of this minute. Bounded.
#[derive(Default)]
pub(crate) struct Lookups(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    number: i64,
    tenants: HashMap<TenantId, u32>,
    networks: HashMap<(TenantId, u128), u32>,
}

impl Lookups {
    /// Count one; the seconds to wait if there were too many.
    fn take(&self, tenant: TenantId, network: u128, now: Timestamp) -> Result<(), i64> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.unix_seconds().div_euclid(60);
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        let wait = 60 - now.unix_seconds().rem_euclid(60);
        let full = minute.networks.len() >= NETWORKS_MAX;
        if full && !minute.networks.contains_key(&(tenant, network)) {
            return Err(wait);
        }
        let of_network = minute.networks.entry((tenant, network)).or_default();
        *of_network += 1;
        if *of_network > NETWORK_MAX {
            return Err(wait);
        }
        let of_tenant = minute.tenants.entry(tenant).or_default();
        *of_tenant += 1;
        if *of_tenant > TENANT_MAX { Err(wait) } else { Ok(()) }
    }
}

impl Flow {
    /// What can be said about a code as it was typed.
    pub async fn help(&self, visitor: &Visitor, typed: Option<&str>) -> Result<HelpView, Fault> {
        let Some(typed) = typed.map(str::trim).filter(|typed| !typed.is_empty()) else {
            return Ok(HelpView::Nothing);
        };
        let Ok(code) = typed.parse::<IncidentCode>() else { return Ok(HelpView::Mistyped) };
        let tenant = &visitor.tenant;
        if let Err(wait_seconds) = self.lookups.take(tenant.id, visitor.network(), visitor.now) {
            return Ok(HelpView::Slower { wait_seconds });
        }
        let found = self.store.incident(tenant.id, &code.to_string()).await?;
        // Asked for every code, so that known and unknown ones cost the same.
        let person = match self.look_in(visitor, door("/portal", Care::Plain)).await? {
            Entrance::Inside(inside) => Some(inside.person.person.id),
            Entrance::Not(_) => None,
        };
        let Some(entry) = found else { return Ok(HelpView::Public(code)) };
        let recorded = entry
            .facts
            .as_ref()
            .and_then(|facts| serde_json::from_str::<RecordedFacts>(&facts.json).ok());
        let owner = person.is_some() && entry.line.person == person;
        let mark = visitor.browser_digest().map(browser_mark);
        let request = entry
            .facts
            .as_ref()
            .and_then(|facts| serde_json::from_str::<RefusedRequest>(&facts.json).ok());
        let browser = recorded.as_ref().map(|recorded| recorded.browser);
        let browser = browser.or(request.map(|request| request.browser)).flatten();
        let own_browser = mark.is_some() && browser == mark;
        let told = told(visitor, &entry, recorded.as_ref(), owner);
        Ok(match told.filter(|_| owner || own_browser) {
            Some(told) => HelpView::Told(code, Box::new(told)),
            None => HelpView::Public(code),
        })
    }
}

/// The text of a line: to its owner all that an owner may know, to its browser what was shown there.
fn told(
    visitor: &Visitor,
    entry: &AuditEntry,
    recorded: Option<&RecordedFacts>,
    owner: bool,
) -> Option<Told> {
    let line = &entry.line;
    let tenant = &visitor.tenant;
    let reason = line.reason.as_deref().and_then(Reason::from_code)?;
    let details = recorded
        .map(|recorded| decide(&tenant.policy, &recorded.facts))
        .filter(|decision| decision.reason == reason)
        .map(|decision| decision.details)
        .unwrap_or_default();
    let tier = match (owner, details.verified) {
        (true, _) => Tier::Owner,
        (false, true) => Tier::Verified,
        (false, false) => Tier::Public,
    };
    let service = line.service.as_deref().and_then(|name| ServiceName::parse(name).ok());
    Some(Told {
        reason: reason.shown_to(tier),
        details,
        at: line.at,
        service: service.map(|name| destination(tenant, &name).title),
        zone: line.zone.as_deref().and_then(|name| ZoneName::parse(name).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::from_bytes([1; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(610);

    #[test]
    fn a_network_may_look_up_a_few_codes_a_minute() {
        let lookups = Lookups::default();
        let taken = (0..50).filter(|_| lookups.take(TENANT, 1, NOW).is_ok()).count();
        assert_eq!(taken, 10);
        assert_eq!(lookups.take(TENANT, 1, NOW), Err(50));
        assert_eq!(lookups.take(TENANT, 2, NOW), Ok(()));
        assert_eq!(lookups.take(TENANT, 1, NOW.plus_seconds(50)), Ok(()));
    }

    #[test]
    fn endless_networks_take_no_endless_memory() {
        let lookups = Lookups::default();
        for network in 0..30_000 {
            let _ = lookups.take(TENANT, network, NOW);
        }
        assert!(lookups.0.lock().unwrap().networks.len() <= NETWORKS_MAX);
    }
}
