//! One contract, kept by both databases: each case runs on SQLite in memory, on an SQLite file, and on
//! a real PostgreSQL.

mod smoke;
mod world;
