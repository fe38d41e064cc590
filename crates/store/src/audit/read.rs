//! Reading the audit: a person's history, an incident, a chain, its head; checkpoints.

use sekimori_base::{Fault, NodeId, PersonId, TenantId, Timestamp};

use super::{AuditFacts, LineId, StoredLine};
use crate::Store;
use crate::database::{DatabaseError, Transaction, call};
use crate::ids::WriterId;
use crate::settings::ChangeError;
use crate::statement as sql;
use crate::value::{Row, from_json};

/// A line of the audit with its facts, if they are still kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Where it stands.
    pub id: LineId,
    /// The value of the chain after it.
    pub hash: [u8; 32],
    /// The line exactly as it was hashed.
    pub text: String,
    /// The line, read.
    pub line: StoredLine,
    /// The facts; `None` when there were none, or they were removed.
    pub facts: Option<AuditFacts>,
}

/// The chain of one writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Whose.
    pub writer: WriterId,
    /// Of which node.
    pub node: NodeId,
    /// Since when.
    pub opened_at: Timestamp,
    /// The first line that is kept; later than 1 when retention took the beginning.
    pub first_sequence: u64,
    /// The value of the chain before that line.
    pub first_previous: [u8; 32],
    /// The last line; `first_sequence - 1` when none is kept.
    pub sequence: u64,
    /// The value of the chain after the last line.
    pub hash: [u8; 32],
}

/// Where a reading in the order of time goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace {
    /// The moment of the last line that was read.
    pub at: Timestamp,
    /// That line.
    pub id: LineId,
}

impl AuditPlace {
    /// Before every line at or after `at`.
    pub fn from(at: Timestamp) -> Self {
        let id = LineId { writer: WriterId::from_bytes([0; 16]), sequence: 0 };
        Self { at, id }
    }
}

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

impl Store {
    /// The lines about a person before `before`, newest first.
    pub async fn history_of(
        &self,
        tenant: TenantId,
        person: PersonId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Fault> {
        self.read("loading a history", move |transaction| {
            let call = call!(sql::AUDIT_OF_PERSON, tenant.bytes(), person.bytes(), before, limit);
            entries(transaction.rows(&call)?)
        })
        .await
    }

    /// The line of an incident code.
    pub async fn incident(
        &self,
        tenant: TenantId,
        code: &str,
    ) -> Result<Option<AuditEntry>, Fault> {
        let call = call!(sql::AUDIT_BY_INCIDENT, tenant.bytes(), code);
        self.read("looking up an incident", move |transaction| {
            transaction.row(&call)?.map(|mut row| entry(&mut row)).transpose()
        })
        .await
    }

    /// Lines after `after` in the order of time, whoever wrote them.
    pub async fn audit_since(
        &self,
        tenant: TenantId,
        after: AuditPlace,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Fault> {
        self.read_long("reading the audit", move |transaction| {
            let call = call!(
                sql::AUDIT_SINCE,
                tenant.bytes(),
                after.at,
                after.id.writer.bytes(),
                after.id.sequence,
                limit
            );
            entries(transaction.rows(&call)?)
        })
        .await
    }

    /// The lines of one writer from `from` on, in order.
    pub async fn audit_scan(
        &self,
        tenant: TenantId,
        writer: WriterId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Fault> {
        self.read_long("reading a chain", move |transaction| {
            let call = call!(sql::AUDIT_SCAN, tenant.bytes(), writer.bytes(), from, limit);
            entries(transaction.rows(&call)?)
        })
        .await
    }

    /// All chains of which something is kept, open and ended.
    pub async fn audit_heads(&self, tenant: TenantId) -> Result<Vec<AuditHead>, Fault> {
        self.read("loading the heads of the audit", move |transaction| heads(transaction, tenant))
            .await
    }

    /// Put checkpoint `number`, if it is the next one.
    pub async fn checkpoint_put(
        &self,
        tenant: TenantId,
        checkpoint: Checkpoint,
    ) -> Result<(), ChangeError> {
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
        self.read("loading checkpoints", move |transaction| {
            let call = call!(sql::AUDIT_CHECKPOINTS, tenant.bytes(), from, limit);
            transaction.rows(&call)?.iter_mut().map(checkpoint).collect()
        })
        .await
    }
}

/// All chains of a tenant.
pub(crate) fn heads(
    transaction: &mut Transaction<'_>,
    tenant: TenantId,
) -> Result<Vec<AuditHead>, DatabaseError> {
    transaction
        .rows(&call!(sql::AUDIT_WRITERS, tenant.bytes()))?
        .iter_mut()
        .map(|row| {
            let writer = WriterId::from_bytes(row.array()?);
            let node = NodeId::from_bytes(row.array()?);
            let opened_at = row.moment()?;
            let first_sequence = row.natural()?;
            let first_previous = row.array()?;
            let sequence = row.maybe_integer()?.and_then(|number| u64::try_from(number).ok());
            let hash = row.maybe_array()?;
            Ok(AuditHead {
                writer,
                node,
                opened_at,
                first_sequence,
                first_previous,
                sequence: sequence.unwrap_or_else(|| first_sequence.saturating_sub(1)),
                hash: hash.unwrap_or(first_previous),
            })
        })
        .collect()
}

fn entries(rows: Vec<Row>) -> Result<Vec<AuditEntry>, DatabaseError> {
    rows.into_iter().map(|mut row| entry(&mut row)).collect()
}

fn entry(row: &mut Row) -> Result<AuditEntry, DatabaseError> {
    let writer = WriterId::from_bytes(row.array()?);
    let sequence = row.natural()?;
    let hash = row.array()?;
    let text = row.text()?;
    let salt = row.maybe_array()?;
    let facts = row.maybe_text()?;
    let line = from_json(&text)?;
    let facts = match (salt, facts) {
        (Some(salt), Some(json)) => Some(AuditFacts { json, salt }),
        _ => None,
    };
    Ok(AuditEntry { id: LineId { writer, sequence }, hash, text, line, facts })
}

fn checkpoint(row: &mut Row) -> Result<Checkpoint, DatabaseError> {
    Ok(Checkpoint { number: row.natural()?, at: row.moment()?, body: row.text()? })
}
