//! One contract, kept by both databases: each case runs on SQLite in memory, on an SQLite file, and on
//! a real PostgreSQL.

mod attempts;
mod audit;
mod backup;
mod counters;
mod factors;
mod killed;
mod people;
mod races;
mod rates;
mod sessions;
mod settings;
mod sweep;
mod tokens;
mod world;
