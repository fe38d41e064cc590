//! What is wrong in a file: where, what, and what to write instead.

use std::fmt;

use serde::Serialize;

/// Whether a file can be used in spite of a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file is not used.
    Error,
    /// The file is used; somebody should look at it.
    Warning,
}

/// One mistake. Never shows a secret: those are in files of their own, which are not read here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Whether the file can be used in spite of it.
    pub severity: Severity,
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The key: `zone.campus.ranges[1]`. Empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{severity}: {}", self.what)?;
        write!(f, "  --> {}:{}:{}", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, " ({})", self.path)?;
        }
        write!(f, "\n  help: {}", self.remedy)
    }
}

/// Everything that is wrong in a file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// What keeps the file from being used; never empty.
    pub errors: Vec<Mistake>,
    /// What somebody should look at.
    pub warnings: Vec<Mistake>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.errors.iter().chain(&self.warnings) {
            writeln!(f, "{mistake}\n")?;
        }
        write!(
            f,
            "{}, {}",
            counted(self.errors.len(), "error"),
            counted(self.warnings.len(), "warning")
        )
    }
}

impl std::error::Error for Report {}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}
