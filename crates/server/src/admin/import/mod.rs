//! People from a file: all rows are checked before anything happens, then everything happens in one transaction.

mod perform;
mod row;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sekimori_base::{PersonId, Timestamp};
use sekimori_directory::{Person, Username};
use sekimori_flow::{Tenant, measured, person_words};
use serde_json::{Value, json};

use self::perform::perform;
use self::row::{Columns, First, Row};
use super::command::Act;
use super::execute::Desk;
use super::people::{find, weakness};
use super::{Answer, Progress, Watcher};
use crate::command::Failed;
use crate::console::counted;

/// Changes that are listed for people; more are counted. Mistakes are listed all.
const LISTED_MAX: usize = 50;
/// Rows between two reports of progress.
const PIECE: usize = 500;

/// A row that can be done.
enum Planned {
    Add { line: u64, person: Box<Person>, first: First },
    Change { person: Box<Person>, seen: Timestamp, changes: Vec<&'static str> },
    Same,
}

/// A mistake in the file.
struct Mistake {
    line: u64,
    what: String,
}

/// Everything that the file comes to.
#[derive(Default)]
struct Plan {
    rows: Vec<Planned>,
    mistakes: Vec<Mistake>,
}

pub(super) async fn run(
    desk: &Desk<'_>,
    file: &str,
    act: Act,
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let mut plan = plan(desk, &tenant, file, watcher).await?;
    let mut tickets = None;
    if plan.mistakes.is_empty() && act == Act::Do {
        match perform(desk, &tenant, &mut plan, watcher).await? {
            Ok(made) => tickets = Some(made),
            Err(mistake) => plan.mistakes.push(mistake),
        }
    }
    let mut text = listed(&plan);
    let (added, changed, same) = counts(&plan);
    let _ = write!(text, "{added} new, {changed} changed, {same} the same");
    let mistakes = plan.mistakes.iter().map(|one| json!({ "line": one.line, "what": one.what }));
    let value = json!({
        "done": tickets.is_some(), "new": added, "changed": changed, "same": same,
        "changes": changes(&plan),
        "mistakes": mistakes.collect::<Vec<Value>>(),
        "tickets": tickets.unwrap_or_default(),
    });
    if plan.mistakes.is_empty() {
        return Ok(Answer::yes(text, value));
    }
    let mistakes = counted(plan.mistakes.len(), "mistake");
    let _ = write!(text, "; {mistakes}: nothing was done");
    Ok(Answer::no(text, value))
}

/// What the file changes, for programs: all of it.
fn changes(plan: &Plan) -> Vec<Value> {
    let change = |row: &Planned| match row {
        Planned::Add { person, .. } => Some(json!({ "username": person.username, "new": true })),
        Planned::Change { person, changes, .. } => {
            Some(json!({ "username": person.username, "new": false, "fields": changes }))
        }
        Planned::Same => None,
    };
    plan.rows.iter().filter_map(change).collect()
}

fn counts(plan: &Plan) -> (usize, usize, usize) {
    let count = |wanted: fn(&Planned) -> bool| plan.rows.iter().filter(|row| wanted(row)).count();
    (
        count(|row| matches!(row, Planned::Add { .. })),
        count(|row| matches!(row, Planned::Change { .. })),
        count(|row| matches!(row, Planned::Same)),
    )
}

/// What people read: all mistakes, else what changes.
fn listed(plan: &Plan) -> String {
    let mut text = String::new();
    for mistake in &plan.mistakes {
        let _ = writeln!(text, "error: line {}: {}", mistake.line, mistake.what);
    }
    if !plan.mistakes.is_empty() {
        return text;
    }
    let mut lines = Vec::new();
    for row in &plan.rows {
        match row {
            Planned::Add { person, .. } => lines.push(format!("+ {}", person.username)),
            Planned::Change { person, changes, .. } => {
                lines.push(format!("~ {}: {}", person.username, changes.join(", ")));
            }
            Planned::Same => {}
        }
    }
    for line in lines.iter().take(LISTED_MAX) {
        let _ = writeln!(text, "{line}");
    }
    if lines.len() > LISTED_MAX {
        let more = lines.len() - LISTED_MAX;
        let _ = writeln!(text, "… and {more} more (all of them: --json)");
    }
    text
}

/// Read the file and look everybody up.
async fn plan(
    desk: &Desk<'_>,
    tenant: &Tenant,
    file: &str,
    watcher: &Watcher,
) -> Result<Plan, Failed> {
    let now = desk.app.flow.clock.now();
    let mut plan = Plan::default();
    let mut seen: BTreeMap<Username, u64> = BTreeMap::new();
    // A byte order mark is what spreadsheets put there.
    let file = file.trim_start_matches('\u{feff}');
    let mut reader = row::reader(file);
    let header = reader.headers().map_err(Failed::at("reading the first line"))?;
    let columns = match Columns::read(header) {
        Ok(columns) => columns,
        Err(what) => return Ok(refused(what)),
    };
    let all = file.lines().count() as u64;
    for (index, record) in reader.records().enumerate() {
        let line = line_of(&record).unwrap_or(index as u64 + 2);
        let before = plan.mistakes.len();
        let mut wrong = |what: String| plan.mistakes.push(Mistake { line, what });
        let row = match record {
            Ok(record) => Row::read(&columns, &record, &mut wrong),
            Err(error) => {
                wrong(csv_words(&error));
                continue;
            }
        };
        let Some(row) = row else { continue };
        if let Some(before) = seen.insert(row.username.clone(), line) {
            wrong(format!("{} stands on line {before} already", row.username));
            continue;
        }
        // Of a row with other mistakes the password is judged as well, so that all is said at once.
        match planned(desk, tenant, row, line, now).await? {
            Ok(planned) if plan.mistakes.len() == before => plan.rows.push(planned),
            Ok(_) => {}
            Err(what) => plan.mistakes.push(Mistake { line, what }),
        }
        if index % PIECE == 0 {
            watcher(Progress { done: line, all });
        }
    }
    if seen.is_empty() && plan.mistakes.is_empty() {
        return Ok(refused(
            "there is nobody in the file: a line for each person follows".to_owned(),
        ));
    }
    Ok(plan)
}

/// Nothing can be made of the file.
fn refused(what: String) -> Plan {
    Plan { rows: Vec::new(), mistakes: vec![Mistake { line: 1, what }] }
}

fn line_of(record: &Result<csv::StringRecord, csv::Error>) -> Option<u64> {
    let position = match record {
        Ok(record) => record.position(),
        Err(error) => error.position(),
    };
    position.map(csv::Position::line)
}

fn csv_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} values where the first line has {expected_len} columns")
        }
        _ => error.to_string(),
    }
}

/// What becomes of a row, or what is wrong with its password or hash.
async fn planned(
    desk: &Desk<'_>,
    tenant: &Tenant,
    row: Row,
    line: u64,
    now: Timestamp,
) -> Result<Result<Planned, String>, Failed> {
    if let Some(standing) = find(desk, tenant, &row.username).await? {
        // Whoever is there has a password of their own by now.
        let (person, changes) = row.onto(&standing.person, now);
        return Ok(Ok(if changes.is_empty() {
            Planned::Same
        } else {
            let seen = standing.person.updated_at;
            Planned::Change { person: Box::new(person), seen, changes }
        }));
    }
    let person = Box::new(row.person(PersonId::random(&*desk.app.flow.entropy), now));
    let first = match row.first {
        First::Ticket => First::Ticket,
        First::Hash(hash) => match desk.app.flow.examine_hash(tenant, &hash) {
            Ok(()) => First::Hash(hash),
            Err(error) => return Ok(Err(format!("hash: {error}"))),
        },
        First::Password(password) => {
            let measured = measured(tenant, person_words(&person), password).await;
            let (password, flaws) = measured.map_err(Failed::at("measuring a password"))?;
            if !flaws.is_empty() {
                let flaws: Vec<String> = flaws.into_iter().map(weakness).collect();
                return Ok(Err(format!("the password is too easy to guess: {}", flaws.join("; "))));
            }
            First::Password(password)
        }
    };
    Ok(Ok(Planned::Add { line, person, first }))
}
