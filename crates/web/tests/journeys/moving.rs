//! Somebody who is elsewhere in the middle of a sign-in, or whose other tab was quicker: what is needed is decided anew,
//! and whoever needs nothing more is at their service.

use sekimori_testbed::{Network, Page, SignIn, Testbed};

use crate::common::{Begun, ONE, TWO, again, at, code};

/// Somebody at home who has shown name and password and is asked for a code.
async fn at_the_code() -> (Begun, Page) {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    assert!(page.asks("code"), "{}", page.shows());
    (begun, page)
}

/// The tokens of a sign-in, and that the session stands: a silent request is answered.
async fn arrived(begun: &Begun, network: Network, page: &Page) -> String {
    let tokens = begun.tokens(page).await;
    let browser = begun.browser.at(network);
    let silent = begun.service.sign_in_with(&[("prompt", "none")]);
    let answer = browser.open(&silent.url).await;
    begun.service.redeem(&silent, &answer).await;
    tokens.claim("acr").to_owned()
}

#[tokio::test]
async fn whoever_comes_to_campus_at_the_code_is_let_in_whatever_the_form_says() {
    for case in ["right", "wrong", "empty", "other", "reload"] {
        let (begun, page) = at_the_code().await;
        let browser = begun.browser.at(Network::Campus);
        let right = begun.code("taro");
        let page = match case {
            "right" => browser.submit(&page, &[("code", &right)]).await,
            "wrong" => browser.submit(&page, &[("code", "000000")]).await,
            "empty" => browser.submit(&page, &[("code", "")]).await,
            "other" => {
                let address = format!("{}?use=recovery_code", page.url.path());
                browser.open(&address).await
            }
            _ => browser.open(page.url.as_str()).await,
        };
        assert!(page.is_away(), "{case}: {}", page.shows());
        assert_eq!(arrived(&begun, Network::Campus, &page).await, ONE, "{case}");
        // The code that nobody needed is not spent.
        let later = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
        let page = later.password("taro").await;
        let page = later.browser.submit(&page, &[("code", &right)]).await;
        assert_eq!(later.tokens(&page).await.claim("acr"), TWO, "{case}");
    }
}

#[tokio::test]
async fn the_account_page_opens_for_whoever_comes_to_campus_at_the_code() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("taro")).await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = browser.at(Network::Campus).submit(&page, &[("code", "000000")]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn tabs_at_the_code_reach_their_services_when_one_of_them_has_shown_it() {
    let bed = Testbed::start().await;
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let taro = begun.bed.person("taro");
    let mut tabs: Vec<(SignIn, Page)> = Vec::new();
    for _ in 0..4 {
        let (sign_in, page) = begun.next("wiki", &[]).await;
        let page = begun.browser.sign_in_as(&page, taro).await;
        assert!(page.asks("code"), "{}", page.shows());
        tabs.push((sign_in, page));
    }
    let right = code(&begun.bed, "taro");
    for ((sign_in, page), typed) in tabs.into_iter().zip([&right[..], "000000", "", &right[..]]) {
        let page = begun.browser.submit(&page, &[("code", typed)]).await;
        assert!(page.is_away(), "{typed:?}: {}", page.shows());
        let tokens = begun.service.redeem(&sign_in, &page).await;
        assert_eq!(tokens.claim("acr"), TWO, "{typed:?}");
    }
}

#[tokio::test]
async fn a_field_left_empty_in_a_second_tab_goes_on_with_the_session() {
    let begun = at("wiki", Network::Campus).await;
    let waiting = begun.browser.submit(&begun.page, &[("username", "rika")]).await;
    let (app, page) = begun.next("app", &[]).await;
    let page = begun.browser.sign_in_as(&page, begun.bed.person("rika")).await;
    begun.bed.service("app").redeem(&app, &page).await;
    let page = begun.browser.submit(&waiting, &[("password", "")]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_change_of_address_within_a_place_is_not_noticed() {
    let begun = at("wiki", Network::Campus).await;
    let six = begun.browser.at(Network::CampusSix);
    let page = six.submit(&begun.page, &[("username", "taro")]).await;
    let password = begun.bed.person("taro").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    assert_eq!(arrived(&begun, Network::CampusSix, &page).await, ONE);

    let begun = at("wiki", Network::Home).await;
    let six = begun.browser.at(Network::Cafe);
    let page = six.submit(&begun.page, &[("username", "taro")]).await;
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    assert!(page.asks("code"), "{}", page.shows());
    let right = begun.code("taro");
    let page = six.submit(&page, &[("code", &right)]).await;
    assert_eq!(arrived(&begun, Network::Home, &page).await, TWO);
}

#[tokio::test]
async fn a_service_that_asks_silently_again_and_again_gets_its_answer_and_no_page() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("rika").await;
    begun.tokens(&page).await;
    let mut refused = 0;
    for _ in 0..14 {
        let (sign_in, page) = begun.next("wiki", &[("prompt", "none")]).await;
        assert!(page.is_away(), "{}", page.shows());
        if page.param("error").is_some() {
            assert_eq!(begun.service.error(&sign_in, &page), "access_denied");
            refused += 1;
        }
    }
    assert!(refused > 0, "the loop is noticed");
}
