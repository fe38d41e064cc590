//! Signing in, as the rules for one's network ask.

use sekimori_testbed::{Network, is_incident_code};

use crate::common::{ONE, TWO, at};

#[tokio::test]
async fn hana_signs_in_on_campus_with_her_password_alone() {
    for network in [Network::Campus, Network::CampusSix, Network::Vpn] {
        let begun = at("wiki", network).await;
        assert!(begun.page.asks("username"), "{}", begun.page.shows());
        let page = begun.password("hana").await;
        let tokens = begun.tokens(&page).await;
        assert_eq!((tokens.claim("acr"), tokens.amr()), (ONE, vec!["pwd"]));
    }
}

#[tokio::test]
async fn taro_shows_his_password_and_his_app_outside() {
    for network in [Network::Eduroam, Network::Home, Network::Cafe, Network::Unknown] {
        let begun = at("wiki", network).await;
        let page = begun.password("taro").await;
        assert!(page.asks("code"), "{}", page.shows());
        let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
        let tokens = begun.tokens(&page).await;
        assert_eq!((tokens.claim("acr"), tokens.amr()), (TWO, vec!["otp", "pwd", "mfa"]));
    }
}

#[tokio::test]
async fn yuki_uses_one_of_her_printed_codes_and_can_use_it_no_second_time() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("yuki").await;
    assert!(page.asks("code"), "{}", page.shows());
    let code = begun.bed.person("yuki").recovery_codes[3].clone();
    let typed = code.to_lowercase().replace('-', "　");
    let page = begun.browser.submit(&page, &[("code", &typed)]).await;
    assert_eq!(begun.tokens(&page).await.claim("acr"), TWO);
    let told = begun.bed.notices().await.remove(0);
    let left = begun.bed.person("yuki").recovery_codes.len() - 1;
    assert_eq!(told.about.codes_left.map(usize::from), Some(left), "{told:?}");
    assert_eq!(told.service.as_ref().map(ToString::to_string).as_deref(), Some("wiki"), "{told:?}");

    let begun = crate::common::again(begun.bed, "wiki", Network::Home, &[]).await;
    let page = begun.password("yuki").await;
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.recovery_spent"), "{}", page.shows());
    begun.bed.wait(2);
    let other = begun.bed.person("yuki").recovery_codes[4].clone();
    let page = begun.browser.submit(&page, &[("code", &other)]).await;
    begun.tokens(&page).await;
}

/// S14: a sheet is ten codes issued in advance; its owner hears of each use, and in time of the end.
#[tokio::test]
async fn when_few_printed_codes_are_left_mail_and_portal_say_so() {
    let begun = at("wiki", Network::Home).await;
    let bed = &begun.bed;
    let few = "Few of your recovery codes are left";
    for (used, code) in bed.person("yuki").recovery_codes.clone().iter().take(7).enumerate() {
        bed.wait(60);
        let browser = bed.browser(Network::Home);
        let page = browser.open("/portal").await;
        let page = browser.sign_in_as(&page, bed.person("yuki")).await;
        let page = browser.submit(&page, &[("code", code)]).await;
        let left = 9 - u8::try_from(used).unwrap();
        assert_eq!(page.text().contains(few), left <= 3, "{left}: {}", page.text());
        let told: Vec<_> = bed
            .notices()
            .await
            .iter()
            .filter(|message| message.notice == sekimori_login::Notice::RecoveryCodeUsed)
            .map(|message| message.about.codes_left)
            .collect();
        assert!(told.contains(&Some(left)), "{left}: {told:?}");
    }
}

#[tokio::test]
async fn kenji_chooses_a_printed_code_instead_of_the_app() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("kenji").await;
    let other = begun.browser.press(&page, "method", "recovery_code").await;
    assert!(other.asks("code"), "{}", other.shows());
    assert!(!other.failed(), "{}", other.shows());
    assert_eq!(other.form().value("method"), Some("recovery_code"));
    let code = begun.bed.person("kenji").recovery_codes[0].clone();
    let page = begun.browser.submit(&other, &[("code", &code)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_wrong_printed_code_shows_the_printed_code_again_not_the_app() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("kenji").await;
    let other = begun.browser.press(&page, "method", "recovery_code").await;
    let page = begun.browser.submit(&other, &[("code", "0000-0000-0000-0000")]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_wrong"), "{}", page.shows());
    assert_eq!(page.form().value("method"), Some("recovery_code"));
    // What is said is about the list on paper, in both languages and for the desk as well.
    assert!(page.text().contains("Compare it with your list"), "{}", page.text());
    let japanese = begun.browser.speaking("ja").open(page.url.as_str()).await;
    assert!(japanese.text().contains("お手元の一覧"), "{}", japanese.text());
    let code = page.incident().expect("a code");
    let help = begun.browser.open(&format!("/help?code={code}")).await;
    assert!(help.text().contains("Compare it with your list"), "{}", help.text());
    begun.bed.wait(2);
    let page = begun.browser.submit(&page, &[("code", "1234")]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_malformed"), "{}", page.shows());
    assert!(page.text().contains("sixteen letters and digits"), "{}", page.text());
}

#[tokio::test]
async fn a_service_that_names_no_start_is_begun_again_at_its_front_page_and_an_app_nowhere() {
    for (service, start) in [("payroll", Some("https://payroll.example.ac.jp/")), ("app", None)] {
        let begun = at(service, Network::Home).await;
        let page = begun.password("hana").await;
        assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"), "{}", page.shows());
        let links = page.links();
        let again = links.iter().find(|(_, text)| text.contains("Start this sign-in again"));
        assert_eq!(again.map(|(href, _)| href.as_str()), start, "{links:?}");
        begun.bed.wait(24 * 3600);
        let page = begun.browser.open(begun.page.url.as_str()).await;
        assert_eq!(page.reason().as_deref(), Some("req.stale"), "{}", page.shows());
        let links = page.links();
        assert_eq!(links.iter().any(|(href, _)| Some(href.as_str()) == start), start.is_some());
    }
}

#[tokio::test]
async fn hana_reads_why_she_cannot_sign_in_from_home_and_her_desk_reads_the_same() {
    for (languages, html, says) in
        [("en", "en", "Nothing is registered for use outside yet"), ("ja", "ja", "学外で使う")]
    {
        let begun = at("wiki", Network::Home).await;
        let browser = begun.browser.speaking(languages);
        let page = browser.open(&begun.sign_in.url).await;
        let page = browser.sign_in_as(&page, begun.bed.person("hana")).await;
        assert_eq!(page.status, 403, "{}", page.shows());
        assert_eq!(page.language(), html);
        assert!(page.failed(), "{}", page.title());
        assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"));
        if html == "en" {
            assert!(page.text().contains(says), "{}", page.text());
        }
        let code = page.incident().expect("an incident code that can be read out");
        assert!(is_incident_code(&code));
        assert!(begun.bed.replays(&code).await, "the recorded facts lead to the same reason");
        let line = begun.bed.incident(&code).await.expect("it was kept").line;
        assert_eq!(line.reason.as_deref(), Some("mfa.none_registered"));
        assert_eq!(line.person, Some(begun.bed.person("hana").id));
        assert_eq!(line.zone.as_deref(), Some("outside"));
        // It stays until it is left, and reads the same in the other language.
        let other = if html == "en" { "日本語" } else { "English" };
        let page = browser.click(&page, other).await;
        assert_eq!(page.reason().as_deref(), Some("mfa.none_registered"));
        assert_eq!(page.incident(), Some(code), "the same page, the same code");
        assert_ne!(page.language(), html);
    }
}

#[tokio::test]
async fn accounts_that_cannot_be_used_are_told_after_the_right_password_only() {
    for (name, reason) in
        [("daiki", "acct.disabled"), ("nao", "acct.not_yet"), ("emi", "acct.ended")]
    {
        let begun = at("wiki", Network::Home).await;
        let wrong = begun.browser.sign_in(&begun.page, name, "something else entirely").await;
        assert_eq!(wrong.reason().as_deref(), Some("cred.mismatch"), "{name}: {}", wrong.shows());
        begun.bed.wait(2);
        let right = begun.bed.person(name).password.clone();
        let page = begun.browser.submit(&wrong, &[("password", &right)]).await;
        assert_eq!(page.reason().as_deref(), Some(reason), "{name}: {}", page.shows());
        assert!(begun.bed.replays(&page.incident().expect("a code")).await);
    }
}

#[tokio::test]
async fn a_held_account_looks_like_a_wrong_password_to_everybody_but_the_desk() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("haru").await;
    assert!(page.asks("password"), "{}", page.shows());
    assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
    let code = page.incident().expect("a code");
    let line = begun.bed.incident(&code).await.expect("it was kept").line;
    assert_eq!(line.reason.as_deref(), Some("acct.held"));
    assert!(begun.bed.replays(&code).await);
}

#[tokio::test]
async fn what_is_the_matter_with_ones_factors_is_told_after_the_password() {
    for (name, service, network, reason) in [
        ("sora", "wiki", Network::Home, "mfa.suspended"),
        ("umi", "wiki", Network::Home, "mfa.unfinished"),
        ("nobu", "wiki", Network::Home, "mfa.none_left"),
        ("yuki", "vault", Network::Campus, "mfa.not_allowed"),
        ("hana", "payroll", Network::Campus, "mfa.none_registered"),
        ("hana", "staffroom", Network::Campus, "authz.not_entitled"),
        ("taro", "intranet", Network::Home, "net.not_from_here"),
    ] {
        let begun = at(service, network).await;
        let page = begun.password(name).await;
        assert_eq!(page.reason().as_deref(), Some(reason), "{name}: {}", page.shows());
        assert_eq!(page.status, 403);
        assert!(begun.bed.replays(&page.incident().expect("a code")).await, "{name}");
    }
}

#[tokio::test]
async fn a_service_for_a_group_lets_the_group_in() {
    let begun = at("staffroom", Network::Campus).await;
    let page = begun.password("rika").await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn the_portal_is_signed_in_to_without_any_service() {
    let bed = sekimori_testbed::Testbed::start().await;
    let browser = bed.browser(Network::Campus);
    let page = browser.open("/login").await;
    let page = browser.submit(&page, &[("username", "hana")]).await;
    let sent = browser.submit_only(&page, &[("password", &bed.person("hana").password)]).await;
    assert_eq!(sent.location().map(|url| url.path().to_owned()).as_deref(), Some("/portal"));
    assert!(browser.cookie("session").is_some());
}

#[tokio::test]
async fn what_is_no_code_at_all_is_told_and_counts_nothing() {
    let begun = at("wiki", Network::Home).await;
    let mut page = begun.password("taro").await;
    for _ in 0..15 {
        page = begun.browser.submit(&page, &[("code", "12 34")]).await;
        assert_eq!(page.reason().as_deref(), Some("mfa.code_malformed"), "{}", page.shows());
    }
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_way_that_somebody_does_not_have_leads_back_to_one_that_they_have() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let other = begun.browser.open(&format!("{}?use=recovery_code", page.url)).await;
    assert_eq!(other.reason().as_deref(), Some("mfa.unusable"), "{}", other.shows());
    assert_eq!(other.form().value("method"), Some("totp"));
    // A method that opens a sign-in is no second factor.
    let other = begun.browser.open(&format!("{}?use=password", page.url)).await;
    assert!(other.asks("code"), "{}", other.shows());
    let page = begun.browser.submit(&other, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&page).await;
}
