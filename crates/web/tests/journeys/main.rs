//! Journeys: people, services and strangers at the whole server.

mod break_glass;
mod changing;
mod common;
mod costs;
mod doors;
mod endings;
mod failing_store;
mod forms;
mod guessing;
mod portal;
mod portal_changes;
mod reasons;
mod registering;
mod requests;
mod sessions;
mod signing_in;
mod strangers;
mod tabs;
mod tenants;
mod throttling;
mod tickets;
mod times;
mod tokens;
mod twins;
mod walks;
mod what_if;
