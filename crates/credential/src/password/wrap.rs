//! Taking over the hash of another system, without knowing the password.

use sekimori_hashmem::{Argon2Cost, Memory};

use super::foreign::{self, Foreign};
use super::{HashRecord, Normalisation, PasswordError, Recipe, Salt, hash_bytes};

/// Why a hash of another system cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The text does not say what it is; it may be a plain password, so it is not repeated.
    #[error("the text does not begin with the name of a known hash scheme")]
    NoScheme,
    /// A scheme that is known but not supported. Its accounts need an enrolment ticket.
    #[error("hashes of the scheme {0} cannot be taken over")]
    UnknownScheme(String),
    /// A scheme that is supported, but not what it should look like.
    #[error("the {0} hash is damaged")]
    Damaged(&'static str),
    /// Parameters that the scheme does not define, or so high that a login would take seconds.
    #[error("the parameters of the {0} hash are out of bounds")]
    Cost(&'static str),
    /// Checking it could be told from checking a decoy by the clock.
    #[error(
        "checking the {scheme} hash takes up to {millis} ms, and wrong passwords are answered after {answered} ms: \
         whoever measures would learn that the account exists; raise password.wrong_password_millis to {millis}, or \
         leave the hash out and hand over a ticket"
    )]
    Slow {
        /// The scheme.
        scheme: &'static str,
        /// What checking it takes at most.
        millis: u64,
        /// When a wrong password is answered.
        answered: u64,
    },
    /// It could not be wrapped. A fault of ours.
    #[error(transparent)]
    Hash(#[from] PasswordError),
}

/// Extra work that is too little to be measured from outside, in microseconds.
const UNSEEN_MICROS: u64 = 500;

/// Whether [`wrap`] could take over a hash, without the work of it, where hashes cost `cost` and a wrong password is
/// answered no sooner than `answered` milliseconds after it came.
pub fn examine(hash: &str, cost: Argon2Cost, answered: u64) -> Result<(), ImportError> {
    // A block is about half a microsecond; twice that is a slow core.
    let decoy = cost.work();
    let (scheme, micros) = match foreign::parse(hash)? {
        Foreign::Argon2id(record) => ("argon2id", record.cost.work().max(decoy)),
        Foreign::Inner { inner, .. } => (inner.name(), inner.micros() + decoy),
    };
    let millis = micros.div_ceil(1000);
    if micros <= decoy + UNSEEN_MICROS || millis <= answered {
        return Ok(());
    }
    Err(ImportError::Slow { scheme, millis, answered })
}

/// The record that checks the passwords of a hash of another system: `{SHA}`, `{SSHA}` and both
/// with 256, 384 and 512; bcrypt; `$5$` and `$6$`; PBKDF2 as passlib, OpenLDAP and Django write it,
/// each wrapped in our Argon2id; and `$argon2id$`, which is checked as it is, beside a decoy that
/// makes up for what it costs less than today's.
pub fn wrap(
    memory: &mut Memory,
    recipe: &Recipe<'_>,
    hash: &str,
    salt: Salt,
) -> Result<HashRecord, ImportError> {
    match foreign::parse(hash)? {
        Foreign::Argon2id(record) => Ok(record),
        Foreign::Inner { inner, output } => {
            Ok(hash_bytes(memory, recipe, Normalisation::Raw, Some(inner), &output, salt)?)
        }
    }
}
