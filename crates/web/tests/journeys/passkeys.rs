//! Passkeys: registered in the portal, shown alone and after a password, and everything that can be wrong with them.

use sekimori_base::PersonId;
use sekimori_directory::{Binding, Method, PersonState};
use sekimori_login::Notice;
use sekimori_testbed::{
    Authenticator, Browser, Manner, Network, Page, StoredFactor, Testbed, Write,
};

use crate::common::{Begun, TWO, again};
use crate::portal::inside;

/// An honest browser at our pages.
pub fn honest() -> Manner {
    Manner::at("https://login.example.ac.jp")
}

pub fn asked(page: &Page) -> String {
    page.passkey().unwrap_or_else(|| panic!("no passkey is asked for: {}", page.shows()))
}

/// Register a passkey for somebody who has shown what is needed; the page is the one of registering.
pub async fn make(browser: &Browser, page: &Page) -> Authenticator {
    let (device, answer) = Authenticator::make(&asked(page), &honest());
    let next = browser.submit(page, &[("passkey", &answer)]).await;
    assert!(!next.failed(), "{}", next.shows());
    if next.url.path() == "/portal/recovery-codes" {
        let after = browser.submit(&next, &[]).await;
        assert_eq!(after.url.path(), "/portal", "{}", after.shows());
    }
    device
}

/// Somebody without a factor registers a passkey, inside.
async fn with_passkey(bed: &Testbed, name: &str) -> Authenticator {
    let (browser, _) = inside(bed, name).await;
    let page = browser.open("/portal/passkey").await;
    make(&browser, &page).await
}

/// The same with a ticket: then it counts for a level.
async fn with_strong_passkey(bed: &Testbed, name: &str) -> Authenticator {
    let ticket =
        bed.ticket(bed.person(name).id, sekimori_login::ticket::TicketPurpose::Factor).await;
    let (browser, _) = inside(bed, name).await;
    let page = browser.open("/portal/ticket").await;
    let page = browser.submit(&page, &[("ticket", &ticket)]).await;
    assert_eq!(page.url.path(), "/portal/totp", "{}", page.shows());
    let page = browser.click(&page, "passkey instead").await;
    make(&browser, &page).await
}

pub async fn passkeys(bed: &Testbed, name: &str) -> Vec<StoredFactor> {
    let id: PersonId = bed.person(name).id;
    let all = bed.stored(id).await.factors;
    all.into_iter().filter(|stored| stored.facts.method == Method::Passkey).collect()
}

pub async fn show(begun: &Begun, page: &Page, device: &mut Authenticator, manner: &Manner) -> Page {
    let answer = device.sign(&asked(page), manner);
    begun.browser.submit(page, &[("passkey", &answer)]).await
}

async fn home(bed: &Testbed) -> Begun {
    again(bed.clone(), "wiki", Network::Home, &[]).await
}

/// What the audit says of the page's incident.
async fn recorded(bed: &Testbed, page: &Page) -> Option<String> {
    let code = page.incident()?;
    assert!(bed.replays(&code).await, "by its facts");
    bed.incident(&code).await?.line.reason
}

#[tokio::test]
async fn a_passkey_alone_leads_in_from_anywhere_and_is_two_factors() {
    let bed = Testbed::start().await;
    let mut device = with_strong_passkey(&bed, "hana").await;
    let stored = &passkeys(&bed, "hana").await[0];
    assert_eq!((stored.facts.binding, stored.facts.last_used_at), (Binding::Ticket, None));
    for counter in 2..4 {
        let begun = home(&bed).await;
        assert!(!begun.page.body.contains(&device.id()), "nobody's passkeys are named");
        let before = bed.cost();
        let page = show(&begun, &begun.page, &mut device, &honest()).await;
        assert!(page.is_away(), "{}", page.shows());
        let cost = bed.cost_since(before);
        assert_eq!((cost.writes, cost.hashes), (1, 0), "one transaction up to the code");
        let tokens = begun.tokens(&page).await;
        assert_eq!(tokens.claims["acr"], TWO);
        let amr = tokens.claims["amr"].as_array().unwrap();
        assert!(["swk", "user", "mfa"].iter().all(|word| amr.iter().any(|one| one == word)));
        let stored = &passkeys(&bed, "hana").await[0];
        assert_eq!((stored.last_step, stored.facts.last_used_at), (Some(counter), Some(bed.now())));
    }
}

#[tokio::test]
async fn bound_with_a_password_alone_it_leads_in_and_reaches_no_level() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    assert_eq!(passkeys(&bed, "hana").await[0].facts.binding, Binding::InsideWithPassword);
    let begun = home(&bed).await;
    let page = show(&begun, &begun.page, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    let begun = again(bed.clone(), "wiki", Network::Home, &[("acr_values", TWO)]).await;
    let page = show(&begun, &begun.page, &mut device, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.level_not_reachable"), "{}", page.shows());
}

#[tokio::test]
async fn it_is_offered_on_the_page_of_the_password_too_and_says_itself_whose_it_is() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    for typed in ["hana", "kenji", "nobody"] {
        let begun = home(&bed).await;
        let page = begun.browser.submit(&begun.page, &[("username", typed)]).await;
        assert!(page.asks("password"));
        let page = show(&begun, &page, &mut device, &honest()).await;
        assert!(page.is_away(), "{}", page.shows());
        let person = bed.person("hana").id;
        let history =
            bed.flow.store.history_of(bed.first().id, person, bed.now().plus_seconds(1), 1);
        assert_eq!(history.await.unwrap()[0].line.event, "login.admitted", "as {typed}");
    }
    // After a wrong password as well, on the page of the attempt.
    let begun = home(&bed).await;
    let page = begun.browser.sign_in(&begun.page, "hana", "not this one").await;
    assert_eq!(page.reason().as_deref(), Some("cred.mismatch"));
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
}

#[tokio::test]
async fn after_the_password_it_is_the_one_more_proof_and_need_not_know_its_holder() {
    let bed = Testbed::start().await;
    let mut device = with_strong_passkey(&bed, "hana").await;
    let unverified = Manner { verified: false, names_holder: false, ..honest() };
    let begun = home(&bed).await;
    let page = begun.password("hana").await;
    assert!(asked(&page).contains(&device.id()), "it is named for the browser to find");
    let before = bed.cost();
    let page = show(&begun, &page, &mut device, &unverified).await;
    assert!(page.is_away(), "{}", page.shows());
    assert_eq!(bed.cost_since(before).writes, 1);
    assert_eq!(begun.tokens(&page).await.claims["acr"], TWO);
    // Alone it must.
    let begun = home(&bed).await;
    let unverified = Manner { verified: false, ..honest() };
    let page = show(&begun, &begun.page, &mut device, &unverified).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.unverified"), "{}", page.shows());
    assert!(page.asks("username"), "the page that was left");
}

#[tokio::test]
async fn the_other_ways_stay_beside_it() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "taro").await;
    let page = browser.open("/portal/passkey").await;
    let code = crate::common::code(&bed, "taro");
    let page = browser.submit(&page, &[("code", &code)]).await;
    let mut device = make(&browser, &page).await;
    assert_eq!(passkeys(&bed, "taro").await[0].facts.binding, Binding::OtherFactor);
    bed.wait(60);
    let begun = home(&bed).await;
    let page = begun.password("taro").await;
    let wrong = Manner { origin: "https://evil.example".to_owned(), ..honest() };
    let page = show(&begun, &page, &mut device, &wrong).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let page = begun.browser.press(&page, "method", "totp").await;
    assert!(page.asks("code"), "{}", page.shows());
    let page = begun.browser.press(&page, "method", "passkey").await;
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    // Codes by mail cannot be registered yet, and are not spoken of.
    let begun = home(&bed).await;
    let page = begun.password("taro").await;
    assert!(!page.text().contains("mail code") && !page.body.contains("mail_code"));
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_refused_and_the_next_one_taken() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let wrong = [
        ("another origin", Manner { origin: "https://evil.example".to_owned(), ..honest() }),
        ("a site below", Manner { origin: "https://x.login.example.ac.jp".to_owned(), ..honest() }),
        (
            "another site's passkey",
            Manner { relying_party: Some("evil.example".to_owned()), ..honest() },
        ),
        ("another challenge", Manner { challenge: Some(vec![1; 32]), ..honest() }),
        ("another ceremony", Manner { kind: "webauthn.create", ..honest() }),
        ("nobody there", Manner { present: false, ..honest() }),
        ("a frame of another site", Manner { cross_origin: true, ..honest() }),
        ("cut off", Manner { truncated: 3, ..honest() }),
        ("nobody's", Manner { names_holder: false, ..honest() }),
    ];
    for (case, manner) in wrong {
        let begun = home(&bed).await;
        let page = show(&begun, &begun.page, &mut device, &manner).await;
        assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{case}: {}", page.shows());
        assert_eq!(recorded(&bed, &page).await.as_deref(), Some("passkey.refused"), "{case}");
        let page = show(&begun, &page, &mut device, &honest()).await;
        assert!(page.is_away(), "{case}: {}", page.shows());
        bed.wait(60);
    }
    let begun = home(&bed).await;
    for junk in ["", "{}", "[[[[", "\u{1F511}", &"x".repeat(20_000), &"[".repeat(20_000)] {
        let page = begun.browser.submit(&begun.page, &[("passkey", junk)]).await;
        assert!(page.status != 500 && page.asks("username"), "{}", page.shows());
    }
    let huge = begun.browser.submit_only(&begun.page, &[("passkey", &"x".repeat(70_000))]).await;
    assert_eq!(huge.status, 413);
    let forged = device.forged().sign(&asked(&begun.page), &honest());
    let page = begun.browser.submit(&begun.page, &[("passkey", &forged)]).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "another key");
}

#[tokio::test]
async fn an_answer_counts_once_and_on_its_own_page_alone() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let begun = home(&bed).await;
    let answer = device.sign(&asked(&begun.page), &honest());
    // Another browser, another page of the same browser, an older challenge on a newer page.
    let thief = home(&bed).await;
    let page = thief.browser.submit(&thief.page, &[("passkey", &answer)]).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let whole = begun.page.form().fields;
    let stolen: Vec<(&str, &str)> = whole
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "passkey")
        .chain([("passkey", answer.as_str())])
        .collect();
    let page = thief.browser.post_only("/login", &stolen).await;
    assert!(!page.headers["location"].to_str().unwrap().contains("wiki.example"), "{page:?}");
    let (_, other) = begun.next("wiki", &[]).await;
    let page = begun.browser.submit(&other, &[("passkey", &answer)]).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    let challenge = begun.page.form().value("challenge").unwrap().to_owned();
    let fields = [("passkey", answer.as_str()), ("challenge", challenge.as_str())];
    let page = begun.browser.submit(&other, &fields).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
    // On its own page it counts; sent twice it leads to the same, and a minute later to nothing.
    let first = begun.browser.submit(&begun.page, &[("passkey", &answer)]).await;
    assert!(first.is_away(), "{}", first.shows());
    let twice = begun.browser.submit(&begun.page, &[("passkey", &answer)]).await;
    assert_eq!(twice.url, first.url, "a double click");
    bed.wait(61);
    begun.browser.forget("session");
    let late = begun.browser.submit(&begun.page, &[("passkey", &answer)]).await;
    assert!(!late.is_away() && late.reason().as_deref() == Some("req.stale"), "{}", late.shows());
    // Five minutes are enough for anybody.
    let begun = home(&bed).await;
    let answer = device.sign(&asked(&begun.page), &honest());
    bed.wait(301);
    let page = begun.browser.submit(&begun.page, &[("passkey", &answer)]).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{}", page.shows());
}

#[tokio::test]
async fn a_copy_is_noticed_and_its_owner_told() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let begun = home(&bed).await;
    show(&begun, &begun.page, &mut device, &honest()).await;
    for name in ["alone", "after the password"] {
        device.counter = 1;
        let begun = home(&bed).await;
        let page = match name {
            "alone" => begun.page.clone(),
            _ => begun.password("hana").await,
        };
        let page = show(&begun, &page, &mut device, &honest()).await;
        assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "{name}: no more is said");
        assert_eq!(recorded(&bed, &page).await.as_deref(), Some("passkey.copied"), "{name}");
        bed.wait(60);
    }
    let told = bed.notices().await;
    let factor = passkeys(&bed, "hana").await[0].facts.id;
    let copied = told.iter().filter(|m| m.notice == Notice::PasskeyCopied);
    assert!(copied.clone().count() == 2 && copied.clone().all(|m| m.about.factor == Some(factor)));
}

#[tokio::test]
async fn two_answers_at_once_are_taken_in_the_order_of_their_counters() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let (early, late) = (home(&bed).await, home(&bed).await);
    let first = device.sign(&asked(&early.page), &honest());
    let second = device.sign(&asked(&late.page), &honest());
    let second_fields = [("passkey", second.as_str())];
    let first_fields = [("passkey", first.as_str())];
    let (second, first) = tokio::join!(
        late.browser.submit(&late.page, &second_fields),
        early.browser.submit(&early.page, &first_fields),
    );
    assert!(second.is_away(), "{}", second.shows());
    assert!(!first.is_away(), "{}", first.shows());
    let said = first.reason();
    assert!(matches!(said.as_deref(), Some("passkey.spent" | "passkey.refused")), "{said:?}");
}

#[tokio::test]
async fn a_passkey_that_is_gone_is_unknown_and_one_that_is_suspended_is_not() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let (person, factor) = (bed.person("hana").id, passkeys(&bed, "hana").await[0].facts.id);
    bed.write(vec![Write::FactorSuspend { person, factor, until: None }]).await;
    let begun = home(&bed).await;
    let page = show(&begun, &begun.page, &mut device, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.refused"), "it may come back");
    assert!(!page.body.contains("data-unknown"));
    bed.write(vec![Write::FactorRemove { person, factor }]).await;
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.unknown"), "{}", page.shows());
    assert!(page.body.contains("data-unknown"), "the browser may forget it");
    assert!(page.text().contains("no longer registered here"));
}

#[tokio::test]
async fn a_held_account_answers_its_passkey_like_one_that_does_not_fit() {
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let state = PersonState::Held { since: bed.now() };
    let person = bed.person("hana").id;
    bed.write(vec![Write::PersonStateSet { person, state }]).await;
    let mut seen = Vec::new();
    for manner in [honest(), Manner { challenge: Some(vec![1; 32]), ..honest() }] {
        let begun = home(&bed).await;
        let before = bed.cost();
        let page = show(&begun, &begun.page, &mut device, &manner).await;
        let cost = bed.cost_since(before);
        seen.push((page.reason(), page.status, cost.writes, cost.reads));
        let reason = recorded(&bed, &page).await;
        let right = manner.challenge.is_none();
        let expected = if right { "acct.held_passkey" } else { "passkey.refused" };
        assert_eq!(reason.as_deref(), Some(expected));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_fresh_proof_may_be_a_passkey() {
    let bed = Testbed::start().await;
    let mut device = with_strong_passkey(&bed, "hana").await;
    let begun = home(&bed).await;
    show(&begun, &begun.page, &mut device, &honest()).await;
    bed.wait(120);
    let (sign_in, page) = begun.next("wiki", &[("prompt", "login")]).await;
    assert!(page.asks("password"), "{}", page.shows());
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    let tokens = begun.service.redeem(&sign_in, &page).await;
    assert_eq!(tokens.claims["auth_time"], bed.now().unix_seconds());
    // Before a change in the portal it is enough as well.
    bed.wait(1000);
    let page = begun.browser.open("/portal/passkey").await;
    assert!(page.asks("password"), "{}", page.shows());
    let page = show(&begun, &page, &mut device, &honest()).await;
    assert_eq!(page.url.path(), "/portal/passkey", "{}", page.shows());
    assert!(asked(&page).contains(&device.id()), "the same device makes no second one");
}

/// What the page of a ticket says to whoever holds a passkey: it is the way to a new password.
#[tokio::test]
async fn who_forgot_the_password_signs_in_with_the_passkey_and_chooses_a_new_one() {
    const NEW: &str = "five gentle rivers under a paper moon";
    let bed = Testbed::start().await;
    let mut device = with_passkey(&bed, "hana").await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/portal").await;
    let answer = device.sign(&asked(&page), &honest());
    let page = browser.submit(&page, &[("passkey", &answer)]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    let page = browser.open("/portal/password").await;
    let page = browser.submit(&page, &[("new_password", NEW)]).await;
    assert!(!page.failed(), "{}", page.shows());
    let other = bed.browser(Network::Campus);
    let page = other.open("/portal").await;
    let page = other.sign_in(&page, "hana", NEW).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn somebody_elses_passkey_signs_them_in_and_nobody_else() {
    let bed = Testbed::start().await;
    let mut hers = with_passkey(&bed, "hana").await;
    // Kenji's session, and a sign-in that asks for a fresh proof.
    let begun = again(bed.clone(), "wiki", Network::Campus, &[]).await;
    begun.password("kenji").await;
    let (sign_in, page) = begun.next("wiki", &[("prompt", "login")]).await;
    let page = show(&begun, &page, &mut hers, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    let tokens = begun.service.redeem(&sign_in, &page).await;
    let user = begun.service.userinfo(&tokens.access).await;
    assert_eq!(user.json["preferred_username"], "hana", "{:?}", user.json);
    // In a tab that was left open while Kenji signed in in another: whose passkey it is, they are signed in.
    let begun = again(bed.clone(), "wiki", Network::Campus, &[]).await;
    let (sign_in, other) = begun.next("wiki", &[]).await;
    begun.browser.sign_in_as(&other, bed.person("kenji")).await;
    drop(sign_in);
    let page = show(&begun, &begun.page, &mut hers, &honest()).await;
    assert!(page.is_away(), "{}", page.shows());
    let tokens = begun.tokens(&page).await;
    let user = begun.service.userinfo(&tokens.access).await;
    assert_eq!(user.json["preferred_username"], "hana", "{:?}", user.json);
    // As the one more proof of somebody else it is worth nothing.
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = begun.password("kenji").await;
    let answer = hers.sign(&asked(&begun.page), &honest());
    let form = page.form();
    let value = |name| form.value(name).unwrap_or_default();
    let challenge = begun.page.form().value("challenge").unwrap_or_default().to_owned();
    let fields = [
        ("attempt", value("attempt")),
        ("version", value("version")),
        ("challenge", challenge.as_str()),
        ("passkey", answer.as_str()),
    ];
    let sent = begun.browser.post_only("/login", &fields).await;
    let page = begun.browser.open(sent.location().unwrap().as_str()).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.unusable"), "{}", page.shows());
}
