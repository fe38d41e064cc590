//! Registering and naming passkeys.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::FactorId;
use sekimori_flow::portal::{PasskeyAnswer, PasskeyMade, PasskeyPage, RenamePage, Who};
use sekimori_login::Reason;
use sekimori_pages::portal::{RegisterPasskey, RenamePasskey};
use sekimori_pages::{Form, Page, PasskeyAsk, PasskeyPurpose};

use super::{LINKS, browser, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/passkey`: register a passkey.
pub async fn passkey(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r");
    let outcome = cx.app.flow.passkey_page(&cx.visitor, request.as_deref()).await;
    cx.portal(outcome, Cx::passkey_answer)
}

/// `POST /portal/passkey`: the browser has made one.
pub async fn passkey_made(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let browser = browser::in_words(&cx.visitor.user_agent);
    let made = PasskeyMade {
        request: fields.one("request").unwrap_or_default(),
        token: token(&fields),
        challenge: fields.one("challenge").unwrap_or_default(),
        answer: fields.one("passkey").unwrap_or_default(),
        browser: browser.as_deref(),
    };
    let outcome = cx.app.flow.passkey_made(&cx.visitor, made).await;
    cx.portal(outcome, Cx::passkey_answer)
}

/// `GET /portal/factor/rename/{factor}`: what a passkey is called.
pub async fn rename(State(app): State<App>, Path(id): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Ok(factor) = id.parse::<FactorId>() else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let outcome = cx.app.flow.rename_page(&cx.visitor, factor).await;
    cx.portal(outcome, |_, view| rename_page(view))
}

/// `POST /portal/factor/rename/{factor}`.
pub async fn renamed(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let Ok(factor) = id.parse::<FactorId>() else { return cx.see(LINKS.overview) };
    let label = fields.one("label").unwrap_or_default();
    let outcome = cx.app.flow.rename_factor(&cx.visitor, factor, token(&fields), label).await;
    cx.portal(outcome, |_, view| rename_page(view))
}

fn rename_page(view: RenamePage) -> (Page, Option<Who>) {
    let action = format!("{}/{}", LINKS.rename_factor, view.factor.facts.id);
    let form = Form::new(action, vec![("token", view.token)]);
    (RenamePasskey { form, label: view.factor.label }.into(), Some(view.who))
}

impl Cx {
    fn passkey_answer(&self, answer: PasskeyAnswer) -> (Page, Option<Who>) {
        match answer {
            PasskeyAnswer::Register(view) => self.register_passkey(view),
            PasskeyAnswer::NotNow(not_now) => self.not_now(not_now),
        }
    }

    fn register_passkey(&self, view: PasskeyPage) -> (Page, Option<Who>) {
        let failure = view.failure.map(|failure| {
            let mut shown = self.portal_failure(failure.reason, failure.details, failure.incident);
            shown.incident.at = failure.at;
            shown
        });
        let app_href = format!("{}?r={}", LINKS.totp, view.request);
        let form = Form::new(LINKS.passkey, vec![("token", view.token), ("request", view.request)]);
        let passkey = PasskeyAsk {
            challenge: view.challenge,
            options: view.options,
            purpose: PasskeyPurpose::Make,
            unknown: false,
        };
        let place = self.place();
        let page = RegisterPasskey { form, passkey: Some(passkey), failure, place, app_href };
        (page.into(), view.who)
    }
}
