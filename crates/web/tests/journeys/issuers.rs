//! Signing in with a certificate of another authority: whom it names by the rule of its time, each of its faults, and
//! what happens while its revocation list cannot be had.

use std::sync::Arc;

use sekimori_base::Timestamp;
use sekimori_directory::settings::{
    CertificateHosts, CertificateIssuer, IssuerName, Moment, ZoneName,
};
use sekimori_directory::{Group, MailAddress};
use sekimori_testbed::{
    CERTIFICATE_HOSTS, Elsewhere, ExtendedKeyUsagePurpose, Network, Page, Says, Testbed, Write,
};

use crate::common::{Begun, TWO, again};

const DAY: i64 = 86_400;

/// A site that takes certificates of `elsewhere` and has no authority of its own; its list is here.
async fn taking(
    elsewhere: &Elsewhere,
    bed: Testbed,
    identities: &[&str],
    change: impl FnOnce(&mut CertificateIssuer),
) -> Testbed {
    let mut issuer = elsewhere.settings(identities);
    change(&mut issuer);
    bed.change_site(|site| {
        let hosts = CertificateHosts::parse(&[CERTIFICATE_HOSTS.to_owned()]);
        site.certificates.hosts = Some(hosts.expect("a wildcard"));
        site.certificates.issuers = vec![issuer];
    })
    .await;
    bed
}

pub struct Library {
    pub elsewhere: Arc<Elsewhere>,
    pub begun: Begun,
}

impl Library {
    /// Somebody comes from home to the library.
    pub async fn open(identities: &[&str], change: impl FnOnce(&mut CertificateIssuer)) -> Self {
        let bed = Testbed::start().await;
        let elsewhere = Elsewhere::new(bed.now());
        let bed = taking(&elsewhere, bed, identities, change).await;
        if !bed.tenant().site.certificates.issuers[0].lists.is_empty() {
            bed.list_comes(Ok(elsewhere.list(bed.now(), DAY, &[66]))).await;
        }
        let begun = again(bed, "wiki", Network::Home, &[]).await;
        Self { elsewhere: Arc::new(elsewhere), begun }
    }

    pub fn bed(&self) -> &Testbed {
        &self.begun.bed
    }

    pub fn of_unit(&self, serial: u64, unit: &str) -> Vec<u8> {
        let says = Says { unit: Some(unit), ..Says::good(serial, self.bed().now()) };
        self.elsewhere.certificate(&says)
    }

    pub async fn asked(&self, name: &str) -> Page {
        let page = self.begun.password(name).await;
        if page.form().action.contains("/present") {
            return page;
        }
        self.begun.browser.press(&page, "method", "certificate").await
    }

    pub async fn shown(&self, page: &Page, certificate: Option<&[u8]>) -> Page {
        let form = page.form();
        let rest = form.action.strip_prefix("https://").expect("https");
        let host = rest.split_once('/').expect("a path").0.to_owned();
        let ticket = form.value("ticket").expect("a ticket").to_owned();
        let bed = self.bed();
        let back = bed.flow.certificate_presented(&bed.tenant(), &host, &ticket, certificate).await;
        let back = back.expect("the database answers").expect("the way back");
        self.begun.browser.open(&back).await
    }

    pub async fn expect(&self, page: &Page, case: &str, certificate: &[u8], reason: &str) -> Page {
        let page = self.shown(page, Some(certificate)).await;
        assert_eq!(page.reason().as_deref(), Some(reason), "{case}: {}", page.shows());
        let incident = page.incident().expect("an incident code");
        assert!(self.bed().replays(&incident).await, "{case}");
        page
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_the_one_more_proof() {
    let library = Library::open(&["organizational_unit"], |it| it.fetch_minutes = 1).await;
    let page = library.asked("hana").await;
    let before = library.bed().cost();
    let certificate = library.of_unit(1, "HANA");
    let done = library.shown(&page, Some(&certificate)).await;
    assert!(library.bed().cost_since(before).writes <= 2, "no more than for any other proof");
    let tokens = library.begun.tokens(&done).await;
    assert_eq!((tokens.claim("acr"), tokens.amr()), (TWO, vec!["pwd", "swk", "mfa"]));
    let (_, page) = library.begun.next("wiki", &[]).await;
    assert!(page.is_away(), "the session is enough: {}", page.shows());
    // Its number appears in a newer list: what stands on it stands no more.
    library.bed().wait(61);
    let now = library.bed().now();
    library.bed().list_comes(Ok(library.elsewhere.list(now, DAY, &[1, 66]))).await;
    let (_, page) = library.begun.next("wiki", &[]).await;
    assert!(!page.is_away(), "{}", page.shows());
    library.expect(&page, "revoked", &certificate, "cert.revoked").await;
}

#[tokio::test]
async fn each_fault_of_one_has_its_own_reason_and_the_other_ways_stay() {
    let library = Library::open(&["organizational_unit"], |_| {}).await;
    let (bed, elsewhere) = (library.bed(), &library.elsewhere);
    let now = bed.now();
    let of = |serial, unit, change: &dyn Fn(&mut Says<'_>)| {
        let mut says = Says { unit, ..Says::good(serial, now) };
        change(&mut says);
        elsewhere.certificate(&says)
    };
    let mail = ExtendedKeyUsagePurpose::EmailProtection;
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    let stray =
        Elsewhere::new(now).certificate(&Says { unit: Some("kenji"), ..Says::good(5, now) });
    let mut page = library.asked("kenji").await;
    for (case, certificate, reason) in [
        ("for mail", of(1, Some("kenji"), &|it| it.purpose = mail.clone()), "cert.wrong_purpose"),
        (
            "a server's",
            of(2, Some("kenji"), &|it| it.purpose = server.clone()),
            "cert.wrong_purpose",
        ),
        ("over", of(3, Some("kenji"), &|it| it.days = 0), "cert.expired"),
        (
            "not begun",
            of(4, Some("kenji"), &|it| it.issued = now.plus_seconds(DAY)),
            "cert.not_yet_valid",
        ),
        ("of the same name, another key", stray, "cert.unknown_issuer"),
        ("revoked", of(66, Some("kenji"), &|_| {}), "cert.revoked"),
        ("naming nobody", of(7, None, &|it| it.common_name = Some("kenji")), "cert.no_identity"),
        ("naming nobody here", of(8, Some("nobody"), &|_| {}), "cert.no_identity"),
        ("naming another", of(9, Some("taro"), &|_| {}), "cert.other_person"),
        ("of a former account", of(10, Some("daiki"), &|_| {}), "cert.former_account"),
    ] {
        page = library.expect(&page, case, &certificate, reason).await;
        assert!(page.text().contains("Your password is right"), "{case}: {}", page.text());
    }
    let done = library.shown(&page, Some(&of(11, Some("kenji"), &|_| {}))).await;
    assert_eq!(library.begun.tokens(&done).await.claim("acr"), TWO, "nothing was counted");
}

#[tokio::test]
async fn a_changed_mail_address_ends_what_names_people_by_it_and_nothing_else() {
    let change = Timestamp::parse("2026-08-25T16:00:00+09:00").unwrap();
    let rules = ["mail until 2026-08-25T16:00:00+09:00", "organizational_unit"];
    let library = Library::open(&rules, |_| {}).await;
    let bed = library.bed();
    let says = |serial, issued| Says {
        mail: Some("hana@example.ac.jp"),
        unit: Some("hana"),
        issued,
        ..Says::good(serial, bed.now())
    };
    let old = library.elsewhere.certificate(&says(1, change.plus_seconds(-1)));
    let new = library.elsewhere.certificate(&says(2, change));
    let page = library.asked("hana").await;
    let done = library.shown(&page, Some(&old)).await;
    assert!(done.is_away(), "the address is hers: {}", done.shows());

    let mut hana = bed.stored(bed.person("hana").id).await.person;
    hana.mail = MailAddress::parse("h.sato@example.ac.jp").ok();
    bed.write(vec![Write::PersonPut(Box::new(hana))]).await;
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("hana").await;
    let page = library.expect(&page, "by the old address", &old, "cert.no_identity").await;
    let done = library.shown(&page, Some(&new)).await;
    assert_eq!(library.begun.tokens(&done).await.claim("acr"), TWO, "by the unit");
}

#[tokio::test]
async fn a_withdrawn_issuer_is_believed_in_nothing_and_said_to_be_withdrawn() {
    let since = Moment(Testbed::start().await.now().plus_seconds(200));
    let library =
        Library::open(&["organizational_unit"], |it| it.withdrawn_as_of = Some(since)).await;
    let certificate = library.of_unit(1, "kenji");
    let page = library.asked("kenji").await;
    let done = library.shown(&page, Some(&certificate)).await;
    assert!(done.is_away(), "it is not yet: {}", done.shows());
    // The service has a new authority beside it, as after a change of the intermediate.
    let bed = library.begun.bed.clone();
    let new = Elsewhere::new(bed.now());
    let mut settings = new.settings(&["organizational_unit"]);
    settings.name = IssuerName::parse("elsewhere-2").unwrap();
    settings.lists = vec!["http://crl.elsewhere.example/new.crl".to_owned()];
    bed.change_site(|site| site.certificates.issuers.push(settings)).await;
    bed.list_comes(Ok(new.list(bed.now(), DAY, &[]))).await;
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("kenji").await;
    assert_eq!(bed.tenant().certificate_issuers(bed.now()).len(), 2);
    bed.wait(201);
    let page = library.expect(&page, "withdrawn", &certificate, "cert.withdrawn_issuer").await;
    assert_eq!(bed.tenant().certificate_issuers(bed.now()).len(), 1, "nobody is asked for one");
    let says = Says { unit: Some("kenji"), ..Says::good(1, bed.now()) };
    let done = library.shown(&page, Some(&new.certificate(&says))).await;
    assert!(done.is_away(), "the same number of the new one: {}", done.shows());
    bed.wait(4000);
    assert_eq!(bed.due_lists().await.len(), 1, "nobody asks for the lists of the old one");
}

#[tokio::test]
async fn without_a_fresh_list_no_certificate_counts_and_every_other_way_does() {
    let library = Library::open(&["organizational_unit"], |_| {}).await;
    let certificate = library.of_unit(1, "kenji");
    let bed = library.bed();
    assert_eq!(bed.tenant().issuers.without_fresh_list(bed.now()).len(), 0);
    bed.wait(DAY);
    assert_eq!(bed.tenant().issuers.without_fresh_list(bed.now()).len(), 1, "the alarm rings");
    bed.list_comes(Err("no whole answer within 30 seconds".to_owned())).await;
    assert_eq!(bed.tenant().issuers.failing(), 1);
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("kenji").await;
    let page = library.expect(&page, "stale", &certificate, "cert.revocation_unknown").await;
    let page = library.begun.browser.press(&page, "method", "totp").await;
    let done = library.begun.browser.submit(&page, &[("code", &library.begun.code("kenji"))]).await;
    assert_eq!(library.begun.tokens(&done).await.amr(), ["otp", "pwd", "mfa"]);
    // Soon it is asked for again, and comes.
    let bed = library.begun.bed.clone();
    assert!(bed.due_lists().await.is_empty(), "not at once");
    bed.wait(301);
    bed.list_comes(Ok(library.elsewhere.list(bed.now(), DAY, &[]))).await;
    assert_eq!(
        (bed.tenant().issuers.failing(), bed.tenant().issuers.without_fresh_list(bed.now()).len()),
        (0, 0)
    );
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("kenji").await;
    assert!(library.shown(&page, Some(&certificate)).await.is_away());
}

#[tokio::test]
async fn a_list_that_is_not_the_issuers_newest_changes_nothing() {
    let library = Library::open(&["organizational_unit"], |_| {}).await;
    let bed = library.bed();
    let before = bed.now();
    let stranger = Elsewhere::new(before);
    for (case, list) in [
        ("wrongly signed", stranger.list(before.plus_seconds(10), DAY, &[])),
        ("no list", b"<html>login</html>".to_vec()),
        ("too long", vec![0; 1024 * 1024 + 1]),
        ("an old one played back", library.elsewhere.list(before.plus_seconds(-DAY), DAY / 2, &[])),
        ("from the future", library.elsewhere.list(before.plus_seconds(30 * DAY), DAY, &[])),
    ] {
        bed.wait(3601);
        bed.list_comes(Ok(list)).await;
        assert_eq!(bed.tenant().issuers.failing(), 1, "{case}");
    }
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("kenji").await;
    let revoked = library.of_unit(66, "kenji");
    library.expect(&page, "still revoked", &revoked, "cert.revoked").await;
}

#[tokio::test]
async fn whoever_may_have_one_and_shows_none_is_told_what_is_registered() {
    let library = Library::open(&["organizational_unit"], |_| {}).await;
    let page = library.asked("hana").await;
    let page = library.shown(&page, None).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
    // In the library itself nothing is asked for, and a first factor is registered as ever.
    let begun = again(library.begun.bed.clone(), "wiki", Network::Campus, &[]).await;
    let page = begun.password("hana").await;
    assert!(page.is_away(), "{}", page.shows());
    let page = begun.browser.open("/portal/totp").await;
    assert!(page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn it_is_for_the_groups_that_may_have_one() {
    let staff = Group::parse("staff").unwrap();
    let library = Library::open(&["organizational_unit"], |it| {
        it.groups = [staff].into();
    })
    .await;
    let page = library.begun.password("hana").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
    let begun = again(library.begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let library = Library { begun, ..library };
    let page = library.asked("rika").await;
    let done = library.shown(&page, Some(&library.of_unit(1, "rika"))).await;
    assert_eq!(library.begun.tokens(&done).await.claim("acr"), TWO);
}

#[tokio::test]
async fn whoever_may_hold_one_is_asked_for_it_and_listed_until_something_is_registered() {
    let library = Library::open(&["organizational_unit"], |_| {}).await;
    let bed = library.bed();
    let listed = bed.flow.outlook_from(&bed.tenant(), &ZoneName::outside(), None).await;
    let people = listed.expect("the database answers").people;
    let hana = people.iter().find(|one| one.person.username.as_str() == "hana").expect("hana");
    // Whether she holds one nobody here knows; without one she is refused so.
    assert_eq!(hana.locked_out.map(sekimori_login::Reason::code), Some("mfa.none_registered"));
    let page = library.begun.password("hana").await;
    assert_eq!(page.reason(), None, "{}", page.shows());
    assert!(page.form().action.contains("/present"), "{}", page.shows());
    let page = library.shown(&page, None).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
}
