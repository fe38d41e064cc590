//! `sekimori audit`: verify, checkpoint, export.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::ask::{ask, ask_and_show, show, watched};
use super::desk::span_seconds;
use super::{Common, Ended, Failed};
use crate::admin::{Command, Outcome};
use crate::checkpoints;
use crate::console::{note, print_part};

/// The audit: verify, checkpoint, export
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    what: AuditWhat,
}

#[derive(Debug, Subcommand)]
enum AuditWhat {
    /// Hash every line of every chain again, check every checkpoint, and look for what is missing
    #[command(after_long_help = "\
Without an exported checkpoint nothing tells that lines and checkpoints were cut
off together: give the file that [audit] checkpoint_file names, as it was kept
where the database's administrators cannot write, or what `sekimori audit
checkpoint` printed, however long it is. Each checkpoint commits to all before it,
so that the last 5,000 of an organisation are compared.

What was written in the last 10 seconds may be in no checkpoint yet, and could be
cut off unseen.

Examples:
  sekimori audit verify
  sekimori audit verify --checkpoint /mnt/elsewhere/checkpoints.jsonl

Exit status: 0 nothing is wrong, 1 something is, 3 it cannot be read.")]
    Verify {
        /// Exported checkpoints
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Seal what was written, and print the last checkpoint with the keys that verify it
    #[command(after_long_help = "\
Prints JSON objects, one a line: the public keys (JSON Web Keys), and a signed
token (JWS) that commits to every line of every chain. A server makes one by
itself every 10 seconds in which something was written.

Exit status: 0, 1 if nothing was ever written.")]
    Checkpoint {
        /// Append it to this file instead
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print lines as JSON, one a line, each exactly as it was hashed
    #[command(after_long_help = "\
The first line says whose they are, then come the checkpoints that seal them and
the keys that verify these. Keep the file where this server cannot write:
`sekimori restore --audit` needs it to end again what was ended since the backup.

Example:
  sekimori audit export --since 2d > audit-$(date +%F).jsonl")]
    Export {
        /// From how long ago on
        #[arg(long, value_name = "SPAN", default_value = "30d", value_parser = span_seconds)]
        since: i64,
    },
}

pub(super) fn audit(audit: &Audit, common: &Common) -> Result<Ended, Failed> {
    match &audit.what {
        AuditWhat::Export { since } => export(*since, common),
        AuditWhat::Checkpoint { out: None } => ask_and_show(Command::AuditCheckpoint, common),
        AuditWhat::Checkpoint { out: Some(file) } => checkpoint_to(file, common),
        AuditWhat::Verify { checkpoint } => {
            let exported =
                checkpoint.as_deref().map_or(Ok(Vec::new()), |file| exported(file, common))?;
            watched(Command::AuditVerify { exported }, common, "verifying")
                .map(|answer| show(&answer, common))
        }
    }
}

/// Page by page, so that neither side holds more than one.
fn export(since_seconds: i64, common: &Common) -> Result<Ended, Failed> {
    let mut after = None;
    loop {
        let answer = ask(Command::AuditExport { since_seconds, after }, common)?;
        if !print_part(&answer.text).map_err(Failed::at("printing the audit"))? {
            return Ok(Ended::Well);
        }
        match answer.value["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(Ended::Well),
        }
    }
}

/// The last checkpoints of the file, of the organisation that was named.
fn exported(file: &Path, common: &Common) -> Result<Vec<String>, Failed> {
    let exported = checkpoints::exported(file, common.tenant.as_deref());
    let exported = exported.map_err(Failed::at(file.display()))?;
    if exported.is_empty() {
        let none = Failed::new(format!("there is no checkpoint in {}", file.display()));
        return Err(
            none.remedy("give a file that `sekimori serve` or `sekimori audit checkpoint` wrote")
        );
    }
    Ok(exported)
}

fn checkpoint_to(file: &Path, common: &Common) -> Result<Ended, Failed> {
    let answer = ask(Command::AuditCheckpoint, common)?;
    if answer.outcome == Outcome::No {
        return Ok(show(&answer, common));
    }
    let write = || {
        let mut out = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        out.write_all(answer.text.as_bytes())?;
        out.sync_all()
    };
    write().map_err(Failed::at(file.display()))?;
    note(&format!("checkpoint {} was appended to {}", answer.value["number"], file.display()));
    Ok(Ended::Well)
}
