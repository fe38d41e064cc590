//! What expires goes; what must be remembered stays.

use sekimori_base::GrantId;
use sekimori_directory::settings::Retention;
use sekimori_store::{AuditFacts, AuditLine, Checkpoint, CounterKey, ListedChain, Swept, Write};

use crate::world::{NOW, World, bytes, cases, digest, new_session};

cases! {
    what_has_expired_goes_in_small_steps;
    facts_go_before_lines_and_the_chain_knows_where_it_begins;
    checkpoints_go_a_day_after_the_lines_and_ended_chains_with_nothing_left_are_forgotten;
}

const DAY: i64 = 24 * 3600;

async fn sweep_all(world: &World, later: i64) -> Swept {
    let mut all = Swept::default();
    loop {
        let now = NOW.plus_seconds(later);
        let swept = world.store.sweep(world.tenant, now, Retention::default()).await.unwrap();
        all.expired += swept.expired;
        all.counters += swept.counters;
        all.facts += swept.facts;
        all.lines += swept.lines;
        all.checkpoints += swept.checkpoints;
        if !swept.more {
            return all;
        }
    }
}

async fn what_has_expired_goes_in_small_steps(world: World) {
    let person = world.somebody("taro").await.id;
    let sessions = (0..1100).map(|_| Write::SessionOpen(new_session(person, 1)));
    world.commit(sessions.collect()).await.unwrap();
    let code = digest();
    let put = Write::CodePut {
        digest: code,
        person,
        grant: GrantId::from_bytes(bytes()),
        payload: "{}".into(),
        expires_at: NOW.plus_seconds(60),
    };
    world.commit(vec![put]).await.unwrap();
    for _ in 0..3 {
        let key = CounterKey::from_bytes(bytes());
        world.store.reserve(world.tenant, NOW, key, 30, Vec::new()).await.unwrap();
    }
    assert_eq!(sweep_all(&world, 0).await, Swept::default());
    let step = world.store.sweep(world.tenant, NOW.plus_seconds(3601), Retention::default()).await;
    let step = step.unwrap();
    assert_eq!((step.expired, step.more), (500, true));
    assert_eq!(sweep_all(&world, 3601).await.expired, 600);
    assert!(world.store.code(world.tenant, code).await.unwrap().is_some(), "second redemptions");
    let late = sweep_all(&world, 60 + DAY + 1).await;
    assert_eq!((late.expired, late.counters), (1, 3));
}

async fn facts_go_before_lines_and_the_chain_knows_where_it_begins(world: World) {
    let write = |at| {
        Write::Audit(Box::new(AuditLine {
            at,
            event: "e".into(),
            facts: Some(AuditFacts { json: "{}".into(), salt: bytes() }),
            ..AuditLine::default()
        }))
    };
    world.commit(vec![write(NOW), write(NOW)]).await.unwrap();
    world.commit(vec![write(NOW.plus_seconds(200 * DAY))]).await.unwrap();
    let swept = sweep_all(&world, 91 * DAY).await;
    assert_eq!((swept.facts, swept.lines), (2, 0));
    let swept = sweep_all(&world, 366 * DAY).await;
    assert_eq!(swept.facts, 1);
    let heads = world.store.audit_heads(world.tenant).await.unwrap();
    let kept: u64 = heads.iter().map(|head| head.sequence + 1 - head.first_sequence).sum();
    assert_eq!((swept.lines, kept), (2, 1));
    for head in heads {
        let lines = world
            .store
            .audit_scan(world.tenant, head.writer, head.first_sequence, 10)
            .await
            .unwrap();
        let value = lines.iter().fold(head.first_previous, |value, entry| {
            sekimori_store::verify_next(&value, &entry.text)
        });
        assert_eq!(value, head.hash, "what is kept can still be verified");
    }
}

async fn checkpoints_go_a_day_after_the_lines_and_ended_chains_with_nothing_left_are_forgotten(
    world: World,
) {
    let (store, tenant) = (&world.store, world.tenant);
    let line = AuditLine { at: NOW, event: "e".into(), ..AuditLine::default() };
    world.commit(vec![Write::Audit(Box::new(line))]).await.unwrap();
    let writer = store.audit_heads(tenant).await.unwrap()[0].writer;
    for number in 1..=3 {
        let at = NOW.plus_seconds(i64::try_from(number).unwrap());
        let checkpoint = Checkpoint { number, at, body: "signed".into() };
        let ended = ListedChain { writer, sequence: 1, ended: true };
        store.checkpoint_put(tenant, checkpoint, vec![ended]).await.unwrap();
    }
    assert_eq!(sweep_all(&world, 365 * DAY + 100).await.checkpoints, 0);
    assert!(store.audit_heads(tenant).await.unwrap().is_empty(), "nothing of it is kept");
    assert_eq!(sweep_all(&world, 366 * DAY + 100).await.checkpoints, 2);
    assert_eq!(store.checkpoint_last(tenant).await.unwrap().unwrap().number, 3, "the last stays");
}
