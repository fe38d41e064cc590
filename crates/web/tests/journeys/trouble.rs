//! The troubleshooter: it starts where the browser stopped, and without that it is a tree that anybody can read.

use http::StatusCode;
use sekimori_testbed::{Network, Testbed};

use crate::common::at;

#[tokio::test]
async fn from_the_page_that_could_not_go_on_it_asks_only_what_nobody_else_can_see() {
    for (language, text, question, action) in [
        ("en", "User name and password do not fit together", "Have you forgotten it?", "Try again"),
        (
            "ja",
            "ユーザー名とパスワードの組み合わせを確認できません",
            "パスワードをお忘れですか",
            "もう一度試す",
        ),
    ] {
        let bed = Testbed::start().await;
        let browser = bed.browser(Network::Home).speaking(language);
        let page = browser.open("/portal").await;
        let page = browser.submit(&page, &[("username", "hana")]).await;
        let page = browser.submit(&page, &[("password", "not hers")]).await;
        let code = page.incident().expect("a code");
        let from_here = format!("/help?code={code}");
        assert!(page.body.contains(&format!("href=\"{from_here}\"")), "{}", page.shows());
        let help = browser.open(&from_here).await;
        for words in [text, question, action] {
            assert!(help.text().contains(words), "{words}: {}", help.shows());
        }
        // What the server knows is not asked: nothing of other kinds of trouble stands there.
        assert!(!help.body.contains("?topic="), "{}", help.shows());
        for way in ["/check#check-keyboard", "/ticket", "/portal"] {
            assert!(help.body.contains(&format!("href=\"{way}\"")), "{way}: {}", help.shows());
        }
    }
}

#[tokio::test]
async fn the_browser_remembers_where_it_stopped_and_another_one_does_not() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("hana").await;
    let code = page.incident().expect("a code");
    let help = begun.browser.open("/help").await;
    assert!(help.text().contains(&code), "{}", help.shows());
    assert!(help.body.contains(&format!("href=\"/help?code={code}\"")), "{}", help.shows());
    let told = begun.browser.open(&format!("/help?code={code}")).await;
    assert!(told.text().contains("Have you never registered a proof?"), "{}", told.shows());
    let other = begun.bed.browser(Network::Home).open("/help").await;
    assert!(!other.text().contains(&code) && !other.text().contains("has the code"));
}

#[tokio::test]
async fn a_cookie_that_is_no_code_is_not_shown() {
    let begun = at("wiki", Network::Home).await;
    begun.password("hana").await;
    let browser = &begun.browser;
    let before = begun.bed.cost();
    for planted in ["marked", "7K3M-9QTX-0", "%3Cb%3E"] {
        browser.tamper("incident", planted);
        let help = browser.open("/help").await;
        assert_eq!(help.status, StatusCode::OK);
        assert!(!help.body.contains(planted) && !help.text().contains("has the code"));
    }
    assert_eq!(begun.bed.cost_since(before).writes, 0);
}

#[tokio::test]
async fn without_a_code_it_is_a_tree_of_what_pages_say() {
    let bed = Testbed::start().await;
    for (language, ways) in [
        (
            "en",
            [
                ("My user name or password is not taken", "This account is switched off"),
                ("I am asked for a proof", "Nothing is registered for use outside yet"),
                ("The certificate does not work", "Did you choose the right one of several?"),
            ],
        ),
        (
            "ja",
            [
                ("パスワードが受け付けられない", "このアカウントは停止されています"),
                ("登録していない確認方法を求められる", "学外用の確認方法が登録されていません"),
                ("証明書が使えない", "証明書がいくつもある場合、正しいものを選びましたか"),
            ],
        ),
    ] {
        let browser = bed.browser(Network::Home).speaking(language);
        let help = browser.open("/help").await;
        for (topic, says) in ways {
            let page = browser.click(&help, topic).await;
            assert!(page.text().contains(says), "{says}: {}", page.shows());
            // What nobody may read on a page stands on none.
            assert!(!page.text().contains("is held for its owner's safety"));
        }
        let page = browser.open("/help?topic=marked").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text().contains("marked") && page.text().contains(ways[0].0));
    }
}
