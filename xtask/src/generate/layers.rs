//! `docs/layers.md`: the tables of `cargo xtask layers`, for people.

use std::path::Path;

use crate::layers::table;

const HEAD: &str = "\
<!-- Written by `cargo xtask generate` from xtask/src/layers/table.rs; change it there. -->

# Who may depend on what

`cargo xtask layers` checks these tables against `cargo metadata`. Names of our own crates stand
without their prefix `sekimori-`. What comes from outside may be used in tests everywhere, unless it
is banned from the tree.

";

/// The whole file.
#[expect(clippy::unnecessary_wraps, reason = "an entry's text may fail; this one does not")]
pub fn text(_: &Path) -> Result<String, String> {
    Ok(format!("{HEAD}{}", table::markdown()))
}
