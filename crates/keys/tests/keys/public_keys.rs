//! Public keys that clients register.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_keys::{
    Jwk, JwkError, JwkSet, KeyProfile, RsaBits, SignatureAlgorithm, Signer, SigningKey,
};
use serde_json::{Value, json};

fn ec() -> Value {
    let key = SigningKey::generate(KeyProfile::Es256).unwrap();
    serde_json::to_value(key.public()).unwrap()
}

fn rsa(bits: usize, exponent: &[u8]) -> Value {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    let spare = modulus.len() * 8 - bits;
    modulus[0] >>= spare;
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({"kty": "RSA", "n": encode(&modulus), "e": encode(exponent)})
}

fn refused(key: &Value) -> Option<JwkError> {
    Jwk::parse(&key.to_string()).err()
}

fn with(mut key: Value, name: &str, value: impl Into<Value>) -> Value {
    key[name] = value.into();
    key
}

fn without(mut key: Value, name: &str) -> Value {
    key.as_object_mut().unwrap().remove(name);
    key
}

#[test]
fn our_own_keys_are_published_without_private_members_and_read_back() {
    let profiles = [
        KeyProfile::Es256,
        KeyProfile::EdDsa,
        KeyProfile::Rs256(RsaBits::B2048),
        KeyProfile::Ps256(RsaBits::B3072),
    ];
    for profile in profiles {
        let key = SigningKey::generate(profile).unwrap();
        let json = serde_json::to_value(key.public()).unwrap();
        assert_eq!(json["kid"], key.public().thumbprint());
        assert_eq!(json["alg"], profile.algorithm().name());
        assert_eq!(json["use"], "sig");
        assert!(json.get("d").is_none() && json.get("p").is_none());
        assert_eq!(&Jwk::parse(&json.to_string()).unwrap(), key.public());
        let set = JwkSet::new(vec![key.public().clone()]);
        assert_eq!(JwkSet::parse(set.json()).unwrap(), set);
    }
}

/// An elliptic key with one member changed.
fn but(name: &str, value: impl Into<Value>) -> Value {
    with(ec(), name, value)
}

fn okp(curve: &str, x: &str) -> Value {
    json!({"kty": "OKP", "crv": curve, "x": x})
}

fn refusals(table: Vec<(&str, Value, JwkError)>) {
    for (what, key, error) in table {
        assert_eq!(refused(&key), Some(error), "{what}");
    }
}

#[test]
fn a_secret_is_refused_as_one_whatever_its_kind() {
    let symmetric = json!({"kty": "oct", "k": "AAAA"});
    refusals(vec![
        ("a private key", but("d", "AAAA"), JwkError::Private),
        ("a symmetric key", symmetric, JwkError::Private),
        ("of another curve", with(okp("Ed448", "AA"), "d", "AA"), JwkError::Private),
    ]);
}

#[test]
fn keys_for_other_uses_are_refused() {
    use JwkError::Unsupported;
    refusals(vec![
        ("another curve", but("crv", "P-521"), Unsupported),
        ("an agreement key", okp("X25519", "AA"), Unsupported),
        ("for encryption", but("use", "enc"), Unsupported),
        ("for signing only", but("key_ops", json!(["sign"])), Unsupported),
        ("another kind's algorithm", but("alg", "RS256"), Unsupported),
        ("a foreign algorithm", but("alg", "ES512"), Unsupported),
        ("an HMAC algorithm", but("alg", "HS256"), Unsupported),
    ]);
}

#[test]
fn damaged_and_weak_keys_are_refused() {
    use JwkError::{Damaged, Malformed, RsaSize, TooLong};
    let off_curve = but("x", URL_SAFE_NO_PAD.encode([1; 32]));
    refusals(vec![
        ("no kind", without(ec(), "kty"), Malformed),
        ("no coordinate", without(ec(), "y"), Malformed),
        ("a short coordinate", but("x", "AAAA"), Damaged),
        ("padding", but("x", "AAAA="), Damaged),
        ("no point of the curve", off_curve, Damaged),
        ("a short Edwards key", okp("Ed25519", "AA"), Damaged),
        ("a weak RSA key", rsa(2047, &[1, 0, 1]), RsaSize),
        ("a giant RSA key", rsa(4097, &[1, 0, 1]), RsaSize),
        ("an exponent of one", rsa(2048, &[1]), RsaSize),
        ("an even exponent", rsa(2048, &[1, 0, 0]), RsaSize),
        ("no exponent", rsa(2048, &[]), RsaSize),
        ("a giant exponent", rsa(2048, &[1; 5]), RsaSize),
        ("a long id", but("kid", "k".repeat(257)), TooLong),
        ("an id that is no text", but("kid", 1), Malformed),
    ]);
    assert_eq!(Jwk::parse("[]").err(), Some(Malformed));
    let twice = Jwk::parse(r#"{"kty":"EC","kty":"RSA"}"#).err();
    assert_eq!(twice, Some(JwkError::Duplicate));
}

#[test]
fn what_others_write_differently_is_taken() {
    let plain = without(without(without(ec(), "use"), "alg"), "kid");
    let key = Jwk::parse(&plain.to_string()).unwrap();
    assert_eq!((key.kid(), key.algorithm()), (None, None));
    assert!(key.fits(SignatureAlgorithm::Es256) && !key.fits(SignatureAlgorithm::EdDsa));
    assert_eq!(refused(&with(ec(), "key_ops", json!(["verify"]))), None);
    assert_eq!(refused(&with(ec(), "x5c", json!(["anything"]))), None);
    assert_eq!(refused(&rsa(2048, &[1, 0, 1])), None);
    assert_eq!(refused(&rsa(4096, &[3])), None);
    // RFC 7518, 6.3.1.1 notes that leading zeros occur; the thumbprint is without them.
    let bare = rsa(2048, &[1, 0, 1]);
    let modulus = [&[0][..], &[0xff; 256]].concat();
    let padded = with(bare.clone(), "n", URL_SAFE_NO_PAD.encode(modulus));
    let thumbprint = |key: &Value| Jwk::parse(&key.to_string()).unwrap().thumbprint();
    assert_eq!(thumbprint(&padded), thumbprint(&bare));
    let both = Jwk::parse(&bare.to_string()).unwrap();
    assert!(both.fits(SignatureAlgorithm::Rs256) && both.fits(SignatureAlgorithm::Ps256));
}

#[test]
fn a_set_skips_what_it_does_not_know_and_refuses_what_is_dangerous() {
    let set = |keys: Vec<Value>| JwkSet::parse(&json!({ "keys": keys }).to_string());
    let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
    let read = set(vec![unknown.clone(), with(ec(), "use", "enc"), ec()]).unwrap();
    assert_eq!(read.keys().len(), 1);
    assert_eq!(set(vec![ec(), with(ec(), "d", "AA")]).err(), Some(JwkError::Private));
    assert_eq!(set(vec![ec(), with(ec(), "x", "AA")]).err(), Some(JwkError::Damaged));
    assert_eq!(set(vec![unknown]).err(), Some(JwkError::NoKey));
    assert_eq!(set(vec![]).err(), Some(JwkError::NoKey));
    assert_eq!(set(vec![json!(1)]).err(), Some(JwkError::Malformed));
    assert_eq!(set(vec![ec(); 33]).err(), Some(JwkError::TooLong));
    assert_eq!(JwkSet::parse("{}").err(), Some(JwkError::Malformed));
    assert_eq!(JwkSet::parse(r#"{"keys":{}}"#).err(), Some(JwkError::Malformed));
    assert_eq!(JwkSet::parse(&" ".repeat(70_000)).err(), Some(JwkError::TooLong));
}
