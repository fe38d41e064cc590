//! What anybody can make us say, said at most once in a while.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lines of one kind are so far apart.
const APART: Duration = Duration::from_secs(10);

/// Whether it is time to say it again.
#[derive(Debug, Default)]
pub(super) struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// True if nothing was said for a while; then it counts as said.
    pub(super) fn is_due(&self) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = said.is_none_or(|before| now.duration_since(before) >= APART);
        if due {
            *said = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_a_line_now_and_then() {
        let told = Seldom::default();
        assert!(told.is_due());
        assert!(!told.is_due());
        tokio::time::advance(APART).await;
        assert!(told.is_due() && !told.is_due());
    }
}
