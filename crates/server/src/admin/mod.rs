//! Commands that need the database: one list, executed by one function, either in the running server (through its
//! management socket) or in the command's own process, which then has the database to itself.

pub(crate) mod audit;
mod break_glass;
mod certificates;
mod client;
pub mod command;
mod desk;
mod execute;
mod explain;
mod import;
mod keys;
pub mod letters;
pub mod locked_out;
mod mail;
pub(crate) mod mails;
mod people;
mod records;
mod services;
mod settings;
pub mod socket;

use std::io;
use std::path::Path;

use sekimori_config::node::Node;
use sekimori_flow::admin::By;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use command::Command;
pub use execute::execute;

use crate::app::{self, App, Purpose};
use crate::command::Failed;

/// A command, and the organisation that it is about.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// Host name of the organisation; the only one if none is named.
    pub tenant: Option<String>,
    /// What to do.
    pub command: Command,
}

/// What came of it, for people and for programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What exit status the answer is.
    pub outcome: Outcome,
    /// For people.
    pub text: String,
    /// For programs.
    pub value: Value,
}

/// Whether the answer is a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done, or yes.
    Yes,
    /// Refused, or no.
    No,
}

impl Answer {
    /// Done.
    pub fn yes(text: impl Into<String>, value: impl Serialize) -> Self {
        Self::new(Outcome::Yes, text, value)
    }

    /// The answer is no.
    pub fn no(text: impl Into<String>, value: impl Serialize) -> Self {
        Self::new(Outcome::No, text, value)
    }

    fn new(outcome: Outcome, text: impl Into<String>, value: impl Serialize) -> Self {
        // Our own structures have text keys only, so they always have a JSON form.
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        Self { outcome, text: text.into(), value }
    }
}

/// How far a long command has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that are done.
    pub done: u64,
    /// All steps.
    pub all: u64,
}

/// Hears how far a long command has come, and says whether anybody still waits for its answer.
pub type Watcher = std::sync::Arc<dyn Fn(Progress) -> bool + Send + Sync>;

/// A line of the socket's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    /// How far it has come.
    Progress(Progress),
    /// What came of it.
    Answer(Answer),
    /// It could not be done.
    Failed(Failed),
}

/// Have a command done: by the running server, else here.
pub async fn run(node: &Node, request: Request, watcher: Watcher) -> Result<Answer, Failed> {
    match client::connect(&node.management.socket).await {
        Ok(stream) => client::ask(stream, &request, watcher).await,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                here(node, request, watcher).await
            }
            _ => Err(not_reached(&node.management.socket, error)),
        },
    }
}

async fn here(node: &Node, request: Request, watcher: Watcher) -> Result<Answer, Failed> {
    if !matches!(request.command, Command::SiteApply { .. }) {
        app::stands(node)?;
    }
    let app = App::open(node, Purpose::Command).await?;
    let by = By(format!("os:{}", socket::own_name()));
    let answer = execute(&app, &by, request, watcher).await;
    app.close().await;
    answer
}

fn not_reached(socket: &Path, error: io::Error) -> Failed {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    let failed = Failed::at(format!("reaching the server at {}", socket.display()))(error);
    if denied {
        return failed.remedy("run the command as the user that the server runs as, or as root");
    }
    failed
}
