//! Codes and tokens: spent once, bound to their client, dead with the person, the service and the grant.

use data_encoding::BASE64;
use sekimori_directory::PersonState;
use sekimori_directory::client::RefreshRule;
use sekimori_testbed::Write;
use sekimori_testbed::{Network, Service, Testbed, Tokens};
use serde_json::json;

use crate::common::{Begun, again, asking, at};

const OFFLINE: (&str, &str) = ("scope", "openid profile email offline_access");

/// Somebody signed in at a service that may go on without them.
async fn offline(service: &str, name: &str) -> (Begun, Tokens) {
    let begun = asking(service, Network::Campus, &[OFFLINE]).await;
    let page = begun.password(name).await;
    let page = if page.asks("code") {
        begun.browser.submit(&page, &[("code", &begun.code(name))]).await
    } else {
        page
    };
    let page = if page.is_away() { page } else { begun.browser.submit(&page, &[]).await };
    let tokens = begun.tokens(&page).await;
    (begun, tokens)
}

#[tokio::test]
async fn a_code_is_good_once_and_a_second_use_ends_what_the_first_one_gave() {
    let begun = asking("wiki", Network::Campus, &[OFFLINE]).await;
    let page = begun.password("hana").await;
    let code = begun.service.code(&begun.sign_in, &page);
    let tokens = begun.tokens(&page).await;
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 200);
    let reply = begun.service.redeem_code(&code, &begun.sign_in.verifier).await;
    assert_eq!((reply.status.as_u16(), reply.error()), (400, "invalid_grant"));
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
    let refresh = tokens.refresh.expect("a refresh token");
    assert_eq!(begun.service.refresh(&refresh).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_to_client_address_verifier_and_a_minute() {
    let bed = Testbed::start().await;
    let begun = again(bed.clone(), "wiki", Network::Campus, &[]).await;
    let page = begun.password("hana").await;
    let wiki = &begun.service;
    let code = wiki.code(&begun.sign_in, &page);
    let (verifier, uri) = (begun.sign_in.verifier.clone(), wiki.redirect_uri());
    let grant = ("grant_type", "authorization_code");
    let code_field = ("code", code.as_str());
    // Another client, another address, another or no verifier, a plain challenge.
    let other = bed.service("staffroom").redeem_code(&code, &verifier).await;
    assert_eq!(other.error(), "invalid_grant");
    for fields in [
        vec![
            grant,
            code_field,
            ("redirect_uri", "https://wiki.example.ac.jp/"),
            ("code_verifier", verifier.as_str()),
        ],
        vec![grant, code_field, ("code_verifier", verifier.as_str())],
        vec![grant, code_field, ("redirect_uri", uri.as_str())],
        vec![grant, code_field, ("redirect_uri", uri.as_str()), ("code_verifier", "short")],
        vec![grant, code_field, ("redirect_uri", uri.as_str()), ("code_verifier", code.as_str())],
    ] {
        let reply = wiki.token(&fields).await;
        assert_eq!(reply.status, 400, "{fields:?} {:?}", reply.json);
    }
    // None of that spent it.
    assert_eq!(wiki.redeem_code(&code, &verifier).await.status, 200);

    let (sign_in, page) = begun.next("wiki", &[]).await;
    let code = wiki.code(&sign_in, &page);
    bed.wait(61);
    assert_eq!(wiki.redeem_code(&code, &sign_in.verifier).await.error(), "invalid_grant");
}

#[tokio::test]
async fn two_hundred_redemptions_of_one_code_are_one_success() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let code = begun.service.code(&begun.sign_in, &page);
    let verifier = begun.sign_in.verifier.clone();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (service, code, verifier) = (begun.service.clone(), code.clone(), verifier.clone());
            tokio::spawn(async move { service.redeem_code(&code, &verifier).await })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        let reply = task.await.expect("no panic");
        assert!(matches!(reply.status.as_u16(), 200 | 400), "{:?}", reply.json);
        good += u32::from(reply.status == 200);
    }
    assert_eq!(good, 1);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_ends_the_family() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let first = tokens.refresh.expect("a refresh token");
    let reply = begun.service.refresh(&first).await;
    assert_eq!(reply.status, 200, "{:?}", reply.json);
    let second = reply.text("refresh_token").expect("a new one").to_owned();
    assert_ne!(first, second);
    let claims = begun.service.tokens(&reply, None).await.claims;
    assert_eq!(claims["sub"], tokens.claims["sub"]);
    assert_eq!(claims["auth_time"], tokens.claims["auth_time"], "when somebody was last there");
    // A parallel request within ten seconds loses without harm.
    begun.bed.wait(9);
    assert_eq!(begun.service.refresh(&first).await.error(), "invalid_grant");
    let reply = begun.service.refresh(&second).await;
    assert_eq!(reply.status, 200, "the family goes on: {:?}", reply.json);
    let third = reply.text("refresh_token").expect("a new one").to_owned();
    // Later it is a theft.
    begun.bed.wait(11);
    assert_eq!(begun.service.refresh(&second).await.error(), "invalid_grant");
    assert_eq!(begun.service.refresh(&third).await.error(), "invalid_grant", "S59");
    let access = reply.text("access_token").expect("an access token");
    assert_eq!(begun.service.userinfo(access).await.status, 401);
}

#[tokio::test]
async fn parallel_refreshes_have_one_winner_whose_family_lives() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let refresh = tokens.refresh.expect("a refresh token");
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let (service, refresh) = (begun.service.clone(), refresh.clone());
            tokio::spawn(async move { service.refresh(&refresh).await })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        let reply = task.await.expect("no panic");
        match reply.status.as_u16() {
            200 => winners.push(reply),
            _ => assert_eq!(reply.error(), "invalid_grant"),
        }
    }
    let [winner] = winners.as_slice() else { panic!("{} winners", winners.len()) };
    let next = winner.text("refresh_token").expect("a new one");
    assert_eq!(begun.service.refresh(next).await.status, 200);
}

#[tokio::test]
async fn a_family_has_an_absolute_end_and_scopes_only_shrink() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let mut refresh = tokens.refresh.expect("a refresh token");
    let reply = begun
        .service
        .token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh),
            ("scope", "openid profile groups"),
        ])
        .await;
    assert_eq!(reply.error(), "invalid_scope", "{:?}", reply.json);
    for _ in 0..29 {
        begun.bed.wait(24 * 3600);
        let reply = begun.service.refresh(&refresh).await;
        assert_eq!(reply.status, 200, "{:?}", reply.json);
        refresh = reply.text("refresh_token").expect("a new one").to_owned();
    }
    begun.bed.wait(2 * 24 * 3600);
    assert_eq!(begun.service.refresh(&refresh).await.error(), "invalid_grant");
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_everything_and_an_access_token_only_itself() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let refresh = tokens.refresh.clone().expect("a refresh token");
    assert_eq!(begun.service.revoke(&tokens.access).await.status, 200);
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
    let reply = begun.service.refresh(&refresh).await;
    assert_eq!(reply.status, 200);
    let access = reply.text("access_token").expect("an access token");
    let refresh = reply.text("refresh_token").expect("a new one");
    // Somebody else's service cannot end it, and hears nothing about it.
    let stranger = begun.bed.service("staffroom").revoke(refresh).await;
    assert!(stranger.status != 200 || stranger.json.is_null(), "{:?}", stranger.json);
    assert_eq!(begun.service.userinfo(access).await.status, 200);
    assert_eq!(begun.service.revoke(refresh).await.status, 200);
    assert_eq!(begun.service.userinfo(access).await.status, 401);
    assert_eq!(begun.service.refresh(refresh).await.error(), "invalid_grant");
    assert_eq!(begun.service.revoke("no token of ours").await.status, 200, "RFC 7009, 2.2");
}

#[tokio::test]
async fn introspection_tells_the_owner_and_nobody_else() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let reply = begun.service.introspect(&tokens.access).await;
    assert_eq!(reply.json["active"], true, "{:?}", reply.json);
    assert_eq!(reply.json["client_id"], "wiki");
    assert_eq!(reply.json["sub"], tokens.claims["sub"]);
    for token in ["", "x", "1.x", &tokens.id_token] {
        let reply = begun.service.introspect(token).await;
        assert!(reply.json["active"] == false || reply.status == 400, "{token}: {:?}", reply.json);
    }
    let stranger = begun.bed.service("staffroom").introspect(&tokens.access).await;
    assert_eq!(stranger.json, json!({ "active": false }));
    let public = begun.bed.service("app").introspect(&tokens.access).await;
    assert_eq!(public.error(), "unauthorized_client", "it proves nothing: {:?}", public.json);
    begun.bed.wait(601);
    assert_eq!(begun.service.introspect(&tokens.access).await.json["active"], false);
}

#[tokio::test]
async fn a_disabled_person_or_service_has_no_tokens() {
    for disabled in ["person", "held", "service"] {
        for service in ["wiki", "payroll"] {
            let (begun, tokens) = offline(service, "taro").await;
            assert_eq!(begun.service.userinfo(&tokens.access).await.status, 200);
            let person = begun.bed.person("taro").id;
            let since = begun.bed.now();
            if disabled == "service" {
                let change = |site: &mut sekimori_directory::Site| {
                    for known in &mut site.services {
                        known.disabled |= known.name.as_str() == service;
                    }
                };
                begun.bed.change_site(change).await;
            } else {
                let state = if disabled == "held" {
                    PersonState::Held { since }
                } else {
                    PersonState::Disabled { since }
                };
                begun.bed.write(vec![Write::PersonStateSet { person, state }]).await;
            }

            let what = format!("{disabled} {service}");
            let userinfo = begun.service.userinfo(&tokens.access).await;
            assert_eq!(userinfo.status, 401, "{what}: {:?}", userinfo.json);
            let reply = begun.service.introspect(&tokens.access).await;
            assert_ne!(reply.json["active"], true, "{what}");
            let reply = begun.service.refresh(&tokens.refresh.expect("a refresh token")).await;
            assert!(matches!(reply.status.as_u16(), 400 | 401), "{what}: {:?}", reply.json);
        }
    }
}

#[tokio::test]
async fn a_code_of_somebody_who_was_disabled_meanwhile_is_worth_nothing() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let (person, state) =
        (begun.bed.person("hana").id, PersonState::Disabled { since: begun.bed.now() });
    begun.bed.write(vec![Write::PersonStateSet { person, state }]).await;
    let code = begun.service.code(&begun.sign_in, &page);
    let reply = begun.service.redeem_code(&code, &begun.sign_in.verifier).await;
    assert_eq!(reply.error(), "invalid_grant");
}

#[tokio::test]
async fn pairwise_services_cannot_compare_and_public_ones_agree() {
    let mut subs = Vec::new();
    let bed = Testbed::start().await;
    for service in ["wiki", "staffroom", "payroll", "partner"] {
        let begun = again(bed.clone(), service, Network::Campus, &[]).await;
        let page = begun.password("taro").await;
        let page = if page.asks("code") {
            bed.wait(30);
            begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await
        } else {
            page
        };
        let page = if page.is_away() { page } else { begun.browser.submit(&page, &[]).await };
        subs.push(begun.tokens(&page).await.claim("sub").to_owned());
    }
    assert_eq!(subs[0], subs[1]);
    assert_ne!(subs[0], subs[2]);
    assert_ne!(subs[0], subs[3]);
    assert_ne!(subs[2], subs[3]);
    assert!(!subs.iter().any(|sub| sub.contains("taro")));
}

#[tokio::test]
async fn a_public_client_proves_itself_by_its_verifier_alone() {
    let begun = at("app", Network::Campus).await;
    let page = begun.password("hana").await;
    let tokens = begun.tokens(&page).await;
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 200);
    // It has no secret, so that none is taken from it.
    let basic = format!("Basic {}", BASE64.encode(b"app:anything"));
    let fields = [("grant_type", "authorization_code"), ("code", "1.x")];
    let reply = begun.service.send("POST", "/oidc/token", Some(&basic), &fields).await;
    assert_eq!((reply.status.as_u16(), reply.error()), (401, "invalid_client"));
}

#[tokio::test]
async fn a_client_needs_its_own_secret_by_its_own_method() {
    let bed = Testbed::start().await;
    let wiki = bed.service("wiki");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "1.x")];
    for pair in ["wiki:", "wiki:wrong", ":", "nobody:x", "wiki"] {
        let basic = format!("Basic {}", BASE64.encode(pair.as_bytes()));
        let reply = wiki.send("POST", "/oidc/token", Some(&basic), &fields).await;
        assert!(matches!(reply.status.as_u16(), 400 | 401), "{pair}: {:?}", reply.json);
        assert!(matches!(reply.error(), "invalid_client" | "invalid_request"), "{pair}");
    }
    for more in [
        vec![("client_id", "wiki")],
        vec![("client_id", "wiki"), ("client_secret", "")],
        vec![("client_id", "wiki"), ("client_secret", "x")],
        vec![],
    ] {
        let all: Vec<_> = fields.iter().chain(&more).copied().collect();
        let reply = wiki.send("POST", "/oidc/token", None, &all).await;
        assert!(matches!(reply.status.as_u16(), 400 | 401), "{more:?}: {:?}", reply.json);
    }
    let reply = wiki.token(&[("grant_type", "password"), ("username", "hana")]).await;
    assert_eq!(reply.error(), "unsupported_grant_type", "S60");
    assert_eq!(wiki.token(&[("grant_type", "client_credentials")]).await.status, 400);
}

#[tokio::test]
async fn a_robot_signs_its_assertion_and_each_counts_once() {
    let bed = Testbed::start().await;
    let robot = bed.service("robot");
    let key = bed.robot();
    let before = bed.cost();
    let assertion = key.assertion(&key.claims(&robot, "one"));
    let reply = key.token(&robot, &assertion).await;
    assert_eq!(reply.status, 200, "{:?}", reply.json);
    assert_eq!(bed.cost_since(before).writes, 0, "client credentials write nothing");
    let token = reply.text("access_token").expect("an access token").to_owned();
    assert_eq!(token.split('.').count(), 3, "a signed JWT");
    assert_eq!(robot.userinfo(&token).await.status, 401, "it is about no person");
    let again = key.token(&robot, &assertion).await;
    assert_eq!((again.status.as_u16(), again.error()), (401, "invalid_client"), "replayed");
    let now = bed.now().unix_seconds();
    for (name, value) in [
        ("aud", json!("https://elsewhere.example")),
        ("iss", json!("wiki")),
        ("sub", json!("wiki")),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 3600)),
        ("jti", json!(null)),
    ] {
        let mut claims = key.claims(&robot, "two");
        claims[name] = value.clone();
        let reply = key.token(&robot, &key.assertion(&claims)).await;
        assert_eq!(reply.status, 401, "{name}={value}: {:?}", reply.json);
    }
    for damaged in ["", "x.y.z", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJyb2JvdCJ9."] {
        let reply = key.token(&robot, damaged).await;
        assert!(matches!(reply.status.as_u16(), 400 | 401), "{damaged}: {:?}", reply.json);
    }
}

#[tokio::test]
async fn tokens_of_one_kind_are_not_taken_for_another() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let refresh = tokens.refresh.clone().expect("a refresh token");
    assert_eq!(begun.service.userinfo(&refresh).await.status, 401);
    assert_eq!(begun.service.userinfo(&tokens.id_token).await.status, 401);
    assert_eq!(begun.service.refresh(&tokens.access).await.error(), "invalid_grant");
    let reply = begun.service.redeem_code(&refresh, "v").await;
    assert_eq!(reply.error(), "invalid_grant");
    let session = begun.browser.cookie("session").expect("a session");
    assert_eq!(begun.service.userinfo(&session).await.status, 401);
    begun.browser.tamper("session", &tokens.access);
    let (_, page) = begun.next("wiki", &[]).await;
    assert!(page.asks("username"), "{}", page.shows());
}

#[tokio::test]
async fn userinfo_gives_what_was_granted_and_no_more() {
    let bed = Testbed::start().await;
    for (scope, has, has_not) in [
        ("openid", vec!["sub"], vec!["name", "email", "preferred_username"]),
        ("openid profile", vec!["sub", "name"], vec!["email"]),
        ("openid email", vec!["sub", "email"], vec!["name"]),
    ] {
        let begun = again(bed.clone(), "wiki", Network::Campus, &[("scope", scope)]).await;
        let page = begun.password("hana").await;
        let tokens = begun.tokens(&page).await;
        let reply = begun.service.userinfo(&tokens.access).await;
        for name in has {
            assert!(!reply.json[name].is_null(), "{scope}: {name} {:?}", reply.json);
        }
        for name in has_not {
            assert!(reply.json[name].is_null(), "{scope}: {name} {:?}", reply.json);
        }
    }
    let wiki: Service = bed.service("wiki");
    let reply = wiki.send("GET", "/oidc/userinfo", None, &[]).await;
    assert_eq!(reply.status, 401);
    assert!(reply.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn signing_out_ends_what_does_not_outlive_the_session() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let page = begun.browser.open("/oidc/logout").await;
    begun.browser.submit(&page, &[]).await;
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
}

/// R-DISABLED: who may use a service is asked at each refresh.
#[tokio::test]
async fn whoever_may_not_use_the_service_any_more_is_refreshed_no_more() {
    let (begun, tokens) = offline("wiki", "hana").await;
    let refresh = tokens.refresh.expect("a refresh token");
    let only_for = |groups: &'static [&'static str]| {
        move |site: &mut sekimori_directory::Site| {
            for service in &mut site.services {
                let parsed = groups.iter().map(|group| sekimori_directory::Group::parse(group));
                service.groups = parsed.map(|group| group.expect("a group")).collect();
            }
        }
    };
    begun.bed.change_site(only_for(&["staff"])).await;
    let reply = begun.service.refresh(&refresh).await;
    assert_eq!(reply.error(), "invalid_grant", "she is no staff");
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 401);
    assert_eq!(begun.service.introspect(&tokens.access).await.json["active"], false);
    // That spent nothing and ended nothing.
    begun.bed.change_site(only_for(&[])).await;
    assert_eq!(begun.service.userinfo(&tokens.access).await.status, 200);
    assert_eq!(begun.service.refresh(&refresh).await.status, 200);
}

/// S36: a refresh comes from a server, so that nobody knows where the person is.
#[tokio::test]
async fn a_refresh_by_policy_asks_what_is_asked_of_somebody_outside() {
    let rule = |rule: RefreshRule| {
        move |site: &mut sekimori_directory::Site| {
            let oidc = site.services.iter_mut().filter_map(|service| service.oidc.as_mut());
            for client in oidc {
                client.refresh = rule;
            }
        }
    };
    let (begun, tokens) = offline("wiki", "hana").await;
    let refresh = tokens.refresh.expect("a refresh token");
    begun.bed.change_site(rule(RefreshRule::ByPolicy)).await;
    let reply = begun.service.refresh(&refresh).await;
    assert_eq!(reply.error(), "invalid_grant", "she showed her password on campus and no more");
    assert!(reply.text("error_description").is_some_and(|text| text.contains("sign in again")));
    // That spent nothing and ended nothing.
    begun.bed.change_site(rule(RefreshRule::AsGranted)).await;
    assert_eq!(begun.service.refresh(&refresh).await.status, 200);

    let begun = asking("wiki", Network::Home, &[OFFLINE]).await;
    begun.bed.change_site(rule(RefreshRule::ByPolicy)).await;
    let page = begun.password("taro").await;
    let page = begun.browser.submit(&page, &[("code", &begun.code("taro"))]).await;
    let refresh = begun.tokens(&page).await.refresh.expect("a refresh token");
    assert_eq!(begun.service.refresh(&refresh).await.status, 200, "he showed two factors");
}
