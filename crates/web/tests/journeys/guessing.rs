//! Guessing by many: one wrong word over and over, one word on many names, many networks on every name. Whoever is
//! inside, or sits at a browser that knows them, signs in all the while.

use sekimori_base::Secret;
use sekimori_flow::Alert;
use sekimori_testbed::{HOST, Network, OTHER_HOST, Page, Testbed, Write};

use crate::common::{Begun, again, at};

/// Short in a pull request, the stated numbers in a full run.
#[expect(clippy::disallowed_methods, reason = "the volume of a test run is the runner's to say")]
fn volume(short: u16, full: u16) -> u16 {
    let is_full = std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full");
    if is_full { full } else { short }
}

/// A stranger from `network` tries `word` on `name` at the wiki of `host`.
async fn stranger(bed: &Testbed, host: &str, network: Network, name: &str, word: &str) -> Page {
    let organisation = if host == HOST { bed.first() } else { bed.second() };
    let browser = bed.browser(network);
    let page = browser.open(&bed.service_of(organisation, "wiki").sign_in().url).await;
    browser.sign_in(&page, name, word).await
}

/// Somebody signs in, and gets to the service, or to their second step.
async fn enters(begun: &Begun, name: &str) {
    begun.browser.forget("session");
    let sign_in = begun.service.sign_in();
    let page = begun.browser.open(&sign_in.url).await;
    let page = begun.browser.sign_in_as(&page, begun.bed.person(name)).await;
    assert!(page.is_away() || page.asks("code"), "{}", page.shows());
}

/// What a page says, name, incident code and time aside.
fn words(page: &Page, name: &str) -> String {
    let code = page.incident().expect("a code");
    let text = page.text().replace(name, "NAME").replace(&code, "CODE");
    let (before, rest) = text.split_once(" Time ").expect("a failure tells its time");
    let (_, after) = rest.split_once(" JST ").expect("with its zone");
    format!("{before} {after}")
}

fn alerts(bed: &Testbed) -> Vec<(Alert, u64)> {
    bed.flow.alarm.alerts().into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test]
async fn one_wrong_word_fifty_times_counts_once_and_reads_the_same() {
    let mut both = Vec::new();
    for name in ["taro", "jiro"] {
        let begun = at("wiki", Network::Home).await;
        let mut tries = Vec::new();
        for _ in 0..50 {
            let before = begun.bed.cost();
            let fresh = begun.browser.open(&begun.sign_in.url).await;
            let page = begun.browser.sign_in(&fresh, name, "the password of last year").await;
            assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
            tries.push((words(&page, name), begun.bed.cost_since(before)));
            begun.bed.wait(1);
        }
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let page = begun.password_at(&fresh, "taro").await;
        assert!(page.asks("code"), "nothing to wait for: {}", page.shows());
        assert!(tries.iter().all(|one| *one == tries[0]), "the first as the last: {tries:#?}");
        both.push(tries);
    }
    assert_eq!(both[0], both[1], "a name that nobody bears");
}

#[tokio::test]
async fn a_repeated_word_keeps_the_pace_of_one_a_second() {
    let begun = at("wiki", Network::Home).await;
    let try_it = || async {
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        begun.browser.sign_in(&fresh, "taro", "the password of last year").await
    };
    try_it().await;
    begun.bed.wait(1);
    try_it().await;
    let before = begun.bed.cost();
    let page = try_it().await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "{}", page.shows());
    assert_eq!(begun.bed.cost_since(before).hashes, 0);
}

#[tokio::test]
async fn a_word_that_was_wrong_elsewhere_counts_like_any_other() {
    let bed = Testbed::start().await;
    stranger(&bed, HOST, Network::Home, "taro", "what the owner mistyped").await;
    // Somebody else, elsewhere, brings the counter to where a wait would show, and tries that word.
    for number in 0..8 {
        bed.wait(1);
        stranger(&bed, HOST, Network::Cafe, "taro", &format!("guess {number}")).await;
    }
    bed.wait(1);
    stranger(&bed, HOST, Network::Cafe, "taro", "what the owner mistyped").await;
    bed.wait(1);
    let page = stranger(&bed, HOST, Network::Cafe, "taro", "another").await;
    assert_eq!(page.reason().as_deref(), Some("throttle.wait"), "it counted: {}", page.shows());
}

#[tokio::test]
async fn a_word_that_was_wrong_lets_its_owner_in_once_it_is_right() {
    let begun = at("wiki", Network::Campus).await;
    let try_it = || async {
        begun.bed.wait(1);
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        begun.browser.sign_in(&fresh, "hana", "what the desk will set").await
    };
    for _ in 0..3 {
        let page = try_it().await;
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
    }
    let place = begun.bed.flow.hashing.enter(sekimori_flow::Class::Rest, (begun.bed.first().id, 0));
    let word = Secret::new("what the desk will set".to_owned());
    let record = place.expect("a place").hash(word, [1; 16]).await.expect("hashed");
    let record = record.expect("a record").to_string();
    let person = begun.bed.person("hana").id;
    begun.bed.write(vec![Write::PasswordSet { person, record, from_epoch: None }]).await;
    let page = try_it().await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn one_word_on_two_hundred_names_is_told_and_outside_takes_turns() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    begun.tokens(&page).await;
    for number in 0..200 {
        let (from, name) = (Network::Somewhere(number), format!("person{number}"));
        stranger(&begun.bed, HOST, from, &name, "Winter2026!").await;
        if number % 4 == 0 {
            begun.bed.wait(1);
        }
    }
    assert_eq!(alerts(&begun.bed), [(Alert::PasswordOutside, 1)]);
    // Within this very second no more than six from outside are looked at, whatever word they try.
    begun.bed.wait(1);
    let before = begun.bed.cost();
    let mut slowed = 0;
    for number in 0..20 {
        let (from, word) = (Network::Somewhere(1000 + number), format!("word {number}"));
        let page = stranger(&begun.bed, HOST, from, &format!("other{number}"), &word).await;
        slowed += u16::from(page.reason().as_deref() == Some("throttle.alert"));
    }
    assert_eq!((begun.bed.cost_since(before).hashes, slowed), (6, 14));
    let page = stranger(&begun.bed, HOST, Network::Cafe, "hana", "anything").await;
    assert_eq!(page.reason().as_deref(), Some("throttle.alert"), "{}", page.shows());
    assert!(page.text().contains("in 10 seconds"), "how long: {}", page.text());
    let code = page.incident().expect("a code");
    assert!(begun.bed.replays(&code).await);
    // Known devices, from anywhere, and everybody inside notice nothing.
    let known = Begun { browser: begun.browser.at(Network::Home), ..begun };
    enters(&known, "taro").await;
    enters(&again(known.bed.clone(), "wiki", Network::Campus, &[]).await, "hana").await;
    // It ends by itself.
    known.bed.wait(601);
    for number in 0..20 {
        let (from, word) = (Network::Somewhere(2000 + number), format!("word {number}"));
        let page = stranger(&known.bed, HOST, from, &format!("late{number}"), &word).await;
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
    }
}

#[tokio::test]
async fn five_hundred_people_who_mistype_behind_one_campus_address_are_no_attack() {
    let bed = Testbed::start().await;
    for number in 0..500 {
        let (name, word) = (format!("student{number}"), format!("typing mistake {number}"));
        let page = stranger(&bed, HOST, Network::Campus, &name, &word).await;
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
    }
    assert_eq!(alerts(&bed), []);
    enters(&again(bed.clone(), "wiki", Network::Campus, &[]).await, "hana").await;
    enters(&again(bed, "wiki", Network::Home, &[]).await, "taro").await;
}

#[tokio::test]
async fn a_hundred_failures_from_as_many_networks_close_one_way_and_not_the_owners() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    begun.tokens(&page).await;
    for number in 0..100 {
        let from = Network::Somewhere(number * 100);
        stranger(&begun.bed, HOST, from, "taro", &format!("guess {number}")).await;
        begun.bed.wait(901);
    }
    let before = begun.bed.cost();
    for number in 0..volume(50, 10_000) {
        let from = Network::Somewhere(20_000 + number);
        let page = stranger(&begun.bed, HOST, from, "taro", &format!("more {number}")).await;
        assert_eq!(page.reason().as_deref(), Some("throttle.closed"), "{}", page.shows());
    }
    assert_eq!(begun.bed.cost_since(before).hashes, 0, "no further guess is evaluated");
    let known = Begun { browser: begun.browser.at(Network::Home), ..begun };
    enters(&known, "taro").await;
}

#[tokio::test]
async fn outside_networks_that_fail_on_every_name_lock_out_nobody_inside_or_on_a_known_device() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("taro").await;
    begun.tokens(&page).await;
    let names: Vec<_> =
        begun.bed.first().people().iter().map(|person| person.username.clone()).collect();
    for number in 0..volume(600, 10_000) {
        let name = &names[usize::from(number) % names.len()];
        let from = Network::Somewhere(number);
        stranger(&begun.bed, HOST, from, name, &format!("guess {number}")).await;
        if number % 16 == 0 {
            begun.bed.wait(60);
        }
    }
    let known = Begun { browser: begun.browser.at(Network::Cafe), ..begun };
    enters(&known, "taro").await;
    for name in ["hana", "taro", "yuki", "kenji", "rika", "admin"] {
        enters(&again(known.bed.clone(), "wiki", Network::Campus, &[]).await, name).await;
        enters(&again(known.bed.clone(), "wiki", Network::Vpn, &[]).await, name).await;
    }
}

#[tokio::test]
async fn a_storm_at_one_organisation_neither_slows_nor_alarms_the_other() {
    let bed = Testbed::two().await;
    for number in 0..300 {
        let (from, name) = (Network::Somewhere(number), format!("person{number}"));
        stranger(&bed, HOST, from, &name, "Winter2026!").await;
    }
    let slowed = stranger(&bed, HOST, Network::Home, "taro", "anything").await;
    assert_eq!(slowed.reason().as_deref(), Some("throttle.alert"), "{}", slowed.shows());
    // Equal names from the same networks: at the other organisation everybody is served at once.
    for number in 0..20 {
        let (from, name) = (Network::Somewhere(number), format!("person{number}"));
        let page = stranger(&bed, OTHER_HOST, from, &name, &format!("word {number}")).await;
        assert_eq!(page.reason().as_deref(), Some("cred.mismatch"), "{}", page.shows());
    }
    let service = bed.service_of(bed.second(), "wiki");
    let (browser, sign_in) = (bed.browser(Network::Home), service.sign_in());
    let page = browser.open(&sign_in.url).await;
    let page = browser.sign_in_with_app(&page, bed.second().person("taro")).await;
    service.redeem(&sign_in, &page).await;
}

/// A wrong word is tried on taro, and while it is checked the next step of its attempt is asked for, `later` than that,
/// so that the attempt would have moved on before anything is stored of the word.
async fn somebody_gets_in_the_way(begun: &Begun, word: &str, later: i64) {
    let fresh = begun.browser.open(&begun.sign_in.url).await;
    let page = begun.browser.sign_in(&fresh, "taro", &format!("{word}, before")).await;
    begun.bed.wait(31);
    let form = page.form();
    let attempt = form.value("attempt").expect("an attempt").to_owned();
    let version = form.value("version").and_then(|text| text.parse::<u64>().ok());
    let next = (version.expect("a version") + 1).to_string();
    let fields = [("attempt", attempt.as_str()), ("version", next.as_str()), ("password", "")];
    let guess = [("password", word)];
    tokio::join!(begun.browser.submit(&page, &guess), async {
        // The word is reserved by then, and held for longer.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        begun.bed.wait(later);
        begun.browser.post_only("/login", &fields).await;
    });
    begun.bed.wait(31);
}

#[tokio::test]
async fn a_guess_counts_whoever_gets_in_the_way_of_its_attempt() {
    // At once, or when nobody would wait for the check any more.
    for later in [0, 31] {
        let begun = at("wiki", Network::Home).await;
        begun.bed.change_site(|site| site.password.wrong_password_millis = 500).await;
        for number in 0..5 {
            somebody_gets_in_the_way(&begun, &format!("guess {number}"), later).await;
        }
        let fresh = begun.browser.open(&begun.sign_in.url).await;
        let page = begun.browser.sign_in(&fresh, "taro", "the eleventh").await;
        let said = page.reason();
        assert_eq!(said.as_deref(), Some("throttle.wait"), "asked {later} seconds later");
    }
}
