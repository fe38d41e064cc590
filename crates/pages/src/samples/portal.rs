//! Samples of the portal and of demo mode.

use sekimori_base::Language;
use sekimori_directory::{Affiliation, Binding, Method};
use sekimori_login::{Details, FactorState, Notice, Reason};
use sekimori_words::PasswordFlaw;

use super::{
    NOW, Sample, campus, certificates, choices, eduroam, factor_id, failure, passkey, rehearsal,
    session_id, text, verified,
};
use crate::portal::{
    ChangePassword, Consents, Done, EnrolTicket, EventRow, FactorRow, GrantRow, Happened, NotMe,
    NotMeState, Overview, PersonCard, RecoveryCodes, RegisterPasskey, RegisterTotp, Remedy,
    RemoveFactor, RenamePasskey, ServiceLink, SessionRow, Standing, Suggestion,
};
use crate::{Form, Page, PasskeyPurpose, Slip, demo};

const DAY: i64 = 86_400;

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let mut all = overviews(language);
    all.extend(changes(language));
    all.extend(passkeys(language));
    all.extend(certificates::samples(language));
    all.extend(rehearsal::samples(language, &factors()));
    all.extend(choices::samples(language, &factors()));
    all.extend(tickets(language));
    all.extend(not_me(language));
    all.extend(demos(language));
    all
}

pub(super) fn sample(name: &'static str, page: impl Into<Page>) -> Sample {
    Sample { name, page: page.into(), portal: !name.starts_with("demo") }
}

pub(super) fn form(action: &str) -> Form {
    Form::new(action, vec![("token", "dG9rZW4".to_owned())])
}

fn factors() -> Vec<FactorRow> {
    let row = |byte, method, binding, state, days, used, codes_left| FactorRow {
        id: factor_id(byte),
        method,
        label: match method {
            Method::Passkey => "Chrome (Windows)".to_owned(),
            Method::MailCode => "a***@g***".to_owned(),
            _ => String::new(),
        },
        binding,
        state,
        registered_at: NOW.plus_seconds(-DAY * days),
        last_used_at: used,
        codes_left,
    };
    vec![
        row(
            1,
            Method::Totp,
            Binding::InsideWithPassword,
            FactorState::Ready,
            40,
            Some(NOW.plus_seconds(-7200)),
            None,
        ),
        row(2, Method::Totp, Binding::Ticket, FactorState::Unfinished, 2, None, None),
        row(4, Method::Passkey, Binding::OtherFactor, FactorState::Ready, 30, None, None),
        row(5, Method::MailCode, Binding::MailCode, FactorState::SwitchedOff, 20, None, None),
        row(3, Method::RecoveryCode, Binding::OtherFactor, FactorState::Ready, 39, None, Some(8)),
    ]
}

pub(super) fn sessions(language: Language) -> Vec<SessionRow> {
    let row =
        |byte, browser: Option<&str>, place: String, opened: i64, used: i64, methods| SessionRow {
            id: session_id(byte),
            browser: browser.map(str::to_owned),
            place,
            opened_at: NOW.plus_seconds(-opened),
            used_at: NOW.plus_seconds(-used),
            methods,
            current: byte == 1,
        };
    vec![
        row(
            1,
            Some("Firefox (Windows)"),
            text(language, "wired network", "有線LAN"),
            600,
            5,
            vec![Method::Password],
        ),
        row(
            2,
            Some("Safari (iPhone)"),
            "eduroam".to_owned(),
            7200,
            300,
            vec![Method::Password, Method::Totp],
        ),
        row(3, None, text(language, "outside", "学外"), 3 * 3600, 7300, vec![Method::Password]),
    ]
}

pub(super) fn events(language: Language) -> Vec<EventRow> {
    let webmail = text(language, "Webmail", "ウェブメール");
    let row = |seconds: i64,
               reason: Reason,
               place: &str,
               address: &str,
               methods,
               code: Option<&str>| {
        EventRow {
            at: NOW.plus_seconds(-seconds),
            what: if reason.is_refusal() { Happened::Refused(reason) } else { Happened::SignedIn },
            service: Some(webmail.clone()),
            place: place.to_owned(),
            address: Some(address.to_owned()),
            methods,
            code: code.map(str::to_owned),
        }
    };
    let mut events = vec![
        row(
            5,
            Reason::Admitted,
            "eduroam",
            "150.65.97.1",
            vec![Method::Password, Method::Totp],
            None,
        ),
        row(190, Reason::ClockSuspected, "eduroam", "150.65.97.1", vec![], Some("7K3M-9QTX-4")),
        row(
            DAY + 90,
            Reason::CredentialMismatch,
            &text(language, "outside", "学外"),
            "2001:db8:1f3:77ab:9c4e:1d2f:88a1:5501",
            vec![],
            Some("0AB2-C3D4-5"),
        ),
        row(DAY * 3, Reason::SessionReused, "eduroam", "150.65.97.1", vec![Method::Password], None),
        EventRow {
            what: Happened::LeftOff,
            ..row(DAY * 4, Reason::Admitted, "eduroam", "150.65.97.1", vec![], None)
        },
        EventRow {
            what: Happened::Changed(Notice::FactorAdded),
            ..row(DAY * 5, Reason::Admitted, "eduroam", "150.65.97.1", vec![], None)
        },
    ];
    events.extend(acts(&webmail));
    events
}

/// What the desk and the person did, each in its own words.
fn acts(service: &str) -> Vec<EventRow> {
    let act = |((what, place), seconds): ((Happened, &str), i64)| EventRow {
        at: NOW.plus_seconds(-seconds),
        what,
        service: Some(service.to_owned()).filter(|_| !place.is_empty()),
        place: place.to_owned(),
        address: None,
        methods: Vec::new(),
        code: None,
    };
    [
        (Happened::Viewed, ""),
        (Happened::Unlocked, ""),
        (Happened::SessionEnded, "eduroam"),
        (Happened::SessionEndedByDesk, ""),
        (Happened::NotMe, "eduroam"),
        (Happened::TicketMade, ""),
        (Happened::BreakGlassMade, ""),
        (Happened::PersonChanged, ""),
    ]
    .into_iter()
    .zip((DAY * 6..).step_by(60))
    .map(act)
    .collect()
}

fn overview(language: Language) -> Overview {
    Overview {
        person: PersonCard {
            name: text(language, "Hanako Yamada", "山田 花子"),
            username: "s2310123".to_owned(),
            mail: Some("hanako@example.ac.jp".to_owned()),
            affiliations: vec![Affiliation::Student, Affiliation::Member],
            groups: vec!["lab-tanaka".to_owned(), "vpn-users".to_owned()],
        },
        place: campus(language),
        address: Some("150.65.12.34".to_owned()),
        done: Some(Done::PasswordChanged),
        suggestion: Some(Suggestion::MakeRecoveryCodes),
        dismiss_form: form("/portal/dismiss"),
        enrolling_networks: vec![text(language, "wired network", "有線LAN")],
        services: vec![
            ServiceLink {
                title: text(language, "Webmail", "ウェブメール"),
                href: "https://webmail.example.ac.jp/".to_owned(),
            },
            ServiceLink {
                title: text(language, "Library search", "図書館検索"),
                href: "https://library.example.org/".to_owned(),
            },
        ],
        factors: factors(),
        accepted_passkeys: Some(
            r#"{"rpId":"sso.example","userId":"AA","allAcceptedCredentialIds":["AQ"]}"#.to_owned(),
        ),
        takes_passkeys: true,
        takes_mail_codes: true,
        mail_came_back: Some(NOW.plus_seconds(-600)),
        has_certificates: true,
        password_changed_at: Some(NOW.plus_seconds(-DAY * 400)),
        sessions: sessions(language),
        sessions_form: form("/portal/sessions"),
        events: events(language),
        older_href: Some("/portal?before=abc".to_owned()),
    }
}

fn overviews(language: Language) -> Vec<Sample> {
    let bare = Overview {
        place: eduroam(language),
        done: None,
        suggestion: Some(Suggestion::RegisterElsewhere),
        services: Vec::new(),
        factors: Vec::new(),
        password_changed_at: None,
        sessions: sessions(language).into_iter().take(1).collect(),
        events: Vec::new(),
        older_href: None,
        ..overview(language)
    };
    let lost = Overview { suggestion: Some(Suggestion::RegisterWithTicket), ..bare.clone() };
    vec![
        sample("overview", overview(language)),
        sample("overview-bare", bare),
        sample("overview-ticket", lost),
    ]
}

fn changes(language: Language) -> Vec<Sample> {
    let change = |flaws| ChangePassword {
        form: form("/portal/password"),
        username: "s2310123".to_owned(),
        length_min: 15,
        flaws,
        failure: None,
    };
    let totp = |failure| RegisterTotp {
        form: form("/portal/totp"),
        secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned(),
        otpauth_uri: "otpauth://totp/Hokuriku%20Institute:s2310123?secret=\
                      JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Hokuriku%20Institute"
            .to_owned(),
        failure,
        place: campus(language),
        passkey_href: Some("/portal/passkey?r=c2VhbGVk".to_owned()),
        mail_href: Some("/portal/mail-code?r=c2VhbGVk".to_owned()),
    };
    let codes = RecoveryCodes {
        form: form("/portal/recovery-codes"),
        codes: (0..10_u8).map(|n| format!("k7m{n}-9qtx-4b2{n}-w8ze")).collect(),
        username: "s2310123".to_owned(),
        file_href: "/portal/recovery-codes/file?r=c2VhbGVk".to_owned(),
        done: Some(Done::TotpRegistered),
    };
    let remove = |standing| RemoveFactor {
        form: form("/portal/remove-factor"),
        factor: factors().swap_remove(0),
        standing,
    };
    let grants = vec![GrantRow {
        value: "gra_1".to_owned(),
        service: text(language, "Library search", "図書館検索"),
        at: NOW.plus_seconds(-DAY * 30),
        scopes: vec!["openid".to_owned(), "email".to_owned(), "x-shelf".to_owned()],
    }];
    let consents = |grants| Consents { form: form("/portal/consents"), grants };
    let wrong = |reason| Some(failure(reason, verified()));
    vec![
        sample("change-password", change(Vec::new())),
        sample(
            "change-password-weak",
            change(vec![
                PasswordFlaw::TooShort { length: 9, length_min: 15 },
                PasswordFlaw::PersonWord,
            ]),
        ),
        sample("register-totp", totp(None)),
        sample("register-totp-wrong", totp(wrong(Reason::CodeWrong))),
        sample("recovery-codes", codes),
        sample("remove-factor", remove(Standing::OthersLeft)),
        sample("remove-factor-codes-left", remove(Standing::RecoveryCodesLeft)),
        sample("remove-factor-last", remove(Standing::NothingLeft)),
        sample("consents", consents(grants)),
        sample("consents-none", consents(Vec::new())),
    ]
}

fn passkeys(language: Language) -> Vec<Sample> {
    let make = |failure| RegisterPasskey {
        form: form("/portal/passkey"),
        passkey: Some(passkey(PasskeyPurpose::Make)),
        failure,
        place: campus(language),
        app_href: "/portal/totp?r=c2VhbGVk".to_owned(),
    };
    let rename = RenamePasskey {
        form: form("/portal/rename-factor/fac_1"),
        label: "Chrome (Windows)".to_owned(),
    };
    let refused = failure(Reason::PasskeyRefused, verified());
    vec![
        sample("register-passkey", make(None)),
        sample("register-passkey-refused", make(Some(refused))),
        sample("rename-passkey", rename),
    ]
}

fn tickets(language: Language) -> Vec<Sample> {
    let account = text(language, "Your account", "アカウント");
    let ticket = |failure| EnrolTicket {
        slip: Slip::at_ticket(account.clone(), campus(language), None),
        form: form("/portal/ticket"),
        failure,
    };
    let refused = EnrolTicket {
        slip: Slip::at_ticket(
            text(language, "Webmail", "ウェブメール"),
            eduroam(language),
            Some("s2310123".to_owned()),
        ),
        ..ticket(None)
    };
    let needed = failure(Reason::EnrolTicketNeeded, verified());
    let wrong = failure(Reason::TicketWrong, Details::default());
    vec![
        sample("ticket", ticket(None)),
        Sample { portal: false, ..sample("ticket-refused", refused) },
        sample("ticket-needed", ticket(Some(needed))),
        sample("ticket-wrong", ticket(Some(wrong))),
    ]
}

fn not_me(language: Language) -> Vec<Sample> {
    let page = |notice, method, state| NotMe {
        form: form("/not-me"),
        notice,
        at: NOW.plus_seconds(-3600),
        place: text(language, "wired network", "有線LAN"),
        remedy: match notice {
            Notice::FactorAdded | Notice::RecoveryCodesMade | Notice::PasskeyCopied => {
                Remedy::Suspend
            }
            Notice::CertificateIssued => Remedy::Revoke,
            _ => Remedy::EndAll,
        },
        method,
        state,
    };
    let (added, totp) = (Notice::FactorAdded, Some(Method::Totp));
    let (copied, passkey) = (Notice::PasskeyCopied, Some(Method::Passkey));
    [
        ("not-me", page(added, totp, NotMeState::Asked)),
        ("not-me-done", page(added, totp, NotMeState::Done)),
        ("not-me-over", page(added, totp, NotMeState::Over)),
        ("not-me-copied", page(copied, passkey, NotMeState::Asked)),
        ("not-me-copied-done", page(copied, passkey, NotMeState::Done)),
        ("not-me-password", page(Notice::PasswordChanged, None, NotMeState::Asked)),
        ("not-me-password-done", page(Notice::PasswordChanged, None, NotMeState::Done)),
        ("not-me-failed-done", page(Notice::SecondFactorFailed, None, NotMeState::Done)),
        ("not-me-code-done", page(Notice::RecoveryCodeUsed, None, NotMeState::Done)),
        ("not-me-removed-done", page(Notice::FactorRemoved, totp, NotMeState::Done)),
        ("not-me-resumed-done", page(Notice::FactorResumed, totp, NotMeState::Done)),
        ("not-me-certificate", page(Notice::CertificateIssued, None, NotMeState::Asked)),
        ("not-me-certificate-done", page(Notice::CertificateIssued, None, NotMeState::Done)),
        ("not-me-loss-done", page(Notice::LossReported, None, NotMeState::Done)),
        ("not-me-preferences-done", page(Notice::PreferencesChanged, None, NotMeState::Done)),
    ]
    .map(|(name, page)| Sample { portal: false, ..sample(name, page) })
    .into()
}

fn demos(language: Language) -> Vec<Sample> {
    let network =
        |title: String, explanation: Option<String>, address: &str, inside, chosen| demo::Network {
            title,
            explanation: explanation.unwrap_or_default(),
            address: address.to_owned(),
            inside,
            chosen,
        };
    let (campus, eduroam) = (campus(language), eduroam(language));
    let networks = demo::Networks {
        form: form("/demo/networks"),
        networks: vec![
            network(
                text(language, "Wired network", "有線LAN"),
                campus.explanation,
                "192.0.2.10",
                true,
                false,
            ),
            network("eduroam".to_owned(), eduroam.explanation, "198.51.100.10", false, true),
            network(text(language, "At home", "自宅"), None, "203.0.113.10", false, false),
        ],
        back_href: "/portal".to_owned(),
    };
    let mail = demo::SentMail {
        returns_to: Some("bounces+mark@demo.example".to_owned()),
        to: "hanako@example.ac.jp".to_owned(),
        at: NOW.plus_seconds(-60),
        subject: text(language, "Your password was changed", "パスワードが変更されました"),
        body: "Dear Hanako,\n\nhttps://login.example.ac.jp/not-me?link=0123456789abcdef\n"
            .to_owned(),
    };
    let service = |claims: Vec<(&str, &str)>, error: Option<&str>| demo::SampleService {
        title: text(language, "Sample service", "見本サービス"),
        claims: claims.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        sign_in_href: "/sample/login".to_owned(),
        sign_in_strong_href: "/sample/login?strong".to_owned(),
        sign_out_href: "/sample/logout".to_owned(),
        error: error.map(str::to_owned),
    };
    let claims = vec![
        ("sub", "4f1c0a8b6d"),
        ("name", "Hanako Yamada"),
        ("acr", "https://refeds.org/profile/mfa"),
        ("amr", "otp pwd mfa"),
    ];
    vec![
        sample("demo-networks", networks),
        sample("demo-mails", demo::Mails { mails: vec![mail] }),
        sample("demo-codes", demo_codes()),
        sample("demo-mails-none", demo::Mails { mails: Vec::new() }),
        sample("demo-service", service(Vec::new(), Some("access_denied"))),
        sample("demo-service-signed-in", service(claims, None)),
    ]
}

fn demo_codes() -> demo::Codes {
    demo::Codes {
        apps: vec![demo::ShownApp {
            username: "hanako".to_owned(),
            code: "492039".to_owned(),
            otpauth_uri: "otpauth://totp/Demo:hanako?secret=JBSWY3DPEHPK3PXP".to_owned(),
        }],
        seconds_left: 17,
        here_href: "/demo/codes".to_owned(),
    }
}
