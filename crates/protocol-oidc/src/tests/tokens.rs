use std::collections::BTreeSet;

use proptest::prelude::*;
use sekimori_base::{Language, PersonId, Secret, Timestamp};
use sekimori_directory::release::{Released, release};
use sekimori_keys::jws::{JwsError, Typ};
use sekimori_keys::{SigningKeySet, digest};
use serde_json::{Value, json};

use crate::client_auth::SecretVerdict;
use crate::cors::{Cors, answer as cors_answer, preflight};
use crate::grant::CodePayload;
use crate::introspection::{ActiveToken, Inquirer, TokenKind, active, inactive, may_revoke};
use crate::metadata::{Endpoint, discovery, jwks};
use crate::redeem::{Entitled, check_client_credentials, check_code, check_refresh};
use crate::testing::{
    GRANT, ISSUER, NOW, PERSON, SESSION, SFA, SIGNING, VERIFIER, accepted, credential, keys,
    pairwise_key, payload, person, site,
};
use crate::tokens::{About, AccessToken, Mint, TokenAnswer, verify_access_token};
use crate::userinfo::{BearerError, BearerRequest, release_scopes, token};
use crate::{Caching, ErrorCode, ProvenClient, hint, subject, userinfo};

/// The site with every client signing ES256, which is quick to make keys for; `pair` keeps EdDSA.
fn quick_site() -> sekimori_directory::Site {
    let mut site = site();
    for service in &mut site.services {
        let client = service.oidc.as_mut().unwrap();
        if client.client_id.as_str() != "pair" {
            client.token_algorithm = sekimori_directory::client::TokenAlgorithm::Es256;
        }
    }
    site
}

struct World {
    site: sekimori_directory::Site,
    keys: SigningKeySet,
    access: Secret<String>,
}

impl World {
    fn new() -> Self {
        Self { site: quick_site(), keys: keys(), access: Secret::new("opaque-access".into()) }
    }

    fn mint(&self) -> Mint<'_> {
        Mint { site: &self.site, keys: &self.keys, now: NOW }
    }

    fn proven(&self, id: &str) -> ProvenClient<'_> {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{id}:x"));
        let credential = credential("", Some(&format!("Basic {pair}"))).unwrap();
        let credential: &'static crate::Credential = Box::leak(Box::new(credential));
        credential.identify(&self.site).unwrap().secret_matched(SecretVerdict::Match).unwrap()
    }

    fn entitled<'a>(&'a self, payload: &'a CodePayload) -> Entitled<'a> {
        let client = self.proven(payload.granted().client_id().as_str());
        check_code(payload, client, Some(payload.redirect_uri()), Some(VERIFIER)).unwrap()
    }

    fn id_token(&self, entitled: &Entitled<'_>) -> Option<String> {
        let client = entitled.client().client();
        let sub = subject::sub(client, PERSON, &pairwise_key());
        let sid = subject::sid(client, SESSION, &pairwise_key());
        let released = release(&person(), &release_scopes(entitled.granted()));
        let about =
            About { sub: &sub, sid: &sid, released: &released, expires: NOW.plus_seconds(600) };
        let token = self.mint().id_token(entitled, &about, &self.access).unwrap();
        token.map(|token| token.expose().clone())
    }

    fn access_token(&self, entitled: &Entitled<'_>) -> String {
        let released = Released::default();
        let about =
            About { sub: "per_s", sid: "s", released: &released, expires: NOW.plus_seconds(600) };
        self.mint().access_token(entitled, &about, "jti-1").unwrap().expose().clone()
    }
}

fn parts(jwt: &str) -> (Value, Value) {
    use base64::Engine;
    let decode = |part: &str| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let mut parts = jwt.split('.');
    (decode(parts.next().unwrap()), decode(parts.next().unwrap()))
}

#[test]
fn an_id_token_says_exactly_what_happened() {
    let world = World::new();
    let claims = r#"{"id_token":{"name":null}}"#;
    let payload = payload(&accepted("app", &[("claims", claims)]));
    let (header, claims) = parts(&world.id_token(&world.entitled(&payload)).unwrap());
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("JWT")));
    let at_hash =
        digest::left_half(sekimori_keys::SignatureAlgorithm::Es256, world.access.expose());
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": PERSON.to_string(),
            "aud": "app",
            "exp": NOW.unix_seconds() + 600,
            "iat": NOW.unix_seconds(),
            "auth_time": NOW.unix_seconds() - 20,
            "nonce": "no",
            "acr": SFA,
            "amr": ["pwd"],
            "at_hash": at_hash,
            "sid": SESSION.to_string(),
            "name": "Hanako Yamada",
            "name#en": "Hanako Yamada",
            "name#ja": "山田 花子",
        })
    );
}

#[test]
fn an_id_token_needs_openid_and_a_refreshed_one_has_no_nonce() {
    let world = World::new();
    let without = payload(&accepted("app", &[("scope", "email")]));
    assert_eq!(world.id_token(&world.entitled(&without)), None);
    let offline = payload(&accepted("app", &[("scope", "openid offline_access")]));
    let refreshed = check_refresh(offline.granted(), world.proven("app"), None).unwrap();
    let (_, claims) = parts(&world.id_token(&refreshed).unwrap());
    assert_eq!(claims["nonce"], Value::Null);
    assert_eq!(claims["auth_time"], json!(NOW.unix_seconds() - 20), "still that of the sign-in");
}

#[test]
fn pairwise_subjects_differ_by_sector_and_stay() {
    let site = site();
    let client = |id| site.client(id).unwrap().1;
    let key = pairwise_key();
    let pair = subject::sub(client("pair"), PERSON, &key);
    assert_eq!(pair, subject::sub(client("pair"), PERSON, &pairwise_key()));
    assert_eq!(pair.len(), 43);
    let mut moved = client("pair").clone();
    moved.sector = Some("another.example".into());
    assert_ne!(subject::sub(&moved, PERSON, &key), pair);
    assert_ne!(subject::sub(client("pair"), PersonId::from_bytes([1; 16]), &key), pair);
    assert_ne!(subject::sid(client("pair"), SESSION, &key), SESSION.to_string());
    assert_eq!(subject::sub(client("app"), PERSON, &key), PERSON.to_string());
    let who = |sub: &str, id, current| subject::person(sub, client(id), current, &key);
    assert_eq!(who(&pair, "pair", Some(PERSON)), Some(PERSON));
    assert_eq!(who(&pair, "pair", None), None);
    assert_eq!(who(&PERSON.to_string(), "app", None), Some(PERSON));
    assert_eq!(who("garbage", "app", Some(PERSON)), None);
}

#[test]
fn r_aud_each_token_is_of_one_kind_for_one_client() {
    let world = World::new();
    let payload = payload(&accepted("app", &[]));
    let entitled = world.entitled(&payload);
    let (access, id) = (world.access_token(&entitled), world.id_token(&entitled).unwrap());
    let published = world.keys.published(NOW);
    let as_access = |token: &str, now| verify_access_token(token, &world.site, &published, now);
    let as_hint = |token: &str| hint::verify(token, &world.site, &published, NOW);
    let read = as_access(&access, NOW).unwrap();
    assert_eq!(
        read,
        AccessToken {
            client_id: "app".into(),
            sub: "per_s".into(),
            jti: "jti-1".into(),
            scope: "email openid profile".into(),
            grant: Some(GRANT),
            exp: NOW.unix_seconds() + 600,
            iat: NOW.unix_seconds(),
        }
    );
    let (header, claims) = parts(&access);
    assert_eq!((&header["typ"], &claims["aud"]), (&json!("at+jwt"), &json!("app")));
    assert_eq!(claims.get("email"), None, "R-RELEASE: an access token carries no attribute");
    assert_eq!(as_access(&id, NOW), Err(JwsError::Typ), "an ID token is no access token");
    assert_eq!(as_hint(&access), Err(JwsError::Typ), "nor the other way");
    assert_eq!(as_access(&access, NOW.plus_seconds(600)), Err(JwsError::Expired));
    assert!(as_access(&access[..access.len() - 1], NOW).is_err(), "a cut token");
    let mut elsewhere = quick_site();
    elsewhere.issuer = "https://login.other.example".into();
    assert_eq!(verify_access_token(&access, &elsewhere, &published, NOW), Err(JwsError::Issuer));
    let stranger = keys().published(NOW);
    assert!(verify_access_token(&access, &world.site, &stranger, NOW).is_err());
    let forged = world.keys.active(SIGNING[0]).unwrap();
    let mut claims = claims;
    claims["aud"] = json!("other");
    let token = forged.sign(Typ::AccessToken, &claims).unwrap();
    assert_eq!(as_access(&token, NOW), Err(JwsError::Audience));
}

#[test]
fn a_clients_own_token_names_no_person() {
    let world = World::new();
    let entitled = check_client_credentials(world.proven("app"), None).unwrap();
    let expires = crate::tokens::access_expires(entitled.client().client(), NOW);
    let token = world.mint().client_access_token(&entitled, expires, "j").unwrap();
    let (_, claims) = parts(token.expose());
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "sub": "app", "aud": "app", "client_id": "app", "jti": "j",
            "exp": NOW.unix_seconds() + 600, "iat": NOW.unix_seconds(), "scope": "api:read",
        })
    );
}

#[test]
fn a_missing_key_is_a_fault_of_ours() {
    let world = World { keys: SigningKeySet::new(NOW, []), ..World::new() };
    let entitled = check_client_credentials(world.proven("app"), None).unwrap();
    assert!(world.mint().client_access_token(&entitled, NOW.plus_seconds(1), "j").is_err());
}

#[test]
fn a_hint_names_its_person_even_when_over_and_only_for_its_client() {
    let world = World::new();
    let payload = payload(&accepted("app", &[]));
    let id = world.id_token(&world.entitled(&payload)).unwrap();
    let published = world.keys.published(NOW);
    let later = NOW.plus_seconds(90_000);
    let verified = hint::verify(&id, &world.site, &published, later);
    let read = verified.clone().unwrap();
    assert_eq!((read.client_id.as_str(), read.sub), ("app", PERSON.to_string()));
    assert_eq!(read.sid, Some(SESSION.to_string()));
    let request = accepted("app", &[("id_token_hint", &id)]);
    let expecting = request.clone().with_hint(verified.clone()).unwrap();
    assert_eq!(expecting.pending.expected_sub(), Some(PERSON.to_string().as_str()));
    assert_eq!(
        request.with_hint(Err(JwsError::Signature)).unwrap_err().error,
        ErrorCode::InvalidRequest
    );
    let other = accepted("other", &[("id_token_hint", &id)]);
    assert!(other.with_hint(verified.clone()).is_err(), "made for another client");
    let claims = r#"{"id_token":{"sub":{"value":"per_else"}}}"#;
    let torn = accepted("app", &[("claims", claims)]);
    assert_eq!(torn.with_hint(verified).unwrap_err().error, ErrorCode::LoginRequired);
}

#[test]
fn the_answer_of_the_token_endpoint_is_never_kept() {
    let scopes = BTreeSet::from(["openid".to_owned()]);
    let token = Secret::new("t".to_owned());
    let answer = TokenAnswer {
        access_token: &token,
        expires_in_seconds: 600,
        refresh_token: None,
        id_token: Some(&token),
        scopes: &scopes,
    };
    let reply = answer.reply();
    assert_eq!((reply.status, reply.caching), (200, Caching::NoStore));
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let expected = json!({
        "access_token": "t", "token_type": "Bearer", "expires_in": 600, "id_token": "t",
        "scope": "openid",
    });
    assert_eq!(body, expected);
}

#[test]
fn r_release_userinfo_shows_what_was_granted_and_nothing_else() {
    let site = site();
    let shown = |scope: &str, claims: &str, language: &str| {
        let more = [("scope", scope), ("claims", claims), ("ui_locales", language)];
        let payload = payload(&accepted("app", &more));
        let granted = payload.granted();
        let released = release(&person(), &release_scopes(granted));
        userinfo::answer(granted, granted.scopes(), &released, "s", &site)
            .map(|reply| serde_json::from_str::<Value>(&reply.body).unwrap())
    };
    assert_eq!(shown("openid", "{}", "").unwrap(), json!({ "sub": "s" }));
    assert_eq!(
        shown("openid profile email affiliation groups", "{}", "ja").unwrap(),
        json!({
            "sub": "s", "name": "山田 花子", "name#en": "Hanako Yamada", "name#ja": "山田 花子",
            "preferred_username": "s1234567", "updated_at": 1_700_000_000,
            "email": "hanako@example.ac.jp", "email_verified": true,
            "eduperson_affiliation": ["student", "member"], "groups": ["lab"],
        })
    );
    let by_name = r#"{"userinfo":{"email":null},"id_token":{"groups":null}}"#;
    assert_eq!(
        shown("openid", by_name, "").unwrap(),
        json!({ "sub": "s", "email": "hanako@example.ac.jp" }),
        "a claim of the ID token does not appear here"
    );
    assert_eq!(shown("email", "{}", ""), Err(BearerError::InsufficientScope));
}

#[test]
fn an_address_of_another_organisation_is_not_vouched_for_and_an_empty_name_is_left_out() {
    let mut site = site();
    site.mail_domains.clear();
    let payload = payload(&accepted("app", &[]));
    let mut person = person();
    person.name.ja.clear();
    let released = release(&person, &release_scopes(payload.granted()));
    let granted = payload.granted();
    let reply = userinfo::answer(granted, granted.scopes(), &released, "s", &site).unwrap();
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["email_verified"], json!(false));
    assert_eq!((&body["name"], body.get("name#ja")), (&json!("Hanako Yamada"), None));
    assert_eq!(site.language, Language::English);
}

#[test]
fn a_bearer_token_comes_in_one_way_and_never_in_the_query() {
    let read = |authorization: Option<&str>, query: Option<&str>, form: Option<&str>| {
        token(&BearerRequest {
            authorization: authorization.map(str::as_bytes),
            query: query.map(str::as_bytes),
            form: form.map(str::as_bytes),
        })
        .map(|token| token.expose().clone())
    };
    assert_eq!(read(Some("Bearer abc"), None, None), Ok("abc".into()));
    assert_eq!(read(Some("bearer  abc "), None, Some("x=y")), Ok("abc".into()));
    assert_eq!(read(None, None, Some("access_token=abc")), Ok("abc".into()));
    assert_eq!(read(None, None, None), Err(BearerError::Missing));
    assert_eq!(read(Some("Basic abc"), None, None), Err(BearerError::Missing));
    assert_eq!(read(Some("Bearer"), None, None), Err(BearerError::Token));
    assert_eq!(read(Some("Bearer a b"), None, None), Err(BearerError::Token));
    for (authorization, query, form) in [
        (None, Some("access_token=abc"), None),
        (Some("Bearer abc"), Some("access_token=abc"), None),
        (Some("Bearer abc"), None, Some("access_token=abc")),
        (None, None, Some("access_token=a&access_token=b")),
        (None, None, Some("access_token=%ff")),
    ] {
        assert!(matches!(read(authorization, query, form), Err(BearerError::Request(_))));
    }
}

#[test]
fn bearer_errors_speak_as_rfc_6750() {
    let missing = BearerError::Missing.reply();
    assert_eq!(missing.status, 401);
    assert_eq!(missing.www_authenticate.as_deref(), Some("Bearer realm=\"userinfo\""));
    let header = |error: BearerError| {
        let reply = error.reply();
        (reply.status, reply.www_authenticate.unwrap())
    };
    let (status, header_of_token) = header(BearerError::Token);
    assert_eq!(status, 401);
    assert!(header_of_token.contains("error=\"invalid_token\""));
    assert_eq!(header(BearerError::InsufficientScope).0, 403);
    assert_eq!(header(BearerError::Request("x")).0, 400);
}

#[test]
fn introspection_is_for_the_tokens_own_confidential_client() {
    let world = World::new();
    let app = world.proven("app");
    let own = Inquirer::new(app).unwrap();
    let id_of = |id| &world.site.client(id).unwrap().1.client_id;
    assert!(own.may_see(id_of("app")) && !own.may_see(id_of("other")));
    let public = credential("client_id=public", None).unwrap();
    let public = public.identify(&world.site).unwrap().public().unwrap();
    assert!(Inquirer::new(public).is_err());
    assert!(may_revoke(&public, id_of("public")).is_ok());
    assert!(may_revoke(&public, id_of("app")).is_err());
    assert_eq!(inactive().body, r#"{"active":false}"#);
    let payload = payload(&accepted("app", &[]));
    let granted = payload.granted();
    let released = release(&person(), granted.scopes());
    let reply = active(
        &ActiveToken {
            client_id: id_of("app"),
            sub: "s",
            scopes: granted.scopes(),
            issued: NOW,
            expires: NOW.plus_seconds(600),
            kind: TokenKind::Access,
            person: Some((granted, &released)),
        },
        &world.site,
    );
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["active"], json!(true));
    assert_eq!((&body["username"], &body["acr"]), (&json!("s1234567"), &json!(SFA)));
    assert_eq!(body["token_type"], json!("Bearer"));
}

#[test]
fn discovery_states_what_exists() {
    let site = site();
    let reply = discovery(&site, &SIGNING);
    assert_eq!(reply.caching, Caching::Public { max_age_seconds: 300 });
    let document: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(document["issuer"], json!(ISSUER), "S61: equal to `iss`");
    let stated = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    for (name, endpoint) in [
        ("authorization_endpoint", Endpoint::Authorize),
        ("token_endpoint", Endpoint::Token),
        ("userinfo_endpoint", Endpoint::Userinfo),
        ("jwks_uri", Endpoint::Jwks),
        ("introspection_endpoint", Endpoint::Introspect),
        ("revocation_endpoint", Endpoint::Revoke),
        ("end_session_endpoint", Endpoint::Logout),
    ] {
        assert_eq!(stated(name), endpoint.url(ISSUER));
    }
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256", "EdDSA"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["request_uri_parameter_supported"], json!(false), "true if not stated");
    assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
    let keys = keys().published(NOW);
    assert_eq!(jwks(&keys).body, keys.json());
}

#[test]
fn r_cors_only_registered_origins_read_tokens_and_userinfo() {
    let site = site();
    let client = |id| site.client(id).map(|(_, client)| client);
    let own = "https://app.example";
    assert_eq!(preflight(Endpoint::Token, own, &site), Cors::Origin(own));
    assert_eq!(cors_answer(Endpoint::Userinfo, own, client("app"), &site), Cors::Origin(own));
    assert_eq!(cors_answer(Endpoint::Userinfo, own, client("other"), &site), Cors::Closed);
    for foreign in
        ["https://evil.example", "null", "", "https://APP.example", "https://app.example/"]
    {
        assert_eq!(preflight(Endpoint::Token, foreign, &site), Cors::Closed, "{foreign}");
    }
    for endpoint in Endpoint::ALL {
        let expected = match endpoint {
            Endpoint::Discovery | Endpoint::ServerMetadata | Endpoint::Jwks => Cors::Anybody,
            Endpoint::Token | Endpoint::Userinfo => Cors::Origin(own),
            Endpoint::Authorize | Endpoint::Introspect | Endpoint::Revoke | Endpoint::Logout => {
                Cors::Closed
            }
        };
        assert_eq!(cors_answer(endpoint, own, client("app"), &site), expected, "{endpoint:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_bearer_token_or_an_error(
        authorization in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        query in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
        form in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..60)),
    ) {
        let request = BearerRequest {
            authorization: authorization.as_deref(),
            query: query.as_deref(),
            form: form.as_deref(),
        };
        if let Err(error) = token(&request) {
            prop_assert!(error.reply().status >= 400);
        }
    }

    #[test]
    fn any_text_is_a_hint_or_an_error(text in ".{0,200}", now in any::<i64>()) {
        let set = sekimori_keys::JwkSet::new(Vec::new());
        prop_assert!(hint::verify(&text, &site(), &set, Timestamp::from_unix_millis(now)).is_err());
    }
}
