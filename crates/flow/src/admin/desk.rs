//! What the help desk does for somebody: end waits, end sessions, end factors.

use sekimori_base::{FactorId, Fault, PersonId, SessionId};
use sekimori_directory::{Preferences, Username};
use sekimori_login::throttle::{Bucket, Guess};
use sekimori_login::{FactorState, Notice};
use sekimori_store::{CommitError, Conflict, StoredFactor, Write};

use super::By;
use crate::Flow;
use crate::guess;
use crate::notices::About;
use crate::tenant::Tenant;

/// Which sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionsToEnd {
    /// This one, and what services got from it.
    One(SessionId),
    /// All of the person's, and all that services got.
    All,
}

/// What of somebody the help desk looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The account: name, state, factors.
    Account,
    /// Open sessions.
    Sessions,
    /// Certificates.
    Certificates,
    /// Why a sign-in came out as it did.
    Incident,
    /// What other settings would make of everybody's sign-ins.
    WhatIf,
    /// Who would not get in from somewhere.
    LockedOut,
}

impl View {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Sessions => "sessions",
            Self::Certificates => "certificates",
            Self::Incident => "incident",
            Self::WhatIf => "what_if",
            Self::LockedOut => "locked_out",
        }
    }
}

impl Flow {
    /// Write down that the help desk looks at somebody, before it does.
    pub async fn view(
        &self,
        tenant: &Tenant,
        about: Option<PersonId>,
        what: View,
        by: &By,
    ) -> Result<(), Fault> {
        let mut line = by.line(self.clock.now(), "desk.viewed", about);
        line.details = serde_json::json!({ "what": what.as_str() }).to_string();
        self.commit_plain(tenant, vec![Write::Audit(Box::new(line))], "writing down a view").await
    }

    /// Forget the failures with a user name from unknown browsers, inside and outside, of every kind. Counters of
    /// known devices are named by the device and clear themselves with its next success.
    pub async fn unlock(
        &self,
        tenant: &Tenant,
        person: PersonId,
        username: &Username,
        by: &By,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let mut writes = Vec::new();
        for guess in Guess::ALL {
            for bucket in [Bucket::UnknownInside, Bucket::UnknownOutside] {
                let at = guess::at(tenant, guess, bucket, username.as_str(), 0);
                writes.push(Write::CounterForget(at.key));
            }
        }
        writes.push(Write::Audit(Box::new(by.line(now, "person.unlocked", Some(person)))));
        self.commit_plain(tenant, writes, "ending waits").await
    }

    /// End sessions of somebody.
    pub async fn end_sessions_of(
        &self,
        tenant: &Tenant,
        person: PersonId,
        which: SessionsToEnd,
        by: &By,
    ) -> Result<(), Fault> {
        let mut line = by.line(self.clock.now(), "session.ended", Some(person));
        let mut writes = match which {
            SessionsToEnd::One(id) => {
                line.details = serde_json::json!({ "session": id }).to_string();
                vec![Write::SessionEndById { person, id }]
            }
            SessionsToEnd::All => vec![Write::SessionsEndOfPerson { person, except: None }],
        };
        writes.push(Write::Audit(Box::new(line)));
        self.commit_plain(tenant, writes, "ending sessions").await
    }

    /// End a factor of somebody, who is told. `false`: they have no such factor.
    pub async fn end_factor_of(
        &self,
        tenant: &Tenant,
        person: PersonId,
        factor: FactorId,
        by: &By,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        let Some(stored) = self.store.person(tenant.id, now, person).await? else {
            return Ok(false);
        };
        let Some(had) = stored.factors.iter().find(|had| had.facts.id == factor) else {
            return Ok(false);
        };
        let about =
            About { factor: Some(factor), method: Some(had.facts.method), ..About::default() };
        let told = self.desk_notice(tenant, &stored, Notice::FactorRemoved, about)?;
        let mut line = by.line(now, "factor.ended_by_desk", Some(person));
        line.details = serde_json::json!({ "factor": factor }).to_string();
        let mut writes = vec![Write::FactorRemove { person, factor }, Write::Audit(Box::new(line))];
        writes.extend(told);
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(true),
            Err(error) if error.conflict() == Some(Conflict::FactorMissing) => Ok(false),
            Err(error) => Err(Fault::new("ending a factor", error)),
        }
    }

    /// A factor of somebody that "this was not me" suspended may be used again; they are told. `false`: they have no
    /// such factor, or it is not suspended.
    pub async fn resume_factor_of(
        &self,
        tenant: &Tenant,
        person: PersonId,
        factor: FactorId,
        by: &By,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        let Some(stored) = self.store.person(tenant.id, now, person).await? else {
            return Ok(false);
        };
        let mut factors = stored.factors.iter();
        let suspended = |had: &&StoredFactor| {
            had.facts.id == factor && had.facts.state == FactorState::Suspended
        };
        let Some(had) = factors.find(suspended) else { return Ok(false) };
        let about =
            About { factor: Some(factor), method: Some(had.facts.method), ..About::default() };
        let told = self.desk_notice(tenant, &stored, Notice::FactorResumed, about)?;
        let mut line = by.line(now, "factor.resumed", Some(person));
        line.details = serde_json::json!({ "factor": factor }).to_string();
        let mut writes = vec![Write::FactorResume { person, factor }, Write::Audit(Box::new(line))];
        writes.extend(told);
        match self.store.commit(tenant.id, now, writes).await {
            Ok(_) => Ok(true),
            Err(error) if error.conflict() == Some(Conflict::FactorMissing) => Ok(false),
            Err(error) => Err(Fault::new("ending a suspension", error)),
        }
    }

    /// Forget what somebody has switched off, who is told. `false`: they have switched nothing off.
    pub async fn clear_preferences_of(
        &self,
        tenant: &Tenant,
        person: PersonId,
        by: &By,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        let Some(stored) = self.store.person(tenant.id, now, person).await? else {
            return Ok(false);
        };
        let chosen = &stored.known.preferences;
        if chosen.off().next().is_none() {
            return Ok(false);
        }
        let preferences = Preferences::new([], chosen.first());
        let mut line = by.line(now, "preferences.cleared", Some(person));
        line.details = serde_json::json!({ "were": chosen }).to_string();
        let mut writes =
            vec![Write::PreferencesSet { person, preferences }, Write::Audit(Box::new(line))];
        let (notice, about) = (Notice::PreferencesChanged, About::default());
        writes.extend(self.desk_notice(tenant, &stored, notice, about)?);
        self.commit_plain(tenant, writes, "switching proofs on").await?;
        Ok(true)
    }

    async fn commit_plain(
        &self,
        tenant: &Tenant,
        writes: Vec<Write>,
        doing: &'static str,
    ) -> Result<(), Fault> {
        let done = self.store.commit(tenant.id, self.clock.now(), writes).await;
        done.map(drop).map_err(|error: CommitError| Fault::new(doing, error))
    }
}
