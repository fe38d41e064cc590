//! Choosing a password by a ticket: before any sign-in, for somebody new or somebody who has forgotten theirs.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use sekimori_base::Secret;
use sekimori_flow::portal::{NewPasswordForm, NewPasswordPage, PasswordTicketPage, Portal, Who};
use sekimori_login::Reason;
use sekimori_pages::{Form, NewPassword, Page, PasswordTicket, Slip};

use super::{own_form, ticket_failure};
use crate::answer::{Answer, bare, to_the_end};
use crate::app::App;
use crate::cx::Cx;
use crate::login::blur;
use crate::query::{Fields, FormBody};

/// `GET /ticket`: takes user name and ticket.
pub async fn password_ticket(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r");
    let refused = cx.field("f");
    let (request, refused) = (request.as_deref(), refused.as_deref());
    let outcome = cx.app.flow.password_ticket_page(&cx.visitor, request, refused).await;
    cx.portal(outcome, Cx::password_ticket_page)
}

/// `POST /ticket`.
pub async fn password_ticket_entered(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    to_the_end(async move {
        let fields = Fields::parse(&body);
        let request = fields.text("request").unwrap_or_default();
        let username = fields.text("username").unwrap_or_default();
        let ticket = Secret::new(fields.text("ticket").unwrap_or_default());
        let flow = &cx.app.flow;
        let progress =
            flow.password_ticket_entered(&cx.visitor, &request, &username, &ticket).await;
        blur(&cx).await;
        progress.map_or_else(|fault| cx.fault(&fault), |progress| cx.show(progress))
    })
    .await
}

/// `GET /ticket/password`: the rules, before anything is typed.
pub async fn new_password(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let field = |name| cx.field(name).unwrap_or_default();
    let (ticket, request, refused) = (field("t"), field("r"), cx.field("f"));
    let flow = &cx.app.flow;
    let outcome = flow.new_password_page(&cx.visitor, &ticket, &request, refused.as_deref()).await;
    cx.portal(outcome, Cx::new_password_page)
}

/// `POST /ticket/password`.
pub async fn new_password_chosen(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    to_the_end(chosen(cx, body)).await
}

async fn chosen(cx: Cx, body: Bytes) -> Answer {
    let fields = Fields::parse(&body);
    let form = NewPasswordForm {
        request: fields.text("request").unwrap_or_default(),
        ticket: fields.text("right").unwrap_or_default(),
        code: Secret::new(fields.text("code").unwrap_or_default()),
        new: Secret::new(fields.text("new_password").unwrap_or_default()),
    };
    let outcome = cx.app.flow.new_password_chosen(&cx.visitor, form).await;
    let busy = |page: &NewPasswordPage| {
        page.failure.as_ref().is_some_and(|failure| failure.reason == Reason::ServerBusy)
    };
    let busy = matches!(&outcome, Ok(Portal::Here(page)) if busy(page));
    let mut answer = cx.portal(outcome, Cx::new_password_page);
    if busy {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

impl Cx {
    fn password_ticket_page(&self, view: PasswordTicketPage) -> (Page, Option<Who>) {
        let failure = view.failure.map(ticket_failure);
        let to = view.destination.title.text(self.visitor.language);
        let page = PasswordTicket {
            slip: Slip::bare(to, self.place()),
            back_href: format!("/login?r={}", view.request),
            form: Form::new("/ticket", vec![("request", view.request)]),
            username: view.username,
            failure,
        };
        (page.into(), None)
    }

    fn new_password_page(&self, view: NewPasswordPage) -> (Page, Option<Who>) {
        let failure = view.failure.map(ticket_failure);
        let hidden = vec![("request", view.request), ("right", view.ticket)];
        let to = view.destination.title.text(self.visitor.language);
        let page = NewPassword {
            slip: Slip::at_new_password(to, self.place(), &view.username, view.asks_code),
            form: Form::new("/ticket/password", hidden),
            username: view.username,
            length_min: view.length_min,
            asks_code: view.asks_code,
            flaws: view.flaws,
            failure,
        };
        (page.into(), None)
    }
}
