//! Standing sessions.

use sekimori_base::{Fault, PersonId, SessionId, TenantId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_login::{Proof, SessionFacts};

use crate::Store;
use crate::database::{Call, DatabaseError, call};
use crate::ids::Digest;
use crate::new::NewSession;
use crate::statement as sql;
use crate::value::{Row, to_json};

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Digest of the cookie.
    pub digest: Digest,
    /// What the engine may read.
    pub facts: SessionFacts,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// The browser, in words.
    pub device: String,
    /// Where it was opened.
    pub zone: ZoneName,
}

/// All that was proven in a session, said anew.
#[derive(Debug, Clone)]
pub struct SessionProofs {
    /// Which session.
    pub digest: Digest,
    /// Whose.
    pub person: PersonId,
    /// All of it.
    pub proofs: Vec<Proof>,
}

impl Store {
    /// The sessions of a person, those used last first.
    pub async fn sessions_of(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Vec<StoredSession>, Fault> {
        self.read("loading sessions", move |transaction| {
            let call = call!(sql::SESSIONS_OF_PERSON, tenant.bytes(), person.bytes());
            let mut sessions: Vec<StoredSession> =
                transaction.rows(&call)?.iter_mut().map(session).collect::<Result<_, _>>()?;
            sessions.sort_by_key(|session| std::cmp::Reverse(session.facts.used_at));
            Ok(sessions)
        })
        .await
    }
}

/// The call that opens a session.
pub(crate) fn open(tenant: TenantId, session: &NewSession) -> Call {
    call!(
        sql::SESSIONS_OPEN,
        session.digest.bytes(),
        session.id.bytes(),
        session.opened_at,
        session.expires_at,
        to_json(&session.proofs),
        &session.device,
        session.zone.as_str(),
        tenant.bytes(),
        session.person.bytes(),
        session.epoch
    )
}

/// The call that says anew what was proven.
pub(crate) fn prove(tenant: TenantId, proven: &SessionProofs) -> Call {
    let (digest, person) = (proven.digest.bytes(), proven.person.bytes());
    call!(sql::SESSIONS_PROVE, to_json(&proven.proofs), tenant.bytes(), digest, person)
}

/// A session from the columns of `sessions/by_digest`.
pub(crate) fn session(row: &mut Row) -> Result<StoredSession, DatabaseError> {
    let digest = Digest::from_bytes(row.array()?);
    let id = SessionId::from_bytes(row.array()?);
    let person = PersonId::from_bytes(row.array()?);
    let opened_at = row.moment()?;
    let used_at = row.moment()?;
    let expires_at = row.moment()?;
    let credential_epoch = row.natural()?;
    let proofs = row.json()?;
    let device = row.text()?;
    let zone =
        ZoneName::parse(&row.text()?).map_err(|_| DatabaseError::Damaged("a zone has no name"))?;
    let facts = SessionFacts { id, person, opened_at, used_at, proofs, credential_epoch };
    Ok(StoredSession { digest, facts, expires_at, device, zone })
}
