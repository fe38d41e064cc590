//! `docs/config.md`: every key of the two files, as the code that reads them knows it.

use std::path::Path;

const HEAD: &str = "\
<!-- Written by `cargo xtask generate` from crates/config/src/reference/; change it there. -->

";

/// The whole file.
#[expect(clippy::unnecessary_wraps, reason = "an entry's text may fail; this one does not")]
pub fn text(_: &Path) -> Result<String, String> {
    Ok(format!("{HEAD}{}", sekimori_config::reference_markdown()))
}
