//! What operators see: health, metrics, and commands beside the running server.

pub mod checks;
pub mod health;
pub mod metrics;
