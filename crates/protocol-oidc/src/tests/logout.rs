use proptest::prelude::*;

use crate::error::Problem;
use crate::hint::IdTokenHint;
use crate::logout::{
    After, Confirm, CurrentSession, LogoutError, LogoutRequest, NotReturned, decide, parse,
};
use crate::testing::{query, site};

fn hint(client_id: &str) -> IdTokenHint {
    IdTokenHint { client_id: client_id.into(), sub: "per_x".into(), sid: Some("ses_1".into()) }
}

fn back(address: &str) -> LogoutRequest {
    LogoutRequest {
        post_logout_redirect_uri: Some(address.into()),
        state: Some("a b".into()),
        ..LogoutRequest::default()
    }
}

const THIS: CurrentSession<'_> = CurrentSession::Standing { sid: Some("ses_1") };
const ANOTHER: CurrentSession<'_> = CurrentSession::Standing { sid: Some("ses_2") };

#[test]
fn a_hint_of_this_session_signs_out_without_a_question_and_returns() {
    let plan = decide(&back("https://app.example/bye"), Some(&hint("app")), THIS, &site());
    assert_eq!(plan.confirm, Confirm::NotNeeded);
    assert_eq!(plan.service.unwrap().as_str(), "app");
    assert_eq!(plan.after, After::Return("https://app.example/bye?state=a+b".into()));
    let plan = decide(&back("https://app.example/?x=1"), Some(&hint("app")), THIS, &site());
    assert_eq!(plan.after, After::Return("https://app.example/?x=1&state=a+b".into()));
}

#[test]
fn without_a_hint_of_this_session_the_person_is_asked() {
    let request = back("https://app.example/bye");
    let site = site();
    for (hint, current) in [
        (None, THIS),
        (Some(&hint("app")), ANOTHER),
        (Some(&hint("app")), CurrentSession::Standing { sid: None }),
        (Some(&IdTokenHint { sid: None, ..hint("app") }), CurrentSession::Standing { sid: None }),
    ] {
        assert_eq!(decide(&request, hint, current, &site).confirm, Confirm::Needed);
    }
    assert_eq!(decide(&request, None, CurrentSession::None, &site).confirm, Confirm::NotNeeded);
}

#[test]
fn r_redir_only_a_proven_client_gets_the_browser_back_and_only_to_the_letter() {
    let site = site();
    let after = |request: &LogoutRequest, hint: Option<&IdTokenHint>| {
        decide(request, hint, THIS, &site).after
    };
    let good = back("https://app.example/bye");
    let unproven = LogoutRequest { client_id: Some("app".into()), ..good.clone() };
    let not_proven = After::NotReturned(NotReturned::ClientNotProven);
    assert_eq!(after(&unproven, None), not_proven, "client_id alone proves nothing");
    assert_eq!(after(&good, Some(&hint("gone"))), not_proven);
    let contradicted = LogoutRequest { client_id: Some("other".into()), ..good };
    let plan = decide(&contradicted, Some(&hint("app")), THIS, &site);
    assert_eq!(plan.after, After::NotReturned(NotReturned::OtherClient));
    assert_eq!((plan.confirm, plan.service), (Confirm::Needed, None));
    for wrong in [
        "https://app.example/bye/",
        "https://app.example/bye?x",
        "https://app.example/cb",
        "https://app.example/bye#x",
        "https://evil.example/bye",
        "https://app.example@evil.example/bye",
        "javascript:alert(1)",
        "//app.example/bye",
        "",
    ] {
        assert!(
            matches!(
                after(&back(wrong), Some(&hint("app"))),
                After::NotReturned(NotReturned::Mismatch(Problem::RedirectMismatch { .. }))
            ),
            "{wrong}"
        );
    }
    assert_eq!(after(&LogoutRequest::default(), Some(&hint("app"))), After::Here);
}

#[test]
fn a_request_is_read_strictly() {
    let raw = query(&[
        ("id_token_hint", "a.b.c"),
        ("client_id", "app"),
        ("post_logout_redirect_uri", "https://app.example/bye"),
        ("state", "s"),
        ("ui_locales", "fr ja"),
        ("logout_hint", "ignored"),
    ]);
    let request = parse(raw.as_bytes()).unwrap();
    assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
    assert_eq!(request.language, Some(sekimori_base::Language::Japanese));
    assert_eq!(parse(b"").unwrap(), LogoutRequest::default());
    assert_eq!(parse(b"state=1&state=2"), Err(LogoutError::Repeated));
    assert_eq!(parse(b"state=%0a"), Err(LogoutError::State));
    assert!(matches!(parse(b"state=%ff"), Err(LogoutError::Form(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_a_logout_or_an_error_and_never_lead_elsewhere(
        raw in proptest::collection::vec(any::<u8>(), 0..200),
        address in "(https://app.example/bye|https://)?.{0,30}",
    ) {
        let site = site();
        let read = parse(&raw).unwrap_or_default();
        let sent = LogoutRequest { post_logout_redirect_uri: Some(address), ..LogoutRequest::default() };
        for request in [read, sent] {
            if let After::Return(location) = decide(&request, Some(&hint("app")), THIS, &site).after {
                prop_assert!(
                    location.starts_with("https://app.example/bye")
                        || location.starts_with("https://app.example/?x=1")
                );
            }
        }
    }
}
