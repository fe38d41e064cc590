//! Attempts move by compare-and-set.

use sekimori_base::AttemptId;
use sekimori_store::{Conflict, StoredAttempt, Wanted, Write};

use crate::world::{NOW, World, bytes, cases, sealed};

cases! {
    an_attempt_moves_on_only_from_where_the_submit_saw_it;
    an_attempt_that_ended_keeps_its_outcome_and_nothing_else;
    an_attempt_is_gone_when_it_has_expired;
}

fn put(id: AttemptId) -> Write {
    let expires_at = NOW.plus_seconds(600);
    Write::AttemptPut { id, state: sealed("one"), outcome: None, expires_at }
}

fn advance(id: AttemptId, from_version: u64, state: &str) -> Write {
    let outcome = Some(sealed(&format!("answer to {from_version}")));
    Write::AttemptAdvance { id, from_version, state: sealed(state), outcome }
}

async fn loaded(world: &World, id: AttemptId, later: i64) -> Option<StoredAttempt> {
    let wanted = Wanted { attempt: Some(id), ..Wanted::default() };
    world.store.load(world.tenant, NOW.plus_seconds(later), wanted).await.unwrap().attempt
}

async fn an_attempt_moves_on_only_from_where_the_submit_saw_it(world: World) {
    let id = AttemptId::from_bytes(bytes());
    world.commit(vec![put(id)]).await.unwrap();
    assert_eq!(world.commit(vec![put(id)]).await, Err(Conflict::Exists));
    world.commit(vec![advance(id, 1, "two")]).await.unwrap();
    let again = world.commit(vec![advance(id, 1, "other")]).await;
    assert_eq!(again, Err(Conflict::AttemptMoved));
    let attempt = loaded(&world, id, 0).await.unwrap();
    assert_eq!((attempt.version, attempt.state), (2, sealed("two")));
    assert_eq!(attempt.outcome, Some(sealed("answer to 1")));
}

async fn an_attempt_that_ended_keeps_its_outcome_and_nothing_else(world: World) {
    let id = AttemptId::from_bytes(bytes());
    world.commit(vec![put(id)]).await.unwrap();
    let end = Write::AttemptEnd { id, from_version: 1, outcome: Some(sealed("303")) };
    world.commit(vec![end.clone()]).await.unwrap();
    assert_eq!(world.commit(vec![end]).await, Err(Conflict::AttemptMoved));
    assert_eq!(world.commit(vec![advance(id, 2, "x")]).await, Err(Conflict::AttemptMoved));
    let attempt = loaded(&world, id, 0).await.unwrap();
    assert_eq!((attempt.ended_at, attempt.outcome), (Some(NOW), Some(sealed("303"))));
    assert!(attempt.state.bytes().is_empty());
}

async fn an_attempt_is_gone_when_it_has_expired(world: World) {
    let id = AttemptId::from_bytes(bytes());
    world.commit(vec![put(id)]).await.unwrap();
    assert!(loaded(&world, id, 599).await.is_some());
    assert!(loaded(&world, id, 600).await.is_none());
    let late = world.commit_at(NOW.plus_seconds(600), vec![advance(id, 1, "x")]).await;
    assert_eq!(late, Err(Conflict::AttemptMoved));
}
