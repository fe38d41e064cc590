//! A database that fails at the moment when a code is to be spent (S10).

use rusqlite::Connection;
use sekimori_testbed::{Network, Place, Plan, Testbed};

use crate::common::{Begun, again};

/// What a submitted code may change.
const TABLES: [&str; 5] = ["factor", "burned_step", "counter", "attempt", "session"];

/// All rows of these tables as text.
fn rows(database: &Connection) -> Vec<String> {
    let mut rows = Vec::new();
    for table in TABLES {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
            rows.push(format!("{table}: {}", values.collect::<Vec<_>>().join(", ")));
        }
    }
    rows
}

/// The right code, while `event` fails; then the same code again, while nothing does.
async fn fails_and_recovers(begun: &Begun, database: &Connection, name: &str, event: &str) {
    let page = begun.password(name).await;
    let person = begun.bed.person(name);
    let code = person
        .app
        .as_ref()
        .map_or_else(|| person.recovery_codes[0].clone(), |app| app.code(begun.bed.now()));
    let before = rows(database);
    database
        .execute_batch(&format!(
            "CREATE TRIGGER broken BEFORE {event} BEGIN SELECT RAISE(ABORT, 'the disk is ill'); END"
        ))
        .unwrap();
    let failed = begun.browser.submit(&page, &[("code", &code)]).await;
    assert_eq!(
        (failed.status.as_u16(), failed.reason().as_deref()),
        (500, Some("svc.fault")),
        "{name}, {event}: {}",
        failed.shows()
    );
    let (on, _) = failed.links().into_iter().find(|(_, text)| text == "Try again").unwrap();
    assert!(on.starts_with("/login/"), "back to the step, and on to the service: {on}");
    let incident = failed.incident().unwrap_or_else(|| panic!("{}", failed.shows()));
    assert_eq!(rows(database), before, "{name}, {event}: nothing is spent or counted");
    begun.bed.keep().await;
    database.execute_batch("DROP TRIGGER broken").unwrap();
    begun.bed.keep().await;
    let kept = begun.bed.incident(&incident).await.expect("the code is kept");
    assert_eq!(kept.line.reason.as_deref(), Some("svc.fault"));
    let page = begun.browser.submit(&page, &[("code", &code)]).await;
    begun.tokens(&page).await;
}

#[tokio::test]
async fn a_code_that_cannot_be_spent_is_a_fault_and_stays_good() {
    let events = ["UPDATE ON factor", "INSERT ON session", "INSERT ON audit_line"];
    for name in ["taro", "yuki"] {
        for event in events {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("sekimori.db");
            let place = Place::Sqlite { path: path.clone() };
            let bed = Testbed::with(Plan { place, ..Plan::default() }).await;
            let database = Connection::open(&path).unwrap();
            let begun = again(bed, "wiki", Network::Home, &[]).await;
            fails_and_recovers(&begun, &database, name, event).await;
        }
    }
}
