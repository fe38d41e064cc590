//! Listeners as callers meet them: raw sockets, slow and hostile ones among them.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sekimori_config::node::{Proxy, ProxyHeader, TlsFiles};
use sekimori_web::{Peer, Presented};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::tls::Certificate;
use super::{Answers, Gate, Limits, Listener, Phase, Speaks, Stop, open, serve};
use crate::manage::metrics::Metrics;

mod presenting;
mod resting;

struct Running {
    address: SocketAddr,
    stop: Stop,
    metrics: Metrics,
    served: JoinHandle<()>,
}

fn router() -> Router {
    Router::new()
        .route("/where", get(async |peer: Extension<Peer>| format!("{:?}", peer.0)))
        .route("/presented", get(async |presented: Option<Extension<Presented>>| said(presented)))
        .route("/echo", post(async |body: String| body))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_millis(500)).await))
        .route("/stuck", get(async || std::future::pending::<()>().await))
        .route("/large", get(async || "0123456789abcdef".repeat(LARGE / 16)))
        .route("/panic", get(panics))
}

fn said(presented: Option<Extension<Presented>>) -> String {
    let Some(Extension(presented)) = presented else { return "nothing is asked here".to_owned() };
    let text = |der: &[u8]| BASE64.encode(der);
    let certificate = presented.certificate.as_deref().map_or_else(|| "none".to_owned(), text);
    format!("{:?} presented {certificate}", presented.host)
}

/// More than any buffer on the way takes.
const LARGE: usize = 8 << 20;

async fn panics() -> &'static str {
    panic!("on purpose")
}

struct Setup {
    limits: Limits,
    speaks: Speaks,
    proxy_protocol: Option<&'static str>,
    proxies: Vec<Proxy>,
    answers: Answers,
}

impl Default for Setup {
    fn default() -> Self {
        let proxies = Vec::new();
        let (limits, answers) = (Limits::default(), Answers::Pages);
        Self { limits, speaks: Speaks::Plain, proxy_protocol: None, proxies, answers }
    }
}

fn run(setup: Setup) -> Running {
    let socket = open("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let proxy_protocol = setup.proxy_protocol.map(|range| vec![range.parse().unwrap()]);
    let metrics = Metrics::default();
    let gate = Gate::new(router(), setup.answers, setup.proxies, setup.limits, metrics.clone());
    let (stop, stopping) = Stop::new();
    let listeners = vec![Listener { socket, speaks: setup.speaks, proxy_protocol }];
    let served = tokio::spawn(serve(gate, listeners, stopping));
    Running { address, stop, metrics, served }
}

/// What comes back for `sent`, up to the end of the connection.
async fn exchange(address: SocketAddr, sent: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(sent).await.unwrap();
    rest(&mut socket).await
}

async fn rest(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as much an end as a farewell.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn get_once(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn a_request_knows_its_peer_and_its_person() {
    let proxies = vec![Proxy {
        addresses: vec!["127.0.0.1/32".parse().unwrap()],
        header: ProxyHeader::XForwardedFor,
        client_cert: false,
    }];
    let direct = run(Setup::default());
    let behind = run(Setup { proxies, ..Setup::default() });
    let request = get_once("/where", "X-Forwarded-For: 192.0.2.7\r\n");
    let peer: IpAddr = "127.0.0.1".parse().unwrap();
    assert!(exchange(direct.address, &request).await.contains(&format!("address: Some({peer})")));
    let answer = exchange(behind.address, &request).await;
    assert!(answer.contains("address: Some(192.0.2.7), origin: ProxyHeader"), "{answer}");
    let answer = exchange(behind.address, &get_once("/where", "")).await;
    assert!(answer.contains("address: None, origin: Unreadable"), "{answer}");
}

#[tokio::test]
async fn a_proxy_protocol_listener_takes_nothing_else() {
    let setup = Setup { proxy_protocol: Some("127.0.0.1/32"), ..Setup::default() };
    let running = run(setup);
    let mut stated = b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n".to_vec();
    stated.extend(get_once("/where", ""));
    let answer = exchange(running.address, &stated).await;
    assert!(answer.contains("peer: 192.0.2.7, address: Some(192.0.2.7), origin: ProxyProtocol"));
    assert_eq!(exchange(running.address, &get_once("/where", "")).await, "");
    assert!(running.metrics.text().contains(r#"refused_total{reason="proxy_protocol"} 1"#));
}

#[tokio::test]
async fn a_proxy_protocol_header_is_refused_from_strangers_and_where_it_is_not_declared() {
    let strangers = run(Setup { proxy_protocol: Some("192.0.2.0/24"), ..Setup::default() });
    let undeclared = run(Setup::default());
    let mut stated = b"PROXY TCP4 192.0.2.7 192.0.2.1 5000 443\r\n".to_vec();
    stated.extend(get_once("/where", ""));
    assert_eq!(exchange(strangers.address, &stated).await, "");
    assert!(!exchange(undeclared.address, &stated).await.contains("200 OK"));
}

#[tokio::test]
async fn a_proxy_protocol_header_must_come_soon() {
    let limits = Limits { proxy_header_max: Duration::from_millis(100), ..Limits::default() };
    let setup = Setup { limits, proxy_protocol: Some("127.0.0.0/8"), ..Setup::default() };
    let running = run(setup);
    assert_eq!(exchange(running.address, b"PROXY TC").await, "");
}

#[tokio::test]
async fn a_client_that_sends_its_head_byte_by_byte_is_closed() {
    let limits = Limits { head_max: Duration::from_millis(300), ..Limits::default() };
    let running = run(Setup { limits, ..Setup::default() });
    let begin = Instant::now();
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    for byte in get_once("/where", "").iter().cycle() {
        if socket.write_all(&[*byte]).await.is_err() || begin.elapsed() > Duration::from_secs(5) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begin.elapsed() < Duration::from_secs(4), "closed after {:?}", begin.elapsed());
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_kept() {
    let limits = Limits { idle_max: Duration::from_millis(300), ..Limits::default() };
    let running = run(Setup { limits, ..Setup::default() });
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    let begin = Instant::now();
    idle.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let answer = rest(&mut idle).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(begin.elapsed() >= Duration::from_millis(800), "after {:?}", begin.elapsed());
}

#[tokio::test]
async fn too_large_too_slow_and_broken_requests_get_a_clear_answer() {
    let limits =
        Limits { request_max: Duration::from_millis(200), body_bytes_max: 10, ..Limits::default() };
    let running = run(Setup { limits, ..Setup::default() });
    let status = async |sent: &[u8]| exchange(running.address, sent).await[..12].to_owned();
    let post = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let declared = format!("{post}Content-Length: 11\r\n\r\n");
    assert_eq!(status(declared.as_bytes()).await, "HTTP/1.1 413");
    let undeclared =
        format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\naaaaa\r\n6\r\naaaaaa\r\n0\r\n\r\n");
    assert_eq!(status(undeclared.as_bytes()).await, "HTTP/1.1 413");
    let unfinished = format!("{post}Content-Length: 5\r\n\r\nabc");
    assert_eq!(status(unfinished.as_bytes()).await, "HTTP/1.1 408");
    assert_eq!(status(&get_once("/stuck", "")).await, "HTTP/1.1 503");
    assert_eq!(status(&get_once("/panic", "")).await, "HTTP/1.1 500");
    assert_eq!(status(b"\xff\xfe\r\n\r\n").await, "HTTP/1.1 400");
    assert_eq!(status(b"GET /where HTTP/1.1\r\nConnection: close\r\n\r\n").await, "HTTP/1.1 400");
    assert_eq!(status(b"GET /where HTTP/1.0\r\n\r\n").await, "HTTP/1.0 200");
    let long = format!("X-Long: {}\r\n", "a".repeat(40_000));
    assert_eq!(status(&get_once("/where", &long)).await, "HTTP/1.1 431");
    let text = running.metrics.text();
    assert!(text.contains(r#"route="/stuck",method="GET",status="503""#), "{text}");
}

#[tokio::test]
async fn what_a_listener_says_itself_has_the_headers_of_every_answer() {
    let limits = Limits {
        request_max: Duration::from_millis(200),
        body_bytes_max: 10,
        connections_max: 1,
        ..Limits::default()
    };
    let running = run(Setup { limits, ..Setup::default() });
    let post = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length:";
    let mut answers = Vec::new();
    for sent in [
        format!("{post} 11\r\n\r\n").into_bytes(),
        format!("{post} 5\r\n\r\nabc").into_bytes(),
        get_once("/stuck", ""),
        get_once("/panic", ""),
    ] {
        answers.push(exchange(running.address, &sent).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let held = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    answers.push(exchange(running.address, b"").await);
    drop(held);
    let statuses: Vec<_> = answers.iter().map(|answer| &answer[9..12]).collect();
    assert_eq!(statuses, ["413", "408", "503", "500", "503"]);
    for answer in &answers {
        for (name, value) in sekimori_web::headers::ALWAYS {
            assert!(answer.contains(&format!("\r\n{name}: {value}\r\n")), "{name}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_full_listener_says_when_to_come_back() {
    let limits = Limits { connections_max: 1, ..Limits::default() };
    let running = run(Setup { limits, ..Setup::default() });
    let held = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut second = TcpStream::connect(running.address).await.unwrap();
    let answer = rest(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("Retry-After: 5"), "{answer}");
    drop(held);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(exchange(running.address, &get_once("/where", "")).await.contains("200 OK"));
}

#[tokio::test]
async fn idle_connections_make_room_when_all_are_taken() {
    let limits = Limits {
        connections_max: 3,
        crowded_idle_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = run(Setup { limits, ..Setup::default() });
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    let _silent = TcpStream::connect(running.address).await.unwrap();
    let mut used = TcpStream::connect(running.address).await.unwrap();
    used.write_all(b"GET /where HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    busy.write_all(&get_once("/slow", "")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = exchange(running.address, b"").await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = exchange(running.address, &get_once("/where", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(rest(&mut busy).await.starts_with("HTTP/1.1 200"), "a request in flight is finished");
}

#[tokio::test]
async fn stopping_finishes_requests_in_flight_and_ends_idle_connections() {
    let running = run(Setup::default());
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop.enter(Phase::Draining);
    assert!(rest(&mut busy).await.starts_with("HTTP/1.1 200"));
    assert_eq!(rest(&mut silent).await, "");
    tokio::time::timeout(Duration::from_secs(3), running.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let running = run(Setup::default());
    let mut stuck = TcpStream::connect(running.address).await.unwrap();
    stuck.write_all(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop.enter(Phase::Draining);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!running.served.is_finished());
    running.stop.enter(Phase::Cut);
    tokio::time::timeout(Duration::from_secs(1), running.served).await.unwrap().unwrap();
}

fn fixture(name: &str, to: &Path) -> TlsFiles {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = TlsFiles { certificate_file: to.join("tls.pem"), key_file: to.join("tls.key") };
    std::fs::copy(from.join(format!("{name}.pem")), &files.certificate_file).unwrap();
    std::fs::copy(from.join(format!("{name}.key.pem")), &files.key_file).unwrap();
    files
}

#[tokio::test]
async fn a_changed_certificate_is_served_without_a_restart_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let files = fixture("one", folder.path());
    let certificate = Certificate::load(&files).unwrap();
    let speaks = Speaks::Tls(certificate.server_config());
    let running = run(Setup { speaks, ..Setup::default() });
    let (subject, answer) = client::fetch(running.address, "/where").await;
    assert!(subject.windows(11).any(|part| part == b"one.example"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let stamp = certificate.stamp();
    std::fs::write(&files.certificate_file, "not a certificate").unwrap();
    assert_ne!(certificate.stamp(), stamp);
    let why = certificate.reload().unwrap_err().to_string();
    assert!(why.ends_with("tls.pem: there is no PEM certificate in it"), "{why}");
    let (subject, _) = client::fetch(running.address, "/where").await;
    assert!(subject.windows(11).any(|part| part == b"one.example"));

    fixture("two", folder.path());
    certificate.reload().unwrap();
    let (subject, _) = client::fetch(running.address, "/where").await;
    assert!(subject.windows(11).any(|part| part == b"two.example"));
}

#[test]
fn a_certificate_with_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = fixture("one", folder.path());
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/two.key.pem");
    std::fs::copy(other, &files.key_file).unwrap();
    let why = Certificate::load(&files).unwrap_err().to_string();
    assert!(why.contains("tls.pem"), "{why}");
}

/// A TLS client that trusts whatever it is shown, and says what that was.
mod client {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::{DigitallySignedStruct, SignatureScheme};
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    use tokio_rustls::TlsConnector;

    use super::{Arc, AsyncReadExt, AsyncWriteExt, SocketAddr, TcpStream, get_once};

    #[derive(Debug)]
    pub(super) struct Trusting;

    impl ServerCertVerifier for Trusting {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }

    /// The certificate, DER, and the answer.
    pub(super) async fn fetch(address: SocketAddr, path: &str) -> (Vec<u8>, String) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Trusting))
            .with_no_client_auth();
        let socket = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("one.example").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, socket).await.unwrap();
        stream.write_all(&get_once(path, "")).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        (certificate, answer)
    }
}
