//! The driver: a file per use case. Loads facts, lets `login` decide, runs checks, stores effects.
//!
//! `web` and the command line are thin callers of [`Flow`]; what they hear are the views of [`view`]. Nothing here
//! knows HTML or HTTP, and nothing is decided here.

pub mod admin;
mod alarm;
mod answered;
pub mod attempt;
mod bounced;
mod bounded;
mod budget;
pub mod carried;
pub mod certificates;
mod challenge;
pub mod checkpoint;
pub mod desk;
mod device;
mod distinct;
pub mod door;
mod faults;
mod guess;
mod hashing;
mod incident;
mod keeping;
mod letters;
mod login;
mod mailboxes;
mod measure;
mod notices;
mod oidc;
pub mod portal;
mod record;
mod refused;
mod sources;
mod tally;
pub mod tenant;
pub mod ticket;
mod token;
mod typed;
pub mod view;
mod visitor;

use std::sync::{Arc, OnceLock};

use moka::sync::Cache;
use sekimori_base::{Clock, Entropy, TenantId, random};
use sekimori_keys::{KeyDevice, RootKeys};
use sekimori_store::Store;

pub use alarm::{Alarm, Alert};
pub use bounced::MARK_LENGTH;
pub use hashing::{Busy, Class, Hashing, HashingSettings, Place};
pub use incident::{IncidentCode, IncidentCodeError};
pub use keeping::{DATA_LINE, FormerSecrets, lacking_key, usable_from};
pub use letters::{CodeLetter, Letter, Occasion};
pub use login::{CameBy, CertificateFound, PasskeyForm, SignInForm};
pub use measure::{measured, person_words};
pub use notices::{About, Message};
pub use oidc::{Allowed, Confirmed, LogoutProgress};
pub use record::RecordedFacts;
pub use refused::RefusedRequest;
pub use tally::{Side, Tally};
pub use tenant::{Tenant, Tenants};
pub use visitor::{Caller, Visitor};

/// Everything that a use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Flow(Arc<Parts>);

/// The parts of a [`Flow`].
pub struct Parts {
    /// What outlives a request.
    pub store: Store,
    /// Root keys, which open the keys in the database.
    pub root_keys: RootKeys,
    /// The wall clock, for background work; requests bring their moment along.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Tenants, ready to be asked.
    pub tenants: Tenants,
    /// The hash queue.
    pub hashing: Hashing,
    /// Counts for metrics.
    pub tally: Tally,
    /// Passwords that are tried on many names.
    pub alarm: Alarm,
    /// How the audit's checkpoints stand.
    pub sealing: checkpoint::Sealing,
    /// Where keys of authorities may be, if not in the database.
    pub device: certificates::Device,
    sources: sources::Sources,
    typed: typed::Typed,
    budget: budget::Budget,
    reports: budget::Budget,
    faults: faults::Faults,
    lookups: portal::Lookups,
    answered: answered::Answered,
    assertions: oidc::Assertions,
    published: certificates::Published,
    carrier: OnceLock<Arc<certificates::Carrier>>,
    answers: Cache<(TenantId, [u8; 16], String), Arc<login::Loop>>,
}

impl std::ops::Deref for Flow {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Flow {
    /// Whether what a browser reports is logged: a few a minute are.
    pub fn may_log_report(&self, visitor: &Visitor) -> bool {
        self.reports.take(visitor.tenant.id, visitor.network(), visitor.now)
    }

    /// A flow over these parts.
    pub fn new(
        store: Store,
        root_keys: RootKeys,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        hashing: Hashing,
        device: Option<Arc<dyn KeyDevice>>,
    ) -> Self {
        let typed = typed::Typed::new(random(&*entropy));
        Self(Arc::new(Parts {
            store,
            root_keys,
            clock,
            entropy,
            tenants: Tenants::default(),
            hashing,
            tally: Tally::default(),
            alarm: Alarm::default(),
            sealing: checkpoint::Sealing::default(),
            device: certificates::Device::new(device),
            sources: sources::Sources::default(),
            typed,
            budget: budget::Budget::narrated(),
            reports: budget::Budget::reports(),
            faults: faults::Faults::default(),
            lookups: portal::Lookups::default(),
            answered: answered::Answered::default(),
            assertions: oidc::Assertions::default(),
            published: certificates::Published::default(),
            carrier: OnceLock::new(),
            answers: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(std::time::Duration::from_mins(2))
                .build(),
        }))
    }
}

/// So many different names, networks or passwords does a test send against a bound of memory.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the volume of a test run is the runner's to say")]
fn endless() -> u64 {
    let full = std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full");
    if full { 10_000_000 } else { 120_000 }
}
