//! `tidy.toml`: what may be longer or otherwise than the rules say, each with its reason.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Finding;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    exception: Vec<Exception>,
}

/// One line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// The file, from the root of the repository.
    path: String,
    /// The rule.
    rule: String,
    /// The function; needed for `function-length`.
    #[serde(default)]
    name: String,
    /// Why it is right so.
    reason: String,
    #[serde(skip)]
    used: bool,
}

/// All exceptions, and which of them were needed.
pub struct Exceptions(Vec<Exception>);

impl Exceptions {
    /// Read `path`; a missing file means no exceptions.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let file: File = toml::from_str(&text).map_err(|error| format!("tidy.toml: {error}"))?;
        match file.exception.iter().find(|exception| exception.reason.trim().is_empty()) {
            Some(bare) => Err(format!("tidy.toml: {} lacks a reason", bare.path)),
            None => Ok(Self(file.exception)),
        }
    }

    /// Whether an exception covers `finding` in the file `place`; it then counts as needed.
    pub fn cover(&mut self, place: &str, finding: &Finding) -> bool {
        let mut covered = false;
        for exception in &mut self.0 {
            if exception.path == place
                && exception.rule == finding.rule
                && exception.name == finding.name
            {
                exception.used = true;
                covered = true;
            }
        }
        covered
    }

    /// The exceptions that nothing needed.
    pub fn unneeded(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|exception| !exception.used).map(|exception| {
            let Exception { path, rule, name, .. } = exception;
            format!("tidy.toml: {path} {rule} {name}: this exception is no longer needed")
        })
    }
}
