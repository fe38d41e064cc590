//! What administrators do, by command line, management socket or console: thin, audited, never around the rules.

mod people;

pub use people::{AddError, By, NewPerson};
