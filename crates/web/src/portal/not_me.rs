//! "This was not me": the page behind a notice's link.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_flow::portal::{NotMeState as HowFar, NotMeView, Remedy as Does};
use sekimori_login::Reason;
use sekimori_pages::Form;
use sekimori_pages::portal::{NotMe, NotMeState, Remedy};

use super::own_form;
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /not-me/{link}`: opening it changes nothing.
pub async fn not_me(State(app): State<App>, Path(link): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    match cx.app.flow.not_me_page(&cx.visitor, &link).await {
        Ok(Some(view)) => cx.not_me_page(&link, &view),
        Ok(None) => cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None),
        Err(fault) => cx.fault(&fault),
    }
}

/// `POST /not-me/{link}`: only the button acts.
pub async fn not_me_pressed(
    State(app): State<App>,
    Path(link): Path<String>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    // Links of ours are of this alphabet; anything else in a path cannot stand in an address to go to.
    if !link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    }
    let here = format!("/not-me/{link}");
    if Fields::parse(&body).one("decision") != Some("not_me") {
        return cx.see(&here);
    }
    match cx.app.flow.not_me(&cx.visitor, &link).await {
        Ok(Some(_)) => cx.see(&here),
        Ok(None) => cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None),
        Err(fault) => cx.fault(&fault),
    }
}

impl Cx {
    fn not_me_page(&self, link: &str, view: &NotMeView) -> Answer {
        let page = NotMe {
            form: Form::new(format!("/not-me/{link}"), Vec::new()),
            notice: view.notice,
            at: view.at,
            place: self.zone_title(Some(&view.zone)),
            method: view.method,
            remedy: match view.remedy {
                Does::Suspend => Remedy::Suspend,
                Does::Revoke => Remedy::Revoke,
                Does::EndAll => Remedy::EndAll,
            },
            state: match view.state {
                HowFar::Asked => NotMeState::Asked,
                HowFar::Done => NotMeState::Done,
                HowFar::Over => NotMeState::Over,
            },
        };
        self.portal_page(&page.into(), None)
    }
}
