//! Client certificates in the portal: the list, getting one, its file and PIN, taking one back.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use sekimori_flow::certificates::{Serial, ShownCertificate};
use sekimori_flow::portal::{
    CertificateDone, CertificatesPage, FilePage, IssueAnswer, IssueForm, MayIssue, Portal,
    RevokePage, Who,
};
use sekimori_login::Reason;
use sekimori_pages::portal::{
    CertificateFile, CertificateNote, CertificateRow, Certificates, IssueCertificate, Obtainable,
    RevokeCertificate,
};
use sekimori_pages::{Form, Page};
use sekimori_words::Words;

use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::Fields;

/// `GET /portal/certificates`.
pub async fn certificates(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let done = cx.field("done").and_then(|word| CertificateDone::from_word(&word));
    let outcome = cx.app.flow.certificates_page(&cx.visitor, done).await;
    cx.portal(outcome, |cx, view| cx.certificates_page(view))
}

/// `GET /portal/certificates/new`: whether to get one.
pub async fn certificate_new(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let outcome = cx.app.flow.issue_page(&cx.visitor).await;
    cx.portal(outcome, Cx::issue_answer)
}

/// `POST /portal/certificates/new`.
pub async fn certificate_issued(State(app): State<App>, parts: Parts, body: Bytes) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let form = IssueForm {
        token: token(&fields).to_owned(),
        once: fields.one("once").unwrap_or_default().to_owned(),
        label: fields.text("label").unwrap_or_default(),
    };
    let outcome = cx.app.flow.issue_own_certificate(&cx.visitor, form).await;
    cx.portal(outcome, Cx::issue_answer)
}

/// `GET /portal/certificates/issued/{serial}`: the PIN, and the way to the file.
pub async fn certificate_file(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Some(serial) = Serial::from_hex(&id) else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let outcome = cx.app.flow.certificate_file_page(&cx.visitor, serial).await;
    cx.portal(outcome, |_, view| file_page(&view))
}

/// `GET /portal/certificates/issued/{serial}/file`: the PKCS#12 file.
pub async fn certificate_download(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Some(serial) = Serial::from_hex(&id) else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    match cx.app.flow.certificate_file_page(&cx.visitor, serial).await {
        Ok(Portal::Here(view)) => {
            let disposition = format!("attachment; filename=\"{}\"", view.file_name);
            let mut response = Response::new(Body::from(view.file.expose().clone()));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-pkcs12"));
            // User names are plain ASCII; one that were not would leave the name to the browser.
            let plain = HeaderValue::from_str(&disposition);
            let plain = plain.unwrap_or(HeaderValue::from_static("attachment"));
            headers.insert(CONTENT_DISPOSITION, plain);
            response
        }
        other => cx.portal(other, |_, view| file_page(&view)),
    }
}

/// `POST /portal/certificates/issued/{serial}`: "I have saved both".
pub async fn certificate_saved(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    body: Bytes,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let Some(serial) = Serial::from_hex(&id) else { return cx.see(LINKS.certificates) };
    let fields = Fields::parse(&body);
    let outcome = cx.app.flow.certificate_file_saved(&cx.visitor, serial, token(&fields)).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// `GET /portal/certificates/revoke/{serial}`: whether to take it back.
pub async fn certificate_revoke(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Some(serial) = Serial::from_hex(&id) else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let outcome = cx.app.flow.revoke_page(&cx.visitor, serial).await;
    cx.portal(outcome, |cx, view| cx.revoke_page(view))
}

/// `POST /portal/certificates/revoke/{serial}`.
pub async fn certificate_revoked(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    body: Bytes,
) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let fields = Fields::parse(&body);
    let (Some(serial), Some("revoke")) = (Serial::from_hex(&id), fields.one("decision")) else {
        return cx.see(LINKS.certificates);
    };
    let outcome = cx.app.flow.revoke_own_certificate(&cx.visitor, serial, token(&fields)).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

/// Where the parts of one certificate are.
fn href(part: &str, serial: Serial) -> String {
    format!("{}/{part}/{}", LINKS.certificates, serial.to_string().replace(':', ""))
}

fn file_page(view: &FilePage) -> (Page, Option<Who>) {
    let action = href("issued", view.serial);
    let page = CertificateFile {
        file_href: format!("{action}/file"),
        form: Form::new(action, vec![("token", view.token.clone())]),
        pin: view.pin.expose().clone(),
        file_name: view.file_name.clone(),
        expires_at: view.expires_at,
    };
    (page.into(), Some(view.who.clone()))
}

impl Cx {
    fn certificates_page(&self, view: CertificatesPage) -> (Page, Option<Who>) {
        let rows = view.certificates.into_iter().map(|one| self.certificate_row(one));
        let page = Certificates {
            note: view.done.map(|done| match done {
                CertificateDone::Saved => CertificateNote::Saved,
                CertificateDone::Revoked => CertificateNote::Revoked,
                CertificateDone::Failed => CertificateNote::Failed,
            }),
            certificates: rows.collect(),
            obtainable: match view.may_issue {
                MayIssue::Yes => Obtainable::Yes,
                MayIssue::Full => Obtainable::Full,
                MayIssue::No => Obtainable::No,
            },
            good_max: view.good_max,
            new_href: format!("{}/new", LINKS.certificates),
        };
        (page.into(), Some(view.who))
    }

    fn certificate_row(&self, one: ShownCertificate) -> CertificateRow {
        let good = one.is_good(self.visitor.now);
        CertificateRow {
            revoke_href: good.then(|| href("revoke", one.serial)),
            serial: one.serial.to_string(),
            serial_decimal: one.serial.decimal(),
            name: if one.label.is_empty() {
                Words::of(self.visitor.language).text("certificate-name")
            } else {
                one.label
            },
            issued_at: one.issued_at,
            by_owner: one.issued_by == "self",
            expires_at: one.expires_at,
            revoked_at: one.revoked.map(|(at, _)| at),
            good,
        }
    }

    fn issue_answer(&self, answer: IssueAnswer) -> (Page, Option<Who>) {
        match answer {
            IssueAnswer::Form(view) => {
                let hidden = vec![("token", view.token), ("once", view.once)];
                let action = format!("{}/new", LINKS.certificates);
                let page =
                    IssueCertificate { form: Form::new(action, hidden), months: view.months };
                (page.into(), Some(view.who))
            }
            IssueAnswer::NotNow(not_now) => self.not_now(not_now),
        }
    }

    fn revoke_page(&self, view: RevokePage) -> (Page, Option<Who>) {
        let action = href("revoke", view.certificate.serial);
        let page = RevokeCertificate {
            form: Form::new(action, vec![("token", view.token)]),
            certificate: self.certificate_row(view.certificate),
        };
        (page.into(), Some(view.who))
    }
}
