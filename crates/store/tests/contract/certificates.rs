//! Certificates: as many as one may have, taken back once, with the account at the latest, and listed until they expire.

use sekimori_base::{PersonId, Timestamp};
use sekimori_directory::{Binding, PersonState};
use sekimori_store::{
    CertificateSerial, Conflict, ImportRow, NewCertificate, RevokedRow, Taken, Write,
};

use crate::world::{NOW, World, bytes, cases, sealed};

cases! {
    a_certificate_is_found_by_number_and_by_person;
    nobody_has_more_good_certificates_than_they_may;
    of_parallel_issues_no_more_get_through_than_one_may_have;
    a_certificate_is_taken_back_once_and_keeps_its_reason;
    with_the_account_all_its_certificates_end;
    an_account_with_an_end_takes_its_certificates_along;
    nothing_is_issued_to_somebody_who_was_changed_meanwhile;
    somebody_who_is_erased_stays_in_the_list_by_number_alone;
    a_list_is_of_one_authority_and_tenant_and_forgets_what_has_expired;
    a_file_is_its_owners_for_minutes_and_gone_when_they_have_it;
    what_expired_long_ago_goes;
}

const DAY: i64 = 24 * 3600;

fn serial() -> CertificateSerial {
    CertificateSerial::from_bytes(&bytes::<17>()).unwrap()
}

fn certificate(person: PersonId) -> NewCertificate {
    NewCertificate {
        serial: serial(),
        authority: "authority".into(),
        person,
        label: "phone".into(),
        document: b"document".to_vec(),
        issued_by: "self".into(),
        expires_at: NOW.plus_seconds(300 * DAY),
        account_until: None,
        binding: Binding::OtherFactor,
        file: Some((sealed("file"), NOW.plus_seconds(600))),
        good_max: 3,
        is_factor: true,
    }
}

async fn issued(world: &World, person: PersonId) -> CertificateSerial {
    let new = certificate(person);
    let serial = new.serial.clone();
    world.commit(vec![Write::CertificatePut(new)]).await.unwrap();
    serial
}

async fn list(world: &World, expired_before: Timestamp) -> Vec<RevokedRow> {
    let store = &world.store;
    let rows = store.certificates_revoked(world.tenant, "authority".into(), expired_before);
    let rows = rows.await.unwrap();
    let last = store.certificates_revoked_last(world.tenant, "authority".into(), expired_before);
    let last = last.await.unwrap();
    assert_eq!(last, (rows.len() as u64, rows.last().map(|row| row.taken.at)));
    rows
}

fn taken(serial: CertificateSerial, at: Timestamp, reason: u8) -> RevokedRow {
    RevokedRow { serial, taken: Taken { at, reason } }
}

async fn a_certificate_is_found_by_number_and_by_person(world: World) {
    let taro = world.somebody("taro").await.id;
    let serial = issued(&world, taro).await;
    let found = world.store.certificate(world.tenant, serial.clone()).await.unwrap().unwrap();
    assert_eq!((found.person, found.label.as_str()), (Some(taro), "phone"));
    assert_eq!((found.document.as_slice(), found.revoked), (b"document".as_slice(), None));
    assert_eq!(world.store.certificates_of(world.tenant, taro).await.unwrap(), [found]);
    let other = sekimori_base::TenantId::from_bytes(bytes());
    assert_eq!(world.store.certificate(other, serial).await.unwrap(), None);
    assert_eq!(world.store.certificates_of(other, taro).await.unwrap(), []);
}

async fn nobody_has_more_good_certificates_than_they_may(world: World) {
    let taro = world.somebody("taro").await.id;
    let first = issued(&world, taro).await;
    issued(&world, taro).await;
    issued(&world, taro).await;
    let one_more = || vec![Write::CertificatePut(certificate(taro))];
    assert_eq!(world.commit(one_more()).await, Err(Conflict::CertificatesFull));
    world.commit(vec![Write::CertificateRevoke { serial: first, reason: 4 }]).await.unwrap();
    world.commit(one_more()).await.unwrap();
    let late = NOW.plus_seconds(301 * DAY);
    world.commit_at(late, one_more()).await.unwrap();
    let nobody = vec![Write::CertificatePut(certificate(PersonId::from_bytes(bytes())))];
    assert_eq!(world.commit(nobody).await, Err(Conflict::CertificatesFull));
}

async fn of_parallel_issues_no_more_get_through_than_one_may_have(world: World) {
    let taro = world.somebody("taro").await.id;
    let many = (0..20).map(|_| {
        world.commit(vec![
            Write::EpochIs { person: taro, epoch: 1 },
            Write::CertificatePut(certificate(taro)),
        ])
    });
    let done = futures_util::future::join_all(many).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 3);
    assert_eq!(world.store.certificates_of(world.tenant, taro).await.unwrap().len(), 3);
}

async fn a_certificate_is_taken_back_once_and_keeps_its_reason(world: World) {
    let taro = world.somebody("taro").await.id;
    let serial = issued(&world, taro).await;
    let revoke = |reason| vec![Write::CertificateRevoke { serial: serial.clone(), reason }];
    world.commit(revoke(1)).await.unwrap();
    let later = NOW.plus_seconds(60);
    assert_eq!(world.commit_at(later, revoke(4)).await, Err(Conflict::CertificateGone));
    assert_eq!(list(&world, NOW).await, [taken(serial.clone(), NOW, 1)]);
    let unknown = vec![Write::CertificateRevoke { serial: self::serial(), reason: 1 }];
    assert_eq!(world.commit(unknown).await, Err(Conflict::CertificateGone));
}

async fn with_the_account_all_its_certificates_end(world: World) {
    let disabled = PersonState::Disabled { since: NOW };
    let mut taro = world.somebody("taro").await;
    let first = issued(&world, taro.id).await;
    let other = issued(&world, world.somebody("hanako").await.id).await;
    world.commit(vec![Write::PersonStateSet { person: taro.id, state: disabled }]).await.unwrap();
    assert_eq!(list(&world, NOW).await, [taken(first.clone(), NOW, 5)]);
    taro.state = PersonState::ACTIVE;
    world.commit(vec![Write::PersonPut(Box::new(taro.clone()))]).await.unwrap();
    let second = issued(&world, taro.id).await;
    assert_eq!(list(&world, NOW).await.len(), 1, "what was taken back stays taken back");
    taro.state = disabled;
    let row = ImportRow::Put { seen: taro.updated_at, person: Box::new(taro) };
    let rows = vec![row].into_iter();
    let later = NOW.plus_seconds(60);
    world.store.import_people(world.tenant, later, rows, |_| true).await.unwrap();
    let wanted = [taken(first, NOW, 5), taken(second, later, 5)];
    assert_eq!(list(&world, NOW).await, wanted);
    let good = world.store.certificate(world.tenant, other).await.unwrap().unwrap();
    assert_eq!(good.revoked, None);
}

async fn an_account_with_an_end_takes_its_certificates_along(world: World) {
    let taro = world.somebody("taro").await.id;
    let until = NOW.plus_seconds(10 * DAY);
    let mut new = certificate(taro);
    new.account_until = Some(until);
    let serial = new.serial.clone();
    world.commit(vec![Write::CertificatePut(new)]).await.unwrap();
    let ended = |at| world.store.certificates_ended(world.tenant, at);
    assert_eq!(ended(until.plus_seconds(-1)).await.unwrap(), []);
    let found = ended(until).await.unwrap();
    assert_eq!((found.len(), found[0].person), (1, Some(taro)));
    let state = |until| {
        vec![Write::PersonStateSet {
            person: taro,
            state: PersonState::Active { from: None, until },
        }]
    };
    world.commit(state(None)).await.unwrap();
    assert_eq!(ended(until).await.unwrap(), [], "the account goes on");
    world.commit(state(Some(NOW.plus_seconds(DAY)))).await.unwrap();
    assert_eq!(ended(NOW.plus_seconds(DAY)).await.unwrap()[0].serial, serial);
    world.commit(vec![Write::CertificateRevoke { serial, reason: 5 }]).await.unwrap();
    assert_eq!(ended(NOW.plus_seconds(DAY)).await.unwrap(), []);
}

/// An end that the account was given meanwhile would not stand beside the certificate, and nobody would take it back.
async fn nothing_is_issued_to_somebody_who_was_changed_meanwhile(world: World) {
    let taro = world.somebody("taro").await;
    let issue = |updated_at| {
        vec![
            Write::PersonIs { person: taro.id, updated_at },
            Write::CertificatePut(certificate(taro.id)),
        ]
    };
    let until = Some(NOW.plus_seconds(DAY));
    let state = PersonState::Active { from: None, until };
    let later = NOW.plus_seconds(60);
    let end = vec![Write::PersonStateSet { person: taro.id, state }];
    world.commit_at(later, end).await.unwrap();
    let stale = world.commit_at(later, issue(taro.updated_at)).await;
    assert_eq!(stale, Err(Conflict::PersonMoved));
    assert_eq!(world.store.certificates_of(world.tenant, taro.id).await.unwrap(), []);
    world.commit_at(later, issue(later)).await.unwrap();
}

async fn somebody_who_is_erased_stays_in_the_list_by_number_alone(world: World) {
    let taro = world.somebody("taro").await.id;
    let serial = issued(&world, taro).await;
    assert!(world.store.person_erase(world.tenant, NOW, taro).await.unwrap());
    assert_eq!(list(&world, NOW).await, [taken(serial.clone(), NOW, 5)]);
    let left = world.store.certificate(world.tenant, serial).await.unwrap().unwrap();
    assert_eq!((left.person, left.label.as_str()), (None, ""));
    assert_eq!((left.document.len(), left.issued_by.as_str()), (0, ""));
}

async fn a_list_is_of_one_authority_and_tenant_and_forgets_what_has_expired(world: World) {
    let taro = world.somebody("taro").await.id;
    let serial = issued(&world, taro).await;
    world.commit(vec![Write::CertificateRevoke { serial, reason: 0 }]).await.unwrap();
    let end = NOW.plus_seconds(300 * DAY);
    assert_eq!(list(&world, end).await.len(), 1);
    assert_eq!(list(&world, end.plus_seconds(1)).await, []);
    let other = world.store.certificates_revoked(world.tenant, "other".into(), NOW).await;
    assert_eq!(other.unwrap(), []);
    let tenant = sekimori_base::TenantId::from_bytes(bytes());
    let elsewhere = world.store.certificates_revoked(tenant, "authority".into(), NOW).await;
    assert_eq!(elsewhere.unwrap(), []);
}

async fn a_file_is_its_owners_for_minutes_and_gone_when_they_have_it(world: World) {
    let [taro, hanako] = [world.somebody("taro").await.id, world.somebody("hanako").await.id];
    let file = |person, serial: &CertificateSerial, later| {
        let at = NOW.plus_seconds(later);
        world.store.certificate_file(world.tenant, person, serial.clone(), at)
    };
    let serial = issued(&world, taro).await;
    assert_eq!(file(taro, &serial, 599).await.unwrap(), Some(sealed("file")));
    assert_eq!(file(taro, &serial, 600).await.unwrap(), None);
    assert_eq!(file(hanako, &serial, 0).await.unwrap(), None);
    let forget = |person| Write::CertificateFileForget { person, serial: serial.clone() };
    world.commit(vec![forget(hanako)]).await.unwrap();
    assert!(file(taro, &serial, 0).await.unwrap().is_some());
    world.commit(vec![forget(taro)]).await.unwrap();
    assert_eq!(file(taro, &serial, 0).await.unwrap(), None);
    let revoked = issued(&world, taro).await;
    let revoke = Write::CertificateRevoke { serial: revoked.clone(), reason: 1 };
    world.commit(vec![revoke]).await.unwrap();
    assert_eq!(file(taro, &revoked, 0).await.unwrap(), None);
    let swept = issued(&world, taro).await;
    let retention = sekimori_directory::settings::Retention::default();
    world.store.sweep(world.tenant, NOW.plus_seconds(601), retention).await.unwrap();
    assert_eq!(file(taro, &swept, 0).await.unwrap(), None);
}

async fn what_expired_long_ago_goes(world: World) {
    let taro = world.somebody("taro").await.id;
    let serial = issued(&world, taro).await;
    let retention = sekimori_directory::settings::Retention::default();
    for (days, there) in [(389, true), (391, false)] {
        let now = NOW.plus_seconds(days * DAY);
        world.store.sweep(world.tenant, now, retention.clone()).await.unwrap();
        let found = world.store.certificate(world.tenant, serial.clone()).await.unwrap();
        assert_eq!(found.is_some(), there, "after {days} days");
    }
}
