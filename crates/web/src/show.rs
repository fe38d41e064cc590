//! What flow says, as pages: view models into page models, nothing looked up.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use sekimori_base::limits::SEALED_REQUEST_BYTES_MAX;
use sekimori_directory::Method;
use sekimori_directory::release::Released;
use sekimori_directory::settings::ServiceName;
use sekimori_flow::door::{Answer as ServiceAnswer, Destination};
use sekimori_flow::view::{ConsentView, Cookies, Progress, RefusedView, StepView};
use sekimori_login::{NextStep, Reason, Step};
use sekimori_pages::{
    CertificateAsk, Consent, DemoStrip, Enrolment, Failure, Form, Incident, LostProof, MailAsk,
    Page, PasskeyAsk, PasskeyPurpose, Password, Problem, Refusal, Relay, ReleasedItem,
    SecondFactor, Slip, Username, WayOn,
};

use crate::answer::Answer;
use crate::cx::Cx;
use crate::portal::sent_mail;

impl Cx {
    /// Show the outcome of a request of the sign-in.
    pub fn show(&self, progress: Progress) -> Answer {
        match progress {
            Progress::Step(view) => {
                let cookies = Cookies { browser: view.browser.clone(), ..Cookies::default() };
                let mut answer = self.page(StatusCode::OK, &self.step_page(*view));
                self.write_cookies(&mut answer, &cookies);
                answer
            }
            Progress::Refused(view) => self.refused(&view),
            // Held a second time: the clock stands still, or somebody else was quicker.
            Progress::Hold { .. } => {
                self.problem(StatusCode::SERVICE_UNAVAILABLE, Reason::ThrottleBusy, None)
            }
            Progress::Busy(view) => {
                let mut answer = self.problem_view(StatusCode::SERVICE_UNAVAILABLE, &view);
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
                answer
            }
            Progress::Consent(view) => self.page(StatusCode::OK, &self.consent_page(*view)),
            Progress::SeeOther { path, cookies } => self.see_other(&path, &cookies),
            Progress::Answer { answer, cookies } => self.service_answer(answer, &cookies),
        }
    }

    /// Carry an answer to the service.
    pub fn service_answer(&self, answer: ServiceAnswer, cookies: &Cookies) -> Answer {
        match answer {
            ServiceAnswer::SeeOther(location) => self.see_other(&location, cookies),
            ServiceAnswer::FormPost { action, fields } => {
                let page = Relay { service: action_host(&action), action, fields };
                let mut answer = self.page(StatusCode::OK, &page.into());
                self.write_cookies(&mut answer, cookies);
                answer
            }
        }
    }

    fn step_page(&self, view: StepView) -> Page {
        let language = self.visitor.language;
        let failure = view.reason.is_refusal().then(|| Failure {
            reason: view.reason,
            details: view.details.clone(),
            hints: view.hints.clone(),
            incident: incident(view.incident, view.at),
        });
        let mut slip = Slip::at_step(
            view.destination.title.text(language),
            self.place(),
            &view.step,
            view.name.as_deref(),
            view.reason,
        );
        slip.place.moved_from = self.moved_from(&view);
        let ticket_href = ticket_href(view.request.as_deref());
        let form = step_form(&view);
        let (passkey, certificate) = (passkey_ask(&view), certificate_ask(&view));
        let mail = mail_ask(&view, &form);
        let other = view.request.as_ref().map(|request| format!("/login/switch?r={request}"));
        let here = step_href(&view);
        let name = view.name.unwrap_or_default();
        match view.step {
            Step::Username => {
                let note = view.note;
                Username { slip, form, username: name, failure, note, ticket_href, passkey }.into()
            }
            Step::Password => Password {
                slip,
                form,
                username: name,
                change_username_href: other,
                reason: progress_reason(view.reason, Reason::AskPassword),
                failure,
                cancel_href: view.cancel,
                ticket_href: (!is_known(view.reason)).then_some(ticket_href),
                passkey,
            }
            .into(),
            Step::SecondFactor { method, choices } => SecondFactor {
                lost_href: here.as_deref().map(|here| lost_href(here, method)),
                slip,
                other_form: other_form(&form),
                form,
                username: name,
                method,
                choices,
                reason: progress_reason(view.reason, Reason::AskSecondFactor),
                failure,
                change_username_href: other,
                cancel_href: view.cancel,
                passkey,
                certificate,
                mail,
            }
            .into(),
        }
    }

    /// What somebody can do who has lost what a step asks for, instead of the step; anything else as it is.
    pub fn show_lost(&self, progress: Progress, lost: Method) -> Answer {
        let view = match progress {
            Progress::Step(view) if matches!(view.step, Step::SecondFactor { .. }) => *view,
            other => return self.show(other),
        };
        let (form, here) = (step_form(&view), step_href(&view));
        let Step::SecondFactor { choices, .. } = &view.step else {
            return self.show(Progress::Step(Box::new(view)));
        };
        let slip = Slip::at_step(
            view.destination.title.text(self.visitor.language),
            self.place(),
            &view.step,
            view.name.as_deref(),
            Reason::AskSecondFactor,
        );
        let page = LostProof {
            slip,
            other_form: other_form(&form),
            method: lost,
            choices: choices.clone(),
            back_href: here.unwrap_or_else(|| "/portal".to_owned()),
        };
        self.page(StatusCode::OK, &page.into())
    }

    /// What the network was called in which the attempt began, if it is another one now.
    fn moved_from(&self, view: &StepView) -> Option<String> {
        let began = view.zone_at_begin.as_ref()?;
        let visitor = &self.visitor;
        if *began == visitor.position.zone {
            return None;
        }
        let zone = visitor.tenant.site.zone(began);
        Some(
            zone.map_or_else(
                || began.to_string(),
                |zone| zone.title.text(visitor.language).to_owned(),
            ),
        )
    }

    fn refused(&self, view: &RefusedView) -> Answer {
        match view.reason {
            // Problems of the request are full pages; refusals of a sign-in stand on the slip.
            Reason::RequestStale
            | Reason::CookiesBlocked
            | Reason::RequestInvalid
            | Reason::ServiceDisabled
            | Reason::SessionEnded
            | Reason::CrossSite => {
                let status = StatusCode::BAD_REQUEST;
                self.problem_view(status, view)
            }
            _ => self.page(StatusCode::FORBIDDEN, &self.refusal_page(view)),
        }
    }

    fn refusal_page(&self, view: &RefusedView) -> Page {
        let language = self.visitor.language;
        let to = view.destination.as_ref().map_or("", |found| found.title.text(language));
        let slip = Slip::at_refusal(
            to,
            self.place(),
            view.reason,
            &view.details,
            view.signed_in_as.as_deref(),
        );
        let start_over = view.start_over.clone();
        let next_href = match view.reason.next_step() {
            NextStep::StartOver | NextStep::GoOn | NextStep::TryAgain => start_over.clone(),
            NextStep::OpenPortal => Some("/portal".to_owned()),
            _ => None,
        };
        let mut others = Vec::new();
        if let Some(href) = start_over.filter(|_| next_href.is_none()) {
            others.push(WayOn::StartOver { href });
        }
        if let Some(attempt) = &view.ticket_attempt {
            others.push(WayOn::EnterTicket { href: format!("/portal/ticket?attempt={attempt}") });
        } else if view.reason.next_step() == NextStep::RegisterFactor {
            others.push(WayOn::EnterTicket { href: "/portal/ticket".to_owned() });
        }
        Refusal {
            slip,
            failure: failure(view),
            next_href,
            service_contact: contact(view.destination.as_ref()),
            others,
            enrolment: self.enrolment(view),
        }
        .into()
    }

    /// Whether the account page would register a first proof here. If it is the one that refuses, it does not.
    fn enrolment(&self, view: &RefusedView) -> Enrolment {
        let position = &self.visitor.position;
        let portal = ServiceName::portal();
        if !(position.may_enrol && position.password_suffices) {
            Enrolment::Inside
        } else if view.destination.as_ref().is_some_and(|to| to.service == portal) {
            Enrolment::Nowhere
        } else {
            Enrolment::Here
        }
    }

    fn problem_view(&self, status: StatusCode, view: &RefusedView) -> Answer {
        let language = self.visitor.language;
        let problem = Problem {
            service: view.destination.as_ref().map(|found| found.title.text(language).to_owned()),
            service_contact: contact(view.destination.as_ref()),
            place: Some(self.place()),
            next_href: view.start_over.clone().or_else(|| Some("/portal".to_owned())),
            owner: None,
            failure: failure(view),
        };
        self.page(status, &problem.into())
    }

    fn consent_page(&self, view: ConsentView) -> Page {
        let language = self.visitor.language;
        let service = view.destination.title.text(language).to_owned();
        let mut slip = Slip::at_step(
            service.clone(),
            self.place(),
            &Step::Username,
            Some(&view.name),
            Reason::Admitted,
        );
        slip.identity = sekimori_pages::Identity::Right(Some(view.name.clone()));
        slip.proof = sekimori_pages::SecondProof::Unspoken;
        Consent {
            slip,
            form: Form::new("/login/consent", vec![("request", view.request)]),
            service,
            service_home: view.destination.home,
            person: view.name,
            scopes: view.scopes.into_iter().collect(),
            released: released_items(&view.released, language),
        }
        .into()
    }

    /// The strip on top of every page in demo mode.
    pub fn demo_strip(&self) -> Option<DemoStrip<'_>> {
        let demo = self.app.demo.as_ref()?;
        let visitor = &self.visitor;
        let zone = visitor.tenant.site.zone(&visitor.position.zone);
        Some(DemoStrip {
            network: zone.map(|zone| zone.title.text(visitor.language).to_owned()),
            networks_href: &demo.networks_href,
            mails_href: &demo.mails_href,
            codes_href: &demo.codes_href,
        })
    }
}

/// Whether the person has a password for certain: they just used it, or just chose it.
const fn is_known(reason: Reason) -> bool {
    matches!(reason, Reason::AskFresh | Reason::AskNewPassword)
}

/// Where a password is chosen by ticket, and the sign-in goes on from; a request that is too long for an address is
/// begun again at the portal.
fn ticket_href(request: Option<&str>) -> String {
    match request.filter(|request| request.len() <= SEALED_REQUEST_BYTES_MAX) {
        Some(request) => format!("/ticket?r={request}"),
        None => "/ticket".to_owned(),
    }
}

/// Where a code by mail goes, and how the last one fares.
fn mail_ask(view: &StepView, form: &Form) -> Option<MailAsk> {
    let mail = view.mail.clone()?;
    Some(MailAsk {
        address: mail.address,
        sent: mail.sent.map(sent_mail),
        wait_until: mail.wait_until,
        first_form: form.clone(),
        another_form: form.clone(),
        reload_href: view.attempt.as_ref().map(|attempt| format!("/login/{attempt}")),
    })
}

/// The address of a step's page; `None` if its request is too long for one.
fn step_href(view: &StepView) -> Option<String> {
    match (&view.attempt, &view.request) {
        (Some(attempt), _) => Some(format!("/login/{attempt}")),
        (None, Some(request)) if request.len() <= SEALED_REQUEST_BYTES_MAX => {
            Some(format!("/login?r={request}"))
        }
        (None, _) => None,
    }
}

/// Where whoever has lost `method` reads what they can do.
fn lost_href(here: &str, method: Method) -> String {
    let joint = if here.contains('?') { '&' } else { '?' };
    format!("{here}{joint}lost={}", method.as_str())
}

fn step_form(view: &StepView) -> Form {
    let mut hidden = Vec::new();
    if let Some(request) = &view.request {
        hidden.push(("request", request.clone()));
    }
    if let Some(attempt) = &view.attempt {
        hidden.push(("attempt", attempt.clone()));
        hidden.push(("version", view.version.to_string()));
    }
    if let Step::SecondFactor { method, .. } = &view.step {
        hidden.push(("method", method.as_str().to_owned()));
    }
    Form::new("/login", hidden)
}

/// The form that chooses another method.
fn other_form(form: &Form) -> Form {
    let mut other = form.clone();
    other.hidden.retain(|(field, _)| *field != "method");
    other
}

/// Where a certificate is presented.
fn certificate_ask(view: &StepView) -> Option<CertificateAsk> {
    let prompt = view.certificate.as_ref()?;
    let action = format!("{}/present", prompt.origin);
    Some(CertificateAsk { action, ticket: prompt.ticket.clone() })
}

/// What the page asks a passkey for.
fn passkey_ask(view: &StepView) -> Option<PasskeyAsk> {
    let prompt = view.passkey.as_ref()?;
    Some(PasskeyAsk {
        challenge: prompt.challenge.clone(),
        options: prompt.options.clone(),
        purpose: match view.step {
            Step::Username => PasskeyPurpose::Offered,
            Step::Password => PasskeyPurpose::Instead,
            Step::SecondFactor { .. } => PasskeyPurpose::Second,
        },
        unknown: prompt.may_be_unknown && view.reason == Reason::PasskeyUnknown,
    })
}

/// Pages say why they ask; a refusal stands above the plain question.
fn progress_reason(reason: Reason, plain: Reason) -> Reason {
    if reason.is_refusal() { plain } else { reason }
}

fn failure(view: &RefusedView) -> Failure {
    Failure {
        reason: view.reason,
        details: view.details.clone(),
        hints: Vec::new(),
        incident: incident(view.incident, view.at),
    }
}

fn incident(code: Option<sekimori_flow::IncidentCode>, at: sekimori_base::Timestamp) -> Incident {
    Incident { code: code.map(|code| code.to_string()), at }
}

fn contact(destination: Option<&Destination>) -> Option<String> {
    destination.and_then(|found| found.contact.as_ref()).map(ToString::to_string)
}

fn released_items(released: &Released, language: sekimori_base::Language) -> Vec<ReleasedItem> {
    let mut items = Vec::new();
    if let Some(name) = &released.name {
        items.push(ReleasedItem::Name(name.text(language).to_owned()));
    }
    if let Some(username) = &released.username {
        items.push(ReleasedItem::Username(username.clone()));
    }
    if let Some(mail) = &released.mail {
        items.push(ReleasedItem::Mail(mail.to_string()));
    }
    if !released.affiliations.is_empty() {
        items.push(ReleasedItem::Affiliations(released.affiliations.iter().copied().collect()));
    }
    if !released.groups.is_empty() {
        let groups = released.groups.iter().map(ToString::to_string).collect();
        items.push(ReleasedItem::Groups(groups));
    }
    items
}

/// The host of an address, to be shown.
fn action_host(action: &str) -> String {
    let rest = action.split_once("://").map_or(action, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}
