use proptest::prelude::*;

use super::*;

fn computed(unit: Unit, cost: Argon2Cost, inputs: Inputs<'_>, length: usize) -> Vec<u8> {
    let mut memory = Memory::new(cost.memory_kib).unwrap();
    let mut out = vec![0; length];
    argon2id_on(unit, &mut memory, cost, inputs, &mut out).unwrap();
    out
}

fn here() -> impl Iterator<Item = Unit> {
    Unit::ALL.into_iter().filter(|unit| unit.is_here())
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn inputs(password: &'static str) -> Inputs<'static> {
    Inputs { password: password.as_bytes(), salt: b"somesalt", secret: b"" }
}

/// Memory in KiB, passes, lanes, password, hash. The first four also stand in the tests of the C
/// reference; all were computed with it.
const KNOWN: &[(u32, u32, u32, &str, &str)] = &include!("known.in");

#[test]
fn the_hashes_are_those_of_the_reference_implementation() {
    for (memory_kib, passes, lanes, password, hash) in KNOWN {
        let (memory_kib, passes, lanes) = (*memory_kib, *passes, *lanes);
        let cost = Argon2Cost { memory_kib, passes, lanes };
        for unit in here() {
            let hash = hex(hash);
            let ours = computed(unit, cost, inputs(password), hash.len());
            assert_eq!(ours, hash, "{unit:?} {cost:?} {password}");
        }
    }
}

#[test]
fn the_portable_unit_is_everywhere_and_the_best_one_is_here() {
    assert!(Unit::Portable.is_here());
    assert!(Unit::best().is_here());
}

#[test]
fn what_is_no_argon2_is_refused_on_every_unit() {
    let mut memory = Memory::new(64).unwrap();
    let good = Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let salty = inputs("password");
    let short = Inputs { salt: b"short", ..salty };
    for unit in here() {
        let mut refused = |cost, inputs, out: &mut [u8]| {
            argon2id_on(unit, &mut memory, cost, inputs, out).is_err()
        };
        assert!(refused(Argon2Cost { memory_kib: 7, ..good }, salty, &mut [0; 32]));
        assert!(refused(Argon2Cost { lanes: 9, ..good }, salty, &mut [0; 32]));
        assert!(refused(Argon2Cost { passes: 0, ..good }, salty, &mut [0; 32]));
        assert!(refused(Argon2Cost { lanes: 0, ..good }, salty, &mut [0; 32]));
        assert!(refused(good, short, &mut [0; 32]));
        assert!(refused(good, salty, &mut [0; 3]));
        assert!(!refused(good, salty, &mut [0; 32]));
    }
}

#[test]
fn what_the_last_hash_left_behind_does_not_matter() {
    let cost = Argon2Cost { memory_kib: 64, passes: 2, lanes: 2 };
    let mut memory = Memory::new(128).unwrap();
    for unit in here() {
        let clean = computed(unit, cost, inputs("password"), 32);
        for block in memory.blocks() {
            block.as_mut().fill(u64::MAX);
        }
        let mut out = [0; 32];
        argon2id_on(unit, &mut memory, cost, inputs("password"), &mut out).unwrap();
        assert_eq!(out[..], clean, "{unit:?}");
    }
}

#[test]
fn a_cost_beyond_the_memory_is_computed_all_the_same() {
    let cost = Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let mut small = Memory::new(8).unwrap();
    let mut out = [0; 32];
    argon2id(&mut small, cost, inputs("password"), &mut out).unwrap();
    assert_eq!(out[..], computed(Unit::Portable, cost, inputs("password"), 32));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The `argon2` crate is the judge, also of geometries with incomplete lanes.
    #[test]
    fn all_units_give_the_hash_of_the_crate(
        lanes in 1..6_u32, extra in 0..900_u32, passes in 1..5_u32, length in 4..80_usize,
        password in any::<Vec<u8>>(), salt in prop::collection::vec(any::<u8>(), 8..80),
        secret in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let cost = Argon2Cost { memory_kib: 8 * lanes + extra, passes, lanes };
        let inputs = Inputs { password: &password, salt: &salt, secret: &secret };
        let judge = computed(Unit::Portable, cost, inputs, length);
        for unit in here() {
            prop_assert_eq!(&computed(unit, cost, inputs, length), &judge, "{:?}", unit);
        }
    }
}
