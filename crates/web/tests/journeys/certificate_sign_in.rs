//! Signing in with a certificate as the one more proof. The certificate host is played by what its listener calls.

use sekimori_directory::{Binding, PersonState};
use sekimori_testbed::{Browser, Network, Page, Place, Plan, Testbed, Write};

use crate::common::{Begun, ONE, TWO, again};

/// Somebody comes from home to the library, where certificates are known.
async fn begun() -> Begun {
    again(Testbed::start().await.with_certificates().await, "wiki", Network::Home, &[]).await
}

/// Where the page leads to present a certificate: host and ticket.
fn way(page: &Page) -> (String, String) {
    let form = page.form();
    let rest = form.action.strip_prefix("https://").expect("https");
    let (host, path) = rest.split_once('/').expect("a path");
    assert_eq!(path, "present", "{}", page.shows());
    let host = host.to_owned();
    assert!(host.ends_with(".cert.login.example.ac.jp"), "{host}");
    (host, form.value("ticket").expect("a ticket").to_owned())
}

/// What the certificate host answers: the way back.
async fn presented(bed: &Testbed, page: &Page, certificate: Option<&[u8]>) -> String {
    let (host, ticket) = way(page);
    let back = bed.flow.certificate_presented(&bed.tenant(), &host, &ticket, certificate).await;
    back.expect("the database answers").expect("the way back")
}

async fn shown(bed: &Testbed, browser: &Browser, page: &Page, certificate: Option<&[u8]>) -> Page {
    browser.open(&presented(bed, page, certificate).await).await
}

/// The step that asks for a certificate.
async fn asked(begun: &Begun, name: &str) -> Page {
    let page = begun.password(name).await;
    if page.form().action.contains("/present") {
        return page;
    }
    begun.browser.press(&page, "method", "certificate").await
}

#[tokio::test]
async fn a_certificate_of_ours_is_the_one_more_proof() {
    let begun = begun().await;
    let certificate = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = asked(&begun, "hana").await;
    assert!(page.text().contains("Choose a certificate"), "{}", page.text());
    let before = begun.bed.cost();
    let back = presented(&begun.bed, &page, Some(&certificate)).await;
    assert_eq!(begun.bed.cost_since(before).writes, 0, "a certificate host writes nothing");
    let page = begun.browser.open(&back).await;
    let tokens = begun.tokens(&page).await;
    assert_eq!((tokens.claim("acr"), tokens.amr()), (TWO, vec!["pwd", "swk", "mfa"]));
    // The same way back once more hears what the first one led to, and opens nothing new.
    let again = begun.browser.open(&back).await;
    assert!(again.is_away(), "{}", again.shows());
}

#[tokio::test]
async fn each_try_leads_to_another_host_and_a_wrong_choice_can_be_made_good() {
    let begun = begun().await;
    let own = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let taros = begun.bed.certificate_of(begun.bed.person("taro").id).await;
    let page = asked(&begun, "hana").await;
    let (first, _) = way(&page);
    let page = shown(&begun.bed, &begun.browser, &page, Some(&taros)).await;
    assert_eq!(page.reason().as_deref(), Some("cert.other_person"), "{}", page.shows());
    let incident = page.incident().expect("an incident code");
    assert!(begun.bed.replays(&incident).await);
    let (second, _) = way(&page);
    assert_ne!(first, second);
    let page = shown(&begun.bed, &begun.browser, &page, Some(&own)).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), TWO);
}

#[tokio::test]
async fn whoever_has_an_app_as_well_is_asked_for_it_first_and_may_choose() {
    let begun = begun().await;
    begun.bed.certificate_of(begun.bed.person("taro").id).await;
    let page = begun.password("taro").await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = begun.browser.press(&page, "method", "certificate").await;
    let refused = shown(&begun.bed, &begun.browser, &page, None).await;
    assert_eq!(refused.reason().as_deref(), Some("cert.not_presented"), "{}", refused.shows());
    let other = begun.browser.press(&refused, "method", "totp").await;
    let code = begun.code("taro");
    let page = begun.browser.submit(&other, &[("code", &code)]).await;
    assert_eq!(begun.tokens(&page).await.amr(), ["otp", "pwd", "mfa"]);
}

#[tokio::test]
async fn each_fault_has_its_own_reason_and_the_other_ways_stay() {
    let begun = begun().await;
    let bed = &begun.bed;
    let hana = bed.person("hana").id;
    // One from before, which is over by now; then time goes on.
    let expired = bed.certificate_of(hana).await;
    bed.wait(26 * 31 * 86_400);
    bed.keep().await;
    let begun = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let bed = &begun.bed;
    let good = bed.certificate_of(hana).await;
    let revoked = bed.certificate_of(hana).await;
    bed.revoke(&revoked).await;
    let issuer = bed
        .tenant()
        .authorities
        .active()
        .expect("an authority")
        .authority
        .certificate()
        .der()
        .to_vec();
    let mut altered = good.clone();
    *altered.last_mut().expect("a byte") ^= 1;
    let stray = bed.stray_certificate("hana");
    let taros = bed.certificate_of(bed.person("taro").id).await;
    let rika = bed.person("rika").id;
    let former = bed.certificate_of(rika).await;
    let state = PersonState::Disabled { since: bed.now() };
    bed.write(vec![Write::PersonStateSet { person: rika, state }]).await;
    let mut page = asked(&begun, "hana").await;
    for (case, certificate, reason) in [
        ("none", None, "cert.not_presented"),
        ("no certificate at all", Some(&b"\x30\x03\x02\x01\x01"[..]), "cert.malformed"),
        ("altered", Some(&altered[..]), "cert.unknown_issuer"),
        ("of nobody that is known", Some(&stray[..]), "cert.unknown_issuer"),
        ("the authority's own", Some(&issuer[..]), "cert.unknown_issuer"),
        ("expired", Some(&expired[..]), "cert.expired"),
        ("revoked", Some(&revoked[..]), "cert.revoked"),
        ("somebody else's", Some(&taros[..]), "cert.other_person"),
        ("of a former account", Some(&former[..]), "cert.former_account"),
    ] {
        page = shown(bed, &begun.browser, &page, certificate).await;
        assert_eq!(page.reason().as_deref(), Some(reason), "{case}: {}", page.shows());
        assert!(page.text().contains("Your password is right"), "{case}: {}", page.text());
    }
    let page = shown(bed, &begun.browser, &page, Some(&good)).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), TWO, "nothing was counted");
}

#[tokio::test]
async fn one_of_which_the_registry_knows_nothing_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sekimori.db");
    let place = Place::Sqlite { path: path.clone() };
    let bed = Testbed::with(Plan { place, ..Plan::default() }).await.with_certificates().await;
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let hana = begun.bed.person("hana").id;
    let forgotten = begun.bed.certificate_of(hana).await;
    // As after a backup was restored that is older than the certificate.
    let database = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(database.execute("DELETE FROM certificate", []).unwrap(), 1);
    let good = begun.bed.certificate_of(hana).await;
    let page = asked(&begun, "hana").await;
    let page = shown(&begun.bed, &begun.browser, &page, Some(&forgotten)).await;
    assert_eq!(page.reason().as_deref(), Some("cert.unknown_to_issuer"), "{}", page.shows());
    let page = shown(&begun.bed, &begun.browser, &page, Some(&good)).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn one_that_was_bound_with_a_password_alone_counts_for_no_level() {
    let bed = Testbed::start().await.with_certificates().await;
    let hana = bed.person("hana").id;
    let weak = bed.certificate_bound(hana, Binding::InsideWithPassword).await;
    let strong = bed.certificate_of(hana).await;
    let begun = again(bed, "wiki", Network::Home, &[("acr_values", TWO)]).await;
    let page = asked(&begun, "hana").await;
    let page = shown(&begun.bed, &begun.browser, &page, Some(&weak)).await;
    assert_eq!(page.reason().as_deref(), Some("cert.not_registered"), "{}", page.shows());
    let page = shown(&begun.bed, &begun.browser, &page, Some(&strong)).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), TWO);
    let plain = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = asked(&plain, "hana").await;
    let page = shown(&plain.bed, &plain.browser, &page, Some(&weak)).await;
    assert_eq!(plain.tokens(&page).await.claim("acr"), ONE, "for the site itself it is enough");
}

#[tokio::test]
async fn one_that_is_not_valid_yet_is_told_so() {
    let begun = begun().await;
    let hana = begun.bed.person("hana").id;
    let good = begun.bed.certificate_of(hana).await;
    begun.bed.wait(40 * 86_400);
    let later = begun.bed.certificate_of(hana).await;
    begun.bed.wait(-39 * 86_400);
    let begun = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = asked(&begun, "hana").await;
    let page = shown(&begun.bed, &begun.browser, &page, Some(&later)).await;
    assert_eq!(page.reason().as_deref(), Some("cert.not_yet_valid"), "{}", page.shows());
    let page = shown(&begun.bed, &begun.browser, &page, Some(&good)).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn what_is_revoked_between_presenting_and_coming_back_is_refused() {
    let begun = begun().await;
    let hana = begun.bed.person("hana").id;
    let (certificate, other) =
        (begun.bed.certificate_of(hana).await, begun.bed.certificate_of(hana).await);
    let page = asked(&begun, "hana").await;
    let back = presented(&begun.bed, &page, Some(&certificate)).await;
    begun.bed.revoke(&certificate).await;
    let page = begun.browser.open(&back).await;
    assert_eq!(page.reason().as_deref(), Some("cert.revoked"), "{}", page.shows());
    let page = shown(&begun.bed, &begun.browser, &page, Some(&other)).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn a_session_that_stands_on_a_revoked_certificate_is_asked_for_more() {
    let begun = begun().await;
    let certificate = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = asked(&begun, "hana").await;
    let page = shown(&begun.bed, &begun.browser, &page, Some(&certificate)).await;
    begun.tokens(&page).await;
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.is_away(), "the session is enough: {}", page.shows());
    begun.bed.revoke(&certificate).await;
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(!page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn whoever_has_lost_the_only_certificate_has_had_a_factor() {
    let begun = begun().await;
    let hana = begun.bed.person("hana").id;
    let certificate = begun.bed.certificate_of(hana).await;
    begun.bed.revoke(&certificate).await;
    let page = begun.password("hana").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_left"), "{}", page.shows());
    let rika = begun.bed.person("rika").id;
    begun.bed.change_site(|site| site.certificates.hosts = None).await;
    let certificate = begun.bed.certificate_of(rika).await;
    begun.bed.revoke(&certificate).await;
    let begun = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = begun.password("rika").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "one for the Wi-Fi is none");
}

#[tokio::test]
async fn a_session_steps_up_with_a_certificate() {
    let bed = Testbed::start().await.with_certificates().await;
    let begun = again(bed, "wiki", Network::Campus, &[]).await;
    let certificate = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = begun.password("hana").await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE);
    let (sign_in, page) = begun.next("wiki", &[("acr_values", TWO)]).await;
    let done = shown(&begun.bed, &begun.browser, &page, Some(&certificate)).await;
    let tokens = begun.service.redeem(&sign_in, &done).await;
    assert_eq!((tokens.claim("acr"), tokens.amr()), (TWO, vec!["pwd", "swk", "mfa"]));
    // The same page once more leads to nothing new.
    let again = shown(&begun.bed, &begun.browser, &page, Some(&certificate)).await;
    assert!(again.is_away() && again.param("code").is_none(), "{}", again.shows());
}

#[tokio::test]
async fn a_step_up_survives_a_wrong_choice() {
    let bed = Testbed::start().await.with_certificates().await;
    let begun = again(bed, "wiki", Network::Campus, &[]).await;
    let certificate = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = begun.password("hana").await;
    begun.tokens(&page).await;
    let (sign_in, page) = begun.next("wiki", &[("acr_values", TWO)]).await;
    let refused = shown(&begun.bed, &begun.browser, &page, None).await;
    assert_eq!(refused.reason().as_deref(), Some("cert.not_presented"), "{}", refused.shows());
    let done = shown(&begun.bed, &begun.browser, &refused, Some(&certificate)).await;
    assert_eq!(begun.service.redeem(&sign_in, &done).await.claim("acr"), TWO);
}

#[tokio::test]
async fn a_way_there_or_back_of_somebody_else_is_worth_nothing() {
    let begun = begun().await;
    let bed = &begun.bed;
    let hana = bed.person("hana").id;
    let certificate = bed.certificate_of(hana).await;
    let page = asked(&begun, "hana").await;
    let (host, ticket) = way(&page);
    let tenant = bed.tenant();
    let ask = async |host: &str, ticket: &str| {
        bed.flow.certificate_presented(&tenant, host, ticket, Some(&certificate)).await.unwrap()
    };
    let other = format!("{:032x}.cert.login.example.ac.jp", 7);
    assert_eq!(ask(&other, &ticket).await, None, "another host");
    assert_eq!(ask("login.example.ac.jp", &ticket).await, None, "the main host");
    assert_eq!(ask(&host, "x").await, None);
    assert_eq!(ask(&host, &ticket[1..]).await, None);
    let back = ask(&host, &ticket).await.expect("the way back");
    // The victim's way back in another browser, even one that is at the same step.
    let thief = again(bed.clone(), "wiki", Network::Home, &[]).await;
    asked(&thief, "hana").await;
    let stolen = thief.browser.open(&back).await;
    assert!(!stolen.is_away() && !stolen.asks("code"), "{}", stolen.shows());
    let blind = bed.browser(Network::Home).open(&back).await;
    assert!(!blind.is_away(), "{}", blind.shows());
    // A way back is no way there, and no way there a way back.
    let text = back.split_once("found=").expect("an outcome").1.to_owned();
    assert_eq!(ask(&host, &text).await, None);
    let address = format!("/login/certificate?found={ticket}");
    assert!(!begun.browser.open(&address).await.is_away());
    // Too late.
    bed.wait(61);
    let late = begun.browser.open(&back).await;
    assert_eq!(late.reason().as_deref(), Some("cert.stale"), "{}", late.shows());
    bed.wait(241);
    assert_eq!(ask(&host, &ticket).await, None, "the page is too old");
}

#[tokio::test]
async fn another_sign_in_of_the_same_browser_gains_nothing_by_it() {
    let begun = begun().await;
    let certificate = begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = asked(&begun, "hana").await;
    let back = presented(&begun.bed, &page, Some(&certificate)).await;
    let (_, fresh) = begun.next("wiki", &[]).await;
    assert!(fresh.asks("username") || fresh.asks("password"), "{}", fresh.shows());
    let page = begun.browser.open(&back).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn where_there_are_no_hosts_nobody_is_asked_for_a_certificate() {
    let begun = begun().await;
    begun.bed.change_site(|site| site.certificates.hosts = None).await;
    begun.bed.certificate_of(begun.bed.person("hana").id).await;
    let page = begun.password("hana").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
    assert!(!page.text().contains("ertificate"), "{}", page.text());
}
