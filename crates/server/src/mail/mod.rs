//! Outgoing mail: the outbox, delivered by SMTP, tried again with growing pauses, by a second way where the first is
//! shut. What becomes of a code is written down for whoever waits for it.

mod deliver;
mod render;
mod report;
mod routes;
mod smtp;

pub(crate) use render::{mail, sender};

pub use report::Report;
pub(crate) use report::read;

pub use deliver::{deliver_due, retry_after_seconds};
pub use routes::{Handed, Mailer, Unhanded};
pub(crate) use smtp::written;
pub use smtp::{Sender, SmtpError};
