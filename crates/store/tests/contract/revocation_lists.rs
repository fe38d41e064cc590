//! Revocation lists of other authorities: one node fetches, all have them.

use crate::world::{NOW, World, cases};

cases! {
    an_address_is_asked_by_one_node_at_a_time_and_its_list_is_for_all;
}

const ADDRESS: &str = "http://crl.example.net/ca.crl";

async fn an_address_is_asked_by_one_node_at_a_time_and_its_list_is_for_all(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let claim = async |at: i64, before: i64| {
        let (at, before) = (NOW.plus_seconds(at), NOW.plus_seconds(before));
        store.claim_list(tenant, ADDRESS, at, before).await.unwrap()
    };
    assert!(claim(0, -60).await, "nobody asked before");
    assert!(!claim(1, -59).await, "somebody does");
    assert_eq!(store.list(tenant, ADDRESS).await.unwrap(), None);

    store.put_list(tenant, ADDRESS, NOW.plus_seconds(2), b"one".to_vec()).await.unwrap();
    store.list_tried(tenant, ADDRESS, "").await.unwrap();
    assert!(!claim(3, -57).await);
    assert!(claim(60, 0).await);
    store.list_tried(tenant, ADDRESS, "no answer").await.unwrap();
    let heads = store.list_heads(tenant).await.unwrap();
    let [head] = heads.as_slice() else { panic!("{heads:?}") };
    assert_eq!((head.address.as_str(), head.problem.as_str()), (ADDRESS, "no answer"));
    let times = (head.tried_at, head.fetched_at);
    assert_eq!(times, (NOW.plus_seconds(60), Some(NOW.plus_seconds(2))));
    let kept = store.list(tenant, ADDRESS).await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"one"[..]), "a failure takes nothing away");

    // Whoever was slower with an earlier one comes too late.
    store.put_list(tenant, ADDRESS, NOW.plus_seconds(1), b"old".to_vec()).await.unwrap();
    assert_eq!(store.list(tenant, ADDRESS).await.unwrap().as_deref(), Some(&b"one"[..]));

    store.forget_list(tenant, ADDRESS).await.unwrap();
    assert_eq!(store.list_heads(tenant).await.unwrap(), []);
}
