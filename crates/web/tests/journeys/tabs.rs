//! Tabs, history, bookmarks: pages of a sign-in that are met again later, or elsewhere.

use sekimori_testbed::Network;

use crate::common::at;

#[tokio::test]
async fn three_tabs_reach_three_services_after_one_sign_in() {
    let begun = at("wiki", Network::Campus).await;
    let (app, app_page) = begun.next("app", &[]).await;
    let (staff, staff_page) = begun.next("staffroom", &[]).await;
    // The second tab signs in; the others go on from the forms that they show.
    let rika = begun.bed.person("rika");
    let page = begun.browser.sign_in_as(&app_page, rika).await;
    begun.bed.service("app").redeem(&app, &page).await;
    let page = begun.browser.submit(&begun.page, &[("username", "rika")]).await;
    assert!(page.is_away(), "a name that the session fits needs no password: {}", page.shows());
    begun.tokens(&page).await;
    let page = begun.browser.open(staff_page.url.as_str()).await;
    begun.bed.service("staffroom").redeem(&staff, &page).await;
}

#[tokio::test]
async fn a_password_page_goes_on_by_itself_once_another_tab_has_signed_in() {
    let begun = at("wiki", Network::Campus).await;
    let waiting = begun.browser.submit(&begun.page, &[("username", "rika")]).await;
    assert!(waiting.asks("password"));
    let (app, app_page) = begun.next("app", &[]).await;
    let page = begun.browser.sign_in_as(&app_page, begun.bed.person("rika")).await;
    begun.bed.service("app").redeem(&app, &page).await;
    let page = begun.browser.open(waiting.url.as_str()).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_session_is_no_answer_for_another_name_nor_for_somebody_else() {
    let begun = at("wiki", Network::Campus).await;
    let (app, app_page) = begun.next("app", &[]).await;
    let page = begun.browser.sign_in_as(&app_page, begun.bed.person("rika")).await;
    begun.bed.service("app").redeem(&app, &page).await;
    for name in ["hana", "nobody-of-that-name"] {
        let page = begun.browser.submit(&begun.page, &[("username", name)]).await;
        assert!(page.asks("password"), "{name}: {}", page.shows());
    }
    // Who says that somebody else wants to sign in is asked, whatever name they type.
    let other = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let links = other.links();
    let (href, _) = links.iter().find(|(href, _)| href.starts_with("/login/switch")).expect("it");
    let page = begun.browser.open(href).await;
    let page = begun.browser.submit(&page, &[("username", "rika")]).await;
    assert!(page.asks("password"), "{}", page.shows());
}

#[tokio::test]
async fn tabs_that_are_hours_old_still_reach_their_services() {
    let begun = at("wiki", Network::Campus).await;
    let (app, app_page) = begun.next("app", &[]).await;
    begun.bed.wait(2 * 3600);
    let page = begun.browser.sign_in_as(&app_page, begun.bed.person("hana")).await;
    begun.bed.service("app").redeem(&app, &page).await;
    let page = begun.browser.open(begun.page.url.as_str()).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn back_and_reload_never_lose_the_way() {
    let begun = at("wiki", Network::Home).await;
    let name_page = begun.page.clone();
    let password_page = begun.browser.submit(&name_page, &[("username", "taro")]).await;
    // Reload, back, forward: pages by GET, nothing is sent again.
    assert!(begun.browser.open(password_page.url.as_str()).await.asks("password"));
    assert!(begun.browser.open(name_page.url.as_str()).await.asks("username"));
    let password = begun.bed.person("taro").password.clone();
    let code_page = begun.browser.submit(&password_page, &[("password", &password)]).await;
    assert!(begun.browser.open(code_page.url.as_str()).await.asks("code"));
    // Back to the password and once more: the form was answered before, and leads to the same place.
    let again = begun.browser.submit(&password_page, &[("password", &password)]).await;
    assert_eq!(again.url, code_page.url, "{}", again.shows());
    let done = begun.browser.submit(&again, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&done).await;
    // Back after the end leads to the service, which has taken its one answer: to its start, without another code.
    let home = "https://wiki.example.ac.jp/";
    for page in [&name_page, &password_page] {
        let after = begun.browser.open(page.url.as_str()).await;
        assert_eq!(after.url.as_str(), home, "{}", after.shows());
    }
    for (page, fields) in [
        (&name_page, [("username", "taro")]),
        (&password_page, [("password", password.as_str())]),
        (&again, [("code", "123456")]),
    ] {
        let after = begun.browser.submit(page, &fields).await;
        assert_eq!(after.url.as_str(), home, "{}", after.shows());
    }
    // The page of the code itself leads there as well, also a while later.
    for wait in [0, 120] {
        begun.bed.wait(wait);
        let after = begun.browser.open(code_page.url.as_str()).await;
        assert_eq!(after.url.as_str(), home, "after {wait} s: {}", after.shows());
    }
}

#[tokio::test]
async fn a_sign_in_goes_on_in_another_browser_where_its_address_was_opened() {
    let begun = at("wiki", Network::Campus).await;
    let password_page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    for (wait, page) in [(0, &begun.page), (30, &password_page), (300, &begun.page)] {
        begun.bed.wait(wait);
        let other = begun.bed.browser(Network::Campus);
        let page = other.open(page.url.as_str()).await;
        assert!(page.reason().is_none_or(|reason| reason.starts_with("ask.")), "{}", page.shows());
        assert!(page.text().contains("Wiki"), "it names the service: {}", page.text());
        assert!(page.way.len() <= 3, "two redirects at most: {:?}", page.way);
        // And from that browser on to a third.
        let third = begun.bed.browser(Network::Campus);
        begun.bed.wait(30);
        let page = third.open(page.url.as_str()).await;
        let page = if page.asks("username") {
            third.submit(&page, &[("username", "hana")]).await
        } else {
            page
        };
        let password = begun.bed.person("hana").password.clone();
        let page = third.submit(&page, &[("password", &password)]).await;
        begun.tokens(&page).await;
    }
}

#[tokio::test]
async fn a_bookmarked_page_of_yesterday_says_what_it_is_and_leads_to_the_service() {
    let begun = at("wiki", Network::Campus).await;
    begun.bed.wait(24 * 3600);
    let clean = begun.bed.browser(Network::Campus);
    let page = clean.open(begun.page.url.as_str()).await;
    assert_eq!(page.reason().as_deref(), Some("req.stale"), "{}", page.shows());
    assert!(page.text().contains("Wiki"), "it names the service: {}", page.text());
    let home = "https://wiki.example.ac.jp/";
    assert!(page.links().iter().any(|(href, _)| href == home), "{:?}", page.links());
    // In the browser that made it, a day later as well.
    let page = begun.browser.open(begun.page.url.as_str()).await;
    assert_eq!(page.reason().as_deref(), Some("req.stale"));
}
