//! `GET /portal/rehearsal`, `POST /portal/rehearsal`, `GET /portal/rehearsal/{zone}`.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::FactorId;
use sekimori_directory::settings::ZoneName;
use sekimori_flow::portal::{
    Registering as Where, RehearsalPage, RehearsedPage, RehearsedPlace as AtPlace, Who,
};
use sekimori_login::replay::Rehearsal as Forecasted;
use sekimori_pages::portal::{
    FactorRow, Outlook, Registering, Rehearsal, Rehearsed, RehearsedPlace, Trial,
};
use sekimori_pages::{Form, Page, Place};

use super::overview::factor_row;
use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/rehearsal`: what a sign-in from elsewhere would come to.
pub async fn rehearsal(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.rehearsal_page(&cx.visitor).await;
    cx.portal(outcome, Cx::rehearsal_page)
}

/// `POST /portal/rehearsal`: do it for real, as if from `zone`.
pub async fn rehearse(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let zone = fields.one("zone").unwrap_or_default();
    let outcome = cx.app.flow.rehearse(&cx.visitor, token(&fields), zone).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// `GET /portal/rehearsal/{zone}`: how it went.
pub async fn rehearsed(State(app): State<App>, Path(zone): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.rehearsed_page(&cx.visitor, &zone).await;
    cx.portal(outcome, Cx::rehearsed_page)
}

impl Cx {
    fn rehearsal_page(&self, view: RehearsalPage) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let rows = view.factors.into_iter().map(factor_row);
        let rows: HashMap<FactorId, FactorRow> = rows.map(|row| (row.id, row)).collect();
        let places = view.places.into_iter().map(|place| self.rehearsed_place(place, &rows));
        let page = Rehearsal {
            form: Form::new(LINKS.rehearsal, vec![("token", view.token)]),
            places: places.collect(),
            registering: match view.registering {
                Where::Here => Registering::Here,
                Where::There(networks) => Registering::There(
                    networks.iter().map(|title| title.text(language).to_owned()).collect(),
                ),
                Where::WithTicket => Registering::WithTicket,
            },
        };
        (page.into(), Some(view.who))
    }

    fn rehearsed_place(&self, at: AtPlace, rows: &HashMap<FactorId, FactorRow>) -> RehearsedPlace {
        let language = self.visitor.language;
        let place = Place::of(&at.position, &self.visitor.tenant.site, language);
        let apart = at.apart.into_iter();
        RehearsedPlace {
            zone: at.position.zone.to_string(),
            // It is known well enough: it is where they would be.
            place: Place { unknown: false, ..place },
            anywhere_else: at.position.zone == ZoneName::outside(),
            here: at.here,
            outlook: outlook(at.there, rows),
            mends: at.mends,
            apart: apart
                .map(|(title, there)| (title.text(language).to_owned(), outlook(there, rows)))
                .collect(),
            trial: match (at.may_try, at.only_there) {
                (true, _) => Trial::Offered,
                (false, true) => Trial::OnlyThere,
                (false, false) => Trial::Pointless,
            },
        }
    }

    fn rehearsed_page(&self, view: RehearsedPage) -> (Page, Option<Who>) {
        let from = view.from.text(self.visitor.language).to_owned();
        (Rehearsed { from, shown: view.shown }.into(), Some(view.who))
    }
}

fn outlook(there: Forecasted, rows: &HashMap<FactorId, FactorRow>) -> Outlook {
    let factors = there.factors.into_iter();
    Outlook {
        forecast: there.forecast,
        reason: there.reason,
        factors: factors
            .filter_map(|(id, usability)| Some((rows.get(&id)?.clone(), usability)))
            .collect(),
    }
}
