//! Tickets instead of a password: the first one of somebody new, and a forgotten one.

use http::StatusCode;
use sekimori_base::PersonId;
use sekimori_directory::Binding;
use sekimori_login::Notice;
use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{AuthenticatorApp, Browser, Network, Page, Testbed};

use crate::common::code;
use crate::portal::inside;

/// A password that the rules take.
const NEW: &str = "five gentle rivers under a paper moon";

/// Somebody new, without a password, and their ticket.
async fn newcomer(bed: &Testbed) -> (PersonId, String) {
    let id = bed.newcomer("shin").await;
    (id, bed.ticket(id, TicketPurpose::Start).await)
}

/// From the first page of a sign-in to the page of the new password.
async fn enter(browser: &Browser, page: &Page, name: &str, ticket: &str) -> Page {
    let page = browser.click(page, "ticket").await;
    assert!(page.asks("ticket") && page.body.contains("id=\"username\""), "{}", page.shows());
    assert!(page.text().contains("the campus network"), "the slip: {}", page.text());
    browser.submit(&page, &[("username", name), ("ticket", ticket)]).await
}

fn asks_code(page: &Page) -> bool {
    page.body.contains("id=\"code\"")
}

async fn notices(bed: &Testbed) -> Vec<Notice> {
    bed.notices().await.iter().map(|message| message.notice).collect()
}

#[tokio::test]
async fn somebody_new_starts_far_away_with_one_ticket() {
    let bed = Testbed::start().await;
    let (id, ticket) = newcomer(&bed).await;
    bed.wait(13 * 24 * 3600);
    let wiki = bed.service("wiki");
    let sign_in = wiki.sign_in();
    let browser = bed.browser(Network::Home);
    let page = browser.open(&sign_in.url).await;
    let page = enter(&browser, &page, " SHIN ", &ticket.to_lowercase().replace('-', " ")).await;
    assert_eq!(page.url.path(), "/ticket/password", "{}", page.shows());
    assert!(page.text().contains("15 characters or more"), "{}", page.text());
    for said in ["Wiki", "ticket checked, new password needed shin"] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(page.body.contains("autocomplete=\"new-password\"") && !asks_code(&page));
    assert_eq!(page.form().value("username"), Some("shin"), "for password managers");
    let weak = browser.submit(&page, &[("new_password", "short")]).await;
    assert!(weak.failed() && weak.text().contains("needs 15 or more"), "{}", weak.text());
    let page = browser.submit(&weak, &[("new_password", NEW)]).await;
    assert_eq!(page.heading(), "Sign in with your new password", "{}", page.shows());
    assert_eq!(browser.cookie("session"), None, "a ticket opens no session");
    assert_eq!(notices(&bed).await, [Notice::PasswordChanged]);

    // Outside one more proof is needed, and the same paper registers it.
    let refused = browser.submit(&page, &[("password", NEW)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.shows());
    let page = browser.click(&refused, "ticket").await;
    for said in ["Wiki", "checked shin", "needed, none can be used"] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    let page = browser.submit(&page, &[("ticket", &ticket)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
    let (_, rest) = page.body.split_once("secret=").expect("a link for the app");
    let key: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let app = AuthenticatorApp::from_base32(&key);
    let sheet = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    let page = browser.submit(&sheet, &[]).await;
    assert!(bed.stored(id).await.known.factors.iter().all(|f| f.binding == Binding::Ticket));
    bed.wait(60);
    let page = browser.submit(&page, &[("password", NEW)]).await;
    let page = browser.submit(&page, &[("code", &app.code(bed.now()))]).await;
    let tokens = wiki.redeem(&sign_in, &page).await;
    assert_eq!(tokens.claim("acr"), "https://refeds.org/profile/mfa");

    // Now it is used up, for both.
    let other = bed.browser(Network::Home);
    let page = other.open("/portal").await;
    let page = enter(&other, &page, "shin", &ticket).await;
    assert!(page.failed() && page.asks("ticket"), "{}", page.shows());
}

#[tokio::test]
async fn a_ticket_of_the_desk_is_good_for_half_an_hour_and_one_for_somebody_new_for_days() {
    let bed = Testbed::start().await;
    let (_, start) = newcomer(&bed).await;
    let hana = bed.ticket(bed.person("hana").id, TicketPurpose::Password).await;
    bed.wait(30 * 60 + 1);
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let late = enter(&browser, &page, "hana", &hana).await;
    assert!(late.failed(), "{}", late.shows());
    bed.change_site(|site| site.password.start_ticket_days = 1).await;
    bed.wait(14 * 24 * 3600);
    let page = browser.open("/portal").await;
    let late = enter(&browser, &page, "shin", &start).await;
    assert!(late.failed(), "{}", late.shows());
    let incident = late.incident().expect("a code");
    let kept = bed.incident(&incident).await.expect("it is kept");
    assert_eq!(kept.line.reason.as_deref(), Some("enrol.ticket_wrong"));
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_sessions_and_grants_end() {
    let bed = Testbed::start().await;
    let (phone, _) = inside(&bed, "hana").await;
    let ticket = bed.ticket(bed.person("hana").id, TicketPurpose::Password).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let wrong = browser.sign_in(&page, "hana", "what was it again").await;
    assert!(wrong.failed(), "{}", wrong.shows());
    let page = enter(&browser, &wrong, "hana", &ticket).await;
    let page = browser.submit(&page, &[("new_password", NEW)]).await;
    assert!(page.asks("password"), "{}", page.shows());
    assert!(phone.open("/portal").await.asks("username"), "that session has ended");
    bed.wait(2);
    let page = browser.submit(&page, &[("password", NEW)]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    let page = browser.open("/portal/ticket").await;
    bed.wait(2);
    let again = browser.submit(&page, &[("ticket", &ticket)]).await;
    assert!(again.failed(), "once, and not for a factor: {}", again.shows());
}

#[tokio::test]
async fn a_ticket_never_goes_round_a_factor() {
    let bed = Testbed::start().await;
    let kenji = bed.person("kenji");
    let ticket = bed.ticket(kenji.id, TicketPurpose::Password).await;
    let before = bed.stored(kenji.id).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "kenji", &ticket).await;
    assert!(asks_code(&page), "{}", page.shows());
    for (wrong, reason) in
        [("", "input.empty"), ("12", "mfa.code_malformed"), ("000000", "mfa.code_wrong")]
    {
        let again = browser.submit(&page, &[("code", wrong), ("new_password", NEW)]).await;
        assert!(again.failed() && asks_code(&again), "{reason}: {}", again.shows());
        assert!(!again.text().contains("Your password is right"), "{}", again.text());
    }
    assert_eq!(bed.stored(kenji.id).await, before, "nothing has changed");
    bed.wait(2);
    let right = code(&bed, "kenji");
    let fields = [("code", right.as_str()), ("new_password", NEW)];
    let done = browser.submit(&page, &fields).await;
    assert_eq!(done.heading(), "Sign in with your new password", "{}", done.shows());
    let after = bed.stored(kenji.id).await;
    assert_ne!(after.password, before.password);
    assert_eq!(after.known.factors.len(), before.known.factors.len(), "factors stay");
    // The code is spent: it opens nothing else.
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in(&page, "kenji", NEW).await;
    let page = home.submit(&page, &[("code", &right)]).await;
    assert!(page.failed(), "{}", page.shows());
}

#[tokio::test]
async fn a_recovery_code_counts_as_the_factor_and_is_told_to_its_owner() {
    let bed = Testbed::start().await;
    let yuki = bed.person("yuki");
    let ticket = bed.ticket(yuki.id, TicketPurpose::Password).await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "yuki", &ticket).await;
    let fields = [("code", yuki.recovery_codes[0].as_str()), ("new_password", NEW)];
    let done = browser.submit(&page, &fields).await;
    assert!(done.asks("password"), "{}", done.shows());
    let told = bed.notices().await;
    let used = told.iter().find(|message| message.notice == Notice::RecoveryCodeUsed);
    assert_eq!(used.and_then(|used| used.about.codes_left), Some(9), "{told:?}");
    let changed = told.iter().any(|message| message.notice == Notice::PasswordChanged);
    assert!(changed, "{told:?}");
}

#[tokio::test]
async fn a_factor_that_cannot_be_shown_is_for_the_desk_to_end() {
    let bed = Testbed::start().await;
    let ticket = bed.ticket(bed.person("sora").id, TicketPurpose::Password).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "sora", &ticket).await;
    assert!(
        page.failed() && page.text().contains("A ticket alone gives no new password"),
        "{}",
        page.text()
    );
    assert!(page.incident().is_some());
}

#[tokio::test]
async fn a_ticket_for_an_app_gives_no_password() {
    let bed = Testbed::start().await;
    let ticket = bed.ticket(bed.person("hana").id, TicketPurpose::Factor).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "hana", &ticket).await;
    assert!(page.failed() && page.text().contains("not for a password"), "{}", page.text());
}

#[tokio::test]
async fn an_account_that_may_not_be_used_gets_no_password_by_ticket() {
    let bed = Testbed::start().await;
    for (name, words) in [("daiki", "switched off"), ("emi", "ended"), ("haru", "does not fit")] {
        let ticket = bed.ticket(bed.person(name).id, TicketPurpose::Password).await;
        let browser = bed.browser(Network::Campus);
        let page = browser.open("/portal").await;
        let page = enter(&browser, &page, name, &ticket).await;
        assert!(page.failed() && page.asks("ticket"), "{name}: {}", page.shows());
        assert!(page.text().contains(words), "{name}: {}", page.text());
        assert!(!page.text().contains("Your password is right"), "{name}: {}", page.text());
    }
}

#[tokio::test]
async fn one_ticket_under_twenty_submits_sets_one_password() {
    let bed = Testbed::start().await;
    let (id, ticket) = newcomer(&bed).await;
    let mut pages = Vec::new();
    for _ in 0..20 {
        let browser = bed.browser(Network::Campus);
        let page = browser.open("/portal").await;
        let page = enter(&browser, &page, "shin", &ticket).await;
        assert_eq!(page.url.path(), "/ticket/password", "{}", page.shows());
        pages.push((browser, page));
    }
    let before = bed.stored(id).await.known.credential_epoch;
    let passwords: Vec<String> = (0..20).map(|number| format!("{NEW} number {number}")).collect();
    let mut submits = tokio::task::JoinSet::new();
    for ((browser, page), password) in pages.into_iter().zip(passwords) {
        submits.spawn(async move {
            let sent = browser.submit_only(&page, &[("new_password", &password)]).await;
            sent.location().map(|to| to.path().to_owned())
        });
    }
    let led_to = submits.join_all().await;
    let won = led_to.iter().filter(|path| path.as_deref() == Some("/login")).count();
    assert_eq!(won, 1, "{led_to:?}");
    assert_eq!(bed.stored(id).await.known.credential_epoch, before + 1);
}

#[tokio::test]
async fn a_double_click_and_the_back_button_lead_to_the_sign_in() {
    let bed = Testbed::start().await;
    let (id, ticket) = newcomer(&bed).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "shin", &ticket).await;
    let fields = [("new_password", NEW)];
    let (one, two) = tokio::join!(browser.submit(&page, &fields), browser.submit(&page, &fields));
    let back = browser.open(page.url.as_str()).await;
    for page in [&one, &two, &back] {
        assert!(page.asks("password"), "{}", page.shows());
    }
    assert_eq!(bed.stored(id).await.known.credential_epoch, 2);
}

#[tokio::test]
async fn a_right_ticket_is_bound_to_its_browser_and_ends_with_another_password() {
    let bed = Testbed::start().await;
    let hana = bed.person("hana").id;
    let ticket = bed.ticket(hana, TicketPurpose::Password).await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let page = enter(&browser, &page, "hana", &ticket).await;
    let stranger = bed.browser(Network::Campus);
    stranger.open("/login").await;
    let stolen = stranger.open(page.url.as_str()).await;
    assert!(!stolen.asks("new_password"), "{}", stolen.shows());
    let foreign = browser.post_from("https://evil.example", "/ticket/password", &[]).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    // Ten minutes for choosing.
    bed.wait(601);
    let late = browser.submit(&page, &[("new_password", NEW)]).await;
    assert!(late.asks("ticket"), "{}", late.shows());
    // Another change of password ends the ticket.
    bed.credentials_changed(hana).await;
    let over = browser.submit(&late, &[("username", "hana"), ("ticket", &ticket)]).await;
    assert!(over.failed(), "{}", over.shows());
}

#[tokio::test]
async fn wrong_tickets_wait_and_do_not_end_the_right_one() {
    let bed = Testbed::start().await;
    let (_, ticket) = newcomer(&bed).await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let mut page = browser.click(&page, "ticket").await;
    let send = |ticket: &str| [("username", "shin".to_owned()), ("ticket", ticket.to_owned())];
    for number in 0..12 {
        let fields = send("0000-0000-0000");
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        page = browser.submit(&page, &fields).await;
        assert!(page.failed(), "{number}: {}", page.shows());
        bed.wait(2);
    }
    let fields = [("username", "shin"), ("ticket", ticket.as_str())];
    let waits = browser.submit(&page, &fields).await;
    assert!(waits.failed(), "nothing is evaluated while waiting: {}", waits.shows());
    bed.wait(40);
    let page = browser.submit(&page, &fields).await;
    assert_eq!(page.url.path(), "/ticket/password", "{}", page.shows());
}
