//! Changing the password, and withdrawing consents.

use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use sekimori_base::Secret;
use sekimori_flow::portal::{ConsentsView, PasswordChange, PasswordPage, Portal, Who};
use sekimori_login::Details;
use sekimori_pages::portal::{ChangePassword, Consents, GrantRow};
use sekimori_pages::{Form, Page};

use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/password`: the rules, before anything is typed.
pub async fn password(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let refused = cx.field("f");
    let outcome = cx.app.flow.password_page(&cx.visitor, refused.as_deref()).await;
    cx.portal(outcome, Cx::password_page)
}

/// `POST /portal/password`.
pub async fn change_password(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let change = PasswordChange {
        token: token(&fields).to_owned(),
        new: Secret::new(fields.text("new_password").unwrap_or_default()),
        end_others: fields.one("end_others") == Some("on"),
    };
    let outcome = cx.app.flow.change_password(&cx.visitor, change).await;
    let busy = matches!(&outcome, Ok(Portal::Here(page)) if page.busy.is_some());
    let mut answer = cx.portal(outcome, Cx::password_page);
    if busy {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

/// `GET /portal/consents`.
pub async fn consents(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.consents_page(&cx.visitor).await;
    cx.portal(outcome, Cx::consents_page)
}

/// `POST /portal/consents`.
pub async fn withdraw(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let Some(client_id) = fields.one("withdraw") else {
        return cx.see(LINKS.consents);
    };
    let outcome = cx.app.flow.withdraw_consent(&cx.visitor, token(&fields), client_id).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

impl Cx {
    fn password_page(&self, view: PasswordPage) -> (Page, Option<Who>) {
        let failure = view.busy.map(|reason| self.portal_failure(reason, Details::default(), None));
        let page = ChangePassword {
            form: Form::new(LINKS.password, vec![("token", view.token)]),
            username: view.username,
            length_min: view.length_min,
            flaws: view.flaws,
            failure,
        };
        (page.into(), Some(view.who))
    }

    fn consents_page(&self, view: ConsentsView) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let grants = view
            .rows
            .into_iter()
            .map(|row| GrantRow {
                value: row.client_id,
                service: row.service.text(language).to_owned(),
                at: row.at,
                scopes: row.scopes,
            })
            .collect();
        let form = Form::new(LINKS.consents, vec![("token", view.token)]);
        (Consents { form, grants }.into(), Some(view.who))
    }
}
