//! Registering an app in the portal: what goes wrong on the way, and calling it off.

use http::StatusCode;
use sekimori_testbed::{Network, Testbed};

use crate::portal::inside;
use crate::portal_changes::{app_of, register};

#[tokio::test]
async fn a_wrong_code_of_a_new_app_leads_to_a_page_that_can_be_shown_again() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let first = browser.open("/portal/totp").await;
    let sent = browser.submit_only(&first, &[("code", "000000")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.shows());
    let page = browser.submit(&first, &[("code", "000000")]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_wrong"), "{}", page.shows());
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    let code = page.incident().expect("a code");
    let entry = bed.incident(&code).await.expect("it is kept");
    assert_eq!(entry.line.event, "enrol.refused");
    assert!(page.text().contains("campus network"), "where it was: {}", page.text());
    assert!(page.text().contains("Nothing is registered yet"), "{}", page.text());
    assert!(!page.text().contains("password is right"), "none was entered: {}", page.text());
    let again = browser.open(page.url.as_str()).await;
    assert_eq!(again.incident().as_deref(), Some(code.as_str()), "{}", again.shows());
    let japanese = browser.click(&page, "日本語").await;
    assert!(japanese.title().starts_with("エラー"), "{}", japanese.title());
    assert_eq!(app_of(&page).code(bed.now()), app_of(&first).code(bed.now()), "the same secret");
    // Left empty: nothing was tried, and there is nothing to ask about.
    let empty = browser.submit(&page, &[("code", " ")]).await;
    assert_eq!(empty.reason().as_deref(), None, "{}", empty.shows());
    assert!(empty.title().starts_with("エラー"), "{}", empty.title());
    register(&bed, &browser, &empty).await;
    let history = browser.open("/portal").await.text();
    assert!(history.contains("登録未完了"), "{history}");
    assert!(!history.contains("サインイン未完了"), "{history}");
}

#[tokio::test]
async fn a_proof_asked_for_before_a_change_can_be_called_off() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "mei").await;
    let page = browser.open("/portal/totp").await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = browser.click(&page, "Cancel").await;
    assert_eq!((page.url.path(), page.status), ("/portal", StatusCode::OK), "{}", page.shows());
    bed.wait(20 * 60);
    let page = browser.open("/portal/password").await;
    assert!(page.asks("password"), "{}", page.shows());
    let page = browser.click(&page, "Cancel").await;
    assert_eq!((page.url.path(), page.status), ("/portal", StatusCode::OK), "{}", page.shows());
    // A sign-in that was not begun in the portal has nothing to go back to.
    let page = bed.browser(Network::Home).open("/portal/password").await;
    assert!(page.links().iter().all(|(_, text)| !text.contains("Cancel")), "{:?}", page.links());
}
