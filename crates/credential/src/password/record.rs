//! The stored text of a password hash: a pipeline from the typed password to the stored output.
//!
//! ```text
//! v1$nfkc$argon2id$m=19456,t=2,p=1$SALT$OUTPUT
//! v1$nfkc$argon2id$m=19456,t=2,p=1,k=PEPPER$SALT$OUTPUT
//! v1$raw$bcrypt:10:SALT$argon2id$m=19456,t=2,p=1$SALT$OUTPUT
//! ```
//!
//! Format version, normalisation, the inner scheme of a wrapped hash, then Argon2id (version 0x13)
//! with its parameters; base 64 without padding. What the typed password's bytes were is part of
//! the record, so that a better rule can come without locking anybody out.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use sekimori_base::Secret;
use sekimori_hashmem::{Argon2Cost, KIB_MAX};

use super::foreign::Inner;
use super::{Recipe, Rehash};
use crate::keyed;

/// Bytes of a fresh record's output.
const OUTPUT_BYTES: usize = 32;
/// Most work that one record may ask for, in blocks of 1 KiB: about 4 s.
const WORK_MAX: u64 = 4 * 1024 * 1024;
/// More lanes than anybody's record has.
const LANES_MAX: u32 = 64;

/// What is done to a typed password before it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// Unicode NFKC, which is stable for all assigned characters.
    Nfkc,
    /// Nothing: what other systems did.
    Raw,
}

/// Why a text is not a hash record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not the fields of a record.
    #[error("this is not a hash record")]
    Shape,
    /// A format version of another release.
    #[error("the hash record has an unknown format version")]
    Version,
    /// A normalisation of another release.
    #[error("the hash record has an unknown normalisation")]
    Normalisation,
    /// An inner scheme of another release, or damaged.
    #[error("the hash record has an unknown or damaged inner scheme")]
    Inner,
    /// Parameters that Argon2 does not define, or that cost too much.
    #[error("the hash record's parameters are not possible")]
    Cost,
    /// Salt or output are not base 64 of a possible length.
    #[error("the hash record's salt or output is damaged")]
    Bytes,
}

/// How to check one password. Prints in full with `Display`, for the database alone.
#[derive(Clone, PartialEq, Eq)]
pub struct HashRecord {
    pub(super) normalisation: Normalisation,
    pub(super) inner: Option<Inner>,
    pub(super) cost: Argon2Cost,
    pub(super) pepper: Option<PepperId>,
    pub(super) salt: Vec<u8>,
    pub(super) output: Output,
}

/// The hash itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Output(Vec<u8>);

/// Which pepper a record was made with: a digest of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PepperId([u8; 6]);

impl HashRecord {
    /// Read a stored record.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let mut fields: Vec<&str> = text.split('$').collect();
        if fields.first() != Some(&"v1") {
            return Err(RecordError::Version);
        }
        let inner = match fields.len() {
            6 => None,
            7 => Some(Inner::parse(fields.remove(2)).ok_or(RecordError::Inner)?),
            _ => return Err(RecordError::Shape),
        };
        let [_, normalisation, "argon2id", parameters, salt, output] = fields[..] else {
            return Err(RecordError::Shape);
        };
        let (cost, pepper) = parse_parameters(parameters)?;
        Ok(Self {
            normalisation: match normalisation {
                "nfkc" => Normalisation::Nfkc,
                "raw" => Normalisation::Raw,
                _ => return Err(RecordError::Normalisation),
            },
            inner,
            cost,
            pepper,
            salt: bytes(salt, 8)?,
            output: Output(bytes(output, 16)?),
        })
    }

    /// From the parts of an Argon2id hash of another system.
    pub(super) fn foreign(parameters: &str, salt: &str, output: &str) -> Result<Self, RecordError> {
        Ok(Self {
            normalisation: Normalisation::Raw,
            inner: None,
            cost: parse_parameters(parameters)?.0,
            pepper: None,
            salt: bytes(salt, 8)?,
            output: Output(bytes(output, 16)?),
        })
    }

    /// A record like a fresh one, of no password.
    pub(super) fn decoy(recipe: &Recipe<'_>) -> Self {
        Self {
            normalisation: Normalisation::Nfkc,
            inner: None,
            cost: recipe.cost,
            pepper: recipe.peppers.first().map(PepperId::of),
            salt: vec![0; 16],
            output: Output::fresh(),
        }
    }

    /// What checking it costs, an inner scheme aside.
    pub const fn cost(&self) -> Argon2Cost {
        self.cost
    }

    /// What is done to a typed password before it is hashed.
    pub const fn normalisation(&self) -> Normalisation {
        self.normalisation
    }

    /// The name of the other system's scheme that lies inside, if it was wrapped.
    pub fn inner_scheme(&self) -> Option<&'static str> {
        self.inner.as_ref().map(Inner::name)
    }

    /// Whether a fresh record of the same password would look different.
    pub fn rehash(&self, recipe: &Recipe<'_>) -> Rehash {
        let fresh = self.normalisation == Normalisation::Nfkc
            && self.inner.is_none()
            && self.cost == recipe.cost
            && self.pepper == recipe.peppers.first().map(PepperId::of)
            && self.salt.len() >= 16
            && self.output.0.len() >= OUTPUT_BYTES;
        if fresh { Rehash::UpToDate } else { Rehash::Due }
    }
}

impl fmt::Display for HashRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.normalisation {
            Normalisation::Nfkc => "v1$nfkc$",
            Normalisation::Raw => "v1$raw$",
        })?;
        if let Some(inner) = &self.inner {
            write!(f, "{inner}$")?;
        }
        let Argon2Cost { memory_kib, passes, lanes } = self.cost;
        write!(f, "argon2id$m={memory_kib},t={passes},p={lanes}")?;
        if let Some(PepperId(id)) = self.pepper {
            write!(f, ",k={}", BASE64URL_NOPAD.encode(&id))?;
        }
        let (salt, output) = (BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(&self.output.0));
        write!(f, "${salt}${output}")
    }
}

/// Says how, never what.
impl fmt::Debug for HashRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashRecord")
            .field("normalisation", &self.normalisation)
            .field("inner_scheme", &self.inner_scheme())
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

impl FromStr for HashRecord {
    type Err = RecordError;
    fn from_str(text: &str) -> Result<Self, RecordError> {
        Self::parse(text)
    }
}

impl Output {
    pub(super) fn fresh() -> Self {
        Self(vec![0; OUTPUT_BYTES])
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl PepperId {
    pub(super) fn of(pepper: &Secret<[u8; 32]>) -> Self {
        let digest = keyed::digest(pepper, "pepper id", &[]);
        let mut id = [0; 6];
        id.copy_from_slice(&digest[..6]);
        Self(id)
    }
}

fn parse_parameters(text: &str) -> Result<(Argon2Cost, Option<PepperId>), RecordError> {
    let mut parts = text.split(',');
    let mut number = |name: &str| {
        parts
            .next()
            .and_then(|part| part.strip_prefix(name))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .ok_or(RecordError::Cost)
    };
    let cost =
        Argon2Cost { memory_kib: number("m=")?, passes: number("t=")?, lanes: number("p=")? };
    let possible = (1..=LANES_MAX).contains(&cost.lanes)
        && (8 * cost.lanes..=KIB_MAX).contains(&cost.memory_kib)
        && cost.passes >= 1
        && cost.work() <= WORK_MAX;
    if !possible {
        return Err(RecordError::Cost);
    }
    let pepper = match parts.next() {
        None => None,
        Some(part) => Some(
            part.strip_prefix("k=")
                .and_then(|id| BASE64URL_NOPAD.decode(id.as_bytes()).ok())
                .and_then(|id| id.try_into().ok())
                .map(PepperId)
                .ok_or(RecordError::Cost)?,
        ),
    };
    match parts.next() {
        None => Ok((cost, pepper)),
        Some(_) => Err(RecordError::Cost),
    }
}

fn bytes(text: &str, least: usize) -> Result<Vec<u8>, RecordError> {
    BASE64_NOPAD
        .decode(text.as_bytes())
        .ok()
        .filter(|bytes| (least..=64).contains(&bytes.len()))
        .ok_or(RecordError::Bytes)
}
