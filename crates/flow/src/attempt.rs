//! The attempt as it is stored from the first submitted credential on: sealed, versioned, ten minutes long.

use sekimori_base::{AttemptId, Sealed, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::ZoneName;
use sekimori_directory::username::InputHint;
use sekimori_keys::{Binding, OpenError, Purpose, SealError};
use sekimori_login::{Details, Proof, Reason, Step};
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::incident::IncidentCode;
use crate::tenant::Tenant;

/// Longest state of an attempt, in bytes.
const STATE_BYTES_MAX: usize = 16 * 1024;

/// What a node must know to serve the next step of an attempt that another node began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptState {
    /// Through which door the request came, and what it asks.
    pub door: Door,
    /// The browser that it is bound to.
    pub browser: u64,
    /// When its first credential came.
    pub begun_at: Timestamp,
    /// The zone then.
    pub zone_at_begin: ZoneName,
    /// The user name as typed; empty for a step-up of a standing session.
    pub name: String,
    /// The account's credential epoch when the attempt began.
    pub credential_epoch: u64,
    /// What was proven so far.
    pub proofs: Vec<Proof>,
    /// The offset of the last code that belonged to another moment.
    pub last_drift_seconds: Option<i64>,
    /// The standing session is left aside.
    pub other_person: bool,
    /// What the person was last shown.
    pub last: Shown,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// What the person was last shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The step, unless the attempt was refused for good.
    pub step: Option<Step>,
    /// The reason.
    pub reason: Reason,
    /// What goes with it.
    pub details: Details,
    /// Hints from the typed text.
    pub hints: Vec<InputHint>,
    /// The incident code, if one was kept.
    pub incident: Option<IncidentCode>,
    /// When.
    pub at: Timestamp,
}

/// How an attempt ended: the answer is given again to a second submit of the same form (double click, lost
/// connection), for a short while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// The answer for the service.
    pub answer: crate::door::Answer,
    /// Cookies that went along.
    pub cookies: crate::view::Cookies,
}

impl AttemptState {
    /// Sealed for its row.
    pub fn seal(
        &self,
        tenant: &Tenant,
        id: AttemptId,
        entropy: &(impl sekimori_base::Entropy + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(id.bytes());
        tenant
            .keys
            .seal_json(&binding, self, STATE_BYTES_MAX, entropy)
            .map(Sealed::into_bytes)
    }

    /// Opened from its row.
    pub fn open(tenant: &Tenant, id: AttemptId, bytes: Vec<u8>) -> Result<Self, OpenError> {
        let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(id.bytes());
        tenant.keys.open_json(&binding, &Sealed::from_bytes(bytes))
    }

    /// Whether a method may be asked for in this attempt's second step.
    pub fn last_method(&self) -> Option<Method> {
        match &self.last.step {
            Some(Step::SecondFactor { method, .. }) => Some(*method),
            Some(Step::Username | Step::Password) | None => None,
        }
    }
}
