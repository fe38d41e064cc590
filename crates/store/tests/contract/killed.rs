//! What was acknowledged survives `kill -9` at any moment after it. SQLite: the database of PostgreSQL
//! dies in tests of the whole server.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sekimori_base::{NodeId, TenantId};
use sekimori_directory::Username;
use sekimori_store::{AuditLine, Options, Place, Store, Write, chain_start, verify_next};

use crate::world::{NOW, bytes, person};

/// Says to a child of the test that it is one, and where its database is.
const CHILD: &str = "SEKIMORI_TEST_KILLED_DATABASE";

fn kills() -> u32 {
    match std::env::var("SEKIMORI_TEST_VOLUME").as_deref() {
        Ok("full") => 200,
        _ => 20,
    }
}

fn open(path: &str) -> Store {
    let mut node: [u8; 16] = bytes();
    node[..4].copy_from_slice(&std::process::id().to_be_bytes());
    let place = Place::Sqlite { path: path.into() };
    Store::open(&place, &Options::serve(NodeId::from_bytes(node))).unwrap()
}

async fn tenant(store: &Store) -> TenantId {
    store.ensure_tenant("localhost", NOW, TenantId::from_bytes([7; 16])).await.unwrap()
}

/// The child: adds people as fast as it can and says each name once it is acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as the child of the test below"]
async fn write_until_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let store = open(&path);
    let tenant = tenant(&store).await;
    let run = std::process::id();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0.. {
                let name = format!("r{run}-{writer}-{number}");
                let mut somebody = person(&name);
                // Ids of children must differ: the counter behind them begins anew in each.
                let mut id = *somebody.id.bytes();
                id[..4].copy_from_slice(&run.to_be_bytes());
                somebody.id = sekimori_base::PersonId::from_bytes(id);
                let line = AuditLine { at: NOW, event: name.clone(), ..AuditLine::default() };
                let add = Write::PersonAdd { person: Box::new(somebody), password: None };
                store.commit(tenant, NOW, vec![add, Write::Audit(Box::new(line))]).await.unwrap();
                println!("acknowledged {name}");
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sekimori.db").display().to_string();
    drop(open(&path));
    let mut acknowledged = Vec::new();
    for kill in 0..kills() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "killed::write_until_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        for line in lines.map_while(Result::ok) {
            if let Some((_, name)) = line.split_once("acknowledged ") {
                acknowledged.push(name.to_owned());
                heard += 1;
                if heard == 20 + 7 * (kill % 10) {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(heard > 0, "the child got to work");
        let begun = Instant::now();
        let store = open(&path);
        assert!(begun.elapsed() < Duration::from_secs(5), "ready again");
        verify(&store, &acknowledged).await;
    }
}

async fn verify(store: &Store, acknowledged: &[String]) {
    let tenant = tenant(store).await;
    for name in acknowledged {
        let username = Username::parse(name).unwrap();
        let found = store.person_by_username(tenant, NOW, username).await.unwrap();
        assert!(found.is_some(), "{name} was acknowledged");
    }
    let mut events = std::collections::HashSet::new();
    for head in store.audit_heads(tenant).await.unwrap() {
        let mut value = chain_start(tenant, head.writer);
        for entry in store.audit_scan(tenant, head.writer, 1, 100_000).await.unwrap() {
            value = verify_next(&value, &entry.text);
            assert_eq!(value, entry.hash, "no gap, nothing torn");
            let line: sekimori_store::StoredLine = serde_json::from_str(&entry.text).unwrap();
            events.insert(line.event);
        }
    }
    assert!(acknowledged.iter().all(|name| events.contains(name)));
}
