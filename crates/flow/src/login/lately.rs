//! How often somebody was sent to a service lately: one that asks again and again is told from one that is used (U23).

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::Timestamp;

use super::round::Round;
use crate::Flow;

/// How often one person was sent to one service lately.
#[derive(Debug, Default)]
pub struct Loop(Mutex<(Timestamp, u32)>);

/// The window of a loop.
const LOOP_SECONDS: i64 = 60;

impl Loop {
    /// Count one more answer: how many there were before it.
    fn again(&self, now: Timestamp) -> u32 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.seconds_since(state.0) >= LOOP_SECONDS {
            *state = (now, 0);
        }
        let before = state.1;
        state.1 = before.saturating_add(1);
        before
    }
}

impl Flow {
    /// How often this person was sent to this service lately (U23). This time counts from now on.
    pub(super) fn answered_lately(&self, round: &Round<'_>) -> u32 {
        let Some(person) = &round.person else { return 0 };
        let service = round.facts.service.name.to_string();
        let key = (round.visitor.tenant.id, *person.person.id.bytes(), service);
        self.answers.get_with(key, Arc::default).again(round.visitor.now)
    }
}
