//! Journeys: people, services and strangers at the whole server.

mod signing_in;
