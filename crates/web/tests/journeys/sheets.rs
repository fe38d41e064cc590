//! A new sheet of recovery codes, made with a code of the old one.

use sekimori_login::Notice;
use sekimori_testbed::{Browser, Network, Page, Testbed};

use crate::common::TWO;
use crate::portal_changes::notices;

/// At home, with a printed code.
async fn at_home(bed: &Testbed, path: &str, code: usize) -> (Browser, Page) {
    let yuki = bed.person("yuki");
    let browser = bed.browser(Network::Home);
    let page = browser.open(path).await;
    let page = browser.sign_in_as(&page, yuki).await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = browser.submit(&page, &[("code", &yuki.recovery_codes[code])]).await;
    assert_eq!(page.url.path(), path, "{}", page.shows());
    (browser, page)
}

#[tokio::test]
async fn whoever_makes_a_new_sheet_with_a_code_of_the_old_one_is_not_asked_again() {
    let bed = Testbed::start().await;
    let (other, _) = at_home(&bed, "/portal", 0).await;
    bed.wait(60);
    let (browser, sheet) = at_home(&bed, "/portal/recovery-codes", 1).await;
    let after = browser.submit(&sheet, &[]).await;
    assert_eq!(after.url.path(), "/portal", "nothing is asked: {}", after.shows());
    assert!(after.text().contains("Your new recovery codes count"), "{}", after.text());
    // It is worth what it was, to services as well, and no more than that.
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in_with(&[("acr_values", TWO), ("prompt", "none")]);
    let page = browser.open(&sign_in.url).await;
    assert_eq!(wiki.redeem(&sign_in, &page).await.claim("acr"), TWO);
    // Another browser that has shown a code of the old sheet shows something that still counts.
    assert!(other.open("/portal").await.asks("code"));
    let sign_in = wiki.sign_in_with(&[("acr_values", TWO), ("prompt", "none")]);
    let page = other.open(&sign_in.url).await;
    assert_eq!(wiki.error(&sign_in, &page), "interaction_required");
}

#[tokio::test]
async fn this_was_not_me_ends_what_was_handed_on_to_the_new_sheet() {
    let bed = Testbed::start().await;
    let (thief, sheet) = at_home(&bed, "/portal/recovery-codes", 0).await;
    let after = thief.submit(&sheet, &[]).await;
    assert_eq!(after.url.path(), "/portal", "{}", after.shows());
    let told = notices(&bed).await;
    let made = told.iter().find(|message| message.notice == Notice::RecoveryCodesMade).unwrap();
    let owner = bed.browser(Network::Cafe);
    let page = owner.open(&bed.flow.not_me_path(&bed.tenant(), made).unwrap()).await;
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "It is suspended", "{}", page.shows());
    let page = thief.open("/portal").await;
    assert!(page.asks("username"), "{}", page.shows());
    let page = thief.sign_in_as(&page, bed.person("yuki")).await;
    assert_ne!(page.url.path(), "/portal", "no proof is left: {}", page.shows());
}
