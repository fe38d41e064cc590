//! Argon2id, version 0x13 (RFC 9106), in a [`Memory`].

use argon2::{Algorithm, Argon2, Params, Version};

use crate::{Memory, MemoryError, vector};

/// What one Argon2id hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Argon2Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes. They are walked one after another: a lane is not a thread here.
    pub lanes: u32,
}

impl Argon2Cost {
    /// Blocks that one hash computes: what it costs, in about microseconds.
    pub fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

/// OWASP's floor of 2023 and later: 19 MiB, two passes, one lane.
impl Default for Argon2Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// What is hashed.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The password's bytes.
    pub password: &'a [u8],
    /// At least 8 bytes.
    pub salt: &'a [u8],
    /// The pepper; empty for none.
    pub secret: &'a [u8],
}

/// Why no hash could be computed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The cost, the salt or the output's length is not one that Argon2 defines.
    #[error("not a possible Argon2 computation: {0}")]
    Parameters(argon2::Error),
    /// There was no memory for it.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

impl From<argon2::Error> for HashError {
    fn from(error: argon2::Error) -> Self {
        Self::Parameters(error)
    }
}

/// What computes the blocks. All give the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The `argon2` crate: any processor.
    Portable,
    /// Our own loop on 256-bit vectors.
    Avx2,
    /// Our own loop on 512-bit vectors.
    Avx512,
}

impl Unit {
    /// All, the slowest first.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The fastest that this processor has.
    pub fn best() -> Self {
        let mut units = Self::ALL.into_iter().rev();
        units.find(|unit| unit.is_here()).unwrap_or(Self::Portable)
    }

    /// Whether this processor has it.
    pub fn is_here(self) -> bool {
        self == Self::Portable || vector::is_here(self)
    }
}

/// Compute the hash into `out` on the fastest unit there is. A cost beyond `memory` gets memory of
/// its own for this once.
pub fn argon2id(
    memory: &mut Memory,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    out: &mut [u8],
) -> Result<(), HashError> {
    argon2id_on(Unit::best(), memory, cost, inputs, out)
}

/// The same on a named unit, for tests and measurements. The portable one takes over where the unit
/// is not here, and for hashes of more than 64 bytes.
pub fn argon2id_on(
    unit: Unit,
    memory: &mut Memory,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    out: &mut [u8],
) -> Result<(), HashError> {
    // Whatever computes the blocks, what is possible is what the crate says is possible.
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(out.len()))?;
    let portable =
        Argon2::new_with_secret(inputs.secret, Algorithm::Argon2id, Version::V0x13, params)?;
    if inputs.salt.len() < argon2::MIN_SALT_LEN {
        return Err(argon2::Error::SaltTooShort.into());
    }
    let mut larger;
    let memory = if cost.memory_kib > memory.kib() {
        larger = Memory::new(cost.memory_kib)?;
        &mut larger
    } else {
        memory
    };
    if vector::compute(unit, memory, cost, inputs, out).is_none() {
        let Inputs { password, salt, .. } = inputs;
        portable.hash_password_into_with_memory(password, salt, out, memory.blocks())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
