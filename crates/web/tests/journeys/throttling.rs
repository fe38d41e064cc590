//! Guessing: waits that grow, nothing evaluated meanwhile, the same for names that nobody bears.

use sekimori_testbed::{Network, Plan, Testbed};

use crate::common::{Begun, again, at, code};

/// Fail `times` times with `name`, waiting as long as each wait asks.
async fn fail(begun: &Begun, name: &str, times: usize) -> sekimori_testbed::Page {
    let mut page = begun.browser.sign_in(&begun.page, name, "wrong 0").await;
    for number in 1..times {
        begun.bed.wait(901);
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let word = format!("wrong {number}");
        page = begun.browser.sign_in(&fresh, name, &word).await;
    }
    page
}

#[tokio::test]
async fn ten_tries_at_a_pace_of_one_a_second_are_free() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.browser.submit(&begun.page, &[("username", "taro")]).await;
    let mut page = begun.browser.submit(&page, &[("password", "wrong")]).await;
    for number in 1..10 {
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
        begun.bed.wait(1);
        let word = format!("wrong {number}");
        page = begun.browser.submit(&page, &[("password", &word)]).await;
    }
    begun.bed.wait(1);
    let before = begun.bed.cost();
    let right = begun.bed.person("taro").password.clone();
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    assert_eq!(begun.bed.cost_since(before).hashes, 0, "the right one is not evaluated (S24)");
    assert!(page.text().contains("second"), "it says how long: {}", page.text());
    // It works the second the wait ends (U09).
    begun.bed.wait(14);
    let page = begun.browser.submit(&page, &[("password", &right)]).await;
    assert!(page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn waits_and_their_pages_are_the_same_for_a_name_that_nobody_bears() {
    let mut pages = Vec::new();
    for name in ["taro", "jiro"] {
        let begun = at("wiki", Network::Home).await;
        fail(&begun, name, 11).await;
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let before = begun.bed.cost();
        let page = begun.browser.sign_in(&fresh, name, "another").await;
        assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
        let code = page.incident().unwrap_or_default();
        let cost = begun.bed.cost_since(before);
        pages.push((page.text().replace(name, "NAME").replace(&code, "CODE"), cost));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_hundred_failures_close_one_way_and_leave_the_others() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    begun.tokens(&page).await;
    let thief = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    fail(&thief, "taro", 100).await;
    begun.bed.wait(3600);
    let fresh = thief.browser.open(&thief.sign_in.url).await;
    let before = begun.bed.cost();
    let page = thief.browser.sign_in_as(&fresh, begun.bed.person("taro")).await;
    assert_eq!(page.reason().as_deref(), Some("throttle.closed"), "{}", page.shows());
    assert_eq!(begun.bed.cost_since(before).hashes, 0);
    // The known device signs in from anywhere; so does anybody inside.
    let known = begun.browser.at(Network::Home);
    known.forget("session");
    let sign_in = begun.service.sign_in();
    let page = known.open(&sign_in.url).await;
    let page = known.sign_in_with_app(&page, begun.bed.person("taro")).await;
    begun.service.redeem(&sign_in, &page).await;
    let inside = again(begun.bed.clone(), "wiki", Network::Campus, &[]).await;
    let page = inside.password("taro").await;
    inside.tokens(&page).await;
    // After a day the way is open again.
    begun.bed.wait(25 * 3600);
    let fresh = thief.browser.open(&thief.service.sign_in().url).await;
    let page = thief.browser.sign_in_as(&fresh, begun.bed.person("taro")).await;
    assert!(page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn a_device_loses_its_standing_after_ten_failures() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let device = begun.browser.cookie("device").expect("a device cookie");
    begun.browser.forget("session");
    fail(&begun, "hana", 11).await;
    // The next failure counts where strangers' failures count.
    let fresh = begun.browser.open(&begun.sign_in.url).await;
    begun.bed.wait(901);
    let page = begun.browser.sign_in_as(&fresh, begun.bed.person("hana")).await;
    begun.tokens(&page).await;
    assert!(begun.browser.cookie("device").is_some_and(|now| now != device));
}

#[tokio::test]
async fn guesses_at_codes_wait_as_well_and_do_not_clear_each_other() {
    let begun = at("wiki", Network::Home).await;
    let mut page = begun.password("kenji").await;
    for _ in 0..9 {
        page = begun.browser.submit(&page, &[("code", "000000")]).await;
        assert_eq!(page.reason().as_deref(), Some("mfa.code_wrong"), "{}", page.shows());
        begun.bed.wait(1);
    }
    let page = begun.browser.submit(&page, &[("code", "000000")]).await;
    begun.bed.wait(1);
    let page = begun.browser.submit(&page, &[("code", &begun.code("kenji"))]).await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    // A right password does not shorten the wait for codes.
    let other = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = other.password("kenji").await;
    assert!(page.asks("code"));
    let page = other.browser.submit(&page, &[("code", &code(&begun.bed, "kenji"))]).await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    begun.bed.wait(15);
    let page = other.browser.submit(&page, &[("code", &code(&begun.bed, "kenji"))]).await;
    other.tokens(&page).await;
}

#[tokio::test]
async fn a_network_that_fails_with_many_names_waits_and_nobody_inside_does() {
    let begun = at("wiki", Network::Home).await;
    for number in 0..30 {
        let page = begun.browser.open(&begun.sign_in.url).await;
        begun.browser.sign_in(&page, &format!("stranger{number}"), "guess").await;
    }
    let before = begun.bed.cost();
    let page = again(begun.bed.clone(), "wiki", Network::Home, &[]).await.password("taro").await;
    assert_eq!(page.reason().as_deref(), Some("throttle.source"), "{}", page.shows());
    assert!(page.text().contains("again in "), "how long: {}", page.text());
    assert!(!page.text().contains("shortly"), "{}", page.text());
    assert_eq!(begun.bed.cost_since(before).hashes, 0);
    for network in [Network::Campus, Network::Cafe] {
        let other = again(begun.bed.clone(), "wiki", network, &[]).await;
        let page = other.password("taro").await;
        assert!(page.is_away() || page.asks("code"), "{}", page.shows());
    }
    begun.bed.wait(61);
    let page = again(begun.bed.clone(), "wiki", Network::Home, &[]).await.password("taro").await;
    assert!(page.asks("code"), "{}", page.shows());
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back_and_costs_nobody_a_guess() {
    let bed = Testbed::with(Plan { places: 0, ..Plan::default() }).await;
    let begun = again(bed, "wiki", Network::Campus, &[]).await;
    for _ in 0..15 {
        let page = begun.browser.open(&begun.sign_in.url).await;
        let before = begun.bed.cost();
        let page = begun.password_at(&page, "hana").await;
        assert_eq!(page.status, 503, "{}", page.shows());
        assert_eq!(page.reason().as_deref(), Some("svc.busy"));
        assert!(page.headers.contains_key("retry-after"));
        assert_eq!(begun.bed.cost_since(before).writes, 0, "no guess is counted");
    }
}

#[tokio::test]
async fn parallel_guesses_cannot_outrun_the_counter() {
    let begun = at("wiki", Network::Home).await;
    let mut tabs = Vec::new();
    for _ in 0..40 {
        let page = begun.browser.open(&begun.sign_in.url).await;
        tabs.push(begun.browser.submit(&page, &[("username", "taro")]).await);
    }
    let before = begun.bed.cost();
    let tasks: Vec<_> = tabs
        .into_iter()
        .enumerate()
        .map(|(number, page)| {
            let browser = begun.browser.clone();
            tokio::spawn(async move {
                let word = format!("guess {number}");
                browser.submit(&page, &[("password", &word)]).await
            })
        })
        .collect();
    let mut busy = 0;
    for task in tasks {
        let page = task.await.expect("no panic");
        match page.reason().as_deref() {
            Some("throttle.busy" | "throttle.wait") => busy += 1,
            Some("cred.mismatch") => {}
            other => panic!("{other:?}: {}", page.shows()),
        }
    }
    let hashes = begun.bed.cost_since(before).hashes;
    assert_eq!(hashes, 1, "the clock stands still: one guess a second");
    assert_eq!(busy, 39);
}

#[tokio::test]
async fn a_clock_that_is_off_is_named_after_two_codes_and_never_accepted() {
    let begun = at("wiki", Network::Home).await;
    let page = begun.password("taro").await;
    let step = u64::try_from(begun.bed.now().unix_seconds()).expect("after 1970") / 30;
    let person = begun.bed.person("taro");
    let app = person.app.as_ref().expect("an app");
    let page = begun.browser.submit(&page, &[("code", &app.code_of_step(step - 6))]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.code_wrong"), "{}", page.shows());
    let incident = page.incident().expect("a code");
    let line = begun.bed.incident(&incident).await.expect("kept").line;
    assert_eq!(line.reason.as_deref(), Some("mfa.clock_suspected"), "the desk reads it");
    begun.bed.wait(30);
    let page = begun.browser.submit(&page, &[("code", &app.code_of_step(step - 5))]).await;
    assert_eq!(page.reason().as_deref(), Some("mfa.clock_drift"), "{}", page.shows());
    // The very code that was burned is not taken when its time comes.
    let ahead = app.code_of_step(step + 10);
    begun.bed.wait(2);
    begun.browser.submit(&page, &[("code", &ahead)]).await;
    begun.bed.wait(9 * 30 - 2);
    let fresh = again(begun.bed.clone(), "wiki", Network::Home, &[]).await;
    let page = fresh.password("taro").await;
    let page = fresh.browser.submit(&page, &[("code", &ahead)]).await;
    assert!(!page.is_away(), "a burned code: {}", page.shows());
    assert_eq!(page.reason().as_deref(), Some("mfa.code_raced"), "{}", page.shows());
}

#[tokio::test]
async fn all_spellings_of_a_name_share_one_wait() {
    let begun = at("wiki", Network::Home).await;
    let spellings = [
        "taro",
        "TARO",
        " taro ",
        "ｔａｒｏ",
        "taro@example.ac.jp",
        "ta\u{200b}ro",
        "Taro@EXAMPLE.ac.jp",
    ];
    for number in 0..11 {
        let name = spellings[number % spellings.len()];
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let page = begun.browser.sign_in(&fresh, name, &format!("wrong {number}")).await;
        assert!(page.failed(), "{name}: {}", page.shows());
        begun.bed.wait(2);
    }
    for name in spellings {
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let page = begun.browser.sign_in(&fresh, name, "wrong once more").await;
        assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{name}: {}", page.shows());
    }
}
