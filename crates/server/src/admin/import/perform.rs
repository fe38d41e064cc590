//! Doing what a plan says: hashes first, which take long and change nothing, then one transaction with everything in
//! it, the lines of the audit among it.

use sekimori_base::Timestamp;
use sekimori_directory::Person;
use sekimori_flow::Tenant;
use sekimori_flow::admin::{AddError, WhenFull};
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{ImportError, ImportRow, NewTicket};
use serde_json::json;

use super::row::First;
use super::{Mistake, PIECE, Plan, Planned, counts};
use crate::admin::execute::Desk;
use crate::admin::{Progress, Watcher};
use crate::command::Failed;

/// A ticket that was made, for its paper.
pub(super) type OnPaper = (String, String);

/// Do it: the tickets that were made, or what came in between.
pub(super) async fn perform(
    desk: &Desk<'_>,
    tenant: &Tenant,
    plan: &mut Plan,
    watcher: &Watcher,
) -> Result<Result<Vec<OnPaper>, Mistake>, Failed> {
    let mut tickets = Vec::new();
    let rows = match prepare(desk, tenant, plan, &mut tickets, watcher).await? {
        Ok(rows) => rows,
        Err(mistake) => return Ok(Err(mistake)),
    };
    Ok(import(desk, tenant, plan, rows, watcher).await?.map(|()| tickets))
}

/// Hash passwords, take over hashes, make tickets.
async fn prepare(
    desk: &Desk<'_>,
    tenant: &Tenant,
    plan: &mut Plan,
    tickets: &mut Vec<OnPaper>,
    watcher: &Watcher,
) -> Result<Result<Vec<ImportRow>, Mistake>, Failed> {
    let flow = &desk.app.flow;
    let now = flow.clock.now();
    let all = plan.rows.len() as u64;
    let mut rows = Vec::with_capacity(plan.rows.len());
    for (index, planned) in plan.rows.iter_mut().enumerate() {
        let (line, person, first) = match planned {
            Planned::Same => continue,
            Planned::Change { person, seen, .. } => {
                rows.push(ImportRow::Put { person: person.clone(), seen: *seen });
                continue;
            }
            Planned::Add { line, person, first } => (*line, person.clone(), first),
        };
        let (mut password, mut ticket) = (None, None);
        let wait = WhenFull::Wait;
        let record = match std::mem::replace(first, First::Ticket) {
            First::Ticket => {
                let made = make_ticket(desk, tenant, &person, now);
                tickets.push((person.username.to_string(), made.0));
                ticket = Some(made.1);
                None
            }
            First::Password(typed) => Some(flow.hash_password(tenant, typed, wait).await),
            First::Hash(hash) => Some(flow.take_over_hash(tenant, hash, wait).await),
        };
        match record {
            None => {}
            Some(Ok(record)) => password = Some(record),
            Some(Err(AddError::Fault(fault))) => return Err(Failed::at("hashing")(fault)),
            Some(Err(error)) => return Ok(Err(Mistake { line, what: error.to_string() })),
        }
        if index % PIECE == 0 || password.is_some() {
            watcher(Progress { done: index as u64, all });
        }
        rows.push(ImportRow::Add { person, password, ticket });
    }
    Ok(Ok(rows))
}

fn make_ticket(
    desk: &Desk<'_>,
    tenant: &Tenant,
    person: &Person,
    now: Timestamp,
) -> (String, NewTicket) {
    let purpose = TicketPurpose::Start;
    let (text, ticket) = desk.app.flow.new_ticket(tenant, person.id, purpose, &desk.by.0, now);
    (text.expose().clone(), ticket)
}

async fn import(
    desk: &Desk<'_>,
    tenant: &Tenant,
    plan: &Plan,
    rows: Vec<ImportRow>,
    watcher: &Watcher,
) -> Result<Result<(), Mistake>, Failed> {
    let now = desk.app.flow.clock.now();
    let (added, changed, _) = counts(plan);
    let mut summary = desk.by.line(now, "people.imported", None);
    summary.details = json!({ "new": added, "changed": changed }).to_string();
    let by = desk.by.clone();
    let audited = move |row: ImportRow| {
        let line = |event, person: &Person| {
            Some(ImportRow::Line(Box::new(by.line(now, event, Some(person.id)))))
        };
        let (what, ticket) = match &row {
            ImportRow::Add { person, ticket, .. } => {
                (line("person.added", person), ticket.as_ref().and(line("ticket.made", person)))
            }
            ImportRow::Put { person, .. } => (line("person.changed", person), None),
            ImportRow::Line(_) => (None, None),
        };
        [Some(row), what, ticket].into_iter().flatten()
    };
    let tickets = rows.iter().filter(|row| matches!(row, ImportRow::Add { ticket: Some(_), .. }));
    let all = (2 * rows.len() + tickets.count() + 1) as u64;
    let rows = rows.into_iter().flat_map(audited);
    let rows = rows.chain([ImportRow::Line(Box::new(summary))]);
    let watcher = watcher.clone();
    let progress = move |done| watcher(Progress { done, all });
    match desk.app.flow.store.import_people(tenant.id, now, rows, progress).await {
        Ok(_) => Ok(Ok(())),
        Err(ImportError::Fault(fault)) => Err(Failed::at("importing people")(fault)),
        Err(ImportError::Taken { username, .. }) => {
            Ok(Err(overtaken(&format!("the user name {username} is taken"))))
        }
        Err(ImportError::Changed { username, .. }) => {
            Ok(Err(overtaken(&format!("{username} is not as they were"))))
        }
        Err(ImportError::CalledOff) => {
            Err(Failed::new("whoever asked for the import has gone, so that nothing was imported"))
        }
        Err(error @ (ImportError::TakenSomewhere | ImportError::Missing { .. })) => {
            Ok(Err(overtaken(&error.to_string())))
        }
    }
}

/// The plan was right when it was made.
fn overtaken(what: &str) -> Mistake {
    let what = format!("{what} by now: somebody changed people at the same moment; do it again");
    Mistake { line: 1, what }
}
