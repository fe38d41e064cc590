//! What the checkpoints seal: walked in order, each signature checked, held against exported ones.

use std::collections::{BTreeMap, HashMap};

use sekimori_base::{Fault, TenantId, Timestamp};
use sekimori_keys::Jwk;
use sekimori_keys::jws::peek;
use sekimori_store::Checkpoint;

use super::audit::{Problem, Verified};
use crate::Flow;
use crate::checkpoint::{Claims, Listed, hash, issuer, read};
use crate::tenant::Tenant;

/// Checkpoints that are read at once.
const PAGE: u32 = 500;
/// Seconds of a day: clocks, and a sweep that takes a while, stay within it.
const DAY: i64 = 24 * 3600;

/// How far checkpoints seal a chain.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    /// Up to which line.
    pub to: u64,
    /// The value of the chain there, in base 32.
    pub hash: String,
    /// From this line on the sealed lines are too young for retention.
    pub young_from: Option<u64>,
}

/// The walk along the checkpoints.
pub(super) struct Seals {
    tenant: TenantId,
    keys: Vec<Jwk>,
    now: Timestamp,
    /// Lines after this moment are kept.
    young_after: Timestamp,
    chains: HashMap<String, Seal>,
    /// The number that is next, and the hash that it must state.
    next: Option<(u64, String)>,
    /// Whether the walk began at the first checkpoint of all.
    from_the_first: bool,
    /// Exported checkpoints: number to what it says, and its hash.
    exported: BTreeMap<u64, (Claims, String)>,
}

impl Seals {
    pub(super) fn new(
        tenant: &Tenant,
        now: Timestamp,
        exported: &[String],
        verified: &mut Verified,
    ) -> Self {
        let kept_seconds = DAY * i64::from(tenant.site.retention.audit_days);
        let mut seals = Self {
            tenant: tenant.id,
            keys: tenant.checkpoint_keys.known.clone(),
            now,
            young_after: now.plus_seconds(DAY - kept_seconds),
            chains: HashMap::new(),
            next: None,
            from_the_first: false,
            exported: BTreeMap::new(),
        };
        seals.read_export(exported, verified);
        seals
    }

    fn read_export(&mut self, exported: &[String], verified: &mut Verified) {
        let ours = issuer(self.tenant);
        let mut found = false;
        for (index, body) in exported.iter().enumerate() {
            if let Ok(claims) = read(body, self.tenant, &self.keys, self.now) {
                found = true;
                self.exported.insert(claims.number, (claims, hash(body)));
            } else if peek(body).is_ok_and(|said| said.issuer.is_some_and(|other| other != ours)) {
                // Several organisations share a node's file.
            } else {
                verified.wrong(None, index as u64 + 1, Problem::ExportForged);
            }
        }
        if !found && !exported.is_empty() {
            verified.wrong(None, 0, Problem::ExportEmpty);
        }
        let mut before: Option<(u64, &String)> = None;
        for (number, (claims, hash)) in &self.exported {
            if let Some((last, previous)) = before
                && last + 1 == *number
                && claims.previous.as_ref() != Some(previous)
            {
                verified.wrong(None, *number, Problem::ExportApart);
            }
            before = Some((*number, hash));
        }
    }

    fn checkpoint(&mut self, stored: &Checkpoint, verified: &mut Verified) {
        verified.checkpoints += 1;
        let own_hash = hash(&stored.body);
        if let Some((_, exported)) = self.exported.get(&stored.number) {
            verified.compared += 1;
            if *exported != own_hash {
                verified.wrong(None, stored.number, Problem::CheckpointOther);
            }
        }
        let expected = self.next.replace((stored.number + 1, own_hash));
        let claims = match read(&stored.body, self.tenant, &self.keys, self.now) {
            Ok(claims) if claims.number == stored.number => claims,
            Ok(_) | Err(_) => {
                verified.wrong(None, stored.number, Problem::CheckpointForged);
                return;
            }
        };
        match expected {
            None if stored.number == 1 => self.from_the_first = true,
            None if claims.since.unwrap_or(claims.at) > self.young_after => {
                // The one before it was made at that moment at the earliest.
                verified.wrong(None, stored.number, Problem::CheckpointsCut);
            }
            None => {}
            Some((number, _)) if number != stored.number => {
                verified.wrong(None, stored.number, Problem::CheckpointGap);
            }
            Some((_, hash)) if claims.previous.as_ref() != Some(&hash) => {
                verified.wrong(None, stored.number, Problem::CheckpointApart);
            }
            Some(_) => {}
        }
        verified.last_checkpoint = Some((claims.number, claims.at));
        self.take_over(&claims, verified);
    }

    /// What it lists becomes what is sealed.
    fn take_over(&mut self, claims: &Claims, verified: &mut Verified) {
        let young = claims.since.is_some_and(|since| since > self.young_after);
        let mut joins = true;
        for Listed { writer, from, to, hash, .. } in &claims.chains {
            let lines = to >= from;
            let young_from = (young && lines).then_some(*from);
            if let Some(seal) = self.chains.get_mut(writer) {
                // Lines that retention took before they were listed leave a space.
                joins &= *from == seal.to + 1 || (*from > seal.to && !young);
                if lines {
                    (seal.to, seal.hash) = (*to, hash.clone());
                    seal.young_from = seal.young_from.or(young_from);
                }
            } else {
                joins &= *from == 1 || !self.from_the_first || !young;
                let seal = Seal { to: *to, hash: hash.clone(), young_from };
                self.chains.insert(writer.clone(), seal);
            }
        }
        if !joins {
            verified.wrong(None, claims.number, Problem::CheckpointJoin);
        }
    }

    /// What an exported file has beyond the last checkpoint of the database counts as sealed.
    pub(super) fn hold_against_export(&mut self, verified: &mut Verified) {
        let last = verified.last_checkpoint.map_or(0, |(number, _)| number);
        let beyond = self.exported.split_off(&(last + 1));
        let Some(first) = beyond.keys().next() else { return };
        verified.wrong(None, *first, Problem::CheckpointsTruncated);
        for (claims, _) in beyond.into_values() {
            for listed in claims.chains.iter().filter(|listed| listed.to >= listed.from) {
                let seal = self.chains.entry(listed.writer.clone()).or_insert_with(|| Seal {
                    to: 0,
                    hash: String::new(),
                    young_from: None,
                });
                if listed.to > seal.to {
                    (seal.to, seal.hash) = (listed.to, listed.hash.clone());
                    seal.young_from.get_or_insert(listed.from);
                }
            }
        }
    }

    /// The seal of a chain, which is then done with.
    pub(super) fn take(&mut self, writer: &str) -> Option<Seal> {
        self.chains.remove(writer)
    }

    /// Chains that were sealed and not taken, though retention cannot have taken all of them.
    pub(super) fn rest(self) -> impl Iterator<Item = (String, Seal)> {
        let mut rest: Vec<_> =
            self.chains.into_iter().filter(|(_, seal)| seal.young_from.is_some()).collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        rest.into_iter()
    }
}

impl Flow {
    /// All checkpoints up to `top`, in order.
    pub(super) async fn walk_checkpoints(
        &self,
        tenant: &Tenant,
        top: Option<Checkpoint>,
        seals: &mut Seals,
        verified: &mut Verified,
        progress: &impl Fn(u64),
    ) -> Result<(), Fault> {
        let Some(top) = top else { return Ok(()) };
        let mut from = 1;
        while from <= top.number {
            let page = self.store.checkpoints(tenant.id, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.number + 1;
            for checkpoint in page.iter().filter(|stored| stored.number <= top.number) {
                seals.checkpoint(checkpoint, verified);
            }
            progress(from - 1);
        }
        Ok(())
    }
}
