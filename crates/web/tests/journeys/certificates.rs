//! Client certificates in the portal: got, kept for minutes, revoked; by nobody else.

use http::{Method, StatusCode};
use sekimori_directory::{Binding, PersonState};
use sekimori_flow::certificates::ShownCertificate;
use sekimori_login::Notice;
use sekimori_testbed::{Browser, Network, Page, Testbed, Write};

use crate::portal::inside;
use crate::portal_changes::notices;

/// A server whose organisation has an authority.
async fn with_authority() -> Testbed {
    let bed = Testbed::start().await;
    bed.make_authority().await;
    bed
}

async fn of(bed: &Testbed, name: &str) -> Vec<ShownCertificate> {
    let id = bed.person(name).id;
    bed.flow.certificates_of(&bed.tenant(), id).await.unwrap()
}

/// On to the page with the PIN.
async fn issued(browser: &Browser, label: &str) -> Page {
    let page = browser.open("/portal/certificates/new").await;
    let page = browser.submit(&page, &[("label", label)]).await;
    assert!(page.url.path().starts_with("/portal/certificates/issued/"), "{}", page.shows());
    page
}

fn pin(page: &Page) -> String {
    let text = page.text();
    let is_pin = |word: &&str| word.len() == 24 && word.matches('-').count() == 4;
    text.split_whitespace().find(is_pin).expect("a PIN").to_owned()
}

async fn file(browser: &Browser, page: &Page) -> Page {
    let address = format!("{}/file", page.url.path());
    browser.request(Method::GET, &address, b"").await
}

#[tokio::test]
async fn a_certificate_comes_with_a_file_and_a_pin_that_are_gone_when_they_are_saved() {
    let bed = with_authority().await;
    let (browser, page) = inside(&bed, "hana").await;
    let page = browser.click(&page, "Client certificates").await;
    assert!(page.text().contains("You have no certificate"), "{}", page.shows());
    let page = browser.click(&page, "Get a certificate").await;
    let page = browser.submit(&page, &[("label", "  Work\n laptop ")]).await;
    let shown = pin(&page);
    let download = file(&browser, &page).await;
    assert_eq!(download.status, StatusCode::OK);
    assert!(!download.body.is_empty());
    let again = browser.open(page.url.path()).await;
    assert_eq!(pin(&again), shown, "a reload shows it again");
    assert_eq!(file(&browser, &page).await.body, download.body);
    let certificates = of(&bed, "hana").await;
    assert_eq!((certificates.len(), certificates[0].label.as_str()), (1, "Work laptop"));
    let notice = notices(&bed).await.pop().expect("a notice");
    assert_eq!(notice.notice, Notice::CertificateIssued);

    let list = browser.submit(&page, &[]).await;
    assert!(list.text().contains("no longer kept"), "{}", list.shows());
    assert!(list.text().contains("Work laptop") && list.text().contains("good"));
    let gone = browser.open(page.url.path()).await;
    assert_eq!(gone.url.path(), "/portal/certificates");
    assert!(!gone.text().contains(&shown));
    assert_ne!(file(&browser, &page).await.status, StatusCode::OK);
    let front = browser.open("/portal").await;
    assert!(front.text().contains("A client certificate was issued"), "{}", front.text());
}

#[tokio::test]
async fn file_and_pin_are_gone_after_ten_minutes() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = issued(&browser, "").await;
    bed.wait(590);
    assert_eq!(file(&browser, &page).await.status, StatusCode::OK);
    bed.wait(11);
    assert_ne!(file(&browser, &page).await.status, StatusCode::OK);
    let page = browser.open(page.url.path()).await;
    assert_eq!(page.url.path(), "/portal/certificates", "{}", page.shows());
}

#[tokio::test]
async fn a_form_that_is_sent_twice_issues_once() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    let form = browser.open("/portal/certificates/new").await;
    let first = browser.submit(&form, &[("label", "one")]).await;
    let second = browser.submit(&form, &[("label", "one")]).await;
    assert_eq!(first.url, second.url);
    assert_eq!(pin(&first), pin(&second));
    assert_eq!(of(&bed, "hana").await.len(), 1);
    let forged = browser.submit(&form, &[("token", "x"), ("label", "two")]).await;
    assert_eq!(forged.url.path(), "/portal/certificates/new");
    let odd = browser.submit(&form, &[("once", "x")]).await;
    assert_eq!(odd.url.path(), "/portal/certificates/new");
    assert_eq!(of(&bed, "hana").await.len(), 1);
}

#[tokio::test]
async fn whoever_has_a_factor_shows_it_and_whoever_has_none_is_where_one_may_register() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "kenji").await;
    let page = browser.open("/portal/certificates/new").await;
    assert!(page.asks("code"), "{}", page.shows());
    let code = bed.person("kenji").app.as_ref().unwrap().code(bed.now());
    let page = browser.submit(&page, &[("code", &code)]).await;
    let page = browser.submit(&page, &[("label", "phone")]).await;
    pin(&page);
    let serial = of(&bed, "kenji").await[0].serial;
    let number = sekimori_store_serial(&serial);
    let stored = bed.flow.store.certificate(bed.first().id, number).await.unwrap().unwrap();
    assert_ne!(stored.binding, Binding::InsideWithPassword);

    let browser = bed.browser(Network::Vpn);
    let page = browser.open("/portal/certificates/new").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    assert_eq!(page.reason().as_deref(), Some("enrol.not_here"), "{}", page.shows());
    assert!(of(&bed, "hana").await.is_empty());
}

fn sekimori_store_serial(
    serial: &sekimori_flow::certificates::Serial,
) -> sekimori_testbed::CertificateSerial {
    sekimori_testbed::CertificateSerial::from_bytes(serial.bytes()).unwrap()
}

#[tokio::test]
async fn nobody_gets_or_revokes_what_is_somebody_elses() {
    let bed = with_authority().await;
    let (hers, _) = inside(&bed, "hana").await;
    let page = issued(&hers, "").await;
    let serial = page.url.path().rsplit('/').next().unwrap().to_owned();
    // Another session of her own does not see it either.
    let (elsewhere, _) = inside(&bed, "hana").await;
    assert_eq!(elsewhere.open(page.url.path()).await.url.path(), "/portal/certificates");
    assert_ne!(file(&elsewhere, &page).await.status, StatusCode::OK);
    let (his, _) = inside(&bed, "rika").await;
    let other = his.open(page.url.path()).await;
    assert_eq!(other.url.path(), "/portal/certificates");
    assert_ne!(file(&his, &page).await.status, StatusCode::OK);
    let revoke = format!("/portal/certificates/revoke/{serial}");
    let refused = his.open(&revoke).await;
    assert_eq!(refused.url.path(), "/portal/certificates");
    // A token of his own, for her certificate.
    let own = issued(&his, "").await;
    let token = own.form().value("token").unwrap().to_owned();
    his.post_only(&revoke, &[("token", &token), ("decision", "revoke")]).await;
    assert!(of(&bed, "hana").await[0].revoked.is_none());
    his.post_only(page.url.path(), &[("token", &token)]).await;
    assert_eq!(file(&hers, &page).await.status, StatusCode::OK, "still hers");
}

#[tokio::test]
async fn one_is_revoked_after_a_question_and_told() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    let issued = issued(&browser, "phone").await;
    let list = browser.open("/portal/certificates").await;
    let asked = browser.click(&list, "Revoke").await;
    assert!(asked.text().contains("cannot be undone"), "{}", asked.shows());
    assert!(of(&bed, "hana").await[0].revoked.is_none(), "asking revokes nothing");
    let list = browser.press(&asked, "decision", "revoke").await;
    assert!(list.text().contains("The certificate is revoked"), "{}", list.shows());
    assert!(of(&bed, "hana").await[0].revoked.is_some());
    let notice = notices(&bed).await.pop().expect("a notice");
    assert_eq!(notice.notice, Notice::CertificateRevoked);
    let again = browser.press(&asked, "decision", "revoke").await;
    assert_eq!(again.url.path(), "/portal/certificates", "{}", again.shows());
    // With it went the file that was still kept.
    assert_ne!(file(&browser, &issued).await.status, StatusCode::OK);
    let gone = browser.open(issued.url.path()).await;
    assert_eq!(gone.url.path(), "/portal/certificates", "{}", gone.shows());
}

#[tokio::test]
async fn as_many_as_one_may_have_and_no_more() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    for label in ["one", "two"] {
        issued(&browser, label).await;
    }
    let form = browser.open("/portal/certificates/new").await;
    let last = browser.submit(&form, &[("label", "three")]).await;
    let twice = browser.submit(&form, &[("label", "three")]).await;
    assert_eq!(pin(&last), pin(&twice), "the last one that one may have");
    let page = browser.open("/portal/certificates/new").await;
    assert_eq!(page.url.path(), "/portal/certificates");
    assert!(page.text().contains("no more can be held"), "{}", page.shows());
    bed.change_site(|site| {
        site.certificates.groups.insert(sekimori_directory::Group::parse("staff-only").unwrap());
    })
    .await;
    let page = browser.open("/portal/certificates/new").await;
    assert!(page.text().contains("No certificate can be issued"), "{}", page.shows());
}

#[tokio::test]
async fn all_end_with_the_account() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    issued(&browser, "one").await;
    issued(&browser, "two").await;
    let state = PersonState::Disabled { since: bed.now() };
    bed.write(vec![Write::PersonStateSet { person: bed.person("hana").id, state }]).await;
    assert!(of(&bed, "hana").await.iter().all(|one| one.revoked.is_some()));
}

#[tokio::test]
async fn without_an_authority_there_is_nothing_to_see() {
    let bed = Testbed::start().await;
    let (browser, page) = inside(&bed, "hana").await;
    assert!(!page.text().contains("ertificate"), "{}", page.text());
    for path in ["/portal/certificates", "/portal/certificates/new"] {
        assert_eq!(browser.open(path).await.url.path(), "/portal", "{path}");
    }
}
