//! Checkpoints of the audit: every ten seconds one node signs how far every chain has come.
//!
//! A checkpoint lists the chains that grew or ended since the one before it, and commits to that one by its hash; so
//! the last one commits to all lines of all chains, however many have ended. Nothing is signed while nothing has
//! changed. Several nodes may try at once: the number decides, and who comes second has nothing left to do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use sekimori_base::{Fault, TenantId, Timestamp, base32};
use sekimori_keys::digest::sha256;
use sekimori_keys::jws::{
    Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError, Typ, verify,
};
use sekimori_keys::{Jwk, SignatureAlgorithm};
use sekimori_store::{AuditPlace, ChangeError, Checkpoint, ListedChain, Unlisted, UnlistedChain};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::tenant::Tenant;

/// Seconds between two rounds: the longest tail of the audit that nothing seals.
pub const ROUND_SECONDS: i64 = 10;
/// A chain has ended when its node was not seen for so long, in seconds.
const ENDED_SECONDS: i64 = 3600;
/// Chains in one checkpoint at most, so that it stays below the length of a token; more go into the next one.
const CHAINS_MAX: usize = 64;
/// Checkpoints in one round at most.
const ROUND_MAX: usize = 256;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose audit: `urn:sekimori:` and the tenant's id, which stays when the issuer changes.
    pub iss: String,
    /// When, in seconds since 1970.
    pub iat: i64,
    /// From 1, without gaps.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at: Timestamp,
    /// SHA-256 of the checkpoint before it, in base 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The lines that it lists were written after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// There was more to list than one checkpoint holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The chains that grew or ended.
    pub chains: Vec<Listed>,
}

/// What a checkpoint says of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The writer, in base 32.
    pub writer: String,
    /// The first line that no earlier checkpoint lists.
    pub from: u64,
    /// The last line; `from - 1` when the chain only ended.
    pub to: u64,
    /// The value of the chain after it, in base 32.
    pub hash: String,
    /// Nothing is to follow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// The hash by which the next checkpoint commits to this one.
pub fn hash(body: &str) -> String {
    base32::encode(&sha256(&[body.as_bytes()]))
}

/// The issuer of a tenant's checkpoints.
pub fn issuer(tenant: TenantId) -> String {
    format!("urn:sekimori:{tenant}")
}

/// What a checkpoint says, if one of `keys` signed it.
pub fn read(
    body: &str,
    tenant: TenantId,
    keys: &[Jwk],
    now: Timestamp,
) -> Result<Claims, JwsError> {
    let issuer = issuer(tenant);
    let expected = Expected {
        algorithms: &[SignatureAlgorithm::EdDsa],
        typ: ExpectedTyp::Stated(&[Typ::AuditCheckpoint]),
        issuer: &issuer,
        audience: ExpectedAudience::Any,
        lifetime: ExpectedLifetime::MayBeOver,
        now,
        // A clock that was set back does not make a checkpoint a forgery.
        leeway_seconds: i64::MAX,
        keys,
    };
    verify(body, &expected).map(sekimori_keys::jws::Verified::into_claims)
}

/// How the sealing goes, as this process sees it.
#[derive(Default)]
pub struct Sealing {
    sealed_at: AtomicI64,
    seen: Mutex<HashMap<TenantId, u64>>,
}

impl Sealing {
    /// When this process last knew everything sealed; `None` before its first round.
    pub fn sealed_at(&self) -> Option<Timestamp> {
        match self.sealed_at.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Timestamp::from_unix_millis(millis)),
        }
    }

    /// Remember the last number. `false`: a later one was there already, and is no longer.
    fn see(&self, tenant: TenantId, number: u64) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(tenant, number).is_none_or(|before| before <= number)
    }
}

impl Flow {
    /// One round for all tenants: sign what has changed. Called every ten seconds, and once at the end.
    pub async fn seal_audit(&self) -> Result<(), Fault> {
        let now = self.clock.now();
        for tenant in self.tenants.all() {
            self.checkpoint(&tenant).await?;
        }
        self.sealing.sealed_at.store(now.unix_millis(), Ordering::Relaxed);
        Ok(())
    }

    /// Sign what has changed in a tenant's audit, if anything has. Gives how many checkpoints were made.
    pub async fn checkpoint(&self, tenant: &Tenant) -> Result<usize, Fault> {
        // A tenant that was made by an older program gets its key within a minute.
        let Some(key) = &tenant.checkpoint_keys.active else { return Ok(0) };
        for made in 0..ROUND_MAX {
            let now = self.clock.now();
            let live_since = now.plus_seconds(-ENDED_SECONDS);
            let unlisted = self.store.audit_unlisted(tenant.id, live_since).await?;
            let last = unlisted.last.as_ref().map_or(0, |last| last.number);
            if !self.sealing.see(tenant.id, last) {
                tracing::error!(
                    target: "sekimori", tenant = %tenant.id, last,
                    "checkpoints of the audit have gone from the database: verify it against an exported one",
                );
            }
            if unlisted.chains.is_empty() {
                return Ok(made);
            }
            let since = self.written_after(tenant, &unlisted, now).await?;
            let claims = claims(tenant.id, now, &unlisted, since);
            let body = key.sign(Typ::AuditCheckpoint, &claims)?;
            let checkpoint = Checkpoint { number: claims.number, at: now, body };
            let listed = unlisted.chains.iter().take(CHAINS_MAX).map(listed).collect();
            match self.store.checkpoint_put(tenant.id, checkpoint, listed).await {
                Ok(()) => {
                    self.sealing.see(tenant.id, claims.number);
                }
                // Another node was first.
                Err(ChangeError::Stale) => return Ok(made),
                Err(ChangeError::Fault(fault)) => return Err(fault),
            }
            if !claims.more {
                return Ok(made + 1);
            }
        }
        Ok(ROUND_MAX)
    }
}

impl Flow {
    /// The moment after which all lines were written that are not listed yet.
    async fn written_after(
        &self,
        tenant: &Tenant,
        unlisted: &Unlisted,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        if let Some(last) = &unlisted.last {
            // One that is not ours is told by `audit verify`; nothing of it is taken over.
            let before = read(&last.body, tenant.id, &tenant.checkpoint_keys.known, now).ok();
            return Ok(
                before.and_then(|before| if before.more { before.since } else { Some(before.at) })
            );
        }
        let beginning = AuditPlace::from(Timestamp::from_unix_millis(0));
        let oldest = self.store.audit_since(tenant.id, beginning, 1).await?;
        Ok(oldest.first().map(|entry| entry.line.at.plus_millis(-1)))
    }
}

fn claims(
    tenant: TenantId,
    now: Timestamp,
    unlisted: &Unlisted,
    since: Option<Timestamp>,
) -> Claims {
    let last = unlisted.last.as_ref();
    let chain = |chain: &UnlistedChain| Listed {
        writer: chain.writer.to_string(),
        from: chain.from,
        to: chain.sequence,
        hash: base32::encode(&chain.hash),
        ended: chain.ended,
    };
    Claims {
        iss: issuer(tenant),
        iat: now.unix_seconds(),
        number: last.map_or(0, |last| last.number) + 1,
        at: now,
        previous: last.map(|last| hash(&last.body)),
        since,
        more: unlisted.chains.len() > CHAINS_MAX,
        chains: unlisted.chains.iter().take(CHAINS_MAX).map(chain).collect(),
    }
}

fn listed(chain: &UnlistedChain) -> ListedChain {
    ListedChain { writer: chain.writer, sequence: chain.sequence, ended: chain.ended }
}
