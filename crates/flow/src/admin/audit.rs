//! Verifying the audit: every line of every chain, its facts, nothing missing in between, before or after.
//!
//! The checkpoints are walked first, for the last line of each chain that they seal: the value of the chain there
//! commits to all lines before it. Then the lines, a page at a time. In memory stand chains and what is wrong, never
//! lines.

use sekimori_base::{Fault, Timestamp, base32};
use sekimori_store::{
    AuditHead, ScannedLine, StoredLine, WriterId, chain_start, commitment, verify_next,
};

use super::seals::{Seal, Seals};
use crate::Flow;
use crate::tenant::Tenant;

/// Lines that are read at once.
const PAGE: u32 = 1000;
/// What is wrong is listed up to here, and counted beyond.
const WRONG_MAX: usize = 1000;
/// A line is committed within this many seconds of the moment that it states.
const LATE_SECONDS: i64 = 60;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Chains that were walked.
    pub chains: u64,
    /// Lines that were hashed.
    pub lines: u64,
    /// Chains whose beginning retention took.
    pub shortened: u64,
    /// Lines whose facts retention or an erasure took.
    pub facts_removed: u64,
    /// Checkpoints whose signature was checked.
    pub checkpoints: u64,
    /// The last of them: its number, and when it was made.
    pub last_checkpoint: Option<(u64, Timestamp)>,
    /// Exported checkpoints that were found in the database.
    pub compared: u64,
    /// Lines that no checkpoint seals yet.
    pub unsealed: u64,
    /// The moment of the oldest of them.
    pub unsealed_since: Option<Timestamp>,
    /// What is wrong.
    pub wrong: Vec<Wrong>,
    /// How much more is wrong than is listed.
    pub more_wrong: u64,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The writer of the chain, in base 32; `None` for a checkpoint.
    pub writer: Option<String>,
    /// Which line of the chain, or which checkpoint, from 1.
    pub number: u64,
    /// What.
    pub what: Problem,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// Lines are missing before this one.
    Gap,
    /// The line is not what was hashed.
    Changed,
    /// The line says that it stands elsewhere.
    Misplaced,
    /// The columns by which it is found say something else than the line.
    Misfiled,
    /// The facts are not those that were committed to.
    FactsChanged,
    /// The chain does not begin as its writer's must.
    Beginning,
    /// Lines before this one are gone, and too young for retention.
    CutEarly,
    /// Another line was sealed at this place.
    Rewritten,
    /// The chain ends before this line, which was sealed.
    Truncated,
    /// The chain up to this line was sealed, and is gone.
    ChainMissing,
    /// No checkpoint lists the line, though a later one was made.
    Unlisted,
    /// Checkpoints are missing before this one.
    CheckpointGap,
    /// Checkpoints before this one are gone, and too young for retention.
    CheckpointsCut,
    /// The checkpoint is not signed with a key of this tenant, or was changed.
    CheckpointForged,
    /// The checkpoint does not follow the one before it.
    CheckpointApart,
    /// It goes on with a chain elsewhere than the checkpoints before it ended.
    CheckpointJoin,
    /// The exported file has this checkpoint, the database ends before it.
    CheckpointsTruncated,
    /// The exported file has another checkpoint of this number.
    CheckpointOther,
    /// The exported line of this number is not signed with a key of this tenant, or was changed.
    ExportForged,
    /// The exported checkpoint does not follow the one before it in the file.
    ExportApart,
    /// The exported file has no checkpoint of this tenant.
    ExportEmpty,
    /// Lines before this one are neither in the exported file nor in the database.
    ExportGap,
    /// The exported file has two different lines for this place.
    ExportTwice,
    /// What the exported lines up to this one give is not what was sealed.
    ExportAltered,
    /// Lines up to this one were sealed, and the exported file ends before.
    ExportCut,
    /// Lines up to this one were sealed, and the exported file has none of the chain.
    ExportMissing,
}

impl Verified {
    pub(super) fn wrong(&mut self, writer: Option<&str>, number: u64, what: Problem) {
        if self.wrong.len() < WRONG_MAX {
            self.wrong.push(Wrong { writer: writer.map(str::to_owned), number, what });
        } else {
            self.more_wrong += 1;
        }
    }

    /// Nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl Flow {
    /// Walk all checkpoints and chains of a tenant, and hold them against exported checkpoints if there are any.
    /// `progress` hears how many lines and checkpoints of how many were read.
    pub async fn verify_audit(
        &self,
        tenant: &Tenant,
        exported: &[String],
        progress: impl Fn(u64, u64),
    ) -> Result<Verified, Fault> {
        // In this order: what is sealed was written before, and what this process knows sealed even earlier.
        let known_sealed = self.sealing.sealed_at();
        let top = self.store.checkpoint_last(tenant.id).await?;
        let heads = self.store.audit_heads(tenant.id).await?;
        let of = |head: &AuditHead| (head.sequence + 1).saturating_sub(head.first_sequence);
        let lines: u64 = heads.iter().map(of).sum();
        let checkpoints = top.as_ref().map_or(0, |top| top.number);
        let all = lines + checkpoints;
        let mut verified = Verified::default();
        let mut seals = Seals::new(tenant, self.clock.now(), exported, &mut verified);
        self.walk_checkpoints(tenant, top, &mut seals, &mut verified, &|done| progress(done, all))
            .await?;
        seals.hold_against_export(&mut verified);
        let listed_until = known_sealed.max(verified.last_checkpoint.map(|(_, at)| at));
        for head in &heads {
            verified.chains += 1;
            let writer = base32::encode(head.writer.bytes());
            let seal = seals.take(&writer);
            let mut chain = Chain::begin(tenant, head, &writer, seal, listed_until, &mut verified);
            loop {
                let page = self.store.audit_scan(tenant.id, head.writer, chain.next, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                for line in &page {
                    chain.line(line, &mut verified);
                }
                progress(checkpoints + verified.lines, all);
            }
            chain.end(&mut verified);
        }
        for (writer, seal) in seals.rest() {
            verified.wrong(Some(&writer), seal.to, Problem::ChainMissing);
        }
        Ok(verified)
    }
}

/// The walk along one chain.
struct Chain<'a> {
    writer: &'a str,
    seal: Option<Seal>,
    /// Lines that were committed before this moment are listed.
    listed_until: Option<Timestamp>,
    next: u64,
    previous: [u8; 32],
    told_unlisted: bool,
}

impl<'a> Chain<'a> {
    fn begin(
        tenant: &Tenant,
        head: &AuditHead,
        writer: &'a str,
        seal: Option<Seal>,
        listed_until: Option<Timestamp>,
        verified: &mut Verified,
    ) -> Self {
        let first = head.first_sequence;
        if first > 1 {
            verified.shortened += 1;
        } else if head.first_previous
            != chain_start(tenant.id, WriterId::from(*head.writer.bytes()))
        {
            verified.wrong(Some(writer), 1, Problem::Beginning);
        }
        if let Some(seal) = &seal {
            if first > seal.to + 1 || seal.young_from.is_some_and(|from| first > from) {
                verified.wrong(Some(writer), first, Problem::CutEarly);
            } else if first == seal.to + 1 && base32::encode(&head.first_previous) != seal.hash {
                verified.wrong(Some(writer), seal.to, Problem::Rewritten);
            }
        }
        Self {
            writer,
            seal,
            listed_until,
            next: first,
            previous: head.first_previous,
            told_unlisted: false,
        }
    }

    fn line(&mut self, scanned: &ScannedLine, verified: &mut Verified) {
        let sequence = scanned.id.sequence;
        let line: Option<StoredLine> = serde_json::from_str(&scanned.text).ok();
        let mut wrong = |what| verified.wrong(Some(self.writer), sequence, what);
        let follows = sequence == self.next;
        if !follows {
            wrong(Problem::Gap);
        }
        let elsewhere = |line: &StoredLine| line.sequence != sequence || line.writer != self.writer;
        if line.as_ref().is_some_and(elsewhere) {
            wrong(Problem::Misplaced);
        } else if line.is_none()
            || (follows && verify_next(&self.previous, &scanned.text) != scanned.hash)
        {
            // After a gap the value before is not known; the lines that follow tell.
            wrong(Problem::Changed);
        }
        if line.as_ref().is_some_and(|line| !scanned.found_by.fits(line)) {
            wrong(Problem::Misfiled);
        }
        if let Some(seal) = &self.seal
            && seal.to == sequence
            && seal.hash != base32::encode(&scanned.hash)
        {
            wrong(Problem::Rewritten);
        }
        let committed = line.as_ref().and_then(|line| line.facts.as_ref());
        match (committed, &scanned.facts) {
            (Some(committed), Some(facts)) => {
                if *committed != base32::encode(&commitment(facts)) {
                    wrong(Problem::FactsChanged);
                }
            }
            (Some(_), None) => verified.facts_removed += 1,
            (None, Some(_)) if line.is_some() => wrong(Problem::FactsChanged),
            (None, _) => {}
        }
        if self.seal.as_ref().is_none_or(|seal| seal.to < sequence) {
            self.unsealed(sequence, line.map(|line| line.at), verified);
        }
        (self.next, self.previous) = (sequence + 1, scanned.hash);
        verified.lines += 1;
    }

    fn unsealed(&mut self, sequence: u64, at: Option<Timestamp>, verified: &mut Verified) {
        verified.unsealed += 1;
        let Some(at) = at else { return };
        let oldest = verified.unsealed_since.map_or(at, |oldest| oldest.min(at));
        verified.unsealed_since = Some(oldest);
        let late = |until: Timestamp| at.plus_seconds(LATE_SECONDS) < until;
        if self.listed_until.is_some_and(late) && !self.told_unlisted {
            self.told_unlisted = true;
            verified.wrong(Some(self.writer), sequence, Problem::Unlisted);
        }
    }

    fn end(self, verified: &mut Verified) {
        if let Some(seal) = self.seal
            && self.next <= seal.to
        {
            let what = if self.next == 1 { Problem::ChainMissing } else { Problem::Truncated };
            verified.wrong(Some(self.writer), seal.to, what);
        }
    }
}
