//! 512-bit vectors: eight words at once, and rotation is one instruction.
//!
//! A row of the matrix is four vectors of four words, `a b c d`. Rows 2n and 2n+1 lie side by side:
//! `a` of both in one register, then `b`, `c`, `d` of both. For the rows this is two rounds in
//! parallel; for the columns the same register holds the `a` of two columns (words 0, 1, 4, 5 and
//! 2, 3, 6, 7), so that no word ever changes places between the two halves of the permutation.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_loadu_si512, _mm512_mul_epu32, _mm512_permutexvar_epi64,
    _mm512_ror_epi64, _mm512_set_epi64, _mm512_storeu_si512, _mm512_xor_si512,
};

use super::{Kernel, Old, Words};

/// The processor has AVX-512F.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// Look at the processor.
    pub fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    #[inline]
    fn compress(
        self,
        previous: &Words,
        reference: &Words,
        next: &mut Words,
        old: Old,
        first: impl FnOnce(u64),
    ) {
        // SAFETY: `self` exists only if `detect` saw AVX-512F.
        unsafe { compress(previous, reference, next, old, first) }
    }

    #[inline]
    fn place(index: usize) -> usize {
        let (row, quarter, word) = (index / 16, index / 4 % 4, index % 4);
        (row / 2) * 32 + quarter * 8 + (row % 2) * 4 + word
    }
}

/// Registers of a block.
const REGISTERS: usize = 16;

#[target_feature(enable = "avx512f")]
fn compress(
    previous: &Words,
    reference: &Words,
    next: &mut Words,
    old: Old,
    first: impl FnOnce(u64),
) {
    let mut r = [_mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, 0); REGISTERS];
    for (n, r) in r.iter_mut().enumerate() {
        *r = _mm512_xor_si512(load(previous, n), load(reference, n));
    }
    let mut q = r;
    let rows = Turns {
        one: _mm512_set_epi64(4, 7, 6, 5, 0, 3, 2, 1),
        two: _mm512_set_epi64(5, 4, 7, 6, 1, 0, 3, 2),
        three: _mm512_set_epi64(6, 5, 4, 7, 2, 1, 0, 3),
    };
    for n in 0..4 {
        let n = 4 * n;
        round(&mut q, [n, n + 1, n + 2, n + 3], &rows);
    }
    // The four words of a column's `a` are 0, 1, 4, 5 (2, 3, 6, 7) of its register.
    let columns = Turns {
        one: _mm512_set_epi64(2, 7, 0, 5, 6, 3, 4, 1),
        two: _mm512_set_epi64(3, 2, 1, 0, 7, 6, 5, 4),
        three: _mm512_set_epi64(6, 3, 4, 1, 2, 7, 0, 5),
    };
    if old == Old::Added {
        for (n, r) in r.iter_mut().enumerate() {
            *r = _mm512_xor_si512(*r, load(next, n));
        }
    }
    round(&mut q, [0, 4, 8, 12], &columns);
    store(next, 0, _mm512_xor_si512(q[0], r[0]));
    first(next.0[0]);
    for n in 1..4 {
        round(&mut q, [n, n + 4, n + 8, n + 12], &columns);
    }
    for n in 1..REGISTERS {
        store(next, n, _mm512_xor_si512(q[n], r[n]));
    }
}

/// Lane orders that turn each row of a 4 x 4 matrix to the left.
struct Turns {
    one: __m512i,
    two: __m512i,
    three: __m512i,
}

/// One round of `BLAKE2b` with multiplication on the registers `at` (rows a, b, c, d): columns,
/// then diagonals. For the diagonals `b` stays and the others turn around it, because `b` is what
/// the step before computes last and the next one needs first.
#[inline]
#[target_feature(enable = "avx512f")]
fn round(block: &mut [__m512i; REGISTERS], at: [usize; 4], turns: &Turns) {
    let [mut a, mut b, mut c, mut d] = at.map(|n| block[n]);
    quarter(&mut a, &mut b, &mut c, &mut d);
    a = _mm512_permutexvar_epi64(turns.three, a);
    c = _mm512_permutexvar_epi64(turns.one, c);
    d = _mm512_permutexvar_epi64(turns.two, d);
    quarter(&mut a, &mut b, &mut c, &mut d);
    block[at[0]] = _mm512_permutexvar_epi64(turns.one, a);
    block[at[1]] = b;
    block[at[2]] = _mm512_permutexvar_epi64(turns.three, c);
    block[at[3]] = _mm512_permutexvar_epi64(turns.two, d);
}

/// The four columns (or diagonals) of two matrices at once: RFC 9106, 3.6, GB.
#[inline]
#[target_feature(enable = "avx512f")]
fn quarter(a: &mut __m512i, b: &mut __m512i, c: &mut __m512i, d: &mut __m512i) {
    *a = add(*a, *b);
    *d = _mm512_ror_epi64::<32>(_mm512_xor_si512(*d, *a));
    *c = add(*c, *d);
    *b = _mm512_ror_epi64::<24>(_mm512_xor_si512(*b, *c));
    *a = add(*a, *b);
    *d = _mm512_ror_epi64::<16>(_mm512_xor_si512(*d, *a));
    *c = add(*c, *d);
    *b = _mm512_ror_epi64::<63>(_mm512_xor_si512(*b, *c));
}

/// `x + y + 2 * low(x) * low(y)`, `low` being the lower 32 bits.
#[inline]
#[target_feature(enable = "avx512f")]
fn add(x: __m512i, y: __m512i) -> __m512i {
    let product = _mm512_mul_epu32(x, y);
    _mm512_add_epi64(_mm512_add_epi64(x, y), _mm512_add_epi64(product, product))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &Words, register: usize) -> __m512i {
    let eight = &words.0[8 * register..8 * register + 8];
    // SAFETY: `eight` is 64 readable bytes; no alignment is asked for.
    unsafe { _mm512_loadu_si512(eight.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(words: &mut Words, register: usize, value: __m512i) {
    let eight = &mut words.0[8 * register..8 * register + 8];
    // SAFETY: `eight` is 64 writable bytes; no alignment is asked for.
    unsafe { _mm512_storeu_si512(eight.as_mut_ptr().cast(), value) }
}
