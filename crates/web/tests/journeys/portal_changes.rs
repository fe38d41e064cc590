//! Sensitive changes in the portal: passwords, authenticator apps, recovery codes, tickets.

use http::StatusCode;
use sekimori_base::PersonId;
use sekimori_directory::{Binding, Method};
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{FactorFacts, FactorState, Notice};
use sekimori_testbed::{AuthenticatorApp, Browser, Network, Page, Testbed};

use crate::portal::inside;

/// A password that the rules take.
const NEW: &str = "five gentle rivers under a paper moon";

/// The app that somebody sets up with a page of registering.
pub fn app_of(page: &Page) -> AuthenticatorApp {
    let (_, rest) = page.body.split_once("otpauth://totp/").expect("a link for the app");
    let (_, rest) = rest.split_once("secret=").expect("a secret in it");
    let text: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    AuthenticatorApp::from_base32(&text)
}

/// The codes on a sheet.
fn codes_on(page: &Page) -> Vec<String> {
    let shape = |word: &&str| word.len() == 19 && word.matches('-').count() == 3;
    page.text().split_whitespace().filter(shape).map(str::to_owned).collect()
}

pub async fn factors(bed: &Testbed, name: &str) -> Vec<FactorFacts> {
    let id: PersonId = bed.person(name).id;
    let found = bed.flow.store.person(bed.first().id, bed.now(), id).await.unwrap().unwrap();
    found.known.factors
}

/// What the outbox tells somebody.
pub async fn notices(bed: &Testbed) -> Vec<sekimori_flow::Message> {
    bed.notices().await
}

async fn new_ticket(bed: &Testbed, name: &str) -> String {
    bed.ticket(bed.person(name).id, TicketPurpose::Factor).await
}

/// Register an app and save the codes; the page is the one of registering.
pub async fn register(
    bed: &Testbed,
    browser: &Browser,
    page: &Page,
) -> (AuthenticatorApp, Page, Page) {
    let app = app_of(page);
    let sheet = browser.submit(page, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(sheet.url.path(), "/portal/recovery-codes", "{}", sheet.shows());
    let after = browser.submit(&sheet, &[]).await;
    (app, sheet, after)
}

#[tokio::test]
async fn the_first_app_is_registered_inside_and_counts_after_one_correct_code() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/totp").await;
    assert!(page.body.contains("<svg class=\"qr\""), "{}", page.shows());
    let reloaded = browser.open(page.url.as_str()).await;
    let app = app_of(&page);
    assert_eq!(app.code(bed.now()), app_of(&reloaded).code(bed.now()), "a reload shows the same");
    assert_eq!(factors(&bed, "hana").await, [], "nothing is kept until it counts");

    for wrong in ["", "12", "000000"] {
        let again = browser.submit(&page, &[("code", wrong)]).await;
        assert!(again.failed(), "{wrong}: {}", again.shows());
        assert_eq!(app.code(bed.now()), app_of(&again).code(bed.now()));
    }
    let late = app.code(bed.now().plus_seconds(-240));
    let again = browser.submit(&page, &[("code", &late)]).await;
    assert!(again.text().contains("4 minutes"), "the clock is told: {}", again.text());
    assert_eq!(factors(&bed, "hana").await, []);

    let (app, sheet, after) = register(&bed, &browser, &page).await;
    let codes = codes_on(&sheet);
    assert_eq!(codes.len(), 10, "{}", sheet.text());
    assert_eq!(after.url.path(), "/portal", "{}", after.shows());
    assert!(after.text().contains("Your new recovery codes count"), "{}", after.text());
    let known = factors(&bed, "hana").await;
    assert_eq!(known.len(), 2);
    assert!(known.iter().all(|f| f.binding == Binding::InsideWithPassword));
    let messages = notices(&bed).await;
    assert!(messages.iter().all(|message| message.name == "hana Example"), "by name");
    let told: Vec<_> = messages.iter().map(|message| message.notice).collect();
    assert_eq!(told, [Notice::FactorAdded, Notice::RecoveryCodesMade]);
    let shown_again = browser.open(sheet.url.as_str()).await;
    assert_eq!(codes_on(&shown_again), Vec::<String>::new(), "they are shown once");

    // At home it is what was missing; the code that completed the registration is spent.
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in_as(&page, bed.person("hana")).await;
    let spent = home.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert!(spent.asks("code"), "{}", spent.shows());
    bed.wait(60);
    let page = home.submit(&spent, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    let other = bed.browser(Network::Cafe);
    let page = other.open("/portal").await;
    let page = other.sign_in_as(&page, bed.person("hana")).await;
    let page = other.press(&page, "method", "recovery_code").await;
    let page = other.submit(&page, &[("code", &codes[3])]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn a_password_alone_registers_nothing_outside_or_where_the_site_says_no() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Vpn);
    let page = browser.open("/portal/totp").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    assert!(page.text().contains("campus network, or with an enrolment ticket"), "{}", page.text());
    let code = page.incident().expect("a code");
    assert!(bed.replays(&code).await, "by its facts");
    assert!(page.asks("ticket"));
    let codes = browser.open("/portal/recovery-codes").await;
    assert!(codes.asks("ticket"), "{}", codes.shows());
    // A sealed page from inside is of no use to another session or another place.
    let (campus, _) = inside(&bed, "hana").await;
    let page = campus.open("/portal/totp").await;
    let stolen = browser.open(page.url.as_str()).await;
    assert!(!stolen.body.contains("otpauth:"), "{}", stolen.shows());
    let taken_home = campus.at(Network::Home).open(page.url.as_str()).await;
    assert!(!taken_home.body.contains("otpauth:"), "{}", taken_home.shows());
    assert_eq!(factors(&bed, "hana").await, []);
}

#[tokio::test]
async fn whoever_has_a_factor_shows_it_before_registering_another() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "mei").await;
    let page = browser.open("/portal/totp").await;
    assert!(page.asks("code"), "{}", page.shows());
    let shown = bed.person("mei").app.as_ref().unwrap().code(bed.now());
    let page = browser.submit(&page, &[("code", &shown)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
    register(&bed, &browser, &page).await;
    let known = factors(&bed, "mei").await;
    assert!(
        known.iter().all(|f| f.binding == Binding::InsideWithPassword),
        "no stronger: {known:?}"
    );

    let (browser, _) = inside(&bed, "nobu").await;
    let page = browser.open("/portal/totp").await;
    assert!(page.asks("ticket"), "it had one before: {}", page.shows());
    assert!(page.text().contains("had a proof before"), "{}", page.text());
}

/// A form is answered by a redirect here as well, so that reload, back and the other language show what went wrong.
#[tokio::test]
async fn a_double_click_registers_one_app_and_leads_on() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/totp").await;
    let shown = app_of(&page).code(bed.now());
    let fields = [("code", shown.as_str())];
    let (one, two) = tokio::join!(browser.submit(&page, &fields), browser.submit(&page, &fields));
    let again = browser.submit(&page, &fields).await;
    for page in [&one, &two, &again] {
        assert_eq!(page.url.path(), "/portal/recovery-codes", "{}", page.shows());
    }
    assert_eq!(factors(&bed, "hana").await.len(), 1);
}

#[tokio::test]
async fn a_ticket_registers_in_the_portal_once() {
    let bed = Testbed::start().await;
    let ticket = new_ticket(&bed, "nobu").await;
    let (browser, _) = inside(&bed, "nobu").await;
    let page = browser.open("/portal/ticket").await;
    let typed = ticket.to_lowercase().replace('-', " ");
    let page = browser.submit(&page, &[("ticket", &typed)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
    // Another page with the same ticket: only one of them can be finished.
    let other = browser.open("/portal/ticket").await;
    let other = browser.submit(&other, &[("ticket", &ticket)]).await;
    register(&bed, &browser, &page).await;
    let known = factors(&bed, "nobu").await;
    assert!(known.iter().all(|f| f.binding == Binding::Ticket), "{known:?}");
    let late = app_of(&other).code(bed.now());
    let late = browser.submit(&other, &[("code", &late)]).await;
    assert_ne!(late.url.path(), "/portal/recovery-codes", "{}", late.shows());
    assert_eq!(factors(&bed, "nobu").await.len(), 2);
}

#[tokio::test]
async fn five_wrong_tries_end_a_ticket_and_each_costs_a_wait() {
    let bed = Testbed::start().await;
    let ticket = new_ticket(&bed, "nobu").await;
    let (browser, _) = inside(&bed, "nobu").await;
    let mut page = browser.open("/portal/ticket").await;
    page = browser.submit(&page, &[("ticket", "much too short")]).await;
    assert!(page.failed() && page.incident().is_none(), "no guess: {}", page.shows());
    for _ in 0..5 {
        page = browser.submit(&page, &[("ticket", "0000-0000-0000")]).await;
        assert!(page.failed(), "{}", page.shows());
        assert!(bed.replays(&page.incident().expect("a code")).await, "by its facts");
        let hasty = browser.submit(&page, &[("ticket", &ticket)]).await;
        assert!(hasty.failed(), "nothing is evaluated while waiting: {}", hasty.shows());
        bed.wait(2);
    }
    page = browser.submit(&page, &[("ticket", &ticket)]).await;
    assert!(page.failed(), "it has ended: {}", page.shows());
    let ticket = new_ticket(&bed, "rika").await;
    bed.wait(20);
    page = browser.submit(&page, &[("ticket", &ticket)]).await;
    assert!(page.failed(), "somebody else's: {}", page.shows());
    assert_eq!(factors(&bed, "nobu").await, []);
}

#[tokio::test]
async fn somebody_far_away_without_a_factor_comes_in_by_ticket() {
    let bed = Testbed::start().await;
    let ticket = new_ticket(&bed, "hana").await;
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in();
    let browser = bed.browser(Network::Home);
    let page = browser.open(&sign_in.url).await;
    let refused = browser.sign_in_as(&page, bed.person("hana")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.shows());
    let page = browser.click(&refused, "ticket").await;
    assert!(page.asks("ticket"), "{}", page.shows());

    // The address is of no use to anybody else.
    let stranger = bed.browser(Network::Home);
    stranger.open("/login").await;
    assert!(!stranger.open(page.url.as_str()).await.asks("ticket"));

    let wrong = browser.submit(&page, &[("ticket", "0000-0000-0000")]).await;
    assert!(wrong.failed() && wrong.asks("ticket"), "{}", wrong.shows());
    assert!(bed.replays(&wrong.incident().expect("a code")).await, "by its facts");
    bed.wait(5);
    let page = browser.submit(&wrong, &[("ticket", &ticket)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
    assert!(!stranger.open(page.url.as_str()).await.body.contains("otpauth:"));
    let (app, sheet, after) = register(&bed, &browser, &page).await;
    assert_eq!(codes_on(&sheet).len(), 10);
    assert_eq!(browser.cookie("session"), None, "registering opens no session");
    assert!(after.asks("password"), "the same sign-in again: {}", after.shows());
    let known = factors(&bed, "hana").await;
    assert!(known.iter().all(|f| f.binding == Binding::Ticket && f.state == FactorState::Ready));

    bed.wait(60);
    let page = browser.submit(&after, &[("password", &bed.person("hana").password)]).await;
    let page = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    let tokens = wiki.redeem(&sign_in, &page).await;
    assert_eq!(tokens.claim("acr"), "https://refeds.org/profile/mfa");
}

#[tokio::test]
async fn a_ticket_is_worth_nothing_without_the_password() {
    let bed = Testbed::start().await;
    let ticket = new_ticket(&bed, "hana").await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal/ticket").await;
    assert!(page.asks("username"), "{}", page.shows());
    let page = browser.sign_in(&page, "hana", "not her password").await;
    assert!(
        page.links().iter().all(|(href, _)| !href.contains("/portal/ticket")),
        "{}",
        page.shows()
    );
    let attempt = page.url.path().rsplit('/').next().unwrap().to_owned();
    let page = browser.open(&format!("/portal/ticket?attempt={attempt}")).await;
    assert!(!page.asks("ticket"), "{}", page.shows());
    let fields = [("attempt", attempt.as_str()), ("ticket", &ticket), ("token", "x")];
    browser.post_only("/portal/ticket", &fields).await;
    assert_eq!(factors(&bed, "hana").await, []);
}

#[tokio::test]
async fn a_password_changes_with_rules_said_first_and_ends_the_others() {
    let bed = Testbed::start().await;
    let (phone, _) = inside(&bed, "hana").await;
    let (desk, _) = inside(&bed, "hana").await;
    let page = desk.open("/portal/password").await;
    assert!(page.text().contains("15 characters or more"), "{}", page.text());
    let flaws = [
        ("short", "needs 15 or more"),
        ("hana example hana", "your own name"),
        ("Example University", "words of the organisation"),
    ];
    for (weak, words) in flaws {
        let again = desk.submit(&page, &[("new_password", weak)]).await;
        assert!(again.failed() && again.text().contains(words), "{weak}: {}", again.text());
    }
    let after = desk.submit(&page, &[("new_password", NEW)]).await;
    assert!(after.text().contains("Your password has been changed"), "{}", after.shows());
    assert!(phone.open("/portal").await.asks("username"), "the other one has ended");
    assert_eq!(desk.open("/portal").await.url.path(), "/portal", "this one goes on");
    let told: Vec<_> = notices(&bed).await.iter().map(|message| message.notice).collect();
    assert_eq!(told, [Notice::PasswordChanged]);

    let page = phone.open("/portal").await;
    let old = phone.sign_in_as(&page, bed.person("hana")).await;
    assert!(old.asks("password"), "{}", old.shows());
    bed.wait(2);
    let page = phone.submit(&old, &[("password", NEW)]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn other_browsers_stay_when_one_says_so() {
    let bed = Testbed::start().await;
    let (phone, _) = inside(&bed, "hana").await;
    let (desk, _) = inside(&bed, "hana").await;
    let page = desk.open("/portal/password").await;
    let token = page.form().value("token").unwrap().to_owned();
    let fields = [("token", token.as_str()), ("new_password", NEW)];
    let sent = desk.post_only("/portal/password", &fields).await;
    assert_eq!(sent.location().unwrap().path(), "/portal", "{}", sent.shows());
    assert_eq!(phone.open("/portal").await.url.path(), "/portal");
}

#[tokio::test]
async fn a_sensitive_change_asks_once_for_the_most_that_the_account_has() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "kenji").await;
    let page = browser.open("/portal/password").await;
    assert!(page.asks("code"), "the password was just shown: {}", page.shows());
    assert_eq!(browser.open("/portal").await.url.path(), "/portal", "cancelling changes nothing");
    let app = bed.person("kenji").app.as_ref().unwrap();
    let page = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(page.url.path(), "/portal/password", "{}", page.shows());
    let page = browser.open("/portal/recovery-codes").await;
    assert_eq!(codes_on(&page).len(), 10, "not again within the window: {}", page.shows());
    bed.wait(901);
    let page = browser.open("/portal/password").await;
    assert!(page.asks("password"), "{}", page.shows());
}

#[tokio::test]
async fn removing_the_last_factor_warns_and_a_new_one_needs_a_ticket() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "kenji").await;
    let known = factors(&bed, "kenji").await;
    let find = |method| known.iter().find(|f| f.method == method).unwrap().id;
    let (app, codes) = (find(Method::Totp), find(Method::RecoveryCode));

    let page = browser.open(&format!("/portal/factor/remove?factor={app}")).await;
    assert!(page.asks("code"), "asked first: {}", page.shows());
    let shown = bed.person("kenji").app.as_ref().unwrap().code(bed.now());
    let page = browser.submit(&page, &[("code", &shown)]).await;
    assert_eq!(page.url.path(), format!("/portal/factor/remove/{app}"), "{}", page.shows());
    assert!(page.text().contains("only your recovery codes are left"), "{}", page.text());
    assert_eq!(factors(&bed, "kenji").await.len(), 2, "asking removes nothing");
    let page = browser.press(&page, "decision", "remove").await;
    assert!(page.text().contains("The proof has been removed"), "{}", page.text());
    let notice = notices(&bed).await.pop().expect("a notice");
    assert_eq!((notice.notice, notice.about.method), (Notice::FactorRemoved, Some(Method::Totp)));

    let page = browser.open(&format!("/portal/factor/remove/{codes}")).await;
    assert!(page.asks("code"), "the app's proof went with it: {}", page.shows());
    let printed = &bed.person("kenji").recovery_codes[0];
    let page = browser.submit(&page, &[("code", printed)]).await;
    assert!(page.text().contains("This is your last one"), "{}", page.text());
    let page = browser.press(&page, "decision", "remove").await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert_eq!(factors(&bed, "kenji").await, []);
    let page = browser.open("/portal/totp").await;
    assert!(page.asks("ticket"), "it ever had one: {}", page.shows());
}

#[tokio::test]
async fn the_sheet_comes_as_a_file_too() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/recovery-codes").await;
    let links = page.links();
    let (href, _) = links.iter().find(|(href, _)| href.contains("/file")).expect("a file");
    let file = browser.open(href).await;
    let kind = file.headers.get("content-type").unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    for printed in codes_on(&page) {
        assert!(file.body.contains(&printed));
    }
    assert_eq!(factors(&bed, "hana").await, [], "they count when they are saved");
}

#[tokio::test]
async fn a_page_of_registering_that_was_opened_on_campus_registers_nothing_elsewhere() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/totp").await;
    let app = app_of(&page);
    // A network where the password suffices, and where nothing may be registered.
    let moved = browser.at(Network::Vpn);
    let refused = moved.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert!(refused.asks("ticket"), "{}", refused.shows());
    assert_eq!(factors(&bed, "hana").await, []);
    // Back on campus the same page goes on.
    let sheet = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(sheet.url.path(), "/portal/recovery-codes", "{}", sheet.shows());
}

#[tokio::test]
async fn what_the_help_desk_does_with_factors_is_told_to_the_owner() {
    let bed = Testbed::start().await;
    let (tenant, taro) = (bed.tenant(), bed.person("taro").id);
    let by = sekimori_flow::admin::By("os:root".to_owned());
    let app = factors(&bed, "taro").await[0].id;
    assert!(bed.flow.end_factor_of(&tenant, taro, app, &by).await.unwrap());
    assert!(!bed.flow.end_factor_of(&tenant, taro, app, &by).await.unwrap(), "gone");
    bed.flow.hand_out_totp(&tenant, taro, Binding::Desk, &by).await.unwrap();
    let told = notices(&bed).await;
    let told: Vec<_> =
        told.iter().map(|m| (m.person, m.notice, m.about.method, m.by_desk)).collect();
    let totp = Some(Method::Totp);
    assert_eq!(
        told,
        [(taro, Notice::FactorRemoved, totp, true), (taro, Notice::FactorAdded, totp, true)]
    );
}

#[tokio::test]
async fn wrong_codes_are_told_at_once_and_then_by_the_hour_with_how_many() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let begin = bed.now();
    for _ in 0..20 {
        let page = browser.open(&bed.service("wiki").sign_in().url).await;
        let page = browser.sign_in_as(&page, bed.person("taro")).await;
        assert!(page.asks("code"), "{}", page.shows());
        let page = browser.submit(&page, &[("code", "000000")]).await;
        assert!(page.failed() && page.asks("code"), "{}", page.shows());
        // Longer than the longest wait between two guesses.
        bed.wait(16 * 60);
    }
    let hours = u32::try_from(bed.now().seconds_since(begin) / 3600).unwrap();
    let (store, tenant) = (&bed.flow.store, bed.tenant());
    let waiting = store.outbox_waiting(tenant.id, 100).await.unwrap();
    let (mut told, mut due) = (0, Vec::new());
    for message in &waiting {
        let letter = bed.flow.open_letter(&tenant, message.id, &message.message).unwrap();
        let sekimori_flow::Letter::Notice(message_of) = letter else { panic!("no code is sent") };
        assert_eq!(message_of.notice, Notice::SecondFactorFailed);
        // The first is told by itself, and once more with its hour.
        due.push(match message_of.since {
            Some(since) => {
                told += bed.flow.times(&tenant, &message_of).await.unwrap();
                since.plus_seconds(3600)
            }
            None => message_of.at,
        });
    }
    assert_eq!(told, 20, "all of them, in {} messages", waiting.len());
    assert!(waiting.len() <= hours as usize + 2, "{} in {hours} hours", waiting.len());
    due.sort_unstable();
    let near = due.windows(2).find(|two| two[1].seconds_since(two[0]) < 3600);
    assert_eq!(near, None, "at most one an hour");
}
