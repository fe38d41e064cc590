//! Codes, grants, tokens: spent once, dead with their grant.

use sekimori_base::{GrantId, PersonId, SessionId};
use sekimori_directory::PersonState;
use sekimori_store::{Conflict, Digest, NewGrant, NewSession, RefreshState, Write};

use crate::world::{NOW, World, bytes, cases, digest, new_grant, new_session};

cases! {
    a_code_is_redeemed_once_and_remembered;
    a_code_that_has_expired_cannot_be_redeemed;
    a_promised_grant_opens_while_its_session_stands_and_never_after_an_ending;
    a_session_that_steps_up_keeps_its_grants_and_takes_them_along_when_it_ends;
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

async fn a_promised_grant_opens_while_its_session_stands_and_never_after_an_ending(world: World) {
    let active = PersonState::ACTIVE;
    for ending in 0..11 {
        let mut taro = world.somebody(&format!("taro{ending}")).await;
        let person = taro.id;
        let session = new_session(person, 1);
        let grant = NewGrant { session: Some(session.id), ..new_grant(person) };
        let (code_digest, grant_id, client_id) = (digest(), grant.id, grant.client_id.clone());
        let promise = vec![
            Write::SessionOpen(session.clone()),
            code(code_digest, person, grant_id),
            Write::GrantPromise(grant),
        ];
        world.commit(promise).await.unwrap();
        let record = "new".to_owned();
        let shut_out = [PersonState::Disabled { since: NOW }, PersonState::Held { since: NOW }];
        let mut put = |state| {
            taro.state = state;
            Write::PersonPut(Box::new(taro.clone()))
        };
        let writes = match ending {
            0 => vec![],
            1 => vec![Write::SessionEnd { digest: session.digest }],
            2 => vec![Write::SessionEndById { person, id: session.id }],
            3 => vec![Write::SessionsEndOfPerson { person, except: None }],
            4 => vec![Write::SessionsEndOfPerson { person, except: Some(other_session()) }],
            5 => vec![Write::GrantsEndOfPerson { person }],
            6 => vec![Write::GrantsEndOfClient { person, client_id }],
            7 => vec![Write::PasswordSet { person, record, from_epoch: Some(1) }],
            8 | 9 => [shut_out[ending - 8], active]
                .map(|state| Write::PersonStateSet { person, state })
                .to_vec(),
            _ => vec![put(shut_out[0]), put(active)],
        };
        world.commit(writes).await.unwrap();
        let redeem = vec![
            Write::CodeRedeem { digest: code_digest },
            Write::GrantOpen { grant: grant_id, expires_at: NOW.plus_seconds(300) },
        ];
        let redeemed = world.commit(redeem).await.map(|_| ());
        let expected = if ending == 0 { Ok(()) } else { Err(Conflict::GrantEnded) };
        assert_eq!(redeemed, expected, "ending {ending}");
        // The own session of a person who ends the others keeps what it gave.
        let keep = Write::SessionsEndOfPerson { person, except: Some(session.id) };
        world.commit(vec![keep]).await.unwrap();
        let (grant, _) = world.store.grant(world.tenant, grant_id).await.unwrap().unwrap();
        assert_eq!(grant.good(NOW), ending == 0 || ending == 7, "ending {ending}");
    }
}

fn other_session() -> SessionId {
    SessionId::from_bytes(bytes())
}

async fn a_session_that_steps_up_keeps_its_grants_and_takes_them_along_when_it_ends(world: World) {
    let person = world.somebody("taro").await.id;
    let first = new_session(person, 1);
    let grant = NewGrant { session: Some(first.id), ..new_grant(person) };
    let grant_id = grant.id;
    let opened = vec![Write::SessionOpen(first.clone()), Write::GrantPromise(grant)];
    world.commit(opened).await.unwrap();
    let second = NewSession { digest: digest(), ..first.clone() };
    let replace = Write::SessionReplace { old: first.digest, session: second.clone() };
    let open = Write::GrantOpen { grant: grant_id, expires_at: NOW.plus_seconds(300) };
    world.commit(vec![replace, open]).await.unwrap();
    world.commit(vec![Write::SessionEnd { digest: first.digest }]).await.unwrap();
    let good = async || {
        let found = world.store.grant(world.tenant, grant_id).await.unwrap();
        found.unwrap().0.good(NOW)
    };
    assert!(good().await, "the old cookie stands for nothing");
    world.commit(vec![Write::SessionEnd { digest: second.digest }]).await.unwrap();
    assert!(!good().await);
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
            Write::GrantPromise(grant),
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
    world.commit(vec![Write::GrantPromise(grant), put]).await.unwrap();
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
    world.commit(vec![Write::GrantPromise(grant), put]).await.unwrap();
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
