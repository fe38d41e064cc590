//! Which proofs may be used, and which is asked for first.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_directory::Method;
use sekimori_flow::portal::{Chosen, PreferencesPage, Use, Who};
use sekimori_login::Details;
use sekimori_pages::portal::{ChoosePreferences, LockedOut, PreferredKind};
use sekimori_pages::{Form, Page};

use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/preferences`. `off` and `first` are a choice that was not taken.
pub async fn preferences(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let refused = cx.field("off").map(|off| Chosen {
        methods: off.split('.').filter_map(method).collect(),
        first: cx.field("first").as_deref().and_then(method),
    });
    let outcome = cx.app.flow.preferences_page(&cx.visitor, refused).await;
    cx.portal(outcome, Cx::preferences_page)
}

/// `POST /portal/preferences`.
pub async fn preferences_chosen(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let chosen = Chosen {
        methods: fields.all("use").filter_map(method).collect(),
        first: fields.one("first").and_then(method),
    };
    let outcome = cx.app.flow.choose_preferences(&cx.visitor, token(&fields), chosen).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

fn method(word: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.as_str() == word)
}

impl Cx {
    fn preferences_page(&self, view: PreferencesPage) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let refused = view.refused.map(|closed| LockedOut {
            failure: self.portal_failure(closed.reason, Details::default(), None),
            service: closed.service.text(language).to_owned(),
            place: self.zone_title(Some(&closed.zone)),
            for_level: closed.for_level,
        });
        let kind = |(method, state)| PreferredKind { method, on: state == Use::On };
        let page = ChoosePreferences {
            form: Form::new(LINKS.preferences, vec![("token", view.token)]),
            kinds: view.kinds.into_iter().map(kind).collect(),
            first: view.first,
            refused,
        };
        (page.into(), Some(view.who))
    }
}
