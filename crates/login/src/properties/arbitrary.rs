//! Facts and policies of any kind, from small pools, so that the parts meet; impossible ones among them.
//! Strategies of large values are boxed, or they do not fit a test thread's stack.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sekimori_base::{FactorId, PersonId, Timestamp};
use sekimori_directory::settings::{PolicyRow, Requirement, ServiceName, ZoneName};
use sekimori_directory::{
    Binding, Group, Method, PersonState, Position, PositionOrigin, Preferences,
};

use crate::samples::{
    APP, CERTIFICATE, CODES, HANA, KENJI, MAIL, NOW, PASSKEY, SESSION, group, nobody, policy,
    service, zone,
};
use crate::throttle::{Bucket, FAILURES_CAP};
use crate::{
    Assurance, AssuranceDemand, AttemptFacts, CertificateRefusal, Demand, Drift, FactorFacts,
    FactorState, Facts, Freshness, IdentifierFacts, Interaction, KnownPerson, Mailed, PersonFacts,
    Policy, Proof, ServiceFacts, SessionFacts, Submission, ThrottleFacts, Verdict,
};

const OTHER: FactorId = FactorId::from_bytes([9; 16]);

/// A moment near now, on both sides of every limit that there is; rarely at the ends of time.
pub fn moment() -> impl Strategy<Value = Timestamp> {
    let near = select(vec![
        -86_401, -43_201, -43_200, -3601, -3600, -901, -900, -601, -600, -61, -60, -59, -20, -5,
        -1, 0, 1, 5, 29, 30, 31, 60, 900, 86_400,
    ])
    .prop_map(|seconds| NOW.plus_seconds(seconds));
    let lately = (0..600i64).prop_map(|seconds| NOW.plus_seconds(-seconds));
    let ends = select(vec![i64::MIN, i64::MIN + 1, 0, i64::MAX]);
    prop_oneof![80 => lately, 40 => near, 1 => ends.prop_map(Timestamp::from_unix_millis)]
}

fn person_id() -> impl Strategy<Value = PersonId> {
    prop_oneof![15 => Just(HANA), 1 => Just(KENJI)]
}

fn factor_id() -> impl Strategy<Value = FactorId> {
    prop_oneof![
        4 => Just(APP),
        3 => Just(CODES),
        2 => Just(PASSKEY),
        2 => Just(MAIL),
        2 => Just(CERTIFICATE),
        1 => Just(OTHER),
    ]
}

pub fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        4 => Just(Method::Totp),
        3 => Just(Method::RecoveryCode),
        2 => Just(Method::Passkey),
        2 => Just(Method::MailCode),
        2 => Just(Method::Certificate),
        1 => Just(Method::Password),
    ]
}

fn offset() -> impl Strategy<Value = i64> {
    select(vec![-90, -60, 60, 90, 3600, i64::MIN, i64::MAX])
}

fn epoch() -> impl Strategy<Value = u64> {
    prop_oneof![9 => Just(7), 1 => Just(6)]
}

fn binding() -> impl Strategy<Value = Binding> {
    select(Binding::ALL.to_vec())
}

fn groups() -> impl Strategy<Value = BTreeSet<Group>> {
    let all = vec![group("students"), group("staff"), group("guests")];
    subsequence(all, 0..=2).prop_map(|groups| groups.into_iter().collect())
}

fn services() -> Vec<ServiceName> {
    vec![service("library"), service("payroll"), ServiceName::portal()]
}

fn zones() -> Vec<ZoneName> {
    vec![zone("campus"), zone("eduroam"), zone("inside"), zone("outside")]
}

/// Any state of an account.
pub fn state() -> impl Strategy<Value = PersonState> {
    prop_oneof![
        16 => Just(PersonState::ACTIVE),
        2 => (option::of(moment()), option::of(moment()))
            .prop_map(|(from, until)| PersonState::Active { from, until }),
        1 => moment().prop_map(|since| PersonState::Disabled { since }),
        1 => moment().prop_map(|since| PersonState::Held { since }),
    ]
}

fn factor() -> impl Strategy<Value = FactorFacts> {
    let state = prop_oneof![
        8 => Just(FactorState::Ready),
        1 => Just(FactorState::Unfinished),
        1 => Just(FactorState::Suspended),
        1 => Just(FactorState::SwitchedOff),
        1 => Just(FactorState::Elsewhere),
    ];
    let kind = prop_oneof![
        5 => Just((APP, Method::Totp)),
        4 => Just((CODES, Method::RecoveryCode)),
        3 => Just((PASSKEY, Method::Passkey)),
        3 => Just((MAIL, Method::MailCode)),
        3 => Just((CERTIFICATE, Method::Certificate)),
        1 => (factor_id(), method()),
    ];
    let left = option::of(select(vec![0, 1, 8]));
    (kind, binding(), state, left).prop_map(|((id, method), binding, state, codes_left)| {
        FactorFacts {
            id,
            method,
            binding,
            state,
            registered_at: NOW,
            last_used_at: None,
            codes_left,
        }
    })
}

/// Anybody.
pub fn known() -> BoxedStrategy<KnownPerson> {
    let factors = (vec(factor(), 0..4), any::<bool>(), option::weighted(0.2, method()));
    (person_id(), state(), groups(), factors, epoch())
        .prop_map(|(id, state, groups, (factors, ever_had_factor, first), credential_epoch)| {
            KnownPerson {
                id,
                state,
                groups,
                affiliations: BTreeSet::new(),
                administrator: false,
                factors,
                ever_had_factor,
                credential_epoch,
                preferences: Preferences::new([], first),
            }
        })
        .boxed()
}

fn proof() -> BoxedStrategy<Proof> {
    let password = Just((Method::Password, None));
    let app = Just((Method::Totp, Some(APP)));
    let codes = Just((Method::RecoveryCode, Some(CODES)));
    let passkey = Just((Method::Passkey, Some(PASSKEY)));
    let mail = Just((Method::MailCode, Some(MAIL)));
    let certificate = Just((Method::Certificate, Some(CERTIFICATE)));
    let odd = (method(), option::of(factor_id()));
    let kind = prop_oneof![
        6 => password,
        4 => app,
        2 => codes,
        3 => passkey,
        2 => mail,
        2 => certificate,
        1 => odd,
    ];
    let binding = option::weighted(0.9, binding());
    (person_id(), kind, binding, moment(), select(zones()), any::<bool>())
        .prop_map(|(person, (method, factor), binding, at, zone, user_verified)| Proof {
            person,
            method,
            factor,
            binding,
            at,
            zone,
            user_verified,
        })
        .boxed()
}

fn session() -> BoxedStrategy<SessionFacts> {
    (person_id(), moment(), moment(), vec(proof(), 0..5), epoch())
        .prop_map(|(person, opened_at, used_at, proofs, credential_epoch)| SessionFacts {
            id: SESSION,
            person,
            opened_at,
            used_at,
            proofs,
            credential_epoch,
        })
        .boxed()
}

fn attempt() -> BoxedStrategy<AttemptFacts> {
    let drift = (factor_id(), 0..3u64, offset()).prop_map(|(factor, step, offset_seconds)| Drift {
        factor,
        step,
        offset_seconds,
    });
    let mailed = (factor_id(), 1..7u32, moment()).prop_map(|(factor, number, at)| Mailed {
        factor,
        number,
        at,
    });
    let sent = (option::of(method()), option::weighted(0.8, drift), option::of(mailed));
    (moment(), select(zones()), epoch(), sent)
        .prop_map(|(begun_at, zone_at_begin, credential_epoch, (chosen, last_drift, mailed))| {
            AttemptFacts { begun_at, zone_at_begin, credential_epoch, chosen, last_drift, mailed }
        })
        .boxed()
}

/// Any demand.
pub fn demand() -> BoxedStrategy<Demand> {
    let assurance = prop_oneof![
        4 => Just(AssuranceDemand::Any),
        1 => Just(AssuranceDemand::AtLeast(Assurance::OneFactor)),
        2 => Just(AssuranceDemand::AtLeast(Assurance::TwoFactors)),
        2 => Just(AssuranceDemand::Highest),
        1 => Just(AssuranceDemand::Unreachable),
    ];
    let freshness = prop_oneof![
        4 => Just(Freshness::Any),
        2 => select(vec![0, 60, 900, u32::MAX]).prop_map(Freshness::WithinSeconds),
        1 => Just(Freshness::Now),
    ];
    let interaction = prop_oneof![
        4 => Just(Interaction::Allowed),
        1 => Just(Interaction::Silent),
        1 => Just(Interaction::Impossible),
    ];
    (assurance, freshness, interaction, option::weighted(0.2, person_id()))
        .prop_map(|(assurance, freshness, interaction, subject)| Demand {
            audience: service("library"),
            assurance,
            freshness,
            interaction,
            subject,
            as_from: None,
        })
        .boxed()
}

/// Any place.
pub fn position() -> impl Strategy<Value = Position> {
    (select(zones()), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(zone, inside, password_suffices, may_enrol)| Position {
            address: None,
            origin: PositionOrigin::Peer,
            zone,
            inside,
            password_suffices,
            may_enrol,
            relay: None,
        },
    )
}

/// Any counters, mostly calm ones.
pub fn throttle() -> impl Strategy<Value = ThrottleFacts> {
    let failures = prop_oneof![
        8 => Just(0),
        1 => select(vec![9, FAILURES_CAP - 1, FAILURES_CAP, u32::MAX]),
    ];
    let wait = || option::weighted(0.1, moment());
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1), wait());
    (select(Bucket::ALL.to_vec()), failures, wait(), wait(), wait(), flags).prop_map(
        |(bucket, failures, wait_until, source_wait_until, alert_wait_until, flags)| {
            let (reservation_refused, repeated, mail_wait_until) = flags;
            ThrottleFacts {
                bucket,
                failures,
                wait_until,
                source_wait_until,
                reservation_refused,
                repeated,
                mail_wait_until,
                alert_wait_until,
            }
        },
    )
}

/// Anything that can be sent.
pub fn submission() -> impl Strategy<Value = Submission> {
    prop_oneof![
        1 => Just(Submission::Username),
        1 => Just(Submission::Password),
        1 => Just(Submission::Empty),
        1 => Just(Submission::Overlong),
        1 => Just(Submission::SendCode),
        2 => Just(Submission::Passkey),
        2 => Just(Submission::Certificate),
        1 => method().prop_map(Submission::Code),
        1 => method().prop_map(Submission::Choose),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        1 => Just(Verdict::PasswordMatchRehash),
        1 => Just(Verdict::PasswordMatch),
        1 => Just(Verdict::PasswordMismatch),
        1 => (factor_id(), 0..3u64).prop_map(|(factor, step)| Verdict::CodeAccepted { factor, step }),
        1 => Just(Verdict::CodeReused),
        1 => Just(Verdict::CodeRaced),
        1 => (factor_id(), 0..3u64, offset()).prop_map(|(factor, step, offset_seconds)| {
            Verdict::CodeDrift { factor, step, offset_seconds }
        }),
        1 => Just(Verdict::RecoverySpent),
        1 => Just(Verdict::CodeWrong),
        1 => Just(Verdict::CodeMalformed),
        1 => Just(Verdict::CodeExpired),
        1 => Just(Verdict::CodeSuperseded),
        1 => Just(Verdict::CodeNotSent),
        3 => (factor_id(), any::<bool>(), 0..3u32).prop_map(|(factor, user_verified, counter)| {
            Verdict::PasskeyAccepted { factor, user_verified, counter }
        }),
        3 => factor_id().prop_map(|factor| Verdict::CertificateAccepted { factor }),
        2 => select(CertificateRefusal::ALL.to_vec()).prop_map(Verdict::CertificateRefused),
        1 => Just(Verdict::PasskeyUnknown),
        1 => Just(Verdict::PasskeyRefused),
        1 => Just(Verdict::PasskeyUnverified),
        1 => Just(Verdict::PasskeyCopied),
        1 => Just(Verdict::PasskeySpent),
        1 => Just(Verdict::Busy),
    ]
}

/// What was sent and what checking it gave: every submission with every verdict.
fn exchange() -> impl Strategy<Value = (Option<Submission>, Option<Verdict>)> {
    prop_oneof![
        2 => Just((None, None)),
        1 => submission().prop_map(|sent| (Some(sent), None)),
        2 => (submission(), verdict()).prop_map(|(sent, verdict)| (Some(sent), Some(verdict))),
    ]
}

fn identifier() -> impl Strategy<Value = IdentifierFacts> {
    let typed = option::of(Just("hana".to_owned()))
        .prop_map(|username| IdentifierFacts::Typed { username, hints: Vec::new() });
    prop_oneof![1 => Just(IdentifierFacts::Absent), 3 => typed]
}

/// Any facts.
pub fn facts() -> BoxedStrategy<Facts> {
    let person = prop_oneof![
        1 => Just(PersonFacts::Unknown),
        6 => known().prop_map(|known| PersonFacts::Known(Box::new(known))),
    ];
    let asked = (
        demand(),
        prop_oneof![5 => Just(BTreeSet::new()), 1 => groups()],
        prop::bool::weighted(0.05),
        position(),
    );
    let so_far = (
        option::weighted(0.7, attempt()),
        identifier(),
        person,
        option::of(session()),
        vec(proof(), 0..5),
    );
    let now = prop_oneof![40 => Just(NOW), 1 => moment()];
    (now, asked, so_far, throttle(), exchange())
        .prop_map(
            |(
                now,
                (demand, groups, disabled, position),
                (attempt, identifier, person, session, proofs),
                throttle,
                (submitted, verdict),
            )| Facts {
                now,
                service: ServiceFacts { name: demand.audience.clone(), disabled, groups },
                demand,
                position,
                attempt,
                identifier,
                throttle,
                person,
                session,
                proofs,
                submitted,
                verdict,
                ..nobody()
            },
        )
        .boxed()
}

fn row() -> impl Strategy<Value = PolicyRow> {
    let require = prop_oneof![
        2 => Just(Requirement::OneFactor),
        3 => Just(Requirement::TwoFactors),
        1 => Just(Requirement::Refuse),
    ];
    (
        subsequence(zones(), 0..=2),
        subsequence(services(), 0..=1),
        groups(),
        require,
        btree_set(method(), 0..2),
        option::weighted(0.2, select(vec![0, 60, 900, u32::MAX])),
    )
        .prop_map(|(zones, services, groups, require, methods, max_age_seconds)| PolicyRow {
            name: format!("{require:?} in {zones:?}"),
            zones: zones.into_iter().collect(),
            services: services.into_iter().collect(),
            groups,
            require,
            methods,
            max_age_seconds,
        })
}

/// Any policy.
pub fn policies() -> BoxedStrategy<Policy> {
    let lives = || select(vec![0, 60, 900, 3600, 3600, 43_200, 43_200, 43_200, u32::MAX]);
    let bindings = subsequence(Binding::ALL.to_vec(), 0..=Binding::ALL.len());
    let has = (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    (vec(row(), 0..3), bindings, has, lives(), lives(), lives(), lives())
        .prop_map(|(rows, bindings, (mail_codes, certificates), idle, absolute, sudo, second)| {
            let mut policy = policy();
            policy.certificates = certificates;
            policy.settings.rows = rows;
            policy.settings.mail_codes = mail_codes;
            policy.settings.mfa_bindings = bindings.into_iter().collect();
            policy.session.idle_seconds = idle;
            policy.session.absolute_seconds = absolute;
            policy.session.sudo_seconds = sudo;
            policy.session.second_factor_seconds = second;
            policy
        })
        .boxed()
}
