//! The texts of everything that a person reads, in every language: reasons, pages, mails.
//!
//! The catalogues are Fluent files under `catalogue/`, one folder a language, parsed once. Adding a
//! language is adding a folder. Deliberately absent: markup, addresses, and any decision about what
//! may be told to whom (`Reason::shown_to` has been asked before a text is).

mod catalogue;
mod code_mail;
mod mail;
mod names;
mod reasons;
#[cfg(test)]
mod tests;
mod times;

pub use catalogue::{Argument, Words};
pub use code_mail::{CodeMail, CodeOccasion};
pub use mail::{Happening, Mail};
pub use names::PasswordFlaw;
pub use reasons::Circumstances;
