//! The chains: what is hashed, and the heads that a connection keeps in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use sekimori_base::{NodeId, PersonId, TenantId, base32};

use super::{AuditFacts, AuditLine, LineId, StoredLine};
use crate::database::{Call, DatabaseError, call};
use crate::ids::WriterId;
use crate::statement::{AUDIT_FACTS_PUT, AUDIT_LINE_PUT, AUDIT_WRITER_PUT};

/// A SHA-256 value.
type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The value before the first line of a writer's chain.
pub fn chain_start(tenant: TenantId, writer: WriterId) -> [u8; 32] {
    sha256(&[b"sekimori audit 1\0", tenant.bytes(), writer.bytes()])
}

/// The value of a chain after `line`, when it was `previous` before it.
pub fn verify_next(previous: &[u8; 32], line: &str) -> [u8; 32] {
    sha256(&[previous, line.as_bytes()])
}

/// The commitment to facts that a line keeps.
pub fn commitment(facts: &AuditFacts) -> [u8; 32] {
    sha256(&[b"sekimori facts 1\0", &facts.salt, facts.json.as_bytes()])
}

/// Makes the ids of writers: a node start and a connection of it.
#[derive(Debug)]
pub(crate) struct WriterSeed {
    node: NodeId,
    connections: AtomicU64,
}

impl WriterSeed {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, connections: AtomicU64::new(0) }
    }

    /// The identity of a new connection.
    pub(crate) fn next(&self) -> Origin {
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        let hash = sha256(&[b"sekimori writer 1\0", self.node.bytes(), &connection.to_be_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Origin { node: self.node, writer: WriterId::from_bytes(id) }
    }
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    node: NodeId,
    writer: WriterId,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    sequence: u64,
    hash: Hash,
}

/// The heads of one connection's chains, one per tenant. They run ahead of what is committed and are
/// taken back when a transaction is.
pub(crate) struct Chains {
    origin: Option<Origin>,
    heads: HashMap<TenantId, Head>,
    /// What each change replaced, oldest first.
    undo: Vec<(TenantId, Option<Head>)>,
}

/// A point to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Chains {
    pub(crate) fn new(origin: Origin) -> Self {
        Self { origin: Some(origin), heads: HashMap::new(), undo: Vec::new() }
    }

    /// For connections that only read.
    pub(crate) fn none() -> Self {
        Self { origin: None, heads: HashMap::new(), undo: Vec::new() }
    }

    /// Remember where the chains are.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.undo.len())
    }

    /// Take back everything since the mark.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        while self.undo.len() > mark.0 {
            match self.undo.pop() {
                Some((tenant, Some(head))) => {
                    self.heads.insert(tenant, head);
                }
                Some((tenant, None)) => {
                    self.heads.remove(&tenant);
                }
                None => return,
            }
        }
    }

    /// All is committed: nothing will be taken back.
    pub(crate) fn settled(&mut self) {
        self.undo.clear();
    }

    /// The calls that append a line, and its place.
    pub(crate) fn append(
        &mut self,
        tenant: TenantId,
        line: &AuditLine,
    ) -> Result<(Vec<Call>, LineId), DatabaseError> {
        let origin = self.origin.ok_or(DatabaseError::Damaged("this connection only reads"))?;
        let mut calls = Vec::with_capacity(3);
        let before = self.heads.get(&tenant).copied();
        let head = before.unwrap_or_else(|| {
            let start = chain_start(tenant, origin.writer);
            calls.push(call!(
                AUDIT_WRITER_PUT,
                tenant.bytes(),
                origin.writer.bytes(),
                origin.node.bytes(),
                line.at,
                &start
            ));
            Head { sequence: 0, hash: start }
        });
        let sequence = head.sequence + 1;
        let text = encode(line, origin.writer, sequence)?;
        let hash = verify_next(&head.hash, &text);
        calls.push(call!(
            AUDIT_LINE_PUT,
            tenant.bytes(),
            origin.writer.bytes(),
            sequence,
            line.at,
            line.person.as_ref().map(PersonId::bytes),
            line.incident.as_ref(),
            &hash,
            text
        ));
        if let Some(facts) = &line.facts {
            calls.push(call!(
                AUDIT_FACTS_PUT,
                tenant.bytes(),
                origin.writer.bytes(),
                sequence,
                line.at,
                &facts.salt,
                &facts.json
            ));
        }
        self.undo.push((tenant, before));
        self.heads.insert(tenant, Head { sequence, hash });
        Ok((calls, LineId { writer: origin.writer, sequence }))
    }
}

/// The line as it is stored: JSON, with everything escaped that a terminal or a log could obey.
fn encode(line: &AuditLine, writer: WriterId, sequence: u64) -> Result<String, DatabaseError> {
    let details = if line.details.is_empty() {
        None
    } else {
        Some(serde_json::from_str(&line.details).map_err(DatabaseError::Json)?)
    };
    let stored = StoredLine {
        writer: writer.to_string(),
        sequence,
        at: line.at,
        event: line.event.clone(),
        reason: line.reason.clone(),
        person: line.person,
        by: line.by.clone(),
        service: line.service.clone(),
        zone: line.zone.clone(),
        incident: line.incident.clone(),
        details,
        facts: line.facts.as_ref().map(|facts| base32::encode(&commitment(facts))),
    };
    Ok(escaped(crate::value::to_json(&stored)))
}

/// JSON escapes controls below space; here also DEL, C1, line separators and direction marks, which
/// can stand inside strings only.
fn escaped(json: String) -> String {
    let obeyed = |character: char| {
        matches!(
            u32::from(character),
            0x7F..=0x9F | 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069 | 0xFEFF
        )
    };
    if !json.chars().any(obeyed) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if obeyed(character) {
            // All of them lie in the basic plane: four digits.
            use std::fmt::Write as _;
            write!(safe, "\\u{:04x}", u32::from(character)).expect("a String takes everything");
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use sekimori_base::Timestamp;

    use super::*;

    fn line(by: &str) -> AuditLine {
        AuditLine {
            at: Timestamp::from_unix_millis(5),
            event: "test".into(),
            by: Some(by.into()),
            ..AuditLine::default()
        }
    }

    #[test]
    fn no_text_breaks_out_of_its_line() {
        let hostile = "a\r\n\u{1b}[31m\u{9b}x\u{7f}\u{2028}\u{202e}\",\"event\":\"forged";
        let text = encode(&line(hostile), WriterId::from_bytes([1; 16]), 1).unwrap();
        assert!(text.chars().all(|c| !c.is_control() && !('\u{2028}'..='\u{202e}').contains(&c)));
        let read: StoredLine = serde_json::from_str(&text).unwrap();
        assert_eq!(read.by.as_deref(), Some(hostile));
        assert_eq!(read.event, "test");
    }

    #[test]
    fn a_chain_goes_back_to_where_it_was() {
        let seed = WriterSeed::new(NodeId::from_bytes([3; 16]));
        let mut chains = Chains::new(seed.next());
        let tenant = TenantId::from_bytes([4; 16]);
        chains.append(tenant, &line("one")).unwrap();
        chains.settled();
        let mark = chains.mark();
        let (_, second) = chains.append(tenant, &line("two")).unwrap();
        chains.append(tenant, &line("three")).unwrap();
        chains.back_to(mark);
        let (calls, again) = chains.append(tenant, &line("two")).unwrap();
        assert_eq!(second, again);
        assert_eq!(calls.len(), 1, "the writer is known already");
    }

    #[test]
    fn two_connections_are_two_writers() {
        let seed = WriterSeed::new(NodeId::from_bytes([3; 16]));
        assert_ne!(seed.next().writer, seed.next().writer);
    }
}
