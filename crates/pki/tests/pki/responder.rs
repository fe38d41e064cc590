//! OCSP: OpenSSL asks, we answer, OpenSSL verifies the answer.

use sekimori_keys::{KeyProfile, RsaBits};
use sekimori_pki::ocsp::{
    AnswerError, AnswerTimes, CertificateStatus, IdHash, OcspRequest, Refusal,
};
use sekimori_pki::{RevocationReason, Serial};

use crate::world::{Bench, World, serve_once};

/// A folder in which the certificates lie, and what OpenSSL asks in it.
fn asked(world: &World, options: &str) -> (Bench, Vec<u8>, [Serial; 3]) {
    let bench = Bench::new();
    let people = ["good", "lost", "never"].map(|name| (name, world.issue(name).certificate));
    bench.put_certificate("root.pem", world.root.certificate());
    bench.put_certificate("issuing.pem", world.issuing.certificate());
    for (name, certificate) in &people {
        bench.put_certificate(&format!("{name}.pem"), certificate);
    }
    bench.openssl(&format!("ocsp {options} -issuer issuing.pem -reqout request.der"));
    let request = bench.get("request.der");
    (bench, request, people.map(|(_, certificate)| certificate.serial()))
}

fn times(world: &World) -> AnswerTimes {
    let (this_update, next_update) = (world.now, world.now.plus_seconds(3600));
    AnswerTimes { this_update, next_update, produced_at: world.now }
}

const VERIFY: &str = "ocsp -no_nonce -respin answer.der -CAfile root.pem -verify_other issuing.pem \
                      -issuer issuing.pem -reqin request.der";
const ASK: &str = "ocsp -nonce -CAfile root.pem -verify_other issuing.pem -issuer issuing.pem";

#[test]
fn openssl_asks_with_a_nonce_and_verifies_the_answer_for_each_status() {
    for kind in [KeyProfile::Es256, KeyProfile::Rs256(RsaBits::B2048)] {
        for hash in ["-sha1", "-sha256"] {
            let world = World::with(kind);
            let (bench, _, [good, lost, _]) = asked(&world, "-issuer issuing.pem -cert good.pem");
            let port = serve_once(move |body| {
                let request = OcspRequest::read(body).unwrap();
                assert!(request.has_nonce() && request.cacheable().is_none());
                assert_eq!(request.serials().count(), 3);
                let (at, reason) = (world.now.plus_seconds(-60), RevocationReason::Superseded);
                let status = |serial| match serial {
                    serial if serial == good => CertificateStatus::Good,
                    serial if serial == lost => CertificateStatus::Revoked { at, reason },
                    _ => CertificateStatus::Unknown,
                };
                world.issuing.answer(&request, times(&world), status).unwrap()
            });
            let certificates = "good lost never".replace(' ', &format!(".pem {hash} -cert "));
            let said = bench.openssl(&format!(
                "{ASK} {hash} -cert {certificates}.pem -resp_text -url http://127.0.0.1:{port}/"
            ));
            assert!(said.contains("Response verify OK"), "{said}");
            assert!(!said.contains("WARNING"), "nonce and times: {said}");
            assert!(said.contains("Nonce"), "{said}");
            for wanted in
                ["good.pem: good", "lost.pem: revoked", "Reason: superseded", "never.pem: unknown"]
            {
                assert!(said.contains(wanted), "{wanted} in {said}");
            }
        }
    }
}

/// As clients ask that know the root alone and look for the signer in the answer (FreeRADIUS).
#[test]
fn an_answer_brings_its_signer_along() {
    let world = World::new();
    let (bench, request, _) = asked(&world, "-nonce -issuer issuing.pem -cert good.pem");
    let request = OcspRequest::read(&request).unwrap();
    let answer =
        world.issuing.answer(&request, times(&world), |_| CertificateStatus::Good).unwrap();
    bench.put("answer.der", &answer);
    let said = bench.openssl("ocsp -respin answer.der -CAfile root.pem -resp_text");
    assert!(said.contains("Response verify OK"), "{said}");
}

#[test]
fn openssl_notices_another_nonce_and_a_changed_answer() {
    let world = World::new();
    let (bench, request, _) = asked(&world, "-nonce -issuer issuing.pem -cert good.pem");
    let request = OcspRequest::read(&request).unwrap();
    let answer =
        world.issuing.answer(&request, times(&world), |_| CertificateStatus::Good).unwrap();
    let played_back = answer.clone();
    let port = serve_once(move |_| played_back);
    let (content, said) =
        bench.try_openssl(&format!("{ASK} -cert good.pem -url http://127.0.0.1:{port}/"));
    assert!(!content && said.contains("Nonce Verify error"), "{said}");
    bench.put("answer.der", &answer);
    let said = bench.openssl(&format!("{VERIFY} -cert good.pem"));
    assert!(said.contains("Response verify OK"), "{said}");
    let mut changed = answer;
    // The last digit of the first time in it: what is signed, and still a time.
    let digit = changed.windows(2).position(|two| two[0].is_ascii_digit() && two[1] == b'Z');
    changed[digit.unwrap()] ^= 1;
    bench.put("answer.der", &changed);
    let (_, said) = bench.try_openssl(&format!("{VERIFY} -cert good.pem"));
    assert!(said.contains("Response Verify Failure"), "{said}");
}

#[test]
fn an_answer_signed_ahead_satisfies_everybody_who_asks_without_a_nonce() {
    let world = World::new();
    let (bench, request, [good, ..]) =
        asked(&world, "-no_nonce -issuer issuing.pem -cert good.pem");
    let request = OcspRequest::read(&request).unwrap();
    assert_eq!(request.cacheable(), Some((IdHash::Sha1, good)));
    let ahead = world.issuing.presign(IdHash::Sha1, good, CertificateStatus::Good, times(&world));
    bench.put("answer.der", ahead.unwrap());
    let said = bench.openssl(&format!("{VERIFY} -cert good.pem"));
    assert!(said.contains("Response verify OK") && said.contains("good.pem: good"), "{said}");
    assert!(!said.contains("Status times invalid"), "{said}");
}

#[test]
fn openssl_reads_every_refusal() {
    let bench = Bench::new();
    let cases = [
        (Refusal::MalformedRequest, "malformedrequest (1)"),
        (Refusal::InternalError, "internalerror (2)"),
        (Refusal::TryLater, "trylater (3)"),
        (Refusal::Unauthorized, "unauthorized (6)"),
    ];
    for (refusal, wanted) in cases {
        bench.put("answer.der", refusal.response());
        let (_, said) = bench.try_openssl("ocsp -respin answer.der -noverify");
        assert!(said.to_lowercase().contains(wanted), "{wanted} in {said}");
    }
}

#[test]
fn about_certificates_of_others_nothing_is_said() {
    let (world, other) = (World::new(), World::new());
    let (_, request, _) = asked(&other, "-issuer issuing.pem -cert good.pem");
    let request = OcspRequest::read(&request).unwrap();
    let answer = world.issuing.answer(&request, times(&world), |_| CertificateStatus::Good);
    assert!(matches!(answer, Err(AnswerError::Refused(Refusal::Unauthorized))), "{answer:?}");
}

#[test]
fn requests_that_ask_too_much_or_are_cut_are_malformed() {
    let world = World::new();
    let many = "-cert good.pem ".repeat(9);
    let (_, request, _) = asked(&world, &format!("-issuer issuing.pem {many}"));
    assert_eq!(OcspRequest::read(&request), Err(Refusal::MalformedRequest));
    let (_, request, _) = asked(&world, "-issuer issuing.pem -cert good.pem");
    for end in 0..request.len() {
        assert_eq!(OcspRequest::read(&request[..end]), Err(Refusal::MalformedRequest), "{end}");
    }
    let longer = [request.as_slice(), &[0]].concat();
    assert_eq!(OcspRequest::read(&longer), Err(Refusal::MalformedRequest));
    assert_eq!(OcspRequest::read(&[0x30; 10_000]), Err(Refusal::MalformedRequest));
}
