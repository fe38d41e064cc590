//! What browsers present: certificates of our own authority, in and out of order.

use std::sync::Arc;

use sekimori_base::Timestamp;
use sekimori_keys::KeyProfile;
use sekimori_pki::presented::{
    Field, Identity, IdentityRule, IssuerId, IssuerSettings, ListRefused, Refusal, Revocation,
    RevocationList, RevocationLists, RevocationUnknown, Status, Trust, TrustProblem,
};
use sekimori_pki::{Certificate, PemKind, RevocationReason, RevokedCertificate, Serial, pem};

use crate::world::{Bench, World};

/// In seconds.
pub const DAY: i64 = 86_400;

fn trust(world: &World, rules: Vec<IdentityRule>, withdrawn: Option<Timestamp>) -> Trust {
    let settings = IssuerSettings {
        certificate: world.issuing.certificate().der().to_vec(),
        above: vec![world.root.certificate().der().to_vec()],
        withdrawn_since: withdrawn,
        identities: rules,
    };
    Trust::new(vec![settings]).unwrap()
}

fn by_common_name(world: &World) -> Trust {
    trust(world, vec![IdentityRule::always(Field::CommonName)], None)
}

fn list(world: &World, number: u64, days: (i64, i64), revoked: &[&Certificate]) -> Vec<u8> {
    let at = world.now;
    let reason = RevocationReason::KeyCompromise;
    let entry = |one: &&Certificate| RevokedCertificate { serial: one.serial(), at, reason };
    let entries: Vec<_> = revoked.iter().map(entry).collect();
    let (from, to) = (at.plus_seconds(days.0 * DAY), at.plus_seconds(days.1 * DAY));
    world.issuing.crl(number, from, to, &entries).unwrap()
}

/// These lists (DER), all of which must be good.
pub fn lists(trust: &Trust, ders: &[Vec<u8>]) -> RevocationLists {
    let mut lists = RevocationLists::default();
    for der in ders {
        lists.put(Arc::new(RevocationList::read(der, trust).unwrap()));
    }
    lists
}

#[test]
fn our_own_certificate_names_its_account_until_it_is_taken_back_or_over() {
    let world = World::new();
    let (mine, lost) = (world.issue("taro").certificate, world.issue("lost").certificate);
    let trust = by_common_name(&world);
    let fresh = lists(&trust, &[list(&world, 1, (-1, 800), &[&lost])]);
    let verify = |certificate: &Certificate, at| trust.verify(certificate.der(), at, &fresh);

    let verified = verify(&mine, world.now).unwrap();
    assert_eq!(verified.identity(), &Identity::Account("taro".to_owned()));
    assert_eq!(verified.serial(), mine.serial());
    assert_eq!(verified.fingerprint(), mine.fingerprint());
    assert_eq!(verified.not_after(), mine.not_after());
    assert_eq!(verified.issuer(), trust.issuers()[0].id());

    let (begin, end) = (mine.not_before(), mine.not_after());
    assert!(verify(&mine, begin).is_ok() && verify(&mine, end.plus_millis(999)).is_ok());
    let early = verify(&mine, begin.plus_millis(-1));
    assert_eq!(early, Err(Refusal::NotYetValid { not_before: begin }));
    assert_eq!(verify(&mine, end.plus_seconds(1)), Err(Refusal::Expired { not_after: end }));
    let (at, reason) = (world.now, RevocationReason::KeyCompromise);
    assert_eq!(verify(&lost, world.now), Err(Refusal::Revoked { at, reason }));
    let over = verify(&lost, end.plus_seconds(1));
    assert_eq!(over, Err(Refusal::Expired { not_after: end }), "issuers forget what is over");
}

#[test]
fn not_knowing_what_was_taken_back_is_a_refusal() {
    let world = World::new();
    let (mine, lost) = (world.issue("taro").certificate, world.issue("lost").certificate);
    let trust = by_common_name(&world);
    let verify = |certificate: &Certificate, lists: &RevocationLists, day: i64| {
        trust.verify(certificate.der(), world.now.plus_seconds(day * DAY), lists)
    };
    let unknown = |why| Err(Refusal::RevocationUnknown(why));
    let none = RevocationLists::default();
    assert_eq!(verify(&mine, &none, 0), unknown(RevocationUnknown::Missing));

    let next_update = world.now.plus_seconds(7 * DAY);
    let week = lists(&trust, &[list(&world, 1, (0, 7), &[&lost])]);
    assert!(verify(&mine, &week, 6).is_ok());
    assert_eq!(verify(&mine, &week, 7), unknown(RevocationUnknown::Stale { next_update }));
    assert!(matches!(verify(&lost, &week, 7), Err(Refusal::Revoked { .. })), "that stays true");

    let this_update = world.now.plus_seconds(2 * DAY);
    let future = lists(&trust, &[list(&world, 1, (2, 7), &[])]);
    assert_eq!(verify(&mine, &future, 0), unknown(RevocationUnknown::NotYet { this_update }));
    assert!(verify(&mine, &future, 3).is_ok());
}

#[test]
fn an_older_list_forgives_nobody_and_a_foreign_one_is_not_taken() {
    let (world, other) = (World::new(), World::new());
    let lost = world.issue("lost").certificate;
    let trust = by_common_name(&world);
    let read = |der: &[u8]| RevocationList::read(der, &trust);
    let older = Arc::new(read(&list(&world, 1, (0, 9), &[])).unwrap());
    let newer = Arc::new(read(&list(&world, 2, (0, 9), &[&lost])).unwrap());
    assert!(newer.is_newer_than(&older) && !older.is_newer_than(&newer));
    let mut lists = RevocationLists::default();
    assert!(lists.put(older.clone()) && lists.put(newer.clone()));
    assert!(!lists.put(older) && !lists.put(newer));
    assert_eq!(lists.lists().map(|list| list.number().to_vec()).collect::<Vec<_>>(), [[2]]);
    let refused = trust.verify(lost.der(), world.now, &lists);
    assert!(matches!(refused, Err(Refusal::Revoked { .. })), "{refused:?}");

    // The same name, another key.
    let foreign = read(&list(&other, 3, (0, 9), &[])).err();
    assert_eq!(foreign, Some(ListRefused::UnknownIssuer));
    let mut changed = list(&world, 3, (0, 9), &[]);
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(read(&changed).err(), Some(ListRefused::UnknownIssuer));
    let of_root = world.root.crl(1, world.now, world.now.plus_seconds(DAY), &[]).unwrap();
    assert_eq!(read(&of_root).err(), Some(ListRefused::UnknownIssuer), "no issuer of people");
    assert_eq!(read(lost.der()).err(), Some(ListRefused::Malformed));
}

#[test]
fn an_issuer_of_the_same_name_with_another_key_is_unknown_and_nothing_is_told_about_its_writing() {
    let (world, other) = (World::new(), World::new());
    let trust = by_common_name(&world);
    let none = RevocationLists::default();
    let foreign = other.issue("taro").certificate;
    for years in [0, 1, 5] {
        let at = world.now.plus_seconds(years * 365 * DAY);
        let refused = trust.verify(foreign.der(), at, &none);
        assert_eq!(refused, Err(Refusal::UnknownIssuer), "whether it is in time or not");
    }
    // One bit of the content: the signature does not fit.
    let mut changed = world.issue("taro").certificate.der().to_vec();
    let place = changed.windows(4).position(|window| window == b"taro").unwrap();
    changed[place] = b'k';
    assert_eq!(trust.verify(&changed, world.now, &none), Err(Refusal::UnknownIssuer));
    let both = Trust::new(vec![settings(&world), settings(&other)]).unwrap();
    assert_ne!(both.issuers()[0].id(), both.issuers()[1].id());
    let fresh = lists(&both, &[list(&other, 1, (0, 9), &[])]);
    let found = both.verify(foreign.der(), other.now, &fresh).unwrap();
    assert_eq!(found.issuer(), both.issuers()[1].id(), "a renewed key of one name");
}

fn settings(world: &World) -> IssuerSettings {
    IssuerSettings {
        certificate: world.issuing.certificate().der().to_vec(),
        above: vec![world.root.certificate().der().to_vec()],
        withdrawn_since: None,
        identities: vec![IdentityRule::always(Field::CommonName)],
    }
}

#[test]
fn a_withdrawn_issuer_is_believed_until_that_moment_and_then_in_nothing() {
    let world = World::new();
    let mine = world.issue("taro").certificate;
    let since = world.now.plus_seconds(30 * DAY);
    let rules = vec![IdentityRule::always(Field::CommonName)];
    let trust = trust(&world, rules, Some(since));
    let fresh = lists(&trust, &[list(&world, 1, (0, 2000), &[])]);
    let verify = |at| trust.verify(mine.der(), at, &fresh);
    assert!(verify(since.plus_millis(-1)).is_ok());
    assert_eq!(verify(since), Err(Refusal::WithdrawnIssuer { since }));
    let over = mine.not_after().plus_seconds(1);
    assert_eq!(verify(over), Err(Refusal::WithdrawnIssuer { since }), "before its own time");
}

#[test]
fn what_cannot_be_trusted_as_configured_is_said_at_the_start() {
    let (world, other) = (World::new(), World::new());
    let with = |change: &dyn Fn(&mut IssuerSettings)| {
        let mut settings = settings(&world);
        change(&mut settings);
        Trust::new(vec![settings]).err()
    };
    let person = world.issue("taro").certificate.der().to_vec();
    let foreign = other.root.certificate().der().to_vec();
    assert_eq!(with(&|_| {}), None);
    let problem = with(&|settings| settings.above = vec![foreign.clone()]);
    assert_eq!(problem, Some(TrustProblem::NotSigned { issuer: 0, place: 0 }));
    let problem = with(&|settings| settings.certificate = person.clone());
    assert_eq!(problem, Some(TrustProblem::NotAnAuthority { issuer: 0, place: 0 }));
    let problem = with(&|settings| settings.above[0].truncate(20));
    assert_eq!(problem, Some(TrustProblem::Malformed { issuer: 0, place: 1 }));
    let problem = with(&|settings| settings.identities.clear());
    assert_eq!(problem, Some(TrustProblem::NoRule { issuer: 0 }));
    let twice = Trust::new(vec![settings(&world), settings(&world)]).err();
    assert_eq!(twice, Some(TrustProblem::Twice { issuer: 1 }));
}

#[test]
fn an_authority_of_its_own_certificate_opens_no_door() {
    let world = World::new();
    let trust = Trust::new(vec![IssuerSettings {
        certificate: world.root.certificate().der().to_vec(),
        above: Vec::new(),
        ..settings(&world)
    }]);
    let (trust, none) = (trust.unwrap(), RevocationLists::default());
    let refused = trust.verify(world.issuing.certificate().der(), world.now, &none);
    assert_eq!(refused, Err(Refusal::AuthorityCertificate));
}

#[test]
fn a_list_of_a_hundred_thousand_is_signed_read_and_agreed_upon_with_openssl() {
    let (world, bench) = (World::new(), Bench::new());
    let (mine, lost) = (world.issue("taro").certificate, world.issue("lost").certificate);
    let trust = by_common_name(&world);
    let (at, reason) = (world.now, RevocationReason::CessationOfOperation);
    let others = (0..100_000).map(|_| Serial::random(&world.chance));
    let all = others.chain([lost.serial()]);
    let revoked: Vec<_> = all.map(|serial| RevokedCertificate { serial, at, reason }).collect();
    let der = world.issuing.crl(9, at, at.plus_seconds(DAY), &revoked).unwrap();
    assert!(der.len() < 60 * revoked.len(), "{} bytes", der.len());
    let list = RevocationList::read(&der, &trust).unwrap();
    assert_eq!(list.len(), revoked.len());
    let lists = lists(&trust, std::slice::from_ref(&der));
    assert!(trust.verify(mine.der(), at, &lists).is_ok());
    assert_eq!(trust.verify(lost.der(), at, &lists), Err(Refusal::Revoked { at, reason }));

    bench.put("list.pem", pem(PemKind::RevocationList, &der));
    bench.put_certificate("root.pem", world.root.certificate());
    bench.put_certificate("issuing.pem", world.issuing.certificate());
    bench.put_certificate("mine.pem", &mine);
    bench.put_certificate("lost.pem", &lost);
    let verify = "verify -CAfile root.pem -untrusted issuing.pem -CRLfile list.pem -crl_check";
    assert!(bench.openssl(&format!("{verify} mine.pem")).contains("mine.pem: OK"));
    let (content, said) = bench.try_openssl(&format!("{verify} lost.pem"));
    assert!(!content && said.contains("certificate revoked"), "{said}");
}

/// A registry that knows what was issued.
struct Registry;

impl Revocation for Registry {
    fn status(&self, _: IssuerId, _: &Certificate, _: Timestamp) -> Status {
        Status::Unknown(RevocationUnknown::NeverIssued)
    }
}

#[test]
fn a_certificate_of_ours_that_is_not_in_our_registry_is_refused() {
    let world = World::new();
    let trust = by_common_name(&world);
    let refused = trust.verify(world.issue("taro").certificate.der(), world.now, &Registry);
    let never = RevocationUnknown::NeverIssued;
    assert_eq!(refused, Err(Refusal::RevocationUnknown(never)));
}

#[test]
fn keys_of_both_kinds_verify() {
    for kind in [KeyProfile::Es256, KeyProfile::Rs256(sekimori_keys::RsaBits::B2048)] {
        let world = World::with(kind);
        let trust = by_common_name(&world);
        let fresh = lists(&trust, &[list(&world, 1, (0, 9), &[])]);
        let mine = world.issue("taro").certificate;
        assert!(trust.verify(mine.der(), world.now, &fresh).is_ok());
    }
}
