//! The connection check: open to everybody, and nothing of anybody in it.

use http::{Method, StatusCode};
use sekimori_testbed::{Network, Testbed};

const CHECK: &str = "/check";

#[tokio::test]
async fn it_names_the_network_the_longest_range_and_the_kind_of_address_and_writes_nothing() {
    let bed = Testbed::start().await;
    let before = bed.cost();
    for (network, says) in [
        (Network::Campus, ["on the campus network", "IPv4", "192.0.2.0/24"]),
        (Network::CampusSix, ["on the campus network", "IPv6", "2001:db8:1::/48"]),
        (Network::Eduroam, ["eduroam", "IPv4", "192.0.2.128/25"]),
        (Network::Home, ["outside the campus network", "IPv4", "no range that is listed here"]),
        (Network::Unknown, ["at an unknown place", "no range", "did not reach us"]),
    ] {
        let page = bed.browser(network).open(CHECK).await;
        assert_eq!(page.status, StatusCode::OK);
        for words in says {
            assert!(page.text().contains(words), "{network:?}: {words}: {}", page.text());
        }
    }
    let japanese = bed.browser(Network::Eduroam).speaking("ja").open(CHECK).await;
    assert!(japanese.text().contains("接続の確認"), "{}", japanese.shows());
    assert_eq!(bed.cost_since(before).writes, 0);
}

#[tokio::test]
async fn a_cookie_is_set_and_looked_for_without_a_script() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let page = browser.open(CHECK).await;
    let page = browser.submit(&page, &[]).await;
    assert!(page.url.path().starts_with("/check/cookies/"), "{}", page.url);
    assert_eq!(page.url.query(), None);
    assert!(page.text().contains("one was set, and it came back"), "{}", page.shows());
    let blocking = bed.browser(Network::Home).without_cookies();
    let page = blocking.open(CHECK).await;
    let page = blocking.submit(&page, &[]).await;
    assert!(page.text().contains("it did not come back"), "{}", page.shows());
    // Opened again when the cookie is gone, or by somebody who tried nothing: it says nothing about their browser.
    let address = page.url.path().to_owned();
    let again = blocking.open(&address).await;
    assert!(again.text().contains("it did not come back"), "{}", again.shows());
    bed.wait(60);
    for address in
        [&address, "/check/cookies/0", "/check/cookies/soon", "/check/cookies/-9223372036854775808"]
    {
        let page = bed.browser(Network::Home).open(address).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains("looks whether it comes back"), "{address}: {}", page.shows());
    }
}

#[tokio::test]
async fn nothing_that_a_browser_sends_is_shown_again() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    for address in ["/check?marked=marked-query", "/check/cookies/0?r=marked-query"] {
        let page = browser.open(address).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("marked-query"), "{}", page.shows());
        // What this browser says that it is.
        assert!(!page.body.contains("Testbed/1.0"), "{}", page.shows());
        assert!(page.text().contains("We do not know your browser by name"), "{}", page.shows());
    }
    let page = browser.post_from("https://evil.example", CHECK, &[]).await;
    assert_eq!(page.reason().as_deref(), Some("req.cross_site"), "{}", page.shows());
    assert_eq!(browser.cookie("check"), None);
    let page = browser.request(Method::POST, CHECK, b"marked=marked-form").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(page.location().is_some_and(|url| url.path().starts_with("/check/cookies/")));
}

#[tokio::test]
async fn every_page_of_a_sign_in_and_every_failure_leads_there() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Campus);
    for address in ["/portal", "/oidc/authorize?client_id=nobody", "/nowhere", "/help", CHECK] {
        let page = browser.open(address).await;
        let leads = page.links().iter().any(|(href, _)| href == CHECK);
        assert!(leads, "{address}: {}", page.shows());
    }
    let portal = browser.open("/portal").await;
    let portal = browser.sign_in_as(&portal, bed.person("hana")).await;
    assert_eq!(portal.url.path(), "/portal", "{}", portal.shows());
    let check = browser.click(&portal, "Check your connection").await;
    for known in ["hana", "Hana"] {
        assert!(!check.body.contains(known), "nobody is named: {}", check.shows());
    }
}
