//! The command line: a file per command.

mod apply;
mod ask;
mod audit;
mod ca;
mod certificate;
mod check;
mod database;
mod desk;
mod ended;
mod letters;
mod locked_out;
mod person;
mod policy;
mod restore;
mod serve;
mod service;
mod settings;
mod zone;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{
    Arg, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    value_parser,
};
use sekimori_directory::settings::Site;

pub use ended::{Ended, Failed};

use crate::console::note;

/// Single sign-on that says why
///
/// Sign people in to services, and tell them, the help desk and yourself exactly why it did not work.
#[derive(Debug, Parser)]
#[command(name = "sekimori", version, color = clap::ColorChoice::Never)]
#[command(after_long_help = "\
Two files: sekimori.toml is this node (listeners, database, keys; it may be
absent), site.toml is the organisation (networks, policy, services; it is kept
in the database). Beside a running server commands go through its management
socket; without one they open the database themselves.

Exit status: 0 done, 1 the answer is no, 2 a wrong command line, 3 it could not be done.")]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

impl Common {
    /// Whether a program reads the result.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The node's settings [default: sekimori.toml here, else /etc/sekimori/sekimori.toml]
    #[arg(long, global = true, value_name = "FILE", env = "SEKIMORI_CONFIG")]
    config: Option<PathBuf>,
    /// The organisation, by its host name; not needed where there is only one
    #[arg(long, global = true, value_name = "HOST")]
    tenant: Option<String>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(crate::demo::Demo),
    Serve(serve::Serve),
    Check(check::Check),
    Apply(apply::Apply),
    Export(apply::Export),
    Policy(policy::Policy),
    Zone(zone::Zone),
    Person(person::Person),
    Service(service::Service),
    Session(desk::Session),
    Key(desk::Key),
    Ca(ca::Ca),
    Certificate(certificate::Certificate),
    Explain(desk::Explain),
    WhatIf(desk::WhatIf),
    Audit(audit::Audit),
    Mail(desk::Mail),
    Migrate(database::Migrate),
    UpgradeCheck(database::UpgradeCheck),
    Backup(database::Backup),
    Restore(restore::Restore),
}

/// Run the command that the arguments ask for.
pub fn run() -> ExitCode {
    // Whatever this program writes is for its own user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let matches = command_line().get_matches();
    refuse_elsewhere(&matches).unwrap_or_else(|error| error.exit());
    let Cli { common, command } =
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let ended = match command {
        Command::Demo(demo) => crate::demo::run(demo, &common),
        Command::Serve(serve) => serve::run(serve, &common),
        Command::Apply(apply) => apply::run(&apply, &common),
        Command::Export(export) => apply::export(&export, &common),
        Command::Person(person) => person::run(person, &common),
        Command::Service(service) => service::run(service, &common),
        Command::Session(session) => desk::session(session, &common),
        Command::Key(key) => desk::key(key, &common),
        Command::Ca(ca) => ca::run(ca, &common),
        Command::Certificate(certificate) => certificate::run(certificate, &common),
        Command::Explain(explain) => desk::explain(&explain, &common),
        Command::WhatIf(what_if) => desk::what_if(&what_if, &common),
        Command::Audit(audit) => audit::audit(&audit, &common),
        Command::Mail(mail) => desk::mail(mail, &common),
        Command::Migrate(migrate) => database::migrate(migrate, &common),
        Command::UpgradeCheck(check) => database::upgrade_check(check, &common),
        Command::Backup(backup) => database::backup(&backup, &common),
        Command::Restore(restore) => restore::restore(&restore, &common),
        Command::Check(check) => check::run(check, &common),
        Command::Policy(policy) => policy::run(policy, &common),
        Command::Zone(zone) => zone::run(&zone, &common),
    };
    match ended {
        Ok(ended) => ended.into(),
        Err(failed) => {
            note(&failed.to_string());
            ExitCode::from(Failed::STATUS)
        }
    }
}

/// Options of every command that the demo does not have: it makes its own node and its own organisation.
const ELSEWHERE: [&str; 2] = ["config", "tenant"];

/// The command line; the demo's help is silent about what it does not take.
fn command_line() -> clap::Command {
    Cli::command().mut_subcommand("demo", |demo| {
        let [config, tenant] = ELSEWHERE.map(|name| Arg::new(name).long(name).hide(true));
        demo.arg(config.value_parser(value_parser!(PathBuf))).arg(tenant)
    })
}

/// Refuse a demo of another node or organisation. What the environment says is not about it.
fn refuse_elsewhere(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some(("demo", demo)) = matches.subcommand() else { return Ok(()) };
    let given = |name: &&str| {
        [matches, demo].iter().any(|one| one.value_source(name) == Some(ValueSource::CommandLine))
    };
    match ELSEWHERE.into_iter().find(given) {
        None => Ok(()),
        Some(name) => Err(command_line().error(
            ErrorKind::ArgumentConflict,
            format!(
                "the demo takes no --{name}: it makes its own settings, in the folder of --dir"
            ),
        )),
    }
}

/// The site document of `file`, else the one in use.
fn site_in_use(file: Option<&Path>, common: &Common) -> Result<Site, Failed> {
    if let Some(file) = file {
        return settings::site(file);
    }
    let answer = ask::ask(crate::admin::Command::SiteShow { version: None }, common)?;
    serde_json::from_value(answer.value["site"].clone()).map_err(Failed::at("reading the settings"))
}

/// Where commands run.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failed::at("starting the program's threads"))
}
