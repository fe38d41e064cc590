//! Revocation lists: written for OpenSSL, and read by ourselves.

use sekimori_base::Timestamp;
use sekimori_keys::{KeyProfile, RsaBits};
use sekimori_pki::{PemKind, RevocationReason, RevokedCertificate, Serial, pem};

use crate::world::{Bench, World};

#[test]
fn openssl_refuses_exactly_what_the_list_takes_back() {
    for kind in [KeyProfile::Es256, KeyProfile::Rs256(RsaBits::B2048)] {
        let (world, bench) = (World::with(kind), Bench::new());
        let (kept, lost) = (world.issue("kept").certificate, world.issue("lost").certificate);
        let (at, next) = (world.now, world.now.plus_seconds(86_400));
        let reason = RevocationReason::KeyCompromise;
        let revoked = [RevokedCertificate { serial: lost.serial(), at, reason }];
        let list = world.issuing.crl(0x1234_5678_9abc, at, next, &revoked).unwrap();
        let root_list = world.root.crl(1, at, next, &[]).unwrap();
        bench.put_certificate("root.pem", world.root.certificate());
        bench.put_certificate("issuing.pem", world.issuing.certificate());
        bench.put_certificate("kept.pem", &kept);
        bench.put_certificate("lost.pem", &lost);
        let list_text = pem(PemKind::RevocationList, &list);
        bench.put("lists.pem", list_text.clone() + &pem(PemKind::RevocationList, &root_list));
        bench.put("list.pem", list_text);

        let verify =
            "verify -x509_strict -CAfile root.pem -untrusted issuing.pem -CRLfile lists.pem";
        for check in ["-crl_check", "-crl_check_all"] {
            let said = bench.openssl(&format!("{verify} {check} kept.pem"));
            assert!(said.contains("kept.pem: OK"), "{said}");
            let (content, said) = bench.try_openssl(&format!("{verify} {check} lost.pem"));
            assert!(!content && said.contains("certificate revoked"), "{said}");
            let later = next.unix_seconds() + 1;
            let stale = format!("{verify} {check} -attime {later} kept.pem");
            let (content, said) = bench.try_openssl(&stale);
            assert!(!content && said.contains("CRL has expired"), "{said}");
        }
        let text = bench.openssl("crl -in list.pem -noout -text");
        assert!(text.contains("Version 2 (0x1)"), "{text}");
        assert!(text.contains("CRL Number: \n                20015998343868"), "{text}");
        assert!(text.contains("Key Compromise"), "{text}");
        assert!(text.contains("Authority Key Identifier"), "{text}");
    }
}

#[test]
fn every_reason_is_written_as_its_own_and_an_empty_list_is_a_list() {
    let (world, bench) = (World::new(), Bench::new());
    let (at, next) = (world.now, world.now.plus_seconds(60));
    let entry = |(place, reason): (usize, RevocationReason)| RevokedCertificate {
        serial: Serial::from_bytes(&[0x80 + u8::try_from(place).unwrap()]).unwrap(),
        at: Timestamp::from_unix_seconds(2_600_000_000),
        reason,
    };
    let all: Vec<_> = RevocationReason::ALL.into_iter().enumerate().map(entry).collect();
    bench.put("list.der", world.issuing.crl(0, at, next, &all).unwrap());
    let text = bench.openssl("crl -inform DER -in list.der -noout -text");
    for wanted in [
        "CA Compromise",
        "Key Compromise",
        "Affiliation Changed",
        "Superseded",
        "Cessation Of Operation",
        "Privilege Withdrawn",
        "Serial Number: 80\n        Revocation Date: May 22 14:13:20 2052 GMT\n    Serial Number: 81",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    bench.put("list.der", world.issuing.crl(0, at, next, &[]).unwrap());
    let text = bench.openssl("crl -inform DER -in list.der -noout -text");
    assert!(text.contains("No Revoked Certificates."), "{text}");
}

#[test]
fn a_list_that_would_be_stale_at_once_is_not_signed() {
    let world = World::new();
    assert!(world.issuing.crl(1, world.now, world.now, &[]).is_err());
}
