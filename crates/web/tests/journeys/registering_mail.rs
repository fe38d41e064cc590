//! Registering an address for codes by mail, replacing it, removing it.

use sekimori_base::PersonId;
use sekimori_directory::{Binding, Method};
use sekimori_login::{FactorFacts, Notice};
use sekimori_testbed::{Browser, Network, Page, Testbed};

use crate::common::{ONE, TWO, again};
use crate::portal::inside;

async fn addresses(bed: &Testbed, name: &str) -> Vec<FactorFacts> {
    let id: PersonId = bed.person(name).id;
    let found = bed.flow.store.person(bed.first().id, bed.now(), id).await.unwrap().unwrap();
    let mail = |factor: &FactorFacts| factor.method == Method::MailCode;
    found.known.factors.into_iter().filter(mail).collect()
}

/// From the portal to the page that asks for the code.
async fn address_entered(browser: &Browser, address: &str) -> Page {
    let page = browser.open("/portal/mail-code").await;
    assert!(page.asks("address"), "{}", page.shows());
    browser.submit(&page, &[("address", address)]).await
}

#[tokio::test]
async fn hana_registers_an_address_on_campus_and_uses_it_at_home() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = address_entered(&browser, "ｈａｎａ＠Post.example ").await;
    assert!(page.asks("code"), "{}", page.shows());
    assert!(page.text().contains("hana@post.example"), "{}", page.text());
    assert!(addresses(&bed, "hana").await.is_empty(), "it counts when the code was entered");
    let codes = bed.codes().await;
    assert_eq!(codes[0].to.as_str(), "hana@post.example");
    let page = browser.submit(&page, &[("code", codes[0].code.expose())]).await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
    assert!(page.text().contains("The address is registered"), "{}", page.text());
    assert!(page.text().contains("h***@p***"), "{}", page.text());
    let registered = addresses(&bed, "hana").await;
    assert_eq!(registered[0].binding, Binding::InsideWithPassword);
    // To the address on file, which is another one.
    let told = bed.notices().await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].notice, told[0].to.as_str()), (Notice::FactorAdded, "hana@example.ac.jp"));
    assert_eq!(told[0].about.method, Some(Method::MailCode));

    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("hana").await;
    let page = begun.browser.submit(&page, &[]).await;
    let code = begun.bed.mailed_code().await;
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE);
}

#[tokio::test]
async fn an_address_that_would_lock_its_owner_out_is_refused_with_the_reason() {
    let bed = Testbed::start().await;
    bed.change_site(|site| site.mail.own_domains = vec!["students.example".to_owned()]).await;
    let (browser, _) = inside(&bed, "hana").await;
    for (typed, reason) in [
        ("hana@example.ac.jp", "mail.address_own"),
        ("hana@deep.Example.ac.jp", "mail.address_own"),
        ("hana@students.example", "mail.address_own"),
        ("hana", "mail.address_malformed"),
        ("hana@localhost", "mail.address_malformed"),
        ("hana@post.example\r\nBcc: x@y.example", "mail.address_malformed"),
    ] {
        let page = address_entered(&browser, typed).await;
        let shown = page.body.contains(&format!("data-reason=\"{reason}\""));
        assert!(page.failed() && shown, "{typed}: {}", page.shows());
        assert!(page.asks("address"), "{}", page.shows());
    }
    let page = address_entered(&browser, "").await;
    assert!(page.failed(), "{}", page.shows());
    assert!(bed.codes().await.is_empty(), "nothing was sent");
    let page = address_entered(&browser, "hana@example.ac.jp").await;
    assert!(page.text().contains("would be locked out"), "{}", page.text());
    assert!(page.body.contains("value=\"hana@example.ac.jp\""), "what was typed stays");
    let japanese = browser.speaking("ja").open(page.url.as_str()).await;
    assert!(japanese.text().contains("組織の外のアドレス"), "{}", japanese.text());
}

/// A site that names no domains: what the directory has of somebody, and where our mail comes from, is its own all the same.
#[tokio::test]
async fn without_domains_in_the_settings_ones_own_mailbox_is_refused_all_the_same() {
    let bed = Testbed::start().await;
    bed.change_site(|site| {
        site.mail_domains.clear();
        site.mail.own_domains.clear();
        site.mail.from = sekimori_directory::MailAddress::parse("login@from.example").ok();
        site.mail.bounces = sekimori_directory::MailAddress::parse("bounces@sso.example").ok();
    })
    .await;
    let (browser, _) = inside(&bed, "hana").await;
    for typed in ["hana@example.ac.jp", "hana@sso.example", "hana@from.example"] {
        let page = address_entered(&browser, typed).await;
        let shown = page.body.contains("data-reason=\"mail.address_own\"");
        assert!(page.failed() && shown, "{typed}: {}", page.shows());
    }
    assert!(bed.codes().await.is_empty(), "nothing was sent");
}

#[tokio::test]
async fn wrong_old_and_late_codes_are_told_apart_while_registering() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = address_entered(&browser, "hana@post.example").await;
    let first = bed.mailed_code().await;
    let says = |page: &Page, reason: &str| page.body.contains(&format!("data-reason=\"{reason}\""));
    let again = browser.submit(&page, &[("code", "0000 0000")]).await;
    assert!(says(&again, "mfa.code_wrong"), "{}", again.shows());
    assert!(again.asks("code"), "{}", again.shows());
    bed.wait(2);
    let again = browser.submit(&again, &[("code", "12")]).await;
    assert!(says(&again, "mfa.code_malformed"), "{}", again.shows());
    let soon = browser.press(&again, "send", "another").await;
    assert!(says(&soon, "mail.wait"), "{}", soon.shows());
    bed.wait(31);
    let second_page = browser.press(&soon, "send", "another").await;
    assert!(second_page.text().contains("mail 2"), "{}", second_page.shows());
    let second = bed.mailed_code().await;
    let old = browser.submit(&second_page, &[("code", &first)]).await;
    assert!(says(&old, "mail.code_superseded"), "{}", old.shows());
    // Also on the page that was made for it.
    bed.wait(2);
    browser.submit(&page, &[("code", &first)]).await;
    assert!(addresses(&bed, "hana").await.is_empty(), "a newer code has ended it");
    bed.wait(301);
    let late = browser.submit(&second_page, &[("code", &second)]).await;
    assert!(says(&late, "mail.code_expired"), "{}", late.shows());
    bed.wait(120);
    let third_page = browser.press(&late, "send", "another").await;
    let third = bed.mailed_code().await;
    let done = browser.submit(&third_page, &[("code", &third)]).await;
    assert_eq!(done.url.path(), "/portal", "{}", done.shows());
    assert_eq!(addresses(&bed, "hana").await.len(), 1);
}

#[tokio::test]
async fn a_code_proves_the_address_that_it_was_sent_to_and_no_other() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let form = browser.open("/portal/mail-code").await;
    let mine = browser.submit(&form, &[("address", "hana@post.example")]).await;
    assert!(mine.asks("code"));
    let code = bed.mailed_code().await;
    bed.wait(31);
    // Back, and somebody else's address into the same form.
    let theirs = browser.submit(&form, &[("address", "victim@post.example")]).await;
    assert!(theirs.asks("code"), "{}", theirs.shows());
    let refused = browser.submit(&theirs, &[("code", &code)]).await;
    assert!(refused.body.contains("data-reason=\"mfa.code_wrong\""), "{}", refused.shows());
    assert!(addresses(&bed, "hana").await.is_empty());
}

#[tokio::test]
async fn guesses_while_registering_wait_like_any_others() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "hana").await;
    let page = address_entered(&browser, "hana@post.example").await;
    let mut waited = false;
    for guess in 0..12 {
        let guess = format!("9999990{}", guess % 10);
        let again = browser.submit(&page, &[("code", &guess)]).await;
        waited |= again.body.contains("data-reason=\"throttle.wait\"");
        bed.wait(2);
    }
    assert!(waited, "the eleventh");
    // Nobody is kept out of a sign-in by that.
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("aoi").await;
    let page = begun.browser.submit(&page, &[]).await;
    let codes = begun.bed.codes().await;
    let code = codes.last().unwrap().code.expose();
    let page = begun.browser.submit(&page, &[("code", code)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_new_address_takes_the_place_of_the_old_one_and_the_old_one_is_told() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("aoi")).await;
    let page = browser.submit(&page, &[]).await;
    let code = bed.mailed_code().await;
    browser.submit(&page, &[("code", &code)]).await;
    let before = addresses(&bed, "aoi").await;
    let page = browser.open("/portal/mail-code").await;
    assert!(page.text().contains("take the place of a***@p***"), "{}", page.text());
    let page = browser.submit(&page, &[("address", "new@other.example")]).await;
    let code = bed.mailed_code().await;
    let page = browser.submit(&page, &[("code", &code)]).await;
    let told = bed.notices().await;
    // What the session was proven with is gone: it is shown again with the new one, at once.
    assert!(page.text().contains("Send a code to n***@o***"), "{}", page.shows());
    let page = browser.submit(&page, &[]).await;
    let code = bed.mailed_code().await;
    let page = browser.submit(&page, &[("code", &code)]).await;
    assert!(page.text().contains("The address is registered"), "{}", page.shows());
    let after = addresses(&bed, "aoi").await;
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].id, before[0].id);
    assert_eq!(after[0].binding, Binding::MailCode, "no more than what was shown for it");
    let mut to: Vec<&str> = told.iter().map(|notice| notice.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["aoi@example.ac.jp", "aoi@post.example"]);
    assert!(told.iter().all(|notice| notice.about.replaced));

    // "This was not me", from the old mailbox: the new address is suspended.
    let path = bed.flow.not_me_path(&bed.tenant(), &told[0]).unwrap();
    let page = bed.browser(Network::Cafe).open(&path).await;
    assert!(page.text().contains("Was this not you?"), "{}", page.text());
    bed.browser(Network::Cafe).press(&page, "decision", "not_me").await;
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("aoi").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.suspended"), "{}", page.shows());
}

#[tokio::test]
async fn what_a_mail_alone_registers_counts_for_no_level() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let page = browser.open("/portal").await;
    let page = browser.sign_in_as(&page, bed.person("aoi")).await;
    let page = browser.submit(&page, &[]).await;
    let code = bed.mailed_code().await;
    browser.submit(&page, &[("code", &code)]).await;
    let page = browser.open("/portal/totp").await;
    let (app, _, _) = crate::portal_changes::register(&bed, &browser, &page).await;
    bed.wait(60);
    let begun = again(bed, "wiki", Network::Home, &[("acr_values", TWO)]).await;
    let page = begun.password("aoi").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.level_not_reachable"), "{}", page.shows());
    let begun = again(begun.bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("aoi").await;
    let code = app.code(begun.bed.now());
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE, "two shown, and none that counts");
}

#[tokio::test]
async fn removing_the_last_one_warns_and_tells_the_address_that_goes() {
    let bed = Testbed::start().await;
    let (browser, page) = inside(&bed, "aoi").await;
    let id = addresses(&bed, "aoi").await[0].id;
    let _ = page;
    let page = browser.open(&format!("/portal/factor/remove/{id}")).await;
    // A sensitive change asks for the most that the account has: the mail.
    let page = browser.submit(&page, &[]).await;
    let code = bed.mailed_code().await;
    let page = browser.submit(&page, &[("code", &code)]).await;
    assert!(page.text().contains("This is your last one"), "{}", page.text());
    let page = browser.press(&page, "decision", "remove").await;
    assert!(page.text().contains("The proof has been removed"), "{}", page.text());
    let told = bed.notices().await;
    let to: Vec<&str> = told.iter().map(|notice| notice.to.as_str()).collect();
    assert!(to.contains(&"aoi@post.example"), "{to:?}");
    assert!(told.iter().all(|notice| notice.notice == Notice::FactorRemoved));
}

#[tokio::test]
async fn who_may_register_an_address_is_who_may_register_an_app() {
    let bed = Testbed::start().await;
    // Outside with nothing: the page says what helps.
    let browser = bed.browser(Network::Vpn);
    let page = browser.open("/portal/mail-code").await;
    let page = browser.sign_in_as(&page, bed.person("hana")).await;
    assert!(page.asks("ticket"), "{}", page.shows());
    // Switched off: there is no such thing.
    bed.change_site(|site| site.policy.mail_codes = false).await;
    let (browser, page) = inside(&bed, "hana").await;
    assert!(!page.text().contains("codes by mail"), "{}", page.text());
    let page = browser.open("/portal/mail-code").await;
    assert_eq!(page.url.path(), "/portal", "{}", page.shows());
}

#[tokio::test]
async fn a_ticket_registers_an_address_instead_of_an_app() {
    let bed = Testbed::start().await;
    let ticket =
        bed.ticket(bed.person("hana").id, sekimori_login::ticket::TicketPurpose::Factor).await;
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("hana").await;
    let page = begun.browser.click(&page, "Enter an enrolment ticket").await;
    let page = begun.browser.submit(&page, &[("ticket", &ticket)]).await;
    let page = begun.browser.click(&page, "Have codes sent by mail instead").await;
    assert!(page.asks("address"), "{}", page.shows());
    let page = begun.browser.submit(&page, &[("address", "hana@post.example")]).await;
    let code = begun.bed.mailed_code().await;
    begun.browser.submit(&page, &[("code", &code)]).await;
    let registered = addresses(&begun.bed, "hana").await;
    assert_eq!(registered[0].binding, Binding::Ticket);
}
