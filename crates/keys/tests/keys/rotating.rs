//! Rotation, tried over long stretches of time.

use std::sync::Arc;

use sekimori_base::Timestamp;
use sekimori_keys::jws::JwsKey;
use sekimori_keys::rotation::{KeyChange, Policy, Spread, Standing, plan, replace};
use sekimori_keys::{KeyProfile, KeyState, SignatureAlgorithm, Signer, SigningKey, SigningKeySet};

use crate::chance::at;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const POLICY: Policy =
    Policy { publish_seconds: DAY, active_seconds: 30 * DAY, retain_seconds: 2 * DAY };

const fn active(since: i64) -> KeyState {
    KeyState::Active { since: Timestamp::from_unix_seconds(since) }
}

const fn next(since: i64) -> KeyState {
    KeyState::Next { since: Timestamp::from_unix_seconds(since) }
}

const fn retired(until: i64) -> KeyState {
    KeyState::Retired { until: Timestamp::from_unix_seconds(until) }
}

fn standing(key: u32, state: KeyState) -> Standing<u32> {
    Standing { key, state, spread: Spread::Everywhere }
}

fn partial(key: u32, state: KeyState) -> Standing<u32> {
    let spread = Spread::Partial;
    Standing { spread, ..standing(key, state) }
}

/// Rows of a database to which plans are applied.
struct Line {
    keys: Vec<Standing<u32>>,
    made: u32,
}

impl Line {
    fn apply(&mut self, changes: Vec<KeyChange<u32>>) {
        for change in changes {
            match change {
                KeyChange::Create(state) => {
                    self.made += 1;
                    self.keys.push(standing(self.made, state));
                }
                KeyChange::Move(key, state) => {
                    let found = self.keys.iter_mut().find(|one| one.key == key);
                    found.unwrap().state = state;
                }
                KeyChange::Remove(key) => self.keys.retain(|one| one.key != key),
            }
        }
    }

    fn named(&self, name: &str) -> Vec<u32> {
        let named = self.keys.iter().filter(|one| one.state.name() == name);
        named.map(|one| one.key).collect()
    }
}

/// What happens, when, to which keys, and what the plan says.
struct Case {
    what: &'static str,
    now: i64,
    keys: Vec<Standing<u32>>,
    changes: Vec<KeyChange<u32>>,
}

fn case(
    what: &'static str,
    now: i64,
    keys: impl Into<Vec<Standing<u32>>>,
    changes: impl Into<Vec<KeyChange<u32>>>,
) -> Case {
    Case { what, now, keys: keys.into(), changes: changes.into() }
}

fn cases() -> Vec<Case> {
    use KeyChange::{Create, Move, Remove};
    let (soon, due) = (29 * DAY, 30 * DAY);
    let (first, second) = (standing(1, active(0)), standing(2, next(soon)));
    let handover = [Move(1, retired(due + 2 * DAY)), Move(2, active(due))];
    let unknown = partial(2, next(soon));
    let late = standing(2, next(due));
    let over = standing(1, retired(due));
    let left = [standing(2, next(0)), standing(1, retired(DAY))];
    let newer = standing(2, active(5));
    vec![
        case("the first key signs at once", 0, [], [Create(active(0))]),
        case("a young key is left alone", DAY, [first], []),
        case("a successor is published ahead", soon, [first], [Create(next(soon))]),
        case("it waits while the active key has time", due - 1, [first, second], []),
        case("then it takes over", due, [first, second], handover),
        case("not before it was published long enough", due + HOUR, [first, late], []),
        case("not before every node has it", due, [first, unknown], []),
        case("what is over is removed", due, [standing(2, active(due)), over], [Remove(1)]),
        case("with nothing active it does not wait", 10, left, [Move(2, active(10))]),
        case("unless a node lacks it", 10, [unknown], []),
        case("of two the newer stays", 10, [first, newer], [Move(1, retired(10 + 2 * DAY))]),
        case("a clock set back changes nothing", -DAY, [first, second], []),
    ]
}

#[test]
fn the_plan_is_a_table() {
    for case in cases() {
        let changes = plan(at(case.now), &case.keys, &POLICY);
        assert_eq!(changes, case.changes, "{}", case.what);
    }
}

#[test]
fn over_years_there_is_one_active_key_published_in_time_and_kept_long_enough() {
    let mut line = Line { keys: vec![], made: 0 };
    let mut published_since = std::collections::HashMap::new();
    let mut signed_until = std::collections::HashMap::new();
    let mut now = 0;
    while now < 3 * 365 * DAY {
        line.apply(plan(at(now), &line.keys, &POLICY));
        let again = plan(at(now), &line.keys, &POLICY);
        assert_eq!(again, [], "nothing is left to do");
        let [signing] = line.named("active")[..] else {
            panic!("not one active key");
        };
        signed_until.insert(signing, now);
        for one in &line.keys {
            published_since.entry(one.key).or_insert(now);
        }
        let published = now - published_since[&signing];
        assert!(signing == 1 || published >= DAY, "used before others can know it");
        for (key, until) in &signed_until {
            let kept = line.keys.iter().any(|one| one.key == *key);
            assert!(kept || now - until >= 2 * DAY, "a token of key {key} cannot be verified");
        }
        assert!(line.keys.len() <= 3);
        now += 5 * HOUR;
    }
    assert!(line.made > 30, "keys were rotated");
}

#[test]
fn a_rotation_that_is_asked_for_still_publishes_first() {
    let now = 3 * DAY;
    let mut line = Line { keys: vec![standing(1, active(0))], made: 1 };
    let hasty = POLICY.at_once();
    line.apply(plan(at(now), &line.keys, &hasty));
    assert_eq!((line.named("active"), line.named("next")), (vec![1], vec![2]));
    line.apply(plan(at(now + DAY - 1), &line.keys, &hasty));
    assert_eq!(line.named("active"), [1]);
    line.apply(plan(at(now + DAY), &line.keys, &hasty));
    assert_eq!((line.named("active"), line.named("retired")), (vec![2], vec![1]));
}

#[test]
fn a_compromised_key_goes_at_once_and_its_successor_signs() {
    let now = at(10);
    let with_next = [standing(1, active(0)), standing(2, next(5))];
    let changes = replace(now, &with_next, 1);
    assert_eq!(changes, [KeyChange::Remove(1), KeyChange::Move(2, active(10))]);
    let alone = [standing(1, active(0))];
    assert_eq!(replace(now, &alone, 1), [KeyChange::Remove(1), KeyChange::Create(active(10))]);
    let slow = [standing(1, active(0)), partial(2, next(5))];
    assert_eq!(replace(now, &slow, 1), [KeyChange::Remove(1), KeyChange::Create(active(10))]);
    let old = [standing(2, active(5)), standing(1, retired(50))];
    assert_eq!(replace(now, &old, 1), [KeyChange::Remove(1)]);
}

#[test]
fn keys_that_are_kept_for_ever_are_never_removed() {
    let policy = Policy { retain_seconds: i64::MAX, ..POLICY };
    let keys = [standing(1, active(0)), standing(2, next(0))];
    let changes = plan(at(30 * DAY), &keys, &policy);
    let KeyChange::Move(1, state) = changes[0] else {
        panic!("the old key is retired");
    };
    let keys = [standing(1, state), standing(2, active(30 * DAY))];
    let later = at(1_000_000_000_000);
    assert!(!plan(later, &keys, &policy).contains(&KeyChange::Remove(1)));
}

#[test]
fn a_state_goes_into_a_row_and_back() {
    for state in [next(1), active(2), retired(3)] {
        assert_eq!(KeyState::from_parts(state.name(), state.moment()), Some(state));
    }
    assert_eq!(KeyState::from_parts("broken", at(0)), None);
}

fn signer(profile: KeyProfile) -> Arc<dyn Signer> {
    Arc::new(SigningKey::generate(profile).unwrap())
}

#[test]
fn a_set_signs_with_the_active_key_and_publishes_all_until_their_time_is_over() {
    let (old, current, coming) =
        (signer(KeyProfile::Es256), signer(KeyProfile::Es256), signer(KeyProfile::Es256));
    let edwards = signer(KeyProfile::EdDsa);
    let kid = |signer: &Arc<dyn Signer>| signer.public().kid().unwrap().to_owned();
    let set = SigningKeySet::new(
        at(0),
        [
            (retired(100), Arc::clone(&old)),
            (next(0), Arc::clone(&coming)),
            (active(0), Arc::clone(&current)),
            (active(0), Arc::clone(&edwards)),
        ],
    );
    let active_kid =
        |algorithm| set.active(algorithm).map(JwsKey::public).and_then(|key| key.kid());
    assert_eq!(active_kid(SignatureAlgorithm::Es256), Some(kid(&current).as_str()));
    assert_eq!(active_kid(SignatureAlgorithm::EdDsa), Some(kid(&edwards).as_str()));
    assert_eq!(active_kid(SignatureAlgorithm::Rs256), None);
    let both = [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa];
    assert_eq!(set.algorithms(), both);

    let published = |seconds| {
        let keys = set.published(at(seconds));
        let kids = keys.keys().iter().map(|key| key.kid().unwrap().to_owned());
        kids.collect::<Vec<_>>()
    };
    assert_eq!(published(99).len(), 4);
    assert!(published(99).contains(&kid(&old)) && published(99).contains(&kid(&coming)));
    assert!(!published(100).contains(&kid(&old)), "retired on time");
    assert_eq!(published(100).len(), 3);
    assert!(!set.published(at(100)).json().contains(&kid(&old)));
}
