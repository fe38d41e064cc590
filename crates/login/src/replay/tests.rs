use std::net::IpAddr;

use sekimori_base::Bilingual;
use sekimori_directory::settings::{Organisation, PolicyRow, Requirement, Service, Site, Zone};
use sekimori_directory::{Binding, Method, NetworkMap, PersonState, Position, PositionOrigin};

use super::*;
use crate::facts::{
    FactorFacts, FactorState, KnownPerson, PersonFacts, ServiceFacts, ThrottleFacts,
};
use crate::samples::{
    APP, KENJI, NOW, app, at_second_step, attempt, calm, campus, checked, codes, group, hana,
    hana_who_is, hana_with, home, no_wait, nobody, policy, policy_with, proven, sent, service,
    signed_in, zone,
};
use crate::submitted::{Submission, Verdict};
use crate::throttle::FAILURES_CAP;
use crate::{Assurance, AssuranceDemand, Demand, Interaction};

fn recorded(policy: Policy, facts: Facts) -> Recorded {
    let reason = decide(&policy, &facts).reason;
    Recorded {
        rule_set: RULE_SET,
        settings_version: 1,
        asked: Asked::SignIn,
        policy,
        facts,
        reason,
    }
}

#[test]
fn the_same_rules_give_the_recorded_reason_again() {
    let same = recorded(policy(), at_second_step());
    assert!(matches!(replay(&same), Replayed::Same(_)));
    let stored = serde_json::to_string(&same).unwrap();
    assert_eq!(serde_json::from_str::<Recorded>(&stored).unwrap(), same);

    let broken = Recorded { reason: Reason::Admitted, ..same.clone() };
    assert!(matches!(replay(&broken), Replayed::Broken(_)));
    let older = Recorded { rule_set: RULE_SET - 1, ..broken };
    assert!(matches!(replay(&older), Replayed::DecidedDifferentlyToday(_)));
    let older = Recorded { rule_set: RULE_SET - 1, ..same.clone() };
    assert!(matches!(replay(&older), Replayed::Same(_)));
    let facts = Facts { schema: FACTS_SCHEMA + 1, ..same.facts.clone() };
    assert_eq!(replay(&Recorded { facts, ..same }), Replayed::Unreadable);
}

fn outside(factors: Vec<FactorFacts>) -> Facts {
    Facts { person: hana_with(factors), ..at_second_step() }
}

fn with_state(state: PersonState, facts: Facts) -> Facts {
    Facts { person: hana_who_is(state), ..facts }
}

fn wants_two(facts: Facts) -> Facts {
    let assurance = AssuranceDemand::AtLeast(Assurance::TwoFactors);
    Facts { demand: Demand { assurance, ..facts.demand.clone() }, ..facts }
}

fn nearest<const N: usize>(policy: &Policy, cases: [(&str, Facts, Reason, Vec<Change>); N]) {
    for (case, facts, reason, expected) in cases {
        assert_eq!(decide(policy, &facts).reason, reason, "{case}");
        assert_eq!(nearest_changes(policy, &facts), expected, "{case}");
    }
}

fn any_factor() -> Vec<Change> {
    Method::ALL.into_iter().filter(|m| m.seconds()).map(Change::RegisteredFactor).collect()
}

fn inside_or(mut changes: Vec<Change>) -> Vec<Change> {
    changes.insert(0, Change::InsideZone);
    changes
}

#[test]
fn what_was_typed_wrongly_is_nearest_typed_rightly() {
    use Reason::{CredentialMismatch, InputEmpty};
    let password = |verdict| checked(Submission::Password, verdict, calm());
    let missing = Facts { person: PersonFacts::Unknown, ..password(Verdict::PasswordMismatch) };
    let code = |verdict| checked(Submission::Code(Method::Totp), verdict, outside(vec![app()]));
    let right = || vec![Change::RightPassword];
    let fresh = || vec![Change::FreshCode(Method::Totp), Change::InsideZone];
    let drift = Verdict::CodeDrift { factor: APP, step: 3, offset_seconds: 90 };
    let held = PersonState::Held { since: NOW };
    let disabled = PersonState::Disabled { since: NOW };
    nearest(
        &policy(),
        [
            ("password", password(Verdict::PasswordMismatch), CredentialMismatch, right()),
            ("no such account", missing, CredentialMismatch, vec![]),
            (
                "and the account is off: no single change",
                with_state(disabled, password(Verdict::PasswordMismatch)),
                CredentialMismatch,
                vec![],
            ),
            (
                "held, the right password",
                with_state(held, password(Verdict::PasswordMatch)),
                Reason::AccountHeld,
                vec![Change::UsableAccount],
            ),
            (
                "held, a wrong password",
                with_state(held, password(Verdict::PasswordMismatch)),
                CredentialMismatch,
                vec![],
            ),
            ("nothing typed", sent(Submission::Empty, calm()), InputEmpty, right()),
            ("too long", sent(Submission::Overlong, calm()), Reason::PasswordTooLong, right()),
            ("no code", sent(Submission::Empty, outside(vec![app()])), InputEmpty, fresh()),
            ("code", code(Verdict::CodeWrong), Reason::CodeWrong, fresh()),
            ("used", code(Verdict::CodeReused), Reason::CodeReused, fresh()),
            ("no code", code(Verdict::CodeMalformed), Reason::CodeMalformed, fresh()),
            ("clock", code(drift), Reason::ClockSuspected, fresh()),
            (
                "another method than there is",
                sent(Submission::Choose(Method::RecoveryCode), outside(vec![app()])),
                Reason::FactorUnusable,
                vec![
                    Change::FreshCode(Method::Totp),
                    Change::InsideZone,
                    Change::RegisteredFactor(Method::RecoveryCode),
                ],
            ),
        ],
    );
}

#[test]
fn who_must_wait_is_told_until_when_and_no_password_helps_meanwhile() {
    let until = NOW.plus_seconds(900);
    let waiting = |throttle| sent(Submission::Password, Facts { throttle, ..calm() });
    let wait = ThrottleFacts { wait_until: Some(until), failures: 12, ..no_wait() };
    let source = ThrottleFacts { source_wait_until: Some(until), ..no_wait() };
    let closed = ThrottleFacts { failures: FAILURES_CAP, ..no_wait() };
    let from = Facts {
        person: hana_who_is(PersonState::Active { from: Some(until), until: None }),
        ..proven()
    };
    let later = || vec![Change::WaitUntil(until)];
    nearest(
        &policy(),
        [
            ("the name", waiting(wait), Reason::ThrottleWait, later()),
            ("the network", waiting(source), Reason::ThrottleSource, later()),
            ("closed for the day", waiting(closed), Reason::ThrottleClosed, vec![]),
            (
                "not valid yet",
                from,
                Reason::AccountNotYet,
                vec![Change::WaitUntil(until), Change::UsableAccount],
            ),
        ],
    );
}

#[test]
fn who_lacks_a_factor_comes_to_campus_or_registers_one() {
    let weak = FactorFacts { binding: Binding::InsideWithPassword, ..app() };
    let suspended = FactorFacts { state: FactorState::Suspended, ..app() };
    let unfinished = FactorFacts { state: FactorState::Unfinished, ..app() };
    let begun = KnownPerson { factors: vec![unfinished], ..hana() };
    let begun = Facts { person: PersonFacts::Known(Box::new(begun)), ..at_second_step() };
    let unreachable = Demand { assurance: AssuranceDemand::Unreachable, ..nobody().demand };
    nearest(
        &policy(),
        [
            ("none", outside(vec![]), Reason::FactorNone, inside_or(any_factor())),
            (
                "suspended",
                outside(vec![suspended]),
                Reason::FactorSuspended,
                inside_or(any_factor()),
            ),
            ("unfinished", begun, Reason::FactorUnfinished, inside_or(any_factor())),
            (
                "a weak one, for a level",
                wants_two(Facts { position: campus(), ..outside(vec![weak]) }),
                Reason::LevelNotReachable,
                // A code by mail never counts for a level.
                [Method::Passkey, Method::Totp, Method::Certificate, Method::RecoveryCode]
                    .map(Change::RegisteredFactor)
                    .to_vec(),
            ),
            (
                "a level that does not exist",
                Facts { demand: unreachable, ..proven() },
                Reason::LevelNotReachable,
                vec![],
            ),
        ],
    );
    let app_only = policy_with(Requirement::TwoFactors, |row| row.methods = [Method::Totp].into());
    nearest(
        &app_only,
        [(
            "of another kind than the row takes",
            outside(vec![codes()]),
            Reason::FactorNotAllowed,
            vec![Change::RegisteredFactor(Method::Totp)],
        )],
    );
}

/// Facts are recorded as they were at the decision: the password just sent with its verdict, no proof of it yet.
#[test]
fn the_password_just_checked_counts_for_what_would_have_followed() {
    let just_right = |person| {
        let facts = Facts { person, position: home(), ..calm() };
        checked(Submission::Password, Verdict::PasswordMatch, facts)
    };
    let disabled = PersonState::Disabled { since: NOW };
    let off = KnownPerson { state: disabled, ..hana() };
    let with_app = KnownPerson { factors: vec![app()], ..off.clone() };
    let known = |person| PersonFacts::Known(Box::new(person));
    nearest(
        &policy(),
        [
            (
                "nothing registered",
                just_right(hana_with(vec![])),
                Reason::FactorNone,
                inside_or(any_factor()),
            ),
            (
                "switched off, with a factor",
                just_right(known(with_app)),
                Reason::AccountDisabled,
                vec![Change::UsableAccount],
            ),
            (
                "switched off, and nothing registered: no single change",
                just_right(known(off)),
                Reason::AccountDisabled,
                vec![],
            ),
        ],
    );
}

#[test]
fn who_may_not_is_told_what_the_account_or_the_service_lacks() {
    let staff_only = ServiceFacts { groups: [group("staff")].into(), ..nobody().service };
    let off = ServiceFacts { disabled: true, ..nobody().service };
    let disabled = PersonState::Disabled { since: NOW };
    let ended = PersonState::Active { from: None, until: Some(NOW) };
    let expired = Facts { attempt: Some(attempt(601)), ..proven() };
    let other = Demand { subject: Some(KENJI), ..nobody().demand };
    let silent = Demand { interaction: Interaction::Silent, ..nobody().demand };
    let code = Submission::Code(Method::Totp);
    nearest(
        &policy(),
        [
            (
                "group",
                Facts { service: staff_only.clone(), ..proven() },
                Reason::NotEntitled,
                vec![Change::GroupMember(group("staff"))],
            ),
            (
                "group and account: no single change",
                with_state(disabled, Facts { service: staff_only, ..proven() }),
                Reason::AccountDisabled,
                vec![],
            ),
            (
                "off",
                with_state(disabled, proven()),
                Reason::AccountDisabled,
                vec![Change::UsableAccount],
            ),
            (
                "ended",
                with_state(ended, proven()),
                Reason::AccountEnded,
                vec![Change::UsableAccount],
            ),
            (
                "service",
                Facts { service: off.clone(), ..nobody() },
                Reason::ServiceDisabled,
                vec![Change::EnabledService],
            ),
            (
                "service, named",
                Facts { service: off, ..proven() },
                Reason::ServiceDisabled,
                vec![Change::EnabledService],
            ),
            ("too late", expired, Reason::AttemptExpired, vec![Change::StartOver]),
            ("a code first", sent(code, calm()), Reason::RequestStale, vec![Change::StartOver]),
            ("another person", Facts { demand: other, ..signed_in() }, Reason::OtherPerson, vec![]),
            (
                "silently, from home",
                Facts {
                    demand: silent.clone(),
                    position: home(),
                    person: hana_with(vec![app()]),
                    ..signed_in()
                },
                Reason::InteractionRequired,
                vec![Change::InsideZone],
            ),
            (
                "silently, nobody",
                Facts { demand: silent, ..nobody() },
                Reason::LoginRequired,
                vec![],
            ),
        ],
    );
    let closed = policy_with(Requirement::Refuse, |row| row.zones = [zone("outside")].into());
    nearest(
        &closed,
        [("not from here", outside(vec![app()]), Reason::NotFromHere, vec![Change::InsideZone])],
    );
}

#[test]
fn who_was_not_refused_needs_no_change() {
    for facts in [nobody(), calm(), proven(), at_second_step(), signed_in()] {
        assert_eq!(nearest_changes(&policy(), &facts), []);
    }
    assert_eq!(nearest_changes(&policy(), &sent(Submission::Password, calm())), []);
}

#[test]
fn a_forecast_tells_admitted_asked_refused_and_unknown_apart() {
    let named = |person| Facts { person, ..calm() };
    let held = PersonState::Held { since: NOW };
    let staff_only = ServiceFacts { groups: [group("staff")].into(), ..nobody().service };
    let unreachable = Demand { assurance: AssuranceDemand::Unreachable, ..nobody().demand };
    let bind = Demand { interaction: Interaction::Impossible, ..nobody().demand };
    let weak = FactorFacts { binding: Binding::InsideWithPassword, ..app() };
    let waits = ThrottleFacts { failures: FAILURES_CAP, ..no_wait() };
    for (case, facts, position, expected) in [
        ("campus", named(hana_with(vec![])), campus(), Forecast::Admitted),
        ("home, an app", named(hana_with(vec![app()])), home(), Forecast::AskedAble),
        ("home, codes", named(hana_with(vec![codes()])), home(), Forecast::AskedAble),
        ("home, nothing", named(hana_with(vec![])), home(), Forecast::AskedUnable),
        ("two factors on campus", wants_two(calm()), campus(), Forecast::AskedUnable),
        ("weak", wants_two(named(hana_with(vec![weak]))), campus(), Forecast::AskedUnable),
        (
            "two, with an app",
            wants_two(named(hana_with(vec![app()]))),
            campus(),
            Forecast::AskedAble,
        ),
        ("no such level", Facts { demand: unreachable, ..calm() }, campus(), Forecast::Refused),
        ("held", named(hana_who_is(held)), campus(), Forecast::Refused),
        ("not a member", Facts { service: staff_only, ..calm() }, campus(), Forecast::Refused),
        (
            "one-shot on campus",
            Facts { demand: bind.clone(), ..calm() },
            campus(),
            Forecast::Admitted,
        ),
        (
            "one-shot at home",
            Facts { demand: bind, ..named(hana_with(vec![app()])) },
            home(),
            Forecast::AskedUnable,
        ),
        ("waits do not last", Facts { throttle: waits, ..calm() }, campus(), Forecast::Admitted),
        (
            "an old attempt",
            Facts { attempt: Some(attempt(9_999)), ..proven() },
            campus(),
            Forecast::Admitted,
        ),
        (
            "the wrong password then",
            checked(Submission::Password, Verdict::PasswordMismatch, calm()),
            campus(),
            Forecast::Admitted,
        ),
        ("no such account", named(PersonFacts::Unknown), campus(), Forecast::Unknown),
        ("nobody", nobody(), home(), Forecast::Unknown),
    ] {
        assert_eq!(forecast(&policy(), &facts, position), expected, "{case}");
    }
}

fn site(rows: Vec<PolicyRow>, services: Vec<Service>, campus_range: &str) -> Site {
    Site {
        issuer: "https://login.example.ac.jp".to_owned(),
        organisation: Organisation {
            name: Bilingual::new("Example", "例"),
            accent: "#0017c1".to_owned(),
            help: sekimori_directory::settings::Help::default(),
        },
        mail_domains: Vec::new(),
        time_zone: "Asia/Tokyo".to_owned(),
        language: sekimori_base::Language::default(),
        zones: vec![Zone {
            name: zone("campus"),
            title: Bilingual::new("Campus", "学内"),
            explanation: Bilingual::default(),
            ranges: vec![campus_range.parse().unwrap()],
            inside: true,
            password_suffices: true,
            may_enrol: true,
            entered_with_password_alone: false,
            shared_with_outside: false,
        }],
        relays: Vec::new(),
        policy: sekimori_directory::settings::PolicySettings { rows, ..policy().settings },
        services,
        password: sekimori_directory::settings::PasswordSettings::default(),
        session: policy().session,
        retention: sekimori_directory::settings::Retention::default(),
        mail: sekimori_directory::settings::MailSettings::default(),
        passkeys: sekimori_directory::settings::PasskeySettings::default(),
        certificates: sekimori_directory::settings::CertificateSettings::default(),
        desks: Vec::new(),
    }
}

fn library(groups: &[&str], disabled: bool) -> Service {
    Service {
        name: service("library"),
        title: Bilingual::new("Library", "図書館"),
        home: None,
        contact: None,
        groups: groups.iter().map(|name| group(name)).collect(),
        max_session_seconds: None,
        disabled,
        oidc: None,
    }
}

#[test]
fn what_if_reads_networks_rows_and_services_of_the_proposal() {
    use Forecast::{Admitted, AskedUnable, Refused, Unknown};
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    let there = Position { address: Some(address), ..campus() };
    let from_campus = recorded(policy(), Facts { position: there, ..proven() });
    let named_nobody = recorded(policy(), nobody());
    let two_everywhere = PolicyRow {
        name: "all".to_owned(),
        zones: [].into(),
        services: [].into(),
        groups: [].into(),
        require: Requirement::TwoFactors,
        methods: [].into(),
        max_age_seconds: None,
    };
    let (same, other) = ("192.0.2.0/24", "198.51.100.0/24");
    let plain = || vec![library(&[], false)];
    for (case, site, attempt, expected) in [
        ("nothing changes", site(vec![], plain(), same), &from_campus, (Admitted, Admitted)),
        (
            "the network is no longer campus",
            site(vec![], plain(), other),
            &from_campus,
            (Admitted, AskedUnable),
        ),
        (
            "two everywhere",
            site(vec![two_everywhere], plain(), same),
            &from_campus,
            (Admitted, AskedUnable),
        ),
        (
            "for staff only",
            site(vec![], vec![library(&["staff"], false)], same),
            &from_campus,
            (Admitted, Refused),
        ),
        (
            "switched off",
            site(vec![], vec![library(&[], true)], same),
            &from_campus,
            (Admitted, Refused),
        ),
        ("the service is gone", site(vec![], vec![], same), &from_campus, (Admitted, Refused)),
        ("nobody was named", site(vec![], plain(), same), &named_nobody, (Unknown, Unknown)),
    ] {
        let policy = Policy::of(&site);
        let networks = NetworkMap::new(&site.zones, &site.relays);
        let proposal = Proposal { site: &site, policy: &policy, networks: &networks };
        assert_eq!(what_if(attempt, &proposal), expected, "{case}");
    }
    let portal = Facts {
        service: ServiceFacts {
            name: sekimori_directory::settings::ServiceName::portal(),
            ..nobody().service
        },
        position: Position { address: Some(address), origin: PositionOrigin::Peer, ..campus() },
        ..proven()
    };
    let site = site(vec![], vec![], same);
    let (policy, networks) = (Policy::of(&site), NetworkMap::new(&site.zones, &site.relays));
    let proposal = Proposal { site: &site, policy: &policy, networks: &networks };
    assert_eq!(what_if(&recorded(policy.clone(), portal), &proposal), (Admitted, Admitted));
}
