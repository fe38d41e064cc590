//! What requests may cost: the write budget, counted.

use sekimori_testbed::{Network, Testbed};

use crate::common::{again, asking, at};

#[tokio::test]
async fn requests_before_a_credential_write_nothing() {
    let bed = Testbed::start().await;
    let before = bed.cost();
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    for page in [
        begun.browser.open(&begun.sign_in.url).await,
        begun.browser.submit(&begun.page, &[("username", "taro")]).await,
        begun.browser.submit(&begun.page, &[("username", "")]).await,
        begun.browser.submit(&begun.page, &[("username", "nobody at all")]).await,
        begun.browser.open(&format!("{}&lang=ja", begun.page.url)).await,
        begun.browser.open("/login").await,
        begun.browser.open("/login?r=nonsense").await,
        begun.browser.open("/login?c=nonsense").await,
        begun.browser.open("/login/att_nonsense").await,
        begun.browser.open("/login/att_00000000000000000000000000?use=password").await,
        begun.browser.open("/nowhere").await,
        begun.browser.open("/oidc/logout").await,
        begun.browser.open("/.well-known/openid-configuration").await,
        begun.browser.open("/oidc/jwks").await,
        begun.browser.post_only("/login", &[]).await,
        begun.browser.post_only("/login", &[("code", "123456"), ("method", "totp")]).await,
        begun.browser.post_only("/oidc/token", &[("grant_type", "authorization_code")]).await,
        begun.browser.post_only("/oidc/revoke", &[("token", "x")]).await,
        begun.browser.post_only("/oidc/introspect", &[("token", "x")]).await,
        begun.browser.open("/oidc/userinfo").await,
    ] {
        assert_ne!(page.status, 500, "{}", page.shows());
    }
    assert_eq!(bed.cost_since(before).writes, 0);
    assert_eq!(bed.cost_since(before).hashes, 0);
}

#[tokio::test]
async fn refusals_before_a_credential_are_written_within_a_budget() {
    let begun = at("closed", Network::Home).await;
    let before = begun.bed.cost();
    let mut kept = 0;
    for _ in 0..100 {
        let page = begun.browser.open(&begun.sign_in.url).await;
        kept += u64::from(page.incident().is_some());
        assert_eq!(page.reason().as_deref(), Some("req.service_disabled"));
    }
    let writes = begun.bed.cost_since(before).writes;
    assert_eq!(writes, kept, "a line for each code and no more");
    assert!(writes <= 20, "{writes}");
    begun.bed.wait(60);
    let page = begun.browser.open(&begun.sign_in.url).await;
    assert!(page.incident().is_some(), "a minute later there is a budget again");
}

#[tokio::test]
async fn each_step_of_a_sign_in_costs_what_the_budget_says() {
    let begun = asking("wiki", Network::Home, &[("scope", "openid offline_access")]).await;
    let bed = &begun.bed;
    let page = begun.browser.submit(&begun.page, &[("username", "taro")]).await;
    let mut before = bed.cost();
    let mut spent = || {
        let cost = bed.cost_since(before);
        before = bed.cost();
        (cost.writes, cost.hashes)
    };
    let password = bed.person("taro").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    assert_eq!(spent(), (2, 1), "a password: the reservation, and what follows");
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    assert_eq!(
        spent(),
        (1, 0),
        "one more for a further credential, the code for the service in it"
    );
    let tokens = begun.tokens(&page).await;
    assert_eq!(spent(), (1, 0), "redeeming the code");
    let reply = begun.service.refresh(&tokens.refresh.expect("a refresh token")).await;
    assert_eq!(spent(), (1, 0), "a refresh");
    begun.service.userinfo(reply.text("access_token").unwrap_or_default()).await;
    begun.service.introspect(&tokens.access).await;
    assert_eq!(spent(), (0, 0), "userinfo and introspection");
    let (sign_in, page) = begun.next("wiki", &[]).await;
    assert_eq!(spent(), (1, 0), "single sign-on");
    begun.service.redeem(&sign_in, &page).await;
    assert_eq!(spent(), (1, 0));
}

#[tokio::test]
async fn what_programs_ask_for_themselves_writes_nothing() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let tokens = begun.tokens(&page).await;
    let bed = &begun.bed;
    let (robot, key) = (bed.service("robot"), bed.robot());
    let before = bed.cost();
    let reply = key.token(&robot, &key.assertion(&key.claims(&robot, "one"))).await;
    let own = reply.text("access_token").expect("a token of its own");
    let introspected = begun.service.introspect(&tokens.access).await;
    assert_eq!(introspected.json["active"], true);
    for reply in [
        begun.service.userinfo(&tokens.access).await,
        begun.service.userinfo(own).await,
        begun.service.introspect("no token").await,
        begun.service.send("GET", "/.well-known/openid-configuration", None, &[]).await,
        begun.service.send("GET", "/.well-known/oauth-authorization-server", None, &[]).await,
        begun.service.send("GET", "/oidc/jwks", None, &[]).await,
    ] {
        assert!(reply.status != 500 && reply.status != 404, "{:?}", reply.json);
    }
    let cost = bed.cost_since(before);
    assert_eq!((cost.writes, cost.hashes), (0, 0));
}

#[tokio::test]
async fn a_sign_in_on_campus_is_two_transactions_up_to_the_code() {
    let begun = at("wiki", Network::Campus).await;
    let before = begun.bed.cost();
    let page = begun.password("hana").await;
    assert!(page.is_away());
    let cost = begun.bed.cost_since(before);
    assert_eq!((cost.writes, cost.hashes), (2, 1));
}

#[tokio::test]
async fn throttled_submits_are_written_within_the_budget_only() {
    let begun = at("wiki", Network::Home).await;
    let mut page = begun.browser.sign_in(&begun.page, "taro", "wrong").await;
    for number in 0..9 {
        begun.bed.wait(1);
        let word = format!("wrong {number}");
        page = begun.browser.submit(&page, &[("password", &word)]).await;
    }
    begun.bed.wait(1);
    let before = begun.bed.cost();
    for _ in 0..60 {
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let fresh = begun.browser.sign_in(&fresh, "taro", "wrong").await;
        assert_eq!(fresh.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    }
    let cost = begun.bed.cost_since(before);
    assert!(cost.writes <= 40, "{}", cost.writes);
    assert_eq!(cost.hashes, 0);
}
