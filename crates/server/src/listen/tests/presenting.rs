//! Certificate hosts as clients meet them: what the handshake hands on, and what it refuses.

use std::io;
use std::sync::Mutex;

use rustls::client::ResolvesClientCert;
use rustls::client::{ClientSessionMemoryCache, Resumption};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, HandshakeKind, ProtocolVersion, SignatureScheme, SupportedProtocolVersion,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::Trusting;
use super::*;
use crate::listen::presenting::Presenting;

const HOST: &str = "try1.cert.example";
/// `SEQUENCE {}`: the shortest name.
const HINT: [u8; 2] = [0x30, 0];

/// What somebody presents, and what they were asked for.
#[derive(Debug)]
struct Holder {
    key: Arc<CertifiedKey>,
    asked: Mutex<Vec<Vec<u8>>>,
}

impl ResolvesClientCert for Holder {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.asked.lock().unwrap() = hints.iter().map(|hint| hint.to_vec()).collect();
        Some(Arc::clone(&self.key))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn fixture_file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Somebody with the certificate of one file, and the key of another.
fn holder(certificate: &str, key: &str) -> Arc<Holder> {
    let der = CertificateDer::from_pem_file(fixture_file(&format!("{certificate}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture_file(&format!("{key}.key.pem"))).unwrap();
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let key = Arc::new(CertifiedKey::new(vec![der], key));
    Arc::new(Holder { key, asked: Mutex::default() })
}

fn setup() -> Setup {
    let files = TlsFiles {
        certificate_file: fixture_file("one.pem"),
        key_file: fixture_file("one.key.pem"),
    };
    let certificate = Certificate::load(&files).unwrap();
    let hints = |host: &str| host.ends_with(".cert.example").then(|| vec![HINT.to_vec()]);
    let speaks = Speaks::Presenting(Presenting::new(certificate, Box::new(hints)));
    Setup { speaks, answers: Answers::CertificateHosts, ..Setup::default() }
}

struct Client {
    config: ClientConfig,
    host: &'static str,
}

fn client(holder: Option<Arc<Holder>>) -> Client {
    client_of(holder, &[&rustls::version::TLS13, &rustls::version::TLS12])
}

fn client_of(
    holder: Option<Arc<Holder>>,
    versions: &[&'static SupportedProtocolVersion],
) -> Client {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting));
    let mut config = match holder {
        Some(holder) => builder.with_client_cert_resolver(holder),
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::store(Arc::new(ClientSessionMemoryCache::new(8)));
    Client { config, host: HOST }
}

impl Client {
    async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let socket = TcpStream::connect(address).await?;
        let connector = TlsConnector::from(Arc::new(self.config.clone()));
        connector.connect(ServerName::try_from(self.host).unwrap(), socket).await
    }

    /// What is answered; an error if no answer comes.
    async fn ask(&self, address: SocketAddr, headers: &str) -> io::Result<String> {
        let mut stream = self.connect(address).await?;
        said_by(&mut stream, &get_once("/presented", headers)).await
    }
}

async fn said_by(stream: &mut TlsStream<TcpStream>, sent: &[u8]) -> io::Result<String> {
    stream.write_all(sent).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn text_of(holder: &Holder) -> String {
    BASE64.encode(&holder.key.cert[0])
}

#[tokio::test]
async fn a_certificate_is_asked_for_and_handed_on_and_so_is_that_there_is_none() {
    let running = run(setup());
    let holder = holder("two", "two");
    let answer = client(Some(Arc::clone(&holder))).ask(running.address, "").await.unwrap();
    let wanted = format!("Named(\"{HOST}\") presented {}", text_of(&holder));
    assert!(answer.contains(&wanted), "{answer}");
    assert_eq!(*holder.asked.lock().unwrap(), [HINT.to_vec()]);
    let answer = client(None).ask(running.address, "").await.unwrap();
    assert!(answer.contains(&format!("Named(\"{HOST}\") presented none")), "{answer}");
}

#[tokio::test]
async fn nobody_is_asked_on_a_host_that_is_none_of_ours() {
    let running = run(setup());
    let holder = holder("two", "two");
    let client = Client { host: "login.example", ..client(Some(holder)) };
    let answer = client.ask(running.address, "").await.unwrap();
    assert!(answer.contains("Named(\"login.example\") presented none"), "{answer}");
    let client = Client { host: "192.0.2.1", ..client };
    let answer = client.ask(running.address, "").await.unwrap();
    assert!(answer.contains("Unnamed presented none"), "{answer}");
}

#[tokio::test]
async fn a_certificate_without_its_key_does_not_come_through_the_handshake() {
    let running = run(setup());
    let thief = client(Some(holder("two", "one")));
    assert!(thief.ask(running.address, "").await.is_err());
    let metrics = running.metrics.text();
    assert!(metrics.contains(r#"refused_total{reason="tls"} 1"#), "{metrics}");
    let owner = client(Some(holder("two", "two")));
    assert!(owner.ask(running.address, "").await.unwrap().contains("200 OK"));
}

#[tokio::test]
async fn nothing_of_a_handshake_outlives_its_connection() {
    let running = run(setup());
    let client = client(Some(holder("two", "two")));
    for _ in 0..3 {
        let mut stream = client.connect(running.address).await.unwrap();
        let answer = said_by(&mut stream, &get_once("/presented", "")).await.unwrap();
        assert!(answer.contains("200 OK"), "{answer}");
        let session = stream.get_ref().1;
        assert_eq!(session.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(session.tls13_tickets_received(), 0);
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    }
}

#[tokio::test]
async fn neither_tls_1_2_nor_http_2_is_spoken() {
    let running = run(setup());
    let old = client_of(None, &[&rustls::version::TLS12]);
    assert!(old.ask(running.address, "").await.is_err());
    let mut only_two = client(None);
    only_two.config.alpn_protocols = vec![b"h2".to_vec()];
    assert!(only_two.connect(running.address).await.is_err());
    let mut both = client(None);
    both.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = both.connect(running.address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = said_by(&mut stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(answer.unwrap_or_default(), "", "not even without asking");
}

#[tokio::test]
async fn a_slow_handshake_is_cut_and_a_stop_finishes_what_was_begun() {
    let limits = Limits { handshake_max: Duration::from_millis(200), ..Limits::default() };
    let running = run(Setup { limits, ..setup() });
    let begin = Instant::now();
    assert_eq!(exchange(running.address, b"\x16\x03\x01").await, "");
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    let client = client(None);
    let mut stream = client.connect(running.address).await.unwrap();
    let idle = client.connect(running.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop.enter(Phase::Draining);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    tokio::time::timeout(Duration::from_secs(3), running.served).await.unwrap().unwrap();
    drop(idle);
}

fn behind(client_cert: bool, range: &str) -> Vec<Proxy> {
    let header = ProxyHeader::XForwardedFor;
    vec![Proxy { addresses: vec![range.parse().unwrap()], header, client_cert }]
}

/// S43: who writes `Client-Cert` is anybody, so only a declared proxy may, and only on the listener that is for it.
#[tokio::test]
async fn a_forwarded_certificate_is_taken_from_a_declared_proxy_and_ignored_from_everybody_else() {
    let plain = |proxies| Setup { proxies, answers: Answers::CertificateHosts, ..Setup::default() };
    let request = get_once("/presented", "Client-Cert: :AQID:\r\n");
    let declared = run(plain(behind(true, "127.0.0.1/32")));
    let answer = exchange(declared.address, &request).await;
    assert!(answer.contains("AtProxy presented AQID"), "{answer}");
    let twice = get_once("/presented", "Client-Cert: :AQID:\r\nClient-Cert: :AQID:\r\n");
    let answer = exchange(declared.address, &twice).await;
    assert!(answer.ends_with("AtProxy presented "), "there is something, and it is none: {answer}");
    let answer = exchange(declared.address, &get_once("/presented", "")).await;
    assert!(answer.ends_with("AtProxy presented none"), "{answer}");
    let ignored = "client_cert_headers_ignored_total";
    assert!(declared.metrics.text().contains(&format!("{ignored} 0")));

    for proxies in [Vec::new(), behind(false, "127.0.0.1/32"), behind(true, "192.0.2.1/32")] {
        let other = run(plain(proxies));
        let answer = exchange(other.address, &request).await;
        assert!(answer.ends_with("AtProxy presented none"), "{answer}");
        assert!(other.metrics.text().contains(&format!("{ignored} 1")));
    }
    // Neither where the handshake itself says what was presented, nor where nothing is asked.
    let tls = run(Setup { proxies: behind(true, "127.0.0.1/32"), ..setup() });
    let holder = holder("two", "two");
    let client = client(Some(Arc::clone(&holder)));
    let answer = client.ask(tls.address, "Client-Cert: :AQID:\r\n").await.unwrap();
    assert!(answer.ends_with(&format!("presented {}", text_of(&holder))), "{answer}");
    assert!(tls.metrics.text().contains(&format!("{ignored} 1")));
    let proxies = behind(true, "127.0.0.1/32");
    let pages = run(Setup { proxies, ..Setup::default() });
    let answer = exchange(pages.address, &request).await;
    assert!(answer.ends_with("nothing is asked here"), "{answer}");
    assert!(pages.metrics.text().contains(&format!("{ignored} 1")));
}
