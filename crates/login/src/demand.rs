//! What a service asks of a sign-in, whatever its protocol.

use sekimori_base::PersonId;
use sekimori_directory::Position;
use sekimori_directory::settings::ServiceName;
use serde::{Deserialize, Serialize};

use crate::Assurance;

/// What a door asks for. Made by a protocol crate from a validated request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// For whom the answer is.
    pub audience: ServiceName,
    /// How strong the proof must be, beyond what the site's policy asks.
    pub assurance: AssuranceDemand,
    /// How fresh it must be.
    pub freshness: Freshness,
    /// Whether the person may be asked anything.
    pub interaction: Interaction,
    /// The person whom the service expects (`id_token_hint`, the portal's own session).
    pub subject: Option<PersonId>,
    /// What is asked at this place is asked as well, wherever the person is: a rehearsal, never an excuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_from: Option<Box<Position>>,
}

impl Demand {
    /// Any sign-in of anybody, with questions allowed.
    pub fn plain(audience: ServiceName) -> Self {
        Self {
            audience,
            assurance: AssuranceDemand::Any,
            freshness: Freshness::Any,
            interaction: Interaction::Allowed,
            subject: None,
            as_from: None,
        }
    }
}

/// How strong the proof must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssuranceDemand {
    /// Whatever the policy asks.
    Any,
    /// At least this level, or an error: never silently less (S37).
    AtLeast(Assurance),
    /// The highest that the account is able to reach (sensitive changes, S17).
    Highest,
    /// Only levels that do not exist here were named as essential.
    Unreachable,
}

/// How fresh the opening proof must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freshness {
    /// A standing session is enough.
    Any,
    /// Proven at most so many seconds ago (`max_age`).
    WithinSeconds(u32),
    /// Proven for this request (`prompt=login`).
    Now,
}

/// Whether the person may be asked anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interaction {
    /// Yes.
    Allowed,
    /// No page may be shown (`prompt=none`).
    Silent,
    /// There is nobody to ask: a one-shot protocol.
    Impossible,
}
