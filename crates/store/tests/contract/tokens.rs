//! Codes, grants, tokens: spent once, dead with their grant.

use sekimori_base::{GrantId, PersonId};
use sekimori_store::{Conflict, Digest, RefreshState, Write};

use crate::world::{NOW, World, bytes, cases, digest, new_grant};

cases! {
    a_code_is_redeemed_once_and_remembered;
    a_code_that_has_expired_cannot_be_redeemed;
    ending_a_grant_ends_its_tokens;
    a_refresh_token_is_rotated_once;
    the_account_comes_with_the_token;
    consents_are_kept_until_removed;
}

fn code(digest: Digest, person: PersonId, grant: GrantId) -> Write {
    let expires_at = NOW.plus_seconds(60);
    Write::CodePut { digest, person, grant, payload: "{}".into(), expires_at }
}

async fn a_code_is_redeemed_once_and_remembered(world: World) {
    let taro = world.somebody("taro").await;
    let (digest, grant) = (digest(), GrantId::from_bytes(bytes()));
    world.commit(vec![code(digest, taro.id, grant)]).await.unwrap();
    world.commit(vec![Write::CodeRedeem { digest }]).await.unwrap();
    let again = world.commit(vec![Write::CodeRedeem { digest }]).await;
    assert_eq!(again, Err(Conflict::CodeSpent));
    let stored = world.store.code(world.tenant, digest).await.unwrap().unwrap();
    assert_eq!((stored.grant, stored.redeemed_at), (grant, Some(NOW)));
    assert_eq!(stored.account.unwrap().person, taro);
}

async fn a_code_that_has_expired_cannot_be_redeemed(world: World) {
    let digest = digest();
    let put = code(digest, PersonId::from_bytes(bytes()), GrantId::from_bytes(bytes()));
    world.commit(vec![put]).await.unwrap();
    let late = NOW.plus_seconds(60);
    let redeemed = world.commit_at(late, vec![Write::CodeRedeem { digest }]).await;
    assert_eq!(redeemed, Err(Conflict::CodeSpent));
    let stored = world.store.code(world.tenant, digest).await.unwrap().unwrap();
    assert!(stored.account.is_none(), "nobody has that id");
}

async fn ending_a_grant_ends_its_tokens(world: World) {
    let person = world.somebody("taro").await.id;
    let grant = new_grant(person);
    let (access, refresh) = (digest(), digest());
    let expires_at = NOW.plus_seconds(300);
    let payload = "{}".to_owned();
    let id = grant.id;
    world
        .commit(vec![
            Write::GrantOpen(grant),
            Write::AccessTokenPut { digest: access, grant: id, payload, expires_at },
            Write::RefreshPut { digest: refresh, grant: id, expires_at },
        ])
        .await
        .unwrap();
    let stored = world.store.access_token(world.tenant, access).await.unwrap().unwrap();
    assert!(stored.good(NOW) && !stored.good(expires_at));
    world.commit(vec![Write::GrantEnd { grant: id }]).await.unwrap();
    let stored = world.store.access_token(world.tenant, access).await.unwrap().unwrap();
    assert!(!stored.good(NOW));
    let rotate =
        Write::RefreshRotate { digest: refresh, successor: digest(), grant: id, expires_at };
    assert_eq!(world.commit(vec![rotate]).await, Err(Conflict::RefreshSpent));
    assert!(world.store.grants_of(world.tenant, NOW, person, 10).await.unwrap().is_empty());
}

async fn a_refresh_token_is_rotated_once(world: World) {
    let person = world.somebody("taro").await.id;
    let grant = new_grant(person);
    let (first, second, third) = (digest(), digest(), digest());
    let expires_at = NOW.plus_seconds(300);
    let id = grant.id;
    let put = Write::RefreshPut { digest: first, grant: id, expires_at };
    world.commit(vec![Write::GrantOpen(grant), put]).await.unwrap();
    let rotate =
        |digest, successor| Write::RefreshRotate { digest, successor, grant: id, expires_at };
    world.commit(vec![rotate(first, second)]).await.unwrap();
    assert_eq!(world.commit(vec![rotate(first, third)]).await, Err(Conflict::RefreshSpent));
    let old = world.store.refresh_token(world.tenant, first).await.unwrap().unwrap();
    assert_eq!(old.state, RefreshState::Rotated { at: NOW, successor: second });
    assert_eq!(old.grant.id, id);
    let new = world.store.refresh_token(world.tenant, second).await.unwrap().unwrap();
    assert_eq!(new.state, RefreshState::Fresh);
    assert!(world.store.refresh_token(world.tenant, third).await.unwrap().is_none());
}

async fn the_account_comes_with_the_token(world: World) {
    let taro = world.somebody("taro").await;
    let grant = new_grant(taro.id);
    let (token, id) = (digest(), grant.id);
    let expires_at = NOW.plus_seconds(300);
    let payload = "{}".to_owned();
    let put = Write::AccessTokenPut { digest: token, grant: id, payload, expires_at };
    world.commit(vec![Write::GrantOpen(grant), put]).await.unwrap();
    let state = sekimori_directory::PersonState::Disabled { since: NOW };
    let person = taro.id;
    world.commit(vec![Write::PersonStateSet { person, state }]).await.unwrap();
    let stored = world.store.access_token(world.tenant, token).await.unwrap().unwrap();
    assert_eq!(stored.account.unwrap().person.state, state);
}

async fn consents_are_kept_until_removed(world: World) {
    let person = world.somebody("taro").await.id;
    let put = |scopes: &str| Write::ConsentPut {
        person,
        client_id: "moodle".into(),
        scopes: scopes.into(),
    };
    world.commit(vec![put("openid"), put("openid mail")]).await.unwrap();
    let kept = world.store.consents_of(world.tenant, person).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].scopes, "openid mail");
    let remove = Write::ConsentRemove { person, client_id: "moodle".into() };
    world.commit(vec![remove]).await.unwrap();
    assert!(world.store.consents_of(world.tenant, person).await.unwrap().is_empty());
}
