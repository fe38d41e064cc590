//! Tokens that we make and take.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_keys::jws::{
    Expected, ExpectedAudience, ExpectedLifetime, ExpectedTyp, JwsError, JwsKey, Typ, Verified,
    peek, verify,
};
use sekimori_keys::{Jwk, KeyProfile, RsaBits, SignatureAlgorithm, Signer, SigningKey};
use serde_json::{Map, Value, json};

use crate::chance::at;

pub const NOW: i64 = 1_800_000_000;
pub const ISSUER: &str = "https://sso.example.ac.jp";
pub const CLIENT: &str = "a-client";

pub fn key(profile: KeyProfile) -> JwsKey {
    JwsKey::new(Arc::new(SigningKey::generate(profile).unwrap()))
}

/// A client assertion as it should be.
pub fn assertion() -> Value {
    json!({
        "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "once",
        "iat": NOW - 1, "nbf": NOW - 1, "exp": NOW + 60,
    })
}

/// What a client assertion is held against.
pub fn expected(keys: &[Jwk]) -> Expected<'_> {
    Expected {
        algorithms: &SignatureAlgorithm::ALL,
        typ: ExpectedTyp::StatedOrAbsent(&[Typ::Jwt, Typ::ClientAuthentication]),
        issuer: CLIENT,
        audience: ExpectedAudience::Only(&[ISSUER]),
        lifetime: ExpectedLifetime::Current { ahead_seconds_max: 300 },
        now: at(NOW),
        leeway_seconds: 10,
        keys,
    }
}

pub type Claims = Map<String, Value>;

pub fn check(token: &str, expected: &Expected<'_>) -> Result<Verified<Claims>, JwsError> {
    verify(token, expected)
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn part(token: &str, index: usize) -> Vec<u8> {
    let part = token.split('.').nth(index).unwrap();
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[test]
fn a_token_of_each_algorithm_verifies_and_gives_its_claims() {
    let profiles = [
        (KeyProfile::Es256, 64),
        (KeyProfile::EdDsa, 64),
        (KeyProfile::Rs256(RsaBits::B2048), 256),
        (KeyProfile::Ps256(RsaBits::B2048), 256),
    ];
    for (profile, signature_bytes) in profiles {
        let key = key(profile);
        let token = key.sign(Typ::Jwt, &assertion()).unwrap();
        assert_eq!(part(&token, 2).len(), signature_bytes);
        let keys = [key.public().clone()];
        let verified = check(&token, &expected(&keys)).unwrap();
        assert_eq!(verified.issuer(), CLIENT);
        assert_eq!(verified.subject(), Some(CLIENT));
        assert_eq!(verified.audience(), [ISSUER]);
        assert_eq!(verified.token_id(), Some("once"));
        assert_eq!(verified.expires(), Some(at(NOW + 60)));
        assert_eq!(verified.issued(), Some(at(NOW - 1)));
        assert_eq!(verified.algorithm(), profile.algorithm());
        assert_eq!(Value::Object(verified.into_claims()), assertion());
    }
}

#[test]
fn the_header_names_algorithm_key_and_kind() {
    let key = key(KeyProfile::Es256);
    for typ in Typ::ALL {
        let token = key.sign(typ, &json!({})).unwrap();
        let header: Value = serde_json::from_slice(&part(&token, 0)).unwrap();
        let kid = key.public().kid();
        assert_eq!(header, json!({"alg": "ES256", "kid": kid, "typ": typ.name()}));
    }
}

#[test]
fn a_key_that_was_stored_signs_as_before() {
    let profiles = [
        KeyProfile::Es256,
        KeyProfile::EdDsa,
        KeyProfile::Rs256(RsaBits::B2048),
        KeyProfile::Ps256(RsaBits::B2048),
    ];
    for profile in profiles {
        let key = SigningKey::generate(profile).unwrap();
        let pkcs8 = key.to_pkcs8();
        let again = SigningKey::from_pkcs8(profile.algorithm(), pkcs8.expose()).unwrap();
        assert_eq!(again.public(), key.public());
        let token = JwsKey::new(Arc::new(again)).sign(Typ::Jwt, &assertion());
        let keys = [key.public().clone()];
        check(&token.unwrap(), &expected(&keys)).unwrap();
        for other in SignatureAlgorithm::ALL {
            let rsa = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256];
            let same_kind = rsa.contains(&other) && rsa.contains(&profile.algorithm());
            let parsed = SigningKey::from_pkcs8(other, pkcs8.expose()).is_ok();
            assert_eq!(parsed, same_kind || other == profile.algorithm());
        }
    }
}

/// A good assertion with one claim changed.
fn but(name: &str, value: impl Into<Value>) -> Value {
    with(assertion(), name, value.into())
}

/// What is wrong, the claims, and the refusal.
fn bad_claims() -> Vec<(&'static str, Value, JwsError)> {
    use JwsError::{Audience, Claims, Expired, Issuer, LivesTooLong, NotYet};
    let beside = json!([ISSUER, "https://evil"]);
    let slash = format!("{ISSUER}/");
    vec![
        ("no issuer", without(assertion(), "iss"), Issuer),
        ("another issuer", but("iss", "b-client"), Issuer),
        ("an issuer that is no text", but("iss", json!([CLIENT])), Claims),
        ("no audience", without(assertion(), "aud"), Audience),
        ("another audience", but("aud", "https://evil"), Audience),
        ("an empty audience", but("aud", json!([])), Audience),
        ("an audience beside us", but("aud", beside), Audience),
        ("an audience with a slash more", but("aud", slash), Audience),
        ("an audience of numbers", but("aud", json!([1])), Claims),
        ("no end", without(assertion(), "exp"), Claims),
        ("an end that is a text", but("exp", "1900000000"), Claims),
        ("an end beyond time", but("exp", 1e300), Claims),
        ("expired", but("exp", NOW - 10), Expired),
        ("expired long ago", but("exp", -1e11), Expired),
        ("too long a life", but("exp", NOW + 311), LivesTooLong),
        ("not begun", but("nbf", NOW + 11), NotYet),
        ("made in the future", but("iat", NOW + 11), NotYet),
        ("a subject that is no text", but("sub", 7), Claims),
        ("an id that is no text", but("jti", Value::Null), Claims),
    ]
}

#[test]
fn each_claim_is_enforced() {
    let key = key(KeyProfile::Es256);
    let keys = [key.public().clone()];
    for (what, claims, error) in bad_claims() {
        let token = key.sign(Typ::Jwt, &claims).unwrap();
        assert_eq!(check(&token, &expected(&keys)).err(), Some(error), "{what}");
    }
}

#[test]
fn clocks_may_differ_a_little_and_optional_claims_be_absent() {
    let key = key(KeyProfile::Es256);
    let keys = [key.public().clone()];
    let good = [
        but("exp", NOW - 9),
        but("exp", NOW + 310),
        but("nbf", NOW + 10),
        but("exp", 1_800_000_060.5),
        but("aud", json!([ISSUER])),
        without(without(assertion(), "iat"), "nbf"),
    ];
    for claims in good {
        let token = key.sign(Typ::Jwt, &claims).unwrap();
        assert!(check(&token, &expected(&keys)).is_ok(), "{claims}");
    }
}

#[test]
fn an_id_token_that_only_names_somebody_may_be_over_but_is_verified() {
    let key = key(KeyProfile::Es256);
    let keys = [key.public().clone()];
    let hint = Expected {
        typ: ExpectedTyp::Stated(&[Typ::Jwt]),
        issuer: ISSUER,
        audience: ExpectedAudience::Any,
        lifetime: ExpectedLifetime::MayBeOver,
        ..expected(&keys)
    };
    let claims = json!({"iss": ISSUER, "sub": "s", "aud": ["a", "b"], "exp": 1, "iat": 0});
    let token = key.sign(Typ::Jwt, &claims).unwrap();
    let verified = check(&token, &hint).unwrap();
    assert_eq!(verified.audience(), ["a", "b"]);
    let includes = |audience| Expected { audience, ..hint };
    assert!(check(&token, &includes(ExpectedAudience::Includes(&["b"]))).is_ok());
    let error = check(&token, &includes(ExpectedAudience::Includes(&["c"]))).err();
    assert_eq!(error, Some(JwsError::Audience));
    let error = check(&token, &includes(ExpectedAudience::Only(&["b"]))).err();
    assert_eq!(error, Some(JwsError::Audience));
}

#[test]
fn claims_of_the_wrong_shape_are_refused() {
    #[derive(Debug, serde::Deserialize)]
    struct Wanted {
        #[expect(dead_code, reason = "only its presence matters")]
        scope: String,
    }
    let key = key(KeyProfile::Es256);
    let keys = [key.public().clone()];
    let token = key.sign(Typ::Jwt, &assertion()).unwrap();
    let error = verify::<Wanted>(&token, &expected(&keys)).err();
    assert_eq!(error, Some(JwsError::Claims));
}

#[test]
fn a_look_at_a_token_says_whose_keys_are_needed() {
    let key = key(KeyProfile::Es256);
    let token = key.sign(Typ::Jwt, &assertion()).unwrap();
    let claimed = peek(&token).unwrap();
    assert_eq!(claimed.issuer.as_deref(), Some(CLIENT));
    assert_eq!(claimed.subject.as_deref(), Some(CLIENT));
    assert_eq!(claimed.audience, [ISSUER]);
    assert_eq!(peek("nothing"), Err(JwsError::Malformed));
}

/// The library's own reading of our tokens: a second opinion on form and signature.
#[test]
fn another_implementation_takes_our_tokens() {
    use jsonwebtoken::jwk::Jwk as TheirJwk;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let profiles = [
        (KeyProfile::Es256, Algorithm::ES256),
        (KeyProfile::EdDsa, Algorithm::EdDSA),
        (KeyProfile::Rs256(RsaBits::B2048), Algorithm::RS256),
        (KeyProfile::Ps256(RsaBits::B2048), Algorithm::PS256),
    ];
    for (profile, algorithm) in profiles {
        let key = key(profile);
        let token = key.sign(Typ::Jwt, &assertion()).unwrap();
        let public = serde_json::to_value(key.public()).unwrap();
        let public: TheirJwk = serde_json::from_value(public).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[ISSUER]);
        validation.validate_exp = false;
        let decoding = DecodingKey::from_jwk(&public).unwrap();
        let read = decode::<Value>(&token, &decoding, &validation).unwrap();
        assert_eq!(read.claims, assertion());
    }
}
