//! Outgoing mail: the outbox, delivered by SMTP, tried again with growing pauses.

mod deliver;
mod render;
mod smtp;

pub(crate) use render::{mail, sender};

pub use deliver::{deliver_due, retry_after_seconds};
pub use smtp::{Mailer, SmtpError};
