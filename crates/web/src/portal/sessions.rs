//! Ending sessions and signing out.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::Language;
use sekimori_flow::portal::{Ending, SignOutView, Who};
use sekimori_pages::{Form, Page, SignOut, SignedOut};

use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `POST /portal/sessions`: end one session, or the others.
pub async fn end_sessions(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let ending = match fields.one("end") {
        Some("others") => Some(Ending::Others),
        Some(id) => id.parse().ok().map(Ending::One),
        None => None,
    };
    let Some(ending) = ending else { return cx.see(LINKS.overview) };
    let outcome = cx.app.flow.end_sessions(&cx.visitor, token(&fields), ending).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// `GET /portal/sign-out`: whether to sign out.
pub async fn sign_out_asked(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.sign_out_page(&cx.visitor).await;
    cx.portal(outcome, |cx, view| sign_out_page(view, cx.visitor.language))
}

/// `POST /portal/sign-out`.
pub async fn sign_out(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let outcome = cx.app.flow.sign_out(&cx.visitor, token(&fields)).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// `GET /signed-out`.
pub async fn signed_out(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    cx.portal_page(&signed_out_page(), None)
}

fn sign_out_page(view: SignOutView, language: Language) -> (Page, Option<Who>) {
    let page = SignOut {
        form: Form::new(LINKS.sign_out, vec![("token", view.token)]),
        person: view.who.name.text(language).to_owned(),
        service: None,
        cancel_href: LINKS.overview.to_owned(),
    };
    (page.into(), Some(view.who))
}

fn signed_out_page() -> Page {
    let sign_in_href = LINKS.overview.to_owned();
    SignedOut { back: None, services: Vec::new(), sign_in_href }.into()
}

/// For forms that are always answered by another page.
pub(crate) fn nothing_to_show() -> (Page, Option<Who>) {
    (signed_out_page(), None)
}
