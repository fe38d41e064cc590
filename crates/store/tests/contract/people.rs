//! People: added, changed, found, imported, erased.

use std::sync::{Arc, Mutex};

use sekimori_base::{PersonId, TenantId, TicketId, Timestamp};
use sekimori_directory::{Group, MailAddress, Method, Person, PersonState, Username};
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{AuditFacts, AuditLine, Conflict, ImportError, ImportRow, NewTicket, Write};

use crate::world::{NOW, World, bytes, cases, digest, new_session, person};

cases! {
    a_user_name_belongs_to_one_person;
    a_person_changes_and_keeps_the_password;
    people_are_found_by_the_beginning_of_any_name;
    people_are_listed_page_by_page;
    an_import_is_all_or_nothing;
    an_import_undoes_nothing_that_came_in_between;
    a_ticket_works_once_and_ends_after_five_wrong_tries;
    a_ticket_is_good_for_its_purpose_and_until_the_next_password_or_factor;
    an_erased_person_leaves_only_commitments;
    two_tenants_share_nothing;
    any_text_comes_back_as_it_was;
}

async fn a_user_name_belongs_to_one_person(world: World) {
    let taro = world.somebody("taro").await;
    let other = person("taro");
    let add = Write::PersonAdd { person: Box::new(other), password: None };
    assert_eq!(world.commit(vec![add]).await, Err(Conflict::UsernameTaken));
    let mut hanako = world.somebody("hanako").await;
    hanako.username = taro.username;
    let put = Write::PersonPut(Box::new(hanako));
    assert_eq!(world.commit(vec![put]).await, Err(Conflict::UsernameTaken));
    let nobody = Write::PersonPut(Box::new(person("nobody")));
    assert_eq!(world.commit(vec![nobody]).await, Err(Conflict::PersonMissing));
}

async fn a_person_changes_and_keeps_the_password(world: World) {
    let mut taro = world.somebody("taro").await;
    taro.username = Username::parse("taro2").unwrap();
    taro.administrator = true;
    world.commit(vec![Write::PersonPut(Box::new(taro.clone()))]).await.unwrap();
    let stored = world
        .store
        .person_by_username(world.tenant, NOW, taro.username.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&stored.person, stored.password.as_deref()), (&taro, Some("record")));
    assert!(stored.known.administrator);
}

async fn names(world: &World, search: &str) -> Vec<String> {
    let page = world.store.people(world.tenant, search, None, 50).await.unwrap();
    page.people.iter().map(|person| person.username.to_string()).collect()
}

async fn people_are_found_by_the_beginning_of_any_name(world: World) {
    let mut taro = person("s001");
    taro.name.en = "Taro Yamada".into();
    taro.mail = Some(MailAddress::parse("yamada.taro@example.ac.jp").unwrap());
    let add = Write::PersonAdd { person: Box::new(taro.clone()), password: None };
    world.commit(vec![add]).await.unwrap();
    world.somebody("s002").await;
    for search in ["s001", "YAMADA", "yam", "taro yam", "yamada.taro@ex"] {
        assert_eq!(names(&world, search).await, ["s001"], "{search}");
    }
    assert_eq!(names(&world, "山田").await.len(), 2);
    assert!(names(&world, "amada").await.is_empty());
    taro.name.en = "Taro Suzuki".into();
    taro.mail = None;
    world.commit(vec![Write::PersonPut(Box::new(taro))]).await.unwrap();
    assert!(names(&world, "yamada").await.is_empty());
}

async fn people_are_listed_page_by_page(world: World) {
    for number in 0..7 {
        world.somebody(&format!("p{number}")).await;
    }
    for search in ["", "taro"] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = world.store.people(world.tenant, search, after, 3).await.unwrap();
            seen.extend(page.people.into_iter().map(|person| person.username.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"], "{search:?}");
    }
}

fn row(person: Person) -> ImportRow {
    let password = Some("re\tco\\rd\n".to_owned());
    ImportRow::Add { person: Box::new(person), password, ticket: None }
}

fn put(person: &Person, seen: Timestamp) -> ImportRow {
    ImportRow::Put { person: Box::new(person.clone()), seen }
}

fn line(about: &Person, event: &str) -> ImportRow {
    let line =
        AuditLine { at: NOW, event: event.into(), person: Some(about.id), ..AuditLine::default() };
    ImportRow::Line(Box::new(line))
}

async fn an_import_is_all_or_nothing(world: World) {
    let mut known = world.somebody("known").await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reports);
    known.administrator = true;
    let mut rows: Vec<ImportRow> = (0..1500).map(|n| row(person(&format!("n{n}")))).collect();
    rows.push(put(&known, NOW));
    rows.push(line(&known, "people.imported"));
    let done = world
        .store
        .import_people(world.tenant, NOW, rows.into_iter(), move |done| {
            heard.lock().unwrap().push(done);
            true
        })
        .await
        .unwrap();
    assert_eq!(done, 1502);
    assert_eq!(*reports.lock().unwrap(), [1000, 1502]);
    assert!(world.stored(known.id).await.person.administrator);
    let name = Username::parse("n1499").unwrap();
    let found = world.store.person_by_username(world.tenant, NOW, name).await.unwrap().unwrap();
    assert_eq!(found.password.as_deref(), Some("re\tco\\rd\n"));

    let off = (0..1500).map(|n| row(person(&format!("off{n}"))));
    let off: Vec<ImportRow> = off.collect();
    let refused = world.store.import_people(world.tenant, NOW, off.into_iter(), |_| false).await;
    assert!(matches!(refused, Err(sekimori_store::ImportError::CalledOff)), "{refused:?}");
    let name = Username::parse("off0").unwrap();
    assert!(world.store.person_by_username(world.tenant, NOW, name).await.unwrap().is_none());

    let bad = [line(&known, "never.happened"), row(person("fresh")), row(person("n7"))];
    let refused =
        world.store.import_people(world.tenant, NOW, bad.into_iter(), |_| true).await.unwrap_err();
    assert!(
        matches!(refused, ImportError::Taken { row: 2, .. } | ImportError::TakenSomewhere),
        "{refused}"
    );
    assert!(names(&world, "fresh").await.is_empty());
    let next = [line(&known, "next.import")];
    world.store.import_people(world.tenant, NOW, next.into_iter(), |_| true).await.unwrap();
    let later = NOW.plus_seconds(1);
    let history = world.store.history_of(world.tenant, known.id, later, 10).await.unwrap();
    let events: Vec<_> = history.iter().map(|entry| entry.line.event.as_str()).collect();
    assert!(events.contains(&"people.imported") && events.contains(&"next.import"), "{events:?}");
    assert!(!events.contains(&"never.happened"), "{events:?}");
    let missing = [put(&person("gone"), NOW)];
    let refused = world.store.import_people(world.tenant, NOW, missing.into_iter(), |_| true).await;
    assert!(matches!(refused, Err(ImportError::Missing { row: 0 })));
}

async fn an_import_undoes_nothing_that_came_in_between(world: World) {
    let mut taro = world.somebody("taro").await;
    let seen = taro.updated_at;
    // While the other rows are hashed, the desk shuts him out.
    let state = PersonState::Disabled { since: NOW };
    let later = NOW.plus_seconds(60);
    let shut = vec![Write::PersonStateSet { person: taro.id, state }];
    world.store.commit(world.tenant, later, shut).await.unwrap();
    taro.groups.insert(Group::parse("library").unwrap());
    let rows = [row(person("fresh")), put(&taro, seen)];
    let refused = world
        .store
        .import_people(world.tenant, later, rows.into_iter(), |_| true)
        .await
        .unwrap_err();
    assert!(matches!(refused, ImportError::Changed { row: 1, .. }), "{refused}");
    let stored = world.stored(taro.id).await.person;
    assert_eq!((stored.state, stored.groups.len()), (state, 0));
    assert!(names(&world, "fresh").await.is_empty());
    // Planned anew, it keeps him out.
    let again = Person { groups: taro.groups.clone(), ..stored };
    let rows = [put(&again, later)];
    world.store.import_people(world.tenant, later, rows.into_iter(), |_| true).await.unwrap();
    assert_eq!(world.stored(taro.id).await.person.state, state);
}

async fn a_ticket_works_once_and_ends_after_five_wrong_tries(world: World) {
    let person = world.somebody("taro").await.id;
    let ticket = || NewTicket {
        id: TicketId::from_bytes(bytes()),
        person,
        digest: digest(),
        purpose: TicketPurpose::Factor,
        made_by: "desk".into(),
        expires_at: NOW.plus_seconds(86_400),
    };
    let (first, second) = (ticket(), ticket());
    world.commit(vec![Write::TicketPut(first.clone())]).await.unwrap();
    world.commit(vec![Write::TicketPut(second.clone())]).await.unwrap();
    let purpose = TicketPurpose::Factor;
    let spend = |id| vec![Write::TicketSpend { person, id, purpose }];
    assert_eq!(world.commit(spend(first.id)).await, Err(Conflict::TicketSpent), "replaced");
    world.commit(spend(second.id)).await.unwrap();
    assert_eq!(world.commit(spend(second.id)).await, Err(Conflict::TicketSpent));
    let third = ticket();
    world.commit(vec![Write::TicketPut(third.clone())]).await.unwrap();
    for _ in 0..5 {
        world.commit(vec![Write::TicketWrong { person, id: third.id }]).await.unwrap();
    }
    assert_eq!(world.commit(spend(third.id)).await, Err(Conflict::TicketSpent));
    let tickets = world.store.tickets_of(world.tenant, person).await.unwrap();
    assert_eq!(tickets.len(), 3);
    assert!(tickets.iter().all(|ticket| ticket.tries_left == 0 || ticket.spent_at.is_some()));
}

/// The epoch that a ticket was made under.
async fn epoch_of(world: &World, person: PersonId, id: TicketId) -> u64 {
    let tickets = world.store.tickets_of(world.tenant, person).await.unwrap();
    tickets.iter().find(|ticket| ticket.id == id).unwrap().epoch.unwrap()
}

async fn a_ticket_is_good_for_its_purpose_and_until_the_next_password_or_factor(world: World) {
    use TicketPurpose::{Factor, Password, Start};
    let person = world.somebody("taro").await.id;
    let ticket = |purpose| NewTicket {
        id: TicketId::from_bytes(bytes()),
        person,
        digest: digest(),
        purpose,
        made_by: "desk".into(),
        expires_at: NOW.plus_seconds(1800),
    };
    let spend = |id, purpose| Write::TicketSpend { person, id, purpose };
    let set = |epoch| Write::PasswordSet { person, record: "r".into(), from_epoch: Some(epoch) };
    let gone = Err(Conflict::TicketSpent);

    let start = ticket(Start);
    let id = start.id;
    world.commit(vec![Write::TicketPut(start)]).await.unwrap();
    assert_eq!(world.commit(vec![spend(id, Password)]).await, gone);
    assert_eq!(world.commit(vec![spend(id, Factor)]).await, gone, "the password comes first");
    let epoch = epoch_of(&world, person, id).await;
    world.commit(vec![spend(id, Start), set(epoch)]).await.unwrap();
    assert_eq!(world.commit(vec![spend(id, Start), set(epoch + 1)]).await, gone);
    world.commit(vec![spend(id, Factor)]).await.unwrap();
    assert_eq!(world.commit(vec![spend(id, Factor)]).await, gone);

    for purpose in [Password, Factor] {
        let ticket = ticket(purpose);
        let id = ticket.id;
        world.commit(vec![Write::TicketPut(ticket)]).await.unwrap();
        let epoch = epoch_of(&world, person, id).await;
        world.commit(vec![set(epoch)]).await.unwrap();
        assert_eq!(world.commit(vec![spend(id, purpose)]).await, gone, "{purpose:?}");
    }
}

async fn an_erased_person_leaves_only_commitments(world: World) {
    let taro = world.somebody("taro").await;
    world.factor(taro.id, Method::Totp).await;
    let facts = AuditFacts { json: r#"{"address":"192.0.2.1"}"#.into(), salt: bytes() };
    let line = AuditLine {
        at: NOW,
        event: "login.admitted".into(),
        person: Some(taro.id),
        facts: Some(facts),
        ..AuditLine::default()
    };
    let open = Write::SessionOpen(new_session(taro.id, 2));
    world.commit(vec![open, Write::Audit(Box::new(line))]).await.unwrap();
    let export = world.store.person_export(world.tenant, NOW, taro.id).await.unwrap().unwrap();
    assert_eq!((export.sessions.len(), export.history.len()), (1, 1));
    assert!(export.person.password.is_none() && export.history[0].facts.is_some());

    assert!(world.store.person_erase(world.tenant, NOW, taro.id).await.unwrap());
    assert!(!world.store.person_erase(world.tenant, NOW, taro.id).await.unwrap());
    assert!(world.store.person(world.tenant, NOW, taro.id).await.unwrap().is_none());
    assert!(names(&world, "taro").await.is_empty());
    assert!(world.store.sessions_of(world.tenant, taro.id).await.unwrap().is_empty());
    let later = NOW.plus_seconds(1);
    let history = world.store.history_of(world.tenant, taro.id, later, 10).await.unwrap();
    assert!(history[0].facts.is_none() && history[0].line.facts.is_some());
}

async fn two_tenants_share_nothing(world: World) {
    let fresh = TenantId::from_bytes(bytes());
    let other = world.store.ensure_tenant("login.other.example", NOW, fresh).await.unwrap();
    assert_eq!(other, fresh);
    let again = TenantId::from_bytes(bytes());
    assert_eq!(world.store.ensure_tenant("login.other.example", NOW, again).await.unwrap(), fresh);
    assert_eq!(world.store.tenants().await.unwrap().len(), 2);

    let taro = world.somebody("taro").await;
    let twin = Write::PersonAdd { person: Box::new(person("taro")), password: None };
    world.store.commit(other, NOW, vec![twin]).await.unwrap();
    assert!(world.store.person(other, NOW, taro.id).await.unwrap().is_none());
    let crossing = Write::SessionOpen(new_session(taro.id, 1));
    let refused = world.store.commit(other, NOW, vec![crossing]).await.unwrap_err();
    assert_eq!(refused.conflict(), Some(Conflict::EpochMoved));
}

async fn any_text_comes_back_as_it_was(world: World) {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = proptest::collection::vec("\\PC*|[\\x00-\\x1f\\\\\"'\u{7f}-\u{9f}あ💡]*", 3);
    for number in 0..40 {
        let values = texts.new_tree(&mut runner).unwrap().current();
        let [en, device, label] = <[String; 3]>::try_from(values).unwrap();
        let kept = |text: &str| text.replace('\0', "\u{FFFD}");
        let mut somebody = person(&format!("p{number}"));
        somebody.name.en.clone_from(&en);
        let mut session = new_session(somebody.id, 2);
        session.device.clone_from(&device);
        let state = sekimori_login::FactorState::Ready;
        let mut factor = crate::world::new_factor(somebody.id, Method::Totp, state);
        factor.label.clone_from(&label);
        let line = AuditLine {
            at: NOW,
            event: "e".into(),
            person: Some(somebody.id),
            by: Some(label.clone()),
            ..AuditLine::default()
        };
        let add = Write::PersonAdd { person: Box::new(somebody.clone()), password: Some(en) };
        world
            .commit(vec![
                add,
                Write::FactorAdd(factor),
                Write::SessionOpen(session),
                Write::Audit(Box::new(line)),
            ])
            .await
            .unwrap();
        let stored = world.stored(somebody.id).await;
        assert_eq!(stored.person, somebody, "a document is JSON and keeps everything");
        assert_eq!(stored.password, Some(kept(&somebody.name.en)));
        assert_eq!(stored.factors[0].label, kept(&label));
        let sessions = world.store.sessions_of(world.tenant, somebody.id).await.unwrap();
        assert_eq!(sessions[0].device, kept(&device));
        let later = NOW.plus_seconds(1);
        let history = world.store.history_of(world.tenant, somebody.id, later, 1).await.unwrap();
        assert_eq!(history[0].line.by.as_deref(), Some(label.as_str()));
    }
}
