//! The program: command line, wiring, listeners, signals. The only reader of files, environment and clock.

pub mod assembly;
pub mod command;
pub mod console;
pub mod files;
pub mod listen;
pub mod log;
pub mod manage;
pub mod outside;
mod trace;

pub use trace::TraceId;
