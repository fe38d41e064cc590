//! Argon2id's walk through the memory (RFC 9106, 3.2 and 3.4), with any kernel.

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

use super::kernel::{Kernel, Old, Words};

/// Slices of a lane: other lanes' blocks can be referred to once their slice is complete.
const SLICES: usize = 4;
/// Argon2's number for the "id" kind.
const KIND_ID: u64 = 2;

/// How the memory is divided.
#[derive(Clone, Copy)]
pub struct Geometry {
    passes: usize,
    lanes: usize,
    segment: usize,
}

/// Where in the walk we are.
#[derive(Clone, Copy)]
struct Position {
    pass: usize,
    slice: usize,
    lane: usize,
}

impl Geometry {
    /// `memory_kib` is rounded down to a multiple of four blocks for each lane, as Argon2 does.
    pub fn new(memory_kib: usize, passes: usize, lanes: usize) -> Self {
        Self { passes, lanes, segment: memory_kib / (lanes * SLICES) }
    }

    /// Blocks of a lane.
    pub fn lane(self) -> usize {
        self.segment * SLICES
    }

    /// Blocks of all lanes.
    pub fn blocks(self) -> usize {
        self.lane() * self.lanes
    }
}

/// Fill `blocks`, of which the first two of every lane are given.
pub fn fill<K: Kernel>(kernel: K, blocks: &mut [Words], geometry: Geometry) {
    for pass in 0..geometry.passes {
        for slice in 0..SLICES {
            for lane in 0..geometry.lanes {
                let position = Position { pass, slice, lane };
                fill_segment(kernel, blocks, geometry, position);
            }
        }
    }
}

fn fill_segment<K: Kernel>(kernel: K, blocks: &mut [Words], geometry: Geometry, at: Position) {
    let start = at.lane * geometry.lane() + at.slice * geometry.segment;
    let first = if at.pass == 0 && at.slice == 0 { 2 } else { 0 };
    let old = if at.pass == 0 { Old::Replaced } else { Old::Added };
    let mut previous = if start % geometry.lane() + first == 0 {
        start + geometry.lane() - 1
    } else {
        start + first - 1
    };
    // The first half of the first pass does not let the password choose what is read when.
    let mut addresses =
        (at.pass == 0 && at.slice < SLICES / 2).then(|| Addresses::new(kernel, geometry, at));
    let chance = match &mut addresses {
        Some(addresses) => addresses.at(first),
        None => blocks[previous].0[0],
    };
    let mut reference = referred(geometry, at, first, chance);
    for index in first..geometry.segment {
        let next = start + index;
        let base = blocks.as_ptr();
        let [previous_block, reference_block, next_block] = blocks
            .get_disjoint_mut([previous, reference, next])
            .expect("Argon2 refers to a complete block other than the previous one");
        // What the next step reads and writes is on its way while this one is still computed.
        prefetch(base.wrapping_add(next + 1));
        let mut look_ahead = |chance| {
            if index + 1 < geometry.segment {
                reference = referred(geometry, at, index + 1, chance);
                prefetch(base.wrapping_add(reference));
            }
        };
        match &mut addresses {
            Some(addresses) => {
                look_ahead(addresses.at(index + 1));
                kernel.compress(previous_block, reference_block, next_block, old, |_| ());
            }
            None => {
                kernel.compress(previous_block, reference_block, next_block, old, look_ahead);
            }
        }
        previous = next;
    }
}

/// Ask for a block's cache lines. Needs no block to be there.
#[inline]
fn prefetch(block: *const Words) {
    for line in 0..16 {
        // SAFETY: a hint, for any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(block.cast::<i8>().wrapping_add(64 * line)) };
    }
}

/// RFC 9106, 3.4.2: the block that `chance` points to.
#[inline]
fn referred(geometry: Geometry, at: Position, index: usize, chance: u64) -> usize {
    let Geometry { lanes, segment, .. } = geometry;
    let lane =
        if at.pass == 0 && at.slice == 0 { at.lane } else { (chance >> 32) as usize % lanes };
    let complete = if at.pass == 0 { at.slice } else { SLICES - 1 } * segment;
    let area =
        if lane == at.lane { complete + index - 1 } else { complete - usize::from(index == 0) };
    let low = chance & 0xffff_ffff;
    let squared = (low * low) >> 32;
    let back = ((area as u64 * squared) >> 32) as usize;
    let oldest = if at.pass == 0 || at.slice == SLICES - 1 { 0 } else { (at.slice + 1) * segment };
    let mut place = oldest + area - 1 - back;
    if place >= geometry.lane() {
        place -= geometry.lane();
    }
    lane * geometry.lane() + place
}

/// The data-independent addresses of one segment (RFC 9106, 3.4.1.1), 128 at a time.
struct Addresses<K> {
    kernel: K,
    input: Words,
    current: Words,
    counter: u64,
}

impl<K: Kernel> Addresses<K> {
    fn new(kernel: K, geometry: Geometry, at: Position) -> Self {
        let mut input = Words::ZERO;
        let head = [at.pass, at.lane, at.slice, geometry.blocks(), geometry.passes];
        for (index, value) in head.into_iter().enumerate() {
            input.0[K::place(index)] = value as u64;
        }
        input.0[K::place(5)] = KIND_ID;
        Self { kernel, input, current: Words::ZERO, counter: 0 }
    }

    fn at(&mut self, index: usize) -> u64 {
        let counter = (index / Words::COUNT) as u64 + 1;
        if counter != self.counter {
            self.counter = counter;
            self.input.0[K::place(6)] = counter;
            let mut once = Words::ZERO;
            let (kernel, zero) = (self.kernel, Words::ZERO);
            kernel.compress(&zero, &self.input, &mut once, Old::Replaced, |_| ());
            kernel.compress(&zero, &once, &mut self.current, Old::Replaced, |_| ());
        }
        self.current.0[K::place(index % Words::COUNT)]
    }
}
