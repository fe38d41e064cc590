//! Facts and policies to begin tests from: one person, one campus, one service. A test says what differs.

use std::collections::BTreeSet;

use sekimori_base::{FactorId, PersonId, SessionId, Timestamp};
use sekimori_directory::settings::{
    PolicyRow, PolicySettings, Requirement, ServiceName, SessionSettings, ZoneName,
};
use sekimori_directory::{
    Binding, Group, Method, PersonState, Position, PositionOrigin, Preferences,
};

use crate::throttle::Bucket;
use crate::{
    AttemptFacts, BrowserFacts, Demand, FACTS_SCHEMA, FactorFacts, FactorState, Facts,
    IdentifierFacts, KnownPerson, PersonFacts, Policy, Proof, ServiceFacts, SessionFacts,
    Submission, ThrottleFacts, Verdict,
};

/// The moment of all samples.
pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
/// The person of all samples.
pub const HANA: PersonId = PersonId::from_bytes([1; 16]);
/// Somebody else.
pub const KENJI: PersonId = PersonId::from_bytes([2; 16]);
/// Hana's authenticator app.
pub const APP: FactorId = FactorId::from_bytes([3; 16]);
/// Hana's recovery codes.
pub const CODES: FactorId = FactorId::from_bytes([4; 16]);
/// Her passkey.
pub const PASSKEY: FactorId = FactorId::from_bytes([6; 16]);
/// Her certificate.
pub const CERTIFICATE: FactorId = FactorId::from_bytes([11; 16]);
/// Her address for codes.
pub const MAIL: FactorId = FactorId::from_bytes([7; 16]);
/// Hana's session.
pub const SESSION: SessionId = SessionId::from_bytes([5; 16]);

/// The policy without rows: a password where it suffices, else two factors; codes by mail and certificates are there.
pub fn policy() -> Policy {
    let settings = PolicySettings { mail_codes: true, ..PolicySettings::default() };
    Policy { settings, session: SessionSettings::default(), certificates: true }
}

/// The policy with one row that matches everything.
pub fn policy_with(require: Requirement, alter: impl FnOnce(&mut PolicyRow)) -> Policy {
    let mut policy = policy();
    let mut row = PolicyRow {
        name: "row".to_owned(),
        zones: BTreeSet::new(),
        services: BTreeSet::new(),
        groups: BTreeSet::new(),
        require,
        methods: BTreeSet::new(),
        max_age_seconds: None,
    };
    alter(&mut row);
    policy.settings.rows.push(row);
    policy
}

/// On campus, where a password suffices and a first factor may be registered.
pub fn campus() -> Position {
    Position {
        address: None,
        origin: PositionOrigin::Peer,
        zone: zone("campus"),
        inside: true,
        password_suffices: true,
        may_enrol: true,
        relay: None,
    }
}

/// At home.
pub fn home() -> Position {
    Position {
        address: None,
        origin: PositionOrigin::Peer,
        zone: ZoneName::outside(),
        inside: false,
        password_suffices: false,
        may_enrol: false,
        relay: None,
    }
}

/// A zone's name.
pub fn zone(name: &str) -> ZoneName {
    ZoneName::parse(name).expect("a zone's name in a sample")
}

/// A group.
pub fn group(name: &str) -> Group {
    Group::parse(name).expect("a group in a sample")
}

/// A service's name.
pub fn service(name: &str) -> ServiceName {
    ServiceName::parse(name).expect("a service's name in a sample")
}

/// Hana: may sign in, and has no factor.
pub fn hana() -> KnownPerson {
    KnownPerson {
        id: HANA,
        state: PersonState::ACTIVE,
        groups: BTreeSet::from([group("students")]),
        affiliations: BTreeSet::new(),
        administrator: false,
        factors: Vec::new(),
        ever_had_factor: false,
        credential_epoch: 7,
        preferences: Preferences::default(),
    }
}

/// Hana with these factors.
pub fn hana_with(factors: Vec<FactorFacts>) -> PersonFacts {
    let ever_had_factor = !factors.is_empty();
    PersonFacts::Known(Box::new(KnownPerson { factors, ever_had_factor, ..hana() }))
}

/// Hana, whose account is in this state, with an authenticator app.
pub fn hana_who_is(state: PersonState) -> PersonFacts {
    PersonFacts::Known(Box::new(KnownPerson {
        state,
        factors: vec![app()],
        ever_had_factor: true,
        ..hana()
    }))
}

/// An authenticator app in order, bound with a ticket.
pub fn app() -> FactorFacts {
    FactorFacts {
        id: APP,
        method: Method::Totp,
        binding: Binding::Ticket,
        state: FactorState::Ready,
        registered_at: NOW.plus_seconds(-1_000_000),
        last_used_at: None,
        codes_left: None,
    }
}

/// Recovery codes, eight of them left, bound with a ticket.
pub fn codes() -> FactorFacts {
    FactorFacts { id: CODES, method: Method::RecoveryCode, codes_left: Some(8), ..app() }
}

/// A passkey, bound with a ticket.
pub fn passkey() -> FactorFacts {
    FactorFacts { id: PASSKEY, method: Method::Passkey, ..app() }
}

/// A certificate, bound with a ticket.
pub fn certificate() -> FactorFacts {
    FactorFacts { id: CERTIFICATE, method: Method::Certificate, ..app() }
}

/// An address for codes by mail, bound with a ticket.
pub fn mail() -> FactorFacts {
    FactorFacts { id: MAIL, method: Method::MailCode, ..app() }
}

/// A passkey that verified its holder, used so many seconds ago.
pub fn passkey_used(seconds_ago: i64) -> Proof {
    Proof { user_verified: true, ..code_of(&passkey(), seconds_ago) }
}

/// The password, shown by Hana so many seconds ago.
pub fn password(seconds_ago: i64) -> Proof {
    Proof {
        person: HANA,
        method: Method::Password,
        factor: None,
        binding: None,
        at: NOW.plus_seconds(-seconds_ago),
        zone: zone("campus"),
        user_verified: false,
    }
}

/// A code of this factor, shown so many seconds ago.
pub fn code_of(factor: &FactorFacts, seconds_ago: i64) -> Proof {
    Proof {
        method: factor.method,
        factor: Some(factor.id),
        binding: Some(factor.binding),
        ..password(seconds_ago)
    }
}

/// An attempt that began so many seconds ago.
pub fn attempt(seconds_ago: i64) -> AttemptFacts {
    AttemptFacts {
        begun_at: NOW.plus_seconds(-seconds_ago),
        zone_at_begin: zone("campus"),
        credential_epoch: hana().credential_epoch,
        chosen: None,
        last_drift: None,
        mailed: None,
    }
}

/// Hana's session with these proofs, a minute old and in use.
pub fn session(proofs: Vec<Proof>) -> SessionFacts {
    SessionFacts {
        id: SESSION,
        person: HANA,
        opened_at: NOW.plus_seconds(-60),
        used_at: NOW.plus_seconds(-10),
        proofs,
        credential_epoch: hana().credential_epoch,
    }
}

/// No counter stands in the way.
pub fn no_wait() -> ThrottleFacts {
    ThrottleFacts {
        bucket: Bucket::UnknownInside,
        failures: 0,
        wait_until: None,
        source_wait_until: None,
        reservation_refused: false,
        repeated: false,
        alert_wait_until: None,
        mail_wait_until: None,
    }
}

/// Nobody has said who they are: a plain request of a service, from campus.
pub fn nobody() -> Facts {
    Facts {
        schema: FACTS_SCHEMA,
        now: NOW,
        demand: Demand::plain(service("library")),
        service: ServiceFacts {
            name: service("library"),
            disabled: false,
            groups: BTreeSet::new(),
        },
        position: campus(),
        attempt: None,
        browser: BrowserFacts { known_device: false, last_method: None },
        identifier: IdentifierFacts::Absent,
        throttle: no_wait(),
        person: PersonFacts::Unknown,
        session: None,
        proofs: Vec::new(),
        answered_lately: 0,
        submitted: None,
        verdict: None,
    }
}

/// Hana has typed her name, on campus; nothing is proven yet.
pub fn calm() -> Facts {
    Facts {
        identifier: IdentifierFacts::Typed { username: Some("hana".to_owned()), hints: Vec::new() },
        person: PersonFacts::Known(Box::new(hana())),
        ..nobody()
    }
}

/// Hana has shown her password in this attempt, on campus.
pub fn proven() -> Facts {
    Facts { attempt: Some(attempt(20)), proofs: vec![password(20)], ..calm() }
}

/// Hana has shown her password in this attempt, at home, and has an app and recovery codes.
pub fn at_second_step() -> Facts {
    Facts { position: home(), person: hana_with(vec![app(), codes()]), ..proven() }
}

/// Hana comes back to another service, on campus: her session stands, with her password.
pub fn signed_in() -> Facts {
    Facts {
        session: Some(session(vec![password(60)])),
        person: PersonFacts::Known(Box::new(hana())),
        ..nobody()
    }
}

/// The same facts with something sent, not yet checked.
pub fn sent(submission: Submission, facts: Facts) -> Facts {
    Facts { submitted: Some(submission), verdict: None, ..facts }
}

/// The same facts with something sent and checked.
pub fn checked(submission: Submission, verdict: Verdict, facts: Facts) -> Facts {
    Facts { submitted: Some(submission), verdict: Some(verdict), ..facts }
}
