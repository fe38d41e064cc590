//! The words that every other crate speaks: typed ids, time, chance, secrets, languages, limits.
//!
//! Depends on nothing of ours, reads no clock and draws no randomness: [`Clock`] and [`Entropy`] are
//! the two doors to the outside and only `server` (and tests) stand behind them.

pub mod alphabet;
mod fault;
mod id;
mod language;
pub mod limits;
mod secret;
mod time;

pub use fault::Fault;
pub use id::{
    AttemptId, FactorId, GrantId, IdError, NodeId, PersonId, SessionId, TenantId, TicketId, base32,
};
pub use language::{Bilingual, Language};
pub use secret::{Sealed, Secret};
pub use time::{Clock, Timestamp};

/// The one door to chance: cryptographically secure random bytes.
pub trait Entropy: Send + Sync {
    /// Fill `bytes` with random bytes, or panic: a process without randomness must not go on.
    fn fill(&self, bytes: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for std::sync::Arc<E> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// `N` random bytes.
pub fn random<const N: usize>(entropy: &(impl Entropy + ?Sized)) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
