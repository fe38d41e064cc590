//! What can go wrong in a flow: counted by kind, printed at the end, and the reason of a bad exit status.

use std::collections::BTreeMap;

/// Why a flow did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The connection could not be made, or broke.
    #[error("the connection: {0}")]
    Connection(String),
    /// The answer was not HTTP as we read it.
    #[error("not an answer: {0}")]
    Malformed(&'static str),
    /// An answer of another status than the flow expects.
    #[error("{step}: status {status}{reason}")]
    Status {
        /// What was asked.
        step: &'static str,
        /// What came.
        status: u16,
        /// What the page says, if it says anything.
        reason: String,
    },
    /// The answer lacks what the flow needs.
    #[error("{step}: {what}")]
    Content {
        /// What was asked.
        step: &'static str,
        /// What is missing or wrong.
        what: String,
    },
    /// It took longer than anything may.
    #[error("no end after {0} s")]
    Late(u64),
}

impl Failure {
    /// Something is missing or wrong in the answer to `step`.
    pub fn content(step: &'static str, what: impl Into<String>) -> Self {
        Self::Content { step, what: what.into() }
    }
}

/// Failures, counted by what they say.
#[derive(Debug, Clone, Default)]
pub struct Failures(BTreeMap<String, u64>);

impl Failures {
    /// One more.
    pub fn add(&mut self, failure: &Failure) {
        *self.0.entry(failure.to_string()).or_default() += 1;
    }

    /// Those of somebody else as well.
    pub fn merge(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// What they say, with how often.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, count)| (what.as_str(), *count))
    }
}
