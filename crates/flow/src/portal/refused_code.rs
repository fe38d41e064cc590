//! Why what was sent to a page of registering was not taken, as the page after it says.

use sekimori_base::Timestamp;
use sekimori_directory::Method;
use sekimori_login::{Details, Reason};
use serde::{Deserialize, Serialize};

use crate::incident::IncidentCode;

/// As the page's address carries it: it says so as often as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedCode {
    /// Why.
    #[serde(rename = "r")]
    pub reason: Reason,
    /// Seconds by which the device's clock is ahead.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub ahead_seconds: Option<i64>,
    /// The moment from which on it may be tried again.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The incident code, if one was kept.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentCode>,
    /// When.
    #[serde(rename = "t")]
    pub at: Timestamp,
}

impl RefusedCode {
    /// Without a clock and without a wait.
    pub fn plain(reason: Reason, incident: Option<IncidentCode>, at: Timestamp) -> Self {
        Self { reason, ahead_seconds: None, until: None, incident, at }
    }
}

/// Why a code was not taken.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeFailure {
    /// Why.
    pub reason: Reason,
    /// What goes with it.
    pub details: Details,
    /// The incident code, if one was kept.
    pub incident: Option<IncidentCode>,
    /// When.
    pub at: Timestamp,
}

impl CodeFailure {
    /// What a page of registering says of what it was sent.
    pub(super) fn of(refused: RefusedCode, method: Method) -> Self {
        let details = Details {
            verified: true,
            clock_ahead_seconds: refused.ahead_seconds,
            wait_until: refused.until,
            method: Some(method),
            ..Details::default()
        };
        let RefusedCode { reason, incident, at, .. } = refused;
        Self { reason, details, incident, at }
    }
}
