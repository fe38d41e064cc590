//! A backup while everybody works; a restore that begins a new epoch; from one kind of database to the
//! other.

use sekimori_base::{NodeId, TicketId};
use sekimori_directory::Method;
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{
    AuditLine, Conflict, NewTicket, OpenError, Options, Place, Store, Wanted, Write, restore,
    verify_next,
};

use crate::world::{NOW, World, bytes, cases, digest, new_grant, new_session, person};

cases! {
    a_backup_restores_everything_into_a_new_epoch;
    a_backup_is_whole_while_others_write;
    what_is_no_sound_backup_is_refused;
}

async fn a_backup_restores_everything_into_a_new_epoch(world: World) {
    let taro = world.somebody("taro").await;
    let totp = world.factor(taro.id, Method::Totp).await;
    let session = new_session(taro.id, 2);
    let grant = new_grant(taro.id);
    let refresh = digest();
    let expires_at = NOW.plus_seconds(600);
    let ticket = NewTicket {
        id: TicketId::from_bytes(bytes()),
        person: taro.id,
        digest: digest(),
        purpose: TicketPurpose::Factor,
        made_by: "desk".into(),
        expires_at,
    };
    let ticket_id = ticket.id;
    let line = AuditLine { at: NOW, event: "e".into(), ..AuditLine::default() };
    world
        .commit(vec![
            Write::SessionOpen(session.clone()),
            Write::RefreshPut { digest: refresh, grant: grant.id, expires_at },
            Write::GrantPromise(grant),
            Write::TicketPut(ticket),
            Write::Audit(Box::new(line)),
        ])
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let made = world.store.backup(&file).await.unwrap();
    assert_eq!(made.people, 1);
    assert!(world.store.backup(&file).await.is_err(), "nothing is overwritten");

    let mut places = vec![Place::Sqlite { path: folder.path().join("restored.db") }];
    places.extend(World::empty_postgres().await.filter(|place| !pooled(place)));
    for place in places {
        let restored = restore(&file, &place, NOW).unwrap();
        assert_eq!(restored.people, 1);
        assert!(matches!(restore(&file, &place, NOW), Err(OpenError::NotEmpty)));
        let store = Store::open(&place, &Options::serve(NodeId::from_bytes(bytes()))).unwrap();
        let tenant = world.tenant;
        let found = store.person(tenant, NOW, taro.id).await.unwrap().unwrap();
        assert_eq!((&found.person, found.factors.len()), (&taro, 1));
        let wanted = Wanted { session: Some(session.digest), ..Wanted::default() };
        assert!(store.load(tenant, NOW, wanted).await.unwrap().session.is_none());
        assert!(store.refresh_token(tenant, refresh).await.unwrap().is_none());
        assert!(store.grants_of(tenant, NOW, taro.id, 10).await.unwrap().is_empty());
        let step = u64::try_from(NOW.unix_seconds()).unwrap() / 30;
        let (person, factor) = (taro.id, totp);
        for (write, conflict) in [
            (
                Write::TicketSpend { person, id: ticket_id, purpose: TicketPurpose::Factor },
                Conflict::TicketSpent,
            ),
            (Write::SpendStep { person, factor, step }, Conflict::StepSpent),
            (Write::SpendStep { person, factor, step: step + 1 }, Conflict::StepSpent),
        ] {
            let refused = store.commit(tenant, NOW, vec![write]).await.unwrap_err();
            assert_eq!(refused.conflict(), Some(conflict));
        }
        let spend = Write::SpendStep { person, factor, step: step + 2 };
        store.commit(tenant, NOW, vec![spend]).await.unwrap();
        let heads = store.audit_heads(tenant).await.unwrap();
        let lines = store.audit_scan(tenant, heads[0].writer, 1, 10).await.unwrap();
        assert_eq!(verify_next(&heads[0].first_previous, &lines[0].text), heads[0].hash);
        store.close();
    }
}

/// Offline commands are not for poolers.
fn pooled(place: &Place) -> bool {
    matches!(place, Place::Postgres { url } if url.contains("pooler="))
}

async fn a_backup_is_whole_while_others_write(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let (store, tenant) = (world.store.clone(), world.tenant);
    let writer = tokio::spawn(async move {
        for number in 0..100 {
            // Two rows that belong together.
            let pair = ["a", "b"].map(|side| Write::PersonAdd {
                person: Box::new(person(&format!("{side}{number}"))),
                password: None,
            });
            store.commit(tenant, NOW, pair.to_vec()).await.unwrap();
        }
    });
    let made = world.store.backup(&file).await.unwrap();
    assert_eq!(made.people % 2, 0, "no half of a transaction");
    writer.await.unwrap();
}

async fn what_is_no_sound_backup_is_refused(world: World) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Sqlite { path: folder.path().join("restored.db") };
    let file = folder.path().join("backup");
    let refused = |result| matches!(result, Err(OpenError::BadBackup(_)));
    assert!(refused(restore(&file, &place, NOW)), "it does not exist");
    for number in 0..50 {
        world.somebody(&format!("p{number}")).await;
    }
    world.store.backup(&file).await.unwrap();
    let mut content = std::fs::read(&file).unwrap();
    let middle = content.len() / 2;
    content[middle..middle + 4096].fill(0xAA);
    let damaged = folder.path().join("damaged");
    std::fs::write(&damaged, &content).unwrap();
    assert!(refused(restore(&damaged, &place, NOW)));
    content.truncate(middle);
    std::fs::write(&damaged, &content).unwrap();
    assert!(refused(restore(&damaged, &place, NOW)));
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "not a database").unwrap();
    assert!(refused(restore(&plain, &place, NOW)));
    restore(&file, &place, NOW).unwrap();
}
