//! Stopping: first no new work, then an end to what is left.

use tokio::sync::watch;

/// How far stopping has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// All is well.
    Serving,
    /// Requests in flight are finished; nothing new is begun.
    Draining,
    /// Time is up.
    Cut,
}

/// Says when to stop.
#[derive(Debug)]
pub struct Stop(watch::Sender<Phase>);

/// Hears when to stop.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<Phase>);

impl Stop {
    /// Nothing stops yet.
    pub fn new() -> (Self, Stopping) {
        let (sender, receiver) = watch::channel(Phase::Serving);
        (Self(sender), Stopping(receiver))
    }

    /// Go to `phase`.
    pub fn enter(&self, phase: Phase) {
        self.0.send_replace(phase);
    }
}

impl Stopping {
    /// Returns once `phase` was reached, or nobody is left who could say so.
    pub async fn reached(&mut self, phase: Phase) {
        // The error means that the process is going away: stop as well.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}
