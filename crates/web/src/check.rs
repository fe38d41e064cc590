//! `/check`: what a sign-in needs of a browser and a network, open to everybody.
//!
//! Reads nothing from the database and keeps nothing; of what the browser sends nothing is shown again but the address
//! that it comes from.

use std::net::IpAddr;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_flow::view::Cookies;
use sekimori_login::Reason;
use sekimori_pages::{ConnectionCheck, CookieCheck, Family, Form, SeenBrowser};

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cookies::Name;
use crate::cx::Cx;
use crate::origin::{Sender, sender};

/// What the cookie says.
const KEPT: &str = "kept";
/// How long a cookie that is missing was set a moment ago; shorter than the cookie lasts.
const TRIED_FOR_SECONDS: u64 = 55;

/// Windows inside apps.
const APPS: [(&str, &str); 6] = [
    ("Line/", "LINE"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("Instagram", "Instagram"),
    ("MicroMessenger", "WeChat"),
    ("; wv)", "WebView"),
];
/// Browsers that are no longer made.
const PAST: [(&str, &str); 3] =
    [("MSIE ", "Internet Explorer"), ("Trident/", "Internet Explorer"), ("Edge/", "Edge Legacy")];
/// Browsers by what only they say, the more special first: most say that they are Chrome and Safari as well.
const KNOWN: [(&str, &str); 10] = [
    ("Edg/", "Microsoft Edge"),
    ("EdgA/", "Microsoft Edge"),
    ("EdgiOS/", "Microsoft Edge"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// `GET /check`: the page.
pub async fn page(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = asked(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.page(StatusCode::OK, &check(&cx, CookieCheck::Untried).into())
}

/// `POST /check`: set a cookie and go where it is looked for.
pub async fn set_cookie(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    if sender(&cx.headers, cx.visitor.tenant.issuer()) == Sender::Foreign {
        return cx.problem(StatusCode::FORBIDDEN, Reason::CrossSite, None);
    }
    let there = ConnectionCheck::cookies_path(cx.visitor.now.unix_seconds());
    let mut answer = cx.see_other(&there, &Cookies::default());
    cx.channel.set(answer.headers_mut(), Name::Check, KEPT);
    answer
}

/// `GET /check/cookies/{tried}`: whether the cookie came back that was set in that second. Both hold for a minute, so
/// that the page says the same in the other language; opened later, or from a bookmark, nothing was tried.
pub async fn cookies(State(app): State<App>, Path(tried): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = asked(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let came = cx.channel.read(&cx.headers, Name::Check) == Some(KEPT);
    let now = cx.visitor.now.unix_seconds();
    let just_tried = tried.parse().is_ok_and(|then: i64| now.abs_diff(then) < TRIED_FOR_SECONDS);
    let found = match (came, just_tried) {
        (true, _) => CookieCheck::Kept,
        (false, true) => CookieCheck::Lost,
        (false, false) => CookieCheck::Untried,
    };
    cx.page(StatusCode::OK, &check(&cx, found).into())
}

/// The context of the page. What stands in its query, beside a language, goes nowhere.
fn asked(app: App, parts: Parts) -> Option<Cx> {
    Some(Cx { query: None, ..Cx::new(app, parts)? })
}

fn check(cx: &Cx, cookies: CookieCheck) -> ConnectionCheck {
    let tenant = &cx.visitor.tenant;
    let address = cx.visitor.position.address;
    let range = address.and_then(|address| tenant.networks.explain(address));
    ConnectionCheck {
        place: cx.place(),
        address: address.map(|address| address.to_string()),
        family: address.map(|address| match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }),
        range: range.map(|(range, _)| range.to_string()),
        cookies,
        form: Form::new(ConnectionCheck::PATH, Vec::new()),
        browser: seen(&cx.visitor.user_agent),
    }
}

/// A guess at the browser: a name that stands here, and nothing of what it says.
fn seen(user_agent: &str) -> SeenBrowser {
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    None.or_else(|| named(&APPS).map(SeenBrowser::InApp))
        .or_else(|| named(&PAST).map(SeenBrowser::Past))
        .or_else(|| named(&KNOWN).map(SeenBrowser::Known))
        .unwrap_or(SeenBrowser::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_by_a_name_that_stands_here() {
        for (agent, expected) in [
            (
                "(Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0",
                SeenBrowser::Known("Microsoft Edge"),
            ),
            ("(X11; Linux x86_64; rv:140.0) Firefox/140.0", SeenBrowser::Known("Firefox")),
            ("(Macintosh) Version/18.0 Safari/605", SeenBrowser::Known("Safari")),
            ("(X11; Linux x86_64) Chrome/140.0 Safari/537.36", SeenBrowser::Known("Chrome")),
            ("(iPhone) AppleWebKit/605 Safari Line/14.0", SeenBrowser::InApp("LINE")),
            ("(Linux; Android 15; Pixel; wv) Chrome/140.0", SeenBrowser::InApp("WebView")),
            ("(Windows NT 10.0; Trident/7.0; rv:11.0)", SeenBrowser::Past("Internet Explorer")),
            ("<script>alert(1)</script>", SeenBrowser::Other),
            ("", SeenBrowser::Other),
        ] {
            assert_eq!(seen(agent), expected, "{agent}");
        }
    }
}
