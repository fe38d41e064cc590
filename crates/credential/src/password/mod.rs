//! Passwords: hashed with Argon2id when they are set, checked against exactly one record, once.
//!
//! - The bytes that are hashed are the password's NFKC form in UTF-8, at setting and at checking,
//!   so that the same password typed on another system is the same password. All of it counts: there
//!   is no cut at 72 bytes or anywhere else. What is longer than
//!   [`sekimori_base::limits::PASSWORD_BYTES_MAX`] is refused, alike for every account.
//! - A hash of another system is wrapped ([`wrap`]): our Argon2id over its output, so that the
//!   stolen table costs the same from the first day on, and the record is renewed at next login.
//! - Whoever has no record gets a decoy ([`Against::Decoy`]) of equal cost.

mod foreign;
mod record;
mod typed;
mod wrap;

pub use record::{HashRecord, Normalisation, RecordError};
pub use typed::{TypedHints, hints};
pub use wrap::{ImportError, examine, wrap};

use sekimori_base::{Secret, limits::PASSWORD_BYTES_MAX};
use sekimori_hashmem::{Argon2Cost, Inputs, Memory, argon2id};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use record::{Output, PepperId};

/// Salt of a fresh record.
pub type Salt = [u8; 16];

/// How this site hashes today.
#[derive(Clone, Copy)]
pub struct Recipe<'a> {
    /// What a fresh hash costs. A record with another cost is checked at its own and then renewed.
    pub cost: Argon2Cost,
    /// The peppers, the present one first, then former ones that records may still name. Empty: no
    /// pepper.
    pub peppers: &'a [Secret<[u8; 32]>],
}

/// What a password is checked against.
#[derive(Clone, Copy)]
pub enum Against<'a> {
    /// The account's record.
    Record(&'a HashRecord),
    /// Nothing, because there is no such account or it has no password: the same work, and never a
    /// match.
    Decoy,
}

/// Whether the password was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Match {
        /// Whether the record should be replaced by a fresh one.
        rehash: Rehash,
    },
    /// It was not, or there was nothing that it could have matched.
    Mismatch,
}

/// Whether a record is as a fresh one would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehash {
    /// It is.
    UpToDate,
    /// Another cost, pepper or normalisation, or the hash of another system.
    Due,
}

/// Why a password was neither right nor wrong.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Longer than anybody's password may be. Depends on the typed text alone.
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// The record was made with a pepper that the recipe has not. A fault of ours.
    #[error("the record's pepper is not among the configured ones")]
    Pepper,
    /// No memory, or a cost that Argon2 does not define. A fault of ours.
    #[error(transparent)]
    Hash(#[from] sekimori_hashmem::HashError),
}

/// A fresh record of a password. Whether the password is a good one is for
/// [`crate::strength::check`] to say.
pub fn hash(
    memory: &mut Memory,
    recipe: &Recipe<'_>,
    password: &Secret<String>,
    salt: Salt,
) -> Result<HashRecord, PasswordError> {
    let normal = normalised(Normalisation::Nfkc, password)?;
    hash_bytes(memory, recipe, Normalisation::Nfkc, None, normal.as_bytes(), salt)
}

/// Is this the account's password? Costs the same for a record and for a decoy. Two kinds of records
/// cost more until their first login: a wrapped one by its inner scheme, and an Argon2id hash of
/// another system with a higher cost than ours. [`examine`] takes none that takes longer than a
/// wrong password is held.
pub fn verify(
    memory: &mut Memory,
    recipe: &Recipe<'_>,
    against: Against<'_>,
    password: &Secret<String>,
) -> Result<Verdict, PasswordError> {
    let decoy;
    let (record, real) = match against {
        Against::Record(record) => (record, true),
        Against::Decoy => {
            decoy = HashRecord::decoy(recipe);
            (&decoy, false)
        }
    };
    let secret =
        record.pepper.map_or(Ok(&[][..]), |id| pepper(recipe, id).ok_or(PasswordError::Pepper))?;
    let normal = normalised(record.normalisation, password)?;
    let inner = record.inner.as_ref().map(|inner| inner.compute(&normal));
    let mut computed = Zeroizing::new(vec![0; record.output.bytes().len()]);
    let inputs = Inputs {
        password: inner.as_deref().map_or(normal.as_bytes(), Vec::as_slice),
        salt: &record.salt,
        secret,
    };
    argon2id(memory, record.cost, inputs, &mut computed)?;
    level(memory, record.cost, recipe.cost)?;
    let equal = bool::from(computed.ct_eq(record.output.bytes()));
    Ok(if equal && real {
        Verdict::Match { rehash: record.rehash(recipe) }
    } else {
        Verdict::Mismatch
    })
}

/// The record of `bytes` (a normalised password, or an inner scheme's output).
fn hash_bytes(
    memory: &mut Memory,
    recipe: &Recipe<'_>,
    normalisation: Normalisation,
    inner: Option<foreign::Inner>,
    bytes: &[u8],
    salt: Salt,
) -> Result<HashRecord, PasswordError> {
    let mut output = Output::fresh();
    let inputs = Inputs {
        password: bytes,
        salt: &salt,
        secret: recipe.peppers.first().map_or(&[], |pepper| &pepper.expose()[..]),
    };
    argon2id(memory, recipe.cost, inputs, output.bytes_mut())?;
    Ok(HashRecord {
        normalisation,
        inner,
        cost: recipe.cost,
        pepper: recipe.peppers.first().map(PepperId::of),
        salt: salt.to_vec(),
        output,
    })
}

/// A record cheaper than today's hashes would answer sooner than a decoy: do the rest of the work.
fn level(memory: &mut Memory, done: Argon2Cost, wanted: Argon2Cost) -> Result<(), PasswordError> {
    let Some(cost) = missing(done, wanted) else {
        return Ok(());
    };
    let inputs = Inputs { password: &[], salt: &[0; 16], secret: &[] };
    Ok(argon2id(memory, cost, inputs, &mut [0; 32])?)
}

/// What costs `wanted` less `done`, in no more memory than `wanted` uses.
fn missing(done: Argon2Cost, wanted: Argon2Cost) -> Option<Argon2Cost> {
    let work = wanted.work().saturating_sub(done.work());
    let passes = work.div_ceil(u64::from(wanted.memory_kib.max(1))).max(1);
    let memory_kib = u32::try_from(work / passes).ok()?;
    // Argon2 knows no less memory, and it is not worth a millisecond.
    (memory_kib >= 8).then_some(Argon2Cost {
        memory_kib,
        passes: u32::try_from(passes).ok()?,
        lanes: 1,
    })
}

fn normalised(
    normalisation: Normalisation,
    password: &Secret<String>,
) -> Result<Zeroizing<String>, PasswordError> {
    let typed = password.expose();
    if typed.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::TooLong);
    }
    Ok(match normalisation {
        Normalisation::Nfkc => nfkc(typed),
        Normalisation::Raw => Zeroizing::new(typed.clone()),
    })
}

/// The NFKC form, without leaving pieces of it behind in memory as a growing string would.
pub(crate) fn nfkc(typed: &str) -> Zeroizing<String> {
    // One character becomes at most 18 (U+FDFA), 33 bytes.
    let mut normal = Zeroizing::new(String::with_capacity(typed.len() * 11 + 22));
    normal.extend(typed.nfkc());
    normal
}

fn pepper<'a>(recipe: &Recipe<'a>, id: PepperId) -> Option<&'a [u8]> {
    recipe
        .peppers
        .iter()
        .find(|pepper| PepperId::of(pepper) == id)
        .map(|pepper| &pepper.expose()[..])
}

#[cfg(test)]
mod tests;
