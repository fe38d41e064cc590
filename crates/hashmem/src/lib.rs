//! Memory for Argon2 that is mapped once and used again and again, on huge pages where the system
//! gives them, and Argon2id in it.
//!
//! Argon2 walks tens of MiB in random order. Fresh memory costs a page fault for every 4 KiB and
//! ordinary pages cost a missed translation for nearly every block, so a worker keeps one
//! [`Memory`] and hashes in it. This is the only crate of ours that may say `unsafe`.

mod argon2id;
mod memory;
mod vector;

pub use argon2::Block;
pub use argon2id::{Argon2Cost, HashError, Inputs, Unit, argon2id, argon2id_on};
pub use memory::{KIB_MAX, Memory, MemoryError, Pages};
