//! An incident at the console: what `explain` prints, as a page.

use sekimori_base::{Fault, Timestamp};
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_login::desk::{Reach, Role};
use sekimori_store::StoredMailCode;

use super::handle::{Kind, open};
use super::{PATH, Staff};
use crate::Flow;
use crate::admin::{Decided, Explained, View};
use crate::incident::IncidentCode;
use crate::portal::{Portal, Who};
use crate::record::RecordedFacts;
use crate::refused::RefusedRequest;
use crate::view::SentMail;
use crate::visitor::Visitor;

/// Codes that were sent within so many seconds of an incident are shown with it.
const AROUND_SECONDS: i64 = 900;
/// So many codes are looked through.
const CODES_MAX: u32 = 10;

/// An incident's page.
#[derive(Debug, Clone)]
pub struct DeskIncident {
    /// Who is at the console.
    pub who: Who,
    /// The code.
    pub code: IncidentCode,
    /// What is known; `None` for a code that is not kept, or is about somebody out of reach.
    pub known: Option<Box<IncidentKind>>,
}

/// What is known of an incident.
#[derive(Debug, Clone)]
pub struct IncidentKind {
    /// When.
    pub at: Timestamp,
    /// Of whom: their user name, and the address of their page.
    pub person: Option<(String, String)>,
    /// At which service.
    pub service: Option<ServiceName>,
    /// From which zone.
    pub zone: Option<ZoneName>,
    /// The code of the reason, as the audit has it.
    pub reason: Option<String>,
    /// The decision, decided again, while its facts are kept.
    pub decided: Option<Decided>,
    /// What was sent, if it was a request that no rule decided about.
    pub request: Option<RefusedRequest>,
    /// It was a fault of ours, in its own words.
    pub fault: Option<String>,
    /// Codes by mail around it.
    pub mails: Vec<SentNearby>,
}

/// A code by mail that was sent around an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentNearby {
    /// The address, masked.
    pub address: String,
    /// How it fared.
    pub sent: SentMail,
}

impl Flow {
    /// The page of the incident that `handle` stands for. Whoever it is about reads that it was looked at.
    pub async fn desk_incident(
        &self,
        visitor: &Visitor,
        handle: &str,
    ) -> Result<Portal<DeskIncident>, Fault> {
        let path = format!("{PATH}/incident/{handle}");
        let staff = match self.enter_desk(visitor, &path).await? {
            Ok(staff) => staff,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let code = open(&staff, Kind::Incident, handle);
        let code = code.and_then(|code| String::from_utf8(code).ok()?.parse::<IncidentCode>().ok());
        let Some(code) = code else { return Ok(Portal::see(PATH)) };
        // Nothing is decided again before it is known that it may be read.
        let explained = if self.may_read(&staff, code).await? {
            self.explain(&visitor.tenant, code).await?
        } else {
            None
        };
        let known = if let Some(explained) = explained {
            Some(Box::new(self.known(&staff, explained).await?))
        } else {
            let nothing = serde_json::json!({ "found": 0, "what": "incident" });
            self.write_search(&staff, nothing).await?;
            None
        };
        Ok(Portal::Here(DeskIncident { who: staff.who(), code, known }))
    }

    /// Whose incident may be read: of those within reach; by everybody at the console what names nobody; by
    /// administrators the rest, which is of people who are no more, or names somebody in its facts alone (whose
    /// session it was).
    async fn may_read(&self, staff: &Staff<'_>, code: IncidentCode) -> Result<bool, Fault> {
        let tenant = staff.visitor().tenant.id;
        let Some(entry) = self.store.incident(tenant, &code.to_string()).await? else {
            return Ok(false);
        };
        if staff.role == Role::Administrator {
            // Of themselves and of other administrators they read nothing either.
            let Some(person) = entry.line.person else { return Ok(true) };
            let stored = self.store.person(tenant, staff.visitor().now, person).await?;
            return Ok(stored.is_none_or(|stored| staff.reach(&stored.person) > Reach::Nothing));
        }
        if let Some(person) = entry.line.person {
            return Ok(self.within_reach(staff, person).await?.is_some());
        }
        let facts = entry.facts.as_ref().map(|facts| facts.json.as_str());
        let recorded = facts.and_then(|json| serde_json::from_str::<RecordedFacts>(json).ok());
        Ok(recorded.is_none_or(|recorded| recorded.facts.known().is_none()))
    }

    async fn known(&self, staff: &Staff<'_>, explained: Explained) -> Result<IncidentKind, Fault> {
        let tenant = &staff.visitor().tenant;
        let line = explained.line;
        self.view(tenant, line.person, View::Incident, &staff.by()).await?;
        let mails = match line.person {
            Some(person) => self.store.mail_codes_of(tenant.id, person, CODES_MAX).await?,
            None => Vec::new(),
        };
        let around =
            |code: &&StoredMailCode| code.made_at.seconds_since(line.at).abs() <= AROUND_SECONDS;
        let nearby = |code: &StoredMailCode| SentNearby {
            address: code.address.clone(),
            sent: SentMail::of(code.number, code.made_at, Some(code)),
        };
        let person = explained.person.as_ref().map(|person| {
            Ok::<_, Fault>((person.username.to_string(), self.person_path(staff, person)?))
        });
        // What broke is for whoever runs the server.
        let details = line.details.as_ref().filter(|_| staff.role == Role::Administrator);
        let fault = details.and_then(|details| details["fault"].as_str());
        Ok(IncidentKind {
            at: line.at,
            person: person.transpose()?,
            service: line.service.as_deref().and_then(|name| ServiceName::parse(name).ok()),
            zone: line.zone.as_deref().and_then(|name| ZoneName::parse(name).ok()),
            fault: fault.map(str::to_owned),
            reason: line.reason,
            decided: explained.decided,
            request: explained.request,
            mails: mails.iter().filter(around).map(nearby).collect(),
        })
    }
}
