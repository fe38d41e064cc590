//! An exported audit as it is read after a restore. Nothing is taken from it before it holds together: the chains go
//! on where the restored database's end, no line is missing, and they arrive at what signed checkpoints say.

use std::collections::{BTreeMap, HashMap};

use sekimori_base::{Fault, TenantId, Timestamp, base32};
use sekimori_keys::Jwk;
use sekimori_store::{StoredLine, WriterId, chain_start, verify_next};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::audit::{Problem, Wrong};
use super::reapply::{CODE_SPENT, Event};
use crate::Flow;
use crate::checkpoint::read;
use crate::tenant::Tenant;

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

/// The first line of an export: whose audit follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditOf {
    /// Whose.
    pub audit_of: TenantId,
    /// Its host name, for people.
    pub host: String,
}

impl AuditOf {
    /// The audit of this organisation.
    pub fn of(tenant: &Tenant) -> Self {
        Self { audit_of: tenant.id, host: tenant.host().to_owned() }
    }

    /// As it stands in the file.
    pub fn line(&self) -> String {
        format!("{}\n", json!(self))
    }
}

/// What a line of an exported file tells.
#[derive(Debug)]
pub enum Told {
    /// Whose lines follow.
    Of(AuditOf),
    /// A line of the audit.
    Line(Box<StoredLine>),
    /// A checkpoint of this organisation.
    Checkpoint(TenantId, String),
    /// A public key that signs checkpoints of this organisation.
    Key(TenantId, Jwk),
}

impl Told {
    /// Read one; `None`: it is no line of an export.
    pub fn read(text: &str) -> Option<Self> {
        if let Ok(line) = serde_json::from_str(text) {
            return Some(Self::Line(Box::new(line)));
        }
        if let Ok(of) = serde_json::from_str(text) {
            return Some(Self::Of(of));
        }
        let value: Value = serde_json::from_str(text).ok()?;
        let tenant = value["tenant"].as_str()?.parse().ok()?;
        if let Some(body) = value["checkpoint"].as_str() {
            return Some(Self::Checkpoint(tenant, body.to_owned()));
        }
        Some(Self::Key(tenant, Jwk::parse(&value["key"].to_string()).ok()?))
    }
}

/// The lines of one chain that the database does not have.
struct Walk {
    /// The last line that the database has, and the value of the chain there.
    known: u64,
    start: [u8; 32],
    /// The value after each line that follows.
    values: Vec<[u8; 32]>,
    /// Lines that came before the one that they follow: a file is in the order of time.
    waiting: BTreeMap<u64, String>,
    /// Another line came for a place that was taken.
    twice: Option<u64>,
}

impl Walk {
    fn after(known: u64, start: [u8; 32]) -> Self {
        Self { known, start, values: Vec::new(), waiting: BTreeMap::new(), twice: None }
    }

    fn last(&self) -> u64 {
        self.known + self.values.len() as u64
    }

    /// The value of the chain after this line, if the file has it.
    fn value(&self, sequence: u64) -> Option<&[u8; 32]> {
        match sequence.checked_sub(self.known)? {
            0 => Some(&self.start),
            nth => self.values.get(usize::try_from(nth).ok()? - 1),
        }
    }

    /// `false`: it was there already.
    fn line(&mut self, sequence: u64, text: &str) -> bool {
        let there = match self.value(sequence) {
            Some(value) => {
                self.value(sequence - 1).map(|before| verify_next(before, text) == *value)
            }
            None => self.waiting.get(&sequence).map(|waiting| waiting == text),
        };
        if let Some(same) = there {
            if !same {
                self.twice.get_or_insert(sequence);
            }
            return false;
        }
        self.waiting.insert(sequence, text.to_owned());
        while let Some(next) = self.waiting.remove(&(self.last() + 1)) {
            let before = self.values.last().unwrap_or(&self.start);
            let value = verify_next(before, &next);
            self.values.push(value);
        }
        true
    }
}

/// An exported audit, as it is read: the lines that the restored database does not have, and what seals them.
pub struct SinceBackup {
    tenant: TenantId,
    known_keys: Vec<Jwk>,
    keys_of_file: Vec<Jwk>,
    /// Chains that the database does not have began after this moment, or retention took them.
    kept_from: Timestamp,
    now: Timestamp,
    chains: HashMap<String, Walk>,
    checkpoints: Vec<String>,
    events: Vec<(Event, StoredLine)>,
    until: Option<Timestamp>,
}

/// An exported audit that holds together.
pub struct Held {
    pub(super) lines: u64,
    pub(super) unsealed: u64,
    pub(super) foreign_keys: u64,
    pub(super) until: Option<Timestamp>,
    pub(super) events: Vec<HeldEvent>,
}

/// Something that happened since the backup.
pub(super) struct HeldEvent {
    pub event: Event,
    pub line: StoredLine,
    /// A checkpoint says that it is what was written.
    pub sealed: bool,
}

impl SinceBackup {
    /// Take what a line of the file tells; `text` is the line as it stands there.
    pub fn take(&mut self, told: Told, text: &str) {
        match told {
            Told::Line(line) => self.line(*line, text),
            Told::Checkpoint(_, body) => self.checkpoints.push(body),
            Told::Key(_, key) => self.keys_of_file.push(key),
            Told::Of(_) => {}
        }
    }

    fn line(&mut self, mut line: StoredLine, text: &str) {
        self.until = self.until.max(Some(line.at));
        let walk = match self.chains.get_mut(&line.writer) {
            Some(walk) => walk,
            None if line.at < self.kept_from => return,
            None => {
                let start = writer_of(&line.writer).map(|writer| chain_start(self.tenant, writer));
                let walk = Walk::after(0, start.unwrap_or_default());
                self.chains.entry(line.writer.clone()).or_insert(walk)
            }
        };
        if line.sequence <= walk.known || !walk.line(line.sequence, text) {
            return;
        }
        if let Some(event) = Event::of(&line) {
            if event == Event::CodeSpent {
                // Nobody signs in again because of a restore.
                CODE_SPENT.clone_into(&mut line.event);
            }
            self.events.push((event, line));
        }
    }

    /// Hold it against the restored chains and the checkpoints: what is wrong, if anything is.
    pub fn hold(self) -> Result<Held, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let (sealed, foreign_keys) = self.seals(&mut wrong);
        let (mut lines, mut unsealed) = (0, 0);
        for (writer, walk) in &self.chains {
            let mut tell = |number, what| {
                wrong.push(Wrong { writer: Some(writer.clone()), number, what });
            };
            if let Some(sequence) = walk.twice {
                tell(sequence, Problem::ExportTwice);
            }
            if let Some(sequence) = walk.waiting.keys().next() {
                tell(*sequence, Problem::ExportGap);
            }
            lines += walk.values.len() as u64;
            unsealed += walk.last() - sealed.get(writer).copied().unwrap_or(0).max(walk.known);
        }
        if !wrong.is_empty() {
            wrong.sort_by(|one, other| {
                (&one.writer, one.number).cmp(&(&other.writer, other.number))
            });
            return Err(wrong);
        }
        if lines > 0 && unsealed == lines && foreign_keys == 0 {
            return Err(vec![Wrong { writer: None, number: 0, what: Problem::ExportEmpty }]);
        }
        let held = |(event, line): (Event, StoredLine)| {
            let to = sealed.get(&line.writer).copied().unwrap_or(0);
            HeldEvent { event, sealed: line.sequence <= to, line }
        };
        let events = self.events.into_iter().map(held).collect();
        Ok(Held { lines, unsealed, foreign_keys, until: self.until, events })
    }

    /// Up to which line each chain is sealed by keys that the backup knows, and how many checkpoints only keys of the
    /// file verify.
    fn seals(&self, wrong: &mut Vec<Wrong>) -> (HashMap<String, u64>, u64) {
        let (mut sealed, mut foreign) = (HashMap::<String, u64>::new(), 0);
        for (nth, body) in (1..).zip(&self.checkpoints) {
            let by = |keys: &[Jwk]| read(body, self.tenant, keys, self.now).ok();
            let Some(claims) = by(&self.known_keys) else {
                // Whoever wrote the file may have made the key as well: it seals nothing here.
                if by(&self.keys_of_file).is_some() {
                    foreign += 1;
                    continue;
                }
                wrong.push(Wrong { writer: None, number: nth, what: Problem::ExportForged });
                continue;
            };
            for listed in claims.chains.iter().filter(|listed| listed.to >= listed.from) {
                let mut tell = |what| {
                    let writer = Some(listed.writer.clone());
                    wrong.push(Wrong { writer, number: listed.to, what });
                };
                match self.chains.get(&listed.writer) {
                    None if claims.at.plus_seconds(-DAY) < self.kept_from => {}
                    None => tell(Problem::ExportMissing),
                    Some(walk) if listed.to <= walk.known => {}
                    Some(walk) => match walk.value(listed.to) {
                        Some(value) if base32::encode(value) == listed.hash => {
                            let to = sealed.entry(listed.writer.clone()).or_default();
                            *to = listed.to.max(*to);
                        }
                        Some(_) => tell(Problem::ExportAltered),
                        None => tell(Problem::ExportCut),
                    },
                }
            }
        }
        (sealed, foreign)
    }
}

impl Flow {
    /// Begin to read an exported audit.
    pub async fn since_backup(&self, tenant: &Tenant) -> Result<SinceBackup, Fault> {
        let heads = self.store.audit_heads(tenant.id).await?;
        let walk = |head: sekimori_store::AuditHead| {
            (base32::encode(head.writer.bytes()), Walk::after(head.sequence, head.hash))
        };
        let now = self.clock.now();
        let kept_seconds = DAY * i64::from(tenant.site.retention.audit_days);
        Ok(SinceBackup {
            tenant: tenant.id,
            known_keys: tenant.checkpoint_keys.known.clone(),
            keys_of_file: Vec::new(),
            kept_from: now.plus_seconds(-kept_seconds),
            now,
            chains: heads.into_iter().map(walk).collect(),
            checkpoints: Vec::new(),
            events: Vec::new(),
            until: None,
        })
    }

    /// The checkpoints that seal what was written since a moment: of each chain the last one that lists it.
    pub async fn seals_since(
        &self,
        tenant: &Tenant,
        since: Timestamp,
    ) -> Result<Vec<sekimori_store::Checkpoint>, Fault> {
        const PAGE: u32 = 500;
        let mut seals = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut top = self.store.checkpoint_last(tenant.id).await?.map_or(0, |last| last.number);
        while top > 0 {
            let from = top.saturating_sub(u64::from(PAGE)) + 1;
            let mut page = self.store.checkpoints(tenant.id, from, PAGE).await?;
            page.retain(|checkpoint| checkpoint.number <= top);
            for checkpoint in page.into_iter().rev() {
                if checkpoint.at < since {
                    return Ok(seals);
                }
                let keys = &tenant.checkpoint_keys.known;
                let claims = read(&checkpoint.body, tenant.id, keys, self.clock.now()).ok();
                let chains = claims.into_iter().flat_map(|claims| claims.chains);
                let news = chains
                    .filter(|listed| listed.to >= listed.from)
                    .filter(|listed| seen.insert(listed.writer.clone()))
                    .count();
                if news > 0 {
                    seals.push(checkpoint);
                }
            }
            top = from - 1;
        }
        Ok(seals)
    }
}

fn writer_of(text: &str) -> Option<WriterId> {
    Some(WriterId::from_bytes(base32::decode(text)?.try_into().ok()?))
}
