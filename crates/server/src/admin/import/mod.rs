//! People from a file: all rows are checked before anything happens, then everything happens in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sekimori_base::{Bilingual, Language, PersonId, Secret, Timestamp};
use sekimori_directory::{Affiliation, Group, MailAddress, Person, PersonState, Username};
use sekimori_flow::Tenant;
use sekimori_flow::admin::AddError;
use sekimori_store::{ImportError, ImportRow, NewTicket, Write};
use serde::Deserialize;
use serde_json::{Value, json};

use super::command::Act;
use super::execute::Desk;
use super::people::find;
use super::{Answer, Progress, Watcher};
use crate::command::Failed;

/// Changes and mistakes that are listed; more are counted.
const LISTED_MAX: usize = 50;
/// Rows between two reports of progress.
const PIECE: usize = 500;

/// A row as it stands in the file. Columns may stand in any order; unknown ones are a mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    username: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    name_ja: String,
    #[serde(default)]
    mail: String,
    /// Separated by spaces.
    #[serde(default)]
    affiliation: String,
    /// Separated by spaces.
    #[serde(default)]
    groups: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    hash: String,
}

/// How a row's person gets in the first time.
enum First {
    Ticket,
    Password(Secret<String>),
    Hash(String),
}

/// A row that can be done.
enum Planned {
    Add { line: u64, person: Box<Person>, first: First },
    Change { person: Box<Person>, changes: Vec<String> },
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
    let mut tickets = Vec::new();
    let mut text = String::new();
    if plan.mistakes.is_empty() && act == Act::Do {
        let rows = prepare(desk, &tenant, &mut plan, &mut tickets, watcher).await?;
        if plan.mistakes.is_empty() {
            if let Err(mistake) = import(desk, &tenant, rows, watcher).await? {
                plan.mistakes.push(mistake);
            } else {
                record(desk, &tenant, &plan).await?;
            }
        }
    }
    listed(&mut text, &plan);
    let done = act == Act::Do && plan.mistakes.is_empty();
    if done {
        for (username, ticket) in &tickets {
            let _ = writeln!(text, "{username},{ticket}");
        }
    }
    let (added, changed, same) = counts(&plan);
    let _ = write!(text, "{added} new, {changed} changed, {same} the same");
    let mistakes = plan.mistakes.iter().map(|one| json!({ "line": one.line, "what": one.what }));
    let value = json!({
        "done": done, "new": added, "changed": changed, "same": same,
        "mistakes": mistakes.collect::<Vec<Value>>(),
        "tickets": if done { json!(tickets) } else { json!([]) },
    });
    if plan.mistakes.is_empty() {
        return Ok(Answer::yes(text, value));
    }
    let _ = write!(text, "; {} mistakes: nothing was done", plan.mistakes.len());
    Ok(Answer::no(text, value))
}

fn counts(plan: &Plan) -> (usize, usize, usize) {
    let count = |wanted: fn(&Planned) -> bool| plan.rows.iter().filter(|row| wanted(row)).count();
    (
        count(|row| matches!(row, Planned::Add { .. })),
        count(|row| matches!(row, Planned::Change { .. })),
        count(|row| matches!(row, Planned::Same)),
    )
}

fn listed(text: &mut String, plan: &Plan) {
    for mistake in plan.mistakes.iter().take(LISTED_MAX) {
        let _ = writeln!(text, "error: line {}: {}", mistake.line, mistake.what);
    }
    if !plan.mistakes.is_empty() {
        return;
    }
    let mut lines = Vec::new();
    for row in &plan.rows {
        match row {
            Planned::Add { person, .. } => lines.push(format!("+ {}", person.username)),
            Planned::Change { person, changes } => {
                lines.push(format!("~ {}: {}", person.username, changes.join(", ")));
            }
            Planned::Same => {}
        }
    }
    for line in lines.iter().take(LISTED_MAX) {
        let _ = writeln!(text, "{line}");
    }
    if lines.len() > LISTED_MAX {
        let _ = writeln!(text, "… and {} more", lines.len() - LISTED_MAX);
    }
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
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.as_bytes());
    let headers = reader.headers().map_err(Failed::at("reading the first line"))?.clone();
    let all = file.lines().count() as u64;
    for (index, record) in reader.records().enumerate() {
        let line =
            record.as_ref().ok().and_then(|record| record.position()).map(csv::Position::line);
        let line = line.unwrap_or(index as u64 + 2);
        let row = record.and_then(|record| record.deserialize::<Row>(Some(&headers)));
        let mut wrong = |what: String| plan.mistakes.push(Mistake { line, what });
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                wrong(csv_words(&error));
                continue;
            }
        };
        let Some((person, first)) = read(&row, now, &mut wrong) else { continue };
        if let Some(before) = seen.insert(person.username.clone(), line) {
            wrong(format!("{} stands on line {before} already", person.username));
            continue;
        }
        let standing = find(desk, tenant, &person.username).await?;
        match standing {
            // Whoever is there has a password of their own by now.
            Some(standing) => plan.rows.push(compared(standing.person, *person)),
            None => plan.rows.push(Planned::Add { line, person: named(desk, person), first }),
        }
        if index % PIECE == 0 {
            watcher(Progress { done: line, all });
        }
    }
    Ok(plan)
}

fn csv_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} values where the first line has {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

fn named(desk: &Desk<'_>, mut person: Box<Person>) -> Box<Person> {
    person.id = PersonId::random(&*desk.app.flow.entropy);
    person
}

/// A row's person, without an id yet, unless something is wrong with it; everything that is wrong is said.
fn read(row: &Row, now: Timestamp, wrong: &mut impl FnMut(String)) -> Option<(Box<Person>, First)> {
    let mut fine = true;
    let mut say = |what: String| {
        fine = false;
        wrong(what);
    };
    let username = Username::parse(&row.username)
        .map_err(|error| say(format!("username {:?}: {error}", row.username)))
        .ok();
    let mail = (!row.mail.is_empty())
        .then(|| MailAddress::parse(&row.mail).map_err(|error| say(format!("mail: {error}"))).ok())
        .flatten();
    let mut affiliations = BTreeSet::new();
    for text in row.affiliation.split_whitespace() {
        match Affiliation::parse(text) {
            Some(affiliation) => drop(affiliations.insert(affiliation)),
            None => say(format!("affiliation {text:?} is unknown")),
        }
    }
    let mut groups = BTreeSet::new();
    for text in row.groups.split_whitespace() {
        match Group::parse(text) {
            Ok(group) => drop(groups.insert(group)),
            Err(error) => say(format!("groups: {text:?}: {error}")),
        }
    }
    let first = match (row.password.as_str(), row.hash.as_str()) {
        ("", "") => First::Ticket,
        (password, "") => First::Password(Secret::new(password.to_owned())),
        ("", hash) => First::Hash(hash.to_owned()),
        _ => {
            say("either password or hash, not both".to_owned());
            First::Ticket
        }
    };
    let username = username.filter(|_| fine)?;
    let or = |text: &str, other: &str| if text.is_empty() { other } else { text }.to_owned();
    let english = or(&row.name_en, &or(&row.name_ja, username.as_str()));
    let person = Person {
        id: PersonId::from_bytes([0; 16]),
        name: Bilingual::new(english.clone(), or(&row.name_ja, &english)),
        username,
        mail,
        affiliations,
        groups,
        administrator: false,
        state: PersonState::ACTIVE,
        language: if row.name_ja.is_empty() { Language::English } else { Language::Japanese },
        updated_at: now,
    };
    Some((Box::new(person), first))
}

/// What the file changes about somebody. What it has no columns for stays.
fn compared(standing: Person, wanted: Person) -> Planned {
    let mut changes = Vec::new();
    let mut differs = |what: &str, truth: bool| {
        if truth {
            changes.push(what.to_owned());
        }
    };
    differs("name", standing.name != wanted.name);
    differs("mail", standing.mail != wanted.mail);
    differs("affiliation", standing.affiliations != wanted.affiliations);
    differs("groups", standing.groups != wanted.groups);
    if changes.is_empty() {
        return Planned::Same;
    }
    let person = Person {
        name: wanted.name,
        mail: wanted.mail,
        affiliations: wanted.affiliations,
        groups: wanted.groups,
        updated_at: wanted.updated_at,
        ..standing
    };
    Planned::Change { person: Box::new(person), changes }
}

/// Hash passwords, take over hashes, make tickets: all that can still go wrong before the transaction.
async fn prepare(
    desk: &Desk<'_>,
    tenant: &Tenant,
    plan: &mut Plan,
    tickets: &mut Vec<(String, String)>,
    watcher: &Watcher,
) -> Result<Vec<ImportRow>, Failed> {
    let now = desk.app.flow.clock.now();
    let all = plan.rows.len() as u64;
    let mut rows = Vec::with_capacity(plan.rows.len());
    for (index, planned) in plan.rows.iter_mut().enumerate() {
        let (line, person, first) = match planned {
            Planned::Same => continue,
            Planned::Change { person, .. } => {
                rows.push(ImportRow::Put(person.clone()));
                continue;
            }
            Planned::Add { line, person, first } => (*line, person.clone(), first),
        };
        let (mut password, mut ticket) = (None, None);
        let record = match std::mem::replace(first, First::Ticket) {
            First::Ticket => {
                let made = make_ticket(desk, tenant, &person, now);
                tickets.push((person.username.to_string(), made.0));
                ticket = made.1;
                None
            }
            First::Password(typed) => Some(desk.app.flow.hash_password(tenant, typed).await),
            First::Hash(hash) => Some(desk.app.flow.take_over_hash(tenant, hash).await),
        };
        match record {
            None => {}
            Some(Ok(record)) => password = Some(record),
            Some(Err(AddError::Fault(fault))) => return Err(Failed::at("hashing")(fault)),
            Some(Err(error)) => plan.mistakes.push(Mistake { line, what: error.to_string() }),
        }
        if index % PIECE == 0 || password.is_some() {
            watcher(Progress { done: index as u64, all });
        }
        rows.push(ImportRow::Add { person, password, ticket });
    }
    Ok(rows)
}

fn make_ticket(
    desk: &Desk<'_>,
    tenant: &Tenant,
    person: &Person,
    now: Timestamp,
) -> (String, Option<NewTicket>) {
    let (text, write) = desk.app.flow.new_ticket(tenant, person.id, &desk.by.0, now);
    let ticket = match write {
        Write::TicketPut(ticket) => Some(ticket),
        _ => None,
    };
    (text.expose().clone(), ticket)
}

async fn import(
    desk: &Desk<'_>,
    tenant: &Tenant,
    rows: Vec<ImportRow>,
    watcher: &Watcher,
) -> Result<Result<(), Mistake>, Failed> {
    let (all, watcher) = (rows.len() as u64, watcher.clone());
    let progress = move |done| watcher(Progress { done, all });
    let now = desk.app.flow.clock.now();
    let imported =
        desk.app.flow.store.import_people(tenant.id, now, rows.into_iter(), progress).await;
    match imported {
        Ok(_) => Ok(Ok(())),
        Err(ImportError::Fault(fault)) => Err(Failed::at("importing people")(fault)),
        Err(error) => {
            let what = format!("{error}: somebody changed people at the same moment");
            Ok(Err(Mistake { line: 0, what }))
        }
    }
}

async fn record(desk: &Desk<'_>, tenant: &Tenant, plan: &Plan) -> Result<(), Failed> {
    let (added, changed, _) = counts(plan);
    let mut line = desk.by.line(desk.app.flow.clock.now(), "people.imported", None);
    line.details = json!({ "new": added, "changed": changed }).to_string();
    let audited = desk.commit(tenant, vec![Write::Audit(Box::new(line))]).await;
    audited.map_err(Failed::at("writing down that people were imported"))
}
