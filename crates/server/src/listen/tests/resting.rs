//! Connections on which nobody speaks for a while.

use super::*;
use crate::listen::connection::{self, Manner};

/// Longer than it takes until a connection rests.
const A_WHILE: Duration = Duration::from_millis(200);

const REQUEST: &[u8] = b"GET /where HTTP/1.1\r\nHost: x\r\n\r\n";

/// One answer with `Content-Length`.
async fn answer(socket: &mut TcpStream) -> String {
    let mut text = String::new();
    loop {
        let mut part = [0; 4096];
        let length = socket.read(&mut part).await.unwrap();
        assert!(length > 0, "the connection ended: {text}");
        text += std::str::from_utf8(&part[..length]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let (_, rest) = head.split_once("content-length: ").unwrap();
        let declared = rest.split("\r\n").next().unwrap().parse::<usize>().unwrap();
        if body.len() == declared {
            return text;
        }
    }
}

#[tokio::test]
async fn a_connection_that_has_rested_goes_on() {
    let running = run(Setup::default());
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    for _ in 0..2 {
        socket.write_all(REQUEST).await.unwrap();
        assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200"));
        tokio::time::sleep(A_WHILE).await;
    }
    // In pieces, a body among them.
    for piece in ["P", "OST /echo HTTP/1.1\r\nHost: x\r\nContent-Le", "ngth: 4\r\n\r\nab"] {
        socket.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(A_WHILE).await;
    }
    socket.write_all(b"cd").await.unwrap();
    assert!(answer(&mut socket).await.ends_with("\r\n\r\nabcd"));
    tokio::time::sleep(A_WHILE).await;
    socket.write_all(&get_once("/where", "")).await.unwrap();
    assert!(rest(&mut socket).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn the_beginning_of_a_request_that_came_with_another_is_kept() {
    let running = run(Setup::default());
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    let (begun, end) = REQUEST.split_at(9);
    socket.write_all(&[REQUEST, begun].concat()).await.unwrap();
    assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200"));
    tokio::time::sleep(2 * A_WHILE).await;
    socket.write_all(end).await.unwrap();
    assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200"));
}

/// Else the rest of a body would be taken for a request of its own, and behind a proxy for somebody else's.
#[tokio::test]
async fn a_body_that_nobody_reads_is_never_taken_for_a_request() {
    let running = run(Setup::default());
    for head in ["POST /where HTTP/1.1", "GET /where HTTP/1.1", "POST /nowhere HTTP/1.1"] {
        for length in
            ["Content-Length: 500", "Content-Length: 99999999", "Transfer-Encoding: chunked"]
        {
            let mut socket = TcpStream::connect(running.address).await.unwrap();
            let request = format!("{head}\r\nHost: x\r\n{length}\r\n\r\n");
            socket.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(A_WHILE).await;
            // A closed connection takes no more.
            let _ = socket.write_all(REQUEST).await;
            let mut heard = Vec::new();
            let mut part = [0; 4096];
            while let Ok(Ok(read @ 1..)) =
                tokio::time::timeout(A_WHILE, socket.read(&mut part)).await
            {
                heard.extend_from_slice(&part[..read]);
            }
            let heard = String::from_utf8_lossy(&heard).into_owned();
            assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{head}, {length}: {heard}");
        }
    }
}

#[tokio::test]
async fn a_long_answer_to_somebody_slow_comes_to_its_end() {
    let running = run(Setup::default());
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(2 * A_WHILE).await;
    let text = answer(&mut socket).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.len() > LARGE, "{}", text.len());
    socket.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut socket).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_resting_connection_ends_idle_and_with_the_server_and_with_its_client() {
    let limits = Limits { idle_max: 2 * A_WHILE, ..Limits::default() };
    let running = run(Setup { limits, ..Setup::default() });
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        socket.write_all(REQUEST).await.unwrap();
        answer(&mut socket).await;
        sockets.push(socket);
    }
    tokio::time::sleep(A_WHILE).await;
    drop(sockets.pop());
    let begin = Instant::now();
    assert_eq!(rest(&mut sockets[0]).await, "");
    assert!(begin.elapsed() < 20 * A_WHILE, "idle");
    let mut last = TcpStream::connect(running.address).await.unwrap();
    last.write_all(REQUEST).await.unwrap();
    answer(&mut last).await;
    tokio::time::sleep(A_WHILE).await;
    running.stop.enter(Phase::Draining);
    assert_eq!(rest(&mut last).await, "");
    tokio::time::timeout(Duration::from_secs(1), running.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_open_connection_is_small() {
    let gate =
        Gate::new(router(), Answers::Pages, Vec::new(), Limits::default(), Metrics::default());
    let manner = Arc::new(Manner { speaks: Speaks::Plain, proxies_listed: None });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = TcpStream::connect(address).await.unwrap();
    let (_stop, stopping) = Stop::new();
    let serving = connection::serve(gate, manner, socket, address, stopping);
    let bytes = std::mem::size_of_val(&serving);
    println!("{bytes} bytes");
    assert!(bytes <= 2048, "{bytes} bytes of a connection that does nothing");
}

#[tokio::test]
async fn http_2_is_told_by_its_first_bytes_and_does_not_rest() {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let running = run(Setup::default());
    let socket = TcpStream::connect(running.address).await.unwrap();
    let speaking =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut sender, connection) = speaking.await.unwrap();
    tokio::spawn(connection);
    for _ in 0..2 {
        let request = http::Request::get("http://x/where").body(String::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
        tokio::time::sleep(A_WHILE).await;
    }
    let mut half = TcpStream::connect(running.address).await.unwrap();
    half.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n").await.unwrap();
    half.shutdown().await.unwrap();
    assert_eq!(rest(&mut half).await, "");
}
