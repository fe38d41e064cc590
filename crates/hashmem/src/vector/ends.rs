//! The two ends of Argon2: what goes into the memory, and what comes out of it.

use blake2::digest::block_api::{UpdateCore, VariableOutputCore};
use blake2::digest::block_buffer::LazyBuffer;
use blake2::{Blake2b512, Blake2bVarCore, Digest};

use super::kernel::{Kernel, Words};
use crate::{Argon2Cost, Inputs};

/// Version 1.3 of Argon2.
const VERSION: u32 = 0x13;
/// Argon2's number for the "id" kind.
const KIND_ID: u32 = 2;
/// Bytes of a block.
const BLOCK: usize = Words::COUNT * 8;

/// The first two blocks of every lane, from the inputs (RFC 9106, 3.2, steps 1 to 4).
pub fn begin<K: Kernel>(
    blocks: &mut [Words],
    lane_length: usize,
    cost: Argon2Cost,
    inputs: Inputs<'_>,
    output: usize,
) {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut start = Blake2b512::new();
    for head in [
        cost.lanes,
        u32::from_le_bytes(number(output)),
        cost.memory_kib,
        cost.passes,
        VERSION,
        KIND_ID,
    ] {
        start.update(head.to_le_bytes());
    }
    for field in [inputs.password, inputs.salt, inputs.secret, &[]] {
        start.update(number(field.len()));
        start.update(field);
    }
    let start = start.finalize();
    for (lane, blocks) in blocks.chunks_exact_mut(lane_length).enumerate() {
        for (index, block) in blocks[..2].iter_mut().enumerate() {
            let bytes = expanded(&[&start, &number(index), &number(lane)]);
            for (index, word) in bytes.chunks_exact(8).enumerate() {
                let word = word.try_into().expect("eight bytes");
                block.0[K::place(index)] = u64::from_le_bytes(word);
            }
        }
    }
}

/// The output, from the last blocks of all lanes (step 7). At most 64 bytes.
pub fn finish<K: Kernel>(blocks: &[Words], lane_length: usize, out: &mut [u8]) {
    let mut bytes = [0; BLOCK];
    for last in blocks.chunks_exact(lane_length).filter_map(<[Words]>::last) {
        for (index, eight) in bytes.chunks_exact_mut(8).enumerate() {
            for (byte, more) in eight.iter_mut().zip(last.0[K::place(index)].to_le_bytes()) {
                *byte ^= more;
            }
        }
    }
    let mut core = Blake2bVarCore::new(out.len()).expect("1 to 64 bytes of output");
    let length = u32::try_from(out.len()).expect("at most 64").to_le_bytes();
    let mut buffer = LazyBuffer::new(&length);
    buffer.digest_blocks(&bytes, |blocks| core.update_blocks(blocks));
    let mut whole = blake2::digest::Output::<Blake2b512>::default();
    core.finalize_variable_core(&mut buffer, &mut whole);
    out.copy_from_slice(&whole[..out.len()]);
}

/// H' of 1024 bytes (RFC 9106, 3.3): a chain of `BLAKE2b`, half of each link, the last one whole.
fn expanded(inputs: &[&[u8]]) -> [u8; BLOCK] {
    let mut first = Blake2b512::new();
    first.update(1024_u32.to_le_bytes());
    for input in inputs {
        first.update(input);
    }
    let mut link = first.finalize();
    let mut bytes = [0; BLOCK];
    for half in bytes[..BLOCK - 64].chunks_exact_mut(32) {
        half.copy_from_slice(&link[..32]);
        link = Blake2b512::digest(link);
    }
    bytes[BLOCK - 64..].copy_from_slice(&link);
    bytes
}
