use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sekimori_directory::{Binding, Site};
use sekimori_login::Assurance;

use crate::client_auth::{ProvenClient, SecretVerdict};
use crate::grant::{CodePayload, GrantError};
use crate::redeem::{check_client_credentials, check_code, check_refresh};
use crate::testing::{
    GRANT, MFA, SESSION, SFA, VERIFIER, accepted, authenticated, credential, payload, site,
};
use crate::token_error::TokenError;

const ADDRESS: &str = "https://app.example/cb";

/// A client that has proven itself; the credential lives as long as the program, which is a test.
fn proven<'a>(site: &'a Site, id: &str) -> ProvenClient<'a> {
    use crate::client_auth::Check;
    let header = format!("Basic {}", STANDARD.encode(format!("{id}:x")));
    let ways = [
        credential("", Some(&header)).unwrap(),
        credential(&format!("client_id={id}&client_secret=x"), None).unwrap(),
        credential(&format!("client_id={id}"), None).unwrap(),
    ];
    for way in ways {
        let way: &'a crate::Credential = Box::leak(Box::new(way));
        if let Ok(identified) = way.identify(site) {
            return match identified.check() {
                Check::Secret(_) => identified.secret_matched(SecretVerdict::Match).unwrap(),
                Check::Nothing => identified.public().unwrap(),
                Check::Assertion => panic!("not among these ways"),
            };
        }
    }
    panic!("{id} is registered for none of the ways")
}

fn scopes(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_code_is_redeemed_by_its_client_with_its_address_and_verifier() {
    let (site, payload) = (site(), payload(&accepted("app", &[])));
    let client = proven(&site, "app");
    let entitled = check_code(&payload, client, Some(ADDRESS), Some(VERIFIER)).unwrap();
    assert_eq!(entitled.scopes(), payload.granted().scopes());
    assert_eq!(entitled.granted().grant(), GRANT);
}

#[test]
fn r_code_bind_another_client_address_or_verifier_gets_nothing() {
    let (site, payload) = (site(), payload(&accepted("app", &[])));
    let app = proven(&site, "app");
    let wrong_verifier = "x".repeat(43);
    for (client, address, verifier) in [
        (proven(&site, "other"), Some(ADDRESS), Some(VERIFIER)),
        (proven(&site, "public"), Some(ADDRESS), Some(VERIFIER)),
        (app, Some("https://app.example/cb/"), Some(VERIFIER)),
        (app, Some("https://APP.example/cb"), Some(VERIFIER)),
        (app, Some(ADDRESS), Some(wrong_verifier.as_str())),
        (app, Some(ADDRESS), Some("")),
        (app, Some(ADDRESS), Some(crate::testing::CHALLENGE)),
        (app, Some(ADDRESS), None),
    ] {
        let result = check_code(&payload, client, address, verifier);
        assert!(matches!(result, Err(TokenError::InvalidGrant(_))), "{address:?} {verifier:?}");
    }
    assert!(matches!(
        check_code(&payload, app, None, Some(VERIFIER)),
        Err(TokenError::InvalidRequest(_))
    ));
    assert!(matches!(
        check_code(&payload, proven(&site, "machine"), Some(ADDRESS), Some(VERIFIER)),
        Err(TokenError::UnauthorizedClient(_))
    ));
}

#[test]
fn r_pkce_downgrade_a_verifier_without_challenge_and_the_reverse_get_nothing() {
    let site = site();
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let bare = payload(&accepted("legacy", &without));
    let legacy = proven(&site, "legacy");
    let address = Some("https://legacy.example/cb");
    assert!(check_code(&bare, legacy, address, None).is_ok());
    assert!(check_code(&bare, legacy, address, Some(VERIFIER)).is_err());
    let challenged = payload(&accepted("legacy", &[]));
    assert!(check_code(&challenged, legacy, address, None).is_err());
    assert!(check_code(&challenged, legacy, address, Some(VERIFIER)).is_ok());
    // The registration became stricter after the code was made.
    let mut stricter = site.clone();
    for service in &mut stricter.services {
        service.oidc.as_mut().unwrap().pkce = sekimori_directory::client::Pkce::Required;
    }
    assert!(check_code(&bare, proven(&stricter, "legacy"), address, None).is_err());
}

#[test]
fn a_client_id_that_moved_to_another_service_does_not_inherit_codes() {
    let payload = payload(&accepted("app", &[]));
    let mut moved = site();
    moved.services[0].name = sekimori_directory::settings::ServiceName::parse("new").unwrap();
    let client = proven(&moved, "app");
    assert!(check_code(&payload, client, Some(ADDRESS), Some(VERIFIER)).is_err());
    assert!(check_refresh(payload.granted(), client, None).is_err());
}

#[test]
fn refreshing_never_widens_and_follows_the_registration() {
    let site = site();
    let request = accepted("app", &[("scope", "openid email offline_access groups")]);
    let payload = payload(&request);
    let granted = payload.granted();
    let refresh = |asked: Option<&str>| {
        check_refresh(granted, proven(&site, "app"), asked.map(scopes)).map(|one| one.scopes)
    };
    assert_eq!(refresh(None).unwrap(), scopes("openid email offline_access groups"));
    assert_eq!(refresh(Some("openid email")).unwrap(), scopes("openid email"));
    assert!(matches!(refresh(Some("openid profile")), Err(TokenError::InvalidScope(_))));
    let mut narrower = site.clone();
    narrower.services[0].oidc.as_mut().unwrap().scopes.remove("groups");
    let after = check_refresh(granted, proven(&narrower, "app"), None).unwrap();
    assert_eq!(after.scopes, scopes("openid email offline_access"));
    assert!(check_refresh(granted, proven(&site, "other"), None).is_err(), "another client");
    let online = crate::testing::payload(&accepted("app", &[]));
    assert!(check_refresh(online.granted(), proven(&site, "app"), None).is_err());
}

#[test]
fn a_client_on_its_own_has_only_scopes_about_no_person() {
    let site = site();
    let ask = |id: &str, asked: Option<&str>| {
        check_client_credentials(proven(&site, id), asked.map(scopes)).map(|one| one.scopes)
    };
    assert_eq!(ask("app", None).unwrap(), scopes("api:read"));
    assert_eq!(ask("app", Some("api:read openid groups")).unwrap(), scopes("api:read"));
    assert!(matches!(ask("app", Some("openid profile")), Err(TokenError::InvalidScope(_))));
    assert_eq!(ask("machine", None).unwrap(), scopes(""));
    assert!(matches!(ask("public", None), Err(TokenError::UnauthorizedClient(_))));
    assert!(matches!(ask("other", None), Err(TokenError::UnauthorizedClient(_))));
}

#[test]
fn a_sign_in_for_another_service_or_of_another_person_makes_no_code() {
    let app = accepted("app", &[]).pending;
    let other = accepted("other", &[]).pending;
    let for_other = authenticated(&other.demand(None), None).unwrap();
    let made =
        |pending, sub: &str| CodePayload::new(&for_other, pending, SESSION, GRANT, sub).map(|_| ());
    assert_eq!(made(&app, "per_x"), Err(GrantError::Audience), "R-AUD");
    let claims = r#"{"id_token":{"sub":{"value":"per_expected"}}}"#;
    let expecting = accepted("other", &[("claims", claims)]).pending;
    assert_eq!(made(&expecting, "per_x"), Err(GrantError::OtherPerson), "S64");
    assert_eq!(made(&expecting, "per_expected"), Ok(()));
}

#[test]
fn an_essential_level_is_stated_by_a_value_that_was_asked() {
    let claims = format!(r#"{{"id_token":{{"acr":{{"essential":true,"values":["{SFA}"]}}}}}}"#);
    let pending = accepted("app", &[("claims", &claims)]).pending;
    let strong = authenticated(&pending.demand(None), Some(Binding::Desk)).unwrap();
    assert_eq!(strong.assurance(), Assurance::TwoFactors);
    let payload = CodePayload::new(&strong, &pending, SESSION, GRANT, "s").unwrap();
    assert_eq!(payload.granted().assurance(), Assurance::OneFactor);
    assert_eq!(payload.granted().amr(), ["otp", "pwd", "mfa"], "what happened is not hidden");
}

proptest! {
    #[test]
    fn what_is_stated_never_exceeds_what_happened(
        binding in proptest::option::of(proptest::sample::select(Binding::ALL.to_vec())),
        essential in any::<bool>(),
        values in proptest::collection::vec(
            proptest::sample::select(vec![MFA, SFA, "urn:unknown"]), 0..4),
        by_claim in any::<bool>(),
    ) {
        let claims = serde_json::json!({
            "id_token": { "acr": { "essential": essential, "values": values } }
        }).to_string();
        let asked = values.join(" ");
        let more = if by_claim { ("claims", claims.as_str()) } else { ("acr_values", asked.as_str()) };
        let pending = accepted("app", &[more]).pending;
        if let Some(authenticated) = authenticated(&pending.demand(None), binding) {
            let payload = CodePayload::new(&authenticated, &pending, SESSION, GRANT, "s").unwrap();
            prop_assert!(payload.granted().assurance() <= authenticated.assurance());
            let weak = [Binding::InsideWithPassword, Binding::MailCode];
            let counted = binding.is_some_and(|binding| !weak.contains(&binding));
            if payload.granted().assurance() == Assurance::TwoFactors {
                prop_assert!(counted, "a password alone, or a weakly bound factor, was stated as two");
            }
            prop_assert_eq!(payload.granted().amr().iter().any(|word| word == "mfa"), counted);
            let first_known = values.iter().find(|value| **value != "urn:unknown");
            if first_known == Some(&MFA) {
                prop_assert_eq!(payload.granted().assurance(), Assurance::TwoFactors, "S37");
            }
        }
    }
}
