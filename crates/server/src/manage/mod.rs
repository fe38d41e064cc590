//! What operators see: health, metrics, and commands beside the running server.

pub mod health;
pub mod metrics;
