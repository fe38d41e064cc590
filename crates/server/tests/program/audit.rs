//! The audit against somebody who can write to the database: whatever they delete, alter, reorder or cut off is seen,
//! each with its own name, on both databases.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sekimori_flow::admin::{Problem, Verified};
use sekimori_flow::checkpoint;
use sekimori_store::{AuditFacts, AuditHead, AuditLine, Place, Write, verify_next};
use sekimori_testbed::{Plan, Testbed};

/// A server, and somebody with the database's own tools.
struct Scene {
    bed: Testbed,
    place: Place,
    _folder: Option<tempfile::TempDir>,
}

const DAY: i64 = 24 * 3600;

impl Scene {
    /// One on each database that there is. Six lines in one chain are sealed by the first checkpoint; a second
    /// checkpoint seals two more.
    async fn all() -> Vec<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekimori.db");
        let mut scenes = vec![Self::at(Place::Sqlite { path }, Some(folder)).await];
        if let Some(place) = postgres().await {
            scenes.push(Self::at(place, None).await);
        }
        scenes
    }

    async fn at(place: Place, folder: Option<tempfile::TempDir>) -> Self {
        let bed = Testbed::with(Plan { place: place.clone(), ..Plan::default() }).await;
        let scene = Self { bed, place, _folder: folder };
        scene.bed.write(scene.lines("first", 6)).await;
        scene.seal().await;
        scene.bed.wait(20);
        scene.bed.write(scene.lines("second", 2)).await;
        scene.seal().await;
        scene
    }

    fn lines(&self, event: &str, count: usize) -> Vec<Write> {
        let line = |number| AuditLine {
            at: self.bed.now(),
            event: format!("{event}.{number}"),
            facts: Some(AuditFacts { json: "{}".into(), salt: self.bed.chance() }),
            ..AuditLine::default()
        };
        (0..count).map(|number| Write::Audit(Box::new(line(number)))).collect()
    }

    async fn seal(&self) {
        self.bed.keep().await;
        self.bed.flow.seal_audit().await.unwrap();
    }

    /// What was exported until now.
    async fn exported(&self) -> Vec<String> {
        let store = &self.bed.flow.store;
        let checkpoints = store.checkpoints(self.bed.first().id, 1, 1000).await.unwrap();
        checkpoints.into_iter().map(|checkpoint| checkpoint.body).collect()
    }

    async fn verify(&self, exported: &[String]) -> Verified {
        self.bed.flow.verify_audit(&self.bed.tenant(), exported, |_, _| {}).await.unwrap()
    }

    async fn problems(&self, exported: &[String]) -> BTreeSet<Problem> {
        self.verify(exported).await.wrong.iter().map(|wrong| wrong.what).collect()
    }

    /// The chain with the six lines.
    async fn chain(&self) -> AuditHead {
        let heads = self.bed.flow.store.audit_heads(self.bed.first().id).await.unwrap();
        heads.into_iter().find(|head| head.sequence >= 6).unwrap()
    }

    /// Change the database behind the server's back. `$w` is the writer of the chain.
    async fn sql(&self, statements: &str) {
        let writer = self.blob(self.chain().await.writer.bytes());
        self.raw(&statements.replace("$w", &writer)).await;
    }

    async fn raw(&self, statements: &str) {
        match &self.place {
            Place::Sqlite { path } => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
                connection.execute_batch(statements).unwrap();
            }
            Place::Postgres { url } => {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(statements).await.unwrap();
            }
            Place::SqliteMemory => unreachable!("nobody else reaches it"),
        }
    }

    fn blob(&self, bytes: &[u8]) -> String {
        let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        match self.place {
            Place::Postgres { .. } => format!("'\\x{hex}'::bytea"),
            Place::Sqlite { .. } | Place::SqliteMemory => format!("x'{hex}'"),
        }
    }
}

/// A database of its own on the server of `SEKIMORI_TEST_POSTGRES`.
async fn postgres() -> Option<Place> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("SEKIMORI_TEST_POSTGRES").ok()?;
    let server = server.split_once('?').map_or(server.as_str(), |(server, _)| server);
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("audit_{}_{number}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    Some(Place::Postgres { url: format!("{before}/{name}") })
}

fn set<const N: usize>(problems: [Problem; N]) -> BTreeSet<Problem> {
    problems.into_iter().collect()
}

/// What is done to the database is seen as exactly these problems, without any exported checkpoint.
async fn is_seen<const N: usize>(statements: &str, problems: [Problem; N]) {
    for scene in Scene::all().await {
        scene.sql(statements).await;
        assert_eq!(scene.problems(&[]).await, set(problems), "{:?}: {statements}", scene.place);
    }
}

#[tokio::test]
async fn what_was_written_is_sound_and_sealed() {
    for scene in Scene::all().await {
        let exported = scene.exported().await;
        assert_eq!(exported.len(), 2);
        let found = scene.verify(&exported).await;
        assert!(found.is_sound(), "{:?}", found.wrong);
        assert_eq!((found.checkpoints, found.compared, found.unsealed), (2, 2, 0));
        scene.seal().await;
        assert_eq!(scene.exported().await.len(), 2, "nothing has changed: nothing is signed");
        scene.bed.write(scene.lines("third", 1)).await;
        let found = scene.verify(&exported).await;
        assert!(found.is_sound(), "the tail of the last seconds is no fault");
        assert_eq!(found.unsealed, 1);
    }
}

#[tokio::test]
async fn a_deleted_line_is_seen() {
    is_seen(
        "DELETE FROM audit_facts WHERE writer = $w AND sequence = 3;
         DELETE FROM audit_line WHERE writer = $w AND sequence = 3",
        [Problem::Gap],
    )
    .await;
}

#[tokio::test]
async fn an_altered_line_is_seen() {
    for change in ["replace(line, 'first', 'other')", "'no line at all'"] {
        is_seen(
            &format!("UPDATE audit_line SET line = {change} WHERE writer = $w AND sequence = 2"),
            [Problem::Changed],
        )
        .await;
    }
}

#[tokio::test]
async fn altered_facts_are_seen() {
    is_seen(
        "UPDATE audit_facts SET facts = '[]' WHERE writer = $w AND sequence = 2",
        [Problem::FactsChanged],
    )
    .await;
}

#[tokio::test]
async fn reordered_lines_are_seen() {
    is_seen(
        "UPDATE audit_line SET sequence = 99 WHERE writer = $w AND sequence = 2;
         UPDATE audit_line SET sequence = 2 WHERE writer = $w AND sequence = 3;
         UPDATE audit_line SET sequence = 3 WHERE writer = $w AND sequence = 99;
         UPDATE audit_facts SET sequence = 99 WHERE writer = $w AND sequence = 2;
         UPDATE audit_facts SET sequence = 2 WHERE writer = $w AND sequence = 3;
         UPDATE audit_facts SET sequence = 3 WHERE writer = $w AND sequence = 99",
        // The line after them does not follow what stands before it now.
        [Problem::Changed, Problem::Misplaced],
    )
    .await;
}

#[tokio::test]
async fn a_line_that_is_filed_under_something_else_is_seen() {
    for change in ["at = at + 1", "incident = '7K3M-9QTX-4'", "person_id = $w"] {
        is_seen(
            &format!("UPDATE audit_line SET {change} WHERE writer = $w AND sequence = 2"),
            [Problem::Misfiled],
        )
        .await;
    }
}

#[tokio::test]
async fn the_cut_off_end_of_a_chain_is_seen() {
    is_seen("DELETE FROM audit_line WHERE writer = $w AND sequence > 4", [Problem::Truncated])
        .await;
}

#[tokio::test]
async fn a_deleted_chain_is_seen() {
    is_seen("DELETE FROM audit_line WHERE writer = $w", [Problem::ChainMissing]).await;
    is_seen(
        "DELETE FROM audit_line WHERE writer = $w; DELETE FROM audit_writer WHERE writer = $w",
        [Problem::ChainMissing],
    )
    .await;
}

#[tokio::test]
async fn a_beginning_that_retention_did_not_take_is_seen() {
    is_seen(
        "UPDATE audit_writer SET first_sequence = 4, first_previous = (SELECT hash FROM audit_line
             WHERE writer = $w AND sequence = 3) WHERE writer = $w;
         DELETE FROM audit_line WHERE writer = $w AND sequence < 4",
        [Problem::CutEarly],
    )
    .await;
}

#[tokio::test]
async fn a_chain_that_was_written_anew_is_seen() {
    for scene in Scene::all().await {
        let head = scene.chain().await;
        let store = &scene.bed.flow.store;
        let lines = store.audit_scan(scene.bed.first().id, head.writer, 1, 100).await.unwrap();
        let mut value = head.first_previous;
        let mut statements = String::new();
        for line in lines {
            let text = line.text.replace("first.2", "other.2");
            value = verify_next(&value, &text);
            let (hash, sequence) = (scene.blob(&value), line.id.sequence);
            write!(
                statements,
                "UPDATE audit_line SET line = '{text}', hash = {hash}
                 WHERE writer = $w AND sequence = {sequence};"
            )
            .unwrap();
        }
        scene.sql(&statements).await;
        assert_eq!(scene.problems(&[]).await, set([Problem::Rewritten]));
    }
}

#[tokio::test]
async fn a_line_that_was_slipped_in_is_seen() {
    for scene in Scene::all().await {
        // A chain of a node that never was, which counts as ended, so that no checkpoint looks at it.
        scene
            .sql(
                "INSERT INTO audit_writer SELECT tenant_id, tenant_id, tenant_id, opened_at, 1,
                     first_previous, 0, 1 FROM audit_writer WHERE writer = $w;
                 INSERT INTO audit_line SELECT tenant_id, tenant_id, 1, at, NULL, NULL, hash, line
                     FROM audit_line WHERE writer = $w AND sequence = 1",
            )
            .await;
        scene.bed.wait(120);
        scene.bed.write(scene.lines("third", 1)).await;
        scene.seal().await;
        let seen = scene.problems(&[]).await;
        assert_eq!(seen, set([Problem::Misplaced, Problem::Beginning, Problem::Unlisted]));
    }
}

#[tokio::test]
async fn altered_and_deleted_checkpoints_are_seen() {
    is_seen(
        "UPDATE checkpoint SET body = replace(body, '.', '.e') WHERE number = 1",
        [Problem::CheckpointForged, Problem::CheckpointApart],
    )
    .await;
    is_seen("DELETE FROM checkpoint WHERE number = 1", [Problem::CheckpointsCut]).await;
    for scene in Scene::all().await {
        scene.bed.write(scene.lines("third", 1)).await;
        scene.seal().await;
        scene.sql("DELETE FROM checkpoint WHERE number = 2").await;
        assert!(scene.problems(&[]).await.contains(&Problem::CheckpointGap));
    }
}

#[tokio::test]
async fn lines_and_checkpoints_cut_off_together_are_seen_against_an_exported_checkpoint() {
    for scene in Scene::all().await {
        let exported = scene.exported().await;
        let head = scene.chain().await;
        scene.bed.wait(20);
        // Back to the first checkpoint, with all that came after it.
        scene
            .raw(
                "DELETE FROM checkpoint WHERE number = 2;
                 DELETE FROM audit_facts WHERE at > (SELECT at FROM checkpoint WHERE number = 1);
                 DELETE FROM audit_line WHERE at > (SELECT at FROM checkpoint WHERE number = 1);
                 DELETE FROM audit_writer WHERE opened_at > (SELECT at FROM checkpoint WHERE number = 1)",
            )
            .await;
        assert!(scene.problems(&[]).await.is_empty(), "by itself the database cannot tell");
        let seen = scene.problems(&exported).await;
        assert!(seen.contains(&Problem::CheckpointsTruncated), "{seen:?}");
        let cut = [Problem::Truncated, Problem::ChainMissing];
        assert!(cut.iter().any(|cut| seen.contains(cut)), "{seen:?} {head:?}");
        // One exported checkpoint is enough.
        let seen = scene.problems(&exported[1..]).await;
        assert!(seen.contains(&Problem::CheckpointsTruncated), "{seen:?}");
    }
}

#[tokio::test]
async fn an_emptied_table_of_checkpoints_is_seen() {
    for scene in Scene::all().await {
        let exported = scene.exported().await;
        scene.sql("DELETE FROM checkpoint").await;
        assert_eq!(scene.problems(&exported).await, set([Problem::CheckpointsTruncated]));
        scene.bed.wait(120);
        scene.seal().await;
        assert_eq!(scene.problems(&[]).await, set([Problem::Unlisted]), "the server goes on");
        scene.bed.write(scene.lines("third", 1)).await;
        scene.seal().await;
        assert!(scene.problems(&exported).await.contains(&Problem::CheckpointOther));
    }
}

#[tokio::test]
async fn what_is_no_checkpoint_of_this_organisation_is_not_believed() {
    for scene in Scene::all().await {
        let exported = scene.exported().await;
        let altered = vec![exported[0].clone(), exported[1].replacen('.', ".e", 1)];
        assert_eq!(scene.problems(&altered).await, set([Problem::ExportForged]));
        let elsewhere = Testbed::with(Plan { seed: 2, ..Plan::default() }).await;
        elsewhere.flow.seal_audit().await.unwrap();
        elsewhere
            .write(vec![Write::Audit(Box::new(AuditLine {
                at: elsewhere.now(),
                event: "e".into(),
                ..AuditLine::default()
            }))])
            .await;
        elsewhere.flow.seal_audit().await.unwrap();
        let last = elsewhere.flow.store.checkpoint_last(elsewhere.first().id).await.unwrap();
        let foreign = vec![last.unwrap().body];
        assert_eq!(scene.problems(&foreign).await, set([Problem::ExportEmpty]));
    }
}

#[tokio::test]
async fn an_exported_checkpoint_is_verified_with_the_exported_key_alone() {
    let scene = Scene::all().await.remove(0);
    let exported = scene.exported().await;
    let key = serde_json::to_string(&scene.bed.tenant().checkpoint_keys.known[0]).unwrap();
    let key = sekimori_keys::Jwk::parse(&key).unwrap();
    let id = scene.bed.first().id;
    let read = |body: &str| checkpoint::read(body, id, std::slice::from_ref(&key), scene.bed.now());
    let second = read(&exported[1]).unwrap();
    assert_eq!((second.number, second.previous), (2, Some(checkpoint::hash(&exported[0]))));
    assert!(read(&exported[1].replacen('.', ".e", 1)).is_err());
}

#[tokio::test]
async fn what_retention_takes_is_no_fault() {
    for scene in Scene::all().await {
        let retention = scene.bed.tenant().site.retention.clone();
        let later = [91 * DAY, 275 * DAY, 5 * DAY];
        for (round, wait) in later.into_iter().enumerate() {
            scene.bed.wait(wait);
            scene.seal().await;
            scene.bed.write(scene.lines("later", 1)).await;
            scene.seal().await;
            let store = &scene.bed.flow.store;
            let (id, now) = (scene.bed.first().id, scene.bed.now());
            while store.sweep(id, now, retention.clone()).await.unwrap().more {}
            let found = scene.verify(&[]).await;
            assert!(found.is_sound(), "round {round}: {:?}", found.wrong);
            assert!(round > 0 || found.facts_removed > 0);
            assert!(round == 0 || found.lines < 10);
        }
        assert!(!scene.exported().await.is_empty());
    }
}

#[tokio::test]
async fn several_servers_make_one_chain_of_checkpoints() {
    for scene in Scene::all().await {
        for _ in 0..5 {
            scene.bed.write(scene.lines("more", 3)).await;
            let rounds = (0..6).map(|_| {
                let flow = scene.bed.flow.clone();
                tokio::spawn(async move { flow.seal_audit().await.unwrap() })
            });
            for round in rounds.collect::<Vec<_>>() {
                round.await.unwrap();
            }
        }
        let found = scene.verify(&scene.exported().await).await;
        assert!(found.is_sound(), "{:?}", found.wrong);
        assert_eq!((found.checkpoints, found.unsealed), (7, 0));
    }
}

#[tokio::test]
async fn sealing_costs_a_sign_in_nothing_and_an_idle_server_no_write() {
    let bed = Testbed::start().await;
    bed.flow.seal_audit().await.unwrap();
    let before = bed.cost();
    for _ in 0..5 {
        bed.flow.seal_audit().await.unwrap();
    }
    assert_eq!(bed.cost_since(before).writes, 0);
}
