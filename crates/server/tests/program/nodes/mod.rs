//! The promises of many nodes and of sudden ends, kept by real processes: what is good once is good once,
//! and what was acknowledged is there.
//!
//! These tests take minutes and a PostgreSQL; `./test nodes` runs them. Deliberately absent: anything that
//! reaches into a server. Races and kills are seen from outside, as browsers and services see them.

pub mod client;
mod kills;
mod ledger;
mod lists;
pub mod place;
mod races;
mod token;

/// Whether the stated numbers are asked for.
fn full() -> bool {
    std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full")
}
