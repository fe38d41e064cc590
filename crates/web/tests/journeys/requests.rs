//! What services ask for in their requests, and get exactly.

use sekimori_testbed::{Network, RefusedRequest, Testbed};
use serde_json::Value;

use crate::common::{ONE, TWO, again, asking, at, code};

#[tokio::test]
async fn a_service_that_wants_two_factors_gets_two_on_campus_as_well() {
    for changes in [
        ("acr_values", TWO),
        (
            "claims",
            r#"{"id_token":{"acr":{"essential":true,"value":"https://refeds.org/profile/mfa"}}}"#,
        ),
    ] {
        let begun = asking("wiki", Network::Campus, &[changes]).await;
        let page = begun.password("taro").await;
        assert!(page.asks("code"), "{}", page.shows());
        let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
        assert_eq!(begun.tokens(&page).await.claim("acr"), TWO);
    }
}

#[tokio::test]
async fn who_cannot_reach_the_level_hears_so_and_the_service_is_never_told_more() {
    // An app registered inside with the password alone does not count as a second factor towards services.
    let begun = asking("wiki", Network::Campus, &[("acr_values", TWO)]).await;
    let page = begun.password("mei").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.level_not_reachable"), "{}", page.shows());
    // Outside it is the site's own one more proof, and is reported as what it is.
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("mei").await;
    let page = begun.browser.submit(&page, &[("code", &begun.code("mei"))]).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE);
}

#[tokio::test]
async fn an_essential_level_that_does_not_exist_is_refused() {
    let claims = r#"{"id_token":{"acr":{"essential":true,"value":"urn:example:gold"}}}"#;
    let begun = asking("wiki", Network::Campus, &[("claims", claims)]).await;
    let page = begun.password("taro").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.level_not_reachable"), "{}", page.shows());
}

#[tokio::test]
async fn a_silent_request_never_shows_a_page() {
    let begun = asking("wiki", Network::Campus, &[("prompt", "none")]).await;
    assert_eq!(begun.service.error(&begun.sign_in, &begun.page), "login_required");
    let counted: Vec<_> =
        begun.bed.flow.tally.counts().iter().map(|(reason, ..)| reason.code()).collect();
    assert!(counted.contains(&"sso.login_required"), "{counted:?}");

    let begun = at("wiki", Network::Campus).await;
    begun.password("taro").await;
    let (sign_in, page) = begun.next("wiki", &[("prompt", "none")]).await;
    begun.service.redeem(&sign_in, &page).await;
    // From home the session alone is not enough, and nobody may be asked.
    let home = begun.browser.at(Network::Home);
    let sign_in = begun.service.sign_in_with(&[("prompt", "none")]);
    let page = home.open(&sign_in.url).await;
    assert_eq!(begun.service.error(&sign_in, &page), "interaction_required");
    // No page, and no line of its own; they are counted.
    let counted: Vec<_> =
        begun.bed.flow.tally.counts().iter().map(|(reason, ..)| reason.code()).collect();
    assert!(counted.contains(&"sso.interaction_required"), "{counted:?}");
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again_and_the_time_is_fresh() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let first = begun.tokens(&page).await;
    begun.bed.wait(120);
    for changes in [("prompt", "login"), ("max_age", "60")] {
        let (sign_in, page) = begun.next("wiki", &[changes]).await;
        assert!(page.asks("password"), "{}", page.shows());
        assert!(page.text().contains("hana"), "the name is kept");
        let password = begun.bed.person("hana").password.clone();
        let page = begun.browser.submit(&page, &[("password", &password)]).await;
        let tokens = begun.service.redeem(&sign_in, &page).await;
        let time = |claims: &Value| claims["auth_time"].as_i64();
        assert_eq!(time(&tokens.claims), Some(begun.bed.now().unix_seconds()));
        assert!(time(&tokens.claims) > time(&first.claims));
        begun.bed.wait(120);
    }
    // Young enough: not asked.
    let (sign_in, page) = begun.next("wiki", &[("max_age", "600")]).await;
    begun.service.redeem(&sign_in, &page).await;
}

#[tokio::test]
async fn a_hint_of_another_person_is_login_required_or_another_person_page() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let hana = begun.tokens(&page).await;
    let begun = again(begun.bed, "wiki", Network::Campus, &[]).await;
    begun.password("rika").await;
    let (sign_in, page) =
        begun.next("wiki", &[("prompt", "none"), ("id_token_hint", &hana.id_token)]).await;
    assert_eq!(begun.service.error(&sign_in, &page), "login_required");
    let (_, page) = begun.next("wiki", &[("id_token_hint", &hana.id_token)]).await;
    assert_eq!(page.reason().as_deref(), Some("sso.other_person"), "{}", page.shows());
    // Her own hint is fine.
    let begun = again(begun.bed, "wiki", Network::Campus, &[]).await;
    begun.password("hana").await;
    let (sign_in, page) =
        begun.next("wiki", &[("prompt", "none"), ("id_token_hint", &hana.id_token)]).await;
    begun.service.redeem(&sign_in, &page).await;
}

#[tokio::test]
async fn a_login_hint_fills_the_name_in() {
    let begun = asking("wiki", Network::Campus, &[("login_hint", "hana")]).await;
    assert_eq!(begun.page.form().value("username"), Some("hana"), "{}", begun.page.shows());
    let hostile = asking("wiki", Network::Campus, &[("login_hint", "\"><script>1</script>")]).await;
    assert!(!hostile.page.body.contains("<script>1"), "{}", hostile.page.body);
}

#[tokio::test]
async fn a_service_chooses_the_language_and_the_person_chooses_another() {
    let begun = asking("wiki", Network::Campus, &[("ui_locales", "fr ja")]).await;
    assert_eq!(begun.page.language(), "ja");
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    assert_eq!(page.language(), "ja", "the next page speaks it too");
    let page = begun.browser.click(&page, "English").await;
    assert_eq!(page.language(), "en");
    assert!(page.asks("password"), "the switch keeps the sign-in: {}", page.shows());
    assert!(page.text().contains("hana"), "and the name");
    let page =
        begun.browser.submit(&page, &[("password", &begun.bed.person("hana").password)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_partner_gets_data_after_consent_and_is_not_asked_about_again() {
    let begun = at("partner", Network::Campus).await;
    let page = begun.password("hana").await;
    assert!(page.text().contains("Partner"), "{}", page.shows());
    assert!(page.form().buttons.contains(&("decision".into(), "allow".into())), "{}", page.shows());
    let page = begun.browser.submit(&page, &[]).await;
    begun.tokens(&page).await;
    let (sign_in, page) = begun.next("partner", &[]).await;
    begun.service.redeem(&sign_in, &page).await;
    let (_, page) = begun.next("partner", &[("prompt", "consent")]).await;
    assert!(!page.is_away(), "asked again on request: {}", page.shows());
}

#[tokio::test]
async fn consent_can_be_refused_and_is_not_given_silently() {
    let begun = at("partner", Network::Campus).await;
    let page = begun.password("hana").await;
    let page = begun.browser.press(&page, "decision", "deny").await;
    assert_eq!(begun.service.error(&begun.sign_in, &page), "access_denied");
    let (sign_in, page) = begun.next("partner", &[("prompt", "none")]).await;
    assert_eq!(begun.service.error(&sign_in, &page), "consent_required");
}

#[tokio::test]
async fn consent_is_asked_also_when_a_standing_session_steps_up() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("taro").await;
    let home = begun.browser.at(Network::Home);
    let partner = begun.bed.service("partner");
    let sign_in = partner.sign_in();
    let page = home.open(&sign_in.url).await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = home.submit(&page, &[("code", &begun.code("taro"))]).await;
    assert!(!page.is_away(), "no code without consent: {}", page.shows());
    let page = home.press(&page, "decision", "allow").await;
    partner.redeem(&sign_in, &page).await;
}

#[tokio::test]
async fn consent_and_a_fresh_proof_together_do_not_go_round_in_circles() {
    let begun = asking("partner", Network::Campus, &[("prompt", "login consent")]).await;
    let page = begun.password("hana").await;
    assert!(page.form().buttons.contains(&("decision".into(), "allow".into())), "{}", page.shows());
    let page = begun.browser.press(&page, "decision", "allow").await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn an_answer_by_form_reaches_the_service() {
    let begun = asking("wiki", Network::Campus, &[("response_mode", "form_post")]).await;
    let page = begun.password("hana").await;
    assert!(!page.is_away(), "a page whose form brings it there");
    assert_eq!(page.form().action, begun.service.redirect_uri());
    let csp = page.headers["content-security-policy"].to_str().unwrap_or_default();
    assert!(!csp.contains("form-action"), "it would stop a service that redirects on: {csp}");
    let page = begun.browser.submit(&page, &[]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_request_posted_from_the_services_site_goes_on_and_keeps_single_sign_on() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let before = begun.bed.cost();
    let sign_in = begun.service.sign_in();
    let fields: Vec<_> =
        sign_in.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let origin = "https://wiki.example.ac.jp";
    let page = begun.browser.post_from(origin, "/oidc/authorize", &fields).await;
    assert_eq!(begun.bed.cost_since(before).writes, 1, "the POST itself writes nothing");
    begun.service.redeem(&sign_in, &page).await;
    // A clean browser gets the sign-in.
    let browser = begun.bed.browser(Network::Campus);
    let page = browser.post_from(origin, "/oidc/authorize", &fields).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn requests_by_post_do_not_pile_up_in_the_browser() {
    for length in [10, 1200] {
        let bed = Testbed::start().await;
        let browser = bed.browser(Network::Campus);
        let wiki = bed.service("wiki");
        let requests = || {
            let mut cookies = browser.cookies();
            cookies.retain(|(name, _)| name.contains("request"));
            cookies
        };
        let mut last = None;
        for _ in 0..9 {
            let state = "s".repeat(length);
            let sign_in = wiki.sign_in_with(&[("state", &state)]);
            let fields: Vec<_> =
                sign_in.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let origin = "https://wiki.example.ac.jp";
            let page = browser.post_from(origin, "/oidc/authorize", &fields).await;
            assert!(page.asks("username"), "{}", page.shows());
            last = Some((state, page));
        }
        let most = if length == 10 { 0 } else { 8 };
        assert!(requests().len() <= most, "{} of {length} bytes", requests().len());
        let bytes: usize =
            browser.cookies().iter().map(|(name, text)| name.len() + text.len()).sum();
        assert!(bytes < 28 * 1024, "{bytes} bytes of cookies fit into a head");
        // What is left is enough to go on with, also after a reload.
        let (state, page) = last.expect("nine of them");
        let page = browser.open(page.url.as_str()).await;
        let page = browser.sign_in_as(&page, bed.person("hana")).await;
        assert_eq!(page.param("state"), Some(state), "{}", page.shows());
        assert!(page.param("code").is_some());
    }
}

#[tokio::test]
async fn a_long_request_travels_in_a_cookie_and_a_longer_one_is_explained_to_the_service() {
    let state = "s".repeat(1200);
    let begun = asking("wiki", Network::Campus, &[("state", &state)]).await;
    assert!(begun.page.asks("username"), "{}", begun.page.shows());
    let page = begun.password("hana").await;
    assert_eq!(page.param("state").as_deref(), Some(state.as_str()), "{}", page.shows());
    let begun = asking("wiki", Network::Campus, &[("state", &"s".repeat(6000))]).await;
    assert_eq!(begun.page.param("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn mistakes_of_a_verified_service_go_back_to_it_and_others_are_pages() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Campus);
    let wiki = bed.service("wiki");
    for (changes, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "everything"), "invalid_scope"),
        (("request_uri", "https://evil.example/r"), "request_uri_not_supported"),
        (("prompt", "none login"), "invalid_request"),
    ] {
        let sign_in = wiki.sign_in_with(&[changes]);
        let page = browser.open(&sign_in.url).await;
        assert_eq!(wiki.error(&sign_in, &page), error, "{changes:?}");
    }
    for (changes, reason) in [
        (("client_id", "nobody"), "req.unknown_service"),
        (("client_id", ""), "req.invalid"),
        (("redirect_uri", "https://evil.example/"), "req.redirect_mismatch"),
        (("redirect_uri", ""), "req.redirect_mismatch"),
    ] {
        let page = browser.open(&wiki.sign_in_with(&[changes]).url).await;
        assert!(!page.is_away(), "{changes:?}");
        assert_eq!((page.status.as_u16(), page.reason().as_deref()), (400, Some(reason)));
    }
}

/// U08: what a service did wrong has a code as well, and the desk reads what was sent.
#[tokio::test]
async fn a_refused_request_has_a_code_by_which_the_desk_reads_what_was_sent() {
    let begun = at("wiki", Network::Campus).await;
    let registered = "https://wiki.example.ac.jp/callback";
    let sent = "https://wiki.example.ac.jp/callback/";
    for (changes, reason) in [
        (("client_id", "nobody"), "req.unknown_service"),
        (("client_id", ""), "req.invalid"),
        (("redirect_uri", sent), "req.redirect_mismatch"),
    ] {
        let url = begun.service.sign_in_with(&[changes]).url;
        let page = begun.browser.open(&url).await;
        let code = page.incident().unwrap_or_else(|| panic!("a code: {}", page.shows()));
        let entry = begun.bed.incident(&code).await.expect("it is kept");
        assert_eq!(entry.line.reason.as_deref(), Some(reason));
        let kept: RefusedRequest =
            serde_json::from_str(&entry.facts.expect("what was sent").json).expect("readable");
        match changes {
            ("client_id", "") => assert_eq!(kept.problem, "client_id is missing"),
            ("client_id", sent) => assert_eq!(kept.client_id.as_deref(), Some(sent)),
            _ => {
                assert_eq!(kept.redirect_uri.as_deref(), Some(sent));
                assert_eq!(kept.registered, [registered]);
                assert_eq!(kept.differs_at, Some(registered.len() + 1));
            }
        }
        // In this browser the code says again what the page said; elsewhere it is a code like any other.
        let help = begun.browser.open(&format!("/help?code={code}")).await;
        let title = page.title().trim_start_matches("Error: ").to_owned();
        let title = title.split(" – ").next().unwrap_or_default().to_owned();
        assert!(help.text().contains(&title), "{title}: {}", help.text());
        let elsewhere = begun.bed.browser(Network::Home);
        let help = elsewhere.open(&format!("/help?code={code}")).await;
        assert!(!help.text().contains(&title), "{title}: {}", help.text());
    }
    let blocked = begun.bed.browser(Network::Campus).without_cookies();
    let page = blocked.open(&begun.sign_in.url).await;
    let entry = begun.bed.incident(&page.incident().expect("a code")).await.expect("kept");
    assert_eq!(entry.line.reason.as_deref(), Some("req.cookies_blocked"));
    assert_eq!(entry.line.service.as_deref(), Some("wiki"));
}

#[tokio::test]
async fn refused_requests_fill_no_database() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let url = bed.service("wiki").sign_in_with(&[("client_id", "nobody")]).url;
    let before = bed.cost();
    let mut kept = 0;
    for _ in 0..50 {
        kept += u32::from(browser.open(&url).await.incident().is_some());
    }
    assert_eq!((kept, bed.cost_since(before).writes), (20, 20), "what a network may in a minute");
}

#[tokio::test]
async fn a_service_that_is_switched_off_signs_nobody_in() {
    let begun = at("closed", Network::Campus).await;
    assert_eq!(begun.page.reason().as_deref(), Some("req.service_disabled"));
}

#[tokio::test]
async fn a_session_opened_on_campus_steps_up_when_it_shows_up_outside() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    let campus = begun.tokens(&page).await;
    let home = begun.browser.at(Network::Home);
    let session = home.cookie("session");
    let sign_in = begun.service.sign_in();
    let page = home.open(&sign_in.url).await;
    assert!(page.asks("code"), "no password again, one more proof: {}", page.shows());
    let page = home.submit(&page, &[("code", &code(&begun.bed, "taro"))]).await;
    let tokens = begun.service.redeem(&sign_in, &page).await;
    assert_eq!((campus.claim("acr"), tokens.claim("acr")), (ONE, TWO));
    assert_ne!(home.cookie("session"), session, "a fresh session id after every proof (S44)");
    // The old cookie is dead at once.
    let thief = begun.bed.browser(Network::Campus);
    thief.open(&begun.service.sign_in().url).await;
    if let Some(session) = session {
        begun.browser.tamper("session", &session);
    }
    let page = begun.browser.open(&begun.service.sign_in().url).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn somebody_without_a_factor_reads_at_step_up_that_campus_is_where_it_works() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let home = begun.browser.at(Network::Home);
    let page = home.open(&begun.service.sign_in().url).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
    assert!(begun.bed.replays(&page.incident().expect("a code")).await);
    let page = begun.browser.open(&begun.service.sign_in().url).await;
    assert!(page.is_away(), "back on campus the session goes on: {}", page.shows());
}

#[tokio::test]
async fn another_factor_can_be_chosen_at_a_step_up() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("kenji").await;
    let home = begun.browser.at(Network::Home);
    let sign_in = begun.service.sign_in();
    let page = home.open(&sign_in.url).await;
    let page = home.press(&page, "method", "recovery_code").await;
    assert_eq!(page.form().value("method"), Some("recovery_code"), "{}", page.shows());
    assert!(!page.failed(), "{}", page.shows());
    let code = begun.bed.person("kenji").recovery_codes[7].clone();
    let page = home.submit(&page, &[("code", &code)]).await;
    begun.service.redeem(&sign_in, &page).await;
}

#[tokio::test]
async fn a_claims_parameter_of_great_depth_is_refused_or_passed_over_and_breaks_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [100, 1000, 3000] {
            let middle = if open == "[" { "" } else { "1" };
            let whole = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
            let inner = format!("{{\"id_token\":{whole}}}");
            // What is well formed and asks for nothing that is known may be passed over.
            let object = open.starts_with('{');
            for (claims, may_pass) in
                [(open.repeat(depth), false), (whole, object), (inner, object)]
            {
                let begun = asking("wiki", Network::Campus, &[("claims", &claims)]).await;
                let page = &begun.page;
                // Longer than any request: a page, since nothing of it was read.
                let refused = page.param("error").as_deref() == Some("invalid_request")
                    || page.status.as_u16() == 400;
                let passed = may_pass && page.asks("username");
                assert!(refused || passed, "{depth}: {}", page.shows());
            }
        }
    }
}
