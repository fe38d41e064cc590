//! Every parser answers to every input, and never panics.

use std::sync::LazyLock;

use proptest::prelude::*;
use sekimori_base::Sealed;
use sekimori_keys::jws::{JwsKey, Typ, peek};
use sekimori_keys::rotation::{Policy, Spread, Standing, plan, replace};
use sekimori_keys::{
    Binding, DataKey, Jwk, JwkSet, KeyProfile, KeyRing, KeyState, KeyVersion, KeyedDigest, Purpose,
    RootKey, RootKeys, SignatureAlgorithm, SigningKey, pkce, seal,
};

use crate::chance::{Counted, TENANT, at};
use crate::tokens::{assertion, check, expected, key};

static KEY: LazyLock<JwsKey> = LazyLock::new(|| key(KeyProfile::EdDsa));
static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let state = KeyState::Active { since: at(0) };
    let key = DataKey::generate(&Counted::from(1));
    KeyRing::new([(KeyVersion(1), state, key)]).unwrap()
});
static ROOTS: LazyLock<RootKeys> = LazyLock::new(|| RootKeys::generate(&Counted::from(1)));

/// JSON-like texts: more of them get past the first check than of random ones.
fn json_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        concat!(
            r#"\{("(alg|typ|kid|crit|iss|aud|exp|keys|kty|crv|x|y|n|e|d)":"#,
            r#"("[A-Za-z0-9_-]{0,50}"|[0-9eE.-]{1,9}|null|\[\]|\{\}),?){0,6}\}"#
        ),
    ]
}

fn state() -> impl Strategy<Value = KeyState> {
    (0..3_u8, any::<i64>()).prop_map(|(kind, millis)| {
        let moment = sekimori_base::Timestamp::from_unix_millis(millis);
        match kind {
            0 => KeyState::Next { since: moment },
            1 => KeyState::Active { since: moment },
            _ => KeyState::Retired { until: moment },
        }
    })
}

fn standing() -> impl Strategy<Value = Standing<u8>> {
    let spread = prop_oneof![Just(Spread::Everywhere), Just(Spread::Partial)];
    (any::<u8>(), state(), spread).prop_map(|(key, state, spread)| Standing { key, state, spread })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_read_or_refused(text in any::<String>()) {
        let _ = RootKeys::parse(&text);
        let _ = RootKey::parse(&text);
        let _ = RootKey::parse(&format!("srk1_{text}"));
        let _ = seal::from_text::<()>(&text, 100);
        let _ = peek(&text);
        let _ = text.parse::<SignatureAlgorithm>();
        let _ = KeyState::from_parts(&text, at(0));
        let _ = pkce::is_challenge(&text);
        prop_assert!(!pkce::s256_matches(&text, &text));
        prop_assert!(check(&text, &expected(&[KEY.public().clone()])).is_err());
    }

    #[test]
    fn keys_are_read_or_refused(text in json_text()) {
        let _ = Jwk::parse(&text);
        let _ = JwkSet::parse(&text);
        let _ = JwkSet::parse(&format!(r#"{{"keys":[{text}]}}"#));
    }

    #[test]
    fn bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let binding = Binding::new(Purpose::BindingCookie, TENANT);
        let _ = KeyedDigest::from_stored(&bytes);
        for algorithm in SignatureAlgorithm::ALL {
            prop_assert!(SigningKey::from_pkcs8(algorithm, &bytes).is_err());
        }
        for format in 0..3 {
            let mut bytes = bytes.clone();
            if let Some(first) = bytes.first_mut() {
                *first = format;
            }
            prop_assert!(RING.open::<()>(&binding, &Sealed::from_bytes(bytes.clone())).is_err());
            let sealed = Sealed::from_bytes(bytes);
            prop_assert!(ROOTS.open_data_key(TENANT, KeyVersion(1), &sealed).is_err());
        }
    }

    #[test]
    fn tokens_of_any_text_are_refused(header in json_text(), claims in json_text()) {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
        let input = format!("{}.{}", B64.encode(&header), B64.encode(&claims));
        let signature = KEY.signer().sign(input.as_bytes()).unwrap();
        let signed = format!("{input}.{}", B64.encode(signature));
        let keys = [KEY.public().clone()];
        prop_assert!(check(&signed, &expected(&keys)).is_err());
        let _ = peek(&signed);
    }

    #[test]
    fn changed_tokens_are_refused(
        at in any::<prop::sample::Index>(), with in any::<char>(), cut in 0..4_usize
    ) {
        let good = KEY.sign(Typ::Jwt, &assertion()).unwrap();
        let at = at.index(good.len());
        let end = (at + cut).min(good.len());
        let token = format!("{}{with}{}", &good[..at], &good[end..]);
        let keys = [KEY.public().clone()];
        prop_assert_eq!(check(&token, &expected(&keys)).is_ok(), token == good);
    }

    #[test]
    fn what_is_sealed_opens_to_the_same(
        text in prop::collection::vec(any::<u8>(), 0..2000),
        about in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let binding = Binding::new(Purpose::DatabaseSecret, TENANT).about(&about);
        let sealed: Sealed<()> = RING.seal(&binding, &text, &Counted::from(2)).unwrap();
        let sealed = seal::from_text(&seal::to_text(&sealed), 4000).unwrap();
        let opened = RING.open::<()>(&binding, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &text);
    }

    #[test]
    fn any_keys_have_a_plan(
        now in any::<i64>(),
        keys in prop::collection::vec(standing(), 0..6),
        publish_seconds in any::<i64>(), active_seconds in any::<i64>(),
        retain_seconds in any::<i64>(), compromised in any::<u8>(),
    ) {
        let now = sekimori_base::Timestamp::from_unix_millis(now);
        let policy = Policy { publish_seconds, active_seconds, retain_seconds };
        let _ = plan(now, &keys, &policy);
        let _ = plan(now, &keys, &policy.at_once());
        let _ = replace(now, &keys, compromised);
    }
}
