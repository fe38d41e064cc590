use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use sekimori_base::Secret;
use sekimori_directory::client::ClientAuth;
use sekimori_keys::jws::{JwsKey, Typ};
use sekimori_keys::{JwkSet, KeyProfile, Signer, SigningKey};
use serde_json::{Value, json};

use crate::client_auth::{ASSERTION_SECONDS_MAX, AssertionId, Check, SecretVerdict};
use crate::testing::{ISSUER, NOW, credential, query, site};
use crate::token_error::TokenError;
use crate::{Credential, GrantRequest, token_request};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn is_invalid_client(result: &Result<Credential, TokenError>) -> bool {
    matches!(result, Err(TokenError::InvalidClient(_)))
}

#[test]
fn basic_is_form_encoded_before_it_is_joined() {
    for (pair, id, secret) in [
        ("app:s3cret", "app", "s3cret"),
        ("app:a%3Ab%25c+d", "app", "a:b%c d"),
        ("app:a:b", "app", "a:b"),
        ("https%3A%2F%2Fapp:x", "https://app", "x"),
    ] {
        match credential("", Some(&basic(pair))) {
            Ok(Credential::Basic { id: read, secret: value }) => {
                assert_eq!((read.as_str(), value.expose().as_str()), (id, secret));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(credential("client_id=app", Some(&basic("app:x").replace("Basic", "bASIC"))).is_ok());
}

#[test]
fn r_empty_secret_is_no_secret_in_any_way() {
    assert!(is_invalid_client(&credential("", Some(&basic("app:")))));
    assert!(is_invalid_client(&credential("", Some(&basic("app")))));
    assert!(is_invalid_client(&credential("", Some("Basic "))));
    assert!(is_invalid_client(&credential("", Some("Basic"))));
    assert!(is_invalid_client(&credential("", None)));
    // In a form it counts as omitted: then it is a public client, and a confidential one is refused.
    let empty = credential("client_id=other&client_secret=", None).unwrap();
    assert_eq!(empty.method(), ClientAuth::None);
    assert!(empty.identify(&site()).is_err());
    let public = credential("client_id=public&client_secret=", None).unwrap();
    assert!(public.identify(&site()).unwrap().public().is_ok());
    let named = credential("client_id=app", None).unwrap();
    assert!(named.identify(&site()).is_err(), "a bare client_id proves nothing");
}

#[test]
fn a_client_proves_itself_in_one_way_and_the_registered_one() {
    let two = [
        credential("client_id=app&client_secret=x", Some(&basic("app:x"))),
        credential(
            &query(&[("client_assertion", "a.b.c"), ("client_assertion_type", ASSERTION_TYPE)]),
            Some(&basic("app:x")),
        ),
        credential(
            &query(&[
                ("client_id", "app"),
                ("client_secret", "x"),
                ("client_assertion", "a.b.c"),
                ("client_assertion_type", ASSERTION_TYPE),
            ]),
            None,
        ),
        credential("client_id=other", Some(&basic("app:x"))),
        credential("client_assertion=a.b.c", None),
        credential(&query(&[("client_assertion_type", ASSERTION_TYPE)]), None),
        credential("client_assertion=a.b.c&client_assertion_type=other", None),
        credential("client_secret=x", None),
    ];
    for result in two {
        assert!(matches!(result, Err(TokenError::InvalidRequest(_))), "{result:?}");
    }
    let site = site();
    let by = |form: &str, header: Option<&str>| {
        let credential = credential(form, header).unwrap();
        let identified = credential.identify(&site);
        identified.map(|identified| matches!(identified.check(), Check::Secret(_))).map_err(
            |error| {
                let reply = error.reply();
                assert_eq!(reply.status, 401);
                reply.www_authenticate.is_some()
            },
        )
    };
    assert_eq!(by("", Some(&basic("app:x"))), Ok(true));
    assert_eq!(by("client_id=other&client_secret=x", None), Ok(true));
    assert_eq!(by("client_id=app&client_secret=x", None), Err(true), "registered for basic");
    assert_eq!(by("", Some(&basic("other:x"))), Err(true), "registered for post");
    assert_eq!(
        by("", Some(&basic("public:x"))),
        Err(true),
        "R-CODE-BIND: any secret of a public one"
    );
    assert_eq!(by("", Some(&basic("nobody:x"))), Err(true));
    assert_eq!(by("", Some(&basic("off:x"))), Err(true), "R-DISABLED");
}

#[test]
fn the_verdict_on_a_secret_decides_and_cannot_be_left_out() {
    let site = site();
    let right = credential("", Some(&basic("app:x"))).unwrap();
    let identified = right.identify(&site).unwrap();
    assert!(identified.public().is_err());
    assert!(identified.secret_matched(SecretVerdict::Mismatch).is_err());
    let proven = identified.secret_matched(SecretVerdict::Match).unwrap();
    assert!(proven.is_confidential());
    let public = credential("client_id=public", None).unwrap();
    let identified = public.identify(&site).unwrap();
    assert!(identified.secret_matched(SecretVerdict::Match).is_err());
    assert!(!identified.public().unwrap().is_confidential());
}

struct Keyed {
    key: JwsKey,
    keys: JwkSet,
}

impl Keyed {
    fn new() -> Self {
        let key = SigningKey::generate(KeyProfile::Es256).unwrap();
        let keys = JwkSet::new(vec![key.public().clone()]);
        Self { key: JwsKey::new(std::sync::Arc::new(key)), keys }
    }

    fn verify(&self, typ: Typ, claims: &Value) -> Result<AssertionId, TokenError> {
        let jwt = self.key.sign(typ, claims).unwrap();
        let form = query(&[("client_assertion", &jwt), ("client_assertion_type", ASSERTION_TYPE)]);
        let site = site();
        let credential = credential(&form, None)?;
        let identified = credential.identify(&site)?;
        assert!(matches!(identified.check(), Check::Assertion));
        identified.verify_assertion(&self.keys, ISSUER, NOW).map(|(_, id)| id)
    }
}

fn claims(changes: &[(&str, Value)]) -> Value {
    let mut claims = json!({
        "iss": "keyed",
        "sub": "keyed",
        "aud": ISSUER,
        "jti": "one",
        "exp": NOW.unix_seconds() + 60,
        "iat": NOW.unix_seconds(),
    });
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims
}

#[test]
fn a_signed_assertion_proves_the_client_once() {
    let keyed = Keyed::new();
    for (typ, change) in [
        (Typ::Jwt, None),
        (Typ::ClientAuthentication, None),
        (Typ::Jwt, Some(("aud", json!([ISSUER])))),
        (Typ::Jwt, Some(("aud", json!(format!("{ISSUER}/oidc/token"))))),
    ] {
        let id = keyed.verify(typ, &claims(change.as_slice())).unwrap();
        assert_eq!((id.client_id.as_str(), id.token_id.as_str()), ("keyed", "one"));
        assert!(id.expires > NOW.plus_seconds(60), "remembered beyond its end, clocks differ");
    }
}

#[test]
fn a_wrong_assertion_is_refused() {
    let keyed = Keyed::new();
    let now = NOW.unix_seconds();
    for (name, value) in [
        ("iss", json!("app")),
        ("sub", json!("app")),
        ("aud", json!("https://evil.example")),
        ("aud", json!([ISSUER, "https://evil.example"])),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", Value::Null),
        ("exp", json!(now - 40)),
        ("exp", json!(now + ASSERTION_SECONDS_MAX + 60)),
        ("exp", Value::Null),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(300))),
    ] {
        let result = keyed.verify(Typ::Jwt, &claims(&[(name, value.clone())]));
        assert!(matches!(result, Err(TokenError::InvalidClient(_))), "{name} {value}: {result:?}");
    }
    assert!(keyed.verify(Typ::AccessToken, &claims(&[])).is_err(), "R-JWT: another kind");
    let other = Keyed { keys: Keyed::new().keys, ..Keyed::new() };
    assert!(other.verify(Typ::Jwt, &claims(&[])).is_err(), "another key");
}

#[test]
fn r_jwt_an_unsigned_or_symmetric_assertion_is_refused() {
    let keyed = Keyed::new();
    let part =
        |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    for header in
        [json!({"alg":"none"}), json!({"alg":"HS256"}), json!({"alg":"ES256","crit":["b64"]})]
    {
        let jwt = format!("{}.{}.{}", part(header), part(claims(&[])), "AAAA");
        let form = query(&[("client_assertion", &jwt), ("client_assertion_type", ASSERTION_TYPE)]);
        let (site, credential) = (site(), credential(&form, None).unwrap());
        let identified = credential.identify(&site).unwrap();
        assert!(identified.verify_assertion(&keyed.keys, ISSUER, NOW).is_err());
    }
}

#[test]
fn three_grant_types_and_no_other() {
    let read = |form: &str| token_request::parse(form.as_bytes(), Some(basic("app:x").as_bytes()));
    assert!(matches!(
        read("grant_type=authorization_code&code=c").unwrap().grant,
        GrantRequest::Code { redirect_uri: None, verifier: None, .. }
    ));
    assert!(matches!(
        read("grant_type=refresh_token&refresh_token=r&scope=openid").unwrap().grant,
        GrantRequest::Refresh { scopes: Some(_), .. }
    ));
    assert!(matches!(
        read("grant_type=client_credentials").unwrap().grant,
        GrantRequest::ClientCredentials { scopes: None }
    ));
    for other in ["password", "implicit", "urn:ietf:params:oauth:grant-type:token-exchange", "x"] {
        let form = query(&[("grant_type", other), ("username", "u"), ("password", "p")]);
        assert_eq!(read(&form).unwrap_err(), TokenError::UnsupportedGrantType);
    }
    for malformed in [
        "",
        "grant_type=authorization_code",
        "grant_type=authorization_code&code=",
        "grant_type=refresh_token",
        "grant_type=authorization_code&code=c&code=d",
        "grant_type=client_credentials&grant_type=refresh_token",
        "grant_type=authorization_code&code=%zz",
    ] {
        assert!(matches!(read(malformed), Err(TokenError::InvalidRequest(_))), "{malformed}");
    }
    assert!(matches!(
        read("grant_type=client_credentials&scope=%22"),
        Err(TokenError::InvalidScope(_))
    ));
    assert!(token_request::parse_about(b"token=t", Some(basic("app:x").as_bytes())).is_ok());
    assert!(token_request::parse_about(b"token=", Some(basic("app:x").as_bytes())).is_err());
}

#[test]
fn an_error_is_json_that_is_never_kept_and_says_how_to_try_again() {
    let wrong = TokenError::InvalidClient("a \"b\"".into());
    let reply = wrong.reply();
    assert_eq!(reply.body, r#"{"error":"invalid_client","error_description":"a ?b?"}"#);
    assert_eq!((reply.status, reply.caching), (401, crate::Caching::NoStore));
    assert!(reply.www_authenticate.unwrap().starts_with("Basic realm="));
    let busy = TokenError::Busy { retry_after_seconds: 3 }.reply();
    assert_eq!((busy.status, busy.retry_after_seconds), (503, Some(3)));
    assert_eq!(TokenError::InvalidGrant("x".into()).reply().status, 400);
}

#[test]
fn nothing_secret_is_printed() {
    let request = token_request::parse(
        b"grant_type=authorization_code&code=c0de-secret&code_verifier=v",
        Some(basic("app:s3cret").as_bytes()),
    )
    .unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("c0de"), "{printed}");
    let _: Secret<String> = match request.grant {
        GrantRequest::Code { code, .. } => code,
        GrantRequest::Refresh { .. } | GrantRequest::ClientCredentials { .. } => panic!("a code"),
    };
}

proptest! {
    #[test]
    fn any_bytes_are_a_token_request_or_an_error(
        form in proptest::collection::vec(any::<u8>(), 0..300),
        header in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..80)),
    ) {
        let _ = token_request::parse(&form, header.as_deref());
        let _ = token_request::parse_about(&form, header.as_deref());
    }

    #[test]
    fn any_text_is_an_assertion_or_an_error(
        text in "[A-Za-z0-9_.-]{0,120}",
        claims in r#"(\{"(iss|sub|aud|exp|jti)":("keyed"|[0-9]{1,20}|null|\[\])[,}]){0,3}.{0,20}"#,
    ) {
        let keyed = Keyed::new();
        let middle = URL_SAFE_NO_PAD.encode(claims.as_bytes());
        let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"ES256","typ":"JWT"}"#);
        for text in [text.clone(), format!("{head}.{middle}.{text}")] {
            let form = query(&[("client_assertion", &text), ("client_assertion_type", ASSERTION_TYPE)]);
            let site = site();
            let Ok(credential) = credential(&form, None) else { continue };
            let Ok(identified) = credential.identify(&site) else { continue };
            prop_assert!(identified.verify_assertion(&keyed.keys, ISSUER, NOW).is_err());
        }
    }

    #[test]
    fn any_pair_survives_basic(id in "[ -~]{1,20}", secret in ".{1,30}") {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
        match credential("", Some(&header)) {
            Ok(Credential::Basic { id: read, secret: value }) => {
                prop_assert_eq!(read, id);
                prop_assert_eq!(value.expose(), &secret);
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }
}
