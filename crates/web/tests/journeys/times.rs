//! When a wrong password is answered: at one time for everybody, as an imported hash may cost more than a decoy.

use std::time::Duration;

use sekimori_testbed::Network;
use tokio::time::Instant;

use crate::common::{Begun, again, at};

const HELD: Duration = Duration::from_secs(1);

/// How long the answer to this password takes.
async fn time(begun: &Begun, name: &str, password: &str) -> (Duration, sekimori_testbed::Page) {
    let page = begun.browser.submit(&begun.page, &[("username", name)]).await;
    let before = Instant::now();
    let page = begun.browser.submit(&page, &[("password", password)]).await;
    (before.elapsed(), page)
}

#[tokio::test]
async fn a_wrong_password_is_answered_no_sooner_whoever_it_was_meant_for() {
    let first = at("wiki", Network::Campus).await;
    first.bed.change_site(|site| site.password.wrong_password_millis = 1_000).await;
    let held = first.bed.person("haru").password.clone();
    for (name, password) in [("hana", "wrong"), ("nobody", "wrong"), ("haru", held.as_str())] {
        let begun = again(first.bed.clone(), "wiki", Network::Campus, &[]).await;
        let (took, page) = time(&begun, name, password).await;
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
        assert!(took >= HELD, "{name}: {took:?}");
    }
    first.bed.wait(2);
    let (took, page) = time(&first, "hana", &first.bed.person("hana").password).await;
    first.tokens(&page).await;
    assert!(took < HELD, "a right one is not held: {took:?}");
}

#[tokio::test]
async fn a_second_submit_of_a_wrong_password_hears_of_it_no_sooner() {
    let begun = at("wiki", Network::Campus).await;
    begun.bed.change_site(|site| site.password.wrong_password_millis = 1_000).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let before = Instant::now();
    let submit = || begun.browser.submit(&page, &[("password", "wrong")]);
    let (one, other) = tokio::join!(async { (submit().await, before.elapsed()) }, async {
        (submit().await, before.elapsed())
    },);
    for (page, took) in [one, other] {
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
        assert!(took >= HELD, "{took:?}");
    }
}

/// Of codes that are sent at once one is counted. The others are weighed before anybody knows: their answers come no
/// sooner than at one time, or that time would tell which of them is right.
#[tokio::test]
async fn a_code_that_was_not_counted_is_answered_at_one_time() {
    let begun = at("wiki", Network::Home).await;
    begun.bed.change_site(|site| site.password.wrong_password_millis = 1_000).await;
    let page = begun.password("taro").await;
    assert!(page.asks("code"), "{}", page.shows());
    let answered = |code: &'static str| {
        let (begun, page, before) = (&begun, &page, Instant::now());
        async move {
            begun.browser.submit_only(page, &[("code", code)]).await;
            before.elapsed()
        }
    };
    let (one, other) = tokio::join!(answered("000000"), answered("000001"));
    assert!(one.max(other) >= Duration::from_secs(1), "{one:?} {other:?}");
    assert!(one.min(other) < Duration::from_secs(1), "{one:?} {other:?}");
}
