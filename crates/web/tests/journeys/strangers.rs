//! Strangers: every route tried as nobody, hostile input, addresses that must never be redirected to.

use http::Method;
use sekimori_testbed::{Network, Testbed};

use crate::common::at;

/// What a stranger gets for a GET and for an empty POST of each path. A route that is not listed here fails the
/// test: write down what a stranger may have of it.
const STRANGERS: &[(&str, u16, u16)] = &[
    ("/", 303, 405),
    ("/login", 303, 400),
    ("/login/switch", 400, 405),
    ("/login/certificate", 400, 405),
    ("/login/consent", 405, 400),
    ("/login/{attempt}", 404, 405),
    ("/ticket", 303, 400),
    ("/ticket/password", 400, 400),
    ("/logout", 200, 200),
    ("/.well-known/openid-configuration", 200, 405),
    ("/.well-known/oauth-authorization-server", 200, 405),
    ("/oidc/jwks", 200, 405),
    ("/oidc/authorize", 400, 400),
    ("/oidc/token", 405, 400),
    ("/oidc/userinfo", 401, 401),
    ("/oidc/introspect", 405, 400),
    ("/oidc/revoke", 405, 400),
    ("/oidc/logout", 200, 303),
    ("/.well-known/change-password", 303, 405),
    ("/portal", 303, 405),
    ("/portal/dismiss", 405, 303),
    ("/portal/sessions", 405, 303),
    ("/portal/sign-out", 303, 303),
    ("/signed-out", 200, 405),
    ("/portal/password", 303, 303),
    ("/portal/totp", 303, 303),
    ("/portal/passkey", 303, 303),
    ("/portal/mail-code", 303, 303),
    ("/portal/recovery-codes", 303, 303),
    ("/portal/recovery-codes/file", 303, 405),
    ("/portal/factor/remove", 404, 405),
    ("/portal/factor/remove/{factor}", 404, 303),
    ("/portal/factor/rename/{factor}", 404, 303),
    ("/portal/ticket", 303, 303),
    ("/portal/certificates", 303, 405),
    ("/portal/certificates/new", 303, 303),
    ("/portal/certificates/request", 303, 303),
    ("/portal/certificates/renew/{serial}", 303, 303),
    ("/portal/certificates/pem/{serial}", 303, 405),
    ("/portal/certificates/issued/{serial}", 303, 303),
    ("/portal/certificates/issued/{serial}/file", 303, 405),
    ("/portal/certificates/revoke/{serial}", 303, 303),
    ("/portal/rehearsal", 303, 303),
    ("/portal/rehearsal/{zone}", 303, 405),
    ("/portal/lost", 303, 303),
    ("/portal/preferences", 303, 303),
    ("/portal/consents", 303, 303),
    ("/desk", 303, 303),
    ("/desk/person/{handle}", 303, 405),
    ("/desk/incident/{handle}", 303, 405),
    ("/not-me/{link}", 404, 303),
    ("/check", 200, 303),
    ("/check/cookies/{tried}", 200, 405),
    ("/help", 200, 405),
    ("/help/certificate", 200, 405),
    ("/help/certificate/{device}", 404, 405),
    ("/ca/ocsp", 405, 404),
    ("/ca/ocsp/{*request}", 404, 405),
    ("/ca/{file}", 404, 405),
    ("/csp-report", 405, 400),
    ("/static/{name}", 404, 405),
];

/// Where a stranger may be led.
const OURS: [&str; 7] =
    ["/login", "/logout", "/portal", "/signed-out", "/not-me/x", "/ticket", "/check/cookies"];

#[tokio::test]
async fn every_route_answers_nobody_as_it_is_written_down() {
    let bed = Testbed::start().await;
    let before = bed.cost();
    let mut wrong = Vec::new();
    for path in sekimori_web::routes::paths() {
        let Some((_, get, post)) = STRANGERS.iter().find(|(known, ..)| *known == path) else {
            wrong.push(format!("{path}: nobody has written down what a stranger gets"));
            continue;
        };
        let filled = path
            .replace("{attempt}", "att_x")
            .replace("{factor}", "fac_x")
            .replace("{link}", "x")
            .replace("{device}", "x")
            .replace("{*request}", "x")
            .replace("{file}", "x")
            .replace("{serial}", "4711")
            .replace("{handle}", "x")
            .replace("{tried}", "x")
            .replace("{zone}", "outside")
            .replace("{name}", "x");
        for (method, expected) in [(Method::GET, *get), (Method::POST, *post)] {
            let page = bed.browser(Network::Home).request(method.clone(), &filled, b"").await;
            if page.status.as_u16() != expected {
                wrong.push(format!("{method} {path}: {} {}", page.status, page.text()));
            }
            let there = page.location().map(|url| url.path().to_owned());
            if there.is_some_and(|there| !OURS.iter().any(|ours| there.starts_with(ours))) {
                wrong.push(format!("{method} {path} leads to {:?}", page.location()));
            }
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE, Method::OPTIONS] {
            let page = bed.browser(Network::Home).request(method.clone(), &filled, b"x").await;
            if !matches!(page.status.as_u16(), 204 | 400 | 404 | 405) {
                wrong.push(format!("{method} {path}: {}", page.status));
            }
        }
        let head = bed.browser(Network::Home).request(Method::HEAD, &filled, b"").await;
        assert!(head.body.is_empty(), "{path}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A request without a client gets an incident code, by GET, HEAD and POST, within the budget of such codes.
    assert_eq!(bed.cost_since(before).writes, 3, "else a stranger writes nothing");
}

#[tokio::test]
async fn an_address_for_forms_says_that_it_cannot_be_opened() {
    let bed = Testbed::start().await;
    for path in ["/portal/sessions", "/login/consent"] {
        let page = bed.browser(Network::Home).open(path).await;
        assert_eq!(page.status.as_u16(), 405, "{path}");
        assert_eq!(page.reason().as_deref(), Some("req.wrong_method"), "{}", page.shows());
        assert!(page.text().contains("cannot be opened by itself"), "{}", page.text());
    }
}

#[tokio::test]
async fn hostile_bodies_and_addresses_get_a_clear_answer() {
    let bed = Testbed::start().await;
    let browser = bed.browser(Network::Home);
    let huge = vec![b'a'; 70 * 1024];
    let many = "a=1&".repeat(5000);
    let bodies: [&[u8]; 7] = [
        b"\xff\xfe\x00",
        b"%ff%fe%00",
        b"request=%00&attempt=%ff&version=99999999999999999999",
        b"attempt=att_00000000000000000000000000&version=1&code=1&method=totp",
        b"username[]=x&username=y&username=z",
        many.as_bytes(),
        &huge,
    ];
    for path in sekimori_web::routes::paths() {
        for body in bodies {
            let page = browser.request(Method::POST, &path.replace(['{', '}'], ""), body).await;
            assert!(page.status.as_u16() < 500, "{path}: {}", page.shows());
            if path.ends_with("logout") {
                // Whoever wants to be signed out is, whatever else they send.
                continue;
            }
            assert_ne!(
                page.status,
                200,
                "{path} took {:?}: {}",
                &body[..body.len().min(20)],
                page.shows()
            );
        }
    }
    for address in [
        "/login/%ff",
        "/login/..%2f..%2fetc",
        "/static/..%2fsecret",
        "/static/%2e%2e",
        "/login?r=%ff%fe",
        "/login?r=a&r=b",
        "/login?c=%0d%0aSet-Cookie:x",
        "/portal/factor/remove/%00",
        "//evil.example/login",
    ] {
        let page = browser
            .request(Method::GET, &format!("https://login.example.ac.jp{address}"), b"")
            .await;
        assert!(page.status.as_u16() < 500, "{address}: {}", page.shows());
        assert!(
            !page.status.is_redirection()
                || page.location().is_some_and(|url| url.host_str() == Some("login.example.ac.jp")),
            "{address}"
        );
    }
}

/// Addresses that somebody would like us to redirect to.
const ELSEWHERE: &[&str] = &[
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https://wiki.example.ac.jp.evil.example/callback",
    "https://wiki.example.ac.jp@evil.example/callback",
    "https://evil.example/https://wiki.example.ac.jp/callback",
    "https://wiki.example.ac.jp/callback/../evil",
    "https://wiki.example.ac.jp/callback/..;/evil",
    "https://wiki.example.ac.jp/callback%2f..%2fevil",
    "https://wiki.example.ac.jp/callback#x",
    "https://wiki.example.ac.jp/callback?x=1",
    "https://wiki.example.ac.jp/callback/",
    "https://WIKI.example.ac.jp/callback",
    "https://wiki.example.ac.jp:443/callback",
    "https://wiki.example.ac.jp:8443/callback",
    "http://wiki.example.ac.jp/callback",
    "https://wiki.example.ac.jp/Callback",
    "https://wiki.example.ac.jp/%63allback",
    "https://wiki.example.ac.jp/callback\n",
    " https://wiki.example.ac.jp/callback",
    "javascript:alert(1)",
    "data:text/html,x",
];

#[tokio::test]
async fn nobody_is_sent_anywhere_that_is_not_registered_to_the_letter() {
    let begun = at("wiki", Network::Campus).await;
    begun.password("hana").await;
    let lenient = ["https://wiki.example.ac.jp/callback"];
    for target in ELSEWHERE {
        assert!(!lenient.contains(target));
        for changes in [
            vec![("redirect_uri", *target)],
            vec![("redirect_uri", *target), ("prompt", "none")],
            vec![("redirect_uri", *target), ("response_type", "nonsense")],
            vec![("redirect_uri", *target), ("response_mode", "form_post")],
        ] {
            let page = begun.browser.open(&begun.service.sign_in_with(&changes).url).await;
            assert!(!page.is_away(), "{target}: {:?}", page.way);
            assert_eq!(page.reason().as_deref(), Some("req.redirect_mismatch"), "{target}");
            assert!(page.forms().is_empty(), "{target}: no form that goes there");
        }
        // Both parameters at once: pollution.
        let twice = format!("{}&redirect_uri={}", begun.sign_in.url, encoded(target));
        let page = begun.browser.open(&twice).await;
        assert!(!page.is_away(), "{target}: {:?}", page.way);
        for url in [
            format!("/oidc/logout?post_logout_redirect_uri={}", encoded(target)),
            format!("/oidc/logout?client_id=wiki&post_logout_redirect_uri={}", encoded(target)),
            format!("/login?next={0}&return={0}&r={0}", encoded(target)),
            format!("/portal?next={}", encoded(target)),
        ] {
            let page = begun.browser.open(&url).await;
            assert!(!page.is_away(), "{url}: {:?}", page.way);
        }
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn every_page_is_strict_about_what_it_loads() {
    let begun = at("wiki", Network::Home).await;
    let password = begun.browser.submit(&begun.page, &[("username", "taro")]).await;
    let refusal = begun.password("hana").await;
    let missing = begun.browser.open("/nowhere").await;
    for page in [&begun.page, &password, &refusal, &missing] {
        let csp = page.headers["content-security-policy"].to_str().expect("ASCII");
        assert!(csp.contains("default-src 'none'"), "{csp}");
        assert!(csp.contains("frame-ancestors 'none'"), "{csp}");
        assert!(csp.contains("base-uri 'none'"), "{csp}");
        assert!(!csp.contains("unsafe"), "{csp}");
        assert!(!page.body.contains("style="), "no inline style");
        assert!(!page.body.contains("<script>"), "no inline script");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    // Everything that a page loads is ours and can be kept for ever.
    for line in begun.page.body.split(['"', '\'']).filter(|word| word.starts_with("/static/")) {
        let asset = begun.browser.open(line).await;
        assert_eq!(asset.status, 200, "{line}");
        let caching = asset.headers["cache-control"].to_str().expect("ASCII");
        assert!(caching.contains("immutable"), "{caching}");
    }
    let total: usize = begun.page.body.len();
    assert!(total < 20_000, "{total} bytes of HTML (U40)");
}

#[tokio::test]
async fn markup_in_names_and_hints_is_shown_as_text() {
    let begun = at("wiki", Network::Campus).await;
    let name = "\"><img src=x onerror=alert(1)>";
    let page = begun.browser.submit(&begun.page, &[("username", name)]).await;
    assert!(!page.body.contains("<img"), "{}", page.body);
    let page = begun.browser.submit(&page, &[("password", name)]).await;
    assert!(!page.body.contains("<img"), "{}", page.body);
    let page = begun
        .browser
        .open("/oidc/authorize?client_id=%3Cimg+src%3Dx%3E&redirect_uri=%3Cimg%3E")
        .await;
    assert!(!page.body.contains("<img"), "{}", page.body);
}

#[tokio::test]
async fn scripts_of_other_origins_may_call_what_is_registered_and_nothing_else() {
    let bed = Testbed::start().await;
    let app = bed.service("app");
    let discovery = app.send("GET", "/.well-known/openid-configuration", None, &[]).await;
    assert_eq!(discovery.status, 200);
    for (path, origin, allowed) in [
        ("/oidc/token", "https://app.example.ac.jp", true),
        ("/oidc/token", "https://evil.example", false),
        ("/oidc/userinfo", "https://app.example.ac.jp", true),
        ("/oidc/userinfo", "https://evil.example", false),
    ] {
        let page = bed.browser(Network::Home).preflight(path, origin).await;
        let found = page.headers.get("access-control-allow-origin");
        assert_eq!(found.is_some(), allowed, "{path} {origin}: {found:?}");
        assert!(page.headers.get("access-control-allow-credentials").is_none());
    }
    let page =
        bed.browser(Network::Home).preflight("/oidc/authorize", "https://app.example.ac.jp").await;
    assert!(page.headers.get("access-control-allow-origin").is_none(), "S67");
}

#[tokio::test]
async fn a_page_that_does_not_exist_says_so() {
    let bed = Testbed::start().await;
    let page = bed.browser(Network::Home).open("/nowhere/at/all").await;
    assert_eq!((page.status.as_u16(), page.reason().as_deref()), (404, Some("req.no_such_page")));
    assert!(!page.text().contains("Incident code"), "nothing happened: {}", page.text());
}

#[tokio::test]
async fn a_broken_database_lets_nobody_in_and_is_never_a_wrong_password() {
    let begun = at("wiki", Network::Campus).await;
    let page = begun.password("hana").await;
    let tokens = begun.tokens(&page).await;
    let stranger = crate::common::again(begun.bed.clone(), "wiki", Network::Campus, &[]).await;
    let asked = stranger.browser.submit(&stranger.page, &[("username", "hana")]).await;
    begun.bed.flow.store.close();
    let fields = [("password", begun.bed.person("hana").password.as_str())];
    for page in [
        stranger.browser.submit(&asked, &fields).await,
        begun.browser.open(&begun.service.sign_in().url).await,
        begun.browser.open("/portal").await,
    ] {
        // It may be over in a moment.
        assert_eq!((page.status.as_u16(), page.reason().as_deref()), (503, Some("svc.fault")));
        assert_eq!(page.headers["retry-after"], "5");
        assert!(page.incident().is_some(), "{}", page.shows());
    }
    for reply in [
        begun.service.redeem_code("1.AAAA", "v").await,
        begun.service.userinfo(&tokens.access).await,
    ] {
        assert_eq!((reply.status.as_u16(), reply.error()), (503, "temporarily_unavailable"));
    }
}

#[tokio::test]
async fn a_form_that_is_not_utf8_is_refused_before_anything_is_looked_at() {
    let begun = at("wiki", Network::Campus).await;
    let before = begun.bed.cost();
    for path in ["/login", "/login/consent", "/portal/password", "/portal/rehearsal"] {
        for body in [&b"username=%ff%fe"[..], b"username=\xff", b"%c3%28=x", b"username=%zz"] {
            let page = begun.browser.request(Method::POST, path, body).await;
            assert_eq!(page.status.as_u16(), 400, "{path}: {}", page.shows());
            assert!(page.body.contains("not valid UTF-8"), "{}", page.body);
        }
    }
    assert_eq!(begun.bed.cost_since(before).writes, 0);
}

/// S50: browsers can say that a page was to load what its policy forbids; so can anybody, and nothing grows by it.
#[tokio::test]
async fn a_violated_policy_can_be_reported_and_nothing_is_stored() {
    let begun = at("wiki", Network::Home).await;
    let csp = begun.page.headers["content-security-policy"].to_str().expect("ASCII");
    assert!(csp.ends_with("; report-uri /csp-report"), "{csp}");
    let report = r#"{"csp-report": {"document-uri": "https://login.example.ac.jp/login?r=x",
        "effective-directive": "script-src-elem", "blocked-uri": "inline", "line-number": 7}}"#;
    let long = format!("{{\"csp-report\": {{\"blocked-uri\": \"{}\"}}}}", "x".repeat(20_000));
    let before = begun.bed.cost();
    for (body, expected) in [(report, 204), ("[]", 400), ("\u{0}", 400), (&long, 413)] {
        for _ in 0..50 {
            let path = "/csp-report";
            let page = begun.browser.request(Method::POST, path, body.as_bytes()).await;
            assert_eq!(page.status.as_u16(), expected, "{body}");
            assert!(page.body.is_empty(), "{}", page.body);
        }
    }
    let cost = begun.bed.cost_since(before);
    assert_eq!((cost.writes, cost.reads), (0, 0));
}
