//! `sekimori restore`: a backup into an empty place, and what was ended since, ended again.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use sekimori_base::Clock;
use sekimori_config::node::Node;
use sekimori_flow::admin::{By, Outcome, Reapplication, Reapplied};
use serde_json::{Value, json};

use super::database::{failed, key_is_there};
use super::{Common, Ended, Failed, settings};
use crate::admin::socket::own_name;
use crate::app::{App, Purpose, place};
use crate::console::{Table, confirm, note, print, print_json};
use crate::outside::SystemClock;

/// What a restore cannot know by itself.
const NOT_KNOWN: &str = "\
What happened since the backup is not known here. Who was disabled since can sign in
again; factors, recovery codes and consents that were ended since count again;
passwords and client secrets are those of the backup. Look into an exported audit
before you serve, or restore again with --audit FILE.";

/// Restore a backup into an empty place
#[derive(Debug, Args)]
#[command(after_long_help = "\
The server must be stopped, the database of sekimori.toml must not exist yet, and
the root key file must be the one that the backup was made with.

A new epoch begins: sessions, grants, codes and tickets are void, and codes of
authenticator apps up to now are spent: everybody signs in again.

With --audit, lines that `sekimori audit export` printed are read before anybody
is served: people who were disabled or erased since the backup, factors and
recovery codes that were ended, factors that their owner suspended and consents
that were withdrawn are ended again. What cannot be done again (changed passwords,
new client secrets, applied settings) is listed. Where there are several
organisations, name the one of the file with --tenant.

Example:
  sekimori restore backup.db --audit audit.jsonl

Exit status: 0, 1 not restored, 3 it could not be done.")]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Exported lines of the audit, from before the backup to the end
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn restore(restore: &Restore, common: &Common) -> Result<Ended, Failed> {
    let node = settings::node(common.config.as_deref())?;
    key_is_there(&node)?;
    if let Some(audit) = &restore.audit {
        File::open(audit).map_err(Failed::at(audit.display()))?;
    }
    if !restore.yes {
        note("Sessions, grants, codes and tickets will be void: everybody signs in again.");
        if !confirm("Restore?") {
            note("not restored (answer yes, or use --yes)");
            return Ok(Ended::No);
        }
    }
    let report = sekimori_store::restore(&restore.file, &place(&node)?, SystemClock.now());
    let report = report.map_err(failed("restoring"))?;
    let again = match &restore.audit {
        Some(audit) => Some(
            super::runtime()?.block_on(reapply(&node, audit, common.tenant.as_deref())).map_err(
                |error| error.remedy("the backup is restored, and what was ended since is not ended again: do not serve; move the database away and begin anew"),
            )?,
        ),
        None => None,
    };
    if common.json {
        print_json(&json!({
            "people": report.people, "rows": report.rows,
            "since_backup": again.as_ref().map(value),
        }));
        return Ok(Ended::Well);
    }
    print(&format!("restored: {} people, {} rows", report.people, report.rows));
    print(&again.as_ref().map_or_else(|| NOT_KNOWN.to_owned(), words));
    Ok(Ended::Well)
}

async fn reapply(node: &Node, audit: &Path, host: Option<&str>) -> Result<Reapplication, Failed> {
    let app = App::open(node, Purpose::Command).await?;
    let again = reapply_in(&app, audit, host).await;
    app.close().await;
    again
}

async fn reapply_in(app: &App, audit: &Path, host: Option<&str>) -> Result<Reapplication, Failed> {
    let doing = "ending again what was ended since the backup";
    let tenant = app.tenant(host)?;
    let mut since = app.flow.since_backup(&tenant).await.map_err(Failed::at(doing))?;
    let file = File::open(audit).map_err(Failed::at(audit.display()))?;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(Failed::at(audit.display()))?;
        if !line.is_empty() && !since.line(&line) {
            let what = format!("{}: line {} is no line of an audit", audit.display(), index + 1);
            return Err(Failed::new(what));
        }
    }
    let by = By(format!("os:{} (restore)", own_name()));
    app.flow.reapply(&tenant, since, &by).await.map_err(Failed::at(doing))
}

fn value(again: &Reapplication) -> Value {
    let act = |act: &Reapplied| {
        json!({
            "at": act.at.to_string(), "event": act.event, "person": act.person,
            "service": act.service, "outcome": word(act.outcome),
        })
    };
    json!({
        "lines": again.lines, "lines_missing": again.missing,
        "until": again.until.map(|until| until.to_string()),
        "acts": again.acts.iter().map(act).collect::<Vec<_>>(),
    })
}

fn words(again: &Reapplication) -> String {
    let mut lines = Vec::new();
    if !again.acts.is_empty() {
        let mut table = Table::new(["when", "what", "whom", "service", "now"]);
        for act in &again.acts {
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
    }
    lines.push(format!("lines of the audit since the backup: {}", again.lines));
    if again.missing > 0 {
        lines.push(format!(
            "{} lines between them are not in the file: what they said is not known",
            again.missing
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
