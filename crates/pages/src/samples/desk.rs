//! Samples of the help desk's console.

use sekimori_base::Language;
use sekimori_directory::{Affiliation, Binding, Method, PersonState};
use sekimori_login::desk::Role;
use sekimori_login::replay::Change;
use sekimori_login::throttle::Guess;
use sekimori_login::{Details, FactorState, Reason};

use super::portal::{events, form, sample, sessions};
use super::{NOW, Sample, factor_id, text};
use crate::desk::{
    Console, DeskCertificate, DeskIncident, DeskPerson, FoundPerson, KnownIncident, PlaceOutlook,
    Replay, SearchedFor, SentRequest, WaitRow,
};
use crate::portal::FactorRow;
use crate::{MailWay, SentMail};

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let console = |searched| Console { form: form("/desk"), searched };
    let searched =
        |people, more| Some(SearchedFor { text: text(language, "sato", "佐藤"), people, more });
    let unknown = DeskIncident {
        console_href: "/desk".to_owned(),
        code: "7K3M-9QTX-4".to_owned(),
        known: None,
    };
    let incident = |known| DeskIncident { known: Some(Box::new(known)), ..unknown.clone() };
    vec![
        sample("desk", console(None)),
        sample("desk-nobody", console(searched(Vec::new(), false))),
        sample("desk-found", console(searched(found(language), true))),
        sample("desk-person", person(language)),
        sample("desk-person-bare", bare_person(language)),
        sample("desk-incident", incident(wrong_code(language))),
        sample("desk-incident-request", incident(wrong_address(language))),
        sample("desk-incident-fault", incident(fault())),
        sample("desk-incident-unknown", unknown),
    ]
}

fn found(language: Language) -> Vec<FoundPerson> {
    let one = |name: String, username: &str| FoundPerson {
        href: "/desk/person/c2VhbGVk".to_owned(),
        name,
        username: username.to_owned(),
    };
    vec![
        one(text(language, "Hanako Sato", "佐藤 花子"), "s2410001"),
        one(text(language, "Jiro Sato", "佐藤 次郎"), "s2410002"),
    ]
}

fn person(language: Language) -> DeskPerson {
    let event = |row| (row, Some("/desk/incident/c2VhbGVk".to_owned()));
    let outlook =
        |zone: &str, place, why_not| PlaceOutlook { zone: zone.to_owned(), place, why_not };
    DeskPerson {
        other_name: Some(text(language, "佐藤 花子", "Hanako Sato")),
        mail: Some("h***@e***".to_owned()),
        affiliations: vec![Affiliation::Student],
        groups: vec!["students".to_owned()],
        state: PersonState::Held { since: NOW.plus_seconds(-3600) },
        outlooks: vec![
            outlook("outside", text(language, "outside", "学外"), Some(Reason::FactorSuspended)),
            outlook("campus", text(language, "campus network", "学内ネットワーク"), None),
        ],
        waits: vec![
            WaitRow {
                guess: Guess::Password,
                inside: false,
                failures: 12,
                until: Some(NOW.plus_seconds(60)),
                closed: false,
            },
            WaitRow { guess: Guess::Totp, inside: true, failures: 100, until: None, closed: true },
        ],
        factors: vec![
            factor(1, Method::Totp, FactorState::Suspended),
            factor(2, Method::MailCode, FactorState::SwitchedOff),
        ],
        certificates: vec![DeskCertificate {
            name: text(language, "Laptop", "ノートパソコン"),
            serial: "4f:12:9a".to_owned(),
            issued_at: NOW.plus_seconds(-86_400),
            expires_at: NOW.plus_seconds(86_400 * 700),
        }],
        sessions: sessions(language),
        events: events(language).into_iter().take(4).map(event).collect(),
        older_href: Some("/desk/person/c2VhbGVk?before=1795309351000".to_owned()),
        ..bare_person(language)
    }
}

fn factor(byte: u8, method: Method, state: FactorState) -> FactorRow {
    FactorRow {
        id: factor_id(byte),
        method,
        label: if method == Method::MailCode { "h***@g***".to_owned() } else { String::new() },
        binding: Binding::Ticket,
        state,
        registered_at: NOW.plus_seconds(-86_400 * 40),
        last_used_at: None,
        codes_left: None,
    }
}

/// An administrator who has nothing yet, seen by another.
fn bare_person(language: Language) -> DeskPerson {
    DeskPerson {
        console_href: "/desk".to_owned(),
        name: text(language, "Hanako Sato", "佐藤 花子"),
        other_name: None,
        username: "s2410001".to_owned(),
        mail: None,
        affiliations: Vec::new(),
        groups: Vec::new(),
        state: PersonState::ACTIVE,
        role: Role::Administrator,
        see_only: true,
        outlooks: Vec::new(),
        waits: Vec::new(),
        has_password: false,
        factors: Vec::new(),
        certificates: Vec::new(),
        sessions: Vec::new(),
        events: Vec::new(),
        older_href: None,
    }
}

fn fault() -> KnownIncident {
    KnownIncident {
        at: NOW.plus_seconds(-600),
        person: None,
        service: None,
        place: None,
        inside: false,
        reason: Some(Reason::ServerFault),
        details: None,
        rule: None,
        replay: None,
        changes: Vec::new(),
        mails: Vec::new(),
        facts: None,
        request: None,
        fault: Some("loading what a decision needs: the database is closed".to_owned()),
    }
}

fn wrong_code(language: Language) -> KnownIncident {
    let sent = SentMail {
        number: 2,
        at: NOW.plus_seconds(-640),
        until: NOW.plus_seconds(-40),
        way: MailWay::Accepted { at: NOW.plus_seconds(-639) },
    };
    KnownIncident {
        person: Some(("s2410001".to_owned(), "/desk/person/c2VhbGVk".to_owned())),
        service: Some(text(language, "Library", "図書館")),
        place: Some(text(language, "outside", "学外")),
        reason: Some(Reason::ClockSuspected),
        details: Some(Details {
            verified: true,
            method: Some(Method::Totp),
            clock_ahead_seconds: Some(-180),
            ..Details::default()
        }),
        rule: Some("verdicts".to_owned()),
        replay: Some(Replay::Same),
        changes: vec![Change::FreshCode(Method::Totp), Change::InsideZone],
        mails: vec![("h***@g***".to_owned(), sent)],
        facts: Some("schema: 1\nnow: 1795308751000\nposition\n  zone: outside\n".to_owned()),
        fault: None,
        ..fault()
    }
}

fn wrong_address(language: Language) -> KnownIncident {
    KnownIncident {
        service: Some(text(language, "Library", "図書館")),
        reason: Some(Reason::RedirectMismatch),
        request: Some(SentRequest {
            problem: "redirect_uri is not registered".to_owned(),
            client_id: Some("library".to_owned()),
            redirect_uri: Some("https://library.example.ac.jp/callbak".to_owned()),
            registered: vec!["https://library.example.ac.jp/callback".to_owned()],
            differs_at: Some(37),
        }),
        fault: None,
        ..fault()
    }
}
