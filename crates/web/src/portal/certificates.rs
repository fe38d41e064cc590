//! Client certificates in the portal: the list, getting one, its file and PIN, taking one back.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use sekimori_flow::certificates::{Serial, ShownCertificate};
use sekimori_flow::portal::{
    CertificateDone, CertificatesPage, Fate, FilePage, IssueAnswer, IssueForm, IssuePage, MayIssue,
    Portal, RequestRefusal, RevokePage, Wanted, Who,
};
use sekimori_login::Reason;
use sekimori_pages::portal::{
    CertificateFile, CertificateNote, CertificateRow, Certificates, CertifyKey, IssueCertificate,
    Obtainable, RenewedCertificate, RenewedFate, RequestFlaw, RevokeCertificate,
};
use sekimori_pages::{Form, Page};
use sekimori_words::Words;

use super::sessions::nothing_to_show;
use super::{LINKS, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal/certificates`.
pub async fn certificates(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let done = cx.field("done").and_then(|word| CertificateDone::from_word(&word));
    let outcome = cx.app.flow.certificates_page(&cx.visitor, done).await;
    cx.portal(outcome, Cx::certificates_page)
}

/// `GET /portal/certificates/new`: whether to get one.
pub async fn certificate_new(State(app): State<App>, parts: Parts) -> Answer {
    wanted(app, parts, Some(Wanted::Fresh)).await
}

/// `GET /portal/certificates/request`: whether to have a key certified that one keeps.
pub async fn certify(State(app): State<App>, parts: Parts) -> Answer {
    wanted(app, parts, Some(Wanted::OwnKey)).await
}

/// `GET /portal/certificates/renew/{serial}`: whether to get another one after this one.
pub async fn certificate_renew(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
) -> Answer {
    wanted(app, parts, Serial::from_hex(&id).map(Wanted::Renewal)).await
}

async fn wanted(app: App, parts: Parts, wanted: Option<Wanted>) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Some(wanted) = wanted else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    let refused = cx.field("refused").and_then(|word| RequestRefusal::from_word(&word));
    let outcome = cx.app.flow.issue_page(&cx.visitor, wanted, refused).await;
    cx.portal(outcome, Cx::issue_answer)
}

/// `POST /portal/certificates/new`.
pub async fn certificate_issued(
    State(app): State<App>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    issued(app, parts, &body, Some(Wanted::Fresh)).await
}

/// `POST /portal/certificates/request`.
pub async fn certified(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    issued(app, parts, &body, Some(Wanted::OwnKey)).await
}

/// `POST /portal/certificates/renew/{serial}`.
pub async fn certificate_renewed(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    FormBody(body): FormBody,
) -> Answer {
    issued(app, parts, &body, Serial::from_hex(&id).map(Wanted::Renewal)).await
}

async fn issued(app: App, parts: Parts, body: &[u8], wanted: Option<Wanted>) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let Some(wanted) = wanted else { return cx.see(LINKS.certificates) };
    let fields = Fields::parse(body);
    let form = IssueForm {
        wanted,
        token: token(&fields).to_owned(),
        once: fields.one("once").unwrap_or_default().to_owned(),
        label: fields.text("label").unwrap_or_default(),
        request: fields.text("request").unwrap_or_default(),
    };
    let outcome = cx.app.flow.issue_own_certificate(&cx.visitor, form).await;
    cx.portal(outcome, Cx::issue_answer)
}

/// `GET /portal/certificates/pem/{serial}`: the certificate without its key, and its issuer's.
pub async fn certificate_document(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let Some(serial) = Serial::from_hex(&id) else {
        return cx.problem(StatusCode::NOT_FOUND, Reason::PageUnknown, None);
    };
    match cx.app.flow.certificate_document(&cx.visitor, serial).await {
        Ok(Portal::Here(view)) => {
            attachment(&view.file_name, "application/x-pem-file", view.text.into_bytes())
        }
        Ok(Portal::Elsewhere(progress)) => cx.show(*progress),
        Err(fault) => cx.fault(&fault),
    }
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
            attachment(&view.file_name, "application/x-pkcs12", view.file.expose().clone())
        }
        other => cx.portal(other, |_, view| file_page(&view)),
    }
}

/// `POST /portal/certificates/issued/{serial}`: "I have saved both".
pub async fn certificate_saved(
    State(app): State<App>,
    Path(id): Path<String>,
    parts: Parts,
    FormBody(body): FormBody,
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
    cx.portal(outcome, Cx::revoke_page)
}

/// `POST /portal/certificates/revoke/{serial}`.
pub async fn certificate_revoked(
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

fn issue_page(view: IssuePage) -> (Page, Option<Who>) {
    let hidden = vec![("token", view.token), ("once", view.once)];
    let at = |part: &str| format!("{}/{part}", LINKS.certificates);
    let action = match view.wanted {
        Wanted::Fresh => at("new"),
        Wanted::OwnKey => at("request"),
        Wanted::Renewal(serial) => href("renew", serial),
    };
    let (form, months) = (Form::new(action, hidden), view.months);
    let page = match view.wanted {
        Wanted::OwnKey => CertifyKey { form, months, flaw: view.refused.map(flaw) }.into(),
        Wanted::Fresh | Wanted::Renewal(_) => {
            let renewed = view.renewed.map(|renewed| RenewedCertificate {
                label: renewed.label,
                expires_at: renewed.expires_at,
                fate: match renewed.fate {
                    Fate::Stays => RenewedFate::Stays,
                    Fate::Replaced => RenewedFate::Replaced,
                },
            });
            IssueCertificate { form, months, renewed, request_href: at("request") }.into()
        }
    };
    (page, Some(view.who))
}

const fn flaw(refusal: RequestRefusal) -> RequestFlaw {
    match refusal {
        RequestRefusal::NoRequest => RequestFlaw::NoRequest,
        RequestRefusal::TooLong => RequestFlaw::TooLong,
        RequestRefusal::PrivateKey => RequestFlaw::PrivateKey,
        RequestRefusal::Key => RequestFlaw::Key,
        RequestRefusal::NotProven => RequestFlaw::NotProven,
    }
}

/// A file that is saved, not shown.
fn attachment(name: &str, kind: &'static str, bytes: Vec<u8>) -> Answer {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // User names are plain ASCII; one that were not would leave the name to the browser.
    let named = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let named = named.unwrap_or(HeaderValue::from_static("attachment"));
    headers.insert(CONTENT_DISPOSITION, named);
    response
}

impl Cx {
    fn certificates_page(&self, view: CertificatesPage) -> (Page, Option<Who>) {
        let rows = view.certificates.into_iter().map(|one| self.certificate_row(one));
        let page = Certificates {
            note: view.done.map(|done| match done {
                CertificateDone::Saved => CertificateNote::Saved,
                CertificateDone::Certified => CertificateNote::Certified,
                CertificateDone::Revoked => CertificateNote::Revoked,
                CertificateDone::Failed => CertificateNote::Failed,
            }),
            certificates: rows.collect(),
            signs_in: self.visitor.tenant.certificates.is_some(),
            obtainable: match view.may_issue {
                MayIssue::Yes => Obtainable::Yes,
                MayIssue::Full => Obtainable::Full,
                MayIssue::No => Obtainable::No,
            },
            good_max: view.good_max,
            new_href: format!("{}/new", LINKS.certificates),
            request_href: format!("{}/request", LINKS.certificates),
        };
        (page.into(), Some(view.who))
    }

    fn certificate_row(&self, one: ShownCertificate) -> CertificateRow {
        let good = one.is_good(self.visitor.now);
        CertificateRow {
            revoke_href: good.then(|| href("revoke", one.serial)),
            renew_href: good.then(|| href("renew", one.serial)),
            document_href: good.then(|| href("pem", one.serial)),
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
            IssueAnswer::Form(view) => issue_page(view),
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
