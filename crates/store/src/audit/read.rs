//! Reading the audit: a person's history, an incident, a chain, its head.

use sekimori_base::{Fault, NodeId, PersonId, TenantId, Timestamp};

use super::{AuditFacts, LineId, StoredLine};
use crate::Store;
use crate::database::{DatabaseError, Transaction, call};
use crate::ids::WriterId;
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
    /// Since when the chain counts as ended.
    pub ended_at: Option<Timestamp>,
}

/// A line as the database has it, for whoever checks it: nothing of it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedLine {
    /// Where it stands.
    pub id: LineId,
    /// The value of the chain after it; zeros if what stands there cannot be one.
    pub hash: [u8; 32],
    /// The text that was hashed.
    pub text: String,
    /// The facts beside it.
    pub facts: Option<AuditFacts>,
    /// What it is found by.
    pub found_by: FoundBy,
}

/// The columns by which a line is found: copies of what it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBy {
    /// The moment.
    pub at: Timestamp,
    /// The person's id, as it stands there.
    pub person: Option<Vec<u8>>,
    /// The incident code.
    pub incident: Option<String>,
}

impl FoundBy {
    /// Whether they say the same as the line.
    pub fn fits(&self, line: &StoredLine) -> bool {
        self.at == line.at
            && self.person.as_deref() == line.person.as_ref().map(|id| &id.bytes()[..])
            && self.incident == line.incident
    }
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
    ) -> Result<Vec<ScannedLine>, Fault> {
        self.read_long("reading a chain", move |transaction| {
            let call = call!(sql::AUDIT_SCAN, tenant.bytes(), writer.bytes(), from, limit);
            transaction.rows(&call)?.iter_mut().map(scanned).collect()
        })
        .await
    }

    /// All chains of which something is kept, open and ended.
    pub async fn audit_heads(&self, tenant: TenantId) -> Result<Vec<AuditHead>, Fault> {
        self.read("loading the heads of the audit", move |transaction| heads(transaction, tenant))
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
            let hash = row.maybe_bytes()?;
            let ended_at = row.maybe_moment()?;
            Ok(AuditHead {
                writer,
                node,
                opened_at,
                first_sequence,
                first_previous,
                sequence: sequence.unwrap_or_else(|| first_sequence.saturating_sub(1)),
                hash: hash.map_or(first_previous, |hash| hash.try_into().unwrap_or_default()),
                ended_at,
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

/// A line of which anything may be wrong: what cannot be right becomes something that fails the check.
fn scanned(row: &mut Row) -> Result<ScannedLine, DatabaseError> {
    let writer = WriterId::from_bytes(row.array()?);
    let sequence = row.natural()?;
    let hash = row.bytes()?.try_into().unwrap_or_default();
    let text = row.text()?;
    let salt = row.maybe_bytes()?;
    let facts = row.maybe_text()?.map(|json| {
        let salt = salt.and_then(|salt| salt.try_into().ok()).unwrap_or_default();
        AuditFacts { json, salt }
    });
    let found_by =
        FoundBy { at: row.moment()?, person: row.maybe_bytes()?, incident: row.maybe_text()? };
    Ok(ScannedLine { id: LineId { writer, sequence }, hash, text, facts, found_by })
}
