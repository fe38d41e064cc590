//! `GET /portal`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use sekimori_base::Timestamp;
use sekimori_flow::portal::{
    Done, Entry, FactorView, Happening, OverviewView, SessionView, Suggestion as Suggested, Who,
};
use sekimori_pages::portal::{
    Done as DoneWords, EventRow, FactorRow, Happened, Overview, PersonCard, ServiceLink,
    SessionRow, Suggestion,
};
use sekimori_pages::{Form, Page};

use super::sessions::nothing_to_show;
use super::{LINKS, browser, own_form, token};
use crate::answer::{Answer, bare};
use crate::app::App;
use crate::cookies::Name;
use crate::cx::Cx;
use crate::query::{Fields, FormBody};

/// `GET /portal`: who, where, what happened. `before` goes back in what happened; `later` puts a suggestion off, in
/// this browser, as `lang` chooses a language.
pub async fn overview(State(app): State<App>, parts: Parts) -> Answer {
    let Some(cx) = Cx::new(app, parts) else { return bare(StatusCode::MISDIRECTED_REQUEST) };
    let later = cx.field("later");
    let named = |known: &&Suggestion| Some(known.word()) == later.as_deref();
    if let Some(suggestion) = Suggestion::ALL.iter().find(named) {
        let mut answer = cx.see(LINKS.overview);
        cx.channel.set(answer.headers_mut(), Name::Later, suggestion.word());
        return answer;
    }
    let before = cx.field("before").and_then(|text| text.parse().ok());
    let before = before.map(Timestamp::from_unix_millis);
    let done = cx.field("done").and_then(|word| Done::from_word(&word));
    let outcome = cx.app.flow.overview(&cx.visitor, before, done).await;
    cx.portal(outcome, Cx::overview_page)
}

/// `POST /portal/dismiss`: what is said about registering is known, and not said once more.
pub async fn dismiss(State(app): State<App>, parts: Parts, FormBody(body): FormBody) -> Answer {
    let cx = match own_form(app, parts) {
        Ok(cx) => cx,
        Err(answer) => return *answer,
    };
    let outcome = cx.app.flow.dismiss_prompt(&cx.visitor, token(&Fields::parse(&body))).await;
    cx.portal(outcome, |_, ()| nothing_to_show())
}

impl Cx {
    fn overview_page(&self, view: OverviewView) -> (Page, Option<Who>) {
        let language = self.visitor.language;
        let name = view.person.name.text(language).to_owned();
        let who = view.who;
        let services = view
            .services
            .into_iter()
            .map(|(title, href)| ServiceLink { title: title.text(language).to_owned(), href })
            .collect();
        let overview = Overview {
            person: PersonCard {
                name,
                username: view.person.username.to_string(),
                mail: view.person.mail.map(|mail| mail.to_string()),
                affiliations: view.person.affiliations.into_iter().collect(),
                groups: view.person.groups.iter().map(ToString::to_string).collect(),
            },
            place: self.place(),
            address: self.visitor.position.address.map(|address| address.to_string()),
            done: view.done.map(done_words),
            enrolling_networks: match &view.suggestion {
                Some(Suggested::RegisterElsewhere(networks)) => {
                    networks.iter().map(|title| title.text(language).to_owned()).collect()
                }
                _ => Vec::new(),
            },
            suggestion: view.suggestion.as_ref().map(suggestion).filter(|suggestion| {
                self.channel.read(&self.headers, Name::Later) != Some(suggestion.word())
            }),
            services,
            factors: view.factors.into_iter().map(factor_row).collect(),
            accepted_passkeys: view.accepted_passkeys,
            takes_passkeys: view.takes_passkeys,
            takes_mail_codes: view.takes_mail_codes,
            mail_came_back: view.mail_came_back,
            has_certificates: view.has_certificates,
            password_changed_at: None,
            sessions: view.sessions.into_iter().map(|session| self.session_row(session)).collect(),
            dismiss_form: Form::new("/portal/dismiss", vec![("token", view.token.clone())]),
            sessions_form: Form::new("/portal/sessions", vec![("token", view.token)]),
            events: view.history.into_iter().map(|entry| self.event_row(entry)).collect(),
            older_href: view
                .older
                .map(|at| format!("{}?before={}", LINKS.overview, at.unix_millis())),
        };
        (overview.into(), Some(who))
    }

    pub(crate) fn session_row(&self, session: SessionView) -> SessionRow {
        SessionRow {
            id: session.id,
            browser: browser::in_words(&session.device),
            place: self.zone_title(Some(&session.zone)),
            opened_at: session.opened_at,
            used_at: session.used_at,
            methods: session.methods,
            current: session.current,
        }
    }

    pub(crate) fn event_row(&self, entry: Entry) -> EventRow {
        let language = self.visitor.language;
        EventRow {
            at: entry.at,
            what: match entry.what {
                Happening::SignedIn => Happened::SignedIn,
                Happening::Refused(reason) => Happened::Refused(reason),
                Happening::NotRegistered(reason) => Happened::NotRegistered(reason),
                Happening::LeftOff => Happened::LeftOff,
                Happening::Changed(notice) => Happened::Changed(notice),
                Happening::Viewed => Happened::Viewed,
                Happening::TicketMade => Happened::TicketMade,
                Happening::Unlocked => Happened::Unlocked,
                Happening::BreakGlassMade => Happened::BreakGlassMade,
                Happening::SessionEnded => Happened::SessionEnded,
                Happening::SessionEndedByDesk => Happened::SessionEndedByDesk,
                Happening::PersonChanged => Happened::PersonChanged,
                Happening::NotMe => Happened::NotMe,
            },
            service: entry.service.map(|title| title.text(language).to_owned()),
            // What the desk does happens at no place of theirs.
            place: entry.zone.map(|zone| self.zone_title(Some(&zone))).unwrap_or_default(),
            address: entry.address.map(|address| address.to_string()),
            methods: entry.methods,
            code: entry.incident,
        }
    }
}

pub(crate) fn factor_row(factor: FactorView) -> FactorRow {
    let FactorView { facts, label } = factor;
    FactorRow {
        id: facts.id,
        method: facts.method,
        label,
        binding: facts.binding,
        state: facts.state,
        registered_at: facts.registered_at,
        last_used_at: facts.last_used_at,
        codes_left: facts.codes_left,
    }
}

pub(super) const fn done_words(done: Done) -> DoneWords {
    match done {
        Done::PasswordChanged => DoneWords::PasswordChanged,
        Done::TotpRegistered => DoneWords::TotpRegistered,
        Done::RecoveryCodesMade => DoneWords::RecoveryCodesMade,
        Done::FactorRemoved => DoneWords::FactorRemoved,
        Done::PreferencesChosen => DoneWords::PreferencesChosen,
        Done::LossReported => DoneWords::LossReported,
        Done::SessionEnded => DoneWords::SessionEnded,
        Done::OthersEnded => DoneWords::OthersEnded,
        Done::ConsentWithdrawn => DoneWords::ConsentWithdrawn,
        Done::AppsFull => DoneWords::AppsFull,
        Done::PasskeyRegistered => DoneWords::PasskeyRegistered,
        Done::PasskeyRenamed => DoneWords::PasskeyRenamed,
        Done::MailCodeRegistered => DoneWords::MailCodeRegistered,
        Done::PasskeysFull => DoneWords::PasskeysFull,
    }
}

const fn suggestion(suggested: &Suggested) -> Suggestion {
    match suggested {
        Suggested::RegisterFirst => Suggestion::RegisterFirst,
        Suggested::RegisterElsewhere(_) => Suggestion::RegisterElsewhere,
        Suggested::RegisterWithTicket => Suggestion::RegisterWithTicket,
        Suggested::MakeRecoveryCodes => Suggestion::MakeRecoveryCodes,
        Suggested::FewRecoveryCodes => Suggestion::FewRecoveryCodes,
    }
}
