//! The server as a process of its own: found or built, started on its core, asked for its numbers, stopped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Wrong;
use crate::browser::{Arrived, Browser, Origin};
use crate::outside::{cpu_of_process, pss_mib};
use crate::pin::{Cores, apart};
use crate::process::Process;

/// Of util-linux.
const CHRT: &str = "/usr/bin/chrt";
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub struct Server {
    process: Process,
    /// From its start to its first login page.
    pub first_page: Duration,
}

/// The program: as named, else beside this program, else built.
pub fn program(named: Option<PathBuf>) -> Result<PathBuf, Wrong> {
    if let Some(named) = named {
        return Ok(named);
    }
    let own = std::env::current_exe().map_err(Wrong::at("this program"))?;
    let beside = own.with_file_name("sekimori");
    if beside.exists() {
        return Ok(beside);
    }
    eprintln!("sekimori-bench: building the server");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--package", "sekimori-server"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .status();
    if built.map_err(Wrong::at("cargo"))?.success() && beside.exists() {
        return Ok(beside);
    }
    Err(Wrong::new("there is no sekimori beside this program, and it cannot be built")
        .remedy("build it with `cargo build --release`, or name it with --server"))
}

/// The command of the program under the scheduling that `packaging/sekimori.service` gives it.
fn as_the_unit_runs(program: &Path) -> Command {
    match scheduling() {
        Scheduling::Batch => {
            let mut command = Command::new(CHRT);
            command.args(["--batch", "0"]).arg(program);
            command
        }
        Scheduling::Usual => Command::new(program),
    }
}

/// How the system shares the core among the server's threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduling {
    /// A thread that wakes waits for the running one's time slice.
    Batch,
    /// `chrt` is not here.
    Usual,
}

impl Scheduling {
    /// Its words in the report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Batch => "batch, as in packaging/sekimori.service",
            Self::Usual => "the usual one",
        }
    }
}

/// What servers are started with.
pub fn scheduling() -> Scheduling {
    if Path::new(CHRT).exists() { Scheduling::Batch } else { Scheduling::Usual }
}

impl Server {
    /// Start `program serve` with the configuration of `folder`, and wait for its first login page.
    pub async fn start(
        program: &Path,
        folder: &Path,
        origin: &Origin,
        cores: &Cores,
    ) -> Result<Self, Wrong> {
        let log = folder.join("server.log");
        let out = File::create(&log).map_err(Wrong::at(log.display()))?;
        let mut command = as_the_unit_runs(program);
        command.arg("serve").arg("--config").arg(folder.join("sekimori.toml"));
        command.current_dir(folder).stdin(Stdio::null());
        command.stdout(out.try_clone().map_err(Wrong::at(log.display()))?).stderr(out);
        // The core is inherited: hash workers and threads are counted by it.
        let (began, child) = apart(cores.server, move || (Instant::now(), command.spawn()));
        let mut process = Process::new(child.map_err(Wrong::at(program.display()))?, "-TERM");
        while began.elapsed() < PATIENCE {
            let mut browser = Browser::new(origin, "10.0.0.1");
            if let Ok(Arrived::Page) = browser.open("login page", "/login").await {
                return Ok(Self { process, first_page: began.elapsed() });
            }
            if process.has_ended() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let said = fs::read_to_string(&log).unwrap_or_default();
        let from = said.char_indices().rev().nth(2000).map_or(0, |(at, _)| at);
        Err(Wrong::new(format!("the server shows no login page; it said:\n{}", &said[from..])))
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// CPU time of all its threads.
    pub fn cpu(&self) -> Duration {
        cpu_of_process(self.process.id())
    }

    /// Its proportional set size in MiB.
    pub fn pss_mib(&self) -> f64 {
        pss_mib(self.process.id()).unwrap_or(f64::NAN)
    }

    /// Stop it in order.
    pub fn stop(mut self) {
        self.process.stop();
    }
}
