//! Requests of services that were answered: a service takes one answer to each. Who goes back to a page of a
//! sign-in that is over is led to where the service starts, not to it with a code that it cannot place.
//!
//! Per node, bounded and best effort: what is not remembered is answered once more, and the service says what it
//! thinks of that.

use std::time::Duration;

use moka::sync::Cache;
use sekimori_base::Fault;
use sekimori_store::Digest;

use crate::Flow;
use crate::carried::{CARRIED_SECONDS_MAX, browser_mark};
use crate::door::{Answer, Door};
use crate::view::{Cookies, Progress};
use crate::visitor::Visitor;

/// Requests that are remembered on a node; beyond it those asked about least go.
const REQUESTS_MAX: u64 = 100_000;

/// Which requests of which browsers were answered with which codes.
pub struct Answered(Cache<[u8; 32], Digest>);

impl Default for Answered {
    fn default() -> Self {
        let life = Duration::from_secs(CARRIED_SECONDS_MAX.unsigned_abs());
        Self(Cache::builder().max_capacity(REQUESTS_MAX).time_to_live(life).build())
    }
}

impl Answered {
    /// The request was answered with this code.
    pub fn remember(&self, visitor: &Visitor, door: &Door, code: Digest) {
        if let Some(key) = key(visitor, door) {
            self.0.insert(key, code);
        }
    }

    /// The service itself has sent the request, so that it waits for an answer.
    pub fn forget(&self, visitor: &Visitor, door: &Door) {
        if let Some(key) = key(visitor, door) {
            self.0.invalidate(&key);
        }
    }

    fn code(&self, visitor: &Visitor, door: &Door) -> Option<Digest> {
        self.0.get(&key(visitor, door)?)
    }
}

impl Flow {
    /// The way on from a page of a request whose answer the service has taken: to where the service starts.
    pub(crate) async fn answered_before(
        &self,
        visitor: &Visitor,
        door: &Door,
    ) -> Result<Option<Progress>, Fault> {
        let Some(code) = self.answered.code(visitor, door) else { return Ok(None) };
        if !self.is_redeemed(visitor, code).await? {
            return Ok(None);
        }
        let destination = door.destination(&visitor.tenant);
        Ok(Some(match destination.home.clone() {
            Some(home) => to_start(home),
            None => self.stale_at(visitor, Some(destination)),
        }))
    }

    /// Whether the service has redeemed this code.
    pub(crate) async fn is_redeemed(&self, visitor: &Visitor, code: Digest) -> Result<bool, Fault> {
        let stored = self.store.code(visitor.tenant.id, code).await?;
        Ok(stored.is_some_and(|stored| stored.redeemed_at.is_some()))
    }
}

/// To the page where a service starts.
pub(crate) fn to_start(home: String) -> Progress {
    Progress::Answer { answer: Answer::SeeOther(home), cookies: Cookies::default() }
}

/// One request of one browser. The portal's are none: there is nothing to use up.
fn key(visitor: &Visitor, door: &Door) -> Option<[u8; 32]> {
    let Door::Oidc { pending } = door else { return None };
    let browser = browser_mark(visitor.browser_digest()?);
    let request = serde_json::to_vec(pending).ok()?;
    let tenant = visitor.tenant.id;
    Some(sekimori_keys::digest::sha256(&[tenant.bytes(), &browser.to_be_bytes(), &request]))
}
