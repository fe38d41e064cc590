//! `sekimori restore`: a backup into an empty place, and what was ended since, ended again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use sekimori_base::{Clock, TenantId};
use sekimori_config::node::Node;
use sekimori_flow::Tenant;
use sekimori_flow::admin::{
    AuditOf, By, Held, Outcome, Reapplication, Reapplied, SinceBackup, Told, Wrong,
};
use sekimori_flow::certificates::{AUTHORITY_LINE, InDevice};
use sekimori_store::public_halves;
use serde_json::{Value, json};

use super::database::{failed, key_fits};
use super::{Common, Ended, Failed, settings};
use crate::admin::audit::table_of;
use crate::admin::socket::own_name;
use crate::app::{App, Purpose, place};
use crate::console::{Table, confirm, counted, note, print, print_json};
use crate::outside::SystemClock;

/// What a restore cannot know by itself.
const NOT_KNOWN: &str = "\
What happened since the backup is not known here. Who was disabled since can sign in
again; factors, recovery codes and consents that were ended or used up since count
again; passwords and client secrets are those of the backup. Look into an exported
audit before you serve, or restore again with --audit FILE.";

/// Restore a backup into an empty place
#[derive(Debug, Args)]
#[command(after_long_help = "\
The server must be stopped, the database of sekimori.toml must not exist yet, and
the root key file must be the one that the backup was made with.

A new epoch begins: sessions, grants, codes and tickets are void, and codes of
authenticator apps up to now are spent: everybody signs in again.

With --audit, lines that `sekimori audit export` printed are read before anybody
is served: people who were disabled or erased since the backup, factors and
recovery codes that were ended, recovery codes that were used, factors that their
owner suspended and consents that were withdrawn are ended again. What cannot be
done again (changed passwords, new client secrets, new break-glass codes, applied
settings) is listed. Where there are several
organisations, give the export of each; the first line says whose it is.

Nothing is taken from a file before its chains were recomputed, from the end of
the backup's chains to the signed checkpoints that stand at its beginning. The
file of checkpoints may be given as well.

Examples:
  sekimori restore backup.db --audit audit.jsonl
  sekimori restore backup.db --audit one.jsonl --audit other.jsonl

Exit status: 0, 1 not restored, 3 it could not be done.")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Exported lines of the audit, from before the backup to the end; may be given several times
    #[arg(long, value_name = "FILE")]
    audit: Vec<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn restore(restore: &Restore, common: &Common) -> Result<Ended, Failed> {
    let node = settings::node(common.config.as_deref())?;
    File::open(&restore.file).map_err(Failed::at(restore.file.display()))?;
    key_fits(&node, &restore.file)?;
    for audit in &restore.audit {
        look_through(audit).map_err(|error| error.remedy("nothing was restored"))?;
    }
    if !restore.yes {
        note("Sessions, grants, codes and tickets will be void: everybody signs in again.");
        if !confirm("Restore?") {
            note("not restored (answer yes, or use --yes)");
            return Ok(Ended::No);
        }
    }
    let elsewhere = keys_elsewhere(&restore.file)?;
    let report = sekimori_store::restore(&restore.file, &place(&node)?, SystemClock.now());
    let report = report.map_err(failed("restoring"))?;
    let again = if restore.audit.is_empty() {
        None
    } else {
        let reapplied = reapply(&node, &restore.audit, common.tenant.as_deref());
        Some(super::runtime()?.block_on(reapplied).map_err(|error| {
            error.remedy("the backup is restored, and what was ended since is not ended again: do not serve; move the database away and begin anew")
        })?)
    };
    if common.json {
        print_json(&json!({
            "people": report.people, "rows": report.rows, "keys_in_tokens": elsewhere,
            "since_backup": again.as_ref().map(Again::value),
        }));
        return Ok(Ended::Well);
    }
    print(&format!("restored: {} people, {} rows", report.people, report.rows));
    if !elsewhere.is_empty() {
        print(&format!(
            "Keys of authorities are in a token and not in the backup: {}.\n\
             Name the token under [pkcs11] of sekimori.toml; until it is there nothing is issued and no\n\
             revocation list renewed.",
            elsewhere.join(", ")
        ));
    }
    print(&again.as_ref().map_or_else(|| NOT_KNOWN.to_owned(), Again::words));
    Ok(Ended::Well)
}

/// The keys of authorities that a backup names and does not hold.
fn keys_elsewhere(backup: &Path) -> Result<Vec<String>, Failed> {
    let halves = public_halves(backup, AUTHORITY_LINE).map_err(failed("reading the backup"))?;
    let keys = halves.iter().filter_map(|half| InDevice::beside(half));
    Ok(keys.map(|key| key.to_string()).collect())
}

/// Whether a file is lines of audits, before anything is done.
fn look_through(path: &Path) -> Result<(), Failed> {
    for line in numbered(path)? {
        let (number, line) = line?;
        if Told::read(&line).is_none() {
            return Err(no_line(path, number));
        }
    }
    Ok(())
}

/// The lines of a file that are not empty, with their numbers.
fn numbered(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(usize, String), Failed>> + '_, Failed> {
    let file = File::open(path).map_err(Failed::at(path.display()))?;
    let lines = BufReader::new(file).lines().zip(1..).map(|(line, number)| {
        let line = line.map_err(Failed::at(path.display()))?;
        Ok((number, line))
    });
    Ok(lines.filter(|line| !matches!(line, Ok((_, line)) if line.is_empty())))
}

fn no_line(path: &Path, number: usize) -> Failed {
    Failed::new(format!("{}: line {number} is no line of an audit", path.display()))
}

/// Places that are named when a file does not hold together.
const WRONG_MAX: usize = 20;

/// The exported audit of an organisation does not hold together.
fn unsound(tenant: &Tenant, wrong: &[Wrong]) -> Failed {
    let more = match wrong.len().saturating_sub(WRONG_MAX) {
        0 => String::new(),
        more => format!("and {more} more\n"),
    };
    let table = table_of(&wrong[..wrong.len().min(WRONG_MAX)]);
    Failed::new(format!(
        "the exported audit of {} is not what was written, or not all of it: nothing was taken from it\n{table}\n{more}\
         (the number is the line's `sequence`, the chain its `writer`)\n\
         Lines must be there from before the backup to the end of the export, unaltered: several exports may be\n\
         given, and the file of checkpoints beside them. If none holds together, somebody may have changed it:\n\
         look into it by hand, and restore without --audit.",
        tenant.host()
    ))
}

/// What came of the exported audits.
struct Again {
    /// Of each organisation, by host name.
    done: Vec<(String, Reapplication)>,
    /// Organisations of the database of which no export was given.
    not_given: Vec<String>,
    /// Organisations of the exports that the backup does not have.
    not_here: Vec<String>,
}

/// Exported lines, sorted by organisation.
struct Reading<'a> {
    app: &'a App,
    since: BTreeMap<TenantId, (Arc<Tenant>, SinceBackup)>,
    not_here: Vec<String>,
}

const DOING: &str = "ending again what was ended since the backup";

async fn reapply(node: &Node, files: &[PathBuf], host: Option<&str>) -> Result<Again, Failed> {
    let app = App::open(node, Purpose::Command).await?;
    let again = reapply_in(&app, files, host).await;
    app.close().await;
    again
}

async fn reapply_in(app: &App, files: &[PathBuf], host: Option<&str>) -> Result<Again, Failed> {
    let mut reading = Reading { app, since: BTreeMap::new(), not_here: Vec::new() };
    // Everything is read before anything is done: a damaged file changes nothing.
    for file in files {
        reading.read(file, host).await?;
    }
    let by = By(format!("os:{} (restore)", own_name()));
    let not_here = std::mem::take(&mut reading.not_here);
    let mut again = Again { done: Vec::new(), not_given: Vec::new(), not_here };
    let mut held = reading.hold()?;
    for tenant in app.flow.tenants.all() {
        let host = tenant.host().to_owned();
        match held.remove(&tenant.id) {
            Some(held) => {
                let done = app.flow.reapply(&tenant, held, &by).await;
                again.done.push((host, done.map_err(Failed::at(DOING))?));
            }
            None => again.not_given.push(host),
        }
    }
    again.done.sort_by(|(one, _), (other, _)| one.cmp(other));
    again.not_given.sort();
    Ok(again)
}

impl Reading<'_> {
    /// All lines of a file. Lines before any that says whose they are belong to the organisation that was named.
    async fn read(&mut self, path: &Path, host: Option<&str>) -> Result<(), Failed> {
        let mut whose = None;
        for line in numbered(path)? {
            let (number, line) = line?;
            let told = Told::read(&line).ok_or_else(|| no_line(path, number))?;
            let of = match &told {
                Told::Of(of) => {
                    whose = Some(self.begin(of.clone()).await?);
                    continue;
                }
                // A file of checkpoints has those of all organisations.
                Told::Checkpoint(of, _) | Told::Key(of, _) => {
                    self.begin_known(*of).await?;
                    *of
                }
                Told::Line(_) => {
                    if let Some(whose) = whose {
                        whose
                    } else {
                        let of = AuditOf::of(&*self.app.tenant(host)?);
                        *whose.insert(self.begin(of).await?)
                    }
                }
            };
            if let Some((_, since)) = self.since.get_mut(&of) {
                since.take(told, &line);
            }
        }
        Ok(())
    }

    async fn begin_known(&mut self, of: TenantId) -> Result<(), Failed> {
        if let Some(tenant) = self.app.flow.tenants.by_id(of) {
            self.begin(AuditOf::of(&tenant)).await?;
        }
        Ok(())
    }

    /// Hold everything against the restored chains and the checkpoints.
    fn hold(self) -> Result<BTreeMap<TenantId, Held>, Failed> {
        let mut held = BTreeMap::new();
        for (id, (tenant, since)) in self.since {
            held.insert(id, since.hold().map_err(|wrong| unsound(&tenant, &wrong))?);
        }
        Ok(held)
    }

    /// Lines of this organisation follow.
    async fn begin(&mut self, of: AuditOf) -> Result<TenantId, Failed> {
        match self.app.flow.tenants.by_id(of.audit_of) {
            Some(tenant) if !self.since.contains_key(&tenant.id) => {
                let since = self.app.flow.since_backup(&tenant).await;
                self.since.insert(tenant.id, (tenant, since.map_err(Failed::at(DOING))?));
            }
            Some(_) => {}
            None if self.not_here.contains(&of.host) => {}
            None => self.not_here.push(of.host),
        }
        Ok(of.audit_of)
    }
}

impl Again {
    fn value(&self) -> Value {
        let done: Vec<Value> = self.done.iter().map(|(host, done)| value(host, done)).collect();
        json!({
            "organisations": done, "no_audit_given": self.not_given,
            "not_in_the_backup": self.not_here,
        })
    }

    fn words(&self) -> String {
        let mut parts = Vec::new();
        for (host, done) in &self.done {
            if self.done.len() + self.not_given.len() > 1 {
                parts.push(format!("{host}:"));
            }
            parts.push(words(done));
        }
        for host in &self.not_given {
            parts.push(format!("{host}: no export was given.\n{NOT_KNOWN}"));
        }
        for host in &self.not_here {
            parts.push(format!("{host} is not in the backup: its lines were passed over"));
        }
        parts.join("\n")
    }
}

fn value(host: &str, again: &Reapplication) -> Value {
    let act = |act: &Reapplied| {
        json!({
            "at": act.at.to_string(), "event": act.event, "person": act.person,
            "service": act.service, "outcome": word(act.outcome),
        })
    };
    json!({
        "organisation": host,
        "lines": again.lines, "unsealed_lines": again.unsealed,
        "checkpoints_of_unknown_keys": again.foreign_keys,
        "until": again.until.map(|until| until.to_string()),
        "acts": again.acts.iter().map(act).collect::<Vec<_>>(),
    })
}

/// Acts of one kind that are listed for people, such as everybody whom an import added; more are counted.
const LISTED_OF_A_KIND_MAX: usize = 20;

fn words(again: &Reapplication) -> String {
    let mut lines = Vec::new();
    if !again.acts.is_empty() {
        let mut table = Table::new(["when", "what", "whom", "service", "now"]);
        let mut of_kind: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for act in &again.acts {
            let listed = of_kind.entry((&act.event, word(act.outcome))).or_default();
            *listed += 1;
            if *listed > LISTED_OF_A_KIND_MAX {
                continue;
            }
            let now = match act.outcome {
                Outcome::Done => "done again",
                Outcome::Already => "is so already",
                Outcome::ByHand => "LOOK AT IT",
            };
            let (person, service) = (act.person.clone(), act.service.clone());
            table.row([
                act.at.to_string(),
                act.event.clone(),
                person.unwrap_or_default(),
                service.unwrap_or_default(),
                now.to_owned(),
            ]);
        }
        lines.push(table.to_string());
        for ((event, outcome), all) in of_kind {
            let more = all.saturating_sub(LISTED_OF_A_KIND_MAX);
            if more > 0 {
                lines
                    .push(format!("… and {more} more of {event} ({outcome}; all of them: --json)"));
            }
        }
    }
    lines.push(format!("lines of the audit since the backup: {}", again.lines));
    if again.unsealed > 0 {
        lines.push(format!(
            "{} of them no checkpoint seals yet: nothing was done because of them, LOOK AT THEM",
            again.unsealed
        ));
    }
    if again.foreign_keys > 0 {
        lines.push(format!(
            "{} signed with a key that the backup does not have: what they seal was not done again",
            counted(again.foreign_keys, "checkpoint")
        ));
    }
    lines.push(match again.until {
        Some(until) => format!("the file ends at {until}: what came later is not known"),
        None => "the file is empty: what came after the backup is not known".to_owned(),
    });
    lines.join("\n")
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Already => "already",
        Outcome::ByHand => "by_hand",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekimori_base::Timestamp;

    #[test]
    fn of_many_acts_of_a_kind_some_are_listed_and_the_others_counted() {
        let act = |event: &str, number: i64| Reapplied {
            at: Timestamp::from_unix_seconds(number),
            event: event.to_owned(),
            person: Some(format!("person{number}")),
            service: None,
            outcome: Outcome::ByHand,
        };
        let mut acts: Vec<_> = (0..500).map(|number| act("person.added", number)).collect();
        acts.push(act("person.disabled", 500));
        let text = words(&Reapplication { acts, ..Reapplication::default() });
        assert!(text.contains("… and 480 more of person.added"), "{text}");
        assert!(text.contains("person.disabled") && text.lines().count() < 30, "{text}");
    }
}
