//! Journeys: people, services and strangers at the whole server.

mod portal;
mod portal_changes;
mod signing_in;
