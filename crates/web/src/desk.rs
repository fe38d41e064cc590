//! The help desk's console. Nothing about a person stands in an address: a search is a form, and what is found is named
//! by handles that open in one session only.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::{Language, Timestamp};
use sekimori_directory::settings::ServiceName;
use sekimori_flow::admin::fact_lines;
use sekimori_flow::desk as flow;
use sekimori_flow::door::destination;
use sekimori_flow::portal::Who;
use sekimori_login::Reason;
use sekimori_login::desk::Reach;
use sekimori_login::replay::Replayed;
use sekimori_pages::desk::{
    Console, DeskCertificate, DeskIncident, DeskPerson, FoundPerson, KnownIncident, PlaceOutlook,
    Replay, SearchedFor, SentRequest, WaitRow,
};
use sekimori_pages::{Form, Page};
use sekimori_words::Words;

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::portal::{factor_row, nothing_to_show, own_form, sent_mail, token};
use crate::query::{Fields, FormBody};

/// Where the console is.
const PATH: &str = "/desk";

/// `GET /desk`: whom or what do you look for?
pub async fn console(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let searched = cx.field("s");
    let outcome = cx.app.flow.desk_front(&cx.visitor, searched.as_deref()).await;
    cx.portal(outcome, Cx::console_page)
}

/// `POST /desk`: look for it.
pub async fn search(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let typed = fields.one("q").unwrap_or_default();
    let outcome = cx.app.flow.desk_search(&cx.visitor, token(&fields), typed).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// `GET /desk/person/{handle}`: somebody. `before` goes back in what happened.
pub async fn person(State(app): State<App>, Path(handle): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let before = cx.field("before").and_then(|text| text.parse().ok());
    let before = before.map(Timestamp::from_unix_millis);
    let outcome = cx.app.flow.desk_person(&cx.visitor, &handle, before).await;
    cx.portal(outcome, Cx::desk_person_page)
}

/// `GET /desk/incident/{handle}`: why a sign-in came out as it did.
pub async fn incident(State(app): State<App>, Path(handle): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.desk_incident(&cx.visitor, &handle).await;
    cx.portal(outcome, Cx::desk_incident_page)
}

impl Cx {
    fn console_page(&self, view: flow::DeskFront) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let person = |found: flow::Found| FoundPerson {
            href: found.path,
            name: found.name.text(language).to_owned(),
            username: found.username,
        };
        let searched = view.searched.map(|searched| SearchedFor {
            text: searched.text,
            people: searched.found.into_iter().map(person).collect(),
            more: searched.more,
        });
        let form = Form::new(PATH, vec![("token", view.token)]);
        (Console { form, searched }.into(), Some(view.who))
    }

    fn desk_person_page(&self, view: flow::DeskPerson) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let person = view.person;
        let other = match language {
            Language::English => Language::Japanese,
            Language::Japanese => Language::English,
        };
        let (name, other_name) = (person.name.text(language), person.name.text(other));
        let path = view.path;
        let page = DeskPerson {
            console_href: PATH.to_owned(),
            name: name.to_owned(),
            other_name: (name != other_name).then(|| other_name.to_owned()),
            username: person.username.to_string(),
            mail: view.mail,
            affiliations: person.affiliations.into_iter().collect(),
            groups: person.groups.iter().map(ToString::to_string).collect(),
            state: person.state,
            role: view.role,
            see_only: view.reach < Reach::Act,
            outlooks: view.outlooks.iter().map(|one| self.place_outlook(one)).collect(),
            waits: view.waits.into_iter().map(wait_row).collect(),
            has_password: view.has_password,
            factors: view.factors.into_iter().map(factor_row).collect(),
            certificates: view
                .certificates
                .into_iter()
                .map(|one| DeskCertificate {
                    name: if one.label.is_empty() {
                        Words::of(language).text("certificate-name")
                    } else {
                        one.label
                    },
                    serial: one.serial.to_string(),
                    issued_at: one.issued_at,
                    expires_at: one.expires_at,
                })
                .collect(),
            sessions: view.sessions.into_iter().map(|session| self.session_row(session)).collect(),
            events: view
                .history
                .into_iter()
                .map(|(entry, href)| (self.event_row(entry), href))
                .collect(),
            older_href: view.older.map(|at| format!("{path}?before={}", at.unix_millis())),
        };
        (page.into(), Some(view.who))
    }

    fn place_outlook(&self, outlook: &flow::Outlook) -> PlaceOutlook {
        PlaceOutlook {
            place: self.zone_title(Some(&outlook.zone)),
            zone: outlook.zone.to_string(),
            why_not: outlook.why_not,
        }
    }

    fn desk_incident_page(&self, view: flow::DeskIncident) -> (Page, Option<Who>) {
        let page = DeskIncident {
            console_href: PATH.to_owned(),
            code: view.code.to_string(),
            known: view.known.map(|known| Box::new(self.known_incident(*known))),
        };
        (page.into(), Some(view.who))
    }

    fn known_incident(&self, known: flow::IncidentKind) -> KnownIncident {
        let decided = known.decided;
        let reason = known.reason.as_deref().and_then(Reason::from_code);
        let mails = known.mails.into_iter();
        KnownIncident {
            at: known.at,
            person: known.person,
            service: known.service.map(|name| self.service_title(&name)),
            place: known.zone.map(|zone| self.zone_title(Some(&zone))),
            inside: decided.as_ref().is_some_and(|decided| decided.facts.position.inside),
            reason: decided.as_ref().map(|decided| decided.reason).or(reason),
            details: decided.as_ref().and_then(|decided| decided.details.clone()),
            rule: decided.as_ref().map(|decided| decided.rule.clone()),
            replay: decided.as_ref().map(|decided| match &decided.replayed {
                None => Replay::Unknown,
                Some(Replayed::Same(_)) => Replay::Same,
                Some(Replayed::Broken(_)) => Replay::Broken,
                Some(Replayed::DecidedDifferentlyToday(_)) => Replay::Differently,
                Some(Replayed::Unreadable) => Replay::Unreadable,
            }),
            facts: decided.as_ref().map(|decided| fact_lines(&decided.facts)),
            changes: decided.map(|decided| decided.changes).unwrap_or_default(),
            mails: mails.map(|mail| (mail.address, sent_mail(mail.sent))).collect(),
            request: known.request.map(|request| SentRequest {
                problem: request.problem,
                client_id: request.client_id,
                redirect_uri: request.redirect_uri,
                registered: request.registered,
                differs_at: request.differs_at,
            }),
            fault: known.fault,
        }
    }

    fn service_title(&self, name: &ServiceName) -> String {
        destination(&self.visitor.tenant, name).title.text(self.visitor.language).to_owned()
    }
}

const fn wait_row(wait: flow::Wait) -> WaitRow {
    let flow::Wait { guess, inside, failures, until, closed } = wait;
    WaitRow { guess, inside, failures, until, closed }
}
