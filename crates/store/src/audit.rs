//! The audit: append-only lines, a hash chain per writer, facts beside the lines.
//!
//! Each writer (one connection of one start of one node) has its own chain, so that no head row is
//! shared. A line is one JSON object, stored exactly as it was hashed: control characters are
//! escaped, so that no text can break out of it. Facts lie beside the line and can be deleted; the
//! line keeps a salted commitment to them.

mod chain;
pub(crate) mod checkpoint;
pub(crate) mod read;

use sekimori_base::{PersonId, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use chain::{Chains, Mark, WriterSeed};
pub use chain::{chain_start, commitment, verify_next};
pub use checkpoint::{Checkpoint, ListedChain, Unlisted, UnlistedChain};
pub use read::{AuditEntry, AuditHead, AuditPlace, FoundBy, ScannedLine};

use crate::ids::WriterId;

/// Something that happened, to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// What happened: a stable word (`login.admitted`, `factor.added`).
    pub event: String,
    /// The code of the reason, for decisions.
    pub reason: Option<String>,
    /// About whom.
    pub person: Option<PersonId>,
    /// Who did it, when it was not the person: `admin:per_…`, `os:root`, `system`.
    pub by: Option<String>,
    /// At which service.
    pub service: Option<String>,
    /// From which zone.
    pub zone: Option<String>,
    /// The incident code, when one was shown; unique per tenant while kept.
    pub incident: Option<String>,
    /// More, as a JSON object; empty for none. Never a secret, never personal data that must go.
    pub details: String,
    /// What the decision looked at: kept beside the line, deletable.
    pub facts: Option<AuditFacts>,
}

/// What a decision looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFacts {
    /// As JSON.
    pub json: String,
    /// Random bytes, so that the commitment says nothing once the facts are gone.
    pub salt: [u8; 16],
}

/// A line as it is stored and hashed: fields in this order, those without a value left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLine {
    /// The writer, in base 32.
    pub writer: String,
    /// Its place in the writer's chain, from 1, without gaps.
    pub sequence: u64,
    /// Milliseconds since 1970.
    pub at: Timestamp,
    /// What happened.
    pub event: String,
    /// The code of the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// About whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// At which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// From which zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The incident code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// More.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
    /// The salted commitment to the facts, in base 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<String>,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId {
    /// In whose chain.
    pub writer: WriterId,
    /// At which place, from 1.
    pub sequence: u64,
}
