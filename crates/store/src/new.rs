//! Rows to make: what [`crate::Write`] carries of a factor, a session, a grant.

use sekimori_base::{FactorId, GrantId, PersonId, Sealed, SessionId, Timestamp};
use sekimori_directory::settings::ZoneName;
use sekimori_directory::{Binding, Method};
use sekimori_login::{FactorState, Proof};

use crate::ids::Digest;

/// A factor to store.
#[derive(Debug, Clone)]
pub struct NewFactor {
    /// Whose.
    pub person: PersonId,
    /// Which.
    pub id: FactorId,
    /// Of what kind.
    pub method: Method,
    /// How it is bound.
    pub binding: Binding,
    /// [`FactorState::Unfinished`] until a code was shown.
    pub state: FactorState,
    /// What the person calls it.
    pub label: String,
    /// The sealed secret, or the digests of recovery codes.
    pub secret: Sealed<[u8]>,
    /// How many recovery codes; 0 for other methods, at most 63.
    pub codes: u8,
    /// What only a passkey has.
    pub passkey: Option<NewPasskey>,
}

/// What a passkey is stored with besides its secret.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey {
    /// The digest of its credential id, by which it is found: nobody else's.
    pub credential: Digest,
    /// Its counter of signatures.
    pub counter: u32,
}

/// A session to open.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Digest of the cookie.
    pub digest: Digest,
    /// Its name in the portal and the audit.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// What was proven.
    pub proofs: Vec<Proof>,
    /// The browser, in words.
    pub device: String,
    /// Where it was opened.
    pub zone: ZoneName,
    /// When.
    pub opened_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// The person's credential epoch.
    pub epoch: u64,
}

/// A grant to promise.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Which.
    pub id: GrantId,
    /// For whom.
    pub person: PersonId,
    /// To whom.
    pub client_id: String,
    /// The session that it came from.
    pub session: Option<SessionId>,
    /// What was granted and how the person was authenticated, as JSON.
    pub payload: String,
    /// Its absolute end.
    pub expires_at: Timestamp,
}
