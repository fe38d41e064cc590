//! "This was not me": what its button does about something new, and about what is no factor or none any more.

use http::StatusCode;
use sekimori_directory::Method;
use sekimori_flow::Message;
use sekimori_login::ticket::TicketPurpose;
use sekimori_login::{FactorFacts, FactorState, Notice};
use sekimori_testbed::{Browser, Network, Page, Place, Plan, Testbed};

use crate::common::code;
use crate::portal::inside;
use crate::portal_changes::{factors, notices, register};

/// A password that the rules take.
const NEW: &str = "five gentle rivers under a paper moon";

#[tokio::test]
async fn this_was_not_me_acts_by_its_button_alone_and_suspends_the_new_factor() {
    let bed = Testbed::start().await;
    let (thief, _) = inside(&bed, "hana").await;
    let page = thief.open("/portal/totp").await;
    let (app, _, _) = register(&bed, &thief, &page).await;
    let notice = notices(&bed).await.remove(0);
    let link = bed.flow.not_me_path(&bed.tenant(), &notice).unwrap();

    let hana = bed.browser(Network::Cafe);
    let page = hana.open(&link).await;
    hana.open(&link).await;
    let states = |mut known: Vec<FactorFacts>| -> Vec<_> {
        known.sort_by_key(|factor| factor.method == Method::RecoveryCode);
        known.iter().map(|factor| (factor.method, factor.state)).collect()
    };
    let ready = [(Method::Totp, FactorState::Ready), (Method::RecoveryCode, FactorState::Ready)];
    assert_eq!(states(factors(&bed, "hana").await), ready, "scanners open links");
    let page = hana.press(&page, "decision", "not_me").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.shows());
    let known = states(factors(&bed, "hana").await);
    assert_eq!(known[0], (Method::Totp, FactorState::Suspended));
    assert_eq!(known[1], ready[1], "no other one");
    assert!(thief.open("/portal").await.asks("username"), "sessions have ended");
    // The link opened once more says that it was done, and offers nothing.
    let again = hana.open(&link).await;
    assert!(again.text().contains("It is suspended"), "{}", again.text());
    assert!(again.forms().is_empty(), "{}", again.text());

    bed.wait(60);
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in_as(&page, bed.person("hana")).await;
    let page = home.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert_ne!(page.url.path(), "/portal", "{}", page.shows());
    bed.wait(8 * 24 * 3600);
    assert_eq!(states(factors(&bed, "hana").await)[0].1, FactorState::Ready, "ends by itself");
    let again = hana.open(&link).await;
    assert!(again.text().contains("It was used already"), "{}", again.text());
    assert!(again.forms().is_empty(), "{}", again.text());
    assert_eq!(hana.open("/not-me/AAAA").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_desk_lets_a_suspended_factor_be_used_again_and_its_owner_is_told() {
    let bed = Testbed::start().await;
    let by = sekimori_flow::admin::By("os:root".to_owned());
    let (browser, _) = inside(&bed, "hana").await;
    let page = browser.open("/portal/totp").await;
    let (app, _, _) = register(&bed, &browser, &page).await;
    let notice = notices(&bed).await.remove(0);
    let link = bed.flow.not_me_path(&bed.tenant(), &notice).unwrap();
    let hana = bed.browser(Network::Cafe);
    hana.press(&hana.open(&link).await, "decision", "not_me").await;
    notices(&bed).await;
    let known = factors(&bed, "hana").await;
    let of = |method| known.iter().find(|factor| factor.method == method).unwrap().id;
    let (tenant, who) = (bed.tenant(), bed.person("hana").id);
    let resume = async |id| bed.flow.resume_factor_of(&tenant, who, id, &by).await.unwrap();
    assert!(!resume(of(Method::RecoveryCode)).await, "that one is not suspended");
    assert!(resume(of(Method::Totp)).await);
    assert!(!resume(of(Method::Totp)).await, "it is not any more");

    let told = notices(&bed).await;
    let told = told.iter().find(|message| message.notice == Notice::FactorResumed).unwrap();
    assert!(told.by_desk && told.about.method == Some(Method::Totp), "{told:?}");
    bed.wait(60);
    let home = bed.browser(Network::Home);
    let page = home.open("/portal").await;
    let page = home.sign_in_as(&page, bed.person("hana")).await;
    let page = home.submit(&page, &[("code", &app.code(bed.now()))]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert!(page.text().contains("may be used again"), "in the history: {}", page.text());
    // If that was not asked for, the link of this mail suspends it once more.
    let link = bed.flow.not_me_path(&bed.tenant(), told).unwrap();
    hana.press(&hana.open(&link).await, "decision", "not_me").await;
    let known = factors(&bed, "hana").await;
    let app = known.iter().find(|factor| factor.method == Method::Totp).unwrap();
    assert_eq!(app.state, FactorState::Suspended);
}

/// The page behind the link of a notice, as its mail gives it.
async fn page_of(bed: &Testbed, browser: &Browser, notice: Notice) -> Page {
    let told: Vec<Message> = notices(bed).await;
    let message = told.iter().find(|message| message.notice == notice);
    let message = message.unwrap_or_else(|| panic!("no {notice:?}: {told:?}"));
    browser.open(&bed.flow.not_me_path(&bed.tenant(), message).unwrap()).await
}

async fn epoch(bed: &Testbed, name: &str) -> u64 {
    bed.stored(bed.person(name).id).await.known.credential_epoch
}

#[tokio::test]
async fn about_a_password_it_ends_whatever_stands_and_says_that_the_password_still_counts() {
    let bed = Testbed::start().await;
    let taro = bed.person("taro");
    let (thief, _) = inside(&bed, "taro").await;
    let page = thief.open("/portal/password").await;
    let page = thief.submit(&page, &[("code", &code(&bed, "taro"))]).await;
    let page = thief.submit(&page, &[("new_password", NEW)]).await;
    assert!(page.text().contains("Your password has been changed"), "{}", page.shows());
    let ticket = bed.ticket(taro.id, TicketPurpose::Password).await;
    // A sign-in that has shown the password and waits for more.
    let begun = bed.browser(Network::Home);
    let page = begun.open("/portal").await;
    let waiting = begun.sign_in(&page, "taro", NEW).await;
    assert!(waiting.asks("code"), "{}", waiting.shows());
    let (before, known) = (epoch(&bed, "taro").await, factors(&bed, "taro").await);

    let owner = bed.browser(Network::Cafe);
    let page = page_of(&bed, &owner, Notice::PasswordChanged).await;
    assert!(page.text().contains("Your password and your proofs stay"), "{}", page.text());
    assert!(!page.text().contains("suspended"), "nothing is: {}", page.text());
    assert_eq!(epoch(&bed, "taro").await, before, "scanners open links");
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "All sign-ins have ended", "{}", page.shows());
    assert!(page.text().contains("that somebody else chose still counts"), "{}", page.text());
    assert!(page.forms().is_empty(), "once: {}", page.text());

    assert_eq!(epoch(&bed, "taro").await, before + 1);
    assert_eq!(factors(&bed, "taro").await, known, "never the old ones");
    assert!(thief.open("/portal").await.asks("username"), "sessions have ended");
    bed.wait(60);
    let late = begun.submit(&waiting, &[("code", &code(&bed, "taro"))]).await;
    assert_ne!(late.url.path(), "/portal", "attempts have ended: {}", late.shows());
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/ticket").await;
    let over = browser.submit(&page, &[("username", "taro"), ("ticket", &ticket)]).await;
    assert!(over.failed(), "tickets have ended: {}", over.shows());
    let page = browser.open("/portal").await;
    let page = browser.sign_in(&page, "taro", NEW).await;
    assert_eq!(page.url.path(), "/portal", "the password stays: {}", page.shows());
}

#[tokio::test]
async fn about_a_factor_that_is_gone_it_ends_whatever_stands() {
    let bed = Testbed::start().await;
    let (thief, _) = inside(&bed, "kenji").await;
    let app = factors(&bed, "kenji").await.into_iter().find(|f| f.method == Method::Totp).unwrap();
    let page = thief.open(&format!("/portal/factor/remove/{}", app.id)).await;
    let page = thief.submit(&page, &[("code", &code(&bed, "kenji"))]).await;
    thief.press(&page, "decision", "remove").await;
    let before = epoch(&bed, "kenji").await;

    let owner = bed.browser(Network::Cafe);
    let page = page_of(&bed, &owner, Notice::FactorRemoved).await;
    assert!(page.text().contains("A proof was removed (Authenticator app)"), "{}", page.text());
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "All sign-ins have ended", "{}", page.shows());
    assert!(page.text().contains("What was removed stays removed"), "{}", page.text());
    assert!(thief.open("/portal").await.asks("username"), "sessions have ended");
    assert_eq!(epoch(&bed, "kenji").await, before + 1);
}

#[tokio::test]
async fn about_a_used_recovery_code_it_suspends_none_of_what_was_there_before() {
    let bed = Testbed::start().await;
    let yuki = bed.person("yuki");
    let ticket = bed.ticket(yuki.id, TicketPurpose::Password).await;
    let thief = bed.browser(Network::Home);
    let page = thief.open("/ticket").await;
    let page = thief.submit(&page, &[("username", "yuki"), ("ticket", &ticket)]).await;
    let fields = [("code", yuki.recovery_codes[0].as_str()), ("new_password", NEW)];
    let page = thief.submit(&page, &fields).await;
    assert!(page.asks("password"), "{}", page.shows());
    let before = factors(&bed, "yuki").await;

    let owner = bed.browser(Network::Cafe);
    let page = page_of(&bed, &owner, Notice::RecoveryCodeUsed).await;
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "All sign-ins have ended", "{}", page.shows());
    assert!(page.text().contains("make new recovery codes"), "{}", page.text());
    assert_eq!(factors(&bed, "yuki").await, before, "never the old ones");
}

/// Who removes a factor while its owner says "this was not me": both pages, ready.
async fn about_to_be_removed(bed: &Testbed) -> ((Browser, Page), (Browser, Page)) {
    let (thief, _) = inside(bed, "hana").await;
    let page = thief.open("/portal/totp").await;
    let (app, ..) = register(bed, &thief, &page).await;
    let owner = bed.browser(Network::Cafe);
    let link = page_of(bed, &owner, Notice::FactorAdded).await;
    bed.wait(60);
    let known = factors(bed, "hana").await;
    let new = known.iter().find(|factor| factor.method == Method::Totp).unwrap();
    let page = thief.open(&format!("/portal/factor/remove/{}", new.id)).await;
    let page = thief.submit(&page, &[("code", &app.code(bed.now()))]).await;
    ((thief, page), (owner, link))
}

#[tokio::test]
async fn sessions_end_even_if_the_new_factor_goes_in_the_same_moment() {
    let head_start = async |turns: usize| {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    for lead in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        // On a disk, so that a commit takes its time.
        let place = Place::Sqlite { path: folder.path().join("sekimori.db") };
        let bed = Testbed::with(Plan { place, ..Plan::default() }).await;
        let ((thief, remove), (owner, link)) = about_to_be_removed(&bed).await;
        let before = epoch(&bed, "hana").await;
        let removing = async {
            head_start(12 - lead).await;
            thief.press(&remove, "decision", "remove").await
        };
        let pressing = async {
            head_start(lead).await;
            owner.press(&link, "decision", "not_me").await
        };
        let (_, page) = tokio::join!(removing, pressing);
        let ended = ["It is suspended", "All sign-ins have ended"];
        assert!(ended.contains(&page.heading().as_str()), "{lead}: {}", page.shows());
        assert!(thief.open("/portal").await.asks("username"), "{lead}: {}", page.shows());
        assert!(epoch(&bed, "hana").await > before, "{lead}");
        let again = owner.open(link.url.as_str()).await;
        assert!(again.forms().is_empty(), "{lead}, once: {}", again.shows());
    }
}

#[tokio::test]
async fn a_new_factor_that_is_gone_already_hinders_no_ending() {
    let bed = Testbed::start().await;
    let ((thief, remove), (owner, link)) = about_to_be_removed(&bed).await;
    thief.press(&remove, "decision", "remove").await;
    let page = owner.open(link.url.as_str()).await;
    let page = owner.press(&page, "decision", "not_me").await;
    assert_eq!(page.heading(), "All sign-ins have ended", "{}", page.shows());
    assert!(thief.open("/portal").await.asks("username"), "{}", page.shows());
}
