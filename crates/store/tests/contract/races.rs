//! Exactly one of many wins, every time.

use std::sync::Arc;

use sekimori_base::{AttemptId, FactorId, GrantId, NodeId, TicketId};
use sekimori_directory::Method;
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{CounterKey, NewGrant, NewTicket, Options, Place, Reservation, Store, Write};

use crate::world::{NOW, World, bytes, cases, digest, new_grant, new_session, sealed};

cases! {
    of_many_parallel_spends_exactly_one_succeeds;
    of_many_parallel_reservations_exactly_one_is_granted;
    no_grant_outlives_an_ending_that_races_with_its_code;
}

const PARALLEL: usize = 200;

fn rounds() -> u64 {
    match std::env::var("SEKIMORI_TEST_VOLUME").as_deref() {
        Ok("full") => 200,
        _ => 20,
    }
}

/// The stores of one or two nodes on the same database.
fn nodes(world: &World) -> Vec<Store> {
    let mut nodes = vec![world.store.clone()];
    if let Place::Postgres { .. } = world.place {
        let options = Options::serve(NodeId::from_bytes(bytes()));
        nodes.push(Store::open(&world.place, &options).unwrap());
    }
    nodes
}

/// Commit the same writes many times at once; gives how many succeeded.
async fn race(world: &World, nodes: &[Store], writes: impl Fn() -> Vec<Write>) -> usize {
    let barrier = Arc::new(tokio::sync::Barrier::new(PARALLEL));
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..PARALLEL {
        let (store, tenant) = (nodes[number % nodes.len()].clone(), world.tenant);
        let (barrier, writes) = (Arc::clone(&barrier), writes());
        callers.spawn(async move {
            barrier.wait().await;
            match store.commit(tenant, NOW, writes).await {
                Ok(_) => true,
                Err(error) if error.conflict().is_some() => false,
                Err(error) => panic!("{error}"),
            }
        });
    }
    callers.join_all().await.into_iter().filter(|won| *won).count()
}

struct Things {
    totp: FactorId,
    recovery: FactorId,
    attempt: AttemptId,
}

async fn of_many_parallel_spends_exactly_one_succeeds(world: World) {
    let nodes = nodes(&world);
    let person = world.somebody("taro").await.id;
    let things = Things {
        totp: world.factor(person, Method::Totp).await,
        recovery: world.factor(person, Method::RecoveryCode).await,
        attempt: AttemptId::from_bytes(bytes()),
    };
    let grant = new_grant(person);
    let (grant_id, expires_at) = (grant.id, NOW.plus_seconds(600));
    let mut refresh = digest();
    world
        .commit(vec![
            Write::GrantPromise(grant),
            Write::RefreshPut { digest: refresh, grant: grant_id, expires_at },
            Write::AttemptPut { id: things.attempt, state: sealed("s"), outcome: None, expires_at },
        ])
        .await
        .unwrap();
    for round in 0..rounds() {
        let won = match round % 6 {
            0 => {
                let (factor, step) = (things.totp, 100 + round);
                race(&world, &nodes, || vec![Write::SpendStep { person, factor, step }]).await
            }
            1 => {
                let index = u8::try_from(round / 6).unwrap();
                let factor = things.recovery;
                let spend = || vec![Write::SpendRecoveryCode { person, factor, index }];
                let won = race(&world, &nodes, spend).await;
                if index >= 10 { won + 1 } else { won }
            }
            2 => {
                let code = digest();
                let put = Write::CodePut {
                    digest: code,
                    person,
                    grant: GrantId::from_bytes(bytes()),
                    payload: "{}".into(),
                    expires_at,
                };
                world.commit(vec![put]).await.unwrap();
                race(&world, &nodes, || vec![Write::CodeRedeem { digest: code }]).await
            }
            3 => {
                let next = digest();
                let spend = refresh;
                let rotate = || {
                    vec![Write::RefreshRotate {
                        digest: spend,
                        successor: next,
                        grant: grant_id,
                        expires_at,
                    }]
                };
                refresh = next;
                race(&world, &nodes, rotate).await
            }
            4 => {
                let purpose =
                    TicketPurpose::ALL[usize::try_from(round / 6).unwrap_or_default() % 3];
                let ticket = NewTicket {
                    id: TicketId::from_bytes(bytes()),
                    person,
                    digest: digest(),
                    purpose,
                    made_by: "desk".into(),
                    expires_at,
                };
                let id = ticket.id;
                world.commit(vec![Write::TicketPut(ticket)]).await.unwrap();
                race(&world, &nodes, || vec![Write::TicketSpend { person, id, purpose }]).await
            }
            _ => {
                let (id, from_version) = (things.attempt, 1 + round / 6);
                let advance = || {
                    let state = sealed("s");
                    vec![Write::AttemptAdvance { id, from_version, state, outcome: None }]
                };
                race(&world, &nodes, advance).await
            }
        };
        assert_eq!(won, 1, "round {round}");
    }
}

async fn of_many_parallel_reservations_exactly_one_is_granted(world: World) {
    let nodes = nodes(&world);
    for _ in 0..rounds() / 4 {
        let key = CounterKey::from_bytes(bytes());
        let mut callers = tokio::task::JoinSet::new();
        for number in 0..PARALLEL {
            let (store, tenant) = (nodes[number % nodes.len()].clone(), world.tenant);
            callers.spawn(async move {
                let reserved = store.reserve(tenant, NOW, key, 30, Vec::new()).await.unwrap();
                matches!(reserved, Reservation::Granted { .. })
            });
        }
        let granted = callers.join_all().await.into_iter().filter(|granted| *granted).count();
        assert_eq!(granted, 1);
    }
}

async fn no_grant_outlives_an_ending_that_races_with_its_code(world: World) {
    let nodes = nodes(&world);
    let tenant = world.tenant;
    let expires_at = NOW.plus_seconds(600);
    for round in 0..rounds() * 3 {
        let person = world.somebody(&format!("taro{round}")).await.id;
        let session = new_session(person, 1);
        let grant = NewGrant { session: Some(session.id), ..new_grant(person) };
        let (code, grant_id) = (digest(), grant.id);
        let put = Write::CodePut {
            digest: code,
            person,
            grant: grant_id,
            payload: "{}".into(),
            expires_at,
        };
        let mut before = vec![Write::SessionOpen(session.clone())];
        let promise = vec![put, Write::GrantPromise(grant)];
        let redeem = vec![
            Write::CodeRedeem { digest: code },
            Write::GrantOpen { grant: grant_id, expires_at },
            Write::RefreshPut { digest: digest(), grant: grant_id, expires_at },
        ];
        // The ending meets the redemption, or the making of the code.
        let (racing, late) = if round % 2 == 0 {
            before.extend(promise);
            (redeem, None)
        } else {
            (promise, Some(redeem))
        };
        world.commit(before).await.unwrap();
        let state = sekimori_directory::PersonState::Disabled { since: NOW };
        let ending = match round % 3 {
            0 => Write::SessionEnd { digest: session.digest },
            1 => Write::SessionsEndOfPerson { person, except: None },
            _ => Write::PersonStateSet { person, state },
        };
        let barrier = Arc::new(tokio::sync::Barrier::new(2));
        let at_once = |store: Store, writes: Vec<Write>| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                store.commit(tenant, NOW, writes).await.map_err(|error| error.conflict())
            })
        };
        let first = at_once(nodes[0].clone(), racing);
        let second = at_once(nodes[nodes.len() - 1].clone(), vec![ending]);
        assert!(!matches!(first.await.unwrap(), Err(None)), "a fault");
        second.await.unwrap().expect("an ending always works");
        if let Some(late) = late {
            assert!(world.commit(late).await.is_err(), "round {round}: redeemed after its end");
        }
        let found = world.store.grant(tenant, grant_id).await.unwrap();
        let opened = found.is_some_and(|(grant, _)| grant.good(NOW));
        let unopened = round % 2 == 1;
        assert!(!opened || unopened, "round {round}: a grant outlived its ending");
    }
}
