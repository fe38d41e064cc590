//! What happened to an account, as its owner or the help desk may read it: failures with their reasons among it.

use std::net::IpAddr;

use sekimori_base::{Bilingual, Fault, PersonId, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_login::{Notice, Reason, Tier};
use sekimori_store::AuditEntry;

use super::{lost, not_me, preferences};
use crate::Flow;
use crate::door::destination;
use crate::record::RecordedFacts;
use crate::tenant::Tenant;

/// Lines that are read for one page.
const LINES: u32 = 60;
/// A question that was followed by an answer within so many seconds is not worth a line.
const ANSWERED_SECONDS: i64 = 600;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
    /// The service's title.
    pub service: Option<Bilingual>,
    /// The zone.
    pub zone: Option<ZoneName>,
    /// The address, while it is kept.
    pub address: Option<IpAddr>,
    /// What was shown.
    pub methods: Vec<Method>,
    /// The incident code, if one was kept.
    pub incident: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Somebody was signed in.
    SignedIn,
    /// Somebody was not signed in, and why, up to the reader's tier.
    Refused(Reason),
    /// Something was not registered, and why, up to the reader's tier.
    NotRegistered(Reason),
    /// The password was right, and nobody went on.
    LeftOff,
    /// Something of the account was changed.
    Changed(Notice),
    /// The help desk looked at the account.
    Viewed,
    /// A ticket was made for them.
    TicketMade,
    /// The help desk ended the waits after wrong tries.
    Unlocked,
    /// A break-glass code was made for them.
    BreakGlassMade,
    /// They signed out, or ended a sign-in elsewhere.
    SessionEnded,
    /// The help desk ended sign-ins.
    SessionEndedByDesk,
    /// What is stored about them was changed.
    PersonChanged,
    /// They said of something that it was not them.
    NotMe,
}

impl Flow {
    /// The history of a person before `before` as `tier` may read it, newest first, and where older lines begin.
    pub(crate) async fn history(
        &self,
        tenant: &Tenant,
        person: PersonId,
        before: Timestamp,
        tier: Tier,
    ) -> Result<(Vec<Entry>, Option<Timestamp>), Fault> {
        let lines = self.store.history_of(tenant.id, person, before, LINES).await?;
        let full = lines.len() as u64 == u64::from(LINES);
        let older = lines.last().filter(|_| full).map(|last| last.line.at);
        let mut entries = Vec::new();
        let mut newer: Option<Timestamp> = None;
        for line in &lines {
            let answered =
                newer.is_some_and(|newer| newer.seconds_since(line.line.at) <= ANSWERED_SECONDS);
            if line.line.event.starts_with("login.") {
                newer = Some(line.line.at);
            }
            entries.extend(entry(tenant, line, answered, tier));
        }
        Ok((entries, older))
    }
}

fn entry(tenant: &Tenant, stored: &AuditEntry, answered: bool, tier: Tier) -> Option<Entry> {
    let line = &stored.line;
    let reason = line.reason.as_deref().and_then(Reason::from_code);
    let what = match (line.event.as_str(), reason) {
        ("login.admitted", _) => Happening::SignedIn,
        ("login.refused" | "ticket.refused", Some(reason)) => {
            Happening::Refused(reason.shown_to(tier))
        }
        ("enrol.refused", Some(reason)) => Happening::NotRegistered(reason.shown_to(tier)),
        ("login.asked", _) if !answered => Happening::LeftOff,
        ("password.changed" | "password.by_ticket", _) => {
            Happening::Changed(Notice::PasswordChanged)
        }
        ("factor.added" | "factor.handed_out", _) => Happening::Changed(Notice::FactorAdded),
        ("factor.removed" | "factor.ended_by_desk", _) => Happening::Changed(Notice::FactorRemoved),
        ("factor.resumed", _) => Happening::Changed(Notice::FactorResumed),
        (lost::EVENT, _) => Happening::Changed(Notice::LossReported),
        (preferences::EVENT | "preferences.cleared", _) => {
            Happening::Changed(Notice::PreferencesChanged)
        }
        ("certificate.issued", _) => Happening::Changed(Notice::CertificateIssued),
        ("certificate.revoked", _) => Happening::Changed(Notice::CertificateRevoked),
        ("recovery_codes.made", _) => Happening::Changed(Notice::RecoveryCodesMade),
        ("desk.viewed" | "person.exported", _) => Happening::Viewed,
        ("ticket.made", _) => Happening::TicketMade,
        ("person.unlocked", _) => Happening::Unlocked,
        ("break_glass.made", _) => Happening::BreakGlassMade,
        ("session.ended", _) if line.by.is_some() => Happening::SessionEndedByDesk,
        ("session.ended", _) => Happening::SessionEnded,
        ("person.changed", _) => Happening::PersonChanged,
        (not_me::EVENT, _) => Happening::NotMe,
        _ => return None,
    };
    let recorded = stored
        .facts
        .as_ref()
        .and_then(|facts| serde_json::from_str::<RecordedFacts>(&facts.json).ok());
    let service = line.service.as_deref().and_then(|name| ServiceName::parse(name).ok());
    Some(Entry {
        at: line.at,
        what,
        service: service.map(|name| destination(tenant, &name).title),
        zone: line.zone.as_deref().and_then(|name| ZoneName::parse(name).ok()),
        address: recorded.as_ref().and_then(|recorded| recorded.facts.position.address),
        methods: recorded.as_ref().map(methods).unwrap_or_default(),
        incident: line.incident.clone(),
    })
}

/// What was shown in an attempt, or had been shown in the session that answered it.
fn methods(recorded: &RecordedFacts) -> Vec<Method> {
    let facts = &recorded.facts;
    let mut methods: Vec<Method> = facts.proofs.iter().map(|proof| proof.method).collect();
    methods.extend(facts.fresh_proof().map(|proof| proof.method));
    if methods.is_empty() {
        let session = facts.session.iter().flat_map(|session| session.proofs.iter());
        methods.extend(session.map(|proof| proof.method));
    }
    methods.sort_unstable();
    methods.dedup();
    methods
}
