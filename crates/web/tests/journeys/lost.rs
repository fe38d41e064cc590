//! Something is lost: it ends at once, and a report gives nothing to whoever makes it.

use sekimori_directory::Method;
use sekimori_login::Notice;
use sekimori_testbed::{Browser, Network, Page, Testbed};

use crate::common::{again, code};
use crate::portal::inside;
use crate::portal_changes::{factors, notices};

const PATH: &str = "/portal/lost";

/// Report these lost, from a page that stands open.
async fn report(browser: &Browser, page: &Page, chosen: &[(&str, &str)]) -> Page {
    let form = page.form();
    let mut fields = vec![("token", form.value("token").expect("a token"))];
    fields.extend(chosen);
    let sent = browser.post_only(PATH, &fields).await;
    browser.open(sent.location().expect("a redirect").as_str()).await
}

async fn id_of(bed: &Testbed, name: &str, method: Method) -> String {
    let known = factors(bed, name).await;
    known.iter().find(|factor| factor.method == method).expect("one").id.to_string()
}

async fn methods(bed: &Testbed, name: &str) -> Vec<Method> {
    factors(bed, name).await.iter().map(|factor| factor.method).collect()
}

#[tokio::test]
async fn whoever_has_shown_a_proof_ends_app_sheet_and_sign_ins_with_one_form() {
    let bed = Testbed::start().await;
    let (phone, _) = inside(&bed, "kenji").await;
    let (browser, _) = inside(&bed, "kenji").await;
    // Any page that asks for the highest.
    let page = browser.open("/portal/preferences").await;
    let page = browser.press(&page, "method", "recovery_code").await;
    let paper = bed.person("kenji").recovery_codes[0].clone();
    browser.submit(&page, &[("code", &paper)]).await;
    bed.notices().await;

    let page = browser.open(PATH).await;
    assert!(!page.text().contains("asks for another one first"), "{}", page.text());
    let app = id_of(&bed, "kenji", Method::Totp).await;
    let done = report(&browser, &page, &[("factor", &app), ("others", "on")]).await;
    assert_eq!(done.url.path(), "/portal", "{}", done.shows());
    assert!(done.text().contains("What you chose has ended"), "{}", done.text());
    assert!(done.text().contains("Something was reported lost"), "in the history: {}", done.text());
    assert_eq!(methods(&bed, "kenji").await, [Method::RecoveryCode], "and nothing else");
    assert!(phone.open("/portal").await.asks("username"), "that sign-in has ended");
    let told: Vec<_> = notices(&bed).await.iter().map(|message| message.notice).collect();
    assert_eq!(told, [Notice::LossReported], "one mail for each address");

    // The sheet as well, shown by itself; and then nothing is left, and none comes back by the password.
    let page = browser.open(PATH).await;
    let sheet = id_of(&bed, "kenji", Method::RecoveryCode).await;
    report(&browser, &page, &[("factor", &sheet)]).await;
    assert_eq!(methods(&bed, "kenji").await, []);
    let page = browser.open("/portal/totp").await;
    assert!(page.asks("ticket"), "{}", page.shows());
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = begun.password("kenji").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.none_left"), "{}", page.shows());
}

#[tokio::test]
async fn a_password_alone_ends_sign_ins_and_certificates_and_no_proof() {
    let bed = Testbed::start().await;
    bed.make_authority().await;
    let taro = bed.person("taro").id;
    bed.certificate_of(taro).await;
    let of = async || bed.flow.certificates_of(&bed.tenant(), taro).await.unwrap();
    let (owner, _) = inside(&bed, "taro").await;
    let (thief, _) = inside(&bed, "taro").await;
    let page = thief.open(PATH).await;
    assert!(page.text().contains("asks for another one first"), "{}", page.text());
    let (app, serial) = (id_of(&bed, "taro", Method::Totp).await, of().await[0].serial.to_string());
    let chosen = [("factor", app.as_str()), ("certificate", &serial), ("others", "on")];
    let asked = report(&thief, &page, &chosen).await;
    assert!(asked.asks("code"), "the app is asked for: {}", asked.shows());
    assert_eq!(methods(&bed, "taro").await, [Method::Totp], "it has not ended");
    let (_, reason) = of().await[0].revoked.expect("the certificate has");
    assert_eq!(reason.code(), 1, "key compromise");
    assert!(owner.open("/portal").await.asks("username"), "and so has the other sign-in");
    let told: Vec<_> = notices(&bed).await.iter().map(|message| message.notice).collect();
    assert!(told.contains(&Notice::LossReported), "its owner knows: {told:?}");

    // Nothing is easier than before: what is sensitive still asks for the app.
    let page = thief.open("/portal/password").await;
    assert!(page.asks("code"), "{}", page.shows());
    // With the app it is chosen again, and ends.
    let page = thief.submit(&asked, &[("code", &code(&bed, "taro"))]).await;
    assert_eq!(page.url.path(), PATH, "{}", page.shows());
    report(&thief, &page, &[("factor", &app)]).await;
    assert_eq!(methods(&bed, "taro").await, []);
}

#[tokio::test]
async fn nobody_ends_what_is_somebody_elses_and_no_other_site_does() {
    let bed = Testbed::start().await;
    let (browser, _) = inside(&bed, "mei").await;
    let (other, _) = inside(&bed, "rika").await;
    let page = browser.open(PATH).await;
    let theirs = id_of(&bed, "taro", Method::Totp).await;
    report(&browser, &page, &[("factor", &theirs)]).await;
    assert_eq!(methods(&bed, "taro").await, [Method::Totp]);
    let page = other.open(PATH).await;
    assert!(page.text().contains("nothing here that could end"), "{}", page.text());
    let page = browser.open(PATH).await;
    let forged = browser.post_only(PATH, &[("token", "x"), ("others", "on")]).await;
    assert_eq!(forged.location().unwrap().path(), PATH);
    let foreign = browser.post_from("https://evil.example", PATH, &[("others", "on")]).await;
    assert_eq!(foreign.reason().as_deref(), Some("req.cross_site"), "{}", page.shows());
    assert!(notices(&bed).await.is_empty());
}

#[tokio::test]
async fn whoever_has_lost_what_is_asked_for_reads_what_they_can_do_and_keeps_where_they_were_going()
{
    let begun = again(Testbed::start().await, "wiki", Network::Home, &[]).await;
    let asked = begun.password("kenji").await;
    let page = begun.browser.click(&asked, "I do not have this any more").await;
    assert_eq!(page.heading(), "You do not have it: Authenticator app", "{}", page.shows());
    assert!(page.text().contains("Wiki"), "where they are going: {}", page.text());
    assert!(page.text().contains("Information desk"), "{}", page.text());
    let japanese = begun.browser.speaking("ja").open(page.url.as_str()).await;
    assert!(japanese.text().contains("手元にない場合"), "{}", japanese.text());
    let back = begun.browser.click(&page, "I have found it").await;
    assert!(back.asks("code"), "{}", back.shows());
    let code = begun.browser.press(&page, "method", "recovery_code").await;
    let paper = begun.bed.person("kenji").recovery_codes[0].clone();
    let page = begun.browser.submit(&code, &[("code", &paper)]).await;
    begun.tokens(&page).await;

    // Who has nothing else reads that; and a session that steps up has the same page.
    let begun = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let asked = begun.password("taro").await;
    let page = begun.browser.click(&asked, "I do not have this any more").await;
    assert!(page.text().contains("Nothing else is registered"), "{}", page.text());
    let (browser, _) = inside(&begun.bed, "mei").await;
    let asked = browser.at(Network::Home).open("/portal").await;
    let page = browser.at(Network::Home).click(&asked, "I do not have this any more").await;
    assert!(page.text().contains("Nothing else is registered"), "{}", page.shows());
    // Before anybody has shown a password the page says nothing of the kind.
    let stranger = begun.bed.browser(Network::Home).open("/login?lost=totp").await;
    assert!(stranger.asks("username"), "{}", stranger.shows());
}
