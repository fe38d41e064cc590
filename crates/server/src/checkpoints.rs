//! The file of checkpoints: everything that was signed over the audit, appended as it comes, for whoever keeps it
//! where this node cannot write.
//!
//! A line is a JSON object: a public key (`tenant`, `key`) or a checkpoint (`tenant`, `number`, `checkpoint`, a signed
//! token). The file is opened for each round, so that it can be moved away, and only ever appended to.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{Fault, TenantId};
use sekimori_flow::{Flow, Tenant};
use sekimori_store::Checkpoint;
use serde_json::{Value, json};

use crate::files;

/// So much of the end of a file is looked at for where it stopped, or held against the database.
const TAIL_BYTES: u64 = 4 * 1024 * 1024;
/// Checkpoints that are read at once.
const PAGE: u32 = 500;

/// The file, and how far it has come.
pub struct CheckpointFile {
    path: PathBuf,
    written: Mutex<Option<Written>>,
}

/// What is in the file.
#[derive(Default, Clone)]
struct Written {
    /// The last checkpoint of each tenant.
    numbers: HashMap<String, u64>,
    /// Keys that this process has put there.
    keys: Vec<String>,
}

impl CheckpointFile {
    /// A file that is looked at with the first round.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), written: Mutex::default() }
    }

    /// Append all checkpoints that the file lacks. One round at a time.
    pub async fn bring(self: &Arc<Self>, flow: &Flow) -> Result<(), Fault> {
        for tenant in flow.tenants.all() {
            let Some(top) = flow.store.checkpoint_last(tenant.id).await? else { continue };
            loop {
                let from = self.next(tenant.id, top.number)?;
                if from > top.number {
                    break;
                }
                let page = flow.store.checkpoints(tenant.id, from, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                let (file, tenant) = (Arc::clone(self), Arc::clone(&tenant));
                let append = tokio::task::spawn_blocking(move || file.append(&tenant, &page));
                let appended = append.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
                appended.map_err(|error| self.fault(&error))?;
            }
        }
        Ok(())
    }

    /// The number that the file goes on with.
    fn next(&self, tenant: TenantId, top: u64) -> Result<u64, Fault> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_none() {
            let numbers = last_numbers(&self.path).map_err(|error| self.fault(&error))?;
            *written = Some(Written { numbers, keys: Vec::new() });
        }
        let numbers = &mut written.get_or_insert_default().numbers;
        let last = numbers.entry(tenant.to_string()).or_default();
        if *last > top {
            let file = self.path.display();
            tracing::error!(
                target: "sekimori", %tenant, %file, in_file = *last, in_database = top,
                "the file has later checkpoints than the database: verify the audit against it; after a restore, move the file away",
            );
            *last = top;
        }
        Ok(*last + 1)
    }

    fn append(&self, tenant: &Tenant, page: &[Checkpoint]) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let written = written.get_or_insert_default();
        files::make_folder_of(&self.path)?;
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        if file.metadata()?.len() == 0 {
            written.keys.clear();
        }
        let mut text = String::new();
        if written.keys.is_empty() && !ends_a_line(&self.path)? {
            // A process was killed in the middle of a line.
            text.push('\n');
        }
        for key in &tenant.checkpoint_keys.known {
            let kid = key.kid().unwrap_or_default().to_owned();
            if !written.keys.contains(&kid) {
                text.push_str(&key_line(tenant, &json!(key)));
                written.keys.push(kid);
            }
        }
        for checkpoint in page {
            text.push_str(&line(tenant, checkpoint));
        }
        // One write: lines of two processes do not mix.
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        if let Some(last) = page.last() {
            written.numbers.insert(tenant.id.to_string(), last.number);
        }
        Ok(())
    }

    fn fault(&self, error: &io::Error) -> Fault {
        let path = self.path.display();
        Fault::new("writing the file of checkpoints", io::Error::other(format!("{path}: {error}")))
    }
}

/// The line of a key.
pub fn key_line(tenant: &Tenant, key: &Value) -> String {
    format!("{}\n", json!({ "tenant": tenant.id, "host": tenant.host(), "key": key }))
}

/// The line of a checkpoint.
pub fn line(tenant: &Tenant, checkpoint: &Checkpoint) -> String {
    let line = json!({
        "tenant": tenant.id,
        "number": checkpoint.number,
        "at": checkpoint.at.to_string(),
        "checkpoint": checkpoint.body,
    });
    format!("{line}\n")
}

/// The signed checkpoints at the end of an exported file, whoever's they are.
pub fn exported(path: &Path) -> io::Result<Vec<String>> {
    let text = |value: &Value| value["checkpoint"].as_str().map(str::to_owned);
    Ok(tail(path)?.iter().filter_map(text).collect())
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn last_numbers(path: &Path) -> io::Result<HashMap<String, u64>> {
    let lines = match tail(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        lines => lines?,
    };
    let mut numbers = HashMap::new();
    for line in lines {
        if let (Some(tenant), Some(number)) = (line["tenant"].as_str(), line["number"].as_u64()) {
            numbers.insert(tenant.to_owned(), number);
        }
    }
    Ok(numbers)
}

/// The JSON objects of the last lines; a line that was cut in two is none.
fn tail(path: &Path) -> io::Result<Vec<Value>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}
