//! What systemd is told (sd_notify): ready, reloading is not needed, stopping. Nothing without `NOTIFY_SOCKET`.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// What the service manager wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All listeners are open.
    Ready,
    /// Requests in flight are being finished.
    Stopping,
}

/// Tell it. A service manager that cannot be told is not worth ending for.
pub fn notify(state: State) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(&name),
    };
    let message: &[u8] = match state {
        State::Ready => b"READY=1",
        State::Stopping => b"STOPPING=1",
    };
    let told = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(message, &address));
    if let Err(error) = told {
        tracing::warn!(target: "sekimori", %error, "the service manager cannot be told");
    }
}
