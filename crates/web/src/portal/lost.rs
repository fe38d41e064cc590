//! Something is lost: the page that ends what was on it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_flow::certificates::{Serial, ShownCertificate};
use sekimori_flow::portal::{Lost, LostPage, Who};
use sekimori_pages::portal::{LostCertificate, ReportLoss};
use sekimori_pages::{Form, Page};
use sekimori_words::Words;

use super::overview::factor_row;
use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/lost`: what is lost?
pub async fn lost(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.lost_page(&cx.visitor).await;
    cx.portal(outcome, Cx::lost_page)
}

/// `POST /portal/lost`: it ends.
pub async fn lost_reported(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let lost = Lost {
        factors: fields.all("factor").filter_map(|text| text.parse().ok()).collect(),
        certificates: fields.all("certificate").filter_map(Serial::from_hex).collect(),
        others: fields.one("others") == Some("on"),
    };
    let outcome = cx.app.flow.report_loss(&cx.visitor, token(&fields), lost).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

impl Cx {
    fn lost_page(&self, view: LostPage) -> (Page, Option<Who>) {
        let certificate = |one: ShownCertificate| LostCertificate {
            serial: one.serial.to_string(),
            name: if one.label.is_empty() {
                Words::of(self.visitor.language).text("certificate-name")
            } else {
                one.label
            },
            issued_at: one.issued_at,
        };
        let page = ReportLoss {
            form: Form::new(LINKS.lost, vec![("token", view.token)]),
            factors: view.factors.into_iter().map(factor_row).collect(),
            certificates: view.certificates.into_iter().map(certificate).collect(),
            other_sessions: view.other_sessions,
            asks_proof: view.asks_proof,
        };
        (page.into(), Some(view.who))
    }
}
