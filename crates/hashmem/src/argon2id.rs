//! Argon2id, version 0x13 (RFC 9106), in a [`Memory`].

use argon2::{Algorithm, Argon2, Params, Version};

use crate::{Memory, MemoryError};

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
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
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

/// Compute the hash into `out`. A cost beyond `memory` gets memory of its own for this once.
pub fn argon2id(
    memory: &mut Memory,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    out: &mut [u8],
) -> Result<(), HashError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(out.len()))?;
    let argon2 =
        Argon2::new_with_secret(inputs.secret, Algorithm::Argon2id, Version::V0x13, params)?;
    let mut larger;
    let memory = if cost.memory_kib > memory.kib() {
        larger = Memory::new(cost.memory_kib)?;
        &mut larger
    } else {
        memory
    };
    argon2.hash_password_into_with_memory(inputs.password, inputs.salt, out, memory.blocks())?;
    Ok(())
}
