//! Sessions open under the present epoch, and die at once.

use sekimori_directory::Method;
use sekimori_store::{Conflict, Digest, Wanted, Write};

use crate::world::{NOW, World, cases, new_session};

cases! {
    a_session_brings_its_person_and_factors;
    a_session_opens_only_under_the_present_epoch;
    a_replaced_session_is_dead_at_once;
    the_own_session_survives_the_own_change_of_password;
    ending_the_others_leaves_one;
}

async fn has(world: &World, digest: Digest) -> bool {
    let wanted = Wanted { session: Some(digest), ..Wanted::default() };
    world.store.load(world.tenant, NOW, wanted).await.unwrap().session.is_some()
}

async fn a_session_brings_its_person_and_factors(world: World) {
    let taro = world.somebody("taro").await;
    world.somebody("hanako").await;
    world.factor(taro.id, Method::Totp).await;
    let session = new_session(taro.id, 2);
    world.commit(vec![Write::SessionOpen(session.clone())]).await.unwrap();
    let used_at = NOW.plus_seconds(5);
    world.commit(vec![Write::SessionTouch { digest: session.digest, used_at }]).await.unwrap();
    let wanted = Wanted { session: Some(session.digest), ..Wanted::default() };
    let loaded = world.store.load(world.tenant, NOW, wanted).await.unwrap();
    let stored = loaded.session.unwrap();
    assert_eq!(stored.facts.id, session.id);
    assert_eq!(stored.facts.used_at, used_at);
    assert_eq!(stored.facts.proofs, session.proofs);
    assert_eq!(stored.device, session.device);
    let person = loaded.person.unwrap();
    assert_eq!(person.person, taro);
    assert_eq!(person.factors.len(), 1);
}

async fn a_session_opens_only_under_the_present_epoch(world: World) {
    let person = world.somebody("taro").await.id;
    let stale = Write::SessionOpen(new_session(person, 2));
    assert_eq!(world.commit(vec![stale]).await, Err(Conflict::EpochMoved));
    let set = Write::PasswordSet { person, record: "new".into(), from_epoch: Some(1) };
    let open = Write::SessionOpen(new_session(person, 2));
    world.commit(vec![set, open]).await.unwrap();
    assert_eq!(world.store.sessions_of(world.tenant, person).await.unwrap().len(), 1);
}

async fn a_replaced_session_is_dead_at_once(world: World) {
    let person = world.somebody("taro").await.id;
    let (first, second) = (new_session(person, 1), new_session(person, 1));
    world.commit(vec![Write::SessionOpen(first.clone())]).await.unwrap();
    let replace = Write::SessionReplace { old: first.digest, session: second.clone() };
    world.commit(vec![replace.clone()]).await.unwrap();
    assert!(!has(&world, first.digest).await && has(&world, second.digest).await);
    assert_eq!(world.commit(vec![replace]).await, Err(Conflict::SessionGone));
}

async fn the_own_session_survives_the_own_change_of_password(world: World) {
    let person = world.somebody("taro").await.id;
    let session = new_session(person, 1);
    world.commit(vec![Write::SessionOpen(session.clone())]).await.unwrap();
    let set = Write::PasswordSet { person, record: "new".into(), from_epoch: Some(1) };
    let renew = |epoch| Write::SessionRenew { digest: session.digest, person, epoch };
    let wrong = world.commit(vec![set.clone(), renew(3)]).await;
    assert_eq!(wrong, Err(Conflict::SessionGone));
    assert_eq!(world.stored(person).await.known.credential_epoch, 1, "nothing of it happened");
    world.commit(vec![set, renew(2)]).await.unwrap();
    let stored = world.store.sessions_of(world.tenant, person).await.unwrap();
    assert_eq!(stored[0].facts.credential_epoch, 2);
}

async fn ending_the_others_leaves_one(world: World) {
    let person = world.somebody("taro").await.id;
    let sessions: Vec<_> = (0..3).map(|_| new_session(person, 1)).collect();
    world.commit(sessions.iter().cloned().map(Write::SessionOpen).collect()).await.unwrap();
    let except = Some(sessions[1].id);
    world.commit(vec![Write::SessionsEndOfPerson { person, except }]).await.unwrap();
    assert!(has(&world, sessions[1].digest).await && !has(&world, sessions[0].digest).await);
    world.commit(vec![Write::SessionEndById { person, id: sessions[1].id }]).await.unwrap();
    assert!(world.store.sessions_of(world.tenant, person).await.unwrap().is_empty());
}
