//! One contract, kept by both databases: each case runs on SQLite in memory, on an SQLite file, and on
//! a real PostgreSQL.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read the environment, start processes, measure and break files"
)]

mod attempts;
mod audit;
mod backup;
mod certificates;
mod counters;
mod encryption;
mod factors;
mod killed;
mod mail_codes;
mod people;
mod races;
mod rates;
mod revocation_lists;
mod sessions;
mod settings;
mod sweep;
mod tokens;
mod world;
