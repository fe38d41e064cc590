//! What people choose to be asked for: told at the choice, never so that it locks them out.

use sekimori_directory::{Method, Preferences};
use sekimori_login::{FactorState, Notice};
use sekimori_testbed::{Browser, Network, Page, Testbed, Write};

use crate::common::{Begun, again, code};
use crate::passkeys::{honest, make, show};
use crate::portal::inside;
use crate::portal_changes::{factors, notices};

const PATH: &str = "/portal/preferences";

/// Somebody at the page, who has shown their app.
async fn choosing(bed: &Testbed, name: &str) -> (Browser, Page) {
    let (browser, _) = inside(bed, name).await;
    let page = browser.open(PATH).await;
    assert!(page.asks("code"), "as for every sensitive change: {}", page.shows());
    let page = browser.submit(&page, &[("code", &code(bed, name))]).await;
    assert_eq!(page.url.path(), PATH, "{}", page.shows());
    (browser, page)
}

/// Leave these on, and ask for `first` first.
async fn leave_on(browser: &Browser, page: &Page, on: &[&str], first: &str) -> Page {
    let form = page.form();
    let token = form.value("token").expect("a token");
    let mut fields = vec![("token", token), ("first", first)];
    fields.extend(on.iter().map(|method| ("use", *method)));
    let sent = browser.post_only(PATH, &fields).await;
    browser.open(sent.location().expect("a redirect").as_str()).await
}

/// What the page has ticked.
fn ticked(page: &Page) -> Vec<String> {
    let fields = page.form().fields;
    fields.into_iter().filter(|(name, _)| name == "use").map(|(_, value)| value).collect()
}

async fn home(bed: &Testbed, name: &str) -> (Begun, Page) {
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = begun.password(name).await;
    (begun, page)
}

async fn states(bed: &Testbed, name: &str) -> Vec<(Method, FactorState)> {
    let known = factors(bed, name).await;
    known.iter().map(|factor| (factor.method, factor.state)).collect()
}

#[tokio::test]
async fn what_is_switched_off_is_not_taken_and_the_choice_says_why() {
    let bed = Testbed::start().await;
    let (browser, page) = choosing(&bed, "ren").await;
    assert_eq!(ticked(&page), ["totp", "mail_code"]);
    bed.notices().await;
    let done = leave_on(&browser, &page, &["totp"], "").await;
    assert!(done.text().contains("Your choice is saved"), "{}", done.shows());
    assert!(done.text().contains("switched off by you"), "{}", done.text());
    assert!(done.text().contains("chosen anew which proofs"), "in the history: {}", done.text());
    let off = (Method::MailCode, FactorState::SwitchedOff);
    assert!(states(&bed, "ren").await.contains(&off));

    // Every address is told, the one that codes went to among them.
    let told = notices(&bed).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|message| message.notice == Notice::PreferencesChanged));

    let (begun, page) = home(&bed, "ren").await;
    assert!(page.text().contains("you switched it off in your account page"), "{}", page.text());
    // Whoever asks for it all the same is told, and nothing is sent.
    let address = format!("{}?use=mail_code", page.url);
    let asked = begun.browser.open(&address).await;
    assert_eq!(asked.reason().as_deref(), Some("mfa.unusable"), "{}", asked.shows());
    assert!(bed.codes().await.is_empty());

    // On again, by its owner.
    bed.wait(60);
    let page = browser.open(PATH).await;
    assert_eq!(ticked(&page), ["totp"], "{}", page.shows());
    leave_on(&browser, &page, &["totp", "mail_code"], "").await;
    assert!(states(&bed, "ren").await.contains(&(Method::MailCode, FactorState::Ready)));
    assert_eq!(notices(&bed).await.len(), 2);
    leave_on(&browser, &page, &["totp", "mail_code"], "").await;
    assert!(notices(&bed).await.is_empty(), "the same again changes nothing");
}

#[tokio::test]
async fn nothing_is_switched_off_that_would_lock_its_owner_out() {
    let bed = Testbed::start().await;
    let (browser, page) = choosing(&bed, "kenji").await;
    assert_eq!(ticked(&page), ["totp"], "recovery codes are not to choose: {}", page.text());
    let refused = leave_on(&browser, &page, &[], "").await;
    assert!(refused.failed(), "{}", refused.shows());
    assert!(refused.text().contains("That would lock you out"), "{}", refused.text());
    assert!(refused.text().contains("recovery codes are not counted"), "{}", refused.text());
    assert!(ticked(&refused).is_empty(), "what was chosen stands: {}", refused.text());
    assert!(factors(&bed, "kenji").await.iter().all(|f| f.state == FactorState::Ready));
    // In Japanese as well.
    let japanese = browser.speaking("ja").open(refused.url.as_str()).await;
    assert!(japanese.text().contains("サインインできなくなる設定です"), "{}", japanese.text());

    // A service that takes apps alone is named.
    let (browser, _) = choosing(&bed, "taro").await;
    let page = browser.open("/portal/passkey").await;
    make(&browser, &page).await;
    let page = browser.open(PATH).await;
    let refused = leave_on(&browser, &page, &["passkey"], "").await;
    assert!(refused.text().contains("Vault"), "{}", refused.text());
    assert!(states(&bed, "taro").await.iter().all(|(_, state)| *state == FactorState::Ready));

    // Mail alone is too weak for what services may ask.
    bed.change_site(|site| site.policy.rows.retain(|row| row.methods.is_empty())).await;
    let (browser, page) = choosing(&bed, "ren").await;
    let refused = leave_on(&browser, &page, &["mail_code"], "").await;
    assert!(refused.text().contains("when it asks for a strong proof"), "{}", refused.text());
}

#[tokio::test]
async fn a_form_without_its_token_or_of_another_site_changes_nothing() {
    let bed = Testbed::start().await;
    let (browser, page) = choosing(&bed, "ren").await;
    let sent = browser.post_only(PATH, &[("use", "totp"), ("token", "x")]).await;
    assert_eq!(sent.location().unwrap().path(), PATH);
    let token = page.form().value("token").unwrap().to_owned();
    let foreign = browser.post_from("https://evil.example", PATH, &[("token", &token)]).await;
    assert_eq!(foreign.reason().as_deref(), Some("req.cross_site"), "{}", foreign.shows());
    assert!(factors(&bed, "ren").await.iter().all(|f| f.state == FactorState::Ready));
    // Too long ago: the proof is asked for again.
    bed.wait(3600);
    let sent = leave_on(&browser, &page, &["totp"], "").await;
    assert!(sent.asks("code") || sent.asks("password"), "{}", sent.shows());
    assert!(factors(&bed, "ren").await.iter().all(|f| f.state == FactorState::Ready));
}

#[tokio::test]
async fn a_passkey_that_is_switched_off_opens_nothing_and_says_so_to_whoever_has_it() {
    let bed = Testbed::start().await;
    let (browser, _) = choosing(&bed, "taro").await;
    let page = browser.open("/portal/passkey").await;
    let mut device = make(&browser, &page).await;
    let page = browser.open(PATH).await;
    let done = leave_on(&browser, &page, &["totp"], "").await;
    assert!(done.text().contains("Your choice is saved"), "{}", done.shows());

    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = show(&begun, &begun.page, &mut device, &honest()).await;
    assert_eq!(page.reason().as_deref(), Some("passkey.switched_off"), "{}", page.shows());
    let incident = page.incident().expect("a code to ask about");
    assert!(bed.replays(&incident).await, "by its facts");
    let japanese = begun.browser.speaking("ja").open(page.url.as_str()).await;
    assert_eq!(japanese.language(), "ja");

    // The app leads on; and the desk switches on.
    let page = begun.password_at(&page, "taro").await;
    assert!(page.text().contains("you switched it off"), "{}", page.text());
    bed.wait(60);
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&page).await;
    let (tenant, taro) = (bed.tenant(), bed.person("taro").id);
    let by = sekimori_flow::admin::By("os:desk".to_owned());
    assert!(bed.flow.clear_preferences_of(&tenant, taro, &by).await.unwrap());
    assert!(!bed.flow.clear_preferences_of(&tenant, taro, &by).await.unwrap(), "nothing is off");
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = show(&begun, &begun.page, &mut device, &honest()).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn whoever_has_nothing_left_but_what_is_off_is_told_that() {
    let bed = Testbed::start().await;
    let person = bed.person("taro").id;
    let preferences = Preferences::new([Method::Totp], None);
    bed.write(vec![Write::PreferencesSet { person, preferences }]).await;
    let (_, page) = home(&bed, "taro").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.switched_off"), "{}", page.shows());
    assert!(page.text().contains("switched off in your account page"), "{}", page.text());
    assert!(page.text().contains("Information desk"), "who helps: {}", page.text());
    let incident = page.incident().expect("a code to ask about");
    assert!(bed.replays(&incident).await, "by its facts");
}

#[tokio::test]
async fn a_browser_remembers_what_was_shown_last_unless_its_owner_wants_something_else_first() {
    let bed = Testbed::start().await;
    let (begun, page) = home(&bed, "ren").await;
    assert_eq!(page.form().value("method"), Some("totp"), "{}", page.shows());
    let page = begun.browser.press(&page, "method", "mail_code").await;
    let page = begun.browser.submit(&page, &[("code", &bed.mailed_code().await)]).await;
    begun.tokens(&page).await;

    // The same browser: the mail is on top, and nothing was sent yet. Another browser: the app.
    begun.browser.forget("session");
    let (_, page) = begun.next("wiki", &[]).await;
    let page = begun.password_at(&page, "ren").await;
    assert!(page.text().contains("Send a code to"), "{}", page.shows());
    assert!(bed.codes().await.is_empty());
    let (_, elsewhere) = home(&bed, "ren").await;
    assert_eq!(elsewhere.form().value("method"), Some("totp"), "{}", elsewhere.shows());

    // Before the password the page is the same as for a browser that knows nothing.
    let fresh = bed.browser(Network::Home).open("/portal").await;
    begun.browser.forget("session");
    let known = begun.browser.open("/portal").await;
    assert_eq!(known.text(), fresh.text());

    // The owner wants the app first, wherever.
    let person = bed.person("ren").id;
    let preferences = Preferences::new([], Some(Method::Totp));
    bed.write(vec![Write::PreferencesSet { person, preferences }]).await;
    let page = begun.password_at(&known, "ren").await;
    assert_eq!(page.form().value("method"), Some("totp"), "{}", page.shows());
}

#[tokio::test]
async fn a_recovery_code_is_not_remembered_as_what_to_ask_for() {
    let bed = Testbed::start().await;
    let (begun, page) = home(&bed, "kenji").await;
    let page = begun.browser.press(&page, "method", "recovery_code").await;
    let paper = bed.person("kenji").recovery_codes[0].clone();
    let page = begun.browser.submit(&page, &[("code", &paper)]).await;
    begun.tokens(&page).await;
    begun.browser.forget("session");
    let (_, page) = begun.next("wiki", &[]).await;
    let page = begun.password_at(&page, "kenji").await;
    assert_eq!(page.form().value("method"), Some("totp"), "{}", page.shows());
}

#[tokio::test]
async fn where_codes_by_mail_are_on_whoever_has_no_address_reads_that() {
    let bed = Testbed::start().await;
    let (_, page) = home(&bed, "kenji").await;
    let said = "Code by mail not registered";
    assert!(page.text().contains(said), "{}", page.text());
    bed.change_site(|site| site.policy.mail_codes = false).await;
    let (_, page) = home(&bed, "kenji").await;
    assert!(!page.text().contains("Code by mail"), "{}", page.text());
}
