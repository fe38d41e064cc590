//! One read for a decision: session, person, attempt and counters, from one moment.

use sekimori_base::{AttemptId, Fault, PersonId, Sealed, TenantId, Timestamp};
use sekimori_directory::Username;

use crate::Store;
use crate::certificates::{GoodCertificate, good};
use crate::counters::{Counter, counter};
use crate::database::{Call, Done, call};
use crate::ids::{CounterKey, Digest};
use crate::people::{StoredPerson, stored_person};
use crate::sessions::{StoredSession, session};
use crate::statement as sql;

/// What a decision needs.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The session of this cookie; without `person`, `credential` and `username` its person too.
    pub session: Option<Digest>,
    /// The person of this name.
    pub username: Option<Username>,
    /// This person; goes before `credential` and `username`.
    pub person: Option<PersonId>,
    /// The person of the passkey with this digest of its credential id; goes before `username`.
    pub credential: Option<Digest>,
    /// The good certificates of the person as well.
    pub certificates: bool,
    /// This attempt.
    pub attempt: Option<AttemptId>,
    /// These counters.
    pub counters: Vec<CounterKey>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// The session, also one that has expired by use: the engine says.
    pub session: Option<StoredSession>,
    /// The person.
    pub person: Option<StoredPerson>,
    /// Their certificates that are neither taken back nor over, oldest first, if they were wanted.
    pub certificates: Vec<GoodCertificate>,
    /// The attempt; `None` when it has expired.
    pub attempt: Option<StoredAttempt>,
    /// The counters, in the order in which they were wanted.
    pub counters: Vec<Counter>,
}

/// An attempt as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAttempt {
    /// Which.
    pub id: AttemptId,
    /// From 1; each step raises it.
    pub version: u64,
    /// What flow knows of it; empty when it has ended.
    pub state: Sealed<[u8]>,
    /// What the submit of `version - 1` was answered with.
    pub outcome: Option<Sealed<[u8]>>,
    /// When it was stored first.
    pub begun_at: Timestamp,
    /// Gone from then on.
    pub expires_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Store {
    /// Everything that a decision needs, in one read transaction.
    pub async fn load(
        &self,
        tenant: TenantId,
        now: Timestamp,
        wanted: Wanted,
    ) -> Result<Loaded, Fault> {
        let plan = Plan::new(tenant, now, &wanted);
        self.read("loading what a decision needs", move |transaction| {
            let mut done = transaction.run_all(&plan.calls)?.into_iter();
            let mut next = || done.next().unwrap_or_default();
            let mut loaded = Loaded::default();
            if wanted.session.is_some() {
                loaded.session = first(next()).as_mut().map(session).transpose()?;
            }
            if plan.person {
                let row = first(next());
                let mut factors = next().rows;
                loaded.person =
                    row.map(|mut row| stored_person(&mut row, &mut factors, now)).transpose()?;
                if wanted.certificates {
                    let rows = next().rows;
                    loaded.certificates =
                        rows.into_iter().map(|mut row| good(&mut row)).collect::<Result<_, _>>()?;
                }
            }
            if wanted.attempt.is_some()
                && let Some(mut row) = first(next())
            {
                let attempt = StoredAttempt {
                    id: AttemptId::from_bytes(row.array()?),
                    version: row.natural()?,
                    state: row.sealed()?,
                    outcome: row.maybe_bytes()?.map(Sealed::from_bytes),
                    begun_at: row.moment()?,
                    expires_at: row.moment()?,
                    ended_at: row.maybe_moment()?,
                };
                loaded.attempt = (attempt.expires_at > now).then_some(attempt);
            }
            for key in &wanted.counters {
                loaded.counters.push(counter(*key, first(next()).as_mut(), now)?);
            }
            Ok(loaded)
        })
        .await
    }
}

fn first(done: Done) -> Option<crate::value::Row> {
    done.rows.into_iter().next()
}

struct Plan {
    calls: Vec<Call>,
    person: bool,
}

impl Plan {
    fn new(tenant: TenantId, now: Timestamp, wanted: &Wanted) -> Self {
        let t = tenant.bytes();
        let mut calls = Vec::with_capacity(4 + wanted.counters.len());
        if let Some(digest) = wanted.session {
            calls.push(call!(sql::SESSIONS_BY_DIGEST, t, digest.bytes()));
        }
        let Wanted { person, credential, username, session, certificates, .. } = wanted;
        let person = match (person, credential, username, session) {
            (Some(person), ..) => {
                calls.push(call!(sql::PEOPLE_BY_ID, t, person.bytes()));
                calls.push(call!(sql::FACTORS_OF_PERSON, t, person.bytes()));
                if *certificates {
                    calls.push(call!(sql::CERTIFICATES_GOOD_OF_PERSON, t, person.bytes(), now));
                }
                true
            }
            (None, Some(digest), ..) => {
                calls.push(call!(sql::PEOPLE_BY_CREDENTIAL, t, digest.bytes()));
                calls.push(call!(sql::FACTORS_OF_CREDENTIAL, t, digest.bytes()));
                if *certificates {
                    calls.push(call!(sql::CERTIFICATES_GOOD_OF_CREDENTIAL, t, digest.bytes(), now));
                }
                true
            }
            (None, None, Some(name), _) => {
                calls.push(call!(sql::PEOPLE_BY_USERNAME, t, name.as_str()));
                calls.push(call!(sql::FACTORS_OF_USERNAME, t, name.as_str()));
                if *certificates {
                    calls.push(call!(sql::CERTIFICATES_GOOD_OF_USERNAME, t, name.as_str(), now));
                }
                true
            }
            (None, None, None, Some(digest)) => {
                calls.push(call!(sql::PEOPLE_BY_SESSION, t, digest.bytes()));
                calls.push(call!(sql::FACTORS_OF_SESSION, t, digest.bytes()));
                if *certificates {
                    calls.push(call!(sql::CERTIFICATES_GOOD_OF_SESSION, t, digest.bytes(), now));
                }
                true
            }
            (None, None, None, None) => false,
        };
        if let Some(attempt) = wanted.attempt {
            calls.push(call!(sql::ATTEMPTS_BY_ID, t, attempt.bytes()));
        }
        for key in &wanted.counters {
            calls.push(call!(sql::COUNTERS_BY_KEY, t, key.bytes()));
        }
        Self { calls, person }
    }
}
