//! Our own Argon2id: the same walk as everybody's, with the compression function in vector
//! instructions and with the next step's blocks fetched ahead.

use crate::{Argon2Cost, Inputs, Memory, Unit};

#[cfg(target_arch = "x86_64")]
mod ends;
#[cfg(target_arch = "x86_64")]
mod fill;
#[cfg(target_arch = "x86_64")]
mod kernel;

#[cfg(target_arch = "x86_64")]
pub use kernel::Words;

/// Whether this processor has the unit's instructions.
#[cfg(not(target_arch = "x86_64"))]
pub fn is_here(_: Unit) -> bool {
    false
}

/// Compute the hash on `unit`; nothing if this processor or the output's length is not for it. The
/// cost is possible and fits the memory.
#[cfg(not(target_arch = "x86_64"))]
pub fn compute(_: Unit, _: &mut Memory, _: Argon2Cost, _: Inputs<'_>, _: &mut [u8]) -> Option<()> {
    None
}

/// Whether this processor has the unit's instructions.
#[cfg(target_arch = "x86_64")]
pub fn is_here(unit: Unit) -> bool {
    match unit {
        Unit::Portable => false,
        Unit::Avx2 => kernel::Avx2::detect().is_some(),
        Unit::Avx512 => kernel::Avx512::detect().is_some(),
    }
}

/// Compute the hash on `unit`; nothing if this processor or the output's length is not for it. The
/// cost is possible and fits the memory.
#[cfg(target_arch = "x86_64")]
pub fn compute(
    unit: Unit,
    memory: &mut Memory,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    out: &mut [u8],
) -> Option<()> {
    if out.len() > 64 {
        return None;
    }
    match (unit, kernel::Avx2::detect(), kernel::Avx512::detect()) {
        (Unit::Avx2, Some(kernel), _) => compute_with(kernel, memory, cost, inputs, out),
        (Unit::Avx512, _, Some(kernel)) => compute_with(kernel, memory, cost, inputs, out),
        (Unit::Portable | Unit::Avx2 | Unit::Avx512, _, _) => return None,
    }
    Some(())
}

#[cfg(target_arch = "x86_64")]
fn compute_with<K: kernel::Kernel>(
    kernel: K,
    memory: &mut Memory,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    out: &mut [u8],
) {
    let [memory_kib, passes, lanes] =
        [cost.memory_kib, cost.passes, cost.lanes].map(|number| number as usize);
    let geometry = fill::Geometry::new(memory_kib, passes, lanes);
    let blocks = &mut memory.words()[..geometry.blocks()];
    ends::begin::<K>(blocks, geometry.lane(), cost, inputs, out.len());
    fill::fill(kernel, blocks, geometry);
    ends::finish::<K>(blocks, geometry.lane(), out);
}
