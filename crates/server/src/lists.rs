//! Fetching revocation lists of other authorities: from the addresses in the settings, to the letter. No redirection is
//! followed and nothing that a certificate says is looked at, so that nobody outside chooses what this server asks.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use sekimori_base::Fault;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::app::App;

/// All of a fetch must be over by then.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// So many are fetched side by side: each may be as long as the settings allow.
const SIDE_BY_SIDE: usize = 4;

/// Fetch what is due. A silent address holds up no other one.
pub async fn fetch_due(app: &App) -> Result<(), Fault> {
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut fetches = JoinSet::new();
    for due in app.flow.due_lists().await? {
        let (app, places) = (app.clone(), Arc::clone(&places));
        fetches.spawn(async move {
            // The semaphore is never closed; without a place the fetch is merely not bounded.
            let _place = places.acquire_owned().await.ok();
            let fetched = fetch(&due.address, due.bytes_max, WAIT_MAX).await;
            app.flow.list_fetched(&due, fetched).await
        });
    }
    let mut ended = Ok(());
    while let Some(fetched) = fetches.join_next().await {
        let fetched = fetched.map_err(Fault::while_doing("fetching a revocation list"));
        ended = ended.and(fetched.and_then(std::convert::identity));
    }
    ended
}

/// What is at an http or https address; or in words why nothing came.
pub(crate) async fn fetch(
    address: &str,
    bytes_max: usize,
    wait_max: Duration,
) -> Result<Vec<u8>, String> {
    match tokio::time::timeout(wait_max, fetch_unhurried(address, bytes_max)).await {
        Ok(fetched) => fetched,
        Err(_) => Err(format!("no whole answer within {} seconds", wait_max.as_secs())),
    }
}

async fn fetch_unhurried(address: &str, bytes_max: usize) -> Result<Vec<u8>, String> {
    let uri: Uri = address.parse().map_err(|error| format!("{error}"))?;
    let host = uri.host().ok_or("the address has no host")?;
    // IPv6 addresses stand in brackets, which a socket does not take.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| error.to_string())?;
    if !https {
        return ask(stream, &uri, bytes_max).await;
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(trusting_the_system()?));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    ask(stream, &uri, bytes_max).await
}

fn trusting_the_system() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    bytes_max: usize,
) -> Result<Vec<u8>, String> {
    let words = |error: hyper::Error| error.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    // Ends with the sender, which is dropped when the answer was read or the time is over.
    let driven = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(hyper::header::HOST, host)
        .header(hyper::header::USER_AGENT, "sekimori")
        .header(hyper::header::ACCEPT, "application/pkix-crl, */*;q=0.1")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(words)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("the answer was {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), bytes_max).collect().await;
    let body =
        body.map_err(|error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
            Some(_) => format!("it is longer than {bytes_max} bytes"),
            None => error.to_string(),
        })?;
    driven.abort();
    Ok(body.to_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection with these bytes, and leaves it open if they are none.
    async fn answering(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(answer).await;
                if answer.is_empty() {
                    held.push(stream);
                }
            }
        });
        format!("http://{address}/a/ca.crl?part=1")
    }

    async fn fetched(answer: &'static [u8]) -> Result<Vec<u8>, String> {
        fetch(&answering(answer).await, 8, Duration::from_millis(400)).await
    }

    #[tokio::test]
    async fn a_list_is_fetched_and_nothing_that_is_too_long_too_late_or_elsewhere() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlist";
        assert_eq!(fetched(whole).await, Ok(b"list".to_vec()));
        let longer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlistliste";
        assert!(fetched(longer).await.unwrap_err().contains("longer than 8 bytes"));
        let endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nlistliste\r\n";
        assert!(fetched(endless).await.unwrap_err().contains("longer than 8 bytes"));
        let elsewhere =
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        assert!(fetched(elsewhere).await.unwrap_err().contains("302"));
        assert!(fetched(b"HTTP/1.1 404 Not Found\r\n\r\n").await.unwrap_err().contains("404"));
        assert!(fetched(b"").await.unwrap_err().contains("no whole answer"));
        let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nlist";
        assert!(fetched(cut).await.is_err(), "half a list is none");
        let nobody = fetch("http://127.0.0.1:1/ca.crl", 8, Duration::from_secs(1)).await;
        assert!(nobody.is_err());
    }
}
