//! HTTP: parse, call `flow`, answer. Nothing is decided here; the whole URL table is `routes.rs`.

pub mod cookies;
mod language;
mod peer;

pub use peer::Peer;
