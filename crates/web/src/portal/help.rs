//! `GET /help`: what an incident code says, and what else it could be.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::http::request::Parts;
use sekimori_flow::IncidentCode;
use sekimori_flow::portal::HelpView;
use sekimori_pages::{Form, Topic, TroubleLinks, Troubleshoot, TroubleshootAnswer};

use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cookies::Name;
use crate::cx::Cx;

/// Where it is.
const PATH: &str = "/help";

/// Where its ways lead.
const LINKS: TroubleLinks = TroubleLinks {
    account: super::LINKS.overview,
    password_ticket: super::PASSWORD_TICKET,
    enrol_ticket: super::LINKS.ticket,
    import_guide: super::IMPORT_GUIDE,
};

/// `GET /help`: a page for a code, open to everybody.
pub async fn help(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let typed = cx.field("code");
    let view = match cx.app.flow.help(&cx.visitor, typed.as_deref()).await {
        Ok(view) => view,
        Err(fault) => return cx.fault(&fault),
    };
    let code = match &view {
        HelpView::Public(code) | HelpView::Told(code, _) => code.to_string(),
        HelpView::Nothing | HelpView::Mistyped | HelpView::Slower { .. } => {
            typed.unwrap_or_default().chars().take(20).collect()
        }
    };
    let nothing = matches!(view, HelpView::Nothing);
    let slower = match view {
        HelpView::Slower { wait_seconds } => Some(wait_seconds),
        _ => None,
    };
    let page = Troubleshoot {
        form: Form::new(PATH, Vec::new()),
        code,
        answer: cx.help_answer(view),
        place: Some(cx.place()),
        topic: cx.field("topic").as_deref().and_then(Topic::from_word),
        last: last_code(&cx).filter(|_| nothing),
        links: LINKS,
    };
    let status = if slower.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
    let mut answer = cx.page(status, &page.into());
    if let Some(seconds) = slower {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    answer
}

/// What the browser was shown last. Nothing is looked up, and nothing but a code is shown again.
fn last_code(cx: &Cx) -> Option<String> {
    let kept = cx.channel.read(&cx.headers, Name::Incident)?;
    Some(kept.parse::<IncidentCode>().ok()?.to_string())
}

impl Cx {
    fn help_answer(&self, view: HelpView) -> TroubleshootAnswer {
        let language = self.visitor.language;
        match view {
            HelpView::Nothing => TroubleshootAnswer::Nothing,
            HelpView::Mistyped => TroubleshootAnswer::Mistyped,
            HelpView::Public(_) => TroubleshootAnswer::Public,
            HelpView::Slower { wait_seconds } => TroubleshootAnswer::Slower { wait_seconds },
            HelpView::Told(code, told) => TroubleshootAnswer::Told {
                failure: Box::new(self.portal_failure(told.reason, told.details, Some(code))),
                at: told.at,
                service: told.service.map(|title| title.text(language).to_owned()),
                place: told.zone.map(|zone| self.zone_title(Some(&zone))),
            },
        }
    }
}
