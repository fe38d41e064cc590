//! `sekimori migrate`, `upgrade-check`, `backup`: the database as a whole.

use std::path::{Path, PathBuf};

use clap::Args;
use sekimori_base::Sealed;
use sekimori_config::node::{Database, Node};
use sekimori_flow::DATA_LINE;
use sekimori_keys::RootKeys;
use sekimori_store::{OpenError, SCHEMA_VERSION, schema_version, sealed_keys};
use serde_json::json;

use super::ask::ask_and_show;
use super::{Common, Ended, Failed, settings};
use crate::admin::Command;
use crate::app::place;
use crate::console::{print, print_json};
use crate::files;

/// Bring the database to the schema of this program
#[derive(Debug, Args)]
#[command(after_long_help = "\
A new database needs none. On PostgreSQL nodes of the version before may go on
serving; SQLite must not be in use. Make a backup first.

Exit status: 0 done or nothing to do, 3 it could not be done.")]
pub struct Migrate {}

pub(super) fn migrate(_: Migrate, common: &Common) -> Result<Ended, Failed> {
    let node = settings::node(common.config.as_deref())?;
    let migrated = sekimori_store::migrate(&place(&node)?).map_err(failed("migrating"))?;
    if common.json {
        print_json(&json!({ "from": migrated.from, "to": migrated.to }));
    } else if migrated.from == migrated.to {
        print(&format!("the database has schema {} already", migrated.to));
    } else {
        print(&format!("schema {} is now schema {}", migrated.from, migrated.to));
    }
    Ok(Ended::Well)
}

/// Say what this program would do with the database, without changing it
#[derive(Debug, Args)]
#[command(after_long_help = "\
Run it with the new program, before the old one is stopped.

Exit status: 0 the new program can start, 1 it needs `sekimori migrate` first or
is too old, 3 it cannot be said.")]
pub struct UpgradeCheck {}

pub(super) fn upgrade_check(_: UpgradeCheck, common: &Common) -> Result<Ended, Failed> {
    let node = settings::node(common.config.as_deref())?;
    let missing = matches!(&node.database, Database::Sqlite(path) if !path.exists());
    let found = if missing {
        0
    } else {
        schema_version(&place(&node)?).map_err(failed("looking at the database"))?
    };
    let (ended, text) = match found {
        0 => (Ended::Well, "the database is empty: it will be made at the first start".to_owned()),
        found if found == SCHEMA_VERSION => {
            (Ended::Well, format!("the database has schema {found}, which is this program's"))
        }
        found if found < SCHEMA_VERSION => {
            let text = format!(
                "the database has schema {found}, this program needs {SCHEMA_VERSION}:\n\
                 make a backup (sekimori backup), then run sekimori migrate"
            );
            (Ended::No, text)
        }
        found => {
            let text = format!("the database has schema {found}, newer than {SCHEMA_VERSION}");
            (Ended::No, text)
        }
    };
    if common.json {
        let ready = ended == Ended::Well;
        print_json(&json!({ "database": found, "program": SCHEMA_VERSION, "ready": ready }));
    } else {
        print(&text);
    }
    Ok(ended)
}

/// Write a backup while everybody works
#[derive(Debug, Args)]
#[command(after_long_help = "\
The server writes the file, so it must be allowed to; it is read back and checked
before it gets its name. The root key file is not in it: keep a copy elsewhere.

Example:
  sekimori backup /var/lib/sekimori/backup/$(date +%F).db

Exit status: 0, 3 if it could not be written.")]
pub struct Backup {
    /// The file, which must not exist
    file: PathBuf,
}

pub(super) fn backup(backup: &Backup, common: &Common) -> Result<Ended, Failed> {
    let path = std::path::absolute(&backup.file).map_err(Failed::at(backup.file.display()))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        let missing = Failed::new(format!("there is no folder {}", folder.display()));
        return Err(missing.remedy("make it, and let the server's user write there"));
    }
    ask_and_show(Command::Backup { path }, common)
}

/// Whether the root key file is the one that the backup was made with. Another one would be noticed by the next start
/// only, with a database in its place that nobody can open.
pub(super) fn key_fits(node: &Node, backup: &Path) -> Result<(), Failed> {
    const REMEDY: &str = "bring the one that the backup was made with; nothing was restored";
    let path = &node.key_file;
    let file = path.display().to_string();
    if !path.exists() {
        return Err(Failed::new(format!("there is no root key file {file}")).remedy(REMEDY));
    }
    let text = files::read_secret(path).map_err(Failed::at(&file))?;
    let keys = RootKeys::parse(&text)
        .map_err(|error| Failed::at(format!("the root key file {file}"))(error).remedy(REMEDY))?;
    let sealed = sealed_keys(backup, DATA_LINE).map_err(failed("restoring"))?;
    let known = |key: &Sealed<[u8]>| {
        let under = RootKeys::sealed_under(&Sealed::from_bytes(key.bytes().to_vec()));
        under.is_ok_and(|under| keys.iter().any(|key| key.id() == under))
    };
    if sealed.iter().all(known) {
        return Ok(());
    }
    let other = Failed::new(format!("{file} does not open this backup: it is another root key"));
    Err(other.remedy(REMEDY))
}

pub(super) fn failed(doing: &'static str) -> impl FnOnce(OpenError) -> Failed {
    move |error| match error {
        OpenError::InUse => Failed::at(doing)(error).remedy("stop the server first"),
        OpenError::NotEmpty => {
            Failed::at(doing)(error).remedy("move the database that is there out of the way")
        }
        other => Failed::at(doing)(other),
    }
}
