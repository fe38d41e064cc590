//! The two files, read into settings: every mistake at once, each with its line, its column and a remedy.
//!
//! [`site`] reads `site.toml` into [`sekimori_directory::settings::Site`], prints it again and tells two of them
//! apart; [`node`] reads `sekimori.toml`. [`forwarded`], [`proxy_protocol`] and [`client_cert`]
//! are what the node's settings about proxies mean: pure functions from bytes to the person's address or certificate.
//!
//! Nothing here opens a file or reads the environment: texts come in, values go out.

pub mod client_cert;
mod closest;
pub mod forwarded;
pub mod mistake;
pub mod node;
pub mod proxy_protocol;
mod reader;
pub mod reference;
pub mod site;
mod syntax;
mod values;
mod word;

pub use mistake::{Mistake, Report, Severity};
pub use node::Node;
pub use reference::{reference, reference_markdown};
pub use syntax::place_of;

/// Longest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// `text`, unless it is longer than any file should be.
fn within_bounds<'t>(text: &'t str, file: &str) -> Result<&'t str, Report> {
    if text.len() <= FILE_BYTES_MAX {
        return Ok(text);
    }
    let too_long = Mistake {
        severity: Severity::Error,
        file: file.to_owned(),
        line: 1,
        column: 1,
        path: String::new(),
        what: format!("the file has {} bytes", text.len()),
        remedy: format!("at most {FILE_BYTES_MAX} are read; is it the right file?"),
    };
    Err(Report { errors: vec![too_long], warnings: Vec::new() })
}
