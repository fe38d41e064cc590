//! Entering an enrolment ticket.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::{AttemptId, Secret};
use sekimori_flow::portal::{TicketPage, Who};
use sekimori_pages::portal::EnrolTicket;
use sekimori_pages::{Form, Page, Slip};

use super::{LINKS, own_form, ticket_failure, token};
use crate::answer::{Answer, bare, to_the_end};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/ticket`: for the session, or with `attempt` for a sign-in that was refused.
pub async fn ticket(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let attempt = cx.field("attempt").and_then(|text| text.parse::<AttemptId>().ok());
    let refused = cx.field("f");
    let outcome = cx.app.flow.ticket_page(&cx.visitor, attempt, refused.as_deref()).await;
    cx.portal(outcome, Cx::ticket_page)
}

/// `POST /portal/ticket`.
pub async fn ticket_entered(
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
        let attempt = fields.one("attempt").and_then(|text| text.parse::<AttemptId>().ok());
        let typed = Secret::new(fields.text("ticket").unwrap_or_default());
        let flow = &cx.app.flow;
        let progress = flow.ticket_entered(&cx.visitor, attempt, token(&fields), &typed).await;
        progress.map_or_else(|fault| cx.fault(&fault), |progress| cx.show(progress))
    })
    .await
}

impl Cx {
    fn ticket_page(&self, view: TicketPage) -> (Page, Option<Who>) {
        let mut hidden = vec![("token", view.token)];
        hidden.extend(view.attempt.map(|attempt| ("attempt", attempt.to_string())));
        let failure = view.failure.map(ticket_failure);
        let form = Form::new(LINKS.ticket, hidden);
        let to = view.destination.title.text(self.visitor.language);
        let slip = Slip::at_ticket(to, self.place(), view.refused);
        (EnrolTicket { slip, form, failure }.into(), view.who)
    }
}
