//! What commands print: results to standard output, everything else to standard error. No colours.

mod table;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub use table::Table;

/// Print a result. A reader that has gone away has read enough.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Print a result for programs: JSON, indented.
pub fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&text),
        Err(error) => note(&format!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Say something beside the result.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A progress bar on standard error if somebody watches, else nothing.
pub fn progress(all: u64, doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        Some(all),
        if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        },
    );
    let style = "{msg} {wide_bar} {pos}/{len}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
    bar.set_message(doing);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Ask a question that only `yes` answers; without a terminal the answer is no.
pub fn confirm(question: &str) -> bool {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return false;
    }
    let mut error = io::stderr().lock();
    let _ = write!(error, "{question} [yes/no] ");
    let _ = error.flush();
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("yes")
}
