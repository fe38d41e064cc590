//! Verifying the audit: every line of every chain, its facts, and nothing missing in between.

use sekimori_base::{Fault, base32};
use sekimori_store::{AuditHead, LineId, chain_start, commitment, verify_next};

use crate::Flow;
use crate::tenant::Tenant;

/// Lines that are read at once.
const PAGE: u32 = 1000;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Chains that were walked.
    pub chains: u64,
    /// Lines that were hashed.
    pub lines: u64,
    /// Chains whose beginning retention took.
    pub shortened: u64,
    /// Lines whose facts retention took.
    pub facts_removed: u64,
    /// What is wrong.
    pub wrong: Vec<Wrong>,
}

/// Something that is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The writer, in base 32.
    pub writer: String,
    /// Which line, from 1.
    pub sequence: u64,
    /// What.
    pub what: Problem,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Lines are missing before this one.
    Gap,
    /// The line is not what was hashed.
    Changed,
    /// The line says that it stands elsewhere.
    Misplaced,
    /// The facts are not those that were committed to.
    FactsChanged,
    /// The chain does not begin as its writer's must.
    Beginning,
    /// The chain ends before its head.
    Truncated,
}

impl Flow {
    /// Walk all chains of a tenant. `progress` hears how many lines of how many were read.
    pub async fn verify_audit(
        &self,
        tenant: &Tenant,
        progress: impl Fn(u64, u64),
    ) -> Result<Verified, Fault> {
        let heads = self.store.audit_heads(tenant.id).await?;
        let of = |head: &AuditHead| (head.sequence + 1).saturating_sub(head.first_sequence);
        let all: u64 = heads.iter().map(of).sum();
        let mut verified = Verified::default();
        for head in &heads {
            verified.chains += 1;
            self.verify_chain(tenant, head, &mut verified, &|done| progress(done, all)).await?;
        }
        Ok(verified)
    }

    async fn verify_chain(
        &self,
        tenant: &Tenant,
        head: &AuditHead,
        verified: &mut Verified,
        progress: &impl Fn(u64),
    ) -> Result<(), Fault> {
        let writer = base32::encode(head.writer.bytes());
        let mut wrong = |sequence, what| {
            verified.wrong.push(Wrong { writer: writer.clone(), sequence, what });
        };
        if head.first_sequence > 1 {
            verified.shortened += 1;
        } else if head.first_previous != chain_start(tenant.id, head.writer) {
            wrong(1, Problem::Beginning);
        }
        let (mut expected, mut previous) = (head.first_sequence, head.first_previous);
        loop {
            let lines = self.store.audit_scan(tenant.id, head.writer, expected, PAGE).await?;
            if lines.is_empty() {
                break;
            }
            for entry in &lines {
                let LineId { sequence, .. } = entry.id;
                if sequence != expected {
                    wrong(sequence, Problem::Gap);
                }
                if verify_next(&previous, &entry.text) != entry.hash {
                    wrong(sequence, Problem::Changed);
                }
                if entry.line.sequence != sequence || entry.line.writer != writer {
                    wrong(sequence, Problem::Misplaced);
                }
                match (&entry.line.facts, &entry.facts) {
                    (Some(committed), Some(facts)) => {
                        if *committed != base32::encode(&commitment(facts)) {
                            wrong(sequence, Problem::FactsChanged);
                        }
                    }
                    (Some(_), None) => verified.facts_removed += 1,
                    (None, Some(_)) => wrong(sequence, Problem::FactsChanged),
                    (None, None) => {}
                }
                (expected, previous) = (sequence + 1, entry.hash);
                verified.lines += 1;
            }
            progress(verified.lines);
        }
        if expected <= head.sequence {
            wrong(expected, Problem::Truncated);
        }
        Ok(())
    }
}
