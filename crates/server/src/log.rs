//! Logs: lines to standard error, as JSON or for people. What people type never gets here.
//!
//! Requests are logged by the route's pattern, never by their path or query: either may hold a sealed
//! request, a code or an incident code.

use sekimori_config::node::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// Begin to log. A second call changes nothing.
pub fn start(log: Log) {
    // Libraries say at `info` what we would call `debug`, and this one says at `error` what a stranger sent.
    let quiet = "webauthn_rs_core=off";
    let filter = EnvFilter::new(format!("warn,{quiet},sekimori={}", log.level.as_str()));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.with_ansi(false).with_target(false).try_init(),
    };
    // Only tests start twice in one process; the first subscriber stays.
    drop(started);
}
