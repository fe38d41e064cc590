//! Guesses are reserved, counted, cleared; waits are those of the engine.

use sekimori_login::throttle::wait_seconds;
use sekimori_store::{Counter, CounterKey, Reservation, Reserved, Wanted, Write};

use crate::world::{NOW, World, bytes, cases, person};

cases! {
    one_guess_at_a_time;
    waits_are_those_of_the_engine_up_to_the_cap;
    a_repeat_counts_nothing_and_its_wait_begins_anew;
    success_clears_only_its_own_counter;
    a_reservation_is_given_back_or_expires;
    a_counter_begins_anew_after_a_day;
    what_goes_with_a_reservation_happens_only_if_it_is_granted;
}

async fn reserve_at(world: &World, key: CounterKey, millis: i64) -> Reservation {
    let now = NOW.plus_millis(millis);
    world.store.reserve(world.tenant, now, key, 30, Vec::new()).await.unwrap()
}

async fn granted(world: &World, key: CounterKey, millis: i64) -> (u32, Reserved) {
    match reserve_at(world, key, millis).await {
        Reservation::Granted { failures, reserved, .. } => (failures, reserved),
        Reservation::Refused(counter) => panic!("{counter:?}"),
    }
}

async fn refused(world: &World, key: CounterKey, millis: i64) -> Counter {
    match reserve_at(world, key, millis).await {
        Reservation::Granted { .. } => panic!("granted"),
        Reservation::Refused(counter) => counter,
    }
}

async fn counter(world: &World, key: CounterKey, millis: i64) -> Counter {
    let wanted = Wanted { counters: vec![key], ..Wanted::default() };
    let now = NOW.plus_millis(millis);
    world.store.load(world.tenant, now, wanted).await.unwrap().counters[0]
}

async fn one_guess_at_a_time(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let (failures, _) = granted(&world, key, 0).await;
    assert_eq!(failures, 0);
    let busy = refused(&world, key, 1).await;
    assert!(busy.busy && busy.wait_until.is_none());
}

async fn waits_are_those_of_the_engine_up_to_the_cap(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let mut millis = 0;
    for failures in 1..=100 {
        let (before, reserved) = granted(&world, key, millis).await;
        assert_eq!(before, failures - 1);
        let now = NOW.plus_millis(millis);
        world.commit_at(now, vec![Write::CounterFail(reserved)]).await.unwrap();
        let wait = wait_seconds(failures).map(|seconds| i64::from(seconds) * 1000);
        let waiting = refused(&world, key, millis).await;
        assert_eq!(waiting.failures, failures);
        assert_eq!(waiting.wait_until, wait.map(|wait| now.plus_millis(wait)), "{failures}");
        millis += wait.unwrap_or(0);
    }
    assert!(refused(&world, key, millis + 3_600_000).await.closed());
}

async fn a_repeat_counts_nothing_and_its_wait_begins_anew(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let mut millis = 0;
    for failures in 1..100 {
        let (_, reserved) = granted(&world, key, millis).await;
        let write = vec![Write::CounterFail(reserved)];
        world.commit_at(NOW.plus_millis(millis), write).await.unwrap();
        let wait = i64::from(wait_seconds(failures).unwrap()) * 1000;
        millis += wait;
        let (before, reserved) = granted(&world, key, millis).await;
        let now = NOW.plus_millis(millis);
        world.commit_at(now, vec![Write::CounterRepeat(reserved)]).await.unwrap();
        let waiting = refused(&world, key, millis).await;
        assert_eq!((before, waiting.failures), (failures, failures));
        assert_eq!(waiting.wait_until, Some(now.plus_millis(wait)), "{failures}");
        millis += wait;
    }
}

async fn success_clears_only_its_own_counter(world: World) {
    let keys = [CounterKey::from_bytes(bytes()), CounterKey::from_bytes(bytes())];
    for key in keys {
        let (_, reserved) = granted(&world, key, 0).await;
        world.commit(vec![Write::CounterFail(reserved)]).await.unwrap();
    }
    let (_, reserved) = granted(&world, keys[0], 1000).await;
    world.commit(vec![Write::CounterClear(reserved)]).await.unwrap();
    assert_eq!(counter(&world, keys[0], 1000).await.failures, 0);
    assert_eq!(counter(&world, keys[1], 1000).await.failures, 1);
}

async fn a_reservation_is_given_back_or_expires(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let (_, reserved) = granted(&world, key, 0).await;
    world.commit(vec![Write::CounterGiveBack(reserved)]).await.unwrap();
    let (failures, lost) = granted(&world, key, 1).await;
    assert_eq!(failures, 0, "what was not checked does not count");
    assert!(refused(&world, key, 30_000).await.busy);
    let (_, present) = granted(&world, key, 30_001).await;
    world.commit(vec![Write::CounterGiveBack(lost)]).await.unwrap();
    assert!(counter(&world, key, 30_002).await.busy, "a late verdict gives back only its own");
    world.commit(vec![Write::CounterGiveBack(present)]).await.unwrap();
    assert!(!counter(&world, key, 30_002).await.busy);
}

async fn a_counter_begins_anew_after_a_day(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let (_, reserved) = granted(&world, key, 0).await;
    world.commit(vec![Write::CounterFail(reserved)]).await.unwrap();
    let day = 24 * 3600 * 1000;
    assert_eq!(counter(&world, key, day).await.failures, 1);
    assert_eq!(counter(&world, key, day + 1).await.failures, 0);
    assert_eq!(granted(&world, key, day + 1).await.0, 0);
}

async fn what_goes_with_a_reservation_happens_only_if_it_is_granted(world: World) {
    let key = CounterKey::from_bytes(bytes());
    let and =
        |name: &str| vec![Write::PersonAdd { person: Box::new(person(name)), password: None }];
    let first = world.store.reserve(world.tenant, NOW, key, 30, and("first")).await.unwrap();
    assert!(matches!(first, Reservation::Granted { .. }));
    let second = world.store.reserve(world.tenant, NOW, key, 30, and("second")).await.unwrap();
    assert!(matches!(second, Reservation::Refused(_)));
    let other = CounterKey::from_bytes(bytes());
    let taken = world.store.reserve(world.tenant, NOW, other, 30, and("first")).await;
    assert!(taken.unwrap_err().conflict().is_some());
    assert!(!counter(&world, other, 0).await.busy, "a conflict reserves nothing");
    let all = world.store.people(world.tenant, "", None, 10).await.unwrap();
    assert_eq!(all.people.len(), 1);
}
