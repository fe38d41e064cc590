//! What administrators do, by command line, management socket or console: thin, audited, never around the rules.

mod audit;
mod break_glass;
mod desk;
mod explain;
mod exported;
pub mod letters;
mod locked_out;
mod people;
mod reapply;
mod seals;
mod settings;

use sekimori_base::{PersonId, Timestamp};
use sekimori_store::AuditLine;

pub use audit::{Problem, Verified, Wrong};
pub use desk::{SessionsToEnd, View};
pub use explain::{Affected, Decided, Explained, WhatIf, fact_lines};
pub use exported::{AuditOf, Held, SinceBackup, Told};
pub(crate) use locked_out::why_not_from;
pub use locked_out::{Outlook, OutlookPage};
pub use people::{AddError, By, NewPerson, WhenFull};
pub use reapply::{Outcome, Reapplication, Reapplied};
pub use settings::ApplyError;

impl By {
    /// The audit line of something that they did.
    pub fn line(&self, at: Timestamp, event: &str, person: Option<PersonId>) -> AuditLine {
        people::admin_line(at, event, person, self)
    }
}
