//! The portal: looking around, signing out, ending sessions, what happened, incident codes, consents.

use http::StatusCode;
use sekimori_directory::Username;
use sekimori_testbed::{Browser, Network, Page, Testbed, Write};

/// All pages of the portal that somebody could ask for by name.
const PAGES: [&str; 8] = [
    "/portal",
    "/portal/password",
    "/portal/totp",
    "/portal/mail-code",
    "/portal/recovery-codes",
    "/portal/ticket",
    "/portal/consents",
    "/portal/rehearsal",
];

/// A browser on campus, signed in to the portal.
pub async fn inside(bed: &Testbed, name: &str) -> (Browser, Page) {
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person(name)).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    (browser, page)
}

#[tokio::test]
async fn nobody_sees_or_changes_anything_without_a_session() {
    let bed = Testbed::start().await;
    for path in PAGES {
        let browser = bed.browser(Network::Campus);
        let page = browser.open(path).await;
        assert!(page.asks("username"), "{path}: {}", page.shows());
        let sent = browser.post_only(path, &[("token", "x"), ("end", "others")]).await;
        let away = sent.location().is_some_and(|to| to.path() == "/login" || to.path() == path);
        assert!(away || sent.status == StatusCode::METHOD_NOT_ALLOWED, "{path}: {}", sent.shows());
    }
}

#[tokio::test]
async fn the_first_page_says_who_where_and_what_would_be_good() {
    let bed = Testbed::start().await;
    let (browser, page) = inside(&bed, "hana").await;
    let text = page.text();
    for words in ["hana Example", "hana@example.ac.jp", "campus network", "Cables and wireless"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("You can register it here and now"), "{text}");
    assert!(text.contains("Wiki"), "services: {text}");
    assert!(!text.contains("Closed service"), "{text}");
    let page = browser.open("/portal?lang=ja").await;
    assert_eq!(page.language(), "ja");
    assert!(page.text().contains("学内ネットワーク"), "{}", page.text());
}

#[tokio::test]
async fn whoever_is_on_campus_where_nothing_can_be_registered_reads_where_it_can() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Vpn);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    let text = page.text();
    assert!(text.contains("in these networks: campus network."), "{text}");
    assert!(text.contains("With a ticket from Information desk"), "{text}");
    assert!(!text.contains("come to the campus network"), "{text}");
    let page = browser.open("/portal?lang=ja").await;
    assert!(page.text().contains("登録できます: 学内ネットワーク。"), "{}", page.text());
    let page = browser.click(&page, "登録チケット").await;
    assert!(page.asks("ticket"), "{}", page.shows());
    assert!(page.text().contains("見本大学アカウント"), "the slip: {}", page.text());
}

#[tokio::test]
async fn a_session_from_inside_steps_up_before_it_shows_anything_outside() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "kenji").await;
    let away = browser.at(Network::Home);
    let page = away.open("/portal").await;
    assert!(page.asks("code"), "{}", page.shows());
    assert!(!page.text().contains("kenji@example.ac.jp"));
    let code = bed.person("kenji").app.as_ref().unwrap().code(bed.now());
    let page = away.submit(&page, &[("code", &code)]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert!(page.text().contains("kenji@example.ac.jp"));

    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.at(Network::Eduroam).open("/portal").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.shows());
    assert!(!page.text().contains("hana@example.ac.jp"));
}

#[tokio::test]
async fn the_history_tells_failures_with_their_reasons() {
    let bed = Testbed::start().await;
    let stranger = bed.browser(Network::Home);
    let page = stranger.open("/portal").await;
    let page = stranger.sign_in(&page, "kenji", "a guess").await;
    let code = page.incident().expect("a code");
    bed.wait(5);
    // Somebody knows the password and stops before the code.
    let thief = bed.browser(Network::Cafe);
    let page = thief.open("/portal").await;
    let page = thief.sign_in_as(&page, bed.person("kenji")).await;
    assert!(page.asks("code"), "{}", page.shows());
    bed.wait(700);
    let (browser, page) = inside(&bed, "kenji").await;
    let text = page.text();
    assert!(text.contains(&code), "{text}");
    assert!(text.contains("203.0.113.5"), "the address of the failure: {text}");
    assert!(text.contains("Password right, not continued"), "{text}");
    let (_, page_of_another) = inside(&bed, "hana").await;
    assert!(!page_of_another.text().contains(&code));
    let page = browser.open("/portal?before=1").await;
    assert!(!page.text().contains(&code), "nothing is older");
}

#[tokio::test]
async fn the_history_tells_that_the_help_desk_looked() {
    let bed = Testbed::start().await;
    let (browser, page) = inside(&bed, "hana").await;
    assert!(!page.text().contains("help desk looked"), "{}", page.text());
    let by = sekimori_flow::admin::By("os:desk".to_owned());
    let hana = bed.person("hana").id;
    let view = sekimori_flow::admin::View::Account;
    bed.flow.view(&bed.tenant(), Some(hana), view, &by).await.unwrap();
    let page = browser.open("/portal").await;
    assert!(page.text().contains("The help desk looked at your account"), "{}", page.text());
}

#[tokio::test]
async fn the_history_tells_what_others_did_to_the_account_and_when_one_left() {
    let bed = Testbed::start().await;
    let (tenant, hana) = (bed.tenant(), bed.person("hana"));
    inside(&bed, "hana").await;
    let by = sekimori_flow::admin::By("os:desk".to_owned());
    let username = Username::parse("hana").unwrap();
    bed.flow.unlock(&tenant, hana.id, &username, &by).await.unwrap();
    let all = sekimori_flow::admin::SessionsToEnd::All;
    bed.flow.end_sessions_of(&tenant, hana.id, all, &by).await.unwrap();
    bed.flow.make_break_glass(&tenant, hana.id, &by).await.unwrap();
    let lines = ["ticket.made", "person.changed"]
        .map(|event| Write::Audit(Box::new(by.line(bed.now(), event, Some(hana.id)))));
    bed.write(lines.into()).await;
    let (browser, page) = inside(&bed, "hana").await;
    for told in [
        "A ticket was made for you",
        "ended your wait after wrong tries",
        "A break-glass code was made",
        "The help desk ended your sign-ins",
        "What is stored about you was changed",
    ] {
        assert!(page.text().contains(told), "{told}: {}", page.text());
    }
    assert!(!page.text().contains("A sign-in was ended"), "not yet: {}", page.text());
    let asked = browser.open("/portal/sign-out").await;
    browser.submit(&asked, &[]).await;
    let (_, page) = inside(&bed, "hana").await;
    assert!(page.text().contains("A sign-in was ended"), "{}", page.text());
}

#[tokio::test]
async fn one_session_or_all_others_end_at_once() {
    let bed = Testbed::start().await;
    let (phone, _) = inside(&bed, "hana").await;
    let (library, _) = inside(&bed, "hana").await;
    let (desk, page) = inside(&bed, "hana").await;
    let ends = |page: &Page| -> Vec<String> {
        let mut forms = page.forms().into_iter();
        let form = forms.find(|form| form.action == "/portal/sessions").expect("a form");
        form.buttons.iter().map(|(_, value)| value.clone()).collect()
    };
    let buttons = ends(&page);
    assert_eq!(buttons.len(), 3, "two others, and all of them: {buttons:?}");
    let page = desk.press(&page, "end", &buttons[0]).await;
    assert!(page.text().contains("That sign-in has ended"), "{}", page.text());
    let standing = [phone.open("/portal").await, library.open("/portal").await];
    assert_eq!(standing.iter().filter(|page| page.asks("username")).count(), 1);
    let page = desk.open("/portal").await;
    let page = desk.press(&page, "end", "others").await;
    assert!(page.text().contains("All other sign-ins have ended"), "{}", page.text());
    for browser in [&phone, &library] {
        assert!(browser.open("/portal").await.asks("username"));
    }
    assert_eq!(desk.open("/portal").await.url.path(), "/portal");
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let bed = Testbed::start().await;
    let (hana, _) = inside(&bed, "hana").await;
    let (rika, page) = inside(&bed, "rika").await;
    let stored = bed.flow.store.sessions_of(bed.first().id, bed.person("hana").id).await.unwrap();
    let id = stored[0].facts.id.to_string();
    let token = page.form().value("token").unwrap().to_owned();
    rika.post_only("/portal/sessions", &[("token", &token), ("end", &id)]).await;
    assert_eq!(hana.open("/portal").await.url.path(), "/portal");
}

#[tokio::test]
async fn signing_out_is_asked_first_and_done_by_a_button_of_ours() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/sign-out").await;
    assert!(browser.cookie("session").is_some(), "asking ends nothing");
    assert!(page.text().contains("signed in as hana Example"), "as the head: {}", page.text());
    let asked = browser.open("/oidc/logout").await;
    assert!(asked.text().contains("signed in as hana Example"), "{}", asked.text());
    let foreign = browser.post_from("https://evil.example", "/portal/sign-out", &[]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    browser.post_only("/portal/sign-out", &[("token", "guessed")]).await;
    assert_eq!(browser.open("/portal").await.url.path(), "/portal", "still signed in");
    // Also where the portal itself would ask for more.
    let away = browser.at(Network::Home);
    let page_away = away.open("/portal/sign-out").await;
    assert_eq!(page_away.status, StatusCode::OK, "{}", page_away.shows());
    let page = browser.press(&page, "decision", "sign_out").await;
    assert_eq!(page.url.path(), "/signed-out", "{}", page.shows());
    assert_eq!(browser.cookie("session"), None);
    assert!(browser.open("/portal").await.asks("username"));
}

#[tokio::test]
async fn forms_of_other_sites_and_of_other_sessions_change_nothing() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let fields = [("end", "others"), ("new_password", "x"), ("decision", "remove")];
    for path in [
        "/portal/sessions",
        "/portal/password",
        "/portal/totp",
        "/portal/recovery-codes",
        "/portal/ticket",
        "/portal/consents",
        "/not-me/x",
    ] {
        let page = browser.post_from("https://evil.example", path, &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
    }
    let (_, other) = inside(&bed, "rika").await;
    let token = other.form().value("token").unwrap().to_owned();
    let before = bed.cost();
    for token in ["", "AAAA", token.as_str()] {
        let fields = [("token", token), ("new_password", "five gentle rivers under a moon")];
        let page = browser.post_only("/portal/password", &fields).await;
        assert_eq!(page.location().unwrap().path(), "/portal/password", "{}", page.shows());
    }
    assert_eq!(bed.cost_since(before).hashes, 0);
}

/// What the page says of the code that was entered.
fn said_of_it(page: &Page) -> &str {
    let (_, said) = page.body.split_once("<section class=\"answer\"").expect("an answer");
    said.split_once("</section>").unwrap().0
}

#[tokio::test]
async fn an_incident_code_speaks_to_its_browser_and_its_owner_alone() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.shows());
    let code = page.incident().expect("a code");
    let asked = format!("/help?code={}", code.to_lowercase());

    let own = browser.open(&asked).await;
    assert!(said_of_it(&own).contains("Your password is right"), "{}", own.text());
    let other = bed.browser(Network::Cafe).open(&asked).await;
    assert!(!said_of_it(&other).contains("Your password is right"), "{}", other.text());
    let (desk, _) = inside(&bed, "hana").await;
    assert!(said_of_it(&desk.open(&asked).await).contains("Your password is right"));
    let (rika, _) = inside(&bed, "rika").await;
    assert!(!said_of_it(&rika.open(&asked).await).contains("Your password is right"));

    // A code that was never given out reads the same, the code itself aside.
    let unknown = "0000-0000-0";
    let blank = bed.browser(Network::CampusSix).open(&format!("/help?code={unknown}")).await;
    let known = bed.browser(Network::CampusSix).open(&asked).await;
    assert_eq!(
        known.body.replace(&code, "CODE").replace(&code.to_lowercase(), "CODE"),
        blank.body.replace(unknown, "CODE")
    );
    let mistyped = browser.open("/help?code=7K3M-9QTX-0").await;
    assert!(mistyped.failed(), "{}", mistyped.shows());
}

#[tokio::test]
async fn codes_cannot_be_searched_for() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let mut last = StatusCode::OK;
    for _ in 0..12 {
        last = browser.open("/help?code=0000-0000-0").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        bed.browser(Network::Cafe).open("/help?code=0000-0000-0").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_consent_is_listed_and_can_be_withdrawn() {
    let bed = Testbed::start().await;
    let partner = bed.service("partner");
    let sign_in = partner.sign_in();
    let browser = bed.browser(Network::Campus);
    let page = browser.open(&sign_in.url).await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    let page = browser.press(&page, "decision", "allow").await;
    let tokens = partner.redeem(&sign_in, &page).await;
    assert_eq!(partner.userinfo(&tokens.access).await.status, StatusCode::OK);
    let page = browser.open("/portal/consents").await;
    assert!(page.text().contains("Partner"), "{}", page.shows());
    let page = browser.press(&page, "withdraw", "partner").await;
    assert!(page.text().contains("no longer receives"), "{}", page.text());
    assert_eq!(partner.userinfo(&tokens.access).await.status, StatusCode::UNAUTHORIZED);
    let page = browser.open(&partner.sign_in().url).await;
    assert!(!page.is_away(), "it is asked for again: {}", page.shows());
}

/// U28: a reminder that can be put off comes back after 30 days, not at every visit.
#[tokio::test]
async fn a_suggestion_can_be_put_off_for_thirty_days() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    let reminder = "one more proof is needed. You can register it here";
    assert!(page.text().contains(reminder), "{}", page.text());
    let page = browser.click(&page, "Not now").await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert!(!page.text().contains(reminder), "{}", page.text());
    assert!(!browser.open("/portal").await.text().contains(reminder));
    bed.wait(31 * 24 * 3600);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    assert!(page.text().contains(reminder), "{}", page.text());
}

/// U36: pages of the portal know when the session ends, so that the browser can tell in time.
#[tokio::test]
async fn every_page_of_the_portal_says_when_the_session_ends() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    let read = |page: &Page, name: &str| {
        let (_, rest) = page.body.split_once(&format!("{name}=\""))?;
        rest.split('"').next()?.parse::<i64>().ok()
    };
    let idle = 3600;
    assert_eq!((read(&page, "data-ends"), read(&page, "data-adds")), (Some(idle), Some(idle)));
    bed.wait(40 * 60);
    // Using it puts the end off; asking for any page is using it.
    let page = browser.open("/portal/consents").await;
    assert_eq!(read(&page, "data-ends"), Some(idle));
    for _ in 0..15 {
        bed.wait(45 * 60);
        browser.open("/portal").await;
    }
    // Nearly as old as it may be: nothing puts the end off.
    let page = browser.open("/portal").await;
    assert_eq!(read(&page, "data-adds"), None, "{}", page.shows());
    assert!(read(&page, "data-ends").is_some_and(|left| left < idle), "{}", page.shows());
}
