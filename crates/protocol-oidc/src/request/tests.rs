use proptest::prelude::*;
use sekimori_base::limits::{SEALED_COOKIE_BYTES_MAX, SEALED_REQUEST_BYTES_MAX};
use sekimori_login::{AssuranceDemand, Freshness, Interaction};

use super::*;
use crate::form::FormError;
use crate::testing::{CHALLENGE, MFA, PERSON, SFA, accepted, query, refused, request_of, site};
use crate::userinfo::ClaimName;

fn page_of(raw: &[u8]) -> PageError {
    match parse(raw, &site()) {
        Err(AuthorizeError::Page(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_request_asks_for_any_sign_in() {
    let request = accepted("app", &[]);
    let demand = request.pending.demand(None);
    assert_eq!(demand.audience.as_str(), "app");
    assert_eq!(demand.assurance, AssuranceDemand::Any);
    assert_eq!(demand.freshness, Freshness::Any);
    assert_eq!(demand.interaction, Interaction::Allowed);
    assert_eq!(demand.subject, None);
    assert_eq!(request.carriage, Carriage::Url);
    assert_eq!(request.pending.return_to().state(), Some("st"));
    assert!(request.pending.scopes().iter().eq(["email", "openid", "profile"]));
}

#[test]
fn r_redir_nothing_but_the_registered_address_to_the_letter_is_redirected_to() {
    for sent in [
        "https://app.example/cb/",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#f",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "http://app.example/cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example./cb",
        "https://app.example/%63b",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example/..;/cb",
        "https://app.example/cb;x",
        "https://app.example/cb%00",
        "https://app.example/cb\u{0}",
        "https://app.example/cb ",
        " https://app.example/cb",
        "https://app.example//cb",
        "https://app.example\\cb",
        "https://app.example@evil.example/cb",
        "https://evil.example/https://app.example/cb",
        "https://app.example.evil.example/cb",
        "https://evil.example#app.example/cb",
        "https://evil.example\\@app.example/cb",
        "//app.example/cb",
        "/cb",
        "javascript:alert(1)//https://app.example/cb",
        "data:text/html,x",
        "https://app。example/cb",
        "https://other.example/cb",
    ] {
        let page = page_of(request_of("app", &[("redirect_uri", sent)]).as_bytes());
        assert_eq!(page.reason, Reason::RedirectMismatch, "{sent}");
        assert!(matches!(page.problem, Problem::RedirectMismatch { .. }), "{sent}");
    }
}

#[test]
fn r_redir_the_loopback_port_varies_for_native_apps_only() {
    let native = |uri| parse(request_of("native", &[("redirect_uri", uri)]).as_bytes(), &site());
    let sent = "http://127.0.0.1:51234/cb";
    assert_eq!(native(sent).unwrap().pending.return_to().redirect_uri(), sent);
    assert!(native("jp.ac.example.native:/cb").is_ok());
    assert!(native("http://127.0.0.1:51234/cb/").is_err());
    assert!(native("http://localhost:51234/cb").is_err());
    assert!(native("http://127.0.0.1:51234@evil.example/cb").is_err());
}

#[test]
fn r_redir_parameter_pollution_never_redirects() {
    let good = request_of("app", &[]);
    let evil = query(&[("redirect_uri", "https://evil.example/")]);
    for raw in [format!("{good}&{evil}"), format!("{evil}&{good}"), format!("{good}&redirect_uri=")]
    {
        let page = page_of(raw.as_bytes());
        assert_eq!(page.problem, Problem::Repeated("redirect_uri"));
    }
    let page = page_of(format!("{good}&client_id=other").as_bytes());
    assert_eq!(page.problem, Problem::Repeated("client_id"));
}

#[test]
fn an_unverified_sender_gets_a_page_with_what_its_owner_needs() {
    let unknown = page_of(request_of("nobody", &[]).as_bytes());
    assert_eq!(unknown.reason, Reason::ServiceUnknown);
    assert_eq!(unknown.problem, Problem::ClientUnknown { sent: "nobody".into() });
    assert_eq!(page_of(b"").problem, Problem::ClientIdMissing);
    assert_eq!(page_of(b"client_id=%ff").problem, Problem::Form(FormError::NotUtf8));
    let missing = page_of(request_of("app", &[("redirect_uri", "")]).as_bytes());
    assert_eq!(missing.service.unwrap().as_str(), "app");
    assert_eq!(
        missing.problem,
        Problem::RedirectMissing { registered: vec!["https://app.example/cb".into()] }
    );
    let differs =
        page_of(request_of("app", &[("redirect_uri", "https://app.example/callback")]).as_bytes());
    assert_eq!(
        differs.problem,
        Problem::RedirectMismatch {
            sent: "https://app.example/callback".into(),
            nearest: Some("https://app.example/cb".into()),
            differs_at: Some(22),
        }
    );
}

#[test]
fn every_mistake_of_a_verified_client_has_its_code() {
    let long = "x".repeat(600);
    let huge = "x".repeat(9000);
    for (more, code) in [
        (&[("response_type", "")][..], ErrorCode::InvalidRequest),
        (&[("response_type", "token")], ErrorCode::UnsupportedResponseType),
        (&[("response_type", "id_token token")], ErrorCode::UnsupportedResponseType),
        (&[("response_type", "code id_token")], ErrorCode::UnsupportedResponseType),
        (&[("response_mode", "fragment")], ErrorCode::InvalidRequest),
        (&[("response_mode", "web_message")], ErrorCode::InvalidRequest),
        (&[("scope", "")], ErrorCode::InvalidScope),
        (&[("scope", "nothing known")], ErrorCode::InvalidScope),
        (&[("scope", "openid \"quoted\"")], ErrorCode::InvalidScope),
        (&[("scope", "openid 日")], ErrorCode::InvalidScope),
        (&[("prompt", "none login")], ErrorCode::InvalidRequest),
        (&[("prompt", "create")], ErrorCode::InvalidRequest),
        (&[("max_age", "-1")], ErrorCode::InvalidRequest),
        (&[("max_age", "1e3")], ErrorCode::InvalidRequest),
        (&[("claims", "{")], ErrorCode::InvalidRequest),
        (&[("claims", "[]x")], ErrorCode::InvalidRequest),
        (&[("claims", r#"{"id_token":{"acr":{"values":"x"}}}"#)], ErrorCode::InvalidRequest),
        (&[("request", "eyJ")], ErrorCode::RequestNotSupported),
        (&[("request_uri", "https://a/")], ErrorCode::RequestUriNotSupported),
        (&[("registration", "{}")], ErrorCode::RegistrationNotSupported),
        (&[("nonce", &long)], ErrorCode::InvalidRequest),
        (&[("state", &huge)], ErrorCode::InvalidRequest),
        (&[("state", "a\nb")], ErrorCode::InvalidRequest),
        (&[("nonce", "a\u{0}b")], ErrorCode::InvalidRequest),
    ] {
        assert_eq!(refused("app", more).error, code, "{more:?}");
    }
    assert_eq!(
        parse(request_of("machine", &[]).as_bytes(), &site()).map_err(|error| match error {
            AuthorizeError::Redirect(refused) => refused.error,
            AuthorizeError::Page(page) => panic!("{page:?}"),
        }),
        Err(ErrorCode::UnauthorizedClient)
    );
}

#[test]
fn a_repeated_parameter_is_told_to_the_client_without_a_doubtful_state() {
    let raw = format!("{}&nonce=2", request_of("app", &[]));
    let Err(AuthorizeError::Redirect(refused)) = parse(raw.as_bytes(), &site()) else {
        panic!("told to the client")
    };
    assert_eq!(refused.error, ErrorCode::InvalidRequest);
    assert_eq!(refused.return_to.state(), Some("st"));
    let raw = format!("{}&state=2", request_of("app", &[("response_mode", "form_post")]));
    let Err(AuthorizeError::Redirect(refused)) = parse(raw.as_bytes(), &site()) else {
        panic!("told to the client")
    };
    assert_eq!(refused.return_to.state(), None);
    assert_eq!(refused.return_to.mode(), ResponseMode::FormPost);
    let raw = format!("{}&resource=a&resource=b&unknown=1", request_of("app", &[]));
    assert!(parse(raw.as_bytes(), &site()).is_ok(), "RFC 8707 allows several; we ignore them");
}

#[test]
fn r_pkce_downgrade_only_s256_and_only_whole() {
    for more in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge", "")],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge", "short")],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")],
        &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")],
    ] {
        assert_eq!(refused("app", more).error, ErrorCode::InvalidRequest, "{more:?}");
    }
    let without = &[("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(refused("public", without).error, ErrorCode::InvalidRequest, "public: always");
    assert_eq!(accepted("legacy", without).pending.challenge, None);
    let half = &[("code_challenge", "")];
    assert_eq!(refused("legacy", half).error, ErrorCode::InvalidRequest);
    assert_eq!(accepted("legacy", &[]).pending.challenge.as_deref(), Some(CHALLENGE));
}

#[test]
fn prompt_and_max_age_become_freshness_and_silence() {
    let demand = |more: &[(&str, &str)]| accepted("app", more).pending.demand(Some(PERSON));
    assert_eq!(demand(&[("prompt", "none")]).interaction, Interaction::Silent);
    assert_eq!(
        demand(&[("prompt", "none"), ("max_age", "60")]).freshness,
        Freshness::WithinSeconds(60)
    );
    for fresh in [
        &[("prompt", "login")][..],
        &[("prompt", "login consent")],
        &[("prompt", "select_account")],
        &[("max_age", "0")],
        &[("prompt", "login"), ("max_age", "99")],
    ] {
        assert_eq!(demand(fresh).freshness, Freshness::Now, "{fresh:?}");
    }
    assert_eq!(demand(&[("prompt", "consent")]).freshness, Freshness::Any);
    assert_eq!(
        demand(&[("max_age", "99999999999999")]).freshness,
        Freshness::WithinSeconds(u32::MAX)
    );
    assert_eq!(demand(&[]).subject, Some(PERSON));
    assert!(accepted("app", &[("prompt", "consent")]).pending.asks_consent_again());
    assert!(accepted("app", &[("prompt", "select_account")]).pending.asks_account());
    let default = accepted("legacy", &[]).pending.demand(None);
    assert_eq!(default.freshness, Freshness::WithinSeconds(600), "default_max_age");
}

#[test]
fn a_level_is_demanded_by_the_first_known_value_and_an_unknown_essential_one_is_unreachable() {
    use AssuranceDemand::{Any, AtLeast, Unreachable};
    use sekimori_login::Assurance::{OneFactor, TwoFactors};
    let by_values =
        |values: &str| accepted("app", &[("acr_values", values)]).pending.demand(None).assurance;
    assert_eq!(by_values(MFA), AtLeast(TwoFactors));
    assert_eq!(by_values(&format!("urn:unknown {MFA} {SFA}")), AtLeast(TwoFactors));
    assert_eq!(by_values(&format!("{SFA} {MFA}")), AtLeast(OneFactor));
    assert_eq!(by_values("urn:unknown 0"), Any);
    let by_claim = |acr: &str| {
        let claims = format!(r#"{{"id_token":{{"acr":{acr}}}}}"#);
        accepted("app", &[("claims", &claims), ("acr_values", SFA)]).pending.demand(None).assurance
    };
    assert_eq!(by_claim(&format!(r#"{{"essential":true,"value":"{MFA}"}}"#)), AtLeast(TwoFactors));
    assert_eq!(
        by_claim(&format!(r#"{{"essential":true,"values":["urn:x","{MFA}"]}}"#)),
        AtLeast(TwoFactors)
    );
    assert_eq!(by_claim(r#"{"essential":true,"values":["urn:x"]}"#), Unreachable);
    assert_eq!(by_claim(r#"{"values":["urn:x"]}"#), Any);
    assert_eq!(by_claim(&format!(r#"{{"values":["{MFA}"]}}"#)), AtLeast(TwoFactors));
    assert_eq!(by_claim("null"), AtLeast(OneFactor), "acr_values speaks where the claim is silent");
    assert_eq!(by_claim(r#"{"essential":true}"#), AtLeast(OneFactor));
}

#[test]
fn claims_are_asked_by_name_only_where_their_scope_is_allowed() {
    let claims = r#"{"userinfo":{"email":null,"groups":{"essential":true},"given_name":null},
        "id_token":{"name":null,"auth_time":{"essential":true}},"other":{"x":1}}"#;
    let app = accepted("app", &[("claims", claims), ("scope", "openid")]).pending;
    assert!(app.userinfo_claims.iter().eq(&[ClaimName::Email, ClaimName::Groups]));
    assert!(app.id_token_claims.iter().eq(&[ClaimName::Name]));
    assert!(app.released_scopes().iter().eq(["email", "groups", "openid", "profile"]));
    let other = accepted("legacy", &[("claims", claims)]).pending;
    assert!(other.userinfo_claims.iter().eq(&[ClaimName::Email]), "groups is not among its scopes");
}

#[test]
fn an_expected_subject_is_kept_and_two_different_ones_are_refused() {
    let one = r#"{"id_token":{"sub":{"value":"per_1"}}}"#;
    assert_eq!(accepted("app", &[("claims", one)]).pending.expected_sub(), Some("per_1"));
    let two = r#"{"id_token":{"sub":{"value":"per_1"}},"userinfo":{"sub":{"value":"per_2"}}}"#;
    assert_eq!(refused("app", &[("claims", two)]).error, ErrorCode::InvalidRequest);
}

#[test]
fn scopes_are_narrowed_to_what_the_client_may_ask() {
    let scopes = |client: &str, scope: &str| {
        accepted(client, &[("scope", scope)]).pending.scopes().iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(scopes("legacy", "openid groups made-up email"), ["email", "openid"]);
    assert_eq!(scopes("app", "groups"), ["groups"], "OAuth without an ID token");
    assert_eq!(scopes("app", " openid   offline_access "), ["offline_access", "openid"]);
}

#[test]
fn hints_and_languages_never_refuse_a_request() {
    let request = |more| accepted("app", more).pending;
    assert_eq!(request(&[("ui_locales", "fr-CA ja-JP en")]).language(), Some(Language::Japanese));
    assert_eq!(request(&[("ui_locales", "fr")]).language(), None);
    assert_eq!(request(&[("login_hint", "s1234567")]).login_hint(), Some("s1234567"));
    assert_eq!(request(&[("login_hint", "a\nb")]).login_hint(), None);
    assert_eq!(request(&[("login_hint", &"x".repeat(321))]).login_hint(), None);
    let hinted = accepted("app", &[("id_token_hint", "a.b.c")]);
    assert_eq!(hinted.id_token_hint.as_deref(), Some("a.b.c"));
}

#[test]
fn a_long_state_changes_from_url_to_cookie_to_an_explained_error() {
    let carriage = |bytes: usize| {
        let state = "x".repeat(bytes);
        parse(request_of("app", &[("state", &state)]).as_bytes(), &site()).map(|one| one.carriage)
    };
    assert_eq!(carriage(700), Ok(Carriage::Url));
    assert_eq!(carriage(1500), Ok(Carriage::Cookie));
    assert!(matches!(carriage(1900), Err(AuthorizeError::Redirect(_))));
    assert!(matches!(carriage(8000), Err(AuthorizeError::Redirect(_))));
    assert!(matches!(carriage(17_000), Err(AuthorizeError::Page(_))));
}

#[test]
fn the_largest_requests_fit_sealed_and_encoded_with_room_for_what_flow_adds() {
    let text_bytes = |json: usize| (json + sekimori_keys::seal::OVERHEAD_BYTES).div_ceil(3) * 4;
    let room = 300;
    assert!(text_bytes(URL_BYTES_MAX + room) <= SEALED_REQUEST_BYTES_MAX);
    assert!(text_bytes(COOKIE_BYTES_MAX + room) <= SEALED_COOKIE_BYTES_MAX);
}

#[test]
fn a_pending_request_survives_its_travel() {
    let claims = format!(
        r#"{{"id_token":{{"acr":{{"essential":true,"values":["{MFA}","{SFA}"]}},"name":null}}}}"#
    );
    let pending = accepted(
        "app",
        &[("claims", &claims), ("prompt", "login"), ("max_age", "5"), ("ui_locales", "ja")],
    )
    .pending;
    let json = serde_json::to_string(&pending).unwrap();
    assert_eq!(serde_json::from_str::<PendingAuthorize>(&json).unwrap(), pending);
    assert!(json.len() < 320, "{} bytes: {json}", json.len());
}

#[test]
fn each_request_of_the_fixture_becomes_what_stands_beside_it() {
    let fixture = include_str!("../../fixtures/authorize.txt");
    let lines = fixture.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let (outcome, raw) = line.rsplit_once(' ').unwrap();
        let raw = raw.replace("code_challenge=C", &format!("code_challenge={CHALLENGE}"));
        let became = match parse(raw.as_bytes(), &site()) {
            Ok(AuthorizeRequest { carriage: Carriage::Url, .. }) => "url".to_owned(),
            Ok(AuthorizeRequest { carriage: Carriage::Cookie, .. }) => "cookie".to_owned(),
            Err(AuthorizeError::Redirect(refused)) => {
                format!("redirect {}", refused.error.as_str())
            }
            Err(AuthorizeError::Page(page)) => format!("page {}", page.reason.code()),
        };
        assert_eq!(became, outcome, "{raw}");
    }
}

fn parameter() -> impl Strategy<Value = (String, String)> {
    let names = [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "prompt",
        "claims",
        "max_age",
        "acr_values",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "login_hint",
        "ui_locales",
        "request",
        "id_token_hint",
    ];
    let values = [
        "app",
        "public",
        "https://app.example/cb",
        "code",
        "openid",
        "none",
        "login",
        "0",
        "S256",
        CHALLENGE,
        "{}",
        r#"{"id_token":{"acr":{"essential":true,"values":["x"]}}}"#,
        "form_post",
    ];
    let value =
        prop_oneof![proptest::sample::select(values.to_vec()).prop_map(str::to_owned), ".{0,60}"];
    (proptest::sample::select(names.to_vec()).prop_map(str::to_owned), value)
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_a_refusal(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&raw, &site());
    }

    #[test]
    fn any_parameters_lead_to_a_verified_address_or_a_page(
        client in proptest::sample::select(&["app", "legacy", "public", "evil"][..]),
        more in proptest::collection::vec(parameter(), 0..12),
    ) {
        let pairs: Vec<_> = more.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let raw = format!("{}&{}", request_of(client, &[]), query(&pairs));
        let site = site();
        for raw in [raw, query(&pairs)] {
            match parse(raw.as_bytes(), &site) {
                Ok(request) => {
                    let (_, client) = site.client(request.pending.client_id().as_str()).unwrap();
                    let uri = request.pending.return_to().redirect_uri();
                    prop_assert!(client.redirect_uri(uri).is_some());
                    let json = serde_json::to_vec(&request.pending).unwrap();
                    prop_assert!(json.len() <= COOKIE_BYTES_MAX);
                }
                Err(AuthorizeError::Redirect(refused)) => {
                    let uri = refused.return_to.redirect_uri();
                    prop_assert!(
                        site.services.iter().filter_map(|service| service.oidc.as_ref())
                            .any(|client| client.redirect_uri(uri).is_some())
                    );
                    prop_assert!(refused.description.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                }
                Err(AuthorizeError::Page(_)) => {}
            }
        }
    }
}
