//! How a command ends.

use std::fmt;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As wished: exit status 0.
    Well,
    /// The answer is no, as it has been printed: exit status 1.
    No,
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::No => Self::from(1),
        }
    }
}

/// Why a command could not do its work: exit status 3 (2 is clap's, for a wrong command line).
#[derive(Debug, Serialize, Deserialize)]
pub struct Failed {
    what: String,
    remedy: Option<String>,
}

impl Failed {
    /// Exit status of a command that could not do its work.
    pub const STATUS: u8 = 3;

    /// It failed at `what`.
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), remedy: None }
    }

    /// A closure for `map_err`: what was done when it failed.
    pub fn at<E: std::error::Error>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self::new(format!("{what}: {}", chain(&error)))
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self, remedy: impl fmt::Display) -> Self {
        Self { remedy: Some(remedy.to_string()), ..self }
    }

    /// What to do about it, if nothing has been said yet.
    #[must_use]
    pub fn or_remedy(self, remedy: impl fmt::Display) -> Self {
        if self.remedy.is_some() { self } else { self.remedy(remedy) }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  help: {remedy}"),
            None => Ok(()),
        }
    }
}

/// An error with all its causes, none said twice.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
