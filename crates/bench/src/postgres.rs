//! A PostgreSQL of one's own: in a temporary folder, on loopback, durable as in production.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Wrong;
use crate::pin::{Cores, apart};
use crate::process::Process;

/// A running PostgreSQL.
pub struct Postgres {
    /// `postgres://…`, of a database of its own.
    pub url: String,
    /// Its version, as it says.
    pub version: String,
    _process: Process,
}

impl Postgres {
    /// Make a cluster below `folder` and start it on the generator's core.
    pub fn start(folder: &Path, cores: &Cores) -> Result<Self, Wrong> {
        let bin = programs()?;
        let folder = folder.join("postgres");
        fs::create_dir(&folder).map_err(Wrong::at(folder.display()))?;
        let owner = owner()?;
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group)).map_err(Wrong::at(folder.display()))?;
        }
        let data = folder.join("data");
        let mut initdb = Command::new(bin.join("initdb"));
        initdb.arg("--pgdata").arg(&data).args(["--username=sekimori", "--auth=trust"]);
        initdb.args(["--encoding=UTF8", "--locale=C"]);
        let made = as_owner(&mut initdb, owner, &folder)?.status();
        if !made.map_err(Wrong::at("initdb"))?.success() {
            return Err(Wrong::new(format!("initdb failed: see {}", folder.display())));
        }
        let port = free_port()?;
        let mut server = Command::new(bin.join("postgres"));
        server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        server.arg("-k").arg(&folder).args(["-c", "max_connections=100"]);
        server.args(["-c", "fsync=on", "-c", "synchronous_commit=on"]);
        as_owner(&mut server, owner, &folder)?;
        let child = apart(cores.generator, move || server.spawn());
        let mut process = Process::new(child.map_err(Wrong::at("postgres"))?, "-INT");
        let url = format!("postgres://sekimori@127.0.0.1:{port}/postgres");
        let version = answers(&url, &mut process)?;
        Ok(Self { url, version, _process: process })
    }
}

/// The newest installed version's programs.
fn programs() -> Result<PathBuf, Wrong> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            let bin = version.path().join("bin");
            bin.join("postgres").exists().then_some((number, bin))
        })
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, bin)| bin);
    newest.ok_or_else(|| Wrong::new("PostgreSQL is not installed below /usr/lib/postgresql"))
}

/// PostgreSQL refuses root: as root, it runs as the user `postgres`.
fn owner() -> Result<Option<(u32, u32)>, Wrong> {
    let me = fs::metadata("/proc/self").map_err(Wrong::at("/proc/self"))?;
    if std::os::unix::fs::MetadataExt::uid(&me) != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(Wrong::at("/etc/passwd"))?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.unwrap_or_default().split(':').skip(2).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => Err(Wrong::new("there is no user postgres to run PostgreSQL as")),
    }
}

fn as_owner<'c>(
    command: &'c mut Command,
    owner: Option<(u32, u32)>,
    folder: &Path,
) -> Result<&'c mut Command, Wrong> {
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    let log = folder.join("log");
    let log = File::options().create(true).append(true).open(&log);
    let log = log.map_err(Wrong::at("the log of PostgreSQL"))?;
    let copy = log.try_clone().map_err(Wrong::at("the log of PostgreSQL"))?;
    command.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(copy);
    Ok(command)
}

/// A port that nobody uses now.
pub fn free_port() -> Result<u16, Wrong> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Wrong::at("a free port"))?;
    Ok(listener.local_addr().map_err(Wrong::at("a free port"))?.port())
}

/// Let others pass through a folder (not read it).
pub fn open_to_pass(folder: &Path) -> Result<(), Wrong> {
    let permissions = fs::Permissions::from_mode(0o711);
    fs::set_permissions(folder, permissions).map_err(Wrong::at(folder.display()))
}

fn answers(url: &str, process: &mut Process) -> Result<String, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Wrong::at("a runtime"))?;
    let patience = Instant::now() + Duration::from_mins(1);
    while Instant::now() < patience && !process.has_ended() {
        let asked = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            let driver = tokio::spawn(connection);
            let row = client.query_one("SHOW server_version", &[]).await?;
            drop(client);
            // The driver ends with the client.
            let _ = driver.await;
            row.try_get::<_, String>(0)
        });
        if let Ok(version) = asked {
            return Ok(version);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Wrong::new("PostgreSQL does not answer"))
}
