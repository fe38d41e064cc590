//! Making, naming and removing passkeys.

use sekimori_directory::Binding;
use sekimori_login::FactorState;
use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{Authenticator, Manner, Network, Testbed};

use crate::common::at;
use crate::passkeys::{asked, honest, make, passkeys, show};
use crate::portal::inside;

#[tokio::test]
async fn a_passkey_is_named_by_its_browser_renamed_and_removed() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/passkey").await;
    let mut device = make(&browser, &page).await;
    let label = || async { passkeys(&bed, "hana").await[0].label.clone() };
    assert_eq!(label().await, "", "the testbed's browser says nothing of itself");
    let factor = passkeys(&bed, "hana").await[0].facts.id;
    let page = browser.open(&format!("/portal/factor/rename/{factor}")).await;
    let page = browser.submit(&page, &[("label", "  Work\n laptop ")]).await;
    assert!(page.text().contains("Passkey \"Work laptop\""), "{}", page.shows());
    assert_eq!(label().await, "Work laptop");
    let page = browser.open(&format!("/portal/factor/remove/{factor}")).await;
    // Whoever has a factor shows it before one goes.
    let answer = device.sign(&asked(&page), &honest());
    let page = browser.submit(&page, &[("passkey", &answer)]).await;
    // The sheet of codes was made with it: they are what is left.
    assert!(page.text().contains("only your recovery codes are left"), "{}", page.shows());
    let page = browser.press(&page, "decision", "remove").await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert!(passkeys(&bed, "hana").await.is_empty());
}

#[tokio::test]
async fn what_a_browser_made_wrongly_is_not_registered() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/passkey").await;
    for (case, manner) in [
        ("another origin", Manner { origin: "https://evil.example".to_owned(), ..honest() }),
        ("another challenge", Manner { challenge: Some(vec![1; 32]), ..honest() }),
        ("holder not verified", Manner { verified: false, ..honest() }),
        ("cut off", Manner { truncated: 20, ..honest() }),
    ] {
        let (_, answer) = Authenticator::make(&asked(&page), &manner);
        let again = browser.submit(&page, &[("passkey", &answer)]).await;
        assert!(again.failed() && again.text().contains("nothing was registered"), "{case}");
        assert!(again.passkey().is_some(), "{case}: and it can be tried again");
    }
    let (_, answer) = Authenticator::make(&asked(&page), &honest());
    bed.wait(301);
    let late = browser.submit(&page, &[("passkey", &answer)]).await;
    assert!(late.failed(), "{}", late.shows());
    assert!(passkeys(&bed, "hana").await.is_empty());
    make(&browser, &late).await;
    let twice = browser.submit(&page, &[("passkey", &answer)]).await;
    assert_eq!(passkeys(&bed, "hana").await.len(), 1, "{}", twice.shows());
    assert_eq!(passkeys(&bed, "hana").await[0].facts.state, FactorState::Ready);
}

#[tokio::test]
async fn nobody_registers_what_is_somebody_elses() {
    let bed = Testbed::start().await;
    let (hers, _) = inside(&bed, "hana").await;
    let page = hers.open("/portal/passkey").await;
    let (_, answer) = Authenticator::make(&asked(&page), &honest());
    let challenge = page.form().value("challenge").unwrap().to_owned();
    // Her answer on his page, with her challenge or his.
    let (his, _) = inside(&bed, "rika").await;
    let other = his.open("/portal/passkey").await;
    for fields in [
        vec![("passkey", answer.as_str())],
        vec![("passkey", answer.as_str()), ("challenge", challenge.as_str())],
    ] {
        let refused = his.submit(&other, &fields).await;
        assert!(refused.failed(), "{}", refused.shows());
    }
    assert!(passkeys(&bed, "rika").await.is_empty());
    // And a page of hers opens for nobody else.
    let stolen = his.open(page.url.as_str()).await;
    assert_ne!(stolen.url.query(), page.url.query(), "{}", stolen.shows());
}

#[tokio::test]
async fn a_password_alone_registers_no_passkey_outside() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let away = browser.at(Network::Vpn);
    let page = away.open("/portal/passkey").await;
    assert!(page.passkey().is_none() && page.asks("ticket"), "{}", page.shows());
    // Nor does a page that was opened inside.
    let page = browser.open("/portal/passkey").await;
    let (_, answer) = Authenticator::make(&asked(&page), &honest());
    let taken_away = away.submit(&page, &[("passkey", &answer)]).await;
    assert!(passkeys(&bed, "hana").await.is_empty(), "{}", taken_away.shows());
}

#[tokio::test]
async fn somebody_refused_outside_registers_a_passkey_with_a_ticket() {
    let begun = at("wiki", Network::Home).await;
    let bed = &begun.bed;
    let ticket = bed.ticket(bed.person("hana").id, TicketPurpose::Factor).await;
    let page = begun.password("hana").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"));
    let page = begun.browser.click(&page, "ticket").await;
    let page = begun.browser.submit(&page, &[("ticket", &ticket)]).await;
    let page = begun.browser.click(&page, "passkey instead").await;
    let (mut device, answer) = Authenticator::make(&asked(&page), &honest());
    let sheet = begun.browser.submit(&page, &[("passkey", &answer)]).await;
    let page = begun.browser.submit(&sheet, &[]).await;
    assert_eq!(page.url.path(), "/login", "{}", page.shows());
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    assert_eq!(passkeys(bed, "hana").await[0].facts.binding, Binding::Ticket);
}
