//! The writer when the disk says no.

use sekimori_base::NodeId;

use super::*;
use crate::database::{Access, Outcome, job};

struct Rig {
    sqlite: Sqlite,
    _folder: tempfile::TempDir,
}

fn rig(prepare: &str) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let place = SqlitePlace::File(folder.path().join("test.db"));
    let connection = connect(&place).unwrap();
    connection.execute_batch(prepare).unwrap();
    let seed = WriterSeed::new(NodeId::from_bytes([1; 16]));
    Rig { sqlite: Sqlite::start(place, connection, &seed).unwrap(), _folder: folder }
}

impl Rig {
    fn submit(
        &self,
        sql: &'static str,
    ) -> tokio::sync::oneshot::Receiver<Outcome<(), &'static str>> {
        let (job, answer) = job(Access::Write, move |transaction| {
            let Connection::Sqlite(connection) = &transaction.connection else {
                return Ok(Err("another database"));
            };
            connection.execute_batch(sql)?;
            Ok(if sql.contains("refuse") { Err("refused") } else { Ok(()) })
        });
        self.sqlite.submit(job);
        answer
    }

    fn write(&self, sql: &'static str) -> Outcome<(), &'static str> {
        self.submit(sql).blocking_recv().unwrap()
    }

    fn rows(&self) -> i64 {
        self.sqlite
            .read(|transaction| {
                let Connection::Sqlite(connection) = &transaction.connection else {
                    return Err(DatabaseError::Closed);
                };
                Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
            })
            .unwrap()
    }
}

#[test]
fn one_refusal_or_mistake_in_a_group_does_not_hurt_the_others() {
    let rig = rig("CREATE TABLE t (a INTEGER PRIMARY KEY)");
    // The first holds the writer up, so that the others share the next commit.
    let slow = rig.submit(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
         SELECT count(*) FROM n; INSERT INTO t VALUES (1)",
    );
    let answers = [
        rig.submit("INSERT INTO t VALUES (2)"),
        rig.submit("INSERT INTO t VALUES (3) /* refuse */"),
        rig.submit("INSERT INTO t VALUES (4); INSERT INTO t VALUES (4)"),
        rig.submit("INSERT INTO t VALUES (5)"),
    ];
    assert!(matches!(slow.blocking_recv().unwrap(), Ok(Ok(()))));
    let outcomes = answers.map(|answer| answer.blocking_recv().unwrap());
    assert!(matches!(
        outcomes,
        [Ok(Ok(())), Ok(Err("refused")), Err(DatabaseError::Sqlite(_)), Ok(Ok(()))]
    ));
    assert_eq!(rig.rows(), 3);
}

#[test]
fn a_full_disk_refuses_and_recovers_without_a_restart() {
    let rig = rig("CREATE TABLE t (a BLOB); PRAGMA max_page_count = 50;");
    assert!(rig.write("INSERT INTO t VALUES (zeroblob(1000000))").is_err());
    assert!(rig.write("INSERT INTO t VALUES (zeroblob(10))").is_ok(), "what fits is taken");
    assert!(rig.sqlite.poisoned().is_none());
    rig.write("PRAGMA max_page_count = 5000").unwrap().unwrap();
    assert!(rig.write("INSERT INTO t VALUES (zeroblob(1000000))").is_ok());
    assert_eq!(rig.rows(), 2);
}

#[test]
fn after_a_commit_that_failed_for_another_reason_writing_stops_and_reading_goes_on() {
    // A deferred constraint stands for a disk that fails only when the commit comes.
    let rig = rig("PRAGMA foreign_keys = ON; CREATE TABLE p (a INTEGER PRIMARY KEY);
         CREATE TABLE t (a INTEGER REFERENCES p(a) DEFERRABLE INITIALLY DEFERRED)");
    assert!(matches!(
        rig.write("INSERT INTO t VALUES (7)"),
        Err(DatabaseError::Commit(_) | DatabaseError::Sqlite(_))
    ));
    assert!(rig.sqlite.poisoned().is_some());
    assert!(matches!(rig.write("INSERT INTO p VALUES (1)"), Err(DatabaseError::Poisoned(_))));
    assert_eq!(rig.rows(), 0);
}

#[test]
fn a_closed_store_finishes_what_waits_and_takes_no_more() {
    let rig = rig("CREATE TABLE t (a INTEGER)");
    let answers: Vec<_> = (0..50).map(|_| rig.submit("INSERT INTO t VALUES (1)")).collect();
    rig.sqlite.close();
    assert!(answers.into_iter().all(|answer| matches!(answer.blocking_recv(), Ok(Ok(Ok(()))))));
    assert!(matches!(rig.write("INSERT INTO t VALUES (1)"), Err(DatabaseError::Closed)));
}
