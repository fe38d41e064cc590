//! Registrations that change while a request is carried or a grant lives, and keys that are rotated under load.

use sekimori_directory::client::{Pkce, RedirectUri};
use sekimori_directory::{Client, PersonState};
use sekimori_testbed::{Network, Page, Testbed, Write};
use serde_json::Value;

use crate::common::{Begun, again, asking, at, code};

const OFFLINE: (&str, &str) = ("scope", "openid profile email offline_access");

/// Change the registration of a client.
async fn change(bed: &Testbed, client_id: &str, change: impl Fn(&mut Client)) {
    let change_site = |site: &mut sekimori_directory::Site| {
        for service in &mut site.services {
            if let Some(client) =
                service.oidc.as_mut().filter(|client| client.client_id.as_str() == client_id)
            {
                change(client);
            }
        }
    };
    bed.change_site(change_site).await;
}

fn other_address(client: &mut Client) {
    client.redirect_uris = vec![RedirectUri::parse("https://wiki.example.ac.jp/new").unwrap()];
}

/// Everything that is carried on: the first page, the page after the name, and the second step of an attempt.
async fn carried(step: usize) -> (Begun, Page) {
    let begun = again(Testbed::start().await, "wiki", Network::Home, &[]).await;
    let page = match step {
        0 => begun.browser.open(begun.page.url.as_str()).await,
        1 => begun.browser.submit(&begun.page, &[("username", "taro")]).await,
        _ => begun.password("taro").await,
    };
    assert!(!page.is_away(), "{}", page.shows());
    (begun, page)
}

async fn go_on(begun: &Begun, page: &Page, step: usize) -> Page {
    let bed = &begun.bed;
    let page = match step {
        0 => begun.browser.submit(page, &[("username", "taro")]).await,
        1 => {
            let password = bed.person("taro").password.clone();
            begun.browser.submit(page, &[("password", &password)]).await
        }
        _ => page.clone(),
    };
    if page.asks("code") {
        begun.browser.submit(&page, &[("code", &code(bed, "taro"))]).await
    } else {
        page
    }
}

#[tokio::test]
async fn an_address_that_is_no_longer_registered_gets_no_answer_to_an_older_request() {
    for step in 0..3 {
        let (begun, page) = carried(step).await;
        change(&begun.bed, "wiki", other_address).await;
        let page = go_on(&begun, &page, step).await;
        assert!(!page.is_away(), "step {step}: {}", page.shows());
        assert_eq!(page.reason().as_deref(), Some("req.redirect_mismatch"), "step {step}");
    }
}

#[tokio::test]
async fn a_client_that_was_removed_gets_no_answer_to_an_older_request() {
    for step in 0..3 {
        let (begun, page) = carried(step).await;
        let remove = |site: &mut sekimori_directory::Site| {
            site.services.retain(|service| service.name.as_str() != "wiki");
        };
        begun.bed.change_site(remove).await;
        let page = go_on(&begun, &page, step).await;
        assert!(!page.is_away(), "step {step}: {}", page.shows());
        assert_eq!(page.reason().as_deref(), Some("req.unknown_service"), "step {step}");
    }
}

#[tokio::test]
async fn a_client_that_must_use_pkce_by_now_is_told_so_about_an_older_request() {
    let bed = Testbed::start().await;
    change(&bed, "wiki", |client| client.pkce = Pkce::Optional).await;
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let begun = again(bed, "wiki", Network::Campus, &none).await;
    assert!(begun.page.asks("username"), "{}", begun.page.shows());
    change(&begun.bed, "wiki", |client| client.pkce = Pkce::Required).await;
    let page = begun.browser.open(begun.page.url.as_str()).await;
    assert_eq!(begun.service.error(&begun.sign_in, &page), "invalid_request");
}

#[tokio::test]
async fn a_code_is_not_redeemed_for_an_address_or_a_scope_that_was_taken_away() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let code = begun.service.code(&begun.sign_in, &page);
    let old = begun.service.redirect_uri();
    change(&begun.bed, "wiki", other_address).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", old.as_str()),
        ("code_verifier", begun.sign_in.verifier.as_str()),
    ];
    assert_eq!(begun.service.token(&fields).await.error(), "invalid_grant");

    let begun = asking("wiki", Network::Campus, &[OFFLINE]).await;
    let page = begun.password("hana").await;
    let only_profile = |client: &mut Client| client.scopes = ["profile".to_owned()].into();
    change(&begun.bed, "wiki", only_profile).await;
    let tokens = begun.tokens(&page).await;
    assert_eq!(tokens.refresh, None, "nothing outlives the session any more");
    let userinfo = begun.service.userinfo(&tokens.access).await;
    assert_eq!(userinfo.text("email"), None, "{:?}", userinfo.json);
    assert_eq!(userinfo.text("preferred_username"), Some("hana"));
}

#[tokio::test]
async fn a_scope_that_was_taken_from_a_client_releases_nothing_more() {
    let by_name = r#"{"userinfo":{"email":null},"id_token":{"email":null}}"#;
    for (service, asked) in [("wiki", vec![OFFLINE, ("claims", by_name)]), ("wiki", vec![OFFLINE])]
    {
        let begun = asking(service, Network::Campus, &asked).await;
        let page = begun.password("hana").await;
        let tokens = begun.tokens(&page).await;
        let shows = async |access: &str| {
            let userinfo = begun.service.userinfo(access).await;
            let told = begun.service.introspect(access).await;
            assert_eq!(told.json["active"], true, "{:?}", told.json);
            let email = |json: &Value| json.get("email").is_some();
            let scope = told.text("scope").unwrap_or_default().contains("email");
            (email(&userinfo.json), email(&told.json), scope)
        };
        assert_eq!(shows(&tokens.access).await, (true, true, true));
        change(&begun.bed, service, |client| {
            client.scopes.remove("email");
        })
        .await;
        assert_eq!(shows(&tokens.access).await, (false, false, false), "the token from before");
        let reply = begun.service.refresh(&tokens.refresh.expect("a refresh token")).await;
        let next = begun.service.tokens(&reply, None).await;
        assert!(next.claims.get("email").is_none(), "{:?}", next.claims);
        assert_eq!(shows(&next.access).await, (false, false, false));
    }
}

#[tokio::test]
async fn a_refresh_token_dies_with_its_clients_right_to_have_one() {
    let begun = asking("wiki", Network::Campus, &[OFFLINE]).await;
    let page = begun.password("hana").await;
    let tokens = begun.tokens(&page).await;
    change(&begun.bed, "wiki", |client| {
        client.scopes.remove("offline_access");
    })
    .await;
    let reply = begun.service.refresh(&tokens.refresh.expect("a refresh token")).await;
    assert_eq!(reply.error(), "invalid_grant", "{:?}", reply.json);
}

#[tokio::test]
async fn a_carried_request_grows_no_younger_by_being_carried_on() {
    let bed = Testbed::start().await;
    let begun = again(bed.clone(), "wiki", Network::Home, &[]).await;
    let mut page = begun.password("taro").await;
    for hours in 1..=9 {
        bed.wait(3600);
        // The attempt is over: the same request begins again with the name kept.
        page = begun.browser.submit(&page, &[("code", "000000")]).await;
        if hours > 8 {
            break;
        }
        assert!(page.asks("password"), "after {hours} h: {}", page.shows());
        let password = bed.person("taro").password.clone();
        page = begun.browser.submit(&page, &[("password", &password)]).await;
        assert!(page.asks("code"), "after {hours} h: {}", page.shows());
    }
    assert_eq!(page.reason().as_deref(), Some("req.stale"), "{}", page.shows());
}

#[tokio::test]
async fn what_was_shown_for_one_consent_is_no_fresh_proof_later_or_for_another_session() {
    for other in ["later", "another session"] {
        let begun = asking("partner", Network::Campus, &[("prompt", "login")]).await;
        let page = begun.password("hana").await;
        let consent = page.url.clone();
        assert!(page.form().buttons.contains(&("decision".into(), "allow".into())), "{other}");
        if other == "later" {
            begun.bed.wait(601);
        } else {
            let person = begun.bed.person("hana").id;
            begun.bed.write(vec![Write::SessionsEndOfPerson { person, except: None }]).await;
            let (_, page) = begun.next("wiki", &[]).await;
            begun.password_at(&page, "hana").await;
        }
        let page = begun.browser.open(consent.as_str()).await;
        assert!(page.asks("password") || page.asks("username"), "{other}: {}", page.shows());
    }
}

#[tokio::test]
async fn consent_is_given_by_the_person_who_was_asked() {
    let begun = at("partner", Network::Campus).await;
    let asked = begun.password("hana").await;
    assert!(asked.text().contains("Partner"), "{}", asked.shows());
    // In another tab somebody else signs in.
    let state = PersonState::Disabled { since: begun.bed.now() };
    let person = begun.bed.person("hana").id;
    begun.bed.write(vec![Write::PersonStateSet { person, state }]).await;
    let (_, page) = begun.next("wiki", &[]).await;
    let page = begun.password_at(&page, "rika").await;
    assert!(page.is_away(), "{}", page.shows());

    let page = begun.browser.press(&asked, "decision", "allow").await;
    assert!(!page.is_away(), "nobody was asked: {}", page.shows());
    let rika = begun.bed.person("rika").id;
    let store = &begun.bed.flow.store;
    let given = store.consents_of(begun.bed.first().id, rika).await.unwrap();
    assert!(given.is_empty(), "{given:?}");
    let page = begun.browser.press(&page, "decision", "allow").await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_client_that_keeps_our_keys_as_long_as_it_may_verifies_everything_while_they_rotate() {
    let begun = asking("wiki", Network::Campus, &[OFFLINE]).await;
    let (bed, service) = (&begun.bed, &begun.service);
    let page = begun.password("hana").await;
    let mut refresh = begun.tokens(&page).await.refresh.expect("a refresh token");
    let mut kept: Option<(i64, Value)> = None;
    let mut seen = std::collections::BTreeSet::new();
    // The first command publishes the next key, the second uses it as soon as it may be.
    let rotation = [(24, 25), (48, 49), (72, 73)];
    for hour in 0..96 {
        if rotation.iter().any(|(published, used)| hour == *published || hour == *used) {
            bed.flow.rotate_line(bed.first().id, "RS256").await.expect("the line is known");
        }
        // Every ten minutes, at the edges of each hour as well.
        for minutes in [1, 9, 10, 10, 10, 10, 9, 1] {
            bed.wait(minutes * 60);
            bed.keep().await;
            bed.flow.rotate_due_keys().await.expect("what is due is done");
            bed.keep().await;
            let now = bed.now().unix_seconds();
            if kept.as_ref().is_none_or(|(until, _)| now >= *until) {
                let reply = service.send("GET", "/oidc/jwks", None, &[]).await;
                let control = reply.headers["cache-control"].to_str().unwrap().to_owned();
                let (_, seconds) = control.split_once("max-age=").expect("they may be kept");
                kept = Some((now + seconds.parse::<i64>().unwrap(), reply.json));
            }
            let reply = service.refresh(&refresh).await;
            assert_eq!(reply.status, 200, "{:?}", reply.json);
            let token = reply.text("id_token").expect("an ID token").to_owned();
            let (_, keys) = kept.as_ref().expect("just fetched");
            seen.insert(service.verified_by(&token, keys).0);
            refresh = reply.text("refresh_token").expect("a new one").to_owned();
        }
    }
    assert_eq!(seen.len(), 1 + rotation.len(), "every rotation was seen: {seen:?}");
}
