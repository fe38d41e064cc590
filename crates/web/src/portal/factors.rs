//! Registering an authenticator app, making recovery codes, removing a factor.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use sekimori_base::{FactorId, Secret};
use sekimori_flow::portal::{
    CodesPage, Done, Portal, Remaining, RemovePage, TotpAnswer, TotpPage, Who,
};
use sekimori_login::Reason;
use sekimori_pages::portal::{RecoveryCodes, RegisterTotp, RemoveFactor, Standing};
use sekimori_pages::{Form, Page};

use super::overview::{done_words, factor_row};
use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/totp`: register an authenticator app.
pub async fn totp(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r");
    let outcome = cx.app.flow.totp_page(&cx.visitor, request.as_deref()).await;
    cx.portal(outcome, Cx::totp_answer)
}

/// `POST /portal/totp`: a code of the new app.
pub async fn totp_code(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let request = fields.one("request").unwrap_or_default();
    let code = Secret::new(fields.text("code").unwrap_or_default());
    let outcome = cx.app.flow.totp_confirm(&cx.visitor, request, token(&fields), &code).await;
    cx.portal(outcome, Cx::totp_answer)
}

/// `GET /portal/recovery-codes`: a fresh sheet, which counts when it is saved.
pub async fn codes(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r");
    let outcome = cx.app.flow.codes_page(&cx.visitor, request.as_deref()).await;
    cx.portal(outcome, Cx::codes_page)
}

/// `GET /portal/recovery-codes/file`: the same sheet as a file.
pub async fn codes_file(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let request = cx.field("r").unwrap_or_default();
    match cx.app.flow.codes_page(&cx.visitor, Some(&request)).await {
        Ok(Portal::Here(CodesPage::Sheet { codes, username, .. })) => {
            let sheet = RecoveryCodes {
                form: Form::default(),
                codes: codes.iter().map(|code| code.expose().clone()).collect(),
                username,
                file_href: String::new(),
                done: None,
            };
            let mut response = Response::new(Body::from(sheet.file(&cx.frame())));
            let headers = response.headers_mut();
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            headers.insert(CONTENT_TYPE, text);
            let file = HeaderValue::from_static("attachment; filename=\"recovery-codes.txt\"");
            headers.insert(CONTENT_DISPOSITION, file);
            response
        }
        other => cx.portal(other, Cx::codes_page),
    }
}

/// `POST /portal/recovery-codes`: "I have saved them".
pub async fn codes_saved(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let request = fields.one("request").unwrap_or_default();
    let outcome = cx.app.flow.codes_saved(&cx.visitor, request, token(&fields)).await;
    cx.portal(outcome, Cx::codes_page)
}

/// `GET /portal/factor/remove?factor=…`: on to the question's own address.
pub async fn remove_asked(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    match cx.field("factor").and_then(|text| text.parse::<FactorId>().ok()) {
        Some(factor) => cx.see(&format!("{}/{factor}", LINKS.remove_factor)),
        None => cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None),
    }
}

/// `GET /portal/factor/remove/{factor}`: whether to remove it.
pub async fn remove(State(app): State<App>, Path(id): Path<String>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Ok(factor) = id.parse::<FactorId>() else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let outcome = cx.app.flow.remove_page(&cx.visitor, factor).await;
    cx.portal(outcome, |_, view| remove_page(view))
}

/// `POST /portal/factor/remove/{factor}`.
pub async fn remove_confirmed(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let (Ok(factor), Some("remove")) = (id.parse::<FactorId>(), fields.one("decision")) else {
        return cx.see(LINKS.overview);
    };
    let outcome = cx.app.flow.remove_factor(&cx.visitor, factor, token(&fields)).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

fn remove_page(view: RemovePage) -> (Page, Option<Who>) {
    let action = format!("{}/{}", LINKS.remove_factor, view.factor.facts.id);
    let page = RemoveFactor {
        form: Form::new(action, vec![("token", view.token)]),
        factor: factor_row(view.factor),
        standing: match view.remaining {
            Remaining::Others => Standing::OthersLeft,
            Remaining::RecoveryCodes => Standing::RecoveryCodesLeft,
            Remaining::Nothing => Standing::NothingLeft,
        },
    };
    (page.into(), Some(view.who))
}

impl Cx {
    fn totp_answer(&self, answer: TotpAnswer) -> (Page, Option<Who>) {
        match answer {
            TotpAnswer::Register(view) => self.totp_page(view),
            TotpAnswer::NotNow(not_now) => self.not_now(not_now),
        }
    }

    fn totp_page(&self, view: TotpPage) -> (Page, Option<Who>) {
        let failure = view.failure.map(|failure| {
            let mut shown = self.portal_failure(failure.reason, failure.details, failure.incident);
            shown.incident.at = failure.at;
            shown
        });
        let passkey_href =
            view.passkey_instead.then(|| format!("{}?r={}", LINKS.passkey, view.request));
        let mail_codes = self.visitor.tenant.site.policy.mail_codes;
        let mail_href = mail_codes.then(|| format!("{}?r={}", LINKS.mail_code, view.request));
        let page = RegisterTotp {
            passkey_href,
            mail_href,
            form: Form::new(LINKS.totp, vec![("token", view.token), ("request", view.request)]),
            secret: view.secret.expose().clone(),
            otpauth_uri: view.uri.expose().clone(),
            failure,
            place: self.place(),
        };
        (page.into(), view.who)
    }

    fn codes_page(&self, page: CodesPage) -> (Page, Option<Who>) {
        match page {
            CodesPage::Sheet { codes, username, request, token, who } => {
                let file_href = format!("{}/file?r={request}", LINKS.recovery_codes);
                let done = self.field("done").and_then(|word| Done::from_word(&word));
                let hidden = vec![("token", token), ("request", request)];
                let page = RecoveryCodes {
                    form: Form::new(LINKS.recovery_codes, hidden),
                    codes: codes.iter().map(|code| code.expose().clone()).collect(),
                    username,
                    file_href,
                    done: done.map(done_words),
                };
                (page.into(), who)
            }
            CodesPage::NotNow(not_now) => self.not_now(not_now),
        }
    }
}
