//! Bytes of anybody: no parser panics, and none takes what it should not.

use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sekimori_pki::ocsp::{AnswerTimes, CertificateStatus, NONCE_BYTES, OcspRequest, StatusAnswer};
use sekimori_pki::presented::{
    Field, IdentityRule, IssuerSettings, RevocationList, RevocationLists, Trust,
};
use sekimori_pki::{Authority, Certificate, Request, Serial, request_issuing};

use crate::world::{Bench, World, key, name};

/// Good examples, to be broken.
struct Good {
    world: World,
    trust: Trust,
    lists: RevocationLists,
    certificate: Vec<u8>,
    request: Vec<u8>,
    list: Vec<u8>,
    ocsp: Vec<u8>,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let world = World::new();
    let issuer = |field| IssuerSettings {
        certificate: world.issuing.certificate().der().to_vec(),
        above: vec![world.root.certificate().der().to_vec()],
        withdrawn_since: None,
        identities: vec![IdentityRule::always(field)],
    };
    let principal = Field::PrincipalName { realm: "example.ac.jp".to_owned() };
    let trust = Trust::new(vec![issuer(principal)]).unwrap();
    let list = world.issuing.crl(1, world.now, world.now.plus_seconds(3600), &[]).unwrap();
    let mut lists = RevocationLists::default();
    lists.put(Arc::new(RevocationList::read(&list, &trust).unwrap()));
    let certificate = world.issue("taro").certificate.der().to_vec();
    let signer = key(sekimori_keys::KeyProfile::Es256);
    let request = request_issuing(&name("x"), signer).unwrap();
    let bench = Bench::new();
    bench.put_certificate("issuing.pem", world.issuing.certificate());
    bench.openssl("ocsp -issuer issuing.pem -serial 5 -nonce -reqout request.der");
    let ocsp = bench.get("request.der");
    Good { world, trust, lists, certificate, request, list, ocsp }
});

fn read_all(bytes: &[u8]) -> [bool; 4] {
    let good = &*GOOD;
    let (world, at) = (&good.world, good.world.now);
    let certificate = Certificate::read(bytes);
    if let Ok(certificate) = &certificate {
        let _ = (certificate.subject_text(), certificate.issuer_text(), certificate.serial());
        let _ = (certificate.not_before(), certificate.not_after());
    }
    let _ = Authority::open(bytes, key(sekimori_keys::KeyProfile::Es256));
    let issuer = &good.trust.issuers()[0];
    let (serial, nonce) = (Serial::from_bytes(&[5]).unwrap(), [0; NONCE_BYTES]);
    let answer = StatusAnswer::read(bytes, issuer, serial, &nonce, at);
    assert!(answer.is_err(), "nobody asked");
    let ocsp = OcspRequest::read(bytes);
    if let Ok(request) = &ocsp {
        let times = AnswerTimes { this_update: at, next_update: at, produced_at: at };
        let _ = (request.cacheable(), request.serials().count(), request.has_nonce());
        let _ = world.issuing.answer(request, times, |_| CertificateStatus::Unknown);
    }
    [
        good.trust.verify(bytes, at, &good.lists).is_ok(),
        Request::read(bytes).is_ok(),
        RevocationList::read(bytes, &good.trust).is_ok(),
        ocsp.is_ok(),
    ]
}

#[test]
fn the_good_examples_are_good() {
    let good = &*GOOD;
    assert_eq!(read_all(&good.certificate), [true, false, false, false]);
    assert_eq!(read_all(&good.request), [false, true, false, false]);
    assert_eq!(read_all(&good.list), [false, false, true, false]);
    let serial = Serial::from_bytes(&[5]).unwrap();
    let request = OcspRequest::read(&good.ocsp).unwrap();
    assert!(request.has_nonce());
    assert_eq!(request.serials().collect::<Vec<_>>(), [serial]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..600)) {
        let [verified, requested, listed, _] = read_all(&bytes);
        prop_assert!(!verified && !requested && !listed);
    }

    #[test]
    fn arbitrary_structures_are_refused_without_a_panic(
        tags in vec((prop_oneof![Just(0x30_u8), Just(0x31), Just(2), Just(3), Just(4), Just(6),
            Just(0xa0), Just(0xa3), any::<u8>()], 0..120_u8), 1..40),
        depth in 0..30_usize,
    ) {
        let mut bytes: Vec<u8> =
            tags.into_iter().flat_map(|(tag, length)| [tag, length, 0, 1]).collect();
        for _ in 0..depth {
            let Ok(length) = u16::try_from(bytes.len()) else { break };
            let [high, low] = length.to_be_bytes();
            bytes.splice(0..0, [0x30, 0x82, high, low]);
        }
        let [verified, requested, listed, _] = read_all(&bytes);
        prop_assert!(!verified && !requested && !listed);
    }

    #[test]
    fn no_byte_can_be_changed_in_what_is_signed(
        which in 0..3_usize, place: Index, bit in 0..8_u32,
    ) {
        let good = &*GOOD;
        let mut bytes = [&good.certificate, &good.request, &good.list][which].clone();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let [verified, requested, listed, _] = read_all(&bytes);
        prop_assert!(!verified && !requested && !listed, "byte {place}");
    }

    #[test]
    fn changed_questions_are_read_or_refused_without_a_panic(
        changes in vec((any::<Index>(), any::<u8>()), 1..4), cut: Index,
    ) {
        let mut bytes = GOOD.ocsp.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read_all(&bytes);
        read_all(&bytes[..cut.index(bytes.len())]);
    }
}
