//! 256-bit vectors: four words at once, in RFC 9106's own order.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi64, _mm256_blend_epi32, _mm256_loadu_si256, _mm256_mul_epu32,
    _mm256_or_si256, _mm256_permute4x64_epi64, _mm256_set_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_shuffle_epi32, _mm256_srli_epi64, _mm256_storeu_si256,
    _mm256_xor_si256,
};

use super::{Kernel, Old, Words};

/// The processor has AVX2.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// Look at the processor.
    pub fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    #[inline]
    fn compress(
        self,
        previous: &Words,
        reference: &Words,
        next: &mut Words,
        old: Old,
        first: impl FnOnce(u64),
    ) {
        // SAFETY: `self` exists only if `detect` saw AVX2.
        unsafe { compress(previous, reference, next, old, first) }
    }

    #[inline]
    fn place(index: usize) -> usize {
        index
    }
}

/// Registers of a block: four to a row of the matrix.
const REGISTERS: usize = 32;

/// Four rows of a 4 x 4 matrix, twice.
type Pair = [[__m256i; 4]; 2];

#[target_feature(enable = "avx2")]
fn compress(
    previous: &Words,
    reference: &Words,
    next: &mut Words,
    old: Old,
    first: impl FnOnce(u64),
) {
    let mut r = [_mm256_setzero_si256(); REGISTERS];
    let mut q = r;
    for (n, r) in r.iter_mut().enumerate() {
        *r = _mm256_xor_si256(load(previous, n), load(reference, n));
    }
    two_rows::<0>(&r, &mut q);
    two_rows::<2>(&r, &mut q);
    two_rows::<4>(&r, &mut q);
    two_rows::<6>(&r, &mut q);
    if old == Old::Added {
        for (n, r) in r.iter_mut().enumerate() {
            *r = _mm256_xor_si256(*r, load(next, n));
        }
    }
    two_columns::<0>(&r, &q, next);
    first(next.0[0]);
    two_columns::<1>(&r, &q, next);
    two_columns::<2>(&r, &q, next);
    two_columns::<3>(&r, &q, next);
}

/// Rows `ROW` and `ROW + 1` of the block, from `r` to `q`.
#[inline]
#[target_feature(enable = "avx2")]
fn two_rows<const ROW: usize>(r: &[__m256i; REGISTERS], q: &mut [__m256i; REGISTERS]) {
    let n = 4 * ROW;
    [[q[n], q[n + 1], q[n + 2], q[n + 3]], [q[n + 4], q[n + 5], q[n + 6], q[n + 7]]] =
        rows_round([
            [r[n], r[n + 1], r[n + 2], r[n + 3]],
            [r[n + 4], r[n + 5], r[n + 6], r[n + 7]],
        ]);
}

/// Columns `2 N` and `2 N + 1` of the block (each two words wide), from `q` to `next`.
#[inline]
#[target_feature(enable = "avx2")]
fn two_columns<const N: usize>(
    r: &[__m256i; REGISTERS],
    q: &[__m256i; REGISTERS],
    next: &mut Words,
) {
    let pair = columns_round([
        [q[N], q[N + 8], q[N + 16], q[N + 24]],
        [q[N + 4], q[N + 12], q[N + 20], q[N + 28]],
    ]);
    for row in 0..8 {
        let register = N + 4 * row;
        let word = _mm256_xor_si256(pair[row % 2][row / 2], r[register]);
        store(next, register, word);
    }
}

/// One round on two rows of the block. For the diagonals `b` stays and the others turn around it,
/// because `b` is what the step before computes last and the next one needs first.
#[inline]
#[target_feature(enable = "avx2")]
fn rows_round(mut pair: Pair) -> Pair {
    const ONE: i32 = 0b00_11_10_01;
    const TWO: i32 = 0b01_00_11_10;
    const THREE: i32 = 0b10_01_00_11;
    quarter(&mut pair);
    for [a, _, c, d] in &mut pair {
        *a = _mm256_permute4x64_epi64::<THREE>(*a);
        *c = _mm256_permute4x64_epi64::<ONE>(*c);
        *d = _mm256_permute4x64_epi64::<TWO>(*d);
    }
    quarter(&mut pair);
    for [a, _, c, d] in &mut pair {
        *a = _mm256_permute4x64_epi64::<ONE>(*a);
        *c = _mm256_permute4x64_epi64::<THREE>(*c);
        *d = _mm256_permute4x64_epi64::<TWO>(*d);
    }
    pair
}

/// One round on two columns of the block: the first half of `pair` holds words 0 and 1 of both
/// columns' `a`, `b`, `c`, `d`, the second half words 2 and 3.
#[inline]
#[target_feature(enable = "avx2")]
fn columns_round(mut pair: Pair) -> Pair {
    quarter(&mut pair);
    let [[a0, b0, c0, d0], [a1, b1, c1, d1]] = pair;
    let (a0, a1) = turned_right(a0, a1);
    let (c0, c1) = turned_left(c0, c1);
    let mut pair = [[a0, b0, c0, d1], [a1, b1, c1, d0]];
    quarter(&mut pair);
    let [[a0, b0, c0, d0], [a1, b1, c1, d1]] = pair;
    let (a0, a1) = turned_left(a0, a1);
    let (c0, c1) = turned_right(c0, c1);
    [[a0, b0, c0, d1], [a1, b1, c1, d0]]
}

/// Words 0 1 | 2 3 to 1 2 | 3 0, in both columns.
#[inline]
#[target_feature(enable = "avx2")]
fn turned_left(low: __m256i, high: __m256i) -> (__m256i, __m256i) {
    // The words that change places within their register (1 to the front of `low`), and those that
    // cross over.
    let crossed_low = _mm256_blend_epi32::<0b00_11_00_11>(low, high); // 2 1
    let crossed_high = _mm256_blend_epi32::<0b00_11_00_11>(high, low); // 0 3
    (swapped(crossed_low), swapped(crossed_high))
}

/// Words 0 1 | 2 3 to 3 0 | 1 2, in both columns.
#[inline]
#[target_feature(enable = "avx2")]
fn turned_right(low: __m256i, high: __m256i) -> (__m256i, __m256i) {
    let crossed_low = _mm256_blend_epi32::<0b11_00_11_00>(low, high); // 0 3
    let crossed_high = _mm256_blend_epi32::<0b11_00_11_00>(high, low); // 2 1
    (swapped(crossed_low), swapped(crossed_high))
}

/// The two words of each half change places.
#[inline]
#[target_feature(enable = "avx2")]
fn swapped(words: __m256i) -> __m256i {
    _mm256_shuffle_epi32::<0b01_00_11_10>(words)
}

/// The four columns (or diagonals) of two matrices, twice: RFC 9106, 3.6, GB.
#[inline]
#[target_feature(enable = "avx2")]
fn quarter(pair: &mut Pair) {
    let by_24 = _mm256_set_epi8(
        10, 9, 8, 15, 14, 13, 12, 11, 2, 1, 0, 7, 6, 5, 4, 3, //
        10, 9, 8, 15, 14, 13, 12, 11, 2, 1, 0, 7, 6, 5, 4, 3,
    );
    let by_16 = _mm256_set_epi8(
        9, 8, 15, 14, 13, 12, 11, 10, 1, 0, 7, 6, 5, 4, 3, 2, //
        9, 8, 15, 14, 13, 12, 11, 10, 1, 0, 7, 6, 5, 4, 3, 2,
    );
    for [a, b, c, d] in pair {
        *a = add(*a, *b);
        *d = _mm256_shuffle_epi32::<0b10_11_00_01>(_mm256_xor_si256(*d, *a));
        *c = add(*c, *d);
        *b = _mm256_shuffle_epi8(_mm256_xor_si256(*b, *c), by_24);
        *a = add(*a, *b);
        *d = _mm256_shuffle_epi8(_mm256_xor_si256(*d, *a), by_16);
        *c = add(*c, *d);
        let last = _mm256_xor_si256(*b, *c);
        *b = _mm256_or_si256(_mm256_srli_epi64::<63>(last), _mm256_add_epi64(last, last));
    }
}

/// `x + y + 2 * low(x) * low(y)`, `low` being the lower 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn add(x: __m256i, y: __m256i) -> __m256i {
    let product = _mm256_mul_epu32(x, y);
    _mm256_add_epi64(_mm256_add_epi64(x, y), _mm256_add_epi64(product, product))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &Words, register: usize) -> __m256i {
    let four = &words.0[4 * register..4 * register + 4];
    // SAFETY: `four` is 32 readable bytes; no alignment is asked for.
    unsafe { _mm256_loadu_si256(four.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(words: &mut Words, register: usize, value: __m256i) {
    let four = &mut words.0[4 * register..4 * register + 4];
    // SAFETY: `four` is 32 writable bytes; no alignment is asked for.
    unsafe { _mm256_storeu_si256(four.as_mut_ptr().cast(), value) }
}
