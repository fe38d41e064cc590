//! Two organisations with equal names, clients and passwords: nothing crosses.

use sekimori_testbed::{HOST, Network, OTHER_HOST, Testbed};

async fn signed_in(bed: &Testbed) -> (sekimori_testbed::Tokens, sekimori_testbed::Browser) {
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in_with(&[("scope", "openid profile offline_access")]);
    let browser = bed.browser(Network::Campus);
    let page = browser.open(&sign_in.url).await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    (wiki.redeem(&sign_in, &page).await, browser)
}

#[tokio::test]
async fn each_host_is_an_issuer_of_its_own() {
    let bed = Testbed::two().await;
    let wiki = bed.service_of(bed.second(), "wiki");
    let sign_in = wiki.sign_in();
    assert!(sign_in.url.contains(OTHER_HOST));
    let browser = bed.browser(Network::Campus);
    let page = browser.open(&sign_in.url).await;
    let page = browser.sign_in_as(&page, bed.second().person("hana")).await;
    let tokens = wiki.redeem(&sign_in, &page).await;
    assert_eq!(tokens.claim("iss"), format!("https://{OTHER_HOST}"));
    let keys = |name: &'static str, service: sekimori_testbed::Service| async move {
        let reply = service.send("GET", name, None, &[]).await;
        reply.json.to_string()
    };
    let (one, two) =
        (keys("/oidc/jwks", bed.service("wiki")).await, keys("/oidc/jwks", wiki).await);
    assert_ne!(one, two, "keys of their own");
}

#[tokio::test]
async fn sessions_codes_and_tokens_of_one_are_nothing_at_the_other() {
    let bed = Testbed::two().await;
    let (tokens, browser) = signed_in(&bed).await;
    let other = bed.service_of(bed.second(), "wiki");
    assert_eq!(other.userinfo(&tokens.access).await.status, 401);
    let refresh = tokens.refresh.clone().expect("a refresh token");
    assert_eq!(other.refresh(&refresh).await.error(), "invalid_grant");
    assert_ne!(other.introspect(&tokens.access).await.json["active"], true);
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in();
    let page = browser.open(&sign_in.url).await;
    let code = wiki.code(&sign_in, &page);
    assert_eq!(other.redeem_code(&code, &sign_in.verifier).await.error(), "invalid_grant");
    // The cookies of one host, carried over by hand.
    let cookies = browser.cookies();
    let page = browser.open(&other.sign_in().url).await;
    assert!(page.asks("username"), "{}", page.shows());
    for (name, value) in cookies {
        browser.tamper(&name, &value);
    }
    let page = browser.open(&other.sign_in().url).await;
    assert!(!page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn a_sealed_request_or_a_secret_of_one_is_not_taken_by_the_other() {
    let bed = Testbed::two().await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open(&bed.service("wiki").sign_in().url).await;
    let moved = page.url.as_str().replace(HOST, OTHER_HOST);
    browser.open(&bed.service_of(bed.second(), "wiki").sign_in().url).await;
    let page = browser.open(&moved).await;
    assert_eq!(page.reason().as_deref(), Some("req.stale"), "{}", page.shows());
    assert!(!page.text().contains("Wiki"), "nothing of it could be read");
}

#[tokio::test]
async fn failures_at_one_do_not_wait_at_the_other() {
    let bed = Testbed::two().await;
    let browser = bed.browser(Network::Home);
    let first = bed.service("wiki");
    for number in 0..10 {
        let page = browser.open(&first.sign_in().url).await;
        browser.sign_in(&page, "taro", &format!("wrong {number}")).await;
        bed.wait(1);
    }
    let page = browser.open(&first.sign_in().url).await;
    let page = browser.sign_in_as(&page, bed.person("taro")).await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    let second = bed.service_of(bed.second(), "wiki");
    let sign_in = second.sign_in();
    let page = browser.open(&sign_in.url).await;
    let page = browser.sign_in_as(&page, bed.second().person("taro")).await;
    assert!(page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn a_host_that_is_nobodys_gets_no_page_of_anybody() {
    let bed = Testbed::two().await;
    let page = bed.browser(Network::Campus).open_only("https://nobody.example/login").await;
    assert_eq!(page.status, 421);
    assert!(page.body.starts_with("No sign-in answers to this host name."), "{}", page.body);
}

#[tokio::test]
async fn a_request_that_states_two_hosts_is_nobodys() {
    let bed = Testbed::two().await;
    let browser = bed.browser(Network::Campus);
    for second in [OTHER_HOST, HOST] {
        let twice = [("host", http::HeaderValue::from_static(second))];
        let page = browser.request_with(http::Method::GET, "/portal", &twice, &[]).await;
        assert_eq!(page.status, 421, "{second}: {}", page.shows());
    }
}
