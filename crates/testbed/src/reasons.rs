//! Which reasons were really given, noted for `cargo xtask reasons`: a file for each process in the folder that
//! `SEKIMORI_TEST_REASONS` names, a code a line. Without that variable nothing is noted.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use sekimori_login::Reason;

struct Notes {
    file: Option<File>,
    noted: BTreeSet<String>,
}

static NOTES: LazyLock<Mutex<Notes>> = LazyLock::new(|| {
    let file = std::env::var_os("SEKIMORI_TEST_REASONS").map(|folder| {
        let path = Path::new(&folder).join(std::process::id().to_string());
        OpenOptions::new().create(true).append(true).open(path).expect("reasons can be noted")
    });
    Mutex::new(Notes { file, noted: BTreeSet::new() })
});

/// A page was shown: its notices, failures and incidents say for which reason.
pub(crate) fn shown(page: &str) {
    for rest in page.split(" data-reason=\"").skip(1) {
        note(rest.split('"').next().unwrap_or_default());
    }
}

/// A decision was stored with this reason.
pub(crate) fn decided(reason: Reason) {
    note(reason.code());
}

fn note(code: &str) {
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if notes.noted.insert(code.to_owned())
        && let Some(file) = &mut notes.file
    {
        writeln!(file, "{code}").expect("reasons can be noted");
    }
}
