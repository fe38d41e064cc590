//! The pulse of one connection: what it waits for, and until when it may.
//!
//! One lazy timer a connection serves header and idle limits for HTTP/1 and HTTP/2 alike; hyper's own header timer
//! would count idle time as header time and arm a timer for every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::Limits;

/// After the last answer, a connection that is to end may take so long to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// Shared by a connection's stream, its requests and its timer.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    in_flight: AtomicU32,
    /// Milliseconds after `born` of the last answer or written byte.
    quiet_since: AtomicU64,
    /// Milliseconds after `born`, plus one, of the first byte of an unfinished head; 0 = none.
    head_since: AtomicU64,
    multiplexed: AtomicBool,
    /// Answers of which not everything was handed to the stream.
    unsent: AtomicU32,
    /// All that was handed to the stream has left it.
    flushed: AtomicBool,
}

/// An answer that is being sent; ends on drop.
pub(super) struct Unsent(Arc<Pulse>);

/// A request in flight; ends on drop.
pub(super) struct InFlight(Arc<Pulse>);

impl Pulse {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            in_flight: AtomicU32::new(0),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
            unsent: AtomicU32::new(0),
            flushed: AtomicBool::new(true),
        })
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        if self.in_flight.load(Ordering::Relaxed) == 0
            && self.head_since.load(Ordering::Relaxed) == 0
        {
            self.head_since.store(self.age() + 1, Ordering::Relaxed);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&self) {
        self.quiet_since.store(self.age(), Ordering::Relaxed);
    }

    /// Bytes are about to go out.
    pub(super) fn sending(&self) {
        self.flushed.store(false, Ordering::Relaxed);
    }

    /// None of them waits any more.
    pub(super) fn flushed(&self) {
        self.flushed.store(true, Ordering::Relaxed);
    }

    /// An answer is there to be sent.
    pub(super) fn answer(self: &Arc<Self>) -> Unsent {
        self.unsent.fetch_add(1, Ordering::Relaxed);
        Unsent(Arc::clone(self))
    }

    /// Since when nothing is under way in either direction; `None` while anything is, and always on HTTP/2.
    pub(super) fn rests_since(&self) -> Option<Instant> {
        let none = |count: &AtomicU32| count.load(Ordering::Relaxed) == 0;
        let rests = none(&self.in_flight)
            && none(&self.unsent)
            && self.head_since.load(Ordering::Relaxed) == 0
            && self.flushed.load(Ordering::Relaxed)
            && !self.multiplexed.load(Ordering::Relaxed);
        rests.then(|| self.at(self.quiet_since.load(Ordering::Relaxed)))
    }

    /// A request's head is complete.
    pub(super) fn begin(self: &Arc<Self>, version: http::Version) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        if version == http::Version::HTTP_2 {
            // From now on bytes are not always the beginning of a request.
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        InFlight(Arc::clone(self))
    }

    /// When to end the connection if nothing happens; `None` while a request is in flight.
    pub(super) fn deadline(
        &self,
        limits: &Limits,
        ending_since: Option<Instant>,
    ) -> Option<Instant> {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let head_since = self.head_since.load(Ordering::Relaxed);
        if head_since > 0 && !self.multiplexed.load(Ordering::Relaxed) {
            return Some(self.at(head_since - 1) + limits.head_max);
        }
        let quiet_since = self.at(self.quiet_since.load(Ordering::Relaxed));
        Some(match ending_since {
            Some(since) => since.max(quiet_since) + FAREWELL,
            None => quiet_since + limits.idle_max,
        })
    }

    fn at(&self, millis: u64) -> Instant {
        self.born + Duration::from_millis(millis)
    }

    fn age(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.sent();
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.0.unsent.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::default()
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_may_wait_longer_than_a_half_sent_head() {
        let pulse = Pulse::new();
        let start = Instant::now();
        assert_eq!(pulse.deadline(&limits(), None), Some(start + limits().idle_max));
        tokio::time::advance(Duration::from_secs(3)).await;
        pulse.received();
        tokio::time::advance(Duration::from_secs(3)).await;
        pulse.received();
        let from_first_byte = start + Duration::from_secs(3) + limits().head_max;
        assert_eq!(pulse.deadline(&limits(), None), Some(from_first_byte));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_flight_keeps_its_connection_even_when_it_is_to_end() {
        let pulse = Pulse::new();
        let request = pulse.begin(http::Version::HTTP_11);
        assert_eq!(pulse.deadline(&limits(), Some(Instant::now())), None);
        tokio::time::advance(Duration::from_secs(3)).await;
        drop(request);
        let now = Instant::now();
        assert_eq!(pulse.deadline(&limits(), Some(now - FAREWELL)), Some(now + FAREWELL));
        assert_eq!(pulse.deadline(&limits(), None), Some(now + limits().idle_max));
    }

    #[tokio::test(start_paused = true)]
    async fn pings_of_http_2_are_not_taken_for_half_sent_heads() {
        let pulse = Pulse::new();
        drop(pulse.begin(http::Version::HTTP_2));
        pulse.received();
        assert_eq!(pulse.deadline(&limits(), None), Some(Instant::now() + limits().idle_max));
    }
}
