//! Signing in, as the rules for one's network ask.

use sekimori_testbed::{Network, Testbed};

#[tokio::test]
async fn hana_signs_in_on_campus_with_her_password_alone() {
    let bed = Testbed::start().await;
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in();
    let browser = bed.browser(Network::Campus);
    let page = browser.open(&sign_in.url).await;
    assert!(page.asks("username"), "{}", page.shows());
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    let tokens = wiki.redeem(&sign_in, &page).await;
    assert_eq!(tokens.claim("acr"), "https://refeds.org/profile/sfa");
    assert_eq!(tokens.amr(), ["pwd"]);
}
