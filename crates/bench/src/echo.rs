//! A server that only answers: what two requests cost when nothing has to be known for them.

use std::net::{Ipv4Addr, SocketAddr};

use core_affinity::CoreId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::Wrong;
use crate::pin::stay_on;

/// Start it on a core; requests are answered with the two bodies in turn. It ends with this process.
pub async fn start(core: CoreId, bodies: [Vec<u8>; 2]) -> Result<SocketAddr, Wrong> {
    let (ready, address) = oneshot::channel();
    std::thread::spawn(move || {
        stay_on(core);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { return };
            let Ok(address) = listener.local_addr() else { return };
            let answers = bodies.map(|body| {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\n\r\n",
                    body.len()
                );
                [head.into_bytes(), body].concat()
            });
            let answers: &'static [Vec<u8>; 2] = Box::leak(Box::new(answers));
            if ready.send(address).is_err() {
                return;
            }
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, answers));
            }
        });
    });
    address.await.map_err(Wrong::at("a server that only answers"))
}

async fn answer(mut stream: TcpStream, answers: &'static [Vec<u8>; 2]) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    for turn in (0..2).cycle() {
        buffer.clear();
        while !buffer.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut buffer).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
        if stream.write_all(&answers[turn]).await.is_err() {
            return;
        }
    }
}
