//! Argon2's compression function G (RFC 9106, 3.5) for the vector units of x86-64.
//!
//! A kernel is a proof that the processor has its instructions: it can only be had from `detect`.
//! What all of them compute is
//!
//! ```text
//! R = previous xor reference;  next = P(R) xor R   (or: next = next xor P(R) xor R)
//! ```
//!
//! where P permutes 128 words of 64 bits as an 8 x 16 matrix, first its rows, then its columns (two
//! words wide), each by one round of `BLAKE2b` with multiplication.

mod avx2;
mod avx512;

pub use avx2::Avx2;
pub use avx512::Avx512;

/// The words of one block, in the order that a kernel likes best.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Words(pub [u64; Words::COUNT]);

impl Words {
    /// Words of a block.
    pub const COUNT: usize = 128;
    /// All zero.
    pub const ZERO: Self = Self([0; Self::COUNT]);
}

/// Whether a new block replaces the old one (first pass) or is added to it (later passes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// `next = ...`
    Replaced,
    /// `next = next xor ...`
    Added,
}

/// One way to compute the compression function.
pub trait Kernel: Copy {
    /// Compute `next`. As soon as its first word is known, `first` is told.
    fn compress(
        self,
        previous: &Words,
        reference: &Words,
        next: &mut Words,
        old: Old,
        first: impl FnOnce(u64),
    );

    /// Where word `index` of RFC 9106 lies in this kernel's order. Word 0 lies at 0.
    fn place(index: usize) -> usize;
}
