//! Twins: the same request about an account that exists and about one that does not. Same status, headers,
//! cookies, bytes, and the same work.

use sekimori_login::ticket::TicketPurpose;
use sekimori_testbed::{Authenticator, Browser, Cost, Network, Page, Testbed};

use crate::common::{Begun, again};
use crate::passkeys::{asked, honest, make};

/// What a stranger can see of an answer, with what must differ taken out.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    cost: (u64, u64, u64),
}

/// Longer than any word that people read: sealed text and ids.
fn is_opaque(word: &str) -> bool {
    word.len() > 24
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.%".contains(&byte))
}

fn plain(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in text.chars().chain([' ']) {
        if character.is_ascii_alphanumeric() || "-_.%".contains(character) {
            word.push(character);
            continue;
        }
        if is_opaque(&word) {
            // The length of sealed text is seen by anybody.
            out.push_str("SEALED");
            out.push_str(&word.len().to_string());
        } else if sekimori_testbed::is_incident_code(&word) {
            out.push_str("INCIDENT");
        } else {
            out.push_str(&word.replace(name, "NAME"));
        }
        word.clear();
        out.push(character);
    }
    out
}

fn seen(page: &Page, name: &str, cost: Cost) -> Seen {
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .map(|(key, value)| {
            let value = plain(value.to_str().unwrap_or("?"), name);
            (key.to_string(), value)
        })
        .collect();
    headers.sort();
    let cost = (cost.writes, cost.reads, cost.hashes);
    Seen { status: page.status.as_u16(), headers, body: plain(&page.body, name), cost }
}

/// Every answer of a password sign-in that goes wrong, step by step, without following.
async fn steps(begun: &Begun, name: &str, passwords: &[String]) -> Vec<Seen> {
    let (bed, browser): (&Testbed, &Browser) = (&begun.bed, &begun.browser);
    let mut all = Vec::new();
    let mut before = bed.cost();
    let mut note = |page: &Page| {
        let cost = bed.cost_since(before);
        before = bed.cost();
        all.push(seen(page, name, cost));
    };
    let sent = browser.submit_only(&begun.page, &[("username", name)]).await;
    note(&sent);
    let mut page = browser.open_only(sent.location().expect("a 303").as_str()).await;
    note(&page);
    for password in passwords {
        let sent = browser.submit_only(&page, &[("password", password)]).await;
        note(&sent);
        page = browser.open_only(sent.location().expect("a 303").as_str()).await;
        note(&page);
        if password == "wait" {
            bed.wait(0);
        } else {
            bed.wait(2);
        }
    }
    all
}

async fn compare(existing: &str, missing: &str, network: Network, passwords: &[String]) {
    assert_eq!(existing.len(), missing.len(), "names of one length");
    let mut both = Vec::new();
    for name in [existing, missing] {
        let begun = again(Testbed::start().await, "wiki", network, &[]).await;
        both.push(steps(&begun, name, passwords).await);
    }
    let (missing_steps, existing_steps) = (both.pop().unwrap(), both.pop().unwrap());
    assert_eq!(existing_steps.len(), missing_steps.len());
    for (number, (one, two)) in existing_steps.iter().zip(&missing_steps).enumerate() {
        assert_eq!(one, two, "step {number} of {existing} and {missing} from {network:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_looks_and_costs_the_same_whoever_it_was_meant_for() {
    for network in [Network::Campus, Network::Home] {
        for existing in ["taro", "hana", "daiki", "nao", "emi", "haru", "sora"] {
            let missing = &"zzzzzzzz"[..existing.len()];
            let words = ["wrong".to_owned(), "ｗｒｏｎｇ".to_owned(), String::new()];
            compare(existing, missing, network, &words).await;
        }
    }
}

#[tokio::test]
async fn the_right_password_of_a_held_account_looks_like_a_wrong_one() {
    let right = "haru knows a long sentence".to_owned();
    compare("haru", "zzzz", Network::Campus, &[right]).await;
}

#[tokio::test]
async fn waiting_looks_and_costs_the_same() {
    let words: Vec<String> = (0..13).map(|number| format!("wrong {number}")).collect();
    compare("taro", "zzzz", Network::Home, &words).await;
}

#[tokio::test]
async fn the_right_password_while_waiting_looks_like_a_wrong_one() {
    let mut seen_pages = Vec::new();
    for last in ["taro knows a long sentence", "taro knows a wrong sentence"] {
        let begun = again(Testbed::start().await, "wiki", Network::Home, &[]).await;
        let mut words: Vec<String> = (0..10).map(|number| format!("wrong {number}")).collect();
        words.push(last.to_owned());
        seen_pages.push(steps(&begun, "taro", &words).await);
    }
    assert_eq!(seen_pages[0], seen_pages[1], "S24");
}

#[tokio::test]
async fn services_learn_nothing_about_names_either() {
    let mut locations = Vec::new();
    for hint in ["taro", "zzzz"] {
        let bed = Testbed::start().await;
        let wiki = bed.service("wiki");
        let browser = bed.browser(Network::Campus);
        let before = bed.cost();
        let page = browser.open_only(&wiki.sign_in_with(&[("login_hint", hint)]).url).await;
        locations.push(seen(&page, hint, bed.cost_since(before)));
        let page = browser.open(page.location().expect("a 303").as_str()).await;
        locations.push(seen(&page, hint, bed.cost_since(before)));
    }
    assert_eq!(locations[0], locations[2]);
    assert_eq!(locations[1], locations[3]);
}

#[tokio::test]
async fn an_answer_of_a_passkey_looks_and_costs_the_same_whatever_name_was_typed() {
    let mut both = Vec::new();
    for name in ["hana", "taro", "zzzz"] {
        let bed = Testbed::start().await;
        let (hers, _) = crate::portal::inside(&bed, "hana").await;
        let registered = make(&hers, &hers.open("/portal/passkey").await).await;
        let begun = again(bed, "wiki", Network::Home, &[]).await;
        let mut page = begun.browser.submit(&begun.page, &[("username", name)]).await;
        let mut all = vec![seen(&page, name, begun.bed.cost_since(begun.bed.cost()))];
        // One that nobody has, and one of somebody with another key behind it.
        let (stranger, _) = Authenticator::make(&asked(&page), &honest());
        for mut device in [stranger, registered.forged()] {
            let answer = device.sign(&asked(&page), &honest());
            let before = begun.bed.cost();
            page = begun.browser.submit(&page, &[("passkey", &answer)]).await;
            assert!(page.failed() && page.asks("password"), "{}", page.shows());
            all.push(seen(&page, name, begun.bed.cost_since(before)));
        }
        both.push(all);
    }
    assert_eq!(both[0], both[2], "of her name, who has one, and of a name that nobody bears");
    assert_eq!(both[1], both[2], "of somebody who has none");
}

#[tokio::test]
async fn a_wrong_ticket_looks_and_costs_the_same_whoever_it_was_meant_for() {
    for network in [Network::Campus, Network::Home] {
        for existing in ["taro", "hana", "daiki", "haru", "shin"] {
            let mut both = Vec::new();
            for name in [existing, "zzzzz".get(..existing.len()).unwrap()] {
                let bed = Testbed::start().await;
                let id = bed.newcomer("shin").await;
                bed.ticket(id, TicketPurpose::Start).await;
                let browser = bed.browser(network);
                let page = browser.open("/portal").await;
                let mut page = browser.click(&page, "ticket").await;
                let mut all = Vec::new();
                for ticket in ["", "no ticket", "0000-0000-0000", "0000-0000-0000"] {
                    for pause in [0, 2] {
                        let fields = [("username", name), ("ticket", ticket)];
                        let before = bed.cost();
                        let sent = browser.submit_only(&page, &fields).await;
                        all.push(seen(&sent, name, bed.cost_since(before)));
                        let there = sent.location().expect("a page that says why");
                        let before = bed.cost();
                        page = browser.open_only(there.as_str()).await;
                        assert!(page.failed(), "{}", page.shows());
                        all.push(seen(&page, name, bed.cost_since(before)));
                        bed.wait(pause);
                    }
                }
                both.push(all);
            }
            assert_eq!(both[0], both[1], "{existing} from {network:?}");
        }
    }
}
