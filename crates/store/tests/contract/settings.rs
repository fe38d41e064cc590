//! Settings, keys, nodes, the outbox.

use sekimori_base::NodeId;
use sekimori_directory::Site;
use sekimori_store::Urgency::Ordinary;
use sekimori_store::{ChangeError, KeyStanding, KeyStep, MessageId, Node, StoredKey, Write};

use crate::world::{NOW, World, bytes, cases, sealed};

cases! {
    settings_are_versioned_and_applied_once;
    keys_change_only_from_the_set_that_was_seen;
    nodes_are_seen_until_they_leave;
    a_message_is_leased_to_one_and_comes_back;
}

fn site(en: &str) -> Site {
    serde_json::from_value(serde_json::json!({
        "issuer": "https://login.example.ac.jp",
        "organisation": { "name": { "en": en, "ja": "例" } },
    }))
    .unwrap()
}

async fn settings_are_versioned_and_applied_once(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    assert!(store.site(tenant).await.unwrap().is_none());
    assert_eq!(store.versions(tenant).await.unwrap().site, 0);
    assert_eq!(store.apply_site(tenant, 0, &site("one"), NOW, "os:root").await.unwrap(), 1);
    assert_eq!(store.apply_site(tenant, 1, &site("two"), NOW, "os:root").await.unwrap(), 2);
    let stale = store.apply_site(tenant, 1, &site("three"), NOW, "os:root").await;
    assert!(matches!(stale, Err(ChangeError::Stale)));
    let current = store.site(tenant).await.unwrap().unwrap();
    assert_eq!((current.version, current.site), (2, site("two")));
    assert_eq!(store.versions(tenant).await.unwrap().site, 2);
    assert_eq!(store.site_at(tenant, 1).await.unwrap().unwrap().site, site("one"));
    let history = store.site_history(tenant, u64::MAX, 10).await.unwrap();
    assert_eq!(history.iter().map(|line| line.version).collect::<Vec<_>>(), [2, 1]);
}

async fn keys_change_only_from_the_set_that_was_seen(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let key = StoredKey {
        line: "ES256".into(),
        name: "kid-1".into(),
        standing: KeyStanding::Next,
        moment: NOW,
        sealed: sealed("private"),
        public: Some("{}".into()),
        made_at: NOW,
    };
    let put = vec![KeyStep::Put(key.clone())];
    assert_eq!(store.change_keys(tenant, 0, put.clone()).await.unwrap(), 1);
    assert!(matches!(store.change_keys(tenant, 0, put).await, Err(ChangeError::Stale)));
    let step = KeyStep::Move {
        line: key.line.clone(),
        name: key.name.clone(),
        standing: KeyStanding::Active,
        moment: NOW.plus_seconds(1),
    };
    store.change_keys(tenant, 1, vec![step]).await.unwrap();
    let set = store.keys(tenant).await.unwrap();
    assert_eq!((set.version, set.keys.len()), (2, 1));
    assert_eq!(set.keys[0].standing, KeyStanding::Active);
    assert_eq!(set.keys[0].sealed, key.sealed);
    assert_eq!(store.versions(tenant).await.unwrap().keys, 2);
    let gone = KeyStep::Remove { line: "ES256".into(), name: "other".into() };
    assert!(matches!(store.change_keys(tenant, 2, vec![gone]).await, Err(ChangeError::Stale)));
    assert_eq!(store.keys(tenant).await.unwrap().version, 2, "nothing of it happened");
}

async fn nodes_are_seen_until_they_leave(world: World) {
    let node = |seen_at, known: &str| Node {
        id: NodeId::from_bytes([9; 16]),
        started_at: NOW,
        seen_at,
        known: known.into(),
    };
    world.store.node_seen(node(NOW, "1")).await.unwrap();
    world.store.node_seen(node(NOW.plus_seconds(10), "1 2")).await.unwrap();
    let live = world.store.nodes(NOW.plus_seconds(5)).await.unwrap();
    assert_eq!(live, [node(NOW.plus_seconds(10), "1 2")]);
    assert!(world.store.nodes(NOW.plus_seconds(11)).await.unwrap().is_empty());
    world.store.node_gone(live[0].id, NOW).await.unwrap();
    assert!(world.store.nodes(NOW).await.unwrap().is_empty());
}

async fn a_message_is_leased_to_one_and_comes_back(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let id = MessageId::from_bytes(bytes());
    let put = Write::OutboxPut { id, message: sealed("mail"), due_at: NOW };
    world.commit(vec![put]).await.unwrap();
    let early = store.outbox_due(tenant, NOW.plus_seconds(-1), Ordinary, 60, 10).await.unwrap();
    assert!(early.is_empty());
    let due = store.outbox_due(tenant, NOW, Ordinary, 60, 10).await.unwrap();
    assert_eq!((due.len(), due[0].tries), (1, 1));
    assert_eq!(due[0].message, sealed("mail"));
    assert!(store.outbox_due(tenant, NOW, Ordinary, 60, 10).await.unwrap().is_empty(), "leased");
    store.outbox_failed(tenant, id, NOW.plus_seconds(300), "451 try later", None).await.unwrap();
    let waiting = store.outbox_waiting(tenant, 10).await.unwrap();
    assert_eq!(waiting[0].last_words.as_deref(), Some("451 try later"));
    let due = store.outbox_due(tenant, NOW.plus_seconds(300), Ordinary, 60, 10).await.unwrap();
    assert_eq!(due[0].tries, 2);
    store.outbox_done(tenant, id, None).await.unwrap();
    assert!(store.outbox_waiting(tenant, 10).await.unwrap().is_empty());
}
