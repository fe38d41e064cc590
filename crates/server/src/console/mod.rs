//! What commands print: results to standard output, everything else to standard error. No colours.

mod table;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;

pub use table::Table;

/// A text that no terminal obeys: control characters other than line feeds and tabs, and marks that turn the
/// direction of text, as JSON escapes them. Texts of people stand in the audit, and so in what commands print.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(u32::from(c), 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069 | 0xFEFF)
    };
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if obeyed(character) {
            // All of them lie in the basic plane: four digits. A String takes everything.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Print a result. A reader that has gone away has read enough.
pub fn print(text: &str) {
    let text = harmless(text);
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Print a part of a long result that may be kept: what cannot be written is an error. `false`: the reader has gone
/// away and has read enough.
pub fn print_part(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        printed => printed.map(|()| true),
    }
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
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
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
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}{left}")
        .expect("the template is well-formed");
    // How long it takes is not known before something was done.
    let left = |state: &ProgressState, text: &mut dyn fmt::Write| {
        if state.pos() > 0 {
            let _ = write!(text, ", {:#} left", HumanDuration(state.eta()));
        }
    };
    bar.set_style(style.with_key("left", left));
    bar.set_message(doing);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The same where nobody knows how many there are.
pub fn counting(doing: &'static str) -> ProgressBar {
    let bar = progress(0, doing);
    bar.set_style(
        ProgressStyle::with_template("{spinner} {pos} {msg}").expect("the template is well-formed"),
    );
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

/// So many of something: "1 line", "2 lines".
pub fn counted(count: impl fmt::Display, one: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("{count} {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_more_than_one() {
        assert_eq!(counted(0, "chain"), "0 chains");
        assert_eq!(counted(1_u64, "chain"), "1 chain");
        assert_eq!(counted(21, "chain"), "21 chains");
    }

    #[test]
    fn no_terminal_obeys_what_is_printed() {
        let hostile = "a\r\u{1b}[2Jb\u{9b}31m\u{7f}\u{202e}c";
        assert_eq!(harmless(hostile), "a\\u000d\\u001b[2Jb\\u009b31m\\u007f\\u202ec");
        let json = serde_json::to_string(hostile).unwrap();
        let read: String = serde_json::from_str(&harmless(&json)).unwrap();
        assert_eq!(read, hostile, "JSON stays the same JSON");
        assert_eq!(harmless("two\nlines\tand 日本語"), "two\nlines\tand 日本語");
    }
}
