//! R-JWT: what attackers have done to verifiers of tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_keys::digest::hmac_sha256;
use sekimori_keys::jws::{Expected, ExpectedTyp, JwsError, JwsKey, Typ};
use sekimori_keys::{Jwk, KeyProfile, RsaBits, SignatureAlgorithm};
use serde_json::{Value, json};

use crate::tokens::{assertion, check, expected, key};

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with this header text and claims text, signed by a key that does not look at them.
fn signed(key: &JwsKey, header: &str, claims: &str) -> String {
    signed_parts(key, &encode(header), &encode(claims))
}

fn signed_parts(key: &JwsKey, header: &str, claims: &str) -> String {
    let input = format!("{header}.{claims}");
    let signature = key.signer().sign(input.as_bytes()).unwrap();
    format!("{input}.{}", encode(signature))
}

fn claims() -> String {
    assertion().to_string()
}

struct Scene {
    key: JwsKey,
    keys: Vec<Jwk>,
}

impl Scene {
    fn new(profile: KeyProfile) -> Self {
        let key = key(profile);
        let keys = vec![key.public().clone()];
        Self { key, keys }
    }

    fn refused(&self, token: &str) -> Option<JwsError> {
        check(token, &expected(&self.keys)).err()
    }

    fn header(&self, header: &Value) -> Option<JwsError> {
        self.refused(&signed(&self.key, &header.to_string(), &claims()))
    }
}

#[test]
fn the_harness_itself_makes_good_tokens() {
    let scene = Scene::new(KeyProfile::Es256);
    assert_eq!(scene.header(&json!({"alg": "ES256"})), None);
    assert_eq!(scene.header(&json!({"alg": "ES256", "typ": "JWT"})), None);
    assert_eq!(scene.header(&json!({"alg": "ES256", "typ": "jwt"})), None);
    let long = json!({"alg": "ES256", "typ": "application/client-authentication+jwt"});
    assert_eq!(scene.header(&long), None);
}

#[test]
fn no_signature_is_not_a_signature() {
    let scene = Scene::new(KeyProfile::Es256);
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = encode(json!({"alg": none}).to_string());
        let body = encode(claims());
        for token in [
            format!("{header}.{body}."),
            format!("{header}.{body}.{}", encode("x")),
            signed_parts(&scene.key, &header, &body),
        ] {
            assert_eq!(scene.refused(&token), Some(JwsError::Algorithm), "{none:?}");
        }
    }
    let good = scene.key.sign(Typ::Jwt, &assertion()).unwrap();
    let stripped = &good[..=good.rfind('.').unwrap()];
    assert_eq!(scene.refused(stripped), Some(JwsError::Signature));
    assert_eq!(scene.refused(stripped.trim_end_matches('.')), Some(JwsError::Malformed));
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    for profile in [KeyProfile::Rs256(RsaBits::B2048), KeyProfile::Es256] {
        let scene = Scene::new(profile);
        let public = serde_json::to_value(scene.key.public()).unwrap();
        let member = |name: &str| public[name].as_str().unwrap_or_default().to_owned();
        let secrets = [public.to_string(), member("n"), member("x"), member("kid"), String::new()];
        for secret in secrets {
            let bare = json!({"alg": "HS256", "typ": "JWT"});
            let named = json!({"alg": "HS256", "typ": "JWT", "kid": public["kid"]});
            for header in [bare, named] {
                let input = format!("{}.{}", encode(header.to_string()), encode(claims()));
                let tag = hmac_sha256(secret.as_bytes(), input.as_bytes());
                let token = format!("{input}.{}", encode(tag));
                assert_eq!(scene.refused(&token), Some(JwsError::Algorithm));
            }
        }
    }
}

#[test]
fn only_allowed_algorithms_are_tried_and_a_key_keeps_to_its_own() {
    let scene = Scene::new(KeyProfile::Rs256(RsaBits::B2048));
    for foreign in ["RS384", "RS512", "ES384", "HS256", "rs256", "RS256 ", "ES256K"] {
        assert_eq!(scene.header(&json!({"alg": foreign})), Some(JwsError::Algorithm), "{foreign}");
    }
    // Named but not the key's own: an RSA key for RS256 is not tried with PS256.
    for other in ["PS256", "ES256", "EdDSA"] {
        assert_eq!(scene.header(&json!({"alg": other})), Some(JwsError::UnknownKey), "{other}");
    }
    let token = scene.key.sign(Typ::Jwt, &assertion()).unwrap();
    let narrow = Expected { algorithms: &[SignatureAlgorithm::Es256], ..expected(&scene.keys) };
    assert_eq!(check(&token, &narrow).err(), Some(JwsError::Algorithm));
    let nothing = Expected { algorithms: &[], ..expected(&scene.keys) };
    assert_eq!(check(&token, &nothing).err(), Some(JwsError::Algorithm));
}

#[test]
fn a_token_of_another_kind_is_refused() {
    let scene = Scene::new(KeyProfile::Es256);
    for typ in Typ::ALL {
        let token = scene.key.sign(typ, &assertion()).unwrap();
        let wanted = [Typ::Jwt, Typ::ClientAuthentication].contains(&typ);
        assert_eq!(scene.refused(&token), (!wanted).then_some(JwsError::Typ), "{typ:?}");
    }
    for foreign in ["at+jwt", "JOSE", "secevent+jwt", "", "application/", "JWT\u{0}"] {
        let header = json!({"alg": "ES256", "typ": foreign});
        assert_eq!(scene.header(&header), Some(JwsError::Typ), "{foreign:?}");
    }
    assert_eq!(scene.header(&json!({"alg": "ES256", "typ": 1})), Some(JwsError::Malformed));
    let strict = Expected { typ: ExpectedTyp::Stated(&[Typ::Jwt]), ..expected(&scene.keys) };
    let silent = signed(&scene.key, r#"{"alg":"ES256"}"#, &claims());
    assert_eq!(check(&silent, &strict).err(), Some(JwsError::Typ));
}

#[test]
fn a_key_that_the_token_brings_or_points_to_is_ignored() {
    let scene = Scene::new(KeyProfile::Es256);
    let evil = key(KeyProfile::Es256);
    let public = serde_json::to_value(evil.public()).unwrap();
    let known = scene.key.public().kid();
    let headers = [
        json!({"alg": "ES256", "jwk": public}),
        json!({"alg": "ES256", "jwk": public, "kid": known}),
        json!({"alg": "ES256", "jku": "https://evil.example/jwks", "kid": known}),
        json!({"alg": "ES256", "x5u": "https://evil.example/cert", "kid": known}),
        json!({"alg": "ES256", "x5c": ["MIIB"], "kid": known}),
    ];
    for header in &headers {
        let forged = signed(&evil, &header.to_string(), &claims());
        assert_eq!(scene.refused(&forged), Some(JwsError::Signature), "{header}");
        assert_eq!(scene.header(header), None, "harmless when the right key signed: {header}");
    }
    let unknown = json!({"alg": "ES256", "jwk": public, "kid": evil.public().kid()});
    let forged = signed(&evil, &unknown.to_string(), &claims());
    assert_eq!(scene.refused(&forged), Some(JwsError::UnknownKey));
}

#[test]
fn a_key_id_only_chooses_among_the_issuers_keys() {
    let (one, two) = (key(KeyProfile::Es256), key(KeyProfile::Es256));
    let keys = [one.public().clone(), two.public().clone()];
    let kid = |key: &JwsKey| key.public().kid().unwrap().to_owned();
    let with = |key: &JwsKey, kid: Value| {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        check(&signed(key, &header, &claims()), &expected(&keys)).err()
    };
    assert_eq!(with(&one, kid(&one).into()), None);
    assert_eq!(with(&one, kid(&two).into()), Some(JwsError::Signature));
    for kid in ["", "../../dev/null", "' or 1=1 --", "\u{0}", &"k".repeat(9000)] {
        assert_eq!(with(&one, kid.into()), Some(JwsError::UnknownKey), "{}", kid.len());
    }
    for kid in [json!(1), json!(null), json!(["a"])] {
        assert_eq!(with(&one, kid), Some(JwsError::Malformed));
    }
    let silent = signed(&two, r#"{"alg":"ES256"}"#, &claims());
    assert_eq!(check(&silent, &expected(&keys)).err(), None, "all are tried");
    assert_eq!(check(&silent, &expected(&[])).err(), Some(JwsError::UnknownKey));
}

#[test]
fn two_keys_of_one_id_are_told_apart_by_algorithm() {
    let (curve, edwards) = (key(KeyProfile::Es256), key(KeyProfile::EdDsa));
    let named = |key: &JwsKey| {
        let mut value = serde_json::to_value(key.public()).unwrap();
        value["kid"] = "same".into();
        Jwk::parse(&value.to_string()).unwrap()
    };
    let keys = [named(&curve), named(&edwards)];
    for (key, algorithm) in [(&curve, "ES256"), (&edwards, "EdDSA")] {
        let header = json!({"alg": algorithm, "kid": "same"}).to_string();
        assert_eq!(check(&signed(key, &header, &claims()), &expected(&keys)).err(), None);
    }
    let crossed = signed(&edwards, r#"{"alg":"ES256","kid":"same"}"#, &claims());
    assert_eq!(check(&crossed, &expected(&keys)).err(), Some(JwsError::Signature));
}

#[test]
fn demanded_extensions_are_refused() {
    let scene = Scene::new(KeyProfile::Es256);
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!("b64"), json!(null)] {
        let header = json!({"alg": "ES256", "crit": crit, "b64": false});
        assert_eq!(scene.header(&header), Some(JwsError::Critical));
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let scene = Scene::new(KeyProfile::Es256);
    let twice = [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"ES256"}"#,
        r#"{"alg":"ES256","x":{"a":1,"a":1}}"#,
    ];
    for header in twice {
        let token = signed(&scene.key, header, &claims());
        assert_eq!(scene.refused(&token), Some(JwsError::Duplicate), "{header}");
    }
    let body = claims().replacen('{', r#"{"iss":"evil","#, 1);
    let token = signed(&scene.key, r#"{"alg":"ES256"}"#, &body);
    assert_eq!(scene.refused(&token), Some(JwsError::Duplicate));
    let deep = claims().replacen('{', r#"{"events":[{"a":1,"a":2}],"#, 1);
    let token = signed(&scene.key, r#"{"alg":"ES256"}"#, &deep);
    assert_eq!(scene.refused(&token), Some(JwsError::Duplicate));
}

#[test]
fn whatever_is_not_three_parts_of_base64url_json_is_malformed() {
    let scene = Scene::new(KeyProfile::Es256);
    let good = scene.key.sign(Typ::Jwt, &assertion()).unwrap();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let (header, body) = input.split_once('.').unwrap();
    let nested = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
    let malformed = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        input.to_owned(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        // An encrypted token has five parts (a plain token inside one has let people in elsewhere).
        format!("{header}.{body}.{body}.{body}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}="),
        good.replace('.', ".="),
        good.replacen(header, "ÿ", 1),
        signed(&scene.key, "", ""),
        signed(&scene.key, "null", "{}"),
        signed(&scene.key, "[]", "{}"),
        signed(&scene.key, r#""ES256""#, "{}"),
        signed(&scene.key, r#"{"alg":"ES256"} {}"#, "{}"),
        signed(&scene.key, r#"{"alg":"ES256""#, "{}"),
        signed(&scene.key, "{}", "{}"),
        signed(&scene.key, r#"{"alg":["ES256"]}"#, "{}"),
        signed(&scene.key, r#"{"alg":"ES256"}"#, "[]"),
        signed(&scene.key, r#"{"alg":"ES256"}"#, "not json"),
        signed(&scene.key, r#"{"alg":"ES256"}"#, &format!(r#"{{"a":{nested}}}"#)),
        signed(&scene.key, r#"{"alg":"ES256"}"#, r#"{"a":"\ud800"}"#),
        signed_parts(&scene.key, &encode(r#"{"alg":"ES256"}"#), &encode([0xff, 0xfe])),
    ];
    for token in malformed {
        let shown: String = token.chars().take(60).collect();
        assert_eq!(scene.refused(&token), Some(JwsError::Malformed), "{shown}");
    }
    // The last character of a signature has unused bits: only zeros are taken.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    let sibling = alphabet.chars().nth(value | 1).unwrap();
    let other = format!("{}{sibling}", &good[..good.len() - 1]);
    assert_eq!(scene.refused(&other), Some(JwsError::Malformed));
}

#[test]
fn a_long_token_is_refused_before_it_is_read() {
    let scene = Scene::new(KeyProfile::Es256);
    let sign = |length| {
        let body = claims().replacen('{', &format!(r#"{{"pad":"{}","#, "x".repeat(length)), 1);
        signed(&scene.key, r#"{"alg":"ES256"}"#, &body)
    };
    assert_eq!(scene.refused(&sign(11_000)), None);
    assert_eq!(scene.refused(&sign(13_000)), Some(JwsError::TooLong));
}

#[test]
fn a_change_of_any_character_is_seen() {
    let scene = Scene::new(KeyProfile::EdDsa);
    let good = scene.key.sign(Typ::Jwt, &assertion()).unwrap();
    for at in 0..good.len() {
        for other in ['A', 'B', '_', '.'] {
            let mut token = good.clone();
            token.replace_range(at..=at, &other.to_string());
            if token != good {
                assert!(scene.refused(&token).is_some(), "{at} to {other}");
            }
        }
    }
    for length in 0..good.len() {
        assert!(scene.refused(&good[..length]).is_some(), "cut at {length}");
    }
}

#[test]
fn signatures_of_wrong_form_or_of_zeros_are_refused() {
    let scene = Scene::new(KeyProfile::Es256);
    let input = format!("{}.{}", encode(r#"{"alg":"ES256"}"#), encode(claims()));
    let good = scene.key.signer().sign(input.as_bytes()).unwrap();
    let mut long = good.clone();
    long.push(0);
    // The first is the "psychic signature" of CVE-2022-21449.
    let der_like = [&[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01][..], &good].concat();
    for signature in [vec![0; 64], vec![], vec![0; 63], good[..63].to_vec(), long, der_like] {
        let token = format!("{input}.{}", encode(&signature));
        assert_eq!(scene.refused(&token), Some(JwsError::Signature), "{}", signature.len());
    }
    assert_eq!(scene.refused(&format!("{input}.{}", encode(good))), None);
}
