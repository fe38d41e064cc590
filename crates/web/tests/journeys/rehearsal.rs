//! "Could I sign in from home?" says what a sign-in from there then comes to, and does it for real from here.

use std::collections::BTreeSet;

use http::StatusCode;
use sekimori_directory::Method;
use sekimori_directory::settings::ZoneName;
use sekimori_testbed::{Browser, Network, Page, Testbed, Write};

use crate::common::code;

const PATH: &str = "/portal/rehearsal";

/// Who is let in on campus, one of each kind.
const PEOPLE: [&str; 11] =
    ["hana", "taro", "yuki", "kenji", "mei", "sora", "umi", "nobu", "rika", "aoi", "ren"];

/// A place as the page names it, and as somebody comes from there.
const PLACES: [(&str, Network); 4] = [
    ("outside", Network::Home),
    ("eduroam", Network::Eduroam),
    ("campus", Network::Campus),
    ("vpn", Network::Vpn),
];

/// What a page offers as the one more proof, by the names that stand on the page of rehearsals.
const METHODS: [(&str, &str); 5] = [
    ("Passkey", "passkey"),
    ("Authenticator app", "totp"),
    ("Certificate", "certificate"),
    ("Code by mail", "mail_code"),
    ("Recovery code", "recovery_code"),
];

/// What the page says of one place or service.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    reason: String,
    usable: BTreeSet<&'static str>,
    text: String,
}

/// Somebody on campus looks.
async fn looked(bed: &Testbed, name: &str) -> (Browser, Page) {
    let browser = bed.browser(Network::Campus);
    let page = browser.open(PATH).await;
    let page = browser.sign_in_as(&page, bed.person(name)).await;
    assert_eq!(page.url.path(), PATH, "{}", page.shows());
    (browser, page)
}

/// The part of the page between two marks.
fn between<'p>(body: &'p str, begin: &str, end: &str) -> Option<&'p str> {
    let (_, rest) = body.split_once(begin)?;
    Some(rest.split_once(end).map_or(rest, |(part, _)| part))
}

fn said(part: &str) -> Said {
    let reason = between(part, "data-reason=\"", "\"").expect("a reason").to_owned();
    // Names of people's own stand in brackets after the method.
    let does = |name: &str| {
        part.split("<li>").any(|line| line.starts_with(name) && line.contains(": would do"))
            || between(part, "This would do: ", ".").is_some_and(|names| names.contains(name))
    };
    let usable = METHODS.iter().filter(|(name, _)| does(name)).map(|(_, method)| *method).collect();
    Said { reason, usable, text: part.to_owned() }
}

fn at(page: &Page, zone: &str) -> Said {
    let mark = format!("id=\"at-{zone}\"");
    said(between(&page.body, &mark, "</section>").expect("the place is on the page"))
}

/// Of a service: what is said apart, or what is said of the place.
fn at_service(page: &Page, zone: &str, title: &str) -> Said {
    let mark = format!("id=\"at-{zone}\"");
    let place = between(&page.body, &mark, "</section>").expect("the place is on the page");
    let apart = place.split("<li data-reason").skip(1);
    let line = apart.map(|line| format!("<li data-reason{line}")).find(|line| {
        between(line, "\">", "</li>").is_some_and(|text| text.starts_with(&format!("{title}: ")))
    });
    line.map_or_else(|| at(page, zone), |line| said(&line))
}

/// What a real sign-in came to after the right password.
fn came_to(page: &Page, there: &str) -> (String, BTreeSet<String>) {
    if page.is_away() || page.url.path() == there {
        return ("ok.admitted".to_owned(), BTreeSet::new());
    }
    if let Some(reason) = page.reason() {
        return (reason, BTreeSet::new());
    }
    // The form of the one that is asked for at once says which it is, and so do the buttons below.
    let offered = page.body.split("name=\"method\" value=\"").skip(1);
    let offered = offered.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    let by_certificate = page.body.contains("/present\"").then(|| "certificate".to_owned());
    ("ask.second_factor".to_owned(), offered.chain(by_certificate).collect())
}

#[track_caller]
fn agree(case: &str, said: &Said, real: &(String, BTreeSet<String>)) {
    assert_eq!(said.reason, real.0, "{case}: {}", said.text);
    if real.0 == "ask.second_factor" {
        let offered: BTreeSet<&str> = real.1.iter().map(String::as_str).collect();
        assert_eq!(said.usable, offered, "{case}: {}", said.text);
    }
}

#[tokio::test]
async fn what_is_said_of_each_place_is_what_a_sign_in_from_there_comes_to() {
    let bed = Testbed::start().await.with_certificates().await;
    bed.certificate_of(bed.person("rika").id).await;
    bed.certificate_of(bed.person("kenji").id).await;
    let mut seen = BTreeSet::new();
    for name in PEOPLE {
        let (_, page) = looked(&bed, name).await;
        for (zone, network) in PLACES {
            let browser = bed.browser(network);
            let asked = browser.open("/portal").await;
            let there = browser.sign_in_as(&asked, bed.person(name)).await;
            let real = came_to(&there, "/portal");
            agree(&format!("{name} from {zone}"), &at(&page, zone), &real);
            seen.insert(real.0);
            if there.asks("code") && bed.person(name).app.is_some() {
                let inside = browser.submit(&there, &[("code", &code(&bed, name))]).await;
                assert_eq!(inside.url.path(), "/portal", "{name}: {}", inside.shows());
                bed.wait(30);
            }
        }
    }
    let all = [
        "ask.second_factor",
        "mfa.none_left",
        "mfa.none_registered",
        "mfa.suspended",
        "mfa.unfinished",
        "ok.admitted",
    ];
    assert_eq!(seen, all.map(str::to_owned).into(), "every kind was there");
}

#[tokio::test]
async fn services_with_rules_of_their_own_are_told_apart() {
    let bed = Testbed::start().await;
    let services = [("wiki", "Wiki"), ("payroll", "Payroll"), ("intranet", "Intranet")];
    let services = services.into_iter().chain([("vault", "Vault")]);
    let mut seen = BTreeSet::new();
    for (service, title) in services {
        for name in ["hana", "taro", "yuki", "aoi"] {
            let (_, page) = looked(&bed, name).await;
            for (zone, network) in [("outside", Network::Home), ("campus", Network::Campus)] {
                let browser = bed.browser(network);
                let asked = browser.open(&bed.service(service).sign_in().url).await;
                let real = browser.sign_in_as(&asked, bed.person(name)).await;
                let real = came_to(&real, "nowhere");
                let said = at_service(&page, zone, title);
                agree(&format!("{name} at {service} from {zone}"), &said, &real);
                seen.insert(real.0);
            }
        }
    }
    for reason in ["net.not_from_here", "mfa.not_allowed"] {
        assert!(seen.contains(reason), "{reason} in {seen:?}");
    }
}

#[tokio::test]
async fn whoever_would_fail_reads_what_to_do_here_and_now() {
    let bed = Testbed::start().await;
    let (browser, page) = looked(&bed, "hana").await;
    let outside = at(&page, "outside").text;
    for words in ["No. Besides the password", "None is registered for you yet", "here and now"] {
        assert!(outside.contains(words), "{words}: {outside}");
    }
    assert!(!outside.contains("Try it for real"), "{outside}");
    let app = browser.click(&page, "Add an authenticator app").await;
    assert!(app.asks("code"), "{}", app.shows());
    let vpn = browser.at(Network::Vpn).open(PATH).await;
    let outside = at(&vpn, "outside").text;
    assert!(outside.contains("in these networks: campus network."), "{outside}");
    let (_, page) = looked(&bed, "nobu").await;
    let outside = at(&page, "outside").text;
    assert!(outside.contains("Information desk makes it for you"), "{outside}");
    // In the other language as well.
    let page = browser.open(&format!("{PATH}?lang=ja")).await;
    assert!(page.text().contains("自宅など、学外から"), "{}", page.text());
}

#[tokio::test]
async fn it_can_be_done_for_real_from_here() {
    let bed = Testbed::start().await;
    let (browser, page) = looked(&bed, "kenji").await;
    let before = bed.cost();
    let asked = browser.press(&page, "zone", "outside").await;
    assert_eq!(bed.cost_since(before).writes, 0, "asking writes nothing");
    assert!(asked.asks("password"), "everything is asked for: {}", asked.shows());
    assert!(asked.text().contains("as if from: outside"), "{}", asked.text());
    let password = bed.person("kenji").password.clone();
    let step = browser.submit(&asked, &[("password", &password)]).await;
    assert!(step.asks("code"), "on campus as well: {}", step.shows());
    let wrong = browser.submit(&step, &[("code", "000000")]).await;
    assert_eq!(wrong.reason().as_deref(), Some("mfa.code_wrong"), "{}", wrong.shows());
    assert!(bed.replays(&wrong.incident().expect("a code")).await);
    bed.wait(30);
    let done = browser.submit(&wrong, &[("code", &code(&bed, "kenji"))]).await;
    assert_eq!(done.url.path(), "/portal/rehearsal/outside", "{}", done.shows());
    let text = done.text();
    for words in ["You would get in", "Password", "Authenticator app"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // And so it is.
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    bed.wait(30);
    let page = home.sign_in_with_app(&page, bed.person("kenji")).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

/// Whoever is at home already tries it there: so a proof is tested where it will be needed.
#[tokio::test]
async fn where_somebody_is_now_it_can_be_done_as_well() {
    let bed = Testbed::start().await;
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in_with_app(&page, bed.person("taro")).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    let page = home.open(PATH).await;
    assert!(page.text().contains("you are here now"), "{}", page.shows());
    let asked = home.press(&page, "zone", "outside").await;
    assert!(asked.asks("password"), "everything is asked for: {}", asked.shows());
    let password = bed.person("taro").password.clone();
    let step = home.submit(&asked, &[("password", &password)]).await;
    bed.wait(30);
    let done = home.submit(&step, &[("code", &code(&bed, "taro"))]).await;
    assert_eq!(done.url.path(), "/portal/rehearsal/outside", "{}", done.shows());
    assert!(done.text().contains("You would get in"), "{}", done.shows());
}

#[tokio::test]
async fn nothing_is_said_to_have_worked_that_did_not() {
    let bed = Testbed::start().await;
    let (browser, page) = looked(&bed, "kenji").await;
    let early = browser.open("/portal/rehearsal/outside").await;
    assert_eq!(early.url.path(), PATH, "the password alone is not enough: {}", early.shows());
    let token = page.form().value("token").expect("a token").to_owned();
    for (token, zone) in [(token.as_str(), "nowhere"), ("x", "outside"), (&token, "campus")] {
        let sent = browser.post_only(PATH, &[("token", token), ("zone", zone)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let there = sent.location().expect("a place");
        assert_eq!(there.path(), PATH, "{zone}");
    }
    // Whoever would be refused there is not led on.
    let (hana, page) = looked(&bed, "hana").await;
    assert!(page.forms().is_empty(), "nothing to try: {}", page.shows());
    let page = hana.open("/portal").await;
    let token = page.form().value("token").expect("a token").to_owned();
    let sent = hana.post_only(PATH, &[("token", &token), ("zone", "outside")]).await;
    assert_eq!(sent.location().expect("a place").path(), PATH);
    // Outside, with both proofs, nothing more is asked for; a place where less is asked excuses nobody.
    let home = bed.browser(Network::Home);
    let page = home.open("/portal/rehearsal/campus").await;
    let page = home.sign_in_as(&page, bed.person("taro")).await;
    assert!(page.asks("code"), "{}", page.shows());
}

/// The list for staff says of everybody what a sign-in from home then comes to.
#[tokio::test]
async fn the_list_of_who_would_be_locked_out_is_true_of_everybody() {
    let bed = Testbed::start().await.with_certificates().await;
    bed.certificate_of(bed.person("rika").id).await;
    let (tenant, outside) = (bed.tenant(), ZoneName::outside());
    let page = bed.flow.outlook_from(&tenant, &outside, None).await.expect("the database answers");
    assert!(page.next.is_none());
    let listed: Vec<_> = page.people.iter().map(|one| one.person.username.to_string()).collect();
    for name in ["daiki", "nao", "emi", "haru"] {
        assert!(!listed.contains(&name.to_owned()), "{name} may not sign in anywhere");
    }
    assert_eq!(listed.len(), bed.first().people().len() - 4, "{listed:?}");
    let mut locked_out = 0;
    for one in &page.people {
        let name = one.person.username.to_string();
        let browser = bed.browser(Network::Home);
        let asked = browser.open("/portal").await;
        let there = browser.sign_in_as(&asked, bed.person(&name)).await;
        let reason = one.locked_out.map(|reason| reason.code().to_owned());
        assert_eq!(reason, there.reason(), "{name}: {}", there.shows());
        locked_out += usize::from(reason.is_some());
        assert!(one.started, "{name} has a password");
    }
    assert!((3..listed.len()).contains(&locked_out), "{locked_out} of {listed:?}");
}

/// Somebody's account page, on campus.
async fn account(bed: &Testbed, name: &str) -> (Browser, Page) {
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person(name)).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    (browser, page)
}

#[tokio::test]
async fn whoever_would_fail_outside_is_told_until_they_say_that_they_know() {
    const TOLD: &str = "From outside the campus network one more proof is needed";
    let bed = Testbed::start().await.with_certificates().await;
    let (browser, page) = account(&bed, "hana").await;
    assert!(page.text().contains(TOLD), "{}", page.text());
    let token = page.form().value("token").expect("a token").to_owned();
    for (token, still) in [("x", true), (token.as_str(), false)] {
        let sent = browser.post_only("/portal/dismiss", &[("token", token)]).await;
        assert_eq!(sent.location().expect("a place").path(), "/portal");
        assert_eq!(browser.open("/portal").await.text().contains(TOLD), still, "{token}");
    }
    // In other browsers as well, and for good.
    bed.wait(400 * 24 * 3600);
    let (_, page) = account(&bed, "hana").await;
    assert!(!page.text().contains(TOLD), "{}", page.text());
    // Another reason is another thing to say.
    let reason = "mfa.none_registered".to_owned();
    let nobu = bed.person("nobu").id;
    bed.write(vec![Write::PromptDismiss { person: nobu, reason }]).await;
    assert!(account(&bed, "nobu").await.1.text().contains(TOLD));
    // Whoever would get in is not told, by whatever they would.
    bed.certificate_of(bed.person("rika").id).await;
    for name in ["mei", "yuki", "aoi", "rika"] {
        let (_, page) = account(&bed, name).await;
        assert!(!page.text().contains(TOLD), "{name}: {}", page.text());
    }
}

#[tokio::test]
async fn what_cannot_be_tried_from_here_is_said_instead_of_offered() {
    let bed = Testbed::start().await;
    // Each place takes another proof: what satisfies one satisfies the other never.
    bed.change_site(|site| {
        let mut row = site.policy.rows.remove(0);
        row.services.clear();
        let rows = [("outside", Method::Totp), ("campus", Method::MailCode)];
        site.policy.rows = rows
            .map(|(zone, method)| {
                let mut row = row.clone();
                row.name = zone.to_owned();
                row.zones = [ZoneName::parse(zone).unwrap()].into();
                row.methods = [method].into();
                row
            })
            .into();
    })
    .await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open(PATH).await;
    let page = browser.sign_in_as(&page, bed.person("ren")).await;
    let page = browser.submit(&page, &[]).await;
    let page = browser.submit(&page, &[("code", &bed.mailed_code().await)]).await;
    assert_eq!(page.url.path(), PATH, "{}", page.shows());
    let outside = at(&page, "outside");
    assert_eq!(outside.reason, "ask.second_factor", "{}", outside.text);
    assert!(outside.text.contains("It cannot be tried from where you are"), "{}", outside.text);
    assert!(!outside.text.contains("Try it for real"), "{}", outside.text);
    // Whoever asks for it all the same is not led into a refusal.
    let account = browser.open("/portal").await;
    let token = account.form().value("token").expect("a token").to_owned();
    let sent = browser.post_only(PATH, &[("token", &token), ("zone", "outside")]).await;
    let asked = browser.open(sent.location().expect("a redirect").as_str()).await;
    assert_eq!(asked.url.path(), PATH, "{}", asked.shows());
    let japanese = browser.speaking("ja").open(PATH).await;
    assert!(japanese.text().contains("いまの場所からは試せません"), "{}", japanese.text());
}
