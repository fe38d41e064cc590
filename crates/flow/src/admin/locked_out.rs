//! Who would not get in from somewhere, although their account may be used: the rehearsal of everybody.

use sekimori_base::{Fault, Timestamp};
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_directory::{Person, Position, Username};
use sekimori_login::replay::{Forecast, Rehearsal, rehearse};
use sekimori_login::throttle::Bucket;
use sekimori_login::{
    BrowserFacts, Demand, FACTS_SCHEMA, Facts, IdentifierFacts, KnownPerson, PersonFacts, Reason,
    ThrottleFacts, account_refusal,
};

use crate::Flow;
use crate::login::add_certificates;
use crate::tenant::Tenant;

/// People that are read at once.
const PAGE: u32 = 250;

/// Somebody whose account may be used.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Who.
    pub person: Person,
    /// They have a password.
    pub started: bool,
    /// Why they would not get in; `None` if they would.
    pub locked_out: Option<Reason>,
}

/// Some people in order of their user names.
#[derive(Debug, Clone)]
pub struct OutlookPage {
    /// Everybody among them whose account may be used.
    pub people: Vec<Outlook>,
    /// The last who was looked at, if there may be more.
    pub next: Option<Username>,
}

impl Flow {
    /// What sign-ins to the portal from `zone` would come to for the people after `after`.
    pub async fn outlook_from(
        &self,
        tenant: &Tenant,
        zone: &ZoneName,
        after: Option<Username>,
    ) -> Result<OutlookPage, Fault> {
        let now = self.clock.now();
        let there = tenant.somewhere_in(zone);
        let page = self.store.everybody(tenant.id, now, after, PAGE).await?;
        let usable = page.people.into_iter().filter(|one| {
            // Who may not sign in anywhere is not locked out of this place.
            account_refusal(one.stored.person.state, now).is_none()
        });
        let people = usable.map(|one| {
            let mut known = one.stored.known;
            add_certificates(tenant, &mut known, &one.certificates, std::iter::empty(), now);
            Outlook {
                locked_out: why_not_from(tenant, known, &there, now),
                person: one.stored.person,
                started: one.stored.password.is_some(),
            }
        });
        Ok(OutlookPage { people: people.collect(), next: page.next })
    }
}

/// Why a sign-in of somebody to the portal would not succeed `there`; `None` if it would.
pub(crate) fn why_not_from(
    tenant: &Tenant,
    known: KnownPerson,
    there: &Position,
    now: Timestamp,
) -> Option<Reason> {
    let there = rehearsed(tenant, known, there, now)?;
    match there.forecast {
        Forecast::Admitted | Forecast::AskedAble => None,
        Forecast::AskedUnable | Forecast::Refused | Forecast::Unknown => Some(there.reason),
    }
}

fn rehearsed(
    tenant: &Tenant,
    known: KnownPerson,
    there: &Position,
    now: Timestamp,
) -> Option<Rehearsal> {
    let portal = ServiceName::portal();
    let facts = Facts {
        schema: FACTS_SCHEMA,
        now,
        demand: Demand::plain(portal.clone()),
        service: tenant.service_facts(&portal),
        position: there.clone(),
        attempt: None,
        browser: BrowserFacts { known_device: false, last_method: None },
        identifier: IdentifierFacts::Absent,
        throttle: ThrottleFacts {
            bucket: Bucket::UnknownOutside,
            failures: 0,
            wait_until: None,
            source_wait_until: None,
            reservation_refused: false,
            repeated: false,
            mail_wait_until: None,
            alert_wait_until: None,
        },
        person: PersonFacts::Known(Box::new(known)),
        session: None,
        proofs: Vec::new(),
        answered_lately: 0,
        submitted: None,
        verdict: None,
    };
    rehearse(&tenant.policy, &facts, there.clone())
}
