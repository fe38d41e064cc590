//! Checkpoints: what one has to list, keeping it, reading it. What stands in one and who signs it is for `flow`.

use sekimori_base::{Fault, TenantId, Timestamp};

use crate::Store;
use crate::database::{Call, DatabaseError, Transaction, call};
use crate::ids::WriterId;
use crate::settings::ChangeError;
use crate::statement as sql;
use crate::value::Row;

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What flow signed.
    pub body: String,
}

/// A chain of which the last checkpoint does not say all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlistedChain {
    /// Whose.
    pub writer: WriterId,
    /// The first line that no checkpoint lists.
    pub from: u64,
    /// The last line; `from - 1` when there is none to list.
    pub sequence: u64,
    /// The value of the chain after the last line.
    pub hash: [u8; 32],
    /// Whether its node has gone, so that nothing will follow.
    pub ended: bool,
}

/// What the next checkpoint has to list, and what it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// The last checkpoint.
    pub last: Option<Checkpoint>,
    /// The chains.
    pub chains: Vec<UnlistedChain>,
}

/// What a checkpoint says of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedChain {
    /// Whose.
    pub writer: WriterId,
    /// Up to which line.
    pub sequence: u64,
    /// Whether it has ended.
    pub ended: bool,
}

impl Store {
    /// The chains that have grown, or ended, since the last checkpoint. The nodes of ended ones were not seen
    /// since `live_since`.
    pub async fn audit_unlisted(
        &self,
        tenant: TenantId,
        live_since: Timestamp,
    ) -> Result<Unlisted, Fault> {
        self.read_long("looking for what a checkpoint has to list", move |transaction| {
            // First the checkpoint: what is read after it cannot be older than what it lists.
            let last = call!(sql::AUDIT_CHECKPOINT_LAST, tenant.bytes());
            let last = transaction.row(&last)?.map(|mut row| checkpoint(&mut row)).transpose()?;
            let call = call!(sql::AUDIT_UNLISTED, tenant.bytes(), live_since);
            let mut chains = Vec::new();
            for mut row in transaction.rows(&call)? {
                chains.extend(unlisted(&mut row, live_since)?);
            }
            Ok(Unlisted { last, chains })
        })
        .await
    }

    /// Put checkpoint `number`, which lists `chains`, if it is the next one.
    pub async fn checkpoint_put(
        &self,
        tenant: TenantId,
        checkpoint: Checkpoint,
        chains: Vec<ListedChain>,
    ) -> Result<(), ChangeError> {
        let listed: Vec<Call> = chains
            .iter()
            .map(|chain| {
                let ended_at = chain.ended.then_some(checkpoint.at);
                call!(
                    sql::AUDIT_WRITER_LISTED,
                    chain.sequence,
                    ended_at,
                    tenant.bytes(),
                    chain.writer.bytes()
                )
            })
            .collect();
        self.write("keeping a checkpoint", move |transaction| {
            let last = call!(sql::AUDIT_CHECKPOINT_LAST, tenant.bytes());
            let last = transaction.row(&last)?.map_or(Ok(0), |mut row| row.natural())?;
            let put = call!(
                sql::AUDIT_CHECKPOINT_PUT,
                tenant.bytes(),
                checkpoint.number,
                checkpoint.at,
                &checkpoint.body
            );
            if checkpoint.number != last + 1 || transaction.count(&put)? == 0 {
                return Ok(Err(()));
            }
            transaction.run_all(&listed)?;
            Ok(Ok(()))
        })
        .await?
        .map_err(|()| ChangeError::Stale)
    }

    /// The last checkpoint.
    pub async fn checkpoint_last(&self, tenant: TenantId) -> Result<Option<Checkpoint>, Fault> {
        self.read("loading the last checkpoint", move |transaction| {
            let call = call!(sql::AUDIT_CHECKPOINT_LAST, tenant.bytes());
            transaction.row(&call)?.map(|mut row| checkpoint(&mut row)).transpose()
        })
        .await
    }

    /// Checkpoints from `from` on, in order.
    pub async fn checkpoints(
        &self,
        tenant: TenantId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        self.read_long("loading checkpoints", move |transaction| {
            let call = call!(sql::AUDIT_CHECKPOINTS, tenant.bytes(), from, limit);
            transaction.rows(&call)?.iter_mut().map(checkpoint).collect()
        })
        .await
    }
}

/// Checkpoints from before `cutoff` go, at most `limit`, but never the last one. Gives how many.
pub(crate) fn sweep(
    transaction: &mut Transaction<'_>,
    tenant: TenantId,
    cutoff: Timestamp,
    limit: u64,
) -> Result<u64, DatabaseError> {
    let mut old: Option<u64> = None;
    let mut last = None;
    let mut count = 0;
    for mut row in
        transaction.rows(&call!(sql::AUDIT_CHECKPOINTS_FIRST, tenant.bytes(), limit + 1))?
    {
        // One is gone only when another one follows it.
        if let Some(before) = last {
            old = Some(before);
            count += 1;
        }
        let (number, at) = (row.natural()?, row.moment()?);
        if at >= cutoff {
            break;
        }
        last = Some(number);
    }
    if let Some(old) = old {
        transaction.count(&call!(sql::AUDIT_CHECKPOINTS_REMOVE, tenant.bytes(), old))?;
    }
    Ok(count)
}

/// The chain of a row, if there is something to list.
fn unlisted(row: &mut Row, live_since: Timestamp) -> Result<Option<UnlistedChain>, DatabaseError> {
    let writer = WriterId::from_bytes(row.array()?);
    let first = row.natural()?;
    let listed = row.natural()?;
    let ended_at = row.maybe_moment()?;
    let seen_at = row.maybe_moment()?;
    let sequence = row.maybe_integer()?.and_then(|number| u64::try_from(number).ok());
    let hash: Option<Vec<u8>> = row.maybe_bytes()?;
    let ended = seen_at.is_none_or(|seen_at| seen_at < live_since);
    let from = first.max(listed + 1);
    let grown = sequence.filter(|sequence| *sequence >= from);
    let ends = ended && ended_at.is_none();
    if grown.is_none() && !ends {
        return Ok(None);
    }
    let hash = hash.and_then(|hash| hash.try_into().ok()).unwrap_or_default();
    Ok(Some(UnlistedChain { writer, from, sequence: grown.unwrap_or(from - 1), hash, ended }))
}

fn checkpoint(row: &mut Row) -> Result<Checkpoint, DatabaseError> {
    Ok(Checkpoint { number: row.natural()?, at: row.moment()?, body: row.text()? })
}
