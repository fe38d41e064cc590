//! A command that needs the database: asked of the server, or done here, and its answer printed.

use std::sync::{Arc, Mutex};

use indicatif::ProgressBar;

use super::{Common, Ended, Failed, settings};
use crate::admin::{self, Answer, Command, Outcome, Progress, Request};
use crate::console::{print, print_json, progress};

/// The answer to a command.
pub(super) fn ask(command: Command, common: &Common) -> Result<Answer, Failed> {
    watched(command, common, "working")
}

/// The answer to a long command, with a progress bar.
pub(super) fn watched(
    command: Command,
    common: &Common,
    doing: &'static str,
) -> Result<Answer, Failed> {
    let node = settings::node(common.config.as_deref())?;
    let request = Request { tenant: common.tenant.clone(), command };
    let bar: Arc<Mutex<Option<ProgressBar>>> = Arc::default();
    let watching = Arc::clone(&bar);
    let watcher = Arc::new(move |step: Progress| {
        let mut bar = watching.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| progress(step.all, doing));
        bar.set_length(step.all);
        bar.set_position(step.done);
        true
    });
    let answer = super::runtime()?.block_on(admin::run(&node, request, watcher));
    let shown = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some(shown) = shown {
        shown.finish_and_clear();
    }
    answer
}

/// Print an answer.
pub(super) fn show(answer: &Answer, common: &Common) -> Ended {
    if common.json {
        print_json(&answer.value);
    } else if !answer.text.is_empty() {
        print(&answer.text);
    }
    match answer.outcome {
        Outcome::Yes => Ended::Well,
        Outcome::No => Ended::No,
    }
}

/// Ask, and print the answer.
pub(super) fn ask_and_show(command: Command, common: &Common) -> Result<Ended, Failed> {
    ask(command, common).map(|answer| show(&answer, common))
}
