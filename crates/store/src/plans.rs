//! Every statement is prepared on both databases, and none scans a large table.

#![expect(clippy::disallowed_methods, reason = "tests are told by the environment what there is")]

use std::fmt::Write as _;

use crate::database::call;
use crate::database::postgres::{Direct, Link};
use crate::migrate;
use crate::statement::{ALL, Statement};

/// Tables that stay small: tenants, nodes, versions, keys, writers.
const SMALL: [&str; 6] =
    ["tenant", "node", "site", "sealing_key", "audit_writer", "schema_version"];
/// Rows in each large table.
const ROWS: u32 = 50_000;

/// Statements that look at everything on purpose.
fn whole(statement: &Statement) -> bool {
    statement.name.starts_with("restore/")
}

/// A condition on the tenant alone reads all of a tenant, unless a limit ends it.
fn limited(statement: &Statement) -> bool {
    statement.sqlite.contains("LIMIT")
}

#[test]
fn sqlite_searches_by_index_in_every_statement() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    migrate::run_sqlite(&connection).unwrap();
    let mut problems = String::new();
    for statement in ALL.iter().filter(|statement| !whole(statement)) {
        let mut explain = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite))
            .unwrap_or_else(|error| panic!("{}: {error}", statement.name));
        let nulls = vec![rusqlite::types::Null; explain.parameter_count()];
        let lines: Vec<String> = explain
            .query_map(rusqlite::params_from_iter(nulls), |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for line in lines {
            let small = |table: &str| {
                line.split_whitespace().nth(1).is_some_and(|name| name == table || name == "writer")
            };
            let scans = line.starts_with("SCAN") && !line.contains("CONSTANT ROW");
            let broad = line.ends_with("(tenant_id=?)") && !limited(statement);
            if (scans || broad) && !SMALL.into_iter().any(small) {
                writeln!(problems, "{}: {line}", statement.name).unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn parameters_are_numbered_alike_on_both_databases() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    migrate::run_sqlite(&connection).unwrap();
    for statement in ALL {
        let prepared = connection.prepare(statement.sqlite).unwrap();
        for number in 1..=prepared.parameter_count() {
            let name = format!("${number}");
            assert_eq!(
                prepared.parameter_index(&name).unwrap(),
                Some(number),
                "{}: {name} is not the {number}. that appears",
                statement.name
            );
        }
    }
}

fn server() -> Option<String> {
    let server = std::env::var("SEKIMORI_TEST_POSTGRES").ok();
    if server.is_none() {
        use std::io::Write as _;
        let words = "\nSKIPPED: plans on PostgreSQL (SEKIMORI_TEST_POSTGRES names no server)\n";
        std::io::stderr().write_all(words.as_bytes()).unwrap();
    }
    server
}

/// A fresh database with the schema.
fn database(server: &str, name: &str) -> Direct {
    database_at(server, name).0
}

/// A fresh database with the schema, and where it is.
fn database_at(server: &str, name: &str) -> (Direct, String) {
    let name = format!("{name}_{}", std::process::id());
    let mut direct = Direct::connect(server).unwrap();
    direct.execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    let url = format!("{before}/{name}");
    migrate::prepare_postgres(&url).unwrap();
    (Direct::connect(&url).unwrap(), url)
}

#[test]
fn postgresql_knows_every_parameter_by_one_of_our_three_types() {
    let Some(server) = server() else { return };
    let mut direct = database(&server, "types");
    for (index, statement) in ALL.iter().enumerate() {
        direct
            .execute(&format!("PREPARE s{index} AS {}", statement.postgres))
            .unwrap_or_else(|error| panic!("{}: {error}", statement.name));
    }
    let odd = direct
        .first(
            "SELECT string_agg(name || ': ' || parameter_types::text, '; ')
             FROM pg_prepared_statements
             WHERE EXISTS (SELECT 1 FROM unnest(parameter_types) AS kind
                 WHERE kind NOT IN ('bigint'::regtype, 'text'::regtype, 'bytea'::regtype))",
        )
        .unwrap();
    assert_eq!(odd, vec![None]);
}

/// Nobody counts the rows of these tables by themselves.
fn uncounted(direct: &mut Direct) {
    direct
        .execute(
            "DO $$ DECLARE t text; BEGIN
                 FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                     EXECUTE 'ALTER TABLE ' || t || ' SET (autovacuum_enabled = false)';
                 END LOOP;
             END $$",
        )
        .unwrap();
}

/// Rows that look like what they are not, but as many as there may be, in every table.
fn fill(direct: &mut Direct, many: u32) {
    let tables = direct
        .first("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'")
        .unwrap();
    let tables = tables[0].clone().unwrap();
    for table in tables.split(',').filter(|table| *table != "schema_version") {
        let columns = direct
            .first(&format!(
                "SELECT string_agg(column_name || ':' || data_type, ',' ORDER BY ordinal_position)
                 FROM information_schema.columns WHERE table_name = '{table}'"
            ))
            .unwrap()[0]
            .clone()
            .unwrap();
        let values: Vec<String> = columns
            .split(',')
            .map(|column| match column.split_once(':').unwrap() {
                ("tenant_id", _) => "decode(repeat('07', 16), 'hex')".to_owned(),
                (name, "bytea") => format!("decode(md5(i || '{name}'), 'hex')"),
                (name, "text") => format!("'{name}' || i"),
                // As in life: many counters are low.
                ("failures", _) => "i % 20".to_owned(),
                _ => "i".to_owned(),
            })
            .collect();
        let rows = if SMALL.contains(&table) { many.min(20) } else { many };
        direct
            .execute(&format!(
                "INSERT INTO {table} SELECT {} FROM generate_series(1, {rows}) AS i",
                values.join(", ")
            ))
            .unwrap();
    }
}

#[test]
fn postgresql_searches_by_index_in_every_statement_at_fifty_thousand_rows() {
    let Some(server) = server() else { return };
    let mut direct = database(&server, "plans");
    uncounted(&mut direct);
    fill(&mut direct, ROWS);
    direct.execute("VACUUM ANALYZE").unwrap();
    let problems = problems(&mut direct);
    assert!(problems.is_empty(), "\n{problems}");
}

#[test]
fn postgresql_takes_the_key_among_a_hundred_thousand_rows_that_it_never_counted() {
    let Some(server) = server() else { return };
    let mut direct = database(&server, "uncounted");
    uncounted(&mut direct);
    fill(&mut direct, 2 * ROWS);
    let problems = problems(&mut direct);
    assert!(problems.is_empty(), "\n{problems}");
}

/// Statements that do not search as they should, as a connection of the store plans them.
fn problems(direct: &mut Direct) -> String {
    // The plan for any value, not one for the nulls that stand in for values here.
    direct.execute("SET plan_cache_mode = force_generic_plan").unwrap();
    let mut problems = String::new();
    for (index, statement) in ALL.iter().enumerate().filter(|(_, statement)| !whole(statement)) {
        direct.execute(&format!("PREPARE s{index} AS {}", statement.postgres)).unwrap();
        let parameters = (1..20)
            .take_while(|number| statement.postgres.contains(&format!("${number}")))
            .map(|_| "NULL")
            .collect::<Vec<_>>()
            .join(", ");
        let arguments =
            if parameters.is_empty() { String::new() } else { format!("({parameters})") };
        let plan = direct.all(&format!("EXPLAIN EXECUTE s{index}{arguments}")).unwrap();
        let lines = plan.iter().map(String::as_str);
        for line in lines {
            let scans = line.contains("Seq Scan on");
            let broad = line.trim() == "Index Cond: (tenant_id = $1)" && !limited(statement);
            let small = SMALL
                .into_iter()
                .any(|table| plan.iter().any(|l| l.contains(&format!("on {table}"))));
            let astray = by_expiry(line) && !statement.name.starts_with("sweep/");
            if ((scans || broad) && !small) || astray {
                writeln!(problems, "{}: {line}\n    {}", statement.name, plan.join("\n    "))
                    .unwrap();
            }
        }
    }
    problems
}

/// An index that is for what has expired and nothing else.
fn by_expiry(line: &str) -> bool {
    line.contains("_expiry on")
}

#[test]
fn a_plan_that_was_made_on_an_empty_table_does_not_stay() {
    use crate::database::Access;
    use crate::statement as sql;
    let Some(server) = server() else { return };
    let (mut direct, url) = database_at(&server, "young");
    uncounted(&mut direct);
    let mut link = Link::connect(&url).unwrap();
    let key: &[u8] = &[7; 16];
    let calls = [
        call!(sql::SESSIONS_BY_DIGEST, key, key),
        call!(sql::CODES_REDEEM, 5_i64, key, key),
        call!(sql::TOKENS_REFRESH_ROTATE, 5_i64, key, key, key, key),
        call!(sql::ATTEMPTS_END, key, key, 5_i64, key, key, 1_i64),
        call!(sql::PEOPLE_BY_SESSION, key, key),
    ];
    let mut work = |times| {
        for _ in 0..times {
            link.begin(Access::Write);
            link.run(&calls).unwrap();
            link.rollback().unwrap();
        }
        let plans = calls.iter().flat_map(|call| link.plan(call.statement));
        plans.filter(|line| by_expiry(line)).count()
    };
    assert!(work(20) > 0, "an empty table gives no cause for this test any more");
    fill(&mut direct, 2 * ROWS);
    assert_eq!(work(64), 0);
}

/// Steps of SQLite's machine for each statement of a sign-in, among so many people.
fn steps(people: u32) -> Vec<(&'static str, i32)> {
    use crate::statement as sql;
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    migrate::run_sqlite(&connection).unwrap();
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people})
             INSERT INTO person SELECT x'07', CAST(i AS BLOB), 'p' || i, '{{}}', '{{}}', 1, 'r', 1, 0, NULL, NULL FROM n;
             INSERT INTO factor SELECT tenant_id, id, id, 'totp', 'desk', 'ready', NULL, '', x'00', 1, NULL, NULL, 0, 0, id FROM person;
             INSERT INTO session SELECT tenant_id, id, id, id, 1, 1, 9, 1, '[]', '', 'z' FROM person;
             INSERT INTO counter SELECT tenant_id, id, 1, 1, 1, 0 FROM person;
             INSERT INTO code SELECT tenant_id, id, id, id, '{{}}', 9, NULL FROM person;
             INSERT INTO token_grant SELECT tenant_id, id, id, 'c', NULL, '{{}}', 1, 9, NULL FROM person;
             INSERT INTO refresh_token SELECT tenant_id, id, id, 1, 9, NULL, NULL FROM person;
             INSERT INTO access_token SELECT tenant_id, id, id, '{{}}', 9, NULL FROM person;
             INSERT INTO audit_line SELECT tenant_id, x'01', rowid, 1, id, NULL, id, '{{}}' FROM person;"
        ))
        .unwrap();
    let t: &[u8] = &[7];
    let p: &[u8] = b"500";
    let new: &[u8] = b"new";
    let none = rusqlite::types::Null;
    let cases: Vec<(&Statement, Vec<&dyn rusqlite::ToSql>)> = vec![
        (&sql::PEOPLE_BY_USERNAME, vec![&t, &"p500"]),
        (&sql::FACTORS_OF_USERNAME, vec![&t, &"p500"]),
        (&sql::SESSIONS_BY_DIGEST, vec![&t, &p]),
        (&sql::PEOPLE_BY_SESSION, vec![&t, &p]),
        (&sql::FACTORS_OF_SESSION, vec![&t, &p]),
        (&sql::PEOPLE_BY_CREDENTIAL, vec![&t, &p]),
        (&sql::FACTORS_OF_CREDENTIAL, vec![&t, &p]),
        (&sql::CERTIFICATES_GOOD_OF_PERSON, vec![&t, &p, &5]),
        (&sql::CERTIFICATES_GOOD_OF_USERNAME, vec![&t, &"p500", &5]),
        (&sql::CERTIFICATES_GOOD_OF_CREDENTIAL, vec![&t, &p, &5]),
        (&sql::CERTIFICATES_GOOD_OF_SESSION, vec![&t, &p, &5]),
        (&sql::FACTORS_USE_PASSKEY, vec![&7, &5, &none, &t, &p, &p]),
        (&sql::COUNTERS_BY_KEY, vec![&t, &p]),
        (&sql::COUNTERS_RESERVE, vec![&t, &p, &5, &9, &0]),
        (&sql::COUNTERS_CLEAR, vec![&t, &p]),
        (&sql::FACTORS_SPEND_STEP, vec![&7, &5, &t, &p, &p]),
        (&sql::SESSIONS_OPEN, vec![&new, &new, &1, &9, &"[]", &"", &"z", &t, &p, &1]),
        (&sql::SESSIONS_TOUCH, vec![&5, &t, &p]),
        (&sql::CODES_PUT, vec![&t, &new, &p, &new, &"{}", &9]),
        (&sql::CODES_REDEEM, vec![&5, &t, &p]),
        (&sql::GRANTS_PROMISE, vec![&t, &new, &p, &"c", &none, &"{}", &1, &9]),
        (&sql::GRANTS_OPEN, vec![&99, &t, &p]),
        (&sql::TOKENS_ACCESS_PUT, vec![&t, &new, &new, &"{}", &9]),
        (&sql::TOKENS_ACCESS_BY_DIGEST, vec![&t, &p]),
        (&sql::TOKENS_REFRESH_ROTATE, vec![&5, &new, &t, &p, &p]),
        (&sql::AUDIT_LINE_PUT, vec![&t, &new, &1, &5, &p, &none, &new, &"{}"]),
        (&sql::AUDIT_FACTS_PUT, vec![&t, &new, &1, &5, &new, &"{}"]),
    ];
    cases
        .into_iter()
        .map(|(statement, values)| {
            let mut prepared = connection.prepare(statement.sqlite).unwrap();
            let mut rows = prepared.query(values.as_slice()).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            (statement.name, prepared.get_status(rusqlite::StatementStatus::VmStep))
        })
        .collect()
}

#[test]
fn a_sign_in_takes_as_many_steps_among_fifty_thousand_as_among_a_thousand() {
    assert_eq!(steps(1_000), steps(50_000));
}
