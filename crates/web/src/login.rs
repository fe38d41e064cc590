//! The pages and forms of the sign-in.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_base::{AttemptId, Fault, Secret, random};
use sekimori_directory::Method;
use sekimori_flow::door::{Door, PortalPath};
use sekimori_flow::view::Progress;
use sekimori_flow::{Allowed, PasskeyForm, SignInForm};
use sekimori_login::Reason;

use crate::answer::{Answer, bare, to_the_end};
use crate::app::App;
use crate::cx::Cx;
use crate::origin::{Sender, sender};
use crate::query::{Fields, FormBody};

/// The longest wait before an answer to a password.
const BLUR_MICROSECONDS: u64 = 8192;

/// `GET /login`: the page of a carried request; without one, the sign-in to the portal.
pub async fn page(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let progress = if let Some(request) = cx.field("r") {
        cx.app.flow.resume(&cx.visitor, &request, sekimori_flow::CameBy::Url).await
    } else if let Some(id) = cx.field("c") {
        return carried_by_cookie(&cx, &id).await;
    } else {
        let door = Door::Portal { path: PortalPath::front(), sensitive: false };
        cx.app.flow.begin(&cx.visitor, door).await
    };
    shown(&cx, progress)
}

/// A page of the sign-in; with `lost`, what somebody can do who has lost what it asks for.
fn shown(cx: &Cx, progress: Result<Progress, Fault>) -> Answer {
    let lost = cx.field("lost").and_then(|word| method(&word));
    match (progress, lost) {
        (Ok(progress), Some(lost)) => cx.show_lost(progress, lost),
        (Ok(progress), None) => cx.show(progress),
        (Err(fault), _) => cx.fault(&fault),
    }
}

/// The page of a request that lies in a cookie of its own, which is forgotten when nobody needs it any more.
async fn carried_by_cookie(cx: &Cx, id: &str) -> Answer {
    let text = cx.channel.read_request(&cx.headers, id).unwrap_or_default();
    let progress = cx.app.flow.resume(&cx.visitor, text, sekimori_flow::CameBy::Cookie).await;
    // A page that is shown can be asked for again by this address.
    let needed = matches!(progress, Ok(Progress::Step(_) | Progress::Consent(_)));
    let mut answer = progress.map_or_else(|fault| cx.fault(&fault), |progress| cx.show(progress));
    cx.tidy_requests(&mut answer, id, needed.then_some(id));
    answer
}

/// `GET /login/{attempt}`: the page of an attempt, where its last form led.
pub async fn attempt(State(app): State<App>, Path(id): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Ok(id) = id.parse::<AttemptId>() else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let other = cx.field("use").and_then(|word| method(&word));
    let progress = cx.app.flow.attempt(&cx.visitor, id, other).await;
    shown(&cx, progress)
}

/// `GET /login/switch`: the same request for somebody else.
pub async fn switch(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r").unwrap_or_default();
    let progress = cx.app.flow.other_person(&cx.visitor, &request).await;
    progress.map_or_else(|fault| cx.fault(&fault), |progress| cx.show(progress))
}

/// `GET /login/certificate`: back from a certificate host, with what was found there.
pub async fn certificate(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    to_the_end(async move {
        let found = cx.field("found").unwrap_or_default();
        let progress = cx.app.flow.certificate_found(&cx.visitor, &found).await;
        progress.map_or_else(|fault| cx.fault(&fault), |progress| cx.show(progress))
    })
    .await
}

/// `POST /login`: a name, a password, a code, or the wish to use another factor.
pub async fn submit(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    if sender(&cx.headers, cx.visitor.tenant.issuer()) == Sender::Foreign {
        return cx.problem(StatusCode::FORBIDDEN, Reason::CrossSite, None);
    }
    to_the_end(taken(cx, body)).await
}

async fn taken(mut cx: Cx, body: Bytes) -> Answer {
    let form = read(&Fields::parse(&body));
    let holds_password = form.password.is_some();
    let mut progress = cx.app.flow.submit(&cx.visitor, form).await;
    if let Ok(Progress::Hold { millis }) = progress {
        tokio::time::sleep(Duration::from_millis(millis + 1)).await;
        cx.visitor.now = cx.app.flow.clock.now();
        let form = SignInForm { held: true, ..read(&Fields::parse(&body)) };
        progress = cx.app.flow.submit(&cx.visitor, form).await;
    }
    if holds_password {
        blur(&cx).await;
    }
    match progress {
        Ok(progress) => cx.show(progress),
        Err(fault) => cx.fault_at(&fault, step_of(&Fields::parse(&body))),
    }
}

/// The page of the step that a form belongs to, where the same can be entered again.
fn step_of(fields: &Fields<'_>) -> Option<String> {
    if let Some(attempt) = fields.one("attempt") {
        return Some(format!("/login/{}", attempt.parse::<AttemptId>().ok()?));
    }
    let request = fields.one("request").filter(|text| text.len() <= SEALED_REQUEST_BYTES_MAX)?;
    let sealed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    request.bytes().all(sealed).then(|| format!("/login?r={request}"))
}

/// Wait for some thousandths of a second, at random. The hash costs the same for every name; what is around it (a row
/// to read, a record to parse) differs by hundredths of a millisecond, and drowns in this for as many tries as one
/// name has before it waits.
pub(crate) async fn blur(cx: &Cx) {
    let chance = u64::from(u16::from_be_bytes(random(&*cx.app.flow.entropy)));
    tokio::time::sleep(Duration::from_micros(chance % BLUR_MICROSECONDS)).await;
}

/// `POST /login/consent`: whether the service may have the person's data.
pub async fn consent(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    if sender(&cx.headers, cx.visitor.tenant.issuer()) == Sender::Foreign {
        return cx.problem(StatusCode::FORBIDDEN, Reason::CrossSite, None);
    }
    let fields = Fields::parse(&body);
    let allowed = match fields.one("decision") {
        Some("allow") => Allowed::Yes,
        _ => Allowed::No,
    };
    let request = fields.one("request").unwrap_or_default();
    let progress = cx.app.flow.consent(&cx.visitor, request, allowed).await;
    match progress {
        Ok(progress) => cx.show(progress),
        Err(fault) => cx.fault_at(&fault, step_of(&fields)),
    }
}

fn read(fields: &Fields<'_>) -> SignInForm {
    let secret = |name| fields.text(name).map(Secret::new);
    let method = fields.one("method").and_then(method);
    let code = secret("code");
    // Empty where something else was used.
    let passkey = fields.text("passkey").filter(|text| !text.is_empty()).map(|answer| {
        PasskeyForm { answer, challenge: fields.text("challenge").unwrap_or_default() }
    });
    SignInForm {
        request: fields.text("request"),
        attempt: fields.one("attempt").and_then(|text| text.parse().ok()),
        version: fields.one("version").and_then(|text| text.parse().ok()).unwrap_or(0),
        username: fields.text("username"),
        password: secret("password"),
        // A method with nothing that is of it is the wish to use it.
        other: method.filter(|_| code.is_none() && passkey.is_none()),
        passkey,
        certificate: None,
        send_code: fields.one("send").is_some(),
        method,
        code,
        caps_lock: fields.one("caps_lock") == Some("on"),
        held: false,
    }
}

fn method(word: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.as_str() == word)
}
