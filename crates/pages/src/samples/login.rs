//! Samples of the pages of a sign-in and of full-page problems.

use sekimori_base::Language;
use sekimori_directory::{Affiliation, InputHint, Method};
use sekimori_login::{Choice, Details, Reason, Step, Usability};
use sekimori_words::PasswordFlaw;

use super::{NOW, Sample, attempt, campus, eduroam, failure, form, passkey, text, verified};
use crate::{
    CertificateAsk, Consent, Enrolment, Identity, Incident, LostProof, NewPassword, Obstacle,
    OwnerDetails, Page, PasskeyPurpose, Password, PasswordTicket, Place, Problem, Refusal, Relay,
    ReleasedItem, SecondFactor, SecondProof, SignOut, SignedOut, Slip, SwitchChoice, SwitchPerson,
    Topic, TroubleLinks, Troubleshoot, TroubleshootAnswer, Username, WayOn,
};

const NAME: &str = "s2310123";
const TICKET: &str = "/ticket?r=c2VhbGVk";

pub(super) fn samples(language: Language) -> Vec<Sample> {
    let mut all = steps(language);
    all.extend(tickets(language));
    all.extend(second_factors(language));
    all.extend(refusals(language));
    all.extend(problems(language));
    all.extend(troubleshooting(language));
    all.extend(leaving(language));
    all
}

fn sample(name: &'static str, page: impl Into<Page>) -> Sample {
    Sample { name, page: page.into(), portal: false }
}

fn webmail(language: Language) -> String {
    text(language, "Webmail", "ウェブメール")
}

fn username(language: Language, place: Place, reason: Option<Reason>) -> Username {
    let shown = reason.unwrap_or(Reason::AskUsername);
    Username {
        slip: Slip::at_step(webmail(language), place, &Step::Username, None, shown),
        form: form("/login/username"),
        username: String::new(),
        failure: reason.map(|reason| failure(reason, Details::default())),
        note: None,
        ticket_href: TICKET.to_owned(),
        passkey: Some(passkey(PasskeyPurpose::Offered)),
    }
}

fn password(
    language: Language,
    place: Place,
    reason: Option<Reason>,
    details: Details,
) -> Password {
    let shown = reason.unwrap_or(Reason::AskPassword);
    Password {
        slip: Slip::at_step(webmail(language), place, &Step::Password, Some(NAME), shown),
        form: form("/login/password"),
        username: NAME.to_owned(),
        change_username_href: Some("/login?request=c2VhbGVk".to_owned()),
        reason: Reason::AskPassword,
        failure: reason.map(|reason| failure(reason, details)),
        cancel_href: None,
        ticket_href: Some(TICKET.to_owned()),
        passkey: Some(passkey(PasskeyPurpose::Instead)),
    }
}

fn tickets(language: Language) -> Vec<Sample> {
    let ticket = |username: &str, failure| PasswordTicket {
        slip: Slip::bare(webmail(language), eduroam(language)),
        form: form("/ticket"),
        username: username.to_owned(),
        failure,
        back_href: "/login?r=c2VhbGVk".to_owned(),
    };
    let new = |asks_code, flaws, failure| NewPassword {
        slip: Slip::at_new_password(webmail(language), eduroam(language), NAME, asks_code),
        form: form("/ticket/password"),
        username: NAME.to_owned(),
        length_min: 15,
        asks_code,
        flaws,
        failure,
    };
    let wrong = |reason, details| Some(failure(reason, details));
    let wait = Details { wait_until: Some(NOW.plus_seconds(45)), ..Details::default() };
    let short = PasswordFlaw::TooShort { length: 9, length_min: 15 };
    let own = PasswordFlaw::PersonWord;
    vec![
        sample("password-ticket", ticket("", None)),
        sample(
            "password-ticket-wrong",
            ticket(NAME, wrong(Reason::TicketWrong, Details::default())),
        ),
        sample("password-ticket-wait", ticket(NAME, wrong(Reason::ThrottleWait, wait))),
        sample(
            "password-ticket-for-factor",
            ticket(NAME, wrong(Reason::TicketForFactor, verified())),
        ),
        sample(
            "password-ticket-needs-factor",
            ticket(NAME, wrong(Reason::TicketNeedsFactor, verified())),
        ),
        sample("new-password", new(false, Vec::new(), None)),
        sample("new-password-weak", new(false, vec![short, own], None)),
        sample("new-password-code", new(true, Vec::new(), None)),
        sample(
            "new-password-code-wrong",
            new(true, Vec::new(), wrong(Reason::CodeWrong, verified())),
        ),
        sample("new-password-busy", new(false, Vec::new(), wrong(Reason::ServerBusy, verified()))),
    ]
}

fn steps(language: Language) -> Vec<Sample> {
    let stale =
        Username { note: Some(Reason::RequestStale), ..username(language, campus(language), None) };
    let mut hinted = username(language, campus(language), Some(Reason::InputEmpty));
    if let Some(failure) = &mut hinted.failure {
        failure.hints = vec![InputHint::FullWidth, InputHint::LooksLikeMail];
        failure.incident.code = None;
    }
    let mut wrong =
        password(language, eduroam(language), Some(Reason::CredentialMismatch), Details::default());
    if let Some(failure) = &mut wrong.failure {
        failure.hints = vec![InputHint::PasswordFullWidth, InputHint::CapsLock];
    }
    let wait = Details { wait_until: Some(NOW.plus_seconds(45)), ..Details::default() };
    let fresh = Password {
        reason: Reason::AskFresh,
        slip: Slip {
            to: text(language, "Your account", "アカウント"),
            place: campus(language),
            identity: Identity::Named(NAME.to_owned()),
            proof: SecondProof::Unspoken,
            obstacle: Obstacle::None,
        },
        change_username_href: None,
        cancel_href: Some("/portal".to_owned()),
        ticket_href: None,
        ..password(language, campus(language), None, Details::default())
    };
    let chosen = Password {
        reason: Reason::AskNewPassword,
        ticket_href: None,
        ..password(language, campus(language), None, Details::default())
    };
    let mut unknown = username(language, eduroam(language), Some(Reason::PasskeyUnknown));
    if let Some(passkey) = &mut unknown.passkey {
        passkey.unknown = true;
    }
    vec![
        sample("username", username(language, campus(language), None)),
        sample("username-outside", username(language, eduroam(language), None)),
        sample("username-stale", stale),
        sample("username-empty", hinted),
        sample("password", password(language, campus(language), None, Details::default())),
        sample("password-wrong", wrong),
        sample(
            "password-wait",
            password(language, eduroam(language), Some(Reason::ThrottleWait), wait),
        ),
        sample("password-again", fresh),
        sample("password-chosen", chosen),
        sample("username-passkey-unknown", unknown),
    ]
}

fn choices() -> Vec<Choice> {
    vec![
        Choice { method: Method::Totp, usability: Usability::Usable },
        Choice { method: Method::RecoveryCode, usability: Usability::Usable },
    ]
}

fn with_passkey() -> Vec<Choice> {
    let passkey = Choice { method: Method::Passkey, usability: Usability::Usable };
    let mail = Choice { method: Method::MailCode, usability: Usability::NotRegistered };
    std::iter::once(passkey).chain(choices()).chain([mail]).collect()
}

fn with_certificate() -> Vec<Choice> {
    let certificate = Choice { method: Method::Certificate, usability: Usability::Usable };
    std::iter::once(certificate).chain(choices()).collect()
}

pub(super) fn second_factor(
    language: Language,
    method: Method,
    choices: Vec<Choice>,
    reason: Option<Reason>,
    details: Details,
) -> SecondFactor {
    let step = Step::SecondFactor { method, choices: choices.clone() };
    let shown = reason.unwrap_or(Reason::AskSecondFactor);
    let moved = Place {
        moved_from: Some(text(language, "wired network", "有線LAN")),
        ..eduroam(language)
    };
    let place = if reason.is_some() { eduroam(language) } else { moved };
    SecondFactor {
        slip: Slip::at_step(webmail(language), place, &step, Some(NAME), shown),
        form: attempt("/login/code"),
        other_form: attempt("/login/method"),
        username: NAME.to_owned(),
        method,
        choices,
        reason: Reason::AskSecondFactor,
        failure: reason.map(|reason| failure(reason, details)),
        change_username_href: Some("/login?request=c2VhbGVk".to_owned()),
        lost_href: Some(format!("/login/att_1?lost={}", method.as_str())),
        cancel_href: None,
        passkey: (method == Method::Passkey).then(|| passkey(PasskeyPurpose::Second)),
        certificate: (method == Method::Certificate).then(|| CertificateAsk {
            action: "https://0f2a.cert.login.example.ac.jp/present".to_owned(),
            ticket: "c2VhbGVk".to_owned(),
        }),
        mail: None,
    }
}

fn lost(language: Language, choices: Vec<Choice>) -> LostProof {
    let asked = second_factor(language, Method::Totp, choices, None, Details::default());
    LostProof {
        slip: asked.slip,
        other_form: asked.other_form,
        method: Method::Totp,
        choices: asked.choices,
        back_href: "/login/att_1".to_owned(),
    }
}

fn second_factors(language: Language) -> Vec<Sample> {
    let used_up = vec![
        Choice { method: Method::Totp, usability: Usability::Usable },
        Choice { method: Method::RecoveryCode, usability: Usability::UsedUp },
    ];
    let impossible = SecondFactor {
        passkey: None,
        ..second_factor(language, Method::Passkey, with_passkey(), None, verified())
    };
    let drift = Details { clock_ahead_seconds: Some(-185), ..verified() };
    let one = |method, choices, reason, details| {
        second_factor(language, method, choices, reason, details)
    };
    vec![
        sample("lost-proof", lost(language, with_passkey())),
        sample("lost-proof-none", lost(language, used_up.clone())),
        sample("code", one(Method::Totp, choices(), None, verified())),
        sample("code-unusable", one(Method::Totp, used_up, None, verified())),
        sample("code-wrong", one(Method::Totp, choices(), Some(Reason::CodeWrong), verified())),
        sample("code-drift", one(Method::Totp, choices(), Some(Reason::ClockDrift), drift)),
        sample("recovery-code", one(Method::RecoveryCode, choices(), None, verified())),
        sample("passkey", one(Method::Passkey, with_passkey(), None, verified())),
        sample(
            "passkey-refused",
            one(Method::Passkey, with_passkey(), Some(Reason::PasskeyRefused), verified()),
        ),
        sample("passkey-impossible", impossible),
        sample("certificate", one(Method::Certificate, with_certificate(), None, verified())),
        sample(
            "certificate-refused",
            one(
                Method::Certificate,
                with_certificate(),
                Some(Reason::CertificateOtherPerson),
                verified(),
            ),
        ),
    ]
}

fn refusal(language: Language, place: Place, reason: Reason, details: Details) -> Refusal {
    Refusal {
        slip: Slip::at_refusal(webmail(language), place, reason, &details, Some(NAME)),
        failure: failure(reason, details),
        next_href: None,
        service_contact: Some("webmail@example.ac.jp".to_owned()),
        others: vec![
            WayOn::OtherPerson { href: "/login?request=c2VhbGVk".to_owned() },
            WayOn::BackToService { href: "/login/decline".to_owned() },
        ],
        enrolment: Enrolment::Inside,
    }
}

fn refusals(language: Language) -> Vec<Sample> {
    let none = Details {
        choices: vec![
            Choice { method: Method::Totp, usability: Usability::NotRegistered },
            Choice { method: Method::RecoveryCode, usability: Usability::NotRegistered },
        ],
        ..verified()
    };
    let mut no_factor = refusal(language, eduroam(language), Reason::FactorNone, none);
    no_factor.others.push(WayOn::EnterTicket { href: "/portal/ticket".to_owned() });
    let mut with_ticket = no_factor.clone();
    with_ticket.slip.to = String::new();
    let mut inside = with_ticket.clone();
    (inside.slip.place, inside.enrolment) = (campus(language), Enrolment::Nowhere);
    no_factor.next_href = Some("/portal/totp".to_owned());
    let ended = Details { account_moment: Some(NOW.plus_seconds(-86_400 * 200)), ..verified() };
    vec![
        sample("refusal-no-factor", no_factor),
        sample("refusal-ticket", with_ticket),
        sample("refusal-inside", inside),
        sample("refusal-ended", refusal(language, campus(language), Reason::AccountEnded, ended)),
        sample(
            "refusal-not-entitled",
            refusal(language, campus(language), Reason::NotEntitled, verified()),
        ),
    ]
}

/// A refusal or a problem with each reason, for tests.
#[cfg(test)]
pub(crate) fn with_reason(language: Language, reason: Reason) -> [Page; 2] {
    let details =
        Details { verified: reason.tier() != sekimori_login::Tier::Public, ..Details::default() };
    [
        refusal(language, eduroam(language), reason, details.clone()).into(),
        Problem {
            failure: failure(reason, details),
            service: None,
            service_contact: None,
            place: None,
            next_href: None,
            owner: None,
        }
        .into(),
    ]
}

fn problem(language: Language, reason: Reason, next_href: Option<&str>) -> Problem {
    Problem {
        failure: failure(reason, Details::default()),
        service: None,
        service_contact: None,
        place: Some(eduroam(language)),
        next_href: next_href.map(str::to_owned),
        owner: None,
    }
}

fn problems(language: Language) -> Vec<Sample> {
    let mismatch = Problem {
        service: Some(webmail(language)),
        service_contact: Some("webmail@example.ac.jp".to_owned()),
        owner: Some(OwnerDetails {
            client_id: Some("webmail".to_owned()),
            redirect_uri: Some("https://webmail.example.ac.jp/callback/<b>".to_owned()),
            error: Some("invalid_request".to_owned()),
            description: Some("redirect_uri is not registered for this client".to_owned()),
        }),
        ..problem(language, Reason::RedirectMismatch, None)
    };
    let busy = Details { wait_until: Some(NOW.plus_seconds(4)), ..Details::default() };
    let busy = Problem {
        failure: failure(Reason::ServerBusy, busy),
        ..problem(language, Reason::ServerBusy, Some("/login?request=c2VhbGVk"))
    };
    let mut unkept = problem(language, Reason::ServerFault, Some("/login?request=c2VhbGVk"));
    unkept.failure.incident = Incident { code: None, at: NOW };
    let stale = problem(language, Reason::RequestStale, Some("/portal"));
    vec![
        sample("problem-unknown-service", problem(language, Reason::ServiceUnknown, None)),
        sample("problem-redirect-mismatch", mismatch),
        sample("problem-stale", stale),
        sample("problem-cookies", problem(language, Reason::CookiesBlocked, Some("/login?again"))),
        sample("problem-fault", unkept),
        sample("problem-not-found", problem(language, Reason::PageUnknown, Some("/portal"))),
        sample("problem-method", problem(language, Reason::MethodUnknown, Some("/portal"))),
        sample("problem-busy", busy),
    ]
}

fn troubleshooting(language: Language) -> Vec<Sample> {
    let page = |code: &str, answer| Troubleshoot {
        form: crate::Form::new("/trouble", Vec::new()),
        code: code.to_owned(),
        answer,
        place: Some(eduroam(language)),
        topic: None,
        last: Some("7K3M-9QTX-4".to_owned()).filter(|last| code.is_empty() || last == code),
        links: TroubleLinks {
            account: "/portal",
            password_ticket: "/ticket",
            enrol_ticket: "/portal/ticket",
            import_guide: "/help/certificate",
        },
    };
    let code = "7K3M-9QTX-4";
    let told = TroubleshootAnswer::Told {
        failure: Box::new(failure(Reason::CredentialMismatch, Details::default())),
        at: NOW.plus_seconds(-300),
        service: Some(webmail(language)),
        place: Some("eduroam".to_owned()),
    };
    let about =
        |topic| Troubleshoot { topic: Some(topic), ..page("", TroubleshootAnswer::Nothing) };
    vec![
        sample("trouble", page("", TroubleshootAnswer::Nothing)),
        sample("trouble-mistyped", page("7K3M-9QTX-5", TroubleshootAnswer::Mistyped)),
        sample("trouble-public", page(code, TroubleshootAnswer::Public)),
        sample("trouble-told", page(code, told)),
        sample("trouble-topic", about(Topic::Certificate)),
        sample("trouble-slower", page(code, TroubleshootAnswer::Slower { wait_seconds: 60 })),
    ]
}

fn leaving(language: Language) -> Vec<Sample> {
    let person = text(language, "Hanako Yamada", "山田 花子");
    let slip = Slip {
        to: text(language, "Library search", "図書館検索"),
        place: campus(language),
        identity: Identity::Right(Some(NAME.to_owned())),
        proof: SecondProof::Right(Method::Totp),
        obstacle: Obstacle::None,
    };
    let consent = Consent {
        slip: slip.clone(),
        form: attempt("/login/consent"),
        service: slip.to.clone(),
        service_home: Some("https://library.example.org/".to_owned()),
        person: person.clone(),
        scopes: ["openid", "profile", "email", "offline_access", "x-shelf"]
            .map(str::to_owned)
            .into(),
        released: vec![
            ReleasedItem::Name(person.clone()),
            ReleasedItem::Username(NAME.to_owned()),
            ReleasedItem::Mail("hanako@example.ac.jp".to_owned()),
            ReleasedItem::Affiliations(vec![Affiliation::Student, Affiliation::Member]),
            ReleasedItem::Groups(vec!["lab-tanaka".to_owned()]),
        ],
    };
    let switch = |choice| SwitchPerson {
        slip: slip.clone(),
        form: form("/login/person"),
        person: person.clone(),
        username: NAME.to_owned(),
        choice,
    };
    let mut all = vec![
        sample("consent", consent),
        sample("switch", switch(SwitchChoice::Free)),
        sample("switch-other", switch(SwitchChoice::OtherExpected)),
    ];
    all.extend(signing_out(language, &person));
    all
}

fn signing_out(language: Language, person: &str) -> Vec<Sample> {
    let sign_out = |service| SignOut {
        form: form("/sign-out"),
        person: person.to_owned(),
        service,
        cancel_href: "/portal".to_owned(),
    };
    let signed_out = SignedOut {
        back: Some((webmail(language), "https://webmail.example.ac.jp/".to_owned())),
        services: vec![text(language, "Library search", "図書館検索")],
        sign_in_href: "/portal".to_owned(),
    };
    let relay = Relay {
        action: "https://webmail.example.ac.jp/callback".to_owned(),
        fields: vec![("code".to_owned(), "abc".to_owned()), ("state".to_owned(), "\"<".to_owned())],
        service: webmail(language),
    };
    vec![
        sample("sign-out", sign_out(None)),
        sample("sign-out-service", sign_out(Some(webmail(language)))),
        sample("signed-out", signed_out),
        sample(
            "signed-out-alone",
            SignedOut { back: None, services: Vec::new(), sign_in_href: "/portal".to_owned() },
        ),
        sample("relay", relay),
    ]
}
