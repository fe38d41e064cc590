//! Why a recorded decision came out as it did, and what other settings would have made of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use sekimori_base::{Fault, PersonId, Timestamp};
use sekimori_directory::settings::{ServiceName, Site};
use sekimori_directory::{NetworkMap, Person};
use sekimori_login::replay::{
    Asked, Change, Forecast, Proposal, Recorded, Replayed, nearest_changes, replay, what_if,
};
use sekimori_login::{Details, Facts, Policy, Reason};
use sekimori_store::{AuditFacts, AuditPlace, StoredLine};

use crate::tenant::Tenant;
use crate::{Flow, IncidentCode, RecordedFacts, RefusedRequest};

/// Lines that are read at once.
const PAGE: u32 = 1000;

/// An incident, explained.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The line of the audit.
    pub line: StoredLine,
    /// The person, if there was one and still is.
    pub person: Option<Person>,
    /// What the decision looked at and what deciding again gives; `None` when the facts were removed.
    pub decided: Option<Decided>,
    /// What was sent, if it was a request that no rule decided about.
    pub request: Option<RefusedRequest>,
}

/// A recorded decision, decided again.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The reason then.
    pub reason: Reason,
    /// The rule that spoke then.
    pub rule: String,
    /// The version of the settings then.
    pub settings_version: u64,
    /// The facts.
    pub facts: Facts,
    /// What deciding again gives; `None` when the settings of that time are gone.
    pub replayed: Option<Replayed>,
    /// What else the decision says: a wait's end, a requirement.
    pub details: Option<Details>,
    /// Changes, one of which would have been enough.
    pub changes: Vec<Change>,
}

/// Somebody for whom other settings would make a difference at a service, by what was recorded last: an earlier
/// sign-in from the same zone may have been without a factor that they have by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Who.
    pub person: PersonId,
    /// Their user name, if they still exist.
    pub username: Option<String>,
    /// Where they signed in to.
    pub service: ServiceName,
    /// From which zone, as it was then.
    pub zone: String,
    /// What became of a sign-in like theirs, then.
    pub before: Forecast,
    /// What would become of it.
    pub after: Forecast,
    /// How often they signed in there, from there.
    pub times: u64,
}

/// What other settings would make of recorded sign-ins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhatIf {
    /// Sign-ins that were looked at.
    pub sign_ins: u64,
    /// Sign-ins whose facts were removed, or in a shape that is no longer read.
    pub unknown: u64,
    /// For whom it would make a difference.
    pub affected: Vec<Affected>,
}

impl Flow {
    /// The incident of a code; `None` if no such code is kept.
    pub async fn explain(
        &self,
        tenant: &Tenant,
        code: IncidentCode,
    ) -> Result<Option<Explained>, Fault> {
        let Some(entry) = self.store.incident(tenant.id, &code.to_string()).await? else {
            return Ok(None);
        };
        if entry.line.incident.as_deref() != Some(code.to_string().as_str()) {
            let doing = "explaining an incident";
            return Err(Fault::new(
                doing,
                "another line is filed under its code: see `audit verify`",
            ));
        }
        let person = match entry.line.person {
            Some(id) => self.store.person(tenant.id, self.clock.now(), id).await?,
            None => None,
        };
        let decided = match &entry.facts {
            Some(facts) => self.decided(tenant, facts).await?,
            None => None,
        };
        let request = entry.facts.as_ref().and_then(|facts| serde_json::from_str(&facts.json).ok());
        let person = person.map(|one| one.person);
        Ok(Some(Explained { line: entry.line, person, decided, request }))
    }

    async fn decided(&self, tenant: &Tenant, facts: &AuditFacts) -> Result<Option<Decided>, Fault> {
        let Ok(record) = serde_json::from_str::<RecordedFacts>(&facts.json) else {
            return Ok(None);
        };
        let (rule, version) = (record.rule.clone(), record.settings_version);
        let (reason, facts) = (record.reason, record.facts.clone());
        let mut decided = Decided {
            reason,
            rule,
            settings_version: version,
            facts,
            replayed: None,
            details: None,
            changes: Vec::new(),
        };
        if let Some(policy) = self.policy_at(tenant, version).await? {
            decided.changes = match record.asked {
                Asked::SignIn => nearest_changes(&policy, &decided.facts),
                Asked::Registering | Asked::RegisteringByWrongTicket => Vec::new(),
            };
            let replayed = replay(&record.with_policy(policy));
            decided.details = match &replayed {
                Replayed::Same(decision)
                | Replayed::Broken(decision)
                | Replayed::DecidedDifferentlyToday(decision) => Some(decision.details.clone()),
                Replayed::Unreadable => None,
            };
            decided.replayed = Some(replayed);
        }
        Ok(Some(decided))
    }

    async fn policy_at(&self, tenant: &Tenant, version: u64) -> Result<Option<Policy>, Fault> {
        if version == tenant.settings_version {
            return Ok(Some(tenant.policy.clone()));
        }
        let stored = self.store.site_at(tenant.id, version).await?;
        Ok(stored.map(|stored| Policy::of(&stored.site)))
    }

    /// What `site` would make of the sign-ins since then. `progress` hears how many lines were read.
    pub async fn what_if(
        &self,
        tenant: &Tenant,
        site: &Site,
        since: Timestamp,
        progress: impl Fn(u64),
    ) -> Result<WhatIf, Fault> {
        let policy = Policy::of(site);
        let networks = NetworkMap::new(&site.zones, &site.relays);
        let proposal = Proposal { site, policy: &policy, networks: &networks };
        let mut policies: HashMap<u64, Option<Policy>> = HashMap::new();
        let mut result = WhatIf::default();
        let mut latest: BTreeMap<Place, (Forecast, Forecast, u64)> = BTreeMap::new();
        let mut place = AuditPlace::from(since);
        let mut read = 0;
        loop {
            let entries = self.store.audit_since(tenant.id, place, PAGE).await?;
            let Some(last) = entries.last() else { break };
            place = AuditPlace { at: last.line.at, id: last.id };
            read += entries.len() as u64;
            progress(read);
            for entry in entries.iter().filter(|entry| is_sign_in(&entry.line)) {
                result.sign_ins += 1;
                let Some(recorded) =
                    self.recorded(tenant, &mut policies, entry.facts.as_ref()).await?
                else {
                    result.unknown += 1;
                    continue;
                };
                let (before, after) = what_if(&recorded, &proposal);
                if let Some(person) = entry.line.person {
                    let zone = recorded.facts.position.zone.to_string();
                    let place = (person, recorded.facts.service.name, zone);
                    let times = latest.get(&place).map_or(0, |(_, _, times)| *times);
                    latest.insert(place, (before, after, times + 1));
                }
            }
        }
        for ((person, service, zone), (before, after, times)) in latest {
            if before == after {
                continue;
            }
            let stored = self.store.person(tenant.id, self.clock.now(), person).await?;
            let username = stored.map(|stored| stored.person.username.to_string());
            result.affected.push(Affected {
                person,
                username,
                service,
                zone,
                before,
                after,
                times,
            });
        }
        Ok(result)
    }

    async fn recorded(
        &self,
        tenant: &Tenant,
        policies: &mut HashMap<u64, Option<Policy>>,
        facts: Option<&AuditFacts>,
    ) -> Result<Option<Recorded>, Fault> {
        let Some(facts) = facts else { return Ok(None) };
        let Ok(record) = serde_json::from_str::<RecordedFacts>(&facts.json) else {
            return Ok(None);
        };
        let version = record.settings_version;
        let policy = if let Some(known) = policies.get(&version) {
            known.clone()
        } else {
            let policy = self.policy_at(tenant, version).await?;
            policies.insert(version, policy.clone());
            policy
        };
        Ok(policy.map(|policy| record.with_policy(policy)))
    }
}

/// Facts as indented lines; what is absent is left out.
pub fn fact_lines(facts: &Facts) -> String {
    let mut text = String::new();
    add_lines(&mut text, &serde_json::to_value(facts).unwrap_or_default(), 0);
    text
}

fn add_lines(text: &mut String, value: &serde_json::Value, depth: usize) {
    let serde_json::Value::Object(fields) = value else { return };
    for (key, value) in fields {
        let pad = "  ".repeat(depth);
        // Writing to a text cannot fail.
        let _ = match value {
            serde_json::Value::Null => Ok(()),
            serde_json::Value::Object(_) => {
                let said = writeln!(text, "{pad}{key}");
                add_lines(text, value, depth + 1);
                said
            }
            serde_json::Value::String(value) => writeln!(text, "{pad}{key}: {value}"),
            serde_json::Value::Array(list) if list.is_empty() => Ok(()),
            other => writeln!(text, "{pad}{key}: {other}"),
        };
    }
}

/// Who signed in, at which service, from which zone.
type Place = (PersonId, ServiceName, String);

/// Whether the line tells how a sign-in of a known person ended. Other lines have reasons as well (a ticket that was
/// refused), and a question in the middle of a sign-in is not its end.
fn is_sign_in(line: &StoredLine) -> bool {
    line.person.is_some() && matches!(line.event.as_str(), "login.admitted" | "login.refused")
}
