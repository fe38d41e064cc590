//! Codes by mail: sent in one transaction with what asked for them, followed on their way, used once.

use sekimori_base::{PersonId, TenantId, Timestamp};
use sekimori_directory::Method;
use sekimori_directory::settings::Retention;
use sekimori_login::throttle::MailRow;
use sekimori_store::Urgency::{Ordinary, Urgent};
use sekimori_store::{
    Conflict, MailPurpose, MailState, MailTold, MailWrite, MessageId, NewMailCode, Write,
};

use crate::world::{NOW, World, bytes, cases, sealed};

cases! {
    a_code_goes_ahead_of_notices_and_is_followed_on_its_way;
    a_newer_code_ends_the_older_one_and_takes_it_out_of_the_outbox;
    a_code_that_came_back_stays_so_and_is_found_by_itself_alone;
    a_code_is_used_once;
    a_row_of_codes_moves_only_from_where_it_was_read;
    codes_by_mail_go_with_the_person_and_with_time;
}

fn code(person: PersonId, number: u32, replaces: Option<MessageId>) -> NewMailCode {
    NewMailCode {
        id: MessageId::from_bytes(bytes()),
        person,
        message: sealed("a code"),
        purpose: MailPurpose::SignIn,
        address: "h***@m***".into(),
        number,
        expires_at: NOW.plus_seconds(300),
        replaces,
    }
}

fn send(code: &NewMailCode) -> Write {
    Write::Mail(MailWrite::Send(Box::new(code.clone())))
}

fn told(person: PersonId, state: MailState, at: Timestamp, words: &str) -> MailTold {
    let next_at = (state == MailState::Deferred).then(|| at.plus_seconds(15));
    let (server, words) = ("mail.example:25".to_owned(), words.to_owned());
    MailTold { person, state, at, next_at, server, words }
}

async fn a_code_goes_ahead_of_notices_and_is_followed_on_its_way(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let person = world.somebody("taro").await.id;
    let notice = MessageId::from_bytes(bytes());
    let put = Write::OutboxPut { id: notice, message: sealed("n"), due_at: NOW };
    let code = code(person, 1, None);
    world.commit(vec![put, send(&code)]).await.unwrap();
    assert_eq!(world.commit(vec![send(&code)]).await, Err(Conflict::Exists));

    let due = store.outbox_due(tenant, NOW, Urgent, 60, 10).await.unwrap();
    assert_eq!(due.iter().map(|message| message.id).collect::<Vec<_>>(), [code.id]);
    let ordinary = store.outbox_due(tenant, NOW, Ordinary, 60, 10).await.unwrap();
    assert_eq!(ordinary.iter().map(|message| message.id).collect::<Vec<_>>(), [notice]);

    let found = || async { store.mail_code(tenant, person, code.id).await.unwrap().unwrap() };
    let fresh = found().await;
    assert_eq!((fresh.state, fresh.tries, fresh.words), (MailState::Waiting, 0, None));
    assert_eq!((fresh.made_at, fresh.number), (NOW, 1));

    let deferred = told(person, MailState::Deferred, NOW.plus_seconds(2), "451 4.7.1 wait");
    let next = NOW.plus_seconds(17);
    store.outbox_failed(tenant, code.id, next, "451 4.7.1 wait", Some(&deferred)).await.unwrap();
    let seen = found().await;
    assert_eq!((seen.state, seen.tries, seen.next_at), (MailState::Deferred, 1, Some(next)));
    assert_eq!(seen.words.as_deref(), Some("451 4.7.1 wait"));

    let accepted = told(person, MailState::Accepted, next, "250 queued");
    store.outbox_done(tenant, code.id, Some(&accepted)).await.unwrap();
    let seen = found().await;
    assert_eq!((seen.state, seen.state_at, seen.next_at), (MailState::Accepted, next, None));
    assert_eq!(seen.server.as_deref(), Some("mail.example:25"));
    assert!(store.outbox_due(tenant, next, Urgent, 60, 10).await.unwrap().is_empty());
}

async fn a_newer_code_ends_the_older_one_and_takes_it_out_of_the_outbox(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let person = world.somebody("taro").await.id;
    let first = code(person, 1, None);
    let second = code(person, 2, Some(first.id));
    world.commit(vec![send(&first)]).await.unwrap();
    world.commit(vec![send(&second)]).await.unwrap();
    let due = store.outbox_due(tenant, NOW, Urgent, 60, 10).await.unwrap();
    assert_eq!(due.iter().map(|message| message.id).collect::<Vec<_>>(), [second.id]);
    let old = store.mail_code(tenant, person, first.id).await.unwrap().unwrap();
    assert_eq!((old.state, old.ended_at), (MailState::GivenUp, Some(NOW)));
    let spend = |id| vec![Write::Mail(MailWrite::Spend { person, id, factor: None })];
    assert_eq!(world.commit(spend(first.id)).await, Err(Conflict::MailCodeSpent));
    world.commit(spend(second.id)).await.unwrap();
    let listed = store.mail_codes_of(tenant, person, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
}

async fn a_code_that_came_back_stays_so_and_is_found_by_itself_alone(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let person = world.somebody("taro").await.id;
    let code = code(person, 1, None);
    world.commit(vec![send(&code)]).await.unwrap();
    let back = async |tenant, id| {
        let at = NOW.plus_seconds(9);
        store.mail_bounced(tenant, id, at, "mx.example", "550 5.1.1 nobody").await.unwrap()
    };
    let another = MessageId::from_bytes(bytes());
    assert_eq!(back(tenant, another).await, None);
    assert_eq!(back(TenantId::from_bytes(bytes()), code.id).await, None, "another organisation's");
    assert_eq!(back(tenant, code.id).await.as_deref(), Some("h***@m***"));
    assert_eq!(back(tenant, code.id).await, None, "once");
    // The mail server's answer may be written down later than what came back.
    let accepted = told(person, MailState::Accepted, NOW.plus_seconds(10), "250 queued");
    store.outbox_done(tenant, code.id, Some(&accepted)).await.unwrap();
    let seen = store.mail_code(tenant, person, code.id).await.unwrap().unwrap();
    assert_eq!((seen.state, seen.state_at), (MailState::Bounced, NOW.plus_seconds(9)));
    assert_eq!(seen.server.as_deref(), Some("mx.example"));
    assert_eq!(seen.words.as_deref(), Some("550 5.1.1 nobody"));
    // It opens what it opened before: that a mail came back is nobody's word for anything else.
    let spend = vec![Write::Mail(MailWrite::Spend { person, id: code.id, factor: None })];
    world.commit(spend).await.unwrap();
}

async fn a_code_is_used_once(world: World) {
    let person = world.somebody("taro").await.id;
    let other = world.somebody("jiro").await.id;
    let code = code(person, 1, None);
    world.commit(vec![send(&code)]).await.unwrap();
    let factor = world.factor(person, Method::MailCode).await;
    let spend =
        |person| vec![Write::Mail(MailWrite::Spend { person, id: code.id, factor: Some(factor) })];
    assert_eq!(world.commit(spend(other)).await, Err(Conflict::MailCodeSpent), "another's");
    assert_eq!(world.stored(person).await.factors[0].facts.last_used_at, None);
    world.commit(spend(person)).await.unwrap();
    assert_eq!(world.stored(person).await.factors[0].facts.last_used_at, Some(NOW));
    assert_eq!(world.commit(spend(person)).await, Err(Conflict::MailCodeSpent));
}

async fn a_row_of_codes_moves_only_from_where_it_was_read(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let person = world.somebody("taro").await.id;
    assert_eq!(store.mail_row(tenant, person).await.unwrap(), None);
    let one = MailRow { sent: 1, at: NOW };
    let two = MailRow { sent: 2, at: NOW.plus_seconds(30) };
    let put = |from, to| vec![Write::Mail(MailWrite::RowPut { person, from, to })];
    world.commit(put(None, one)).await.unwrap();
    assert_eq!(world.commit(put(None, one)).await, Err(Conflict::MailRowMoved));
    world.commit(put(Some(one), two)).await.unwrap();
    assert_eq!(world.commit(put(Some(one), two)).await, Err(Conflict::MailRowMoved));
    assert_eq!(store.mail_row(tenant, person).await.unwrap(), Some(two));
    world.commit(vec![Write::Mail(MailWrite::RowForget { person })]).await.unwrap();
    assert_eq!(store.mail_row(tenant, person).await.unwrap(), None);
    let nobody = PersonId::from_bytes(bytes());
    let put = Write::Mail(MailWrite::RowPut { person: nobody, from: None, to: one });
    assert_eq!(world.commit(vec![put]).await, Err(Conflict::MailRowMoved));
}

async fn codes_by_mail_go_with_the_person_and_with_time(world: World) {
    let (store, tenant) = (&world.store, world.tenant);
    let person = world.somebody("taro").await.id;
    let row = MailWrite::RowPut { person, from: None, to: MailRow { sent: 1, at: NOW } };
    world.commit(vec![send(&code(person, 1, None)), Write::Mail(row)]).await.unwrap();
    let count = || async { store.mail_codes_of(tenant, person, 10).await.unwrap().len() };
    let days = |days: i64| NOW.plus_seconds(days * 86_400);
    let retention = Retention { facts_days: 90, audit_days: 365 };
    store.sweep(tenant, NOW.plus_seconds(86_000), retention.clone()).await.unwrap();
    assert!(store.mail_row(tenant, person).await.unwrap().is_some());
    store.sweep(tenant, days(89), retention.clone()).await.unwrap();
    assert_eq!(count().await, 1);
    assert_eq!(store.mail_row(tenant, person).await.unwrap(), None);
    store.sweep(tenant, days(91), retention).await.unwrap();
    assert_eq!(count().await, 0);
    let row = MailWrite::RowPut { person, from: None, to: MailRow { sent: 1, at: NOW } };
    world.commit(vec![send(&code(person, 2, None)), Write::Mail(row)]).await.unwrap();
    store.person_erase(tenant, NOW, person).await.unwrap();
    assert_eq!(count().await, 0);
    assert_eq!(store.mail_row(tenant, person).await.unwrap(), None);
}
