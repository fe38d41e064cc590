//! Counts of what was decided, for metrics: reasons, methods, inside or outside. Never a name or an address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sekimori_login::{Decision, Next, Reason};

/// Counts since the start of the process.
#[derive(Default)]
pub struct Tally(Mutex<HashMap<(Reason, Side), u64>>);

/// Where the counted requests came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// A zone that counts as inside.
    Inside,
    /// All others.
    Outside,
}

impl Tally {
    /// Count one decision that was stored.
    pub fn decided(&self, decision: &Decision, inside: bool) {
        if matches!(decision.next, Next::Check(_)) {
            return;
        }
        let side = if inside { Side::Inside } else { Side::Outside };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((decision.reason, side)).or_default() += 1;
    }

    /// All counts, sorted.
    pub fn counts(&self) -> Vec<(Reason, Side, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> =
            counts.iter().map(|((reason, side), count)| (*reason, *side, *count)).collect();
        all.sort_unstable();
        all
    }
}
