//! A person at the console: what the account is, what it has, where it would get in, what happened.

use sekimori_base::{Fault, PersonId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{MailAddress, Person, Username};
use sekimori_login::desk::{Reach, Role};
use sekimori_login::throttle::{Bucket, Guess};
use sekimori_login::{Reason, Tier};
use sekimori_store::{StoredPerson, Wanted};

use super::handle::{Kind, open};
use super::{PATH, Staff};
use crate::Flow;
use crate::admin::{View, why_not_from};
use crate::certificates::ShownCertificate;
use crate::guess;
use crate::incident::IncidentCode;
use crate::login::add_certificates;
use crate::portal::overview::session_view;
use crate::portal::{Entry, FactorView, Portal, SessionView, Who};
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// A person's page.
#[derive(Debug, Clone)]
pub struct DeskPerson {
    /// Who is at the console.
    pub who: Who,
    /// This page.
    pub path: String,
    /// The person.
    pub person: Person,
    /// Their role at the console, if they have one.
    pub role: Role,
    /// How far the one at the console reaches.
    pub reach: Reach,
    /// They have a password.
    pub has_password: bool,
    /// Their mail address, masked.
    pub mail: Option<String>,
    /// Waits after wrong tries.
    pub waits: Vec<Wait>,
    /// What sign-ins to the portal would come to.
    pub outlooks: Vec<Outlook>,
    /// Factors, also those that cannot be used.
    pub factors: Vec<FactorView>,
    /// Certificates that are good.
    pub certificates: Vec<ShownCertificate>,
    /// Standing sessions.
    pub sessions: Vec<SessionView>,
    /// What happened, newest first, with the addresses of the pages that explain it.
    pub history: Vec<(Entry, Option<String>)>,
    /// Where older lines begin.
    pub older: Option<Timestamp>,
}

/// A counter of wrong tries that is not at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// What was tried.
    pub guess: Guess,
    /// From an unknown browser, inside or outside.
    pub inside: bool,
    /// Failures in a row.
    pub failures: u32,
    /// Nothing is looked at before this moment.
    pub until: Option<Timestamp>,
    /// Closed for the day.
    pub closed: bool,
}

/// What a sign-in to the portal from somewhere would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// From where.
    pub zone: ZoneName,
    /// Why not; `None` if it would succeed.
    pub why_not: Option<Reason>,
}

impl Flow {
    /// The page of whom `handle` stands for. They read in their history that it was looked at.
    pub async fn desk_person(
        &self,
        visitor: &Visitor,
        handle: &str,
        before: Option<Timestamp>,
    ) -> Result<Portal<DeskPerson>, Fault> {
        let path = format!("{PATH}/person/{handle}");
        let staff = match self.enter_desk(visitor, &path).await? {
            Ok(staff) => staff,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let id = open(&staff, Kind::Person, handle).and_then(|bytes| bytes.try_into().ok());
        let found = match id.map(PersonId::from_bytes) {
            Some(id) => self.within_reach(&staff, id).await?,
            None => None,
        };
        let Some((stored, reach)) = found else { return Ok(Portal::see(PATH)) };
        let (tenant, id) = (&visitor.tenant, stored.person.id);
        self.view(tenant, Some(id), View::Account, &staff.by()).await?;
        let before = before.unwrap_or_else(|| visitor.now.plus_seconds(60));
        let (history, older) = self.history(tenant, id, before, Tier::HelpDesk).await?;
        let history = history.into_iter().map(|entry| {
            let code = entry.incident.as_deref().and_then(|code| code.parse().ok());
            let href = code.map(|code| self.incident_path(&staff, code)).transpose()?;
            Ok((entry, href))
        });
        let certificates = self.certificates_of(tenant, id).await?;
        Ok(Portal::Here(DeskPerson {
            who: staff.who(),
            path,
            role: sekimori_login::desk::role(&tenant.site.desks, (&stored.person).into()),
            reach,
            has_password: stored.password.is_some(),
            mail: stored.person.mail.as_ref().map(MailAddress::masked),
            waits: self.waits_of(visitor, &stored.person.username).await?,
            outlooks: self.outlooks(visitor, &stored).await?,
            factors: stored.factors.iter().map(FactorView::of).collect(),
            certificates: certificates.into_iter().filter(|one| one.is_good(visitor.now)).collect(),
            sessions: self.standing_of(visitor, &stored).await?,
            history: history.collect::<Result<_, Fault>>()?,
            older,
            person: stored.person,
        }))
    }

    /// The address of the page that explains an incident.
    fn incident_path(&self, staff: &Staff<'_>, code: IncidentCode) -> Result<String, Fault> {
        let handle = self.handle(staff, Kind::Incident, code.to_string().as_bytes())?;
        Ok(format!("{PATH}/incident/{handle}"))
    }

    /// Counters of unknown browsers that are not at zero. Those of known devices are named by the device.
    async fn waits_of(&self, visitor: &Visitor, name: &Username) -> Result<Vec<Wait>, Fault> {
        let tenant = &visitor.tenant;
        let buckets = [Bucket::UnknownInside, Bucket::UnknownOutside];
        let guesses: Vec<_> = Guess::ALL
            .into_iter()
            .flat_map(|what| buckets.map(|bucket| (what, bucket)))
            .map(|(what, bucket)| guess::at(tenant, what, bucket, name.as_str(), 0))
            .collect();
        let counters = guesses.iter().map(|at| at.key).collect();
        let wanted = Wanted { counters, ..Wanted::default() };
        let loaded = self.store.load(tenant.id, visitor.now, wanted).await?;
        let counted = guesses.into_iter().zip(loaded.counters);
        Ok(counted
            .filter(|(_, counter)| counter.failures > 0)
            .map(|(at, counter)| Wait {
                guess: at.guess,
                inside: at.bucket == Bucket::UnknownInside,
                failures: counter.failures,
                until: counter.wait_until,
                closed: counter.closed(),
            })
            .collect())
    }

    /// What a sign-in would come to in each zone, and outside of all of them.
    async fn outlooks(
        &self,
        visitor: &Visitor,
        stored: &StoredPerson,
    ) -> Result<Vec<Outlook>, Fault> {
        let (tenant, now) = (&visitor.tenant, visitor.now);
        let wanted =
            Wanted { person: Some(stored.person.id), certificates: true, ..Wanted::default() };
        let good = self.store.load(tenant.id, now, wanted).await?.certificates;
        let mut known = stored.known.clone();
        add_certificates(tenant, &mut known, &good, std::iter::empty(), now);
        Ok(zones(tenant)
            .map(|zone| {
                let there = tenant.somewhere_in(&zone);
                Outlook { why_not: why_not_from(tenant, known.clone(), &there, now), zone }
            })
            .collect())
    }

    /// Sessions that stand.
    async fn standing_of(
        &self,
        visitor: &Visitor,
        stored: &StoredPerson,
    ) -> Result<Vec<SessionView>, Fault> {
        let sessions = self.store.sessions_of(visitor.tenant.id, stored.person.id).await?;
        let idle = i64::from(visitor.tenant.site.session.idle_seconds);
        let stands = sessions.iter().filter(|session| {
            session.facts.credential_epoch == stored.known.credential_epoch
                && session.expires_at > visitor.now
                && visitor.now.seconds_since(session.facts.used_at) <= idle
        });
        Ok(stands.map(|session| session_view(session, None)).collect())
    }
}

/// Outside first, then the zones of the site.
fn zones(tenant: &Tenant) -> impl Iterator<Item = ZoneName> {
    let outside = ZoneName::outside();
    let named = tenant.site.zones.iter().map(|zone| zone.name.clone());
    std::iter::once(outside.clone()).chain(named.filter(move |name| *name != outside))
}
