//! The management socket: commands beside the running server, for its own user and root only.
//!
//! One request, `POST /command`, answered by lines of JSON: how far it has come, then what came of it.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sekimori_flow::admin::By;
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::{Event, Progress, Request, Watcher, execute};
use crate::app::App;
use crate::command::Failed;
use crate::files;
use crate::listen::{Phase, Stopping};

/// A file of a million people fits.
const REQUEST_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 16;
/// Lines of an answer that wait for their reader.
const LINES: usize = 16;

/// The open socket; its file goes when it is dropped.
pub struct ManagementSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ManagementSocket {
    /// Open it, mode 0600. A file that a dead process left is replaced; the database's lock has already told that
    /// no other process lives.
    pub fn open(path: &Path) -> io::Result<Self> {
        files::make_folder_of(path)?;
        if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
            fs::remove_file(path)?;
        }
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::unix(path)?)?;
        // Nobody can connect before the socket listens, so there is no moment with another mode.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        socket.listen(BACKLOG)?;
        let listener = UnixListener::from_std(std::os::fd::OwnedFd::from(socket).into())?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Execute commands until the process drains.
    pub async fn serve(self, app: App, mut stopping: Stopping) {
        let mut stopped = std::pin::pin!(stopping.reached(Phase::Draining));
        loop {
            let accepted = tokio::select! {
                () = &mut stopped => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(converse(app.clone(), stream));
                }
                Err(error) => {
                    tracing::error!(target: "sekimori", %error, "the management socket fails");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for ManagementSocket {
    fn drop(&mut self) {
        // A stale file does no harm: it is replaced.
        let _ = fs::remove_file(&self.path);
    }
}

async fn converse(app: App, stream: UnixStream) {
    let peer = match stream.peer_cred() {
        Ok(peer) => peer.uid(),
        Err(error) => {
            tracing::warn!(target: "sekimori", %error, "nobody knows who this is");
            return;
        }
    };
    // The mode says so already, unless somebody changed it.
    if peer != 0 && peer != own_uid() {
        tracing::warn!(target: "sekimori", uid = peer, "refused at the management socket");
        return;
    }
    let by = By(format!("os:{}", name_of(peer)));
    let service = service_fn(|request| {
        let answer = answer(app.clone(), by.clone(), request);
        async { Ok::<_, Infallible>(answer) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = serving.await {
        tracing::debug!(target: "sekimori", %error, "the management socket's peer went away");
    }
}

fn answer(app: App, by: By, request: HttpRequest<Incoming>) -> Response<Lines> {
    let (lines, receiver) = mpsc::channel(LINES);
    let mut response = Response::new(Lines(receiver));
    if request.method() != Method::POST || request.uri().path() != "/command" {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    tokio::spawn(async move {
        let event = match read(request).await {
            Ok(request) => {
                let progress_lines = lines.clone();
                let watcher: Watcher = Arc::new(move |progress: Progress| {
                    // A reader that is behind misses some steps, never the answer.
                    let _ = progress_lines.try_send(line(&Event::Progress(progress)));
                    !progress_lines.is_closed()
                });
                match execute(&app, &by, request, watcher).await {
                    Ok(answer) => Event::Answer(answer),
                    Err(failed) => Event::Failed(failed),
                }
            }
            Err(failed) => Event::Failed(failed),
        };
        // Whoever asked may have gone away; what was done is in the audit.
        let _ = lines.send(line(&event)).await;
    });
    response
}

async fn read(request: HttpRequest<Incoming>) -> Result<Request, Failed> {
    let body = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await;
    let bytes = body.map_err(|error| Failed::new(format!("reading the command: {error}")))?;
    let bytes = bytes.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| {
        Failed::at("reading the command")(error)
            .remedy("command and server have different versions: use the server's")
    })
}

fn line(event: &Event) -> Bytes {
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// Lines as they come.
struct Lines(mpsc::Receiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of whoever runs this process.
pub fn own_name() -> String {
    name_of(own_uid())
}

/// The name of a user in `/etc/passwd`, else the number.
fn name_of(uid: u32) -> String {
    let number = uid.to_string();
    let users = files::read_text(Path::new("/etc/passwd"), 4 * 1024 * 1024).unwrap_or_default();
    let mut names = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    names.next().unwrap_or(number)
}
