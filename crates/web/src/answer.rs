//! Answers: pages, redirects, faults, always with the right status and headers.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use sekimori_base::Fault;
use sekimori_flow::IncidentCode;
use sekimori_flow::view::Cookies;
use sekimori_login::{Details, Reason};
use sekimori_pages::{
    ConnectionCheck, Failure, Frame, Incident, LanguageLink, Page, Place, Problem,
};
use tracing::Instrument;

use crate::cookies::Name;
use crate::cx::Cx;
use crate::query::with_field;

/// An answer of ours.
pub type Answer = Response<Body>;

/// Requests by cross-site POST that one browser may have open.
const REQUESTS_MAX: usize = 8;

/// What a form leads to, whether or not its browser waits for it. A browser that goes away (a lost connection, an
/// impatient reload) drops the request, but not what it began: a reserved guess is decided on, and the next submit of
/// the page hears what came of it.
pub async fn to_the_end(answer: impl Future<Output = Answer> + Send + 'static) -> Answer {
    match tokio::spawn(answer.in_current_span()).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => bare(StatusCode::SERVICE_UNAVAILABLE),
        },
    }
}

impl Cx {
    /// A page.
    pub fn page(&self, status: StatusCode, page: &Page) -> Answer {
        self.framed(status, page, &self.frame())
    }

    /// A page in a frame of its own.
    pub fn framed(&self, status: StatusCode, page: &Page, frame: &Frame<'_>) -> Answer {
        let mut response = Response::new(Body::from(page.html(frame)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert("content-security-policy", HeaderValue::from_static(page.csp()));
        if let Some(language) = self.chosen {
            self.channel.set(headers, Name::Language, language.tag());
        }
        // So that the troubleshooter can begin there.
        if let Some(code) = page.incident_code() {
            self.channel.set(headers, Name::Incident, code);
        }
        response
    }

    /// What stands around the page.
    pub fn frame(&self) -> Frame<'_> {
        let site = &self.visitor.tenant.site;
        let languages = sekimori_base::Language::ALL
            .into_iter()
            .filter(|language| self.repeatable && *language != self.visitor.language)
            .map(|language| LanguageLink {
                language,
                href: with_field(&self.path, self.query.as_deref(), "lang", language.tag()),
            })
            .collect();
        Frame {
            language: self.visitor.language,
            organisation: &site.organisation,
            time_zone: &site.time_zone,
            now: self.visitor.now,
            languages,
            troubleshoot_href: "/help",
            check_href: ConnectionCheck::PATH,
            portal: None,
            demo: self.demo_strip(),
        }
    }

    /// 303 to a path of ours, or to a verified address.
    pub fn see_other(&self, location: &str, cookies: &Cookies) -> Answer {
        let Ok(value) = HeaderValue::from_str(location) else {
            return self.fault(&Fault::new("redirecting", "a location that is no header"));
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, value);
        self.write_cookies(&mut response, cookies);
        response
    }

    /// Set what flow wants the browser to keep.
    pub fn write_cookies(&self, response: &mut Answer, cookies: &Cookies) {
        let headers = response.headers_mut();
        if let Some(browser) = &cookies.browser {
            self.channel.set(headers, Name::Browser, browser);
        }
        if cookies.end_session {
            self.channel.forget(headers, Name::Session);
        }
        if let Some(session) = &cookies.session {
            self.channel.set(headers, Name::Session, session);
        }
        if let Some(device) = &cookies.device {
            self.channel.set(headers, Name::Device, device);
        }
        if let Some((id, text)) = &cookies.request {
            let open = self.channel.request_ids(&self.headers);
            let over = (open.len() + 1).saturating_sub(REQUESTS_MAX);
            for old in &open[..over.min(open.len())] {
                self.channel.forget_request(headers, old);
            }
            self.channel.set_request(headers, id, text);
        }
    }

    /// Let go of requests in cookies: of the `used` one unless it is `needed` again, and of the oldest others over
    /// the bound. A cross-site POST brings no cookie of ours along, so that only here can be seen how many there are.
    pub fn tidy_requests(&self, response: &mut Answer, used: &str, needed: Option<&str>) {
        let mut others = self.channel.request_ids(&self.headers);
        others.retain(|id| id != used);
        let over = others.len().saturating_sub(REQUESTS_MAX - 1);
        let gone = others[..over].iter().map(String::as_str);
        for id in gone.chain(needed.is_none().then_some(used)) {
            self.channel.forget_request(response.headers_mut(), id);
        }
    }

    /// A problem as a full page.
    pub fn problem(
        &self,
        status: StatusCode,
        reason: Reason,
        incident: Option<IncidentCode>,
    ) -> Answer {
        self.problem_leading(status, reason, incident, None)
    }

    /// The same, leading on to a page of ours; to the account page if there is none.
    fn problem_leading(
        &self,
        status: StatusCode,
        reason: Reason,
        incident: Option<IncidentCode>,
        next: Option<String>,
    ) -> Answer {
        let failure = Failure {
            reason,
            details: Details::default(),
            hints: Vec::new(),
            incident: Incident {
                code: incident.map(|code| code.to_string()),
                at: self.visitor.now,
            },
        };
        let problem = Problem {
            failure,
            service: None,
            service_contact: None,
            place: Some(self.place()),
            next_href: next.or_else(|| Some("/portal".to_owned())),
            owner: None,
        };
        self.page(status, &problem.into())
    }

    /// Where the person is.
    pub fn place(&self) -> Place {
        let visitor = &self.visitor;
        Place::of(&visitor.position, &visitor.tenant.site, visitor.language)
    }

    /// Something of ours broke: logged with its source under an incident code, told without it.
    pub fn fault(&self, fault: &Fault) -> Answer {
        // What was asked for can be asked for again; what was posted cannot.
        let again = self.repeatable.then(|| match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        });
        self.fault_at(fault, again)
    }

    /// The same, with the page of ours where to go on as if nothing had happened.
    pub fn fault_at(&self, fault: &Fault, again: Option<String>) -> Answer {
        let code = self.app.flow.fault_code(&self.visitor, fault);
        log_fault(fault, code);
        let status = if fault.is_passing() {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        // Never an address of somebody else: `//host` would be one, and browsers read `\` as `/`.
        let again =
            again.filter(|href| href.starts_with('/') && !href[1..].starts_with(['/', '\\']));
        let mut answer = self.problem_leading(status, Reason::ServerFault, code, again);
        if fault.is_passing() {
            answer.headers_mut().insert(RETRY_AFTER, PASSING_SECONDS.into());
        }
        answer
    }
}

/// The log line of a fault, with all that it was caused by.
pub fn log_fault(fault: &Fault, code: Option<IncidentCode>) {
    let mut causes = fault.to_string();
    let mut source = std::error::Error::source(fault).and_then(std::error::Error::source);
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    let code = code.map(|code| code.to_string());
    tracing::error!(incident = code, fault = %causes, "a fault of ours");
}

/// When to ask again after something that may be over in a moment.
pub const PASSING_SECONDS: u32 = 5;

/// 500 for programs, or 503 if it may be over in a moment.
pub fn bare_fault(fault: &Fault) -> Answer {
    log_fault(fault, None);
    if !fault.is_passing() {
        return bare(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let mut answer = bare(StatusCode::SERVICE_UNAVAILABLE);
    answer.headers_mut().insert(RETRY_AFTER, PASSING_SECONDS.into());
    answer
}

/// A status without a body; but whoever comes by a host name of no organisation reads why nothing is here, since there
/// are no settings to make a page of.
pub fn bare(status: StatusCode) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status == StatusCode::MISDIRECTED_REQUEST {
        *response.body_mut() = Body::from(NO_SUCH_HOST);
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
    response
}

/// 400 for a form that no browser sends.
pub fn unreadable() -> Answer {
    plain(StatusCode::BAD_REQUEST, UNREADABLE)
}

/// For a form whose body did not come whole, or is longer than any of ours.
pub fn unread(status: StatusCode) -> Answer {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => plain(status, TOO_LONG),
        _ => plain(status, CUT_OFF),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut response = bare(status);
    *response.body_mut() = Body::from(text);
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// What a program reads whose request did not come as far as the endpoint (RFC 6749, 5.2).
pub fn program_error(status: StatusCode) -> Answer {
    let mut response = bare(status);
    *response.body_mut() = Body::from(match status {
        StatusCode::METHOD_NOT_ALLOWED => WRONG_METHOD,
        StatusCode::PAYLOAD_TOO_LARGE => BODY_TOO_LONG,
        _ => BODY_CUT_OFF,
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const WRONG_METHOD: &str = r#"{"error":"invalid_request","error_description":"this endpoint does not take this method: see the Allow header"}"#;
const BODY_TOO_LONG: &str =
    r#"{"error":"invalid_request","error_description":"the body is longer than 64 KB"}"#;
const BODY_CUT_OFF: &str =
    r#"{"error":"invalid_request","error_description":"the body did not come whole"}"#;

const TOO_LONG: &str = "\
What was sent is longer than anything that is asked for here; nothing was looked at. Go back and enter it again.
送信された内容が長すぎるため、何も確認していません。前の画面に戻って、もう一度入力してください。
";

const CUT_OFF: &str = "\
What was sent did not come whole; nothing was looked at. Go back and send it again.
送信が途中で切れたため、何も確認していません。前の画面に戻って、もう一度送信してください。
";

const UNREADABLE: &str = "\
What was sent is not valid UTF-8 and cannot be read. Go back and enter it again.
送信された内容がUTF-8ではないため、読み取れません。前の画面に戻って、もう一度入力してください。
";

const NO_SUCH_HOST: &str = "\
No sign-in answers to this host name. Check the address.
このホスト名で応答するサインインはありません。アドレスを確認してください。

For whoever runs the server: the organisations are those of [[tenant]] in sekimori.toml, and a proxy has to pass on
the host name that the browser asked for.
";
