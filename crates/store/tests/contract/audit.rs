//! The audit's chains, as somebody who checks them sees them.

use sekimori_base::base32;
use sekimori_store::{
    AuditFacts, AuditLine, AuditPlace, ChangeError, Checkpoint, Conflict, ListedChain, StoredLine,
    Write, chain_start, commitment, verify_next,
};

use crate::world::{NOW, World, bytes, cases, person};

cases! {
    every_line_is_in_a_chain_without_gaps;
    an_incident_code_is_unique_and_found;
    a_refused_transaction_leaves_no_line;
    lines_are_read_in_the_order_of_time;
    checkpoints_are_numbered_without_gaps;
    of_many_nodes_one_puts_a_checkpoint;
    a_chain_is_listed_when_it_has_grown_and_once_more_when_it_ends;
}

fn line(event: &str) -> AuditLine {
    AuditLine { at: NOW, event: event.into(), ..AuditLine::default() }
}

fn write(line: AuditLine) -> Write {
    Write::Audit(Box::new(line))
}

/// Walk all chains; gives the number of lines.
async fn verify(world: &World) -> usize {
    let mut lines = 0;
    for head in world.store.audit_heads(world.tenant).await.unwrap() {
        assert_eq!(head.first_previous, chain_start(world.tenant, head.writer));
        let mut value = head.first_previous;
        let mut next = head.first_sequence;
        for entry in world.store.audit_scan(world.tenant, head.writer, 1, 1000).await.unwrap() {
            value = verify_next(&value, &entry.text);
            assert_eq!(entry.hash, value);
            let line: StoredLine = serde_json::from_str(&entry.text).unwrap();
            assert_eq!((entry.id.sequence, line.sequence), (next, next));
            if let Some(facts) = &entry.facts {
                assert_eq!(line.facts, Some(base32::encode(&commitment(facts))));
            }
            next += 1;
            lines += 1;
        }
        assert_eq!((head.sequence + 1, head.hash), (next, value));
    }
    lines
}

async fn every_line_is_in_a_chain_without_gaps(world: World) {
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let (store, tenant) = (world.store.clone(), world.tenant);
        callers.spawn(async move {
            for turn in 0..10 {
                let facts = AuditFacts { json: format!("{{\"n\":{turn}}}"), salt: bytes() };
                let mut line = line("login.refused");
                line.details = format!("{{\"caller\":{caller}}}");
                line.facts = Some(facts);
                let pair = vec![write(line.clone()), write(line)];
                let receipt = store.commit(tenant, NOW, pair).await.unwrap();
                assert_eq!(receipt.lines[0].sequence + 1, receipt.lines[1].sequence);
            }
        });
    }
    callers.join_all().await;
    assert_eq!(verify(&world).await, 160);
}

async fn an_incident_code_is_unique_and_found(world: World) {
    let mut first = line("login.refused");
    first.incident = Some("7K3M9QTX".into());
    first.reason = Some("password_wrong".into());
    world.commit(vec![write(first.clone())]).await.unwrap();
    let taken = world.commit(vec![write(line("other")), write(first)]).await;
    assert_eq!(taken, Err(Conflict::IncidentTaken));
    let found = world.store.incident(world.tenant, "7K3M9QTX").await.unwrap().unwrap();
    assert_eq!(found.line.reason.as_deref(), Some("password_wrong"));
    assert!(world.store.incident(world.tenant, "00000000").await.unwrap().is_none());
    assert_eq!(verify(&world).await, 1, "the refused line left no gap");
}

async fn a_refused_transaction_leaves_no_line(world: World) {
    world.somebody("taro").await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (store, tenant) = (world.store.clone(), world.tenant);
        callers.spawn(async move {
            let name = if number % 2 == 0 { "taro".to_owned() } else { format!("p{number}") };
            let add = Write::PersonAdd { person: Box::new(person(&name)), password: None };
            store.commit(tenant, NOW, vec![write(line("person.added")), add]).await.is_ok()
        });
    }
    let added = callers.join_all().await.into_iter().filter(|added| *added).count();
    assert_eq!(added, 20, "one conflict does not hurt the others");
    assert_eq!(verify(&world).await, 20);
}

async fn lines_are_read_in_the_order_of_time(world: World) {
    for second in [3, 1, 2] {
        let mut line = line(&format!("e{second}"));
        line.at = NOW.plus_seconds(second);
        world.commit(vec![write(line)]).await.unwrap();
    }
    let mut after = AuditPlace::from(NOW.plus_seconds(2));
    let mut seen = Vec::new();
    loop {
        let entries = world.store.audit_since(world.tenant, after, 1).await.unwrap();
        let Some(entry) = entries.into_iter().next() else { break };
        after = AuditPlace { at: entry.line.at, id: entry.id };
        seen.push(entry.line.event);
    }
    assert_eq!(seen, ["e2", "e3"]);
}

async fn checkpoints_are_numbered_without_gaps(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let checkpoint = |number| Checkpoint { number, at: NOW, body: format!("signed {number}") };
    store.checkpoint_put(tenant, checkpoint(1), Vec::new()).await.unwrap();
    for wrong in [1, 3] {
        let put = store.checkpoint_put(tenant, checkpoint(wrong), Vec::new()).await;
        assert!(matches!(put, Err(ChangeError::Stale)));
    }
    store.checkpoint_put(tenant, checkpoint(2), Vec::new()).await.unwrap();
    assert_eq!(store.checkpoint_last(tenant).await.unwrap(), Some(checkpoint(2)));
    assert_eq!(store.checkpoints(tenant, 1, 10).await.unwrap().len(), 2);
}

async fn of_many_nodes_one_puts_a_checkpoint(world: World) {
    let mut nodes = tokio::task::JoinSet::new();
    for node in 0..8 {
        let (store, tenant) = (world.store.clone(), world.tenant);
        nodes.spawn(async move {
            let checkpoint = Checkpoint { number: 1, at: NOW, body: format!("of node {node}") };
            store.checkpoint_put(tenant, checkpoint, Vec::new()).await.is_ok()
        });
    }
    let put = nodes.join_all().await.into_iter().filter(|put| *put).count();
    assert_eq!(put, 1);
}

async fn a_chain_is_listed_when_it_has_grown_and_once_more_when_it_ends(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let live_since = NOW.plus_seconds(-60);
    world.seen(NOW).await;
    for event in ["one", "two"] {
        world.commit(vec![write(line(event))]).await.unwrap();
    }
    let list = async |number, live_since| {
        let unlisted = store.audit_unlisted(tenant, live_since).await.unwrap();
        let chains: Vec<_> = unlisted
            .chains
            .iter()
            .map(|chain| ListedChain {
                writer: chain.writer,
                sequence: chain.sequence,
                ended: chain.ended,
            })
            .collect();
        if !chains.is_empty() {
            let checkpoint = Checkpoint { number, at: NOW, body: "signed".into() };
            store.checkpoint_put(tenant, checkpoint, chains).await.unwrap();
        }
        unlisted.chains
    };
    let first = list(1, live_since).await;
    let lines = |chains: &[sekimori_store::UnlistedChain]| {
        chains.iter().map(|chain| chain.sequence + 1 - chain.from).sum::<u64>()
    };
    assert_eq!(lines(&first), 2);
    assert!(first.iter().all(|chain| !chain.ended));
    assert_eq!(list(2, live_since).await, [], "nothing has changed");
    let gone = NOW.plus_seconds(1);
    let ended = list(2, gone).await;
    assert!(ended.iter().all(|chain| chain.ended && chain.sequence + 1 == chain.from));
    assert_eq!(list(3, gone).await, [], "an ended chain is listed once");
    // The node was asleep, and goes on.
    world.commit(vec![write(line("three"))]).await.unwrap();
    world.seen(NOW.plus_seconds(2)).await;
    assert_eq!(lines(&list(3, gone).await), 1);
}
