//! The help desk's console: who comes in, whom they reach, what they read, and that it is told.

use http::{Method, StatusCode};
use sekimori_directory::settings::{DeskName, DeskSettings};
use sekimori_directory::{Binding, Group, Person};
use sekimori_flow::admin::By;
use sekimori_testbed::{AuthenticatorApp, Browser, Network, Page, Testbed, Write};

use crate::common::{again, code};
use crate::portal::inside;

/// A server with a desk: `taro` is its staff, and it helps the group `students`: `hana` and `haru`. `kaori` helps
/// `guests`, where nobody is. `admin` is an administrator.
async fn with_desks() -> Testbed {
    let bed = Testbed::start().await;
    for (name, group) in
        [("taro", "it-desk"), ("kaori", "guest-desk"), ("hana", "students"), ("haru", "students")]
    {
        let person = bed.stored(bed.person(name).id).await.person;
        let person = Box::new(Person { groups: groups(&[group]), ..person });
        bed.write(vec![Write::PersonPut(person)]).await;
    }
    bed.change_site(|site| {
        site.desks =
            vec![desk("front", "it-desk", "students"), desk("other", "guest-desk", "guests")];
    })
    .await;
    bed
}

fn groups(names: &[&str]) -> std::collections::BTreeSet<Group> {
    names.iter().map(|name| Group::parse(name).unwrap()).collect()
}

fn desk(name: &str, staff: &str, helps: &str) -> DeskSettings {
    let name = DeskName::parse(name).unwrap();
    DeskSettings { name, staff: groups(&[staff]), helps: groups(&[helps]) }
}

/// Somebody at the console, by password and app.
async fn at_the_console(bed: &Testbed, name: &str) -> (Browser, Page) {
    let (browser, _) = inside(bed, name).await;
    let page = browser.open("/desk").await;
    assert!(page.asks("code"), "two factors on campus as well: {}", page.shows());
    let page = browser.submit(&page, &[("code", &code(bed, name))]).await;
    assert_eq!(page.heading(), "Help desk console", "{}", page.shows());
    (browser, page)
}

/// The administrator at the console, with an app of their own.
async fn administrator(bed: &Testbed) -> (Browser, Page) {
    let (by, admin) = (By("os:root".to_owned()), bed.person("admin").id);
    let secret = bed.flow.hand_out_totp(&bed.tenant(), admin, Binding::Desk, &by).await.unwrap();
    let app = AuthenticatorApp::from_base32(secret.base32_groups().expose());
    let (browser, _) = inside(bed, "admin").await;
    let page = browser.open("/desk").await;
    let page = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(page.heading(), "Help desk console", "{}", page.shows());
    (browser, page)
}

fn owned((one, two): (&str, &str)) -> (String, String) {
    (one.to_owned(), two.to_owned())
}

async fn search(browser: &Browser, text: &str) -> Page {
    let page = browser.open("/desk").await;
    browser.submit(&page, &[("q", text)]).await
}

/// Somebody is refused at home after the right password: the incident code.
async fn refused_at_home(bed: &Testbed, name: &str) -> String {
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = begun.password(name).await;
    page.incident().unwrap_or_else(|| panic!("{name} is refused: {}", page.shows()))
}

#[tokio::test]
async fn staff_show_two_factors_wherever_they_are_and_others_are_told_why_not() {
    let bed = with_desks().await;
    let (browser, page) = inside(&bed, "taro").await;
    let links = page.links();
    assert!(links.iter().any(|(to, _)| to == "/desk"), "the account page leads there: {links:?}");
    let page = browser.open("/desk").await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = browser.submit(&page, &[("code", &code(&bed, "taro"))]).await;
    assert_eq!((page.url.path(), page.heading().as_str()), ("/desk", "Help desk console"));
    // Whoever has no role is not asked for more first.
    let (browser, page) = inside(&bed, "hana").await;
    assert!(!page.links().iter().any(|(to, _)| to == "/desk"), "{}", page.shows());
    let page = browser.open("/desk").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.shows());
    assert_eq!(page.reason().as_deref(), Some("authz.not_entitled"), "{}", page.shows());
    // Staff without a second factor.
    bed.change_site(|site| site.desks[0].staff = groups(&["staff"])).await;
    let (browser, _) = inside(&bed, "rika").await;
    let page = browser.open("/desk").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.shows());
    assert!(page.incident().is_some(), "a refusal of the engine, explained: {}", page.shows());
}

#[tokio::test]
async fn from_the_incident_code_alone_the_cause_is_read_and_its_owner_sees_that_it_was() {
    let bed = with_desks().await;
    let incident = refused_at_home(&bed, "hana").await;
    let (browser, page) = at_the_console(&bed, "taro").await;
    let spoken = incident.to_lowercase().replace('-', " ");
    let page = browser.submit(&page, &[("q", &spoken)]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
    let text = page.text();
    for words in
        ["hana", "second_factor", "gives the same reason", "Being where a password is enough"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let url = page.url.to_string();
    assert!(!url.contains("hana") && !url.contains(&incident), "{url}");
    let page = browser.click(&page, "hana").await;
    assert_eq!(page.heading(), "hana Example", "{}", page.shows());
    assert!(page.text().contains(&incident), "the timeline: {}", page.text());
    assert!(!page.url.to_string().contains("hana"), "{}", page.url);
    let (_, own) = inside(&bed, "hana").await;
    let looked = own.text().matches("The help desk looked at your account").count();
    assert_eq!(looked, 2, "the incident and the person: {}", own.text());
    // Who looked stands in the audit.
    let (hana, taro) = (bed.person("hana").id, bed.person("taro").id);
    let store = &bed.flow.store;
    let history = store.history_of(bed.first().id, hana, bed.now().plus_seconds(1), 20).await;
    let by: Vec<_> = history.unwrap().into_iter().filter_map(|entry| entry.line.by).collect();
    assert_eq!(by, [format!("desk:{taro}"), format!("desk:{taro}")]);
}

#[tokio::test]
async fn the_desk_reads_what_no_page_says() {
    let bed = with_desks().await;
    let begun = again(bed.clone(), "wiki", Network::Campus, &[]).await;
    let page = begun.password("haru").await;
    assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "held: {}", page.shows());
    let (browser, _) = at_the_console(&bed, "taro").await;
    let page = search(&browser, "haru").await;
    assert!(page.text().contains("held since"), "{}", page.text());
    let page = browser.click(&page, "Why").await;
    assert_eq!(page.reason().as_deref(), Some("acct.held"), "{}", page.shows());
}

#[tokio::test]
async fn somebody_is_found_by_whatever_is_known_of_them_within_reach_only() {
    let bed = with_desks().await;
    let (browser, _) = at_the_console(&bed, "taro").await;
    for text in ["hana", "ＨＡＮＡ", "hana@example.ac.jp", "hana exam"] {
        let page = search(&browser, text).await;
        assert_eq!(page.heading(), "hana Example", "{text}: {}", page.shows());
    }
    let both = search(&browser, "見本").await;
    let text = both.text();
    assert!(text.contains("hana Example") && text.contains("haru Example"), "{text}");
    assert!(!text.contains("kaori") && !text.contains("yuki"), "out of reach: {text}");
    assert!(!both.url.to_string().contains("%E8"), "{}", both.url);
    // A colleague, an administrator, oneself, somebody of another group, nobody: all the same.
    let mut answers = std::collections::BTreeSet::new();
    for text in ["kaori", "admin", "taro", "yuki", "nobody-at-all", "4f:12:9a:00:11:22"] {
        let page = search(&browser, text).await;
        let (_, found) = page.text().split_once("Found for").map(owned).unwrap();
        answers.insert(found.replace(text, "…"));
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert!(answers.first().unwrap().contains("Nobody whom you may help"), "{answers:#?}");
    // Nor by their incidents.
    let incident = refused_at_home(&bed, "rika").await;
    let page = search(&browser, &incident).await;
    let unknown = search(&browser, "0000-0000-0").await;
    assert_eq!(page.reason(), None, "{}", page.shows());
    assert_eq!(page.text().replace(&incident, "…"), unknown.text().replace("0000-0000-0", "…"));
}

/// The lines of searches in the audit.
async fn searches(bed: &Testbed) -> usize {
    let lines = bed.exported().await;
    lines.iter().filter(|(_, text)| text.contains("\"event\":\"desk.searched\"")).count()
}

#[tokio::test]
async fn each_list_and_each_code_in_vain_is_a_line_and_signs_alone_list_nobody() {
    let bed = with_desks().await;
    let incident = refused_at_home(&bed, "rika").await;
    let (browser, _) = at_the_console(&bed, "taro").await;
    let page = search(&browser, ", ,").await;
    assert!(page.text().contains("Too many fit"), "{}", page.shows());
    assert!(!page.text().contains("Example Person") && !page.text().contains("hana"));
    assert_eq!(searches(&bed).await, 2, "sent, and shown");
    let page = search(&browser, "見本").await;
    assert!(page.text().contains("hana Example") && !page.text().contains("students"));
    browser.open(page.url.as_str()).await;
    assert_eq!(searches(&bed).await, 5, "shown again as well");
    search(&browser, &incident).await;
    assert_eq!(searches(&bed).await, 6, "a code of somebody out of reach");
}

#[tokio::test]
async fn after_a_working_day_both_factors_are_shown_anew() {
    let bed = with_desks().await;
    let (browser, _) = at_the_console(&bed, "taro").await;
    for _ in 0..15 {
        bed.wait(1800);
        let page = browser.open("/desk").await;
        assert_eq!(page.heading(), "Help desk console", "{}", page.shows());
    }
    bed.wait(1860);
    let page = browser.open("/desk").await;
    assert!(page.asks("password") || page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn an_address_of_the_console_opens_in_its_own_session_only() {
    let bed = with_desks().await;
    let (browser, _) = at_the_console(&bed, "taro").await;
    let page = search(&browser, "hana").await;
    assert_eq!(page.heading(), "hana Example");
    bed.wait(60);
    let (other, _) = at_the_console(&bed, "taro").await;
    let copied = other.open(page.url.as_str()).await;
    assert_eq!((copied.url.path(), copied.heading().as_str()), ("/desk", "Help desk console"));
    assert_eq!(browser.open(page.url.as_str()).await.heading(), "hana Example");
    // A form of another page sends nothing.
    let sent = browser.post_only("/desk", &[("token", "x"), ("q", "hana")]).await;
    assert_eq!(sent.location().map(|to| to.path().to_owned()).as_deref(), Some("/desk"));
}

#[tokio::test]
async fn administrators_see_everybody_and_change_nothing_of_each_other() {
    let bed = with_desks().await;
    let (browser, _) = administrator(&bed).await;
    for (name, may_act) in [("hana", true), ("taro", true), ("admin", false)] {
        let page = search(&browser, name).await;
        assert_eq!(page.heading(), format!("{name} Example"), "{}", page.shows());
        assert_eq!(page.text().contains("change nothing"), !may_act, "{name}: {}", page.text());
    }
}

#[tokio::test]
async fn a_persons_page_says_where_they_would_get_in_and_what_they_wait_for() {
    let bed = with_desks().await;
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let mut page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    for number in 0..12 {
        bed.wait(35);
        page = begun.browser.submit(&page, &[("password", &format!("not number {number}"))]).await;
    }
    let (browser, _) = at_the_console(&bed, "taro").await;
    let page = search(&browser, "hana").await;
    let text = page.text();
    assert!(text.contains("Password, outside: 12 wrong tries in a row"), "{text}");
    assert!(text.contains("Nothing but the password"), "{text}");
    assert!(text.contains("campus network Yes"), "{text}");
    assert!(text.contains("outside No: "), "{text}");
    assert!(text.contains("h***@e***") && !text.contains("hana@example"), "masked: {text}");
    let page = browser.open(&format!("{}?lang=ja", page.url.path())).await;
    assert_eq!((page.language().as_str(), page.heading().as_str()), ("ja", "見本 hana"));
}

/// S79: what each role gets at each address of the console.
#[tokio::test]
async fn every_address_of_the_console_answers_each_role_as_it_is_written_down() {
    let bed = with_desks().await;
    let incident = refused_at_home(&bed, "hana").await;
    let (taro, _) = at_the_console(&bed, "taro").await;
    let (kaori, _) = at_the_console(&bed, "kaori").await;
    let (admin, _) = administrator(&bed).await;
    let (hana, _) = inside(&bed, "hana").await;
    let stranger = bed.browser(Network::Home);
    let person = search(&taro, "hana").await.url.path().to_owned();
    let told = search(&taro, &incident).await.url.path().to_owned();
    let admins = search(&admin, "hana").await.url.path().to_owned();
    for path in sekimori_web::routes::paths().into_iter().filter(|path| path.starts_with("/desk")) {
        let filled = match path {
            "/desk" => "/desk".to_owned(),
            "/desk/person/{handle}" => person.clone(),
            "/desk/incident/{handle}" => told.clone(),
            other => panic!("{other}: nobody has written down who gets what"),
        };
        // A handle of somebody else's session opens nothing: back to the front page.
        let elsewhere = if path == "/desk" { 200 } else { 303 };
        for (who, browser, expected) in [
            ("nobody", &stranger, 303),
            ("somebody", &hana, 403),
            ("staff", &taro, 200),
            ("staff of another desk", &kaori, elsewhere),
            ("an administrator", &admin, elsewhere),
        ] {
            let page = browser.request(Method::GET, &filled, b"").await;
            assert_eq!(page.status.as_u16(), expected, "{who} at {path}: {}", page.shows());
        }
        for (who, browser, expected) in [
            ("nobody", &stranger, 303),
            ("somebody", &hana, 403),
            ("staff", &taro, 303),
            ("staff of another desk", &kaori, 303),
            ("an administrator", &admin, 303),
        ] {
            let expected = if path == "/desk" { expected } else { 405 };
            let page = browser.request(Method::POST, &filled, b"q=hana&token=x").await;
            assert_eq!(page.status.as_u16(), expected, "{who} posts to {path}: {}", page.shows());
        }
    }
    let page = admin.open(&admins).await;
    assert_eq!(page.heading(), "hana Example", "{}", page.shows());
}
