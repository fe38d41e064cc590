//! Standing sessions: how they end, and what they must not become.

use sekimori_testbed::{Network, Testbed};

use crate::common::at;

#[tokio::test]
async fn a_session_ends_idle_and_in_any_case() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    begun.bed.wait(59 * 60);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.is_away(), "in use: {}", page.shows());
    begun.bed.wait(61 * 60);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "idle for an hour: {}", page.shows());
    assert!(page.text().contains("Your earlier sign-in has ended"), "{}", page.shows());
    begun.browser.sign_in_as(&page, begun.bed.person("hana")).await;
    for _ in 0..14 {
        begun.bed.wait(55 * 60);
        begun.next("wiki", &[]).await;
    }
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "after twelve hours: {}", page.shows());
}

#[tokio::test]
async fn signing_out_with_a_hint_returns_to_the_service_and_ends_the_session() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let tokens = begun.tokens(&page).await;
    let back = "https://wiki.example.ac.jp/bye";
    let url = format!(
        "/oidc/logout?id_token_hint={}&post_logout_redirect_uri={back}&state=abc",
        tokens.id_token
    );
    let page = begun.browser.open(&url).await;
    assert_eq!(page.url.as_str(), format!("{back}?state=abc"), "{}", page.shows());
    assert_eq!(begun.browser.cookie("session"), None);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn signing_out_without_a_hint_asks_first_and_goes_nowhere_unproven() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    for query in [
        "",
        "?post_logout_redirect_uri=https://evil.example/",
        "?client_id=wiki&post_logout_redirect_uri=https://evil.example/",
        "?id_token_hint=eyJhbGciOiJub25lIn0.e30.&post_logout_redirect_uri=https://wiki.example.ac.jp/bye",
    ] {
        let page = begun.browser.open(&format!("/oidc/logout{query}")).await;
        assert!(!page.is_away(), "{query}");
        assert!(
            page.form().buttons.iter().any(|(_, value)| value == "sign_out"),
            "{}",
            page.shows()
        );
        assert!(begun.browser.cookie("session").is_some(), "asked first");
    }
    let page = begun.browser.open("/oidc/logout").await;
    let page = begun.browser.submit(&page, &[]).await;
    assert!(!page.is_away(), "{}", page.shows());
    assert_eq!(begun.browser.cookie("session"), None);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn a_session_id_that_was_planted_is_not_the_one_after_sign_in() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("rika").await;
    let planted = begun.browser.cookie("session").expect("a session");
    // Somebody else signs in at a browser that carries a foreign session.
    let (sign_in, page) = begun.next("wiki", &[("prompt", "login")]).await;
    let links = page.links();
    let (href, _) =
        links.iter().find(|(href, _)| href.starts_with("/login/switch")).expect("another person");
    let page = begun.browser.open(href).await;
    let page = begun.browser.sign_in_as(&page, begun.bed.person("hana")).await;
    let tokens = begun.service.redeem(&sign_in, &page).await;
    let fresh = begun.browser.cookie("session").expect("a session");
    assert_ne!(fresh, planted);
    let userinfo = begun.service.userinfo(&tokens.access).await;
    assert_eq!(userinfo.text("preferred_username"), Some("hana"), "{:?}", userinfo.json);
    let thief = begun.bed.browser(Network::Campus);
    thief.open("/login").await;
    begun.browser.tamper("session", &planted);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "the planted one is dead: {}", page.shows());
}

#[tokio::test]
async fn whoever_is_to_choose_an_account_is_asked_for_the_user_name() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("rika").await;
    for method in ["GET", "POST"] {
        let sign_in = begun.bed.service("wiki").sign_in_with(&[("prompt", "select_account")]);
        let page = if method == "GET" {
            begun.browser.open(&sign_in.url).await
        } else {
            let fields: Vec<_> =
                sign_in.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let origin = "https://wiki.example.ac.jp";
            begun.browser.post_from(origin, "/oidc/authorize", &fields).await
        };
        assert!(page.asks("username") && !page.asks("password"), "{method}: {}", page.shows());
        assert!(!page.text().contains("rika"), "{method}: {}", page.text());
        let page = begun.password_at(&page, "hana").await;
        let tokens = begun.service.redeem(&sign_in, &page).await;
        let userinfo = begun.service.userinfo(&tokens.access).await;
        assert_eq!(userinfo.text("preferred_username"), Some("hana"), "{:?}", userinfo.json);
        // Whoever is signed in may be chosen as well, and the service is answered once.
        let (sign_in, page) = begun.next("wiki", &[("prompt", "select_account")]).await;
        let page = begun.password_at(&page, "hana").await;
        begun.service.redeem(&sign_in, &page).await;
        begun.bed.wait(5);
    }
    let silent = begun.next("wiki", &[("prompt", "none select_account")]).await.1;
    assert!(silent.is_away(), "no page: {}", silent.shows());
}

#[tokio::test]
async fn the_same_request_for_ever_is_stopped_with_the_name_of_the_service() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let mut last = None;
    for _ in 0..12 {
        last = Some(begun.next("wiki", &[]).await.1);
    }
    let page = last.expect("twelve pages");
    assert_eq!(page.reason().as_deref(), Some("req.loop"), "{}", page.shows());
    let code = page.incident().expect("a code");
    let line = begun.bed.incident(&code).await.expect("kept").line;
    assert_eq!(line.event, "login.refused");
    assert!(begun.bed.replays(&code).await, "by its facts");
    assert!(page.text().contains("Wiki"));
    begun.bed.wait(61);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.is_away(), "a minute later it works: {}", page.shows());
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_out_without_asking() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let session = begun.browser.cookie("session");
    let page = begun.browser.post_from("https://evil.example", "/oidc/logout", &[]).await;
    assert_eq!(begun.browser.cookie("session"), session, "{}", page.shows());
    let asks = page.form().buttons.iter().any(|(_, value)| value == "sign_out");
    assert!(asks, "{}", page.shows());
    let (_, away) = begun.next("wiki", &[]).await;
    assert!(away.is_away(), "still signed in: {}", away.shows());
    begun.browser.submit(&page, &[]).await;
    assert_eq!(begun.browser.cookie("session"), None);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn a_service_that_posts_its_hint_ends_the_session_itself() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let session = begun.browser.cookie("session").expect("a session");
    let tokens = begun.tokens(&page).await;
    let back = "https://wiki.example.ac.jp/bye";
    let fields = [
        ("id_token_hint", tokens.id_token.as_str()),
        ("post_logout_redirect_uri", back),
        ("state", "abc"),
    ];
    let site = "https://wiki.example.ac.jp";
    let page = begun.browser.post_from(site, "/oidc/logout", &fields).await;
    assert_eq!(page.url.as_str(), format!("{back}?state=abc"), "{}", page.shows());
    assert_eq!(begun.browser.cookie("session"), None);
    assert!(page.way.iter().all(|url| !url.as_str().contains(&tokens.id_token)), "no token in it");
    // The row is gone, not only the cookie.
    let (_, page) = begun.next("wiki", &[]).await;
    begun.browser.sign_in_as(&page, begun.bed.person("hana")).await;
    begun.browser.tamper("session", &session);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn a_form_without_our_cookies_or_token_signs_nobody_out() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let session = begun.browser.cookie("session");
    for path in ["/logout", "/portal/sign-out"] {
        // A browser without Sec-Fetch-Site, a page without referrer: all that says it is foreign is the want of
        // cookies.
        let page = begun.browser.old_browser_posts(path, &[]).await;
        assert_eq!(begun.browser.cookie("session"), session, "{path}: {}", page.shows());
        // A page of the same site, whose forms bring the cookies.
        begun.browser.post_only(path, &[]).await;
        assert_eq!(begun.browser.cookie("session"), session, "{path}: no token");
    }
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.is_away(), "still signed in: {}", page.shows());
}

/// The name is typed in a browser that still has the cookie of a session that has ended.
#[tokio::test]
async fn whoever_comes_back_after_a_session_has_ended_gets_a_new_one_as_old_as_its_proof() {
    for hours in [2, 11, 13, 31 * 24] {
        let bed = Testbed::start().await;
        let browser = bed.browser(Network::Campus);
        let page = browser.open("/portal").await;
        let page = browser.sign_in_as(&page, bed.person("hana")).await;
        assert_eq!(page.url.path(), "/portal", "{}", page.shows());
        bed.wait(hours * 3600);
        let page = browser.open("/portal").await;
        assert!(page.asks("username"), "{hours}: {}", page.shows());
        let page = browser.sign_in_as(&page, bed.person("hana")).await;
        assert_eq!(page.url.path(), "/portal", "{hours}: {}", page.shows());
        for _ in 0..3 {
            bed.wait(50 * 60);
            let page = browser.open("/portal").await;
            assert_eq!(page.url.path(), "/portal", "{hours}: {}", page.shows());
        }
    }
}

#[tokio::test]
async fn a_session_that_has_ended_names_nobody_on_the_way_out() {
    let bed = sekimori_testbed::Testbed::start().await;
    let (browser, page) = crate::portal::inside(&bed, "hana").await;
    let name = "hana Example";
    assert!(page.text().contains(name), "{}", page.text());
    for address in ["/portal/sign-out", "/oidc/logout"] {
        let page = browser.open(address).await;
        assert!(page.text().contains(name), "{address}: {}", page.text());
    }
    bed.wait(i64::from(bed.tenant().site.session.idle_seconds) + 1);
    for address in ["/portal/sign-out", "/oidc/logout"] {
        let page = browser.open(address).await;
        assert!(!page.text().contains(name), "{address}: {}", page.text());
    }
}
