//! Forms that were not taken: answered by a redirect to a page that says why, as often as it is shown; and forms whose
//! browser goes away.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use http::{Method, StatusCode};
use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{Browser, Network, Page, Testbed};

use crate::portal::inside;

/// A password that the rules take.
const NEW: &str = "five gentle rivers under a paper moon";

/// Send a form that is not taken: the page that says so.
async fn refused(browser: &Browser, page: &Page, fields: &[(&str, &str)], says: &str) -> Page {
    let sent = browser.submit_only(page, fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.shows());
    let there = sent.location().expect("an address");
    let said = browser.open(there.as_str()).await;
    assert!(said.failed() && said.text().contains(says), "{}", said.text());
    assert!(said.title().starts_with("Error: "), "{}", said.title());
    let again = browser.open(there.as_str()).await;
    assert_eq!((again.text(), again.incident()), (said.text(), said.incident()), "reloaded");
    said
}

/// The same page says nothing to another browser, and later nothing any more.
async fn is_said_here_and_now(bed: &Testbed, browser: &Browser, said: &Page) {
    let japanese = browser.open(&format!("{}&lang=ja", said.url)).await;
    assert!(japanese.failed() && japanese.language() == "ja", "{}", japanese.text());
    browser.open(&format!("{}&lang=en", said.url)).await;
    let other = bed.browser(Network::Campus);
    other.open("/login").await;
    let told = other.open(said.url.as_str()).await;
    assert!(!told.failed(), "{}", told.text());
}

async fn at_the_ticket(bed: &Testbed, name: &str) -> (Browser, Page, String) {
    let ticket = bed.ticket(bed.person(name).id, TicketPurpose::Password).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/ticket").await;
    (browser, page, ticket)
}

#[tokio::test]
async fn a_ticket_that_is_not_taken_is_answered_by_an_address_that_says_why() {
    let bed = Testbed::start().await;
    let (browser, page, ticket) = at_the_ticket(&bed, "hana").await;
    let wrong = [("username", "hana"), ("ticket", "0000-0000-0000")];
    let said = refused(&browser, &page, &wrong, "does not fit").await;
    assert!(said.incident().is_some());
    assert_eq!(said.form().value("username"), Some("hana"), "kept");
    is_said_here_and_now(&bed, &browser, &said).await;
    refused(&browser, &said, &[("username", ""), ("ticket", "")], "").await;
    bed.wait(601);
    assert!(!browser.open(said.url.as_str()).await.failed(), "that was long ago");
    let right = [("username", "hana"), ("ticket", ticket.as_str())];
    let page = browser.submit(&said, &right).await;
    assert_eq!(page.url.path(), "/ticket/password", "{}", page.shows());
}

#[tokio::test]
async fn a_new_password_that_is_not_taken_is_answered_by_an_address_that_says_why() {
    let bed = Testbed::start().await;
    let (browser, page, ticket) = at_the_ticket(&bed, "kenji").await;
    let page = browser.submit(&page, &[("username", "kenji"), ("ticket", &ticket)]).await;
    let said = refused(&browser, &page, &[("new_password", "short")], "needs 15 or more").await;
    is_said_here_and_now(&bed, &browser, &said).await;
    let wrong = [("code", "000000"), ("new_password", NEW)];
    refused(&browser, &said, &wrong, "code").await;

    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/password").await;
    let said = refused(&browser, &page, &[("new_password", "short")], "needs 15 or more").await;
    let page = browser.submit(&said, &[("new_password", NEW)]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn a_ticket_for_an_app_that_is_not_taken_is_answered_by_an_address_that_says_why() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/ticket").await;
    let said = refused(&browser, &page, &[("ticket", "0000-0000-0000")], "does not fit").await;
    is_said_here_and_now(&bed, &browser, &said).await;
    // Without a session, on the page that refused them.
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in_as(&page, bed.person("hana")).await;
    let page = home.click(&page, "ticket").await;
    let said = refused(&home, &page, &[("ticket", "0000-0000-0000")], "does not fit").await;
    let ticket = bed.ticket(bed.person("hana").id, TicketPurpose::Factor).await;
    bed.wait(2);
    let page = home.submit(&said, &[("ticket", &ticket)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
}

/// A request whose browser goes away when its handler has been woken so many times.
async fn goes_away(request: impl Future<Output = Page>, times: usize) {
    let (mut request, mut left) = (pin!(request), times);
    poll_fn(|context| {
        left -= 1;
        match request.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            Poll::Pending | Poll::Ready(_) => Poll::Ready(()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_goes_away_while_its_ticket_is_looked_at_leaves_no_guess_behind() {
    for times in 1..=8 {
        let bed = Testbed::start().await;
        let (browser, page, ticket) = at_the_ticket(&bed, "hana").await;
        let wrong = [("username", "hana"), ("ticket", "0000-0000-0000")];
        goes_away(browser.submit_only(&page, &wrong), times).await;
        let (insider, _) = inside(&bed, "rika").await;
        let app = insider.open("/portal/ticket").await;
        goes_away(insider.submit_only(&app, &[("ticket", "0000-0000-0000")]), times).await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;

        bed.wait(2);
        let right = [("username", "hana"), ("ticket", ticket.as_str())];
        let page = browser.submit(&page, &right).await;
        assert_eq!(page.url.path(), "/ticket/password", "{times}: {}", page.shows());
        let ticket = bed.ticket(bed.person("rika").id, TicketPurpose::Factor).await;
        let page = insider.submit(&app, &[("ticket", &ticket)]).await;
        assert_eq!(page.url.path(), "/portal/totp", "{times}: {}", page.shows());
    }
}

#[tokio::test]
async fn programs_are_refused_in_json_and_people_in_words_of_both_languages() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let endpoints = ["/oidc/token", "/oidc/userinfo", "/oidc/introspect", "/oidc/revoke"];
    let huge = vec![b'x'; 70_000];
    for path in endpoints {
        for (method, body, status) in [
            (Method::DELETE, &b""[..], StatusCode::METHOD_NOT_ALLOWED),
            (Method::POST, &huge[..], StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let answer = browser.request(method, path, body).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.shows());
            let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(said["error"], "invalid_request", "{path}");
            assert!(said["error_description"].is_string(), "{path}");
            if status == StatusCode::METHOD_NOT_ALLOWED {
                let allowed = answer.headers["allow"].to_str().unwrap();
                assert!(allowed.contains("POST"), "{path}: {allowed}");
            }
        }
    }
    for path in ["/oidc/token", "/oidc/introspect", "/oidc/revoke"] {
        let opened = browser.open(path).await;
        assert_eq!(opened.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let said: serde_json::Value = serde_json::from_str(&opened.body).unwrap();
        assert_eq!(said["error"], "invalid_request", "{path}");
    }
    let page = browser.request(Method::POST, "/login", &huge).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("nothing was looked at") && page.body.contains("長すぎる"));
    let page = browser.request(Method::DELETE, "/oidc/authorize", b"").await;
    assert_eq!(page.reason().as_deref(), Some("req.wrong_method"), "{}", page.shows());
}
