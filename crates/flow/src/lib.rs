//! The driver: a file per use case. Loads facts, lets `login` decide, runs checks, stores effects.

mod hashing;
mod incident;
mod sources;

pub use hashing::{Busy, Class, Hashing, HashingSettings, Place};
pub use incident::{IncidentCode, IncidentCodeError};
