//! What somebody tries with a passkey, a challenge or an answer that is not for this.

use sekimori_directory::{Method, PersonState};
use sekimori_login::Notice;
use sekimori_testbed::{Authenticator, HOST, Manner, Network, OTHER_HOST, Page, Testbed, Write};

use crate::common::{Begun, again};
use crate::passkeys::{asked, honest, make, passkeys, show};
use crate::portal::inside;
use crate::portal_changes::notices;

async fn with_passkey(bed: &Testbed, name: &str) -> Authenticator {
    let (browser, _) = inside(bed, name).await;
    let page = browser.open("/portal/passkey").await;
    make(&browser, &page).await
}

async fn home(bed: &Testbed) -> Begun {
    again(bed.clone(), "wiki", Network::Home, &[]).await
}

fn challenge(page: &Page) -> String {
    page.form().value("challenge").expect("a challenge").to_owned()
}

#[tokio::test]
async fn a_passkey_of_another_organisation_is_nobodys_there() {
    let bed = Testbed::two().await;
    let mut device = with_passkey(&bed, "hana").await;
    let there = bed.service_of(bed.second(), "wiki");
    let origin = format!("https://{OTHER_HOST}");
    let asks = format!("\"rpId\":\"{OTHER_HOST}\"");
    for relying_party in [None, Some(HOST.to_owned())] {
        let browser = bed.browser(Network::Home);
        let page = browser.open(&there.sign_in().url).await;
        assert!(asked(&page).contains(&asks), "{}", asked(&page));
        let manner = Manner { relying_party, ..Manner::at(&origin) };
        let answer = device.sign(&asked(&page), &manner);
        let page = browser.submit(&page, &[("passkey", &answer)]).await;
        assert_eq!(page.reason().as_deref(), Some("passkey.unknown"), "{}", page.shows());
    }
    // A challenge of one organisation is none at the other.
    let begun = home(&bed).await;
    let browser = bed.browser(Network::Home);
    let page = browser.open(&there.sign_in().url).await;
    let answer = device.sign(&asked(&page), &honest());
    let foreign = challenge(&page);
    let fields = [("passkey", answer.as_str()), ("challenge", foreign.as_str())];
    let page = begun.browser.submit(&begun.page, &fields).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert!(page.is_away(), "at home it is good: {}", page.shows());
}

#[tokio::test]
async fn a_challenge_of_registering_signs_nobody_in_and_none_of_signing_in_registers() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let making = browser.open("/portal/passkey").await;
    let mut device = make(&browser, &making).await;
    let making = browser.open("/portal/passkey").await;
    let sign_in = bed.service("wiki").sign_in_with(&[("prompt", "login")]);
    let signing = browser.open(&sign_in.url).await;
    // One browser, one person, one site: only the purpose differs.
    let here = Manner { relying_party: Some(HOST.to_owned()), ..honest() };
    let asked_to_make = challenge(&making);
    let answer = device.sign(&asked(&making), &here);
    let fields = [("passkey", answer.as_str()), ("challenge", asked_to_make.as_str())];
    let page = browser.submit(&signing, &fields).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let asked_to_sign = challenge(&signing);
    let (_, answer) = Authenticator::make(&asked(&signing), &here);
    let fields = [("passkey", answer.as_str()), ("challenge", asked_to_sign.as_str())];
    let page = browser.submit(&making, &fields).await;
    assert!(page.failed(), "{}", page.shows());
    assert_eq!(passkeys(&bed, "hana").await.len(), 1);
}

#[tokio::test]
async fn one_passkey_is_one_persons() {
    let bed = Testbed::start().await;
    let mut hers = with_passkey(&bed, "hana").await;
    let (his, _) = inside(&bed, "rika").await;
    let page = his.open("/portal/passkey").await;
    // The same credential id on his own page, with her key and with another one.
    let mut forged = hers.forged();
    for answer in
        [forged.register(&asked(&page), &honest()), hers.register(&asked(&page), &honest())]
    {
        let page = his.submit(&page, &[("passkey", &answer)]).await;
        assert_eq!(page.url.path(), "/portal/passkey", "{}", page.shows());
        assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
        assert!(passkeys(&bed, "rika").await.is_empty());
    }
    // Hers still leads to her, and says so itself.
    let begun = home(&bed).await;
    let page = show(&begun, &begun.page, &mut hers, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "it names him: {}", page.shows());
    assert_eq!(passkeys(&bed, "hana").await[0].last_step, Some(1));
}

#[tokio::test]
async fn a_challenge_of_the_step_before_does_not_fit_the_next_one() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let begun = home(&bed).await;
    let (first, old) = (device.sign(&asked(&begun.page), &honest()), challenge(&begun.page));
    let page = begun.password("hana").await;
    assert!(asked(&page).contains(&device.id()), "{}", page.shows());
    let fields = [("passkey", first.as_str()), ("challenge", old.as_str())];
    let refused = begun.browser.submit(&page, &fields).await;
    assert_eq!(refused.reason().as_deref(), Some("passkey.refused"), "{}", refused.shows());
    let page = show(&begun, &refused, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn an_account_that_is_switched_off_is_told_so_after_its_passkey_alone() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let (person, state) = (bed.person("hana").id, PersonState::Disabled { since: bed.now() });
    bed.write(vec![Write::PersonStateSet { person, state }]).await;
    let begun = home(&bed).await;
    let wrong = Manner { challenge: Some(vec![1; 32]), ..honest() };
    let page = show(&begun, &begun.page, &mut device, &wrong).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("acct.disabled"), "{}", page.shows());
    assert!(!page.is_away());
}

#[tokio::test]
async fn whoever_gains_or_loses_a_passkey_is_told() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/passkey").await;
    let mut device = make(&browser, &page).await;
    let factor = passkeys(&bed, "hana").await[0].facts.id;
    let page = browser.open(&format!("/portal/factor/remove/{factor}")).await;
    let answer = device.sign(&asked(&page), &honest());
    let page = browser.submit(&page, &[("passkey", &answer)]).await;
    let page = browser.press(&page, "decision", "remove").await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    let told = notices(&bed).await;
    for notice in [Notice::FactorAdded, Notice::FactorRemoved] {
        let of = told.iter().filter(|message| message.notice == notice);
        let about: Vec<_> = of.map(|message| message.about.method).collect();
        assert_eq!(about, [Some(Method::Passkey)], "{notice:?}");
    }
}

#[tokio::test]
async fn one_page_sent_many_times_at_once_is_one_sign_in() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let begun = home(&bed).await;
    let answer = device.sign(&asked(&begun.page), &honest());
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let (browser, page, answer) = (begun.browser.clone(), begun.page.clone(), answer.clone());
        tasks.push(tokio::spawn(
            async move { browser.submit(&page, &[("passkey", &answer)]).await },
        ));
    }
    let mut places = std::collections::BTreeSet::new();
    for task in tasks {
        let page = task.await.expect("no panic");
        assert!(page.is_away(), "{}", page.shows());
        places.insert(page.url.to_string());
    }
    assert_eq!(places.len(), 1, "all hear what the first led to: {places:?}");
    assert_eq!(passkeys(&bed, "hana").await[0].last_step, Some(2), "used once");
}
