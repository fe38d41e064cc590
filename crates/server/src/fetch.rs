//! What this server asks of others by HTTP: at addresses from the settings, to the letter. No redirection is followed and
//! nothing that a certificate says is looked at, so that nobody outside chooses what this server asks.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use sekimori_flow::certificates::Carrier;
use sekimori_pki::ocsp::ANSWER_BYTES_MAX;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer of a responder must be there by then; who asks is not as patient.
const RESPONDER_WAIT_MAX: Duration = Duration::from_secs(5);

/// What is asked.
pub(crate) struct Asked<'a> {
    address: &'a str,
    /// Longest answer that is read.
    bytes_max: usize,
    accept: &'static str,
    /// What is posted, and of what kind it is; it is merely fetched if there is none.
    posted: Option<(&'static str, Vec<u8>)>,
}

impl<'a> Asked<'a> {
    /// A revocation list.
    pub(crate) const fn list(address: &'a str, bytes_max: usize) -> Self {
        Self { address, bytes_max, accept: "application/pkix-crl, */*;q=0.1", posted: None }
    }

    /// A responder, about a certificate. RFC 6960, A.1
    const fn responder(address: &'a str, question: Vec<u8>) -> Self {
        let posted = Some(("application/ocsp-request", question));
        Self { address, bytes_max: ANSWER_BYTES_MAX, accept: "application/ocsp-response", posted }
    }
}

/// Carries questions to the responders of other authorities.
pub(crate) fn carrier() -> Arc<Carrier> {
    Arc::new(|address, question| {
        Box::pin(
            async move { fetch(&Asked::responder(&address, question), RESPONDER_WAIT_MAX).await },
        )
    })
}

/// What is at an http or https address; or in words why nothing came.
pub(crate) async fn fetch(asked: &Asked<'_>, wait_max: Duration) -> Result<Vec<u8>, String> {
    match tokio::time::timeout(wait_max, fetch_unhurried(asked)).await {
        Ok(fetched) => fetched,
        Err(_) => Err(format!("no whole answer within {} seconds", wait_max.as_secs())),
    }
}

async fn fetch_unhurried(asked: &Asked<'_>) -> Result<Vec<u8>, String> {
    let uri: Uri = asked.address.parse().map_err(|error| format!("{error}"))?;
    let host = uri.host().ok_or("the address has no host")?;
    // IPv6 addresses stand in brackets, which a socket does not take.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| error.to_string())?;
    if !https {
        return ask(stream, &uri, asked).await;
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(trusting_the_system()?));
    let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
    ask(stream, &uri, asked).await
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
    asked: &Asked<'_>,
) -> Result<Vec<u8>, String> {
    let words = |error: hyper::Error| error.to_string();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    // Ends with the sender, which is dropped when the answer was read or the time is over.
    let driven = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let request = match &asked.posted {
        Some((kind, _)) => Request::post(path).header(CONTENT_TYPE, *kind),
        None => Request::get(path),
    };
    let body = asked.posted.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
    let request = request
        .header(HOST, host)
        .header(USER_AGENT, "sekimori")
        .header(ACCEPT, asked.accept)
        .body(Full::<Bytes>::from(body))
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(words)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("the answer was {}", answer.status()));
    }
    let bytes_max = asked.bytes_max;
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
        fetch(&Asked::list(&answering(answer).await, 8), Duration::from_millis(400)).await
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
        let nobody =
            fetch(&Asked::list("http://127.0.0.1:1/ca.crl", 8), Duration::from_secs(1)).await;
        assert!(nobody.is_err());
    }
}
