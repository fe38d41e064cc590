//! Ports for the servers of the tests.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that the system gives to whoever names none (from 32768): whatever else connects or listens
/// meanwhile cannot be given one of these.
const FIRST: u32 = 12_000;
const HOW_MANY: u32 = 20_000;

/// Where nobody listens; no two calls of this process have the same answer.
pub fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(97);
    for _ in 0..HOW_MANY {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + begin.wrapping_add(turn) % HOW_MANY).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free");
}
