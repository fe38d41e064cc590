//! Registering an address for codes by mail.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::Secret;
use sekimori_flow::portal::{MailAnswer, MailForm, MailPage, MailStep, Who};
use sekimori_flow::view::{MailWay as Way, SentMail as Sent};
use sekimori_pages::{Form, MailWay, Page, RegisterMail, RegisterMailStep, SentMail};

use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/mail-code`: register an address.
pub async fn mail_code(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r");
    let outcome = cx.app.flow.mail_code_page(&cx.visitor, request.as_deref()).await;
    cx.portal(outcome, Cx::mail_answer)
}

/// `POST /portal/mail-code`: an address, the wish for another code, or a code.
pub async fn mail_code_sent(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let request = fields.one("request").unwrap_or_default();
    let form = match (fields.one("send"), fields.text("address")) {
        (Some(_), _) => MailForm::Again,
        (None, Some(address)) => MailForm::Address(address),
        (None, None) => MailForm::Code(Secret::new(fields.text("code").unwrap_or_default())),
    };
    let outcome = cx.app.flow.mail_code_sent(&cx.visitor, request, token(&fields), form).await;
    cx.portal(outcome, Cx::mail_answer)
}

/// A code on its way, as pages show it.
pub fn sent_mail(sent: Sent) -> SentMail {
    SentMail {
        number: sent.number,
        at: sent.at,
        until: sent.until,
        way: match sent.way {
            Way::Waiting => MailWay::Waiting,
            Way::Accepted { at } => MailWay::Accepted { at },
            Way::Deferred { next_at, words } => MailWay::Deferred { next_at, words },
            Way::Refused { words } => MailWay::Refused { words },
            Way::GivenUp { words } => MailWay::GivenUp { words },
            Way::Bounced { at, words } => MailWay::Bounced { at, words },
        },
    }
}

impl Cx {
    fn mail_answer(&self, answer: MailAnswer) -> (Page, Option<Who>) {
        match answer {
            MailAnswer::Register(view) => self.mail_page(*view),
            MailAnswer::NotNow(not_now) => self.not_now(not_now),
        }
    }

    fn mail_page(&self, view: MailPage) -> (Page, Option<Who>) {
        let failure = view.failure.map(|failure| {
            let mut shown = self.portal_failure(failure.reason, failure.details, failure.incident);
            shown.incident.at = failure.at;
            shown
        });
        let page = RegisterMail {
            reload_href: format!("{}?r={}", LINKS.mail_code, view.request),
            restart_href: LINKS.mail_code.to_owned(),
            form: Form::new(
                LINKS.mail_code,
                vec![("token", view.token), ("request", view.request)],
            ),
            step: match view.step {
                MailStep::Address { typed } => RegisterMailStep::Address { typed },
                MailStep::Code { address, sent } => {
                    RegisterMailStep::Code { address, sent: sent_mail(sent) }
                }
            },
            replaces: view.replaces,
            failure,
            place: self.place(),
            wait_until: view.wait_until,
        };
        (page.into(), view.who)
    }
}
