//! Codes, grants and tokens, as they are looked up. They are made and spent by [`crate::Write`]s.

use sekimori_base::{Fault, GrantId, PersonId, SessionId, TenantId, Timestamp};
use sekimori_directory::Person;

use crate::Store;
use crate::database::{DatabaseError, call};
use crate::ids::Digest;
use crate::people::maybe_person;
use crate::statement as sql;
use crate::value::Row;

/// An authorization code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// The grant that it opens or has opened.
    pub grant: GrantId,
    /// For whom.
    pub person: PersonId,
    /// What the token endpoint must know, as JSON.
    pub payload: String,
    /// Not from this moment on.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
    /// The account now; `None` when it was erased.
    pub account: Option<Account>,
}

/// The account behind a token, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who, with the account's state.
    pub person: Person,
    /// The credential epoch.
    pub epoch: u64,
}

/// A grant: the family of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGrant {
    /// Which.
    pub id: GrantId,
    /// For whom.
    pub person: PersonId,
    /// To whom.
    pub client_id: String,
    /// The session that it came from.
    pub session: Option<SessionId>,
    /// What was granted, as JSON.
    pub payload: String,
    /// When.
    pub opened_at: Timestamp,
    /// Its absolute end.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccessToken {
    /// What the resource must know, as JSON.
    pub payload: String,
    /// Not from this moment on.
    pub expires_at: Timestamp,
    /// When it was revoked by itself.
    pub ended_at: Option<Timestamp>,
    /// Its grant.
    pub grant: StoredGrant,
    /// The account now; `None` when it was erased.
    pub account: Option<Account>,
}

impl StoredAccessToken {
    /// Neither it nor its grant has ended or expired. The account's state is the engine's matter.
    pub fn good(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now && self.grant.good(now)
    }
}

impl StoredGrant {
    /// It has neither ended nor expired.
    pub fn good(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// A refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// Whether it was used.
    pub state: RefreshState,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Not from this moment on.
    pub expires_at: Timestamp,
    /// Its grant.
    pub grant: StoredGrant,
    /// The account now; `None` when it was erased.
    pub account: Option<Account>,
}

/// Whether a refresh token was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshState {
    /// It was not.
    Fresh,
    /// It was: reuse, or a parallel request of the same client within seconds.
    Rotated {
        /// When.
        at: Timestamp,
        /// What took its place.
        successor: Digest,
    },
}

impl Store {
    /// An authorization code and its person.
    pub async fn code(
        &self,
        tenant: TenantId,
        digest: Digest,
    ) -> Result<Option<StoredCode>, Fault> {
        self.read("looking up a code", move |transaction| {
            let call = call!(sql::CODES_BY_DIGEST, tenant.bytes(), digest.bytes());
            let Some(mut row) = transaction.row(&call)? else { return Ok(None) };
            Ok(Some(StoredCode {
                grant: GrantId::from_bytes(row.array()?),
                person: PersonId::from_bytes(row.array()?),
                payload: row.text()?,
                expires_at: row.moment()?,
                redeemed_at: row.maybe_moment()?,
                account: account(&mut row)?,
            }))
        })
        .await
    }

    /// An access token, its grant and its person.
    pub async fn access_token(
        &self,
        tenant: TenantId,
        digest: Digest,
    ) -> Result<Option<StoredAccessToken>, Fault> {
        self.read("looking up an access token", move |transaction| {
            let call = call!(sql::TOKENS_ACCESS_BY_DIGEST, tenant.bytes(), digest.bytes());
            let Some(mut row) = transaction.row(&call)? else { return Ok(None) };
            Ok(Some(StoredAccessToken {
                payload: row.text()?,
                expires_at: row.moment()?,
                ended_at: row.maybe_moment()?,
                grant: grant(&mut row)?,
                account: account(&mut row)?,
            }))
        })
        .await
    }

    /// A refresh token, its grant and its person.
    pub async fn refresh_token(
        &self,
        tenant: TenantId,
        digest: Digest,
    ) -> Result<Option<StoredRefreshToken>, Fault> {
        self.read("looking up a refresh token", move |transaction| {
            let call = call!(sql::TOKENS_REFRESH_BY_DIGEST, tenant.bytes(), digest.bytes());
            let Some(mut row) = transaction.row(&call)? else { return Ok(None) };
            let issued_at = row.moment()?;
            let expires_at = row.moment()?;
            let rotated_at = row.maybe_moment()?;
            let successor = row.maybe_array()?.map(Digest::from_bytes);
            let state = match (rotated_at, successor) {
                (Some(at), Some(successor)) => RefreshState::Rotated { at, successor },
                (None, None) => RefreshState::Fresh,
                _ => return Err(DatabaseError::Damaged("a refresh token is half rotated")),
            };
            Ok(Some(StoredRefreshToken {
                state,
                issued_at,
                expires_at,
                grant: grant(&mut row)?,
                account: account(&mut row)?,
            }))
        })
        .await
    }

    /// A grant and its person's account, for tokens that are not stored themselves.
    pub async fn grant(
        &self,
        tenant: TenantId,
        id: GrantId,
    ) -> Result<Option<(StoredGrant, Option<Account>)>, Fault> {
        self.read("looking up a grant", move |transaction| {
            let call = call!(sql::GRANTS_BY_ID, tenant.bytes(), id.bytes());
            let Some(mut row) = transaction.row(&call)? else { return Ok(None) };
            Ok(Some((grant(&mut row)?, account(&mut row)?)))
        })
        .await
    }

    /// The grants of a person that stand, newest first.
    pub async fn grants_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
        person: PersonId,
        limit: u32,
    ) -> Result<Vec<StoredGrant>, Fault> {
        self.read("loading grants", move |transaction| {
            let call = call!(sql::GRANTS_OF_PERSON, tenant.bytes(), person.bytes(), now, limit);
            transaction.rows(&call)?.iter_mut().map(grant).collect()
        })
        .await
    }
}

fn account(row: &mut Row) -> Result<Option<Account>, DatabaseError> {
    let Some(person) = maybe_person(row)? else { return Ok(None) };
    Ok(Some(Account { person, epoch: row.natural()? }))
}

pub(crate) fn grant(row: &mut Row) -> Result<StoredGrant, DatabaseError> {
    Ok(StoredGrant {
        id: GrantId::from_bytes(row.array()?),
        person: PersonId::from_bytes(row.array()?),
        client_id: row.text()?,
        session: row.maybe_array()?.map(SessionId::from_bytes),
        payload: row.text()?,
        opened_at: row.moment()?,
        expires_at: row.moment()?,
        ended_at: row.maybe_moment()?,
    })
}
