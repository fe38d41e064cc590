//! The least.

use sekimori_directory::Username;
use sekimori_store::Write;

use crate::world::{NOW, World, cases, person};

cases! {
    somebody_who_was_added_is_found;
}

async fn somebody_who_was_added_is_found(world: World) {
    let taro = person("taro");
    let write = Write::PersonAdd { person: Box::new(taro.clone()), password: Some("x".into()) };
    world.store.commit(world.tenant, NOW, vec![write]).await.unwrap();
    let found = world
        .store
        .person_by_username(world.tenant, NOW, Username::parse("taro").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.person, taro);
    world.store.health().await.unwrap();
}
