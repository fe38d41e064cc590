//! The management socket from the other side: a command asks the running server.

use std::io;
use std::path::Path;

use bytes::Bytes;
use http::{Request as HttpRequest, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::{Answer, Event, Request, Watcher};
use crate::command::Failed;

const DOING: &str = "asking the server";

/// Connect to the server, if one runs.
pub(super) async fn connect(socket: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(socket).await
}

/// Have a command done by the server.
pub(super) async fn ask(
    stream: UnixStream,
    request: &Request,
    watcher: Watcher,
) -> Result<Answer, Failed> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(Failed::at(DOING))?;
    tokio::spawn(connection);
    let body = serde_json::to_vec(request).map_err(Failed::at(DOING))?;
    let request = HttpRequest::post("/command")
        .header("host", "management")
        .body(Full::new(Bytes::from(body)))
        .map_err(Failed::at(DOING))?;
    let response = sender.send_request(request).await.map_err(Failed::at(DOING))?;
    if response.status() != StatusCode::OK {
        return Err(Failed::new(format!("{DOING}: it says {}", response.status())));
    }
    let mut body = response.into_body();
    let mut waiting = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(Failed::at(DOING))?;
        let Ok(data) = frame.into_data() else { continue };
        waiting.extend_from_slice(&data);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            match serde_json::from_slice(&line).map_err(Failed::at(DOING))? {
                Event::Progress(progress) => {
                    watcher(progress);
                }
                Event::Answer(answer) => return Ok(answer),
                Event::Failed(failed) => return Err(failed),
            }
        }
    }
    Err(Failed::new(format!(
        "{DOING}: it went away without an answer (its logs and the audit say more)"
    )))
}
