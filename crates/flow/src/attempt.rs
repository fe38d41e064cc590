//! The attempt as it is stored from the first submitted credential on: sealed, versioned, ten minutes long.

use sekimori_base::{AttemptId, Sealed, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_directory::username::InputHint;
use sekimori_keys::{Binding, OpenError, Purpose, SealError};
use sekimori_login::{Details, Drift, Proof, Reason, Step};
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::incident::IncidentCode;
use crate::login::SentCode;
use crate::tenant::Tenant;

/// Longest state of an attempt, in bytes.
const STATE_BYTES_MAX: usize = 16 * 1024;

/// A guess that was reserved and never decided on (a crash) is given back after so many seconds.
pub(crate) const RESERVATION_SECONDS: u32 = 30;

/// What a node must know to serve the next step of an attempt that another node began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptState {
    /// Through which door the request came, and what it asks.
    pub door: Door,
    /// The browser that it is bound to.
    pub browser: u64,
    /// When the request came, before any credential.
    pub requested_at: Timestamp,
    /// When its first credential came.
    pub begun_at: Timestamp,
    /// The zone then.
    pub zone_at_begin: ZoneName,
    /// The user name as typed; empty for a step-up of a standing session.
    pub name: String,
    /// The account's credential epoch when the first proof was recorded.
    pub credential_epoch: u64,
    /// What was proven so far.
    pub proofs: Vec<Proof>,
    /// The last code, if it belonged to another moment.
    pub last_drift: Option<Drift>,
    /// The codes that were sent by mail, oldest first.
    #[serde(default)]
    pub mailed: Vec<SentCode>,
    /// The standing session is left aside.
    pub other_person: bool,
    /// What the person was last shown.
    pub last: Shown,
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

/// What a submit was answered with, kept beside the state: a second submit of the same form (double click, lost
/// connection) gets it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// The browser that may hear it again.
    pub browser: u64,
    /// Where the person was going.
    pub service: ServiceName,
    /// The answer for the service.
    pub answer: crate::door::Answer,
    /// What is stored of the code in the answer, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<[u8; 32]>,
    /// Cookies that went along.
    pub cookies: crate::view::Cookies,
}

/// A part of an attempt that is sealed for its row.
pub trait SealedPart: Serialize + serde::de::DeserializeOwned {
    /// What binds the sealed bytes to their column.
    const COLUMN: &'static [u8];

    /// Sealed for its row.
    fn seal(
        &self,
        tenant: &Tenant,
        id: AttemptId,
        entropy: &(impl sekimori_base::Entropy + ?Sized),
    ) -> Result<Sealed<[u8]>, SealError> {
        let about = [id.bytes().as_slice(), Self::COLUMN].concat();
        let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(&about);
        let sealed = tenant.keys.seal_json(&binding, self, STATE_BYTES_MAX, entropy)?;
        Ok(Sealed::from_bytes(sealed.into_bytes()))
    }

    /// Opened from its row.
    fn open(tenant: &Tenant, id: AttemptId, sealed: &Sealed<[u8]>) -> Result<Self, OpenError> {
        let about = [id.bytes().as_slice(), Self::COLUMN].concat();
        let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(&about);
        tenant.keys.open_json(&binding, &Sealed::from_bytes(sealed.bytes().to_vec()))
    }
}

impl SealedPart for AttemptState {
    const COLUMN: &'static [u8] = b"state";
}

impl SealedPart for Outcome {
    const COLUMN: &'static [u8] = b"outcome";
}

impl AttemptState {
    /// Whether a guess is being checked. One whose reservation is over was lost: it never will be decided on.
    pub(crate) fn is_checking(&self, now: Timestamp) -> bool {
        self.last.reason == Reason::Checking
            && now.seconds_since(self.last.at) <= i64::from(RESERVATION_SECONDS)
    }

    /// What the person is shown: the plain question again after a guess that was lost.
    pub(crate) fn shown_at(&self, now: Timestamp) -> Shown {
        let mut shown = self.last.clone();
        if shown.reason == Reason::Checking && !self.is_checking(now) {
            shown.reason = match &shown.step {
                Some(Step::SecondFactor { .. }) => Reason::AskSecondFactor,
                Some(Step::Username | Step::Password) | None => Reason::AskPassword,
            };
        }
        shown
    }

    /// Whether a method may be asked for in this attempt's second step.
    pub fn last_method(&self) -> Option<Method> {
        match &self.last.step {
            Some(Step::SecondFactor { method, .. }) => Some(*method),
            Some(Step::Username | Step::Password) | None => None,
        }
    }
}
