//! Rotation as a pure function: which keys to make, use, retire and remove now.
//!
//! The same plan serves data keys and signing keys, each *line* of keys on its own: the data keys,
//! or one tenant's signing keys of one algorithm.

use sekimori_base::Timestamp;

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Known and published, not used yet.
    Next {
        /// Since when.
        since: Timestamp,
    },
    /// Signs and seals.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// Still verifies and opens.
    Retired {
        /// Until when.
        until: Timestamp,
    },
}

impl KeyState {
    /// The name of the state in a row and for people: `next`, `active`, `retired`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next { .. } => "next",
            Self::Active { .. } => "active",
            Self::Retired { .. } => "retired",
        }
    }

    /// The moment that belongs to the state: since when, or until when.
    pub const fn moment(self) -> Timestamp {
        match self {
            Self::Next { since } | Self::Active { since } => since,
            Self::Retired { until } => until,
        }
    }

    /// From [`Self::name`] and [`Self::moment`].
    pub fn from_parts(name: &str, moment: Timestamp) -> Option<Self> {
        match name {
            "next" => Some(Self::Next { since: moment }),
            "active" => Some(Self::Active { since: moment }),
            "retired" => Some(Self::Retired { until: moment }),
            _ => None,
        }
    }
}

/// How far knowledge of a key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Every live node has reported that it has the key.
    Everywhere,
    /// Some live node lacks it.
    Partial,
}

/// A key as the plan sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<K> {
    /// Which key.
    pub key: K,
    /// Where it stands.
    pub state: KeyState,
    /// Who has it.
    pub spread: Spread,
}

/// How long a key stays in each state, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// At least this long published before use: the longest time for which others may keep our
    /// key set or metadata.
    pub publish_seconds: i64,
    /// This long in use.
    pub active_seconds: i64,
    /// This long kept after use: the longest life of what it signed, and skew. `i64::MAX` keeps it
    /// for ever.
    pub retain_seconds: i64,
}

impl Policy {
    /// Make a successor now, and use it as soon as it was published long enough and is everywhere.
    #[must_use]
    pub const fn at_once(self) -> Self {
        Self { active_seconds: 0, ..self }
    }
}

/// One step of a plan. Steps are applied in order, in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange<K> {
    /// Make a key in this state.
    Create(KeyState),
    /// Move a key to this state.
    Move(K, KeyState),
    /// Forget a key.
    Remove(K),
}

/// What is to be done now with the keys of one line.
///
/// The first key of a line is active from the start: nobody has kept an older key set yet. Later a
/// successor is published first, and used only when it was published long enough and is
/// everywhere. Of two active keys (which no plan makes) the newer stays.
pub fn plan<K: Copy + Ord>(
    now: Timestamp,
    keys: &[Standing<K>],
    policy: &Policy,
) -> Vec<KeyChange<K>> {
    let active = newest_active(keys);
    let retired = KeyState::Retired { until: now.plus_seconds(policy.retain_seconds) };
    let mut changes: Vec<_> = keys
        .iter()
        .filter_map(|standing| match standing.state {
            KeyState::Retired { until } if until <= now => Some(KeyChange::Remove(standing.key)),
            KeyState::Active { .. } if active.is_none_or(|(key, _)| key != standing.key) => {
                Some(KeyChange::Move(standing.key, retired))
            }
            KeyState::Next { .. } | KeyState::Active { .. } | KeyState::Retired { .. } => None,
        })
        .collect();
    match (active, oldest_next(keys)) {
        (None, None) => changes.push(KeyChange::Create(KeyState::Active { since: now })),
        // Something went wrong before: whoever has published nothing else cannot wait longer.
        (None, Some(next)) => {
            if next.spread == Spread::Everywhere {
                changes.push(KeyChange::Move(next.key, KeyState::Active { since: now }));
            }
        }
        (Some((_, since)), None) => {
            let lead = policy.active_seconds.saturating_sub(policy.publish_seconds);
            if now >= since.plus_seconds(lead) {
                changes.push(KeyChange::Create(KeyState::Next { since: now }));
            }
        }
        (Some((key, since)), Some(next)) => {
            let published = next.since.plus_seconds(policy.publish_seconds);
            let due = since.plus_seconds(policy.active_seconds).max(published);
            if now >= due && next.spread == Spread::Everywhere {
                changes.push(KeyChange::Move(key, retired));
                changes.push(KeyChange::Move(next.key, KeyState::Active { since: now }));
            }
        }
    }
    changes
}

/// What is to be done now that a signing key is no longer secret: it goes at once, with all that it
/// signed, and its successor signs at once, published or not.
///
/// Not for data keys: what they sealed would be lost with them.
pub fn replace<K: Copy + Ord>(
    now: Timestamp,
    keys: &[Standing<K>],
    compromised: K,
) -> Vec<KeyChange<K>> {
    let mut changes = vec![KeyChange::Remove(compromised)];
    let others: Vec<_> =
        keys.iter().filter(|standing| standing.key != compromised).copied().collect();
    if newest_active(&others).is_none() {
        let active = KeyState::Active { since: now };
        changes.push(match oldest_next(&others) {
            Some(next) if next.spread == Spread::Everywhere => KeyChange::Move(next.key, active),
            Some(_) | None => KeyChange::Create(active),
        });
    }
    changes
}

fn newest_active<K: Copy + Ord>(keys: &[Standing<K>]) -> Option<(K, Timestamp)> {
    let active = keys.iter().filter_map(|standing| match standing.state {
        KeyState::Active { since } => Some((since, standing.key)),
        KeyState::Next { .. } | KeyState::Retired { .. } => None,
    });
    active.max().map(|(since, key)| (key, since))
}

struct Next<K> {
    key: K,
    since: Timestamp,
    spread: Spread,
}

fn oldest_next<K: Copy + Ord>(keys: &[Standing<K>]) -> Option<Next<K>> {
    let next = keys.iter().filter_map(|standing| match standing.state {
        KeyState::Next { since } => {
            Some(Next { key: standing.key, since, spread: standing.spread })
        }
        KeyState::Active { .. } | KeyState::Retired { .. } => None,
    });
    next.min_by_key(|next| (next.since, next.key))
}
