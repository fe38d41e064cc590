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

/// Have a request certified; the page that follows.
async fn certified(browser: &Browser, request: &str) -> Page {
    let form = browser.open("/portal/certificates/request").await;
    browser.submit(&form, &[("request", request), ("label", "server room")]).await
}

#[tokio::test]
async fn whoever_keeps_the_key_gets_a_certificate_for_it_and_no_file() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    // As browsers send the lines of a field.
    let request = bed.certificate_request().replace('\n', "\r\n");
    let form = browser.open("/portal/certificates/request").await;
    let fields = [("request", request.as_str()), ("label", "server room")];
    let list = browser.submit(&form, &fields).await;
    assert!(list.text().contains("Your key is certified"), "{}", list.shows());
    assert!(list.text().contains("server room"));
    let again = browser.submit(&form, &fields).await;
    assert_eq!(again.url, list.url, "sent twice");
    let all = of(&bed, "hana").await;
    assert_eq!(all.len(), 1);
    let serial = all[0].serial.to_string().replace(':', "");
    let document = browser.open_only(&format!("/portal/certificates/pem/{serial}")).await;
    assert_eq!(document.status, StatusCode::OK);
    let text = document.body;
    assert_eq!(text.matches("BEGIN CERTIFICATE-----").count(), 2, "{text}");
    assert!(!text.contains("PRIVATE"));
    // There never was a file.
    let page = browser.open(&format!("/portal/certificates/issued/{serial}")).await;
    assert_eq!(page.url.path(), "/portal/certificates");
    // It is told to its owner alone.
    let (his, _) = inside(&bed, "rika").await;
    let other = his.open_only(&format!("/portal/certificates/pem/{serial}")).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_its_reason_and_nothing_is_issued() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    let good = bed.certificate_request();
    let private = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----";
    let lines: Vec<&str> = good.trim().lines().collect();
    let cut = [&lines[..2], &lines[3..]].concat().join("\n");
    let long = format!("{good}{}", "A".repeat(20_000));
    // Another letter in the middle of the signature.
    let mut changed: Vec<char> = good.chars().collect();
    let at = good.find("-----END").expect("its end") - 12;
    changed[at] = if changed[at] == 'A' { 'B' } else { 'A' };
    let changed: String = changed.into_iter().collect();
    for (request, said) in [
        ("", "not a certificate request"),
        ("<script>alert(1)</script>", "not a certificate request"),
        (cut.as_str(), "not a certificate request"),
        (private, "This is a private key"),
        (long.as_str(), "much longer"),
        (changed.as_str(), "not signed by its own key"),
    ] {
        let page = certified(&browser, request).await;
        assert!(page.text().contains(said), "{said}: {}", page.shows());
        assert!(page.title().starts_with("Error: "), "{}", page.title());
        assert!(!page.body.contains("alert(1)"));
    }
    assert!(of(&bed, "hana").await.is_empty());
    let odd = browser.open("/portal/certificates/request?refused=anything").await;
    assert!(!odd.title().starts_with("Error: "), "{}", odd.title());
}

#[tokio::test]
async fn a_renewal_leaves_the_old_one_while_there_is_room_and_takes_its_place_otherwise() {
    let bed = with_authority().await;
    let (browser, _) = inside(&bed, "hana").await;
    issued(&browser, "phone").await;
    let old = of(&bed, "hana").await[0].serial;
    let list = browser.open("/portal/certificates").await;
    let form = browser.click(&list, "Renew").await;
    assert!(form.text().contains("keeps working"), "{}", form.shows());
    let page = browser.submit(&form, &[]).await;
    pin(&page);
    let all = of(&bed, "hana").await;
    assert!(all.iter().all(|one| one.label == "phone" && one.revoked.is_none()), "{all:?}");

    bed.change_site(|site| site.certificates.good_max = 2).await;
    let renew = format!("/portal/certificates/renew/{}", old.to_string().replace(':', ""));
    let form = browser.open(&renew).await;
    assert!(form.text().contains("the old one stops working"), "{}", form.shows());
    let page = browser.submit(&form, &[]).await;
    pin(&page);
    let twice = browser.submit(&form, &[]).await;
    assert_eq!(twice.url, page.url);
    let all = of(&bed, "hana").await;
    assert_eq!(all.len(), 3);
    let replaced: Vec<_> = all.iter().filter(|one| one.revoked.is_some()).collect();
    assert_eq!((replaced.len(), replaced[0].serial), (1, old));
    // What is over is not renewed, and nobody renews somebody else's.
    assert_eq!(browser.open(&renew).await.url.path(), "/portal/certificates");
    let (his, _) = inside(&bed, "rika").await;
    let serial = all.iter().find(|one| one.revoked.is_none()).unwrap().serial;
    let hers = format!("/portal/certificates/renew/{}", serial.to_string().replace(':', ""));
    assert_eq!(his.open(&hers).await.url.path(), "/portal/certificates");
    assert!(of(&bed, "rika").await.is_empty());
}

#[tokio::test]
async fn a_first_certificate_that_counts_here_is_not_asked_for_before_it_can_be_had() {
    let bed = Testbed::start().await.with_certificates().await;
    let (browser, _) = inside(&bed, "rika").await;
    let page = issued(&browser, "laptop").await;
    let shown = pin(&page);
    assert_eq!(file(&browser, &page).await.status, StatusCode::OK);
    let list = browser.submit(&page, &[]).await;
    assert!(list.text().contains("laptop") && !list.text().contains(&shown), "{}", list.shows());
}

#[tokio::test]
async fn this_was_not_me_revokes_the_certificate_that_the_notice_is_about_and_no_other() {
    let bed = with_authority().await;
    let (hers, _) = inside(&bed, "hana").await;
    issued(&hers, "her own").await;
    bed.notices().await;
    let before = of(&bed, "hana").await;
    let (thief, _) = inside(&bed, "hana").await;
    issued(&thief, "the thief's").await;
    let told = notices(&bed).await;
    let notice = told.iter().rfind(|told| told.notice == Notice::CertificateIssued).unwrap();
    let new: Vec<_> = of(&bed, "hana").await.into_iter().map(|one| one.serial).collect();
    assert!(notice.about.certificate.is_some_and(|serial| new.contains(&serial)));
    let link = bed.flow.not_me_path(&bed.tenant(), notice).unwrap();

    let owner = bed.browser(Network::Cafe);
    let page = owner.open(&link).await;
    assert!(page.text().contains("The new certificate will be revoked"), "{}", page.text());
    let good = |all: Vec<ShownCertificate>| {
        let good = all.into_iter().filter(|one| one.revoked.is_none());
        good.map(|one| one.serial).collect::<Vec<_>>()
    };
    assert_eq!(good(of(&bed, "hana").await).len(), 2, "scanners open links");
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "The certificate is revoked", "{}", page.shows());
    assert!(page.forms().is_empty(), "once: {}", page.text());
    let left = good(of(&bed, "hana").await);
    assert_eq!(left, good(before), "never the old one");
    assert!(thief.open("/portal").await.asks("username"), "sessions have ended");
    let told = notices(&bed).await;
    assert!(told.iter().any(|told| told.notice == Notice::CertificateRevoked), "{told:?}");
    let again = owner.speaking("ja").open(&link).await;
    assert!(again.text().contains("証明書を失効させました"), "{}", again.text());
}
