//! Forms as people really send them: mistyped, twice, late, from another tab, after going back.

use sekimori_testbed::{Network, Page};

use crate::common::{again, at, code};

#[tokio::test]
async fn the_first_page_has_one_form_that_password_managers_know() {
    let begun = at("wiki", Network::Campus).await;
    let forms = begun.page.forms();
    let [form] = forms.as_slice() else { panic!("one form: {forms:?}") };
    assert_eq!(form.method, "post");
    assert!(form.kinds.contains(&("username".into(), "text".into(), "username webauthn".into())));
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let form = page.form();
    assert!(form.kinds.contains(&(
        "password".into(),
        "password".into(),
        "current-password".into()
    )));
    assert_eq!(form.value("username"), Some("hana"), "in a field that managers see (U04)");
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let kinds = page.form().kinds;
    assert!(kinds.contains(&("code".into(), "text".into(), "one-time-code".into())), "{kinds:?}");
    assert!(page.body.contains("inputmode=\"numeric\""), "U02");
    assert!(!page.body.contains("maxlength"), "U02");
}

#[tokio::test]
async fn a_wrong_password_shows_the_same_step_with_what_was_wrong() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.sign_in(&begun.page, "hana", "not that").await;
    assert_eq!(page.status, 200);
    assert!(page.asks("password"), "{}", page.shows());
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    assert_eq!(page.form().value("password"), Some(""), "the password is not sent back");
    assert_eq!(page.form().value("username"), Some("hana"), "the name is kept");
    assert!(page.incident().is_some());
    assert!(page.links().iter().any(|(href, _)| href == "#password"), "the summary leads there");
    assert!(begun.bed.replays(&page.incident().expect("a code")).await);
    let japanese = begun.browser.speaking("ja").open(page.url.as_str()).await;
    assert!(japanese.title().starts_with("エラー"), "{}", japanese.title());
    // And from here the right one leads on.
    begun.bed.wait(2);
    let right = begun.bed.person("hana").password.clone();
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn the_name_can_be_changed_after_a_wrong_password() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.sign_in(&begun.page, "hanna", "not that").await;
    let links = page.links();
    let (href, _) = links
        .iter()
        .find(|(href, _)| href.starts_with("/login/switch"))
        .unwrap_or_else(|| panic!("a way to change the name: {links:?}"));
    let page = begun.browser.open(href).await;
    assert!(page.asks("username"), "{}", page.shows());
    let page = begun.browser.sign_in_as(&page, begun.bed.person("hana")).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn an_empty_field_counts_nothing_and_hashes_nothing() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.browser.submit(&begun.page, &[("username", "")]).await;
    assert!(page.asks("username"), "{}", page.shows());
    assert_eq!(page.reason().as_deref(), Some("input.empty"));
    let page = begun.browser.submit(&page, &[("username", "taro")]).await;
    let before = begun.bed.cost();
    let mut page = begun.browser.submit(&page, &[("password", "")]).await;
    for _ in 0..15 {
        assert_eq!(page.reason().as_deref(), Some("input.empty"), "{}", page.shows());
        assert!(page.asks("password"));
        page = begun.browser.submit(&page, &[("password", "")]).await;
    }
    let cost = begun.bed.cost_since(before);
    assert_eq!((cost.writes, cost.hashes), (0, 0));
    let password = begun.bed.person("taro").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    let mut page = begun.browser.submit(&page, &[("code", "")]).await;
    for _ in 0..15 {
        assert_eq!(page.reason().as_deref(), Some("input.empty"), "{}", page.shows());
        assert!(page.asks("code"), "an empty code skips nothing: {}", page.shows());
        page = begun.browser.submit(&page, &[("code", "　 ")]).await;
    }
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn names_are_forgiven_how_they_are_typed_and_echoed_as_they_are() {
    for typed in ["ＡＢＣ１２３　", " abc123", "Abc123", "abc123@example.ac.jp", "abc\u{200b}123"]
    {
        let begun = at("wiki", Network::Campus).await;
        let page = begun.browser.submit(&begun.page, &[("username", typed)]).await;
        assert_eq!(page.form().value("username"), Some("abc123"), "{typed:?}: {}", page.shows());
        let password = begun.bed.person("abc123").password.clone();
        let page = begun.browser.submit(&page, &[("password", &password)]).await;
        begun.tokens(&page).await;
    }
}

#[tokio::test]
async fn codes_are_forgiven_how_they_are_typed() {
    for style in 0..3 {
        let begun = at("wiki", Network::Home).await;
        let page = begun.password("taro").await;
        let code = begun.code("taro");
        let (front, back) = code.split_at(3);
        let wide: String =
            code.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c)).collect();
        let typed = match style {
            0 => format!("{front}-{back}"),
            1 => format!(" {front}　{back} "),
            _ => wide,
        };
        let page = begun.browser.submit(&page, &[("code", &typed)]).await;
        begun.tokens(&page).await;
    }
}

#[tokio::test]
async fn hints_about_the_typed_password_are_the_same_for_everybody() {
    let mut texts = Vec::new();
    for name in ["hana", "jiro"] {
        let begun = at("wiki", Network::Campus).await;
        let page = begun.browser.sign_in(&begun.page, name, "ｐａｓｓｗｏｒｄ ").await;
        let code = page.incident().expect("a code");
        texts.push(page.text().replace(name, "NAME").replace(&code, "CODE"));
    }
    assert_eq!(texts[0], texts[1]);
    assert!(texts[0].to_lowercase().contains("full-width"), "{}", texts[0]);
}

#[tokio::test]
async fn a_password_longer_than_any_is_told_and_costs_no_guess() {
    let begun = at("wiki", Network::Campus).await;
    let before = begun.bed.cost();
    let page = begun.browser.sign_in(&begun.page, "hana", &"x".repeat(5000)).await;
    assert_eq!(page.reason().as_deref(), Some("input.password_too_long"), "{}", page.shows());
    assert_eq!(begun.bed.cost_since(before).hashes, 0);
    let password = begun.bed.person("hana").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_double_click_is_one_try_with_one_outcome() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let password = begun.bed.person("hana").password.clone();
    let before = begun.bed.cost();
    let fields = [("password", password.as_str())];
    let (first, second) =
        tokio::join!(begun.browser.submit(&page, &fields), begun.browser.submit(&page, &fields));
    assert_eq!(begun.bed.cost_since(before).hashes, 1, "evaluated once");
    assert_eq!(first.url, second.url, "the same outcome");
    begun.tokens(&first).await;
}

#[tokio::test]
async fn a_double_click_on_a_wrong_password_counts_once_and_shows_one_page() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let before = begun.bed.cost();
    let fields = [("password", "no")];
    let (first, second) =
        tokio::join!(begun.browser.submit(&page, &fields), begun.browser.submit(&page, &fields));
    assert_eq!(begun.bed.cost_since(before).hashes, 1);
    assert_eq!(first.url, second.url);
    assert_eq!(first.reason(), second.reason());
    assert_eq!(first.incident(), second.incident());
}

#[tokio::test]
async fn a_double_click_on_a_code_gets_the_first_ones_outcome() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let typed = begun.code("taro");
    let fields = [("code", typed.as_str())];
    let (first, second) =
        tokio::join!(begun.browser.submit(&page, &fields), begun.browser.submit(&page, &fields));
    assert_eq!(first.url, second.url);
    // Going back and sending the same form once more leads there as well, for a minute.
    let third = begun.browser.submit(&page, &fields).await;
    assert_eq!(first.url, third.url);
    begun.tokens(&first).await;
    begun.bed.wait(90);
    let late = begun.browser.submit(&page, &fields).await;
    assert_eq!(late.reason().as_deref(), Some("req.stale"), "{}", late.shows());
}

#[tokio::test]
async fn a_double_click_on_a_code_that_a_session_lacked_gets_the_first_ones_outcome() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    begun.tokens(&page).await;
    let home = begun.browser.at(Network::Home);
    let sign_in = begun.service.sign_in();
    let page = home.open(&sign_in.url).await;
    assert!(page.asks("code"), "{}", page.shows());
    let typed = begun.code("taro");
    let fields = [("code", typed.as_str())];
    let session = home.cookie("session").expect("a session");
    let first = home.submit(&page, &fields).await;
    // The twin was sent before the answer came: with the session that the answer replaces.
    let replaced = home.cookie("session").expect("a session");
    assert_ne!(session, replaced);
    home.tamper("session", &session);
    let second = home.submit(&page, &fields).await;
    assert_eq!(first.url, second.url, "{}", second.shows());
    home.tamper("session", &replaced);
    let third = home.submit(&page, &fields).await;
    assert_eq!(first.url, third.url, "{}", third.shows());
    begun.service.redeem(&sign_in, &second).await;
}

#[tokio::test]
async fn two_hundred_submits_of_one_code_are_one_success() {
    let begun = at("wiki", Network::Home).await;
    let mut tabs = Vec::new();
    for _ in 0..8 {
        let other = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
        let page = other.password("taro").await;
        tabs.push((other, page));
    }
    let typed = code(&begun.bed, "taro");
    let mut tasks = Vec::new();
    for (tab, page) in &tabs {
        for _ in 0..25 {
            let (browser, page, typed) = (tab.browser.clone(), page.clone(), typed.clone());
            tasks.push(tokio::spawn(
                async move { browser.submit(&page, &[("code", &typed)]).await },
            ));
        }
    }
    let mut codes = std::collections::BTreeSet::new();
    for task in tasks {
        let page = task.await.expect("no panic");
        if page.is_away() {
            codes.insert(page.param("code").expect("a code"));
        } else {
            // Lost: the code was spent by another tab, or another guess was being checked at that moment.
            let lost = ["mfa.code_raced", "mfa.code_reused", "throttle.busy", "throttle.wait"];
            assert!(lost.contains(&page.reason().as_deref().unwrap_or("none")), "{}", page.shows());
        }
    }
    assert_eq!(codes.len(), 1, "exactly one success");
}

#[tokio::test]
async fn back_to_a_page_with_a_mistake_leads_forward_once_the_sign_in_is_over() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let wrong = begun.browser.submit(&page, &[("code", "000000")]).await;
    assert!(wrong.url.path().starts_with("/login/att_"), "{}", wrong.url);
    begun.bed.wait(2);
    let typed = code(&begun.bed, "taro");
    let away = begun.browser.submit(&wrong, &[("code", &typed)]).await;
    begun.tokens(&away).await;
    for wait in [0, 300] {
        begun.bed.wait(wait);
        let page = begun.browser.open(wrong.url.as_str()).await;
        assert!(page.is_away(), "after {wait} s: {}", page.shows());
        assert!(page.param("code").is_none(), "a code that the service cannot place");
    }
    let stranger = begun.bed.browser(Network::Home).open(wrong.url.as_str()).await;
    assert_eq!(stranger.reason().as_deref(), Some("req.stale"), "{}", stranger.shows());
}

#[tokio::test]
async fn a_code_that_was_used_is_told_from_a_wrong_one() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let typed = code(&begun.bed, "taro");
    let page = begun.browser.submit(&page, &[("code", &typed)]).await;
    assert!(page.is_away(), "{}", page.shows());
    let other = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = other.password("taro").await;
    let page = other.browser.submit(&page, &[("code", &typed)]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_reused"), "{}", page.shows());
    let incident = page.incident().expect("a code");
    assert!(begun.bed.replays(&incident).await);
}

#[tokio::test]
async fn blocked_cookies_are_named_within_two_redirects() {
    let begun = at("wiki", Network::Campus).await;
    let blocked = begun.bed.browser(Network::Campus).without_cookies();
    let page = blocked.open(&begun.sign_in.url).await;
    assert_eq!(page.reason().as_deref(), Some("req.cookies_blocked"), "{}", page.shows());
    assert!(page.way.len() <= 3, "{:?}", page.way);
    // Blocked between two pages.
    let page = begun.browser.without_cookies().submit(&begun.page, &[("username", "hana")]).await;
    assert_eq!(page.reason().as_deref(), Some("req.cookies_blocked"), "{}", page.shows());
}

#[tokio::test]
async fn a_binding_cookie_of_another_day_costs_one_click_and_no_guess() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    begun.browser.tamper("browser", "another-word-entirely");
    let before = begun.bed.cost();
    let password = begun.bed.person("hana").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    assert!(page.asks("password"), "the same step once more: {}", page.shows());
    assert_eq!(begun.bed.cost_since(before).hashes, 0, "nothing was evaluated");
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn stale_and_broken_cookies_do_no_harm() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    for word in ["browser", "session", "device", "language"] {
        for value in ["", "x", "1.AAAA", "\"quoted\"", &"y".repeat(3000)] {
            begun.browser.tamper(word, value);
            let page = begun.browser.open(&begun.service.sign_in().url).await;
            assert!(page.is_away() || page.asks("username") || page.reason().is_some());
            assert_ne!(page.status, 500, "{word}={value}: {}", page.shows());
        }
    }
    let page = begun.browser.open(&begun.sign_in.url).await;
    let page = begun.browser.sign_in_as(&page, begun.bed.person("hana")).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_page_left_open_costs_one_click_and_keeps_the_name() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    begun.bed.wait(11 * 60);
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    assert_eq!(page.reason().as_deref(), Some("req.expired"), "{}", page.shows());
    assert!(page.asks("password"), "with the name kept: {}", page.shows());
    assert_eq!(page.form().value("username"), Some("taro"));
    let password = begun.bed.person("taro").password.clone();
    let page = begun.browser.submit(&page, &[("password", &password)]).await;
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_change_of_password_during_a_sign_in_ends_it() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let person = begun.bed.person("taro").id;
    let record = begun.bed.tenant();
    drop(record);
    begun
        .bed
        .write(vec![sekimori_testbed::Write::PasswordSet {
            person,
            record: "no record at all".to_owned(),
            from_epoch: None,
        }])
        .await;
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    assert_eq!(page.reason().as_deref(), Some("req.overtaken"), "{}", page.shows());
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_before_anything_is_looked_at() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let request = page.form().value("request").unwrap_or_default().to_owned();
    let before = begun.bed.cost();
    for (path, fields) in [
        ("/login", vec![("request", request.as_str()), ("password", "x")]),
        ("/login/consent", vec![("request", request.as_str()), ("decision", "allow")]),
        ("/logout", vec![("request", "")]),
    ] {
        for origin in ["https://evil.example", "null", "http://login.example.ac.jp"] {
            let page = begun.browser.post_from(origin, path, &fields).await;
            assert_eq!(
                (page.status.as_u16(), page.reason().as_deref()),
                (403, Some("req.cross_site"))
            );
        }
    }
    assert_eq!(begun.bed.cost_since(before).writes, 0);
    assert_eq!(begun.bed.cost_since(before).hashes, 0);
}

/// Submit the page's form with this password, and go away as soon as the guess is reserved.
async fn submit_and_go_away(begun: &crate::common::Begun, page: &Page, password: &str) {
    let before = begun.bed.cost();
    let fields = [("password", password)];
    let reserved = async {
        while begun.bed.cost_since(before).writes == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = reserved => {}
        page = begun.browser.submit(page, &fields) => panic!("answered: {}", page.shows()),
    }
}

#[tokio::test]
async fn whoever_goes_away_while_their_password_is_checked_hears_the_verdict_afterwards() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let right = begun.bed.person("hana").password.clone();
    submit_and_go_away(&begun, &page, &right).await;
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_guess_that_died_with_its_node_is_over_after_its_reservation() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.browser.submit(&begun.page, &[("username", "hana")]).await;
    let right = begun.bed.person("hana").password.clone();
    std::thread::scope(|scope| {
        let node = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(submit_and_go_away(&begun, &page, &right));
        });
        node.join().unwrap();
    });
    begun.bed.wait(31);
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    assert!(page.asks("password"), "{}", page.shows());
    assert!(!page.failed(), "{}", page.shows());
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_form_of_another_browser_waits_for_nothing() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let other = begun.bed.browser(Network::Home);
    other.open(&begun.sign_in.url).await;
    let before = begun.bed.cost();
    let mut form = page.form();
    form.fields.retain(|(name, _)| name != "version");
    let mut fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.push(("version", "1"));
    let answer = other.post_only("/login", &fields).await;
    assert_eq!(answer.reason().as_deref(), Some("req.stale"), "{}", answer.shows());
    assert_eq!(begun.bed.cost_since(before).writes, 0);
}
