//! After a restore: what the exported audit (see [`super::exported`]) says that was ended since the backup is ended again, before anybody is
//! served. What cannot be done again is listed.

use std::collections::BTreeMap;

use sekimori_base::{FactorId, Fault, PersonId, Timestamp};
use sekimori_directory::settings::ServiceName;
use sekimori_directory::{Binding, Method, PersonState};
use sekimori_login::FactorFacts;
use sekimori_pki::Serial;
use sekimori_store::{CertificateSerial, Conflict, StoredLine, StoredPerson, Write};
use serde_json::json;

use super::By;
use super::exported::{Held, HeldEvent};
use crate::Flow;
use crate::certificates::stored_serial;
use crate::login::SPENT;
use crate::portal::SUSPENDED_SECONDS;
use crate::tenant::Tenant;

/// The event of a recovery code that is used up again.
pub(super) const CODE_SPENT: &str = "recovery_code.spent";

/// Events that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Disabled,
    Enabled,
    FactorEnded,
    FormerCodesEnded,
    CodeSpent,
    FactorSuspended,
    ConsentWithdrawn,
    Erased,
    CertificateRevoked,
    ByHand,
}

impl Event {
    pub(super) fn of(line: &StoredLine) -> Option<Self> {
        if spent_code(line).is_some() {
            return Some(Self::CodeSpent);
        }
        Some(match line.event.as_str() {
            "person.disabled" => Self::Disabled,
            "person.enabled" => Self::Enabled,
            "factor.removed" | "factor.ended_by_desk" | "factor.replaced" => Self::FactorEnded,
            "recovery_codes.made" => Self::FormerCodesEnded,
            "not_me" => Self::FactorSuspended,
            "consent.withdrawn" => Self::ConsentWithdrawn,
            "person.erased" => Self::Erased,
            "certificate.revoked" => Self::CertificateRevoked,
            "person.added"
            | "people.imported"
            | "password.changed"
            | "password.by_ticket"
            | "break_glass.made"
            | "factor.added"
            | "factor.handed_out"
            | "factor.resumed"
            | "service.secret_made"
            | "certificate.issued"
            | "preferences.changed"
            | "ca.made"
            | "ca.root_list"
            | "settings.applied"
            | "keys.rotated" => Self::ByHand,
            _ => return None,
        })
    }
}

/// What became of something that the audit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done again.
    Done,
    /// It is so already.
    Already,
    /// Somebody has to look at it.
    ByHand,
}

/// Something that happened since the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reapplied {
    /// When.
    pub at: Timestamp,
    /// The stable word of it.
    pub event: String,
    /// About whom: the user name, or the id of somebody who is not in the backup.
    pub person: Option<String>,
    /// About which service.
    pub service: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an exported audit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reapplication {
    /// Lines that the database does not have.
    pub lines: u64,
    /// How many of them no checkpoint seals: nothing was done because of them.
    pub unsealed: u64,
    /// Checkpoints that only keys of the file verify: they sealed nothing.
    pub foreign_keys: u64,
    /// The moment of the last line: what came later is not known.
    pub until: Option<Timestamp>,
    /// What happened, in the order of time.
    pub acts: Vec<Reapplied>,
}

impl Flow {
    /// End again what was ended since the backup.
    pub async fn reapply(
        &self,
        tenant: &Tenant,
        held: Held,
        by: &By,
    ) -> Result<Reapplication, Fault> {
        let Held { lines, unsealed, foreign_keys, until, mut events } = held;
        let mut done = Reapplication { lines, unsealed, foreign_keys, until, acts: Vec::new() };
        events.sort_by_key(|event| event.line.at);
        // Of somebody who was disabled and let in again the last word counts.
        let mut states = BTreeMap::new();
        for HeldEvent { event, line, sealed } in events {
            if !sealed {
                done.acts.push(self.reapplied(tenant, line, Outcome::ByHand).await?);
                continue;
            }
            if matches!(event, Event::Disabled | Event::Enabled) {
                states.extend(line.person.map(|person| (person, (event, line))));
                continue;
            }
            let outcome = self.reapply_one(tenant, event, &line, by).await?;
            done.acts.push(self.reapplied(tenant, line, outcome).await?);
        }
        for (event, line) in states.into_values() {
            let outcome = self.reapply_state(tenant, event, &line, by).await?;
            done.acts.push(self.reapplied(tenant, line, outcome).await?);
        }
        done.acts.sort_by_key(|act| act.at);
        Ok(done)
    }

    async fn reapplied(
        &self,
        tenant: &Tenant,
        line: StoredLine,
        outcome: Outcome,
    ) -> Result<Reapplied, Fault> {
        let person = match line.person {
            Some(id) => {
                let found = self.store.person(tenant.id, self.clock.now(), id).await?;
                Some(found.map_or(id.to_string(), |found| found.person.username.to_string()))
            }
            None => None,
        };
        let StoredLine { at, event, service, .. } = line;
        Ok(Reapplied { at, event, person, service, outcome })
    }

    async fn reapply_state(
        &self,
        tenant: &Tenant,
        event: Event,
        line: &StoredLine,
        by: &By,
    ) -> Result<Outcome, Fault> {
        let Some((id, found)) = self.of_line(tenant, line).await? else {
            return Ok(Outcome::ByHand);
        };
        let disabled = matches!(found.person.state, PersonState::Disabled { .. });
        match (event, disabled) {
            (Event::Disabled, true) => Ok(Outcome::Already),
            (Event::Disabled, false) => {
                let state = PersonState::Disabled { since: line.at };
                let writes = vec![Write::PersonStateSet { person: id, state }];
                self.again(tenant, line, by, writes).await
            }
            // Nobody is let in because of a file.
            (_, true) => Ok(Outcome::ByHand),
            (_, false) => Ok(Outcome::Already),
        }
    }

    async fn reapply_one(
        &self,
        tenant: &Tenant,
        event: Event,
        line: &StoredLine,
        by: &By,
    ) -> Result<Outcome, Fault> {
        if event == Event::ByHand {
            return Ok(Outcome::ByHand);
        }
        if event == Event::CertificateRevoked {
            return self.reapply_revocation(tenant, line, by).await;
        }
        let Some((person, found)) = self.of_line(tenant, line).await? else {
            // Who is not in the backup has nothing that could come back.
            return Ok(Outcome::Already);
        };
        let factors = &found.known.factors;
        let named = line.details.as_ref().and_then(|details| details["factor"].as_str());
        let named = named.and_then(|id| id.parse::<FactorId>().ok());
        let there = |id: FactorId| factors.iter().any(|factor| factor.id == id);
        let writes = match event {
            Event::FactorEnded => match named {
                Some(factor) if there(factor) => vec![Write::FactorRemove { person, factor }],
                Some(_) => return Ok(Outcome::Already),
                None => return Ok(Outcome::ByHand),
            },
            Event::FormerCodesEnded => former_codes(person, factors),
            Event::CodeSpent => spend_again(person, &found, line),
            Event::FactorSuspended => {
                let until = line.at.plus_seconds(SUSPENDED_SECONDS);
                match named {
                    Some(factor) if there(factor) && until > self.clock.now() => {
                        vec![Write::FactorSuspend { person, factor, until: Some(until) }]
                    }
                    Some(_) | None => return Ok(Outcome::Already),
                }
            }
            Event::ConsentWithdrawn => match client_of(tenant, line) {
                Some(client_id) => vec![Write::ConsentRemove { person, client_id }],
                None => return Ok(Outcome::ByHand),
            },
            Event::Erased => {
                let outcome = self.again(tenant, line, by, Vec::new()).await?;
                self.store.person_erase(tenant.id, self.clock.now(), person).await?;
                return Ok(outcome);
            }
            Event::Disabled | Event::Enabled | Event::CertificateRevoked | Event::ByHand => {
                return Ok(Outcome::ByHand);
            }
        };
        if writes.is_empty() {
            return Ok(Outcome::Already);
        }
        self.again(tenant, line, by, writes).await
    }

    /// One that was issued since the backup as well is not known here, and no list names it.
    async fn reapply_revocation(
        &self,
        tenant: &Tenant,
        line: &StoredLine,
        by: &By,
    ) -> Result<Outcome, Fault> {
        let Some((serial, reason)) = line.details.as_ref().and_then(revocation) else {
            return Ok(Outcome::ByHand);
        };
        match self.store.certificate(tenant.id, serial.clone()).await? {
            None => Ok(Outcome::ByHand),
            Some(stored) if stored.revoked.is_some() => Ok(Outcome::Already),
            Some(_) => {
                let writes = vec![Write::CertificateRevoke { serial, reason }];
                self.again(tenant, line, by, writes).await
            }
        }
    }

    async fn of_line(
        &self,
        tenant: &Tenant,
        line: &StoredLine,
    ) -> Result<Option<(PersonId, StoredPerson)>, Fault> {
        let Some(id) = line.person else { return Ok(None) };
        let found = self.store.person(tenant.id, self.clock.now(), id).await?;
        Ok(found.map(|found| (id, found)))
    }

    /// Do it, with a line that says where the first one stood.
    async fn again(
        &self,
        tenant: &Tenant,
        line: &StoredLine,
        by: &By,
        mut writes: Vec<Write>,
    ) -> Result<Outcome, Fault> {
        let now = self.clock.now();
        let mut again = by.line(now, &line.event, line.person);
        let mut details = line.details.clone().unwrap_or_else(|| json!({}));
        details["again"] = json!({ "writer": line.writer, "sequence": line.sequence });
        again.details = details.to_string();
        again.service.clone_from(&line.service);
        writes.push(Write::Audit(Box::new(again)));
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(Outcome::Done),
            Err(error) if error.conflict() == Some(Conflict::FactorMissing) => Ok(Outcome::Already),
            // Of a sheet that is suspended nothing can be spent.
            Err(error) if error.conflict() == Some(Conflict::RecoveryCodeSpent) => {
                Ok(Outcome::ByHand)
            }
            Err(error) => Err(Fault::new("ending again what was ended", error)),
        }
    }
}

/// What ends a sheet of codes, and leaves the one for emergencies.
fn former_codes(person: PersonId, factors: &[FactorFacts]) -> Vec<Write> {
    let codes = factors.iter().filter(|factor| {
        factor.method == Method::RecoveryCode && factor.binding != Binding::BreakGlass
    });
    codes.map(|codes| Write::FactorRemove { person, factor: codes.id }).collect()
}

/// What uses up a recovery code again, unless it is used up, or its sheet is gone.
fn spend_again(person: PersonId, found: &StoredPerson, line: &StoredLine) -> Vec<Write> {
    let spent = spent_code(line).filter(|(factor, index)| {
        let sheet = found.factors.iter().find(|stored| stored.facts.id == *factor);
        sheet.is_some_and(|sheet| sheet.spent & (1 << (*index).min(63)) == 0)
    });
    let spend = |(factor, index)| Write::SpendRecoveryCode { person, factor, index };
    spent.map(spend).into_iter().collect()
}

/// The recovery code that was used up in what a line is about.
fn spent_code(line: &StoredLine) -> Option<(FactorId, u8)> {
    let code = line.details.as_ref()?.get(SPENT)?;
    let factor = code["factor"].as_str()?.parse().ok()?;
    Some((factor, u8::try_from(code["index"].as_u64()?).ok()?))
}

/// Which certificate was taken back, and why.
fn revocation(details: &serde_json::Value) -> Option<(CertificateSerial, u8)> {
    let serial = Serial::from_hex(details["serial"].as_str()?)?;
    let reason = u8::try_from(details["reason"].as_u64()?).ok()?;
    Some((stored_serial(serial), reason))
}

/// The client of the service that a line names.
fn client_of(tenant: &Tenant, line: &StoredLine) -> Option<String> {
    let name = ServiceName::parse(line.service.as_deref()?).ok()?;
    let service = tenant.site.service(&name)?;
    service.oidc.as_ref().map(|client| client.client_id.to_string())
}
