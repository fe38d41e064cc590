//! Requests that OpenSSL made are read, and proven.

use sekimori_pki::{KeyRefused, REQUEST_BYTES_MAX, Request, RequestError};

use crate::world::Bench;

fn made(bench: &Bench, key: &str) -> Vec<u8> {
    bench.openssl(&format!("genpkey {key} -out key.pem"));
    bench.openssl("req -new -key key.pem -subj /CN=somebody.else/O=Elsewhere -out request.pem");
    bench.get("request.pem")
}

#[test]
fn requests_of_the_common_kinds_are_read_in_both_forms() {
    let bench = Bench::new();
    for key in [
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
    ] {
        let text = made(&bench, key);
        let request = Request::read(&text).unwrap_or_else(|error| panic!("{key}: {error}"));
        bench.openssl("req -in request.pem -outform DER -out request.der");
        assert_eq!(Request::read(&bench.get("request.der")), Ok(request), "{key}");
    }
}

#[test]
fn keys_that_are_weak_or_that_no_browser_signs_with_are_refused() {
    let bench = Bench::new();
    let cases = [
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:1024", KeyRefused::RsaSize),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:4104", KeyRefused::RsaSize),
        (
            "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
            KeyRefused::RsaExponent,
        ),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:P-521", KeyRefused::Kind),
        ("-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", KeyRefused::Kind),
        ("-algorithm ED25519", KeyRefused::Kind),
    ];
    for (key, wanted) in cases {
        let refused = Request::read(&made(&bench, key));
        assert_eq!(refused, Err(RequestError::Key(wanted)), "{key}");
    }
}

#[test]
fn a_request_that_another_key_signed_or_that_was_changed_is_not_proven() {
    let bench = Bench::new();
    made(&bench, "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    bench.openssl("req -in request.pem -outform DER -out request.der");
    let good = bench.get("request.der");
    // The name: nobody reads it, but it is signed.
    let place = good.windows(8).position(|window| window == b"somebody").unwrap();
    let mut changed = good.clone();
    changed[place] ^= 1;
    assert_eq!(Request::read(&changed), Err(RequestError::NotProven));
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(Request::read(&changed), Err(RequestError::NotProven));
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(Request::read(&longer), Err(RequestError::Malformed));
    bench.openssl("req -new -key key.pem -sha1 -subj /CN=old -out request.pem");
    assert_eq!(Request::read(&bench.get("request.pem")), Err(RequestError::NotProven), "SHA-1");
}

#[test]
fn what_is_no_request_is_named() {
    let bench = Bench::new();
    bench.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    assert_eq!(Request::read(&bench.get("key.pem")), Err(RequestError::PrivateKey));
    assert_eq!(Request::read(b""), Err(RequestError::Malformed));
    assert_eq!(Request::read(b"hello"), Err(RequestError::Malformed));
    assert_eq!(Request::read(&vec![b'0'; REQUEST_BYTES_MAX + 1]), Err(RequestError::TooLong));
}
