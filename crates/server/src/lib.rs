//! The program: command line, wiring, listeners, signals. The only reader of files, environment and clock.

pub mod admin;
pub mod app;
pub mod assembly;
mod checkpoints;
pub mod command;
pub mod console;
pub mod demo;
mod fetch;
pub mod files;
mod keeper;
pub mod listen;
mod lists;
pub mod log;
pub mod mail;
pub mod manage;
mod notify;
pub mod outside;
pub mod serve;
mod token;
mod trace;

pub use trace::TraceId;
