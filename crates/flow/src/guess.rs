//! Which counter a guess is counted in.

use sekimori_keys::Purpose;
use sekimori_login::throttle::{Bucket, Guess};
use sekimori_store::{Counter, CounterKey};

use crate::tenant::Tenant;

/// A known device loses its standing after so many failures; then it counts as unknown.
const DEVICE_FAILURES_MAX: u32 = 10;

/// A counter that a guess may be counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GuessAt {
    /// What is guessed.
    pub guess: Guess,
    /// In which of the identifier's counters.
    pub bucket: Bucket,
    /// The counter.
    pub key: CounterKey,
}

/// The counter of `guess` for the folded name `subject`: a keyed digest, the same for names that do not exist.
pub(crate) fn at(
    tenant: &Tenant,
    guess: Guess,
    bucket: Bucket,
    subject: &str,
    device: u64,
) -> GuessAt {
    let text = format!("{}|{}|{device}|{subject}", guess.as_str(), bucket.as_str());
    let digest = tenant.keys.digest(Purpose::IdentifierDigest, tenant.id, text.as_bytes());
    GuessAt { guess, bucket, key: CounterKey::from_bytes(*digest.bytes()) }
}

/// The first counter in good standing, with its row; the last one in any case.
pub(crate) fn choose(guesses: &[GuessAt], counters: &[Counter]) -> Option<(GuessAt, Counter)> {
    let mut pairs = guesses.iter().copied().zip(counters.iter().copied());
    let last = pairs.clone().next_back();
    pairs
        .find(|(guess, counter)| {
            guess.bucket == Bucket::KnownDevice && counter.failures < DEVICE_FAILURES_MAX
        })
        .or(last)
}
