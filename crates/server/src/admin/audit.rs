//! The audit: its lines, its checkpoints, and whether they are what was written.

use sekimori_base::{Timestamp, base32};
use sekimori_flow::Tenant;
use sekimori_flow::admin::{AuditOf, Problem, Verified, Wrong};
use sekimori_flow::checkpoint::ROUND_SECONDS;
use sekimori_store::{AuditPlace, LineId, WriterId};
use serde_json::{Value, json};

use super::execute::Desk;
use super::settings::moment;
use super::{Answer, Progress, Watcher};
use crate::checkpoints::{key_line, line};
use crate::command::Failed;
use crate::console::{Table, counted};

/// Lines of a page of an export: some megabytes.
const PAGE: u32 = 5000;

/// A page of lines, and where the next one begins; the first page begins with whose they are, and what seals them.
pub(super) async fn lines(
    desk: &Desk<'_>,
    since_seconds: i64,
    after: Option<&str>,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let (place, mut text) = if let Some(cursor) = after {
        let place = place_of(cursor).ok_or_else(|| Failed::new("that is no place in an audit"))?;
        (place, String::new())
    } else {
        let since = desk.app.flow.clock.now().plus_seconds(-since_seconds);
        (AuditPlace::from(since), beginning(desk, &tenant, since).await?)
    };
    let entries = desk.app.flow.store.audit_since(tenant.id, place, PAGE).await;
    let entries = entries.map_err(Failed::at("reading the audit"))?;
    for entry in &entries {
        text.push_str(&entry.text);
        text.push('\n');
    }
    let full = entries.len() == PAGE as usize;
    let next = entries.last().filter(|_| full).map(|last| cursor(last.line.at, last.id));
    Ok(Answer::yes(text, json!({ "next": next })))
}

/// How an export begins: whose lines they are, and what seals them. The checkpoints are read before the lines, so that
/// none of them seals a line that was written while the lines were read.
async fn beginning(desk: &Desk<'_>, tenant: &Tenant, since: Timestamp) -> Result<String, Failed> {
    desk.app.seal_audit().await.map_err(Failed::at("sealing the audit"))?;
    let seals = desk.app.flow.seals_since(tenant, since).await;
    let seals = seals.map_err(Failed::at("reading the checkpoints"))?;
    let mut text = AuditOf::of(tenant).line();
    for key in &tenant.checkpoint_keys.known {
        text.push_str(&key_line(tenant, &json!(key)));
    }
    for seal in &seals {
        text.push_str(&line(tenant, seal));
    }
    Ok(text)
}

/// What is wrong, as a table.
pub(crate) fn table_of(wrong: &[Wrong]) -> Table {
    let mut table = Table::new(["chain", "number", "what is wrong"]);
    for wrong in wrong {
        let place = wrong.writer.clone().unwrap_or_else(|| "checkpoint".to_owned());
        table.row([place, wrong.number.to_string(), problem(wrong.what).to_owned()]);
    }
    table
}

fn cursor(at: Timestamp, id: LineId) -> String {
    let writer = base32::encode(id.writer.bytes());
    format!("{}.{writer}.{}", at.unix_millis(), id.sequence)
}

fn place_of(cursor: &str) -> Option<AuditPlace> {
    let mut parts = cursor.split('.');
    let at = Timestamp::from_unix_millis(parts.next()?.parse().ok()?);
    let writer = WriterId::from_bytes(base32::decode(parts.next()?)?.try_into().ok()?);
    let sequence = parts.next()?.parse().ok()?;
    Some(AuditPlace { at, id: LineId { writer, sequence } })
}

/// Sign what has changed, and give the last checkpoint with the keys that verify it.
pub(super) async fn checkpoint(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    desk.app.seal_audit().await.map_err(Failed::at("sealing the audit"))?;
    let last = desk.app.flow.store.checkpoint_last(tenant.id).await;
    let Some(last) = last.map_err(Failed::at("reading the last checkpoint"))? else {
        let text = "nothing has been written into the audit yet, so there is no checkpoint";
        return Ok(Answer::no(text, json!(null)));
    };
    let keys = &tenant.checkpoint_keys.known;
    let mut text: String = keys.iter().map(|key| key_line(&tenant, &json!(key))).collect();
    text.push_str(&line(&tenant, &last));
    let value = json!({
        "number": last.number, "at": moment(last.at), "checkpoint": last.body, "keys": keys,
    });
    Ok(Answer::yes(text, value))
}

pub(super) async fn verify(
    desk: &Desk<'_>,
    exported: &[String],
    watcher: &Watcher,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let watcher = watcher.clone();
    let progress = move |done, all| {
        watcher(Progress { done, all });
    };
    let found = desk.app.flow.verify_audit(&tenant, exported, progress).await;
    let found = found.map_err(Failed::at("verifying the audit"))?;
    let (text, value) = (words(&found, exported), value(&found));
    Ok(if found.is_sound() { Answer::yes(text, value) } else { Answer::no(text, value) })
}

fn value(found: &Verified) -> Value {
    let wrong = |wrong: &Wrong| match &wrong.writer {
        Some(writer) => json!({
            "chain": writer, "line": wrong.number, "problem": word(wrong.what),
            "what": problem(wrong.what),
        }),
        None => json!({
            "checkpoint": wrong.number, "problem": word(wrong.what), "what": problem(wrong.what),
        }),
    };
    json!({
        "chains": found.chains,
        "lines": found.lines,
        "shortened_by_retention": found.shortened,
        "facts_removed_by_retention": found.facts_removed,
        "checkpoints": found.checkpoints,
        "last_checkpoint": found.last_checkpoint.map(|(number, at)| json!({
            "number": number, "at": moment(at),
        })),
        "exported_checkpoints_compared": found.compared,
        "unsealed_lines": found.unsealed,
        "unsealed_since": found.unsealed_since.map(moment),
        "wrong": found.wrong.iter().map(wrong).collect::<Vec<_>>(),
        "more_wrong": found.more_wrong,
    })
}

fn words(found: &Verified, exported: &[String]) -> String {
    let mut lines = Vec::new();
    if !found.is_sound() {
        lines.push(table_of(&found.wrong).to_string());
    }
    if found.more_wrong > 0 {
        lines.push(format!("and {} more", found.more_wrong));
    }
    lines.push(format!(
        "{} in {}; facts removed by retention or erasure: {}; chains shortened by retention: {}",
        counted(found.lines, "line"),
        counted(found.chains, "chain"),
        found.facts_removed,
        found.shortened
    ));
    lines.push(match found.last_checkpoint {
        Some((number, at)) => {
            let (count, at) = (counted(found.checkpoints, "checkpoint"), moment(at));
            let whose = if found.checkpoints == 1 { "its signature" } else { "their signatures" };
            format!("{count} with {whose}; the last is number {number} of {at}")
        }
        None => "no checkpoint".to_owned(),
    });
    if let Some(since) = found.unsealed_since {
        let (count, since) = (counted(found.unsealed, "line"), moment(since));
        lines.push(format!(
            "not sealed yet: {count}, the oldest of {since}; while a server runs that is the last {ROUND_SECONDS} seconds at most"
        ));
    }
    lines.push(if exported.is_empty() {
        "held against no exported checkpoint: lines and checkpoints that were cut off together cannot be seen\n\
         (--checkpoint FILE, with a file from where this database's administrators cannot write)"
            .to_owned()
    } else {
        let count = counted(found.compared, "checkpoint");
        format!("held against an exported file: {count} found again")
    });
    let verdict =
        if found.is_sound() { "nothing is wrong" } else { "THE AUDIT IS NOT WHAT WAS WRITTEN" };
    lines.push(verdict.to_owned());
    lines.join("\n")
}

/// The stable word of a problem, for programs.
const fn word(problem: Problem) -> &'static str {
    match problem {
        Problem::Gap => "gap",
        Problem::Changed => "changed",
        Problem::Misplaced => "misplaced",
        Problem::Misfiled => "misfiled",
        Problem::FactsChanged => "facts_changed",
        Problem::Beginning => "beginning",
        Problem::CutEarly => "cut_early",
        Problem::Rewritten => "rewritten",
        Problem::Truncated => "truncated",
        Problem::ChainMissing => "chain_missing",
        Problem::Unlisted => "unlisted",
        Problem::CheckpointGap => "checkpoint_gap",
        Problem::CheckpointsCut => "checkpoints_cut",
        Problem::CheckpointForged => "checkpoint_forged",
        Problem::CheckpointApart => "checkpoint_apart",
        Problem::CheckpointJoin => "checkpoint_join",
        Problem::CheckpointsTruncated => "checkpoints_truncated",
        Problem::CheckpointOther => "checkpoint_other",
        Problem::ExportForged => "export_forged",
        Problem::ExportApart => "export_apart",
        Problem::ExportEmpty => "export_empty",
        Problem::ExportGap => "export_gap",
        Problem::ExportTwice => "export_twice",
        Problem::ExportAltered => "export_altered",
        Problem::ExportCut => "export_cut",
        Problem::ExportMissing => "export_missing",
    }
}

/// What a problem means, for people.
const fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::Gap => "lines before it were deleted",
        Problem::Changed => "the line was altered: it is not what was hashed",
        Problem::Misplaced => "lines were reordered: it was written for another place",
        Problem::Misfiled => {
            "it is filed under another moment, person or incident code than its own"
        }
        Problem::FactsChanged => "its facts were altered: they are not those that it commits to",
        Problem::Beginning => "the chain does not begin as its writer's must",
        Problem::CutEarly => {
            "the beginning was cut off: lines before it are gone, and too young for retention"
        }
        Problem::Rewritten => "the chain was written anew: a checkpoint sealed another line here",
        Problem::Truncated => "the end was cut off: a checkpoint sealed lines up to this one",
        Problem::ChainMissing => {
            "the whole chain was deleted: a checkpoint sealed lines up to this one"
        }
        Problem::Unlisted => {
            "no checkpoint lists it, though a later one was made: checkpoints were deleted, or the line was slipped in"
        }
        Problem::CheckpointGap => "checkpoints before it were deleted",
        Problem::CheckpointsCut => {
            "checkpoints before it were deleted: they are too young for retention"
        }
        Problem::CheckpointForged => {
            "the checkpoint was altered, or no key of this organisation signed it"
        }
        Problem::CheckpointApart => "it does not follow the checkpoint before it",
        Problem::CheckpointJoin => {
            "it does not go on where the checkpoints before it ended: some were deleted"
        }
        Problem::CheckpointsTruncated => {
            "the exported file has it and the database does not: the end of the checkpoints was cut off"
        }
        Problem::CheckpointOther => {
            "the exported file has another one of this number: written anew, or restored from a backup since"
        }
        Problem::ExportForged => {
            "this checkpoint of the exported file was altered, or no key of this organisation signed it"
        }
        Problem::ExportApart => "in the exported file it does not follow the one before it",
        Problem::ExportEmpty => "the exported file has no checkpoint of this organisation",
        Problem::ExportGap => "lines before it are neither in the file nor in the backup",
        Problem::ExportTwice => "the file has two different lines for this place",
        Problem::ExportAltered => {
            "it, or a line of the chain before it, was altered: a checkpoint sealed something else"
        }
        Problem::ExportCut => "the file ends before it: a checkpoint sealed lines up to this one",
        Problem::ExportMissing => {
            "the file has no line of the chain: a checkpoint sealed lines up to this one"
        }
    }
}
