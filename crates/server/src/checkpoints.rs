//! The file of checkpoints: everything that was signed over the audit, appended as it comes, for whoever keeps it
//! where this node cannot write.
//!
//! A line is a JSON object: a public key (`tenant`, `key`) or a checkpoint (`tenant`, `number`, `checkpoint`, a signed
//! token). The file is opened for each round, so that it can be moved away, and only ever appended to.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::{Fault, TenantId};
use sekimori_flow::{Flow, Tenant};
use sekimori_store::Checkpoint;
use serde_json::{Value, json};

use crate::files;

/// So much of the end of a file is looked at for where it stopped; all of it for a tenant that is not there.
const TAIL_BYTES: u64 = 4 * 1024 * 1024;
/// So many of an organisation's last checkpoints are held against its database. Each commits to all before it: one that
/// the database has and one that it lacks would do, and the others name more of what is gone.
const COMPARED_MAX: usize = 5_000;
/// A longer line is none of ours.
const LINE_BYTES_MAX: u64 = 256 * 1024;
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
            let numbers = self.last_numbers(TAIL_BYTES)?;
            *written = Some(Written { numbers, keys: Vec::new() });
        }
        let numbers = &mut written.get_or_insert_default().numbers;
        let tenant = tenant.to_string();
        if !numbers.contains_key(&tenant) {
            // Others may have filled the end of the file since.
            let all = self.last_numbers(u64::MAX)?;
            numbers.insert(tenant.clone(), all.get(&tenant).copied().unwrap_or_default());
        }
        let last = numbers.entry(tenant.clone()).or_default();
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

    fn last_numbers(&self, bytes: u64) -> Result<HashMap<String, u64>, Fault> {
        last_numbers(&self.path, bytes).map_err(|error| self.fault(&error))
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

/// The last signed checkpoints in an exported file, of the organisation with this host name if one is named. The file is
/// read as it comes and may be of any length.
pub fn exported(path: &Path, host: Option<&str>) -> io::Result<Vec<String>> {
    let (mut last, mut named) = (BTreeMap::<String, VecDeque<String>>::new(), HashSet::new());
    each_line(BufReader::new(File::open(path)?), |line| {
        let Some(tenant) = line["tenant"].as_str() else { return };
        if host.is_some() && line["host"].as_str() == host {
            named.insert(tenant.to_owned());
        }
        let Some(body) = line["checkpoint"].as_str() else { return };
        let of_tenant = last.entry(tenant.to_owned()).or_default();
        if of_tenant.len() == COMPARED_MAX {
            of_tenant.pop_front();
        }
        of_tenant.push_back(body.to_owned());
    })?;
    // A file in which nobody has that name is for the verification to judge.
    last.retain(|tenant, _| named.is_empty() || named.contains(tenant));
    Ok(last.into_values().flatten().collect())
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

/// The last number of each tenant in the last `bytes` of the file.
fn last_numbers(path: &Path, bytes: u64) -> io::Result<HashMap<String, u64>> {
    let mut numbers = HashMap::new();
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(numbers),
        file => file?,
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    each_line(BufReader::new(file), |line| {
        if let (Some(tenant), Some(number)) = (line["tenant"].as_str(), line["number"].as_u64()) {
            numbers.insert(tenant.to_owned(), number);
        }
    })?;
    Ok(numbers)
}

/// The JSON objects of the lines, one at a time; a line that was cut in two is none.
fn each_line(mut file: impl BufRead, mut take: impl FnMut(&Value)) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut file).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Ok(value) = serde_json::from_slice(&line) {
            take(&value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: impl Iterator<Item = (&'static str, u64)>) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (tenant, number) in lines {
            let body = format!("{tenant}-{number}");
            let line = json!({ "tenant": tenant, "number": number, "checkpoint": body });
            writeln!(file, "{line}").unwrap();
        }
        file
    }

    #[test]
    fn of_a_long_file_the_last_of_each_organisation_are_found_wherever_they_stand() {
        // One organisation has fallen silent; then come more than the tail's bytes of another one.
        let quiet = (1..=5).map(|number| ("quiet", number));
        let mut file = file(quiet.chain((1..=80_000).map(|number| ("busy", number))));
        assert!(file.as_file().metadata().unwrap().len() > TAIL_BYTES);
        let all = exported(file.path(), None).unwrap();
        assert_eq!((all.len(), all[0].as_str()), (COMPARED_MAX + 5, "busy-75001"));
        assert_eq!(all[COMPARED_MAX..].join(" "), "quiet-1 quiet-2 quiet-3 quiet-4 quiet-5");
        writeln!(file, "{}", json!({ "tenant": "quiet", "host": "quiet.example" })).unwrap();
        let named = exported(file.path(), Some("quiet.example")).unwrap();
        assert_eq!(named, all[COMPARED_MAX..]);
    }

    #[test]
    fn a_file_goes_on_where_it_stopped_also_for_who_fell_silent_long_ago() {
        let quiet = (1..=5).map(|number| ("quiet", number));
        let file = file(quiet.chain((1..=80_000).map(|number| ("busy", number))));
        let tail = last_numbers(file.path(), TAIL_BYTES).unwrap();
        assert_eq!((tail.get("busy"), tail.get("quiet")), (Some(&80_000), None));
        let all = last_numbers(file.path(), u64::MAX).unwrap();
        assert_eq!((all.get("busy"), all.get("quiet")), (Some(&80_000), Some(&5)));
    }

    #[test]
    fn what_is_no_line_of_ours_is_passed_over() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap() + 10);
        let good = json!({ "tenant": "t", "number": 1, "checkpoint": "c" });
        file.write_all(&[0xff, 0xfe, b'\n']).unwrap();
        write!(file, "{long}\n\n{{\"tenant\":\n[]\n{good}\n{{\"tenant\": \"t\"").unwrap();
        assert_eq!(exported(file.path(), None).unwrap(), ["c"]);
    }
}
