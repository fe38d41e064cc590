//! How many Argon2id hashes of today's default cost one core computes in a second, for each way to
//! compute them, in turns, so that a noisy machine is equally noisy to all.
//!
//! `taskset -c 1 cargo run --release -p sekimori-hashmem --example rate -- [ROUNDS] [KIB PASSES]`

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a program of its own, with arguments and an output"
)]

use argon2::{Algorithm, Argon2, Params, Version};
use sekimori_hashmem::{Argon2Cost, Inputs, Memory, Unit, argon2id_on};

const HASHES_A_TURN: u32 = 8;

fn main() {
    let numbers: Vec<u32> =
        std::env::args().skip(1).map(|argument| argument.parse().expect("a number")).collect();
    let rounds = numbers.first().copied().unwrap_or(15);
    let mut cost = Argon2Cost::default();
    if let [_, memory_kib, passes] = numbers[..] {
        cost.memory_kib = memory_kib;
        cost.passes = passes;
    }
    let mut memory = Memory::new(cost.memory_kib).expect("memory");
    let mut ways: Vec<(String, Vec<f64>)> = vec![("crate, fresh memory".into(), vec![])];
    ways.extend(Unit::ALL.map(|unit| (format!("{unit:?} in kept memory"), vec![])));
    for _ in 0..rounds {
        ways[0].1.push(rate(|| fresh(cost)));
        for (unit, way) in Unit::ALL.into_iter().zip(&mut ways[1..]) {
            if unit.is_here() {
                way.1.push(rate(|| kept(unit, &mut memory, cost)));
            }
        }
    }
    println!("{cost:?}, {:?} pages, {rounds} turns each", memory.pages());
    for (name, mut rates) in ways {
        rates.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (rates.first(), rates.last()) {
            let median = rates[rates.len() / 2];
            println!("{name:24} {median:7.1} /s   ({least:.1} to {most:.1})");
        }
    }
}

fn rate(mut hash: impl FnMut()) -> f64 {
    let start = cpu_seconds();
    for _ in 0..HASHES_A_TURN {
        hash();
    }
    f64::from(HASHES_A_TURN) / (cpu_seconds() - start)
}

fn fresh(cost: Argon2Cost) {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).expect("possible");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(b"correct horse", b"0123456789abcdef", &mut [0; 32])
        .expect("hashed");
}

fn kept(unit: Unit, memory: &mut Memory, cost: Argon2Cost) {
    let inputs = Inputs { password: b"correct horse", salt: b"0123456789abcdef", secret: b"" };
    argon2id_on(unit, memory, cost, inputs, &mut [0; 32]).expect("hashed");
}

/// CPU time of this thread: what others take from the core does not count.
fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a writable timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let whole = i32::try_from(time.tv_sec).expect("less than 68 years");
    let nanos = i32::try_from(time.tv_nsec).expect("less than a second");
    f64::from(whole) + f64::from(nanos) / 1e9
}
