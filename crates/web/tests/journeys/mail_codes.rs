//! Signing in with a code by mail.

use sekimori_directory::MailAddress;
use sekimori_testbed::{Browser, Delivery, Network, Page, Service, SignIn, Testbed};

use crate::common::{Begun, ONE, TWO, again, asking, at};

/// The mail page of somebody with an address alone, before a code was sent.
async fn before_sending(begun: &Begun) -> Page {
    let page = begun.password("aoi").await;
    assert!(!page.failed() && !page.asks("code"), "{}", page.shows());
    assert!(page.text().contains("Send a code to a***@p***"), "{}", page.text());
    assert!(!page.body.contains("post.example"), "the address is not told");
    assert!(begun.bed.codes().await.is_empty(), "nothing is sent before it is asked for");
    page
}

/// The same, with a code on its way.
async fn after_sending(begun: &Begun) -> Page {
    let page = begun.browser.submit(&before_sending(begun).await, &[]).await;
    assert!(page.asks("code"), "{}", page.shows());
    page
}

/// Fields sent with what the page's form carries, whether or not it has them.
async fn sent(begun: &Begun, page: &Page, more: &[(&str, &str)]) -> Page {
    let form = page.form();
    let fields: Vec<(&str, &str)> = ["request", "attempt", "version"]
        .into_iter()
        .filter_map(|name| Some((name, form.value(name)?)))
        .chain(more.iter().copied())
        .collect();
    let sent = begun.browser.post_only("/login", &fields).await;
    begun.browser.open(sent.location().expect("a redirect").as_str()).await
}

#[tokio::test]
async fn aoi_signs_in_from_home_with_a_code_from_the_mail() {
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    assert!(page.text().contains("to a***@p***, mail 1"), "{}", page.text());
    assert!(page.body.contains("autocomplete=\"one-time-code\""));
    let codes = begun.bed.codes().await;
    assert_eq!((codes.len(), codes[0].number), (1, 1));
    assert_eq!(codes[0].to.as_str(), "aoi@post.example");
    let code = codes[0].code.expose();
    assert_eq!(code.len(), 9, "eight digits in two groups");
    // As people type it.
    let wide: String = code
        .chars()
        .map(|c| c.to_digit(10).map_or('　', |digit| char::from_u32('０' as u32 + digit).unwrap()))
        .collect();
    let page = begun.browser.submit(&page, &[("code", &wide)]).await;
    let tokens = begun.tokens(&page).await;
    assert_eq!((tokens.claim("acr"), tokens.amr()), (ONE, vec!["pwd"]), "never two factors");
}

#[tokio::test]
async fn ren_chooses_the_mail_instead_of_the_app_and_it_is_sent_at_once() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("ren").await;
    assert!(page.asks("code") && page.form().value("method") == Some("totp"), "{}", page.shows());
    let page = begun.browser.press(&page, "method", "mail_code").await;
    assert_eq!(page.form().value("method"), Some("mail_code"), "{}", page.shows());
    let code = begun.bed.mailed_code().await;
    // Back to the app, and to the mail again: the code that was sent is still good.
    let other = begun.browser.press(&page, "method", "totp").await;
    assert_eq!(other.form().value("method"), Some("totp"), "{}", other.shows());
    let page = begun.browser.press(&other, "method", "mail_code").await;
    assert!(begun.bed.codes().await.is_empty(), "no second one is sent");
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE);
}

#[tokio::test]
async fn a_newer_code_ends_the_older_one_and_a_late_one_is_told_from_a_wrong_one() {
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let first = begun.bed.mailed_code().await;
    let wrong = if first == "0000 0000" { "0000 0001" } else { "0000 0000" };
    let page = begun.browser.submit(&page, &[("code", wrong)]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_wrong"), "{}", page.shows());
    assert!(page.text().contains("newest mail"), "{}", page.text());
    begun.bed.wait(2);
    let page = begun.browser.submit(&page, &[("code", "12345")]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_malformed"), "{}", page.shows());
    assert!(page.text().contains("eight digits"), "{}", page.text());

    begun.bed.wait(31);
    let page = begun.browser.press(&page, "send", "another").await;
    assert!(!page.failed() && page.text().contains("mail 2"), "{}", page.shows());
    let second = begun.bed.mailed_code().await;
    let page = begun.browser.submit(&page, &[("code", &first)]).await;
    assert_eq!(page.reason().as_deref(), Some("mail.code_superseded"), "{}", page.shows());
    let incident = page.incident().expect("a code to ask about");
    assert!(begun.bed.replays(&incident).await, "the recorded facts lead to the same reason");

    begun.bed.wait(301);
    assert!(begun.bed.codes().await.is_empty());
    let late = begun.browser.open(page.url.as_str()).await;
    assert!(late.text().contains("no longer good"), "{}", late.text());
    // Typed into the page that was open.
    let page = begun.browser.submit(&page, &[("code", &second)]).await;
    assert_eq!(page.reason().as_deref(), Some("mail.code_expired"), "{}", page.shows());
    // That page sends the next one by its only button.
    let page = begun.browser.submit(&page, &[]).await;
    let third = begun.bed.mailed_code().await;
    begun.bed.wait(2);
    let page = begun.browser.submit(&page, &[("code", &third)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_code_that_nobody_sent_is_not_looked_at() {
    let begun = at("wiki", Network::Home).await;
    let page = before_sending(&begun).await;
    let page = sent(&begun, &page, &[("method", "mail_code"), ("code", "12345678")]).await;
    assert_eq!(page.reason().as_deref(), Some("mail.code_not_sent"), "{}", page.shows());
}

#[tokio::test]
async fn a_mailbox_is_not_filled_by_whoever_knows_a_password() {
    let mut begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let page = begun.browser.press(&page, "send", "another").await;
    assert_eq!(page.reason().as_deref(), Some("mail.wait"), "{}", page.shows());
    assert!(page.text().contains("30 seconds"), "{}", page.text());
    assert!(!page.body.contains("aria-invalid"), "nothing is wrong with what was entered");
    assert_eq!(begun.bed.codes().await.len(), 1);
    // Another sign-in, another browser, another network: the same mailbox.
    let mut sent = 1;
    for _ in 0..20 {
        begun = again(begun.bed, "wiki", Network::Cafe, &[]).await;
        let page = begun.password("aoi").await;
        let page = begun.browser.submit(&page, &[]).await;
        let codes = begun.bed.codes().await.len();
        assert_eq!(codes == 0, page.reason().as_deref() == Some("mail.wait"), "{}", page.shows());
        sent += codes;
        begun.bed.wait(60);
    }
    assert!((3..=6).contains(&sent), "{sent} mails in twenty minutes");
}

#[tokio::test]
async fn an_entered_code_lets_the_next_one_be_sent_at_once() {
    let mut begun = at("wiki", Network::Home).await;
    for _ in 0..3 {
        let page = begun.password("aoi").await;
        let page = begun.browser.submit(&page, &[]).await;
        let code = begun.bed.mailed_code().await;
        let page = begun.browser.submit(&page, &[("code", &code)]).await;
        begun.tokens(&page).await;
        begun = again(begun.bed, "wiki", Network::Home, &[]).await;
    }
}

#[tokio::test]
async fn one_sign_in_is_sent_five_codes_and_no_more() {
    let begun = at("wiki", Network::Home).await;
    let mut page = after_sending(&begun).await;
    for number in 2..=5 {
        // As if the waits were over: the attempt itself is ten minutes long.
        begun.bed.forget_mail_row("aoi").await;
        page = begun.browser.press(&page, "send", "another").await;
        assert!(page.text().contains(&format!("mail {number}")), "{}", page.shows());
    }
    begun.bed.forget_mail_row("aoi").await;
    let page = begun.browser.press(&page, "send", "another").await;
    assert_eq!(page.reason().as_deref(), Some("mail.wait"), "{}", page.shows());
    let codes = begun.bed.codes().await;
    assert_eq!(codes.len(), 1, "the earlier ones were taken out when they were ended");
    assert_eq!(codes[0].number, 5);
}

async fn another_tab(begun: &Begun) -> (Service, SignIn, Page) {
    let service = begun.bed.service("wiki");
    let sign_in = service.sign_in();
    let page = begun.browser.open(&sign_in.url).await;
    (service, sign_in, page)
}

#[tokio::test]
async fn a_code_is_of_no_use_in_another_sign_in_of_the_same_person_and_browser() {
    let begun = at("wiki", Network::Home).await;
    let first = after_sending(&begun).await;
    let code = begun.bed.mailed_code().await;
    let (_, _, page) = another_tab(&begun).await;
    let other = begun.password_at(&page, "aoi").await;
    let refused = sent(&begun, &other, &[("method", "mail_code"), ("code", &code)]).await;
    assert_eq!(refused.reason().as_deref(), Some("mail.code_not_sent"), "{}", refused.shows());
    begun.bed.wait(31);
    let other = begun.browser.submit(&refused, &[]).await;
    let refused = begun.browser.submit(&other, &[("code", &code)]).await;
    assert_eq!(refused.reason().as_deref(), Some("mfa.code_wrong"), "{}", refused.shows());
    begun.bed.wait(2);
    let page = begun.browser.submit(&first, &[("code", &code)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_code_is_of_no_use_in_another_browser() {
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let code = begun.bed.mailed_code().await;
    let thief = begun.bed.browser(Network::Home);
    thief.open(&begun.bed.service("wiki").sign_in().url).await;
    let taken = thief.submit(&page, &[("code", &code)]).await;
    assert_eq!(taken.reason().as_deref(), Some("req.stale"), "{}", taken.shows());
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn two_hundred_submits_of_one_code_are_one_sign_in() {
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let code = begun.bed.mailed_code().await;
    let mut submits = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (browser, page, code) = (begun.browser.clone(), page.clone(), code.clone());
        submits.spawn(async move { browser.submit_only(&page, &[("code", &code)]).await });
    }
    let mut codes = std::collections::BTreeSet::new();
    for answer in submits.join_all().await {
        if let Some(code) = answer.location().and_then(|url| {
            url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
        }) {
            codes.insert(code);
        }
    }
    assert_eq!(codes.len(), 1, "one answer for the service, however often it is given");
    let sessions =
        begun.bed.flow.store.sessions_of(begun.bed.first().id, begun.bed.person("aoi").id);
    assert_eq!(sessions.await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_hundred_wishes_send_one_mail() {
    let begun = at("wiki", Network::Home).await;
    let page = before_sending(&begun).await;
    let mut wishes = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (browser, page) = (begun.browser.clone(), page.clone());
        wishes.spawn(async move { browser.submit_only(&page, &[]).await });
    }
    wishes.join_all().await;
    assert_eq!(begun.bed.codes().await.len(), 1);
}

#[tokio::test]
async fn guesses_are_counted_across_mails_and_sign_ins() {
    let mut begun = at("wiki", Network::Home).await;
    let mut waits = 0;
    for round in 0..4 {
        let page = begun.password("aoi").await;
        let mut page = begun.browser.submit(&page, &[]).await;
        let sent = begun.bed.mailed_code().await;
        for guess in 0..4 {
            let guess = format!("9999 99{round}{guess}");
            assert_ne!(guess, sent, "another seed would do");
            page = begun.browser.submit(&page, &[("code", &guess)]).await;
            waits += i32::from(page.reason().as_deref() == Some("throttle.wait"));
            begun.bed.wait(2);
        }
        begun.bed.wait(1800);
        begun = again(begun.bed, "wiki", Network::Home, &[]).await;
    }
    assert!(waits > 0, "the eleventh wrong code waits, whichever mail it was guessed for");
}

#[tokio::test]
async fn mail_never_reaches_the_level_that_a_service_asks() {
    let begun = asking("wiki", Network::Home, &[("acr_values", TWO)]).await;
    let page = begun.password("aoi").await;
    let reason = page.reason();
    assert_eq!(reason.as_deref(), Some("mfa.level_not_reachable"), "{}", page.shows());
    assert!(begun.bed.codes().await.is_empty());
    // Who has an app as well is asked for that, and the mail is no way round it.
    let begun = again(begun.bed, "wiki", Network::Home, &[("acr_values", TWO)]).await;
    let page = begun.password("ren").await;
    assert_eq!(page.form().value("method"), Some("totp"), "{}", page.shows());
    assert!(page.text().contains("never enough for the level"), "{}", page.text());
    let page = sent(&begun, &page, &[("method", "mail_code")]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.unusable"), "{}", page.shows());
    assert!(begun.bed.codes().await.is_empty());
}

#[tokio::test]
async fn a_standing_session_steps_up_with_a_mail_and_stays_at_one_factor() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("aoi").await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), ONE);
    let home = begun.browser.at(Network::Home);
    let service = begun.bed.service("wiki");
    let sign_in = service.sign_in();
    let page = home.open(&sign_in.url).await;
    assert!(page.text().contains("Send a code to a***@p***"), "{}", page.text());
    let page = home.submit(&page, &[]).await;
    let code = begun.bed.mailed_code().await;
    let page = home.submit(&page, &[("code", &code)]).await;
    let tokens = service.redeem(&sign_in, &page).await;
    assert_eq!((tokens.claim("acr"), tokens.amr()), (ONE, vec!["pwd"]));
}

#[tokio::test]
async fn the_page_tells_how_the_mail_fares_and_no_address() {
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let look = |page: Page| {
        let browser = begun.browser.clone();
        async move { browser.click(&page, "Look again").await }
    };
    assert!(page.text().contains("being handed over"), "{}", page.text());
    let words = "451 4.7.1 <aoi@post.example>: greylisted";
    begun.bed.post_with(Delivery::Defers(words)).await;
    let page = look(page).await;
    assert!(page.text().contains("not taken it yet (451 4.7.1 … greylisted)"), "{}", page.text());
    begun.bed.wait(16);
    begun.bed.post().await;
    let page = look(page).await;
    assert!(page.text().contains("handed over to the mail servers at"), "{}", page.text());

    begun.bed.wait(30);
    let page = begun.browser.press(&page, "send", "another").await;
    begun.bed.post_with(Delivery::Refuses("550 5.1.1 aoi@post.example unknown")).await;
    let page = look(page).await;
    assert!(page.text().contains("refused: 550 5.1.1 … unknown"), "{}", page.text());
    assert!(page.asks("code"), "an earlier field stays: the mail may come after all");
    let japanese = begun.browser.speaking("ja").open(page.url.as_str()).await;
    assert!(japanese.text().contains("受け取りを断られました"), "{}", japanese.text());
    let told =
        begun.bed.flow.store.mail_codes_of(begun.bed.first().id, begun.bed.person("aoi").id, 10);
    let told = told.await.unwrap();
    assert_eq!(told[0].words.as_deref(), Some("550 5.1.1 aoi@post.example unknown"), "the desk's");
    assert_eq!((told[1].tries, told[1].state.as_str()), (2, "accepted"));
}

#[tokio::test]
async fn a_mail_that_came_back_is_told_and_its_mark_is_no_other_mails() {
    let begun = at("wiki", Network::Home).await;
    let bounces = MailAddress::parse("bounces@example.ac.jp").unwrap();
    begun.bed.change_site(|site| site.mail.bounces = Some(bounces)).await;
    let page = after_sending(&begun).await;
    begun.bed.post().await;
    let (flow, tenant) = (&begun.bed.flow, begun.bed.tenant());
    let aoi = begun.bed.person("aoi").id;
    let sent = flow.store.mail_codes_of(tenant.id, aoi, 1).await.unwrap().remove(0);
    let address = flow.bounce_address(&tenant, sent.id).unwrap();
    let mark = address.as_str().strip_prefix("bounces+").unwrap().split('@').next().unwrap();
    let back = async |mark: &str| {
        let words = "550 5.1.1 aoi@post.example unknown";
        flow.came_back(mark, "mx.example", words).await.unwrap()
    };
    let forged = mark[..mark.len() - 1].to_owned() + if mark.ends_with('0') { "g" } else { "0" };
    for wrong in ["", "7", &mark[1..], &forged, &"x".repeat(5000)] {
        assert_eq!(back(wrong).await, None, "{wrong}");
    }
    // Mail servers fold addresses as they like.
    let told = back(&mark.to_ascii_uppercase()).await;
    assert_eq!(told.as_deref(), Some("a***@p***"));
    let english = begun.browser.click(&page, "Look again").await;
    assert!(english.text().contains("It came back at"), "{}", english.text());
    assert!(english.text().contains("550 5.1.1 … unknown"), "{}", english.text());
    let japanese = begun.browser.speaking("ja").open(english.url.as_str()).await;
    assert!(japanese.text().contains("配達できずに戻ってきました"), "{}", japanese.text());
}

#[tokio::test]
async fn where_it_is_switched_off_nobody_is_sent_anything() {
    let bed = Testbed::start().await;
    bed.change_site(|site| site.policy.mail_codes = false).await;
    let begun = again(bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("aoi").await;
    assert_eq!(page.reason().as_deref(), Some("mfa.not_allowed"), "{}", page.shows());
    let begun = again(begun.bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("ren").await;
    assert!(
        page.forms()
            .iter()
            .all(|form| { form.buttons.iter().all(|(_, value)| value != "mail_code") })
    );
    assert!(begun.bed.codes().await.is_empty());
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a backup is a file")]
async fn the_code_stands_in_no_row_of_the_database_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let begun = at("wiki", Network::Home).await;
    let page = after_sending(&begun).await;
    let file = folder.path().join("waiting");
    begun.bed.flow.store.backup(&file).await.unwrap();
    let waiting = std::fs::read(&file).unwrap();
    let code = begun.bed.mailed_code().await;
    let page = begun.browser.submit(&page, &[("code", "0000 0000")]).await;
    begun.bed.wait(2);
    begun.browser.submit(&page, &[("code", &code)]).await;
    let file = folder.path().join("done");
    begun.bed.flow.store.backup(&file).await.unwrap();
    let done = std::fs::read(&file).unwrap();
    let plain = code.replace(' ', "");
    for bytes in [waiting, done] {
        for text in [code.as_str(), plain.as_str(), "aoi@post.example"] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text}");
        }
    }
}

#[tokio::test]
async fn equal_people_of_two_organisations_share_no_code_and_no_wait() {
    let bed = Testbed::two().await;
    let other = bed.service_of(bed.second(), "wiki");
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let page = after_sending(&begun).await;
    let code = bed.mailed_code().await;
    let sign_in = other.sign_in();
    let there: Browser = bed.browser(Network::Home);
    let first = there.open(&sign_in.url).await;
    let asked = there.sign_in_as(&first, bed.second().person("aoi")).await;
    let sent = there.submit(&asked, &[]).await;
    assert!(sent.asks("code"), "no wait of the first organisation's aoi: {}", sent.shows());
    let refused = there.submit(&sent, &[("code", &code)]).await;
    assert_eq!(refused.reason().as_deref(), Some("mfa.code_wrong"), "{}", refused.shows());
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    begun.tokens(&page).await;
}
