//! What the ring seals, and what it refuses to open.

use std::collections::HashSet;

use sekimori_base::{Sealed, TenantId};
use sekimori_keys::seal::{self, OVERHEAD_BYTES, PLAINTEXT_BYTES_MAX};
use sekimori_keys::{
    Binding, DataKey, KeyProfile, KeyRing, KeyRingError, KeyState, KeyVersion, KeyedDigest,
    OpenError, Purpose, Scope, SealError, SignatureAlgorithm, Signer, SigningKey,
};
use serde::{Deserialize, Serialize};

use crate::chance::{Counted, OTHER_TENANT, Stuck, TENANT};

const ACTIVE: KeyState = KeyState::Active { since: at0() };
const NEXT: KeyState = KeyState::Next { since: at0() };
const RETIRED: KeyState = KeyState::Retired { until: at0() };

const fn at0() -> sekimori_base::Timestamp {
    sekimori_base::Timestamp::from_unix_seconds(0)
}

/// The same data keys at each call: another node of the same deployment.
fn ring(states: &[(u32, KeyState)]) -> KeyRing {
    let key = |version| DataKey::generate(&Counted::from(u64::from(version)));
    let keys = states.iter().map(|(version, state)| (KeyVersion(*version), *state, key(*version)));
    KeyRing::new(keys).unwrap()
}

fn sealed(ring: &KeyRing, binding: &Binding<'_>, text: &[u8]) -> Sealed<[u8]> {
    ring.seal(binding, text, &Counted::from(99)).unwrap()
}

fn request() -> Binding<'static> {
    Binding::new(Purpose::SealedRequest, TENANT).about(b"browser")
}

#[test]
fn a_sealed_value_opens_on_another_node_with_the_same_binding() {
    let sealed = sealed(&ring(&[(1, ACTIVE)]), &request(), b"hello");
    let opened = ring(&[(1, ACTIVE)]).open(&request(), &sealed).unwrap();
    assert_eq!(opened.expose(), b"hello");
    assert_eq!(sealed.bytes().len(), b"hello".len() + OVERHEAD_BYTES);
}

#[test]
fn a_sealed_value_opens_under_no_other_purpose_tenant_or_thing() {
    let ring = ring(&[(1, ACTIVE)]);
    let sealed = sealed(&ring, &request(), b"hello");
    let mut others = vec![
        Binding::new(Purpose::SealedRequest, TENANT),
        Binding::new(Purpose::SealedRequest, TENANT).about(b"browser2"),
        Binding::new(Purpose::SealedRequest, OTHER_TENANT).about(b"browser"),
        Binding::new(Purpose::SealedRequest, Scope::Deployment).about(b"browser"),
    ];
    for purpose in Purpose::ALL {
        if *purpose != Purpose::SealedRequest {
            others.push(Binding::new(*purpose, TENANT).about(b"browser"));
        }
    }
    for other in others {
        assert_eq!(ring.open(&other, &sealed).err(), Some(OpenError::NotAuthentic), "{other:?}");
    }
}

#[test]
fn a_sealed_value_opens_under_no_other_version() {
    let ring = ring(&[(1, ACTIVE), (2, NEXT)]);
    let mut bytes = sealed(&ring, &request(), b"hello").into_bytes();
    assert_eq!(bytes[4], 1);
    bytes[4] = 2;
    let moved: Sealed<[u8]> = Sealed::from_bytes(bytes.clone());
    assert_eq!(ring.open(&request(), &moved).err(), Some(OpenError::NotAuthentic));
    bytes[4] = 3;
    let unknown: Sealed<[u8]> = Sealed::from_bytes(bytes);
    let version = OpenError::UnknownVersion(KeyVersion(3));
    assert_eq!(ring.open(&request(), &unknown).err(), Some(version));
}

#[test]
fn a_flip_of_any_bit_and_any_cut_are_seen() {
    let ring = ring(&[(1, ACTIVE)]);
    let good = sealed(&ring, &request(), b"hello").into_bytes();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let flipped: Sealed<[u8]> = Sealed::from_bytes(bytes);
        assert!(ring.open(&request(), &flipped).is_err(), "bit {bit}");
    }
    for length in 0..good.len() {
        let cut: Sealed<[u8]> = Sealed::from_bytes(good[..length].to_vec());
        assert!(ring.open(&request(), &cut).is_err(), "{length} bytes");
    }
}

#[test]
fn the_same_text_is_sealed_differently_each_time() {
    let ring = ring(&[(1, ACTIVE)]);
    let entropy = Counted::from(5);
    let mut salts = HashSet::new();
    let mut texts = HashSet::new();
    for _ in 0..1000 {
        let sealed: Sealed<[u8]> = ring.seal(&request(), b"hello", &entropy).unwrap();
        assert!(salts.insert(sealed.bytes()[5..21].to_vec()), "a salt stood twice");
        assert!(texts.insert(sealed.bytes()[21..].to_vec()), "a ciphertext stood twice");
    }
}

#[test]
fn a_repeated_salt_shows_only_that_equal_texts_are_equal() {
    let ring = ring(&[(1, ACTIVE)]);
    let seal = |text: &[u8]| {
        let sealed: Sealed<[u8]> = ring.seal(&request(), text, &Stuck).unwrap();
        sealed.into_bytes()
    };
    let (one, two) = (seal(&[0; 64]), seal(&[1; 64]));
    let differences: HashSet<u8> = (21..85).map(|at| one[at] ^ two[at]).collect();
    // With a bare stream cipher all 64 would be 1.
    assert!(differences.len() > 16, "the key stream repeated");
}

#[test]
fn a_rotated_ring_opens_what_the_old_key_sealed_and_says_that_it_is_outdated() {
    let sealed = sealed(&ring(&[(1, ACTIVE), (2, NEXT)]), &request(), b"hello");
    let rotated = ring(&[(1, RETIRED), (2, ACTIVE)]);
    assert_eq!(rotated.open(&request(), &sealed).unwrap().expose(), b"hello");
    assert!(rotated.outdated(&sealed));
    let fresh: Sealed<[u8]> = rotated.seal(&request(), b"hello", &Counted::from(3)).unwrap();
    assert!(!rotated.outdated(&fresh));
    let slow_node = ring(&[(1, ACTIVE), (2, NEXT)]);
    assert_eq!(slow_node.open(&request(), &fresh).unwrap().expose(), b"hello");
}

#[test]
fn a_ring_has_exactly_one_active_key_and_each_version_once() {
    let key = || DataKey::generate(&Counted::from(1));
    let refused = |keys: Vec<(u32, KeyState)>| {
        let keys = keys.into_iter().map(|(version, state)| (KeyVersion(version), state, key()));
        KeyRing::new(keys).err()
    };
    assert_eq!(refused(vec![]), Some(KeyRingError::NoActive));
    assert_eq!(refused(vec![(1, NEXT), (2, RETIRED)]), Some(KeyRingError::NoActive));
    let two = KeyRingError::TwoActive(KeyVersion(1), KeyVersion(2));
    assert_eq!(refused(vec![(1, ACTIVE), (2, ACTIVE)]), Some(two));
    let twice = KeyRingError::Twice(KeyVersion(1));
    assert_eq!(refused(vec![(1, ACTIVE), (1, NEXT)]), Some(twice));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    state: String,
}

#[test]
fn json_goes_through_text_and_back_within_its_bound() {
    let ring = ring(&[(1, ACTIVE)]);
    let pending = Pending { state: "x".repeat(100) };
    let entropy = Counted::from(1);
    let sealed = ring.seal_json(&request(), &pending, 120, &entropy).unwrap();
    let text = seal::to_text(&sealed);
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let back = seal::from_text(&text, text.len()).unwrap();
    assert_eq!(ring.open_json(&request(), &back), Ok(pending));

    let pending = Pending { state: "x".repeat(200) };
    let error = ring.seal_json(&request(), &pending, 120, &entropy).err();
    assert_eq!(error, Some(SealError::TooLong { bytes_max: 120 }));
    let error = seal::from_text::<Pending>(&text, text.len() - 1).err();
    assert_eq!(error, Some(OpenError::Malformed));
    let error = seal::from_text::<Pending>("not base64url!", 100).err();
    assert_eq!(error, Some(OpenError::Malformed));
}

#[test]
fn an_authentic_value_of_another_shape_is_told_apart_from_a_forged_one() {
    let ring = ring(&[(1, ACTIVE)]);
    let number: Sealed<u32> = ring.seal_json(&request(), &5_u32, 120, &Counted::from(1)).unwrap();
    let other: Sealed<Pending> = Sealed::from_bytes(number.into_bytes());
    assert_eq!(ring.open_json(&request(), &other), Err(OpenError::Content));
}

#[test]
fn more_than_a_megabyte_is_not_sealed_in_one_piece() {
    let ring = ring(&[(1, ACTIVE)]);
    let long = vec![0; PLAINTEXT_BYTES_MAX + 1];
    let error = ring.seal::<[u8]>(&request(), &long, &Stuck).err();
    let bytes_max = PLAINTEXT_BYTES_MAX;
    assert_eq!(error, Some(SealError::TooLong { bytes_max }));
    assert!(ring.seal::<[u8]>(&request(), &long[1..], &Stuck).is_ok());
}

#[test]
fn digests_differ_by_purpose_tenant_version_and_data_and_find_older_rows() {
    let before = ring(&[(1, ACTIVE), (2, NEXT)]);
    let digest = before.digest(Purpose::TokenDigest, TENANT, b"token");
    let differs = [
        before.digest(Purpose::IdentifierDigest, TENANT, b"token"),
        before.digest(Purpose::TokenDigest, OTHER_TENANT, b"token"),
        before.digest(Purpose::TokenDigest, TENANT, b"token2"),
    ];
    assert!(differs.iter().all(|other| other.bytes() != digest.bytes()));

    let after = ring(&[(1, RETIRED), (2, ACTIVE)]);
    let candidates = after.digests(Purpose::TokenDigest, TENANT, b"token");
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0], after.digest(Purpose::TokenDigest, TENANT, b"token"));
    assert_eq!(candidates[1], digest);
    assert_ne!(candidates[0].bytes(), candidates[1].bytes());

    let stored = KeyedDigest::from_stored(&digest.stored()).unwrap();
    assert_eq!(stored, digest);
    assert!(after.matches(Purpose::TokenDigest, TENANT, b"token", &stored));
    assert!(!after.matches(Purpose::TokenDigest, TENANT, b"token2", &stored));
    assert!(!ring(&[(2, ACTIVE)]).matches(Purpose::TokenDigest, TENANT, b"token", &stored));
}

#[test]
fn a_signing_key_survives_its_row_and_opens_for_its_own_row_only() {
    let ring = ring(&[(1, ACTIVE)]);
    let entropy = Counted::from(1);
    for profile in [KeyProfile::Es256, KeyProfile::EdDsa] {
        let key = SigningKey::generate(profile).unwrap();
        let algorithm = profile.algorithm();
        let sealed = ring.seal_signing_key(TENANT, &key, &entropy).unwrap();
        let open = |tenant: TenantId, algorithm, kid: &str| {
            ring.open_signing_key(tenant, algorithm, kid, &sealed)
        };
        let opened = open(TENANT, algorithm, key.kid()).unwrap();
        assert_eq!(opened.public(), key.public());
        let wrong = Some(OpenError::NotAuthentic);
        assert_eq!(open(OTHER_TENANT, algorithm, key.kid()).err(), wrong);
        assert_eq!(open(TENANT, algorithm, "another").err(), wrong);
        let other_kind = open(TENANT, SignatureAlgorithm::Rs256, key.kid()).err();
        assert_eq!(other_kind, Some(OpenError::Content));
    }
}

#[test]
fn derived_keys_are_dropped_rather_than_kept_without_bound() {
    let ring = ring(&[(1, ACTIVE)]);
    let first = ring.digest(Purpose::TokenDigest, TENANT, b"token");
    for count in 0..5000_u128 {
        let tenant = TenantId::from_bytes(count.to_be_bytes());
        ring.digest(Purpose::TokenDigest, tenant, b"token");
    }
    assert_eq!(ring.digest(Purpose::TokenDigest, TENANT, b"token"), first);
}

#[test]
fn nothing_secret_is_printed() {
    let key = SigningKey::generate(KeyProfile::Es256).unwrap();
    assert_eq!(format!("{key:?}"), format!("SigningKey(ES256 {})", key.kid()));
    let sealed = sealed(&ring(&[(1, ACTIVE)]), &request(), b"hello");
    assert_eq!(format!("{sealed:?}"), "Sealed(42 bytes)");
}
