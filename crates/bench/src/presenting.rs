//! Presenting a certificate: a handshake on a certificate host with what is asked there, and a handshake alone.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use core_affinity::CoreId;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use sekimori_pki::{PemKind, pem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Wrong;
use crate::authority::{Authority, Held};
use crate::browser::{Arrived, Browser, Origin};
use crate::failure::Failure;
use crate::flows::Flow;
use crate::outside::cpu_of_this_thread;
use crate::people::{password, username};
use crate::pin::stay_on;
use crate::postgres::free_port;
use crate::service::{Asked, Client, Service};

/// What all certificate hosts end in.
pub const BELOW: &str = "cert.localhost";
/// A page leads to its host for five minutes; it is asked for anew before.
const TICKET_LIFE: Duration = Duration::from_mins(4);
/// Scopes of an ordinary sign-in.
const SCOPE: &str = "openid profile";

/// A device that presents one certificate, with handshakes that know nothing of each other.
#[derive(Clone)]
pub struct Device {
    connector: TlsConnector,
}

impl Device {
    /// With this certificate; `hosts` is that of the server.
    pub fn new(held: &Held, hosts: &CertificateDer<'static>) -> Result<Self, Wrong> {
        let doing = "a client's TLS";
        let mut roots = RootCertStore::empty();
        roots.add(hosts.clone()).map_err(Wrong::at(doing))?;
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_protocol_versions(&[&rustls::version::TLS13]);
        let config = config.map_err(Wrong::at(doing))?.with_root_certificates(roots);
        let config = config.with_client_auth_cert(held.chain.clone(), held.key());
        let mut config = config.map_err(Wrong::at(doing))?;
        config.resumption = Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }

    async fn connect(
        &self,
        address: SocketAddr,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let stream = TcpStream::connect(address).await.map_err(|error| broken(&error))?;
        stream.set_nodelay(true).map_err(|error| broken(&error))?;
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| Failure::content("certificate", "no name of a host"))?;
        self.connector.connect(name, stream).await.map_err(|error| broken(&error))
    }
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::Connection(error.to_string())
}

/// Where the server lets certificates be presented.
pub struct Hosts {
    /// Its listener.
    pub address: SocketAddr,
    /// The certificate of all hosts, which vouches for itself.
    pub certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Hosts {
    /// A free port, and the two files that the node's file names, in a folder.
    pub fn make(folder: &Path) -> Result<Self, Wrong> {
        let doing = "a certificate for the certificate hosts";
        let key = KeyPair::generate().map_err(Wrong::at(doing))?;
        let params = CertificateParams::new(vec![format!("*.{BELOW}")]);
        let made = params.and_then(|params| params.self_signed(&key)).map_err(Wrong::at(doing))?;
        let certificate = pem(PemKind::Certificate, made.der());
        let secret = pem(PemKind::PrivateKey, &key.serialize_der());
        for (name, text) in [("hosts.pem", certificate), ("hosts.key", secret)] {
            let mut options = fs::File::options();
            let file = options.write(true).create_new(true).mode(0o600).open(folder.join(name));
            let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(Wrong::at(name))?;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        Ok(Self { address, certificate: made.der().clone(), key })
    }

    /// Its key, for another server with the same certificate.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

/// A page that asks for a certificate: the host that it leads to, and its ticket.
struct Question {
    host: String,
    ticket: String,
    at: Instant,
}

impl Question {
    fn on(page: &str) -> Option<Self> {
        let between = |from: &str, until: char| {
            let (_, rest) = page.split_once(from)?;
            rest.split(until).next().map(str::to_owned)
        };
        let host = between("action=\"https://", ':')?;
        let ticket = between("name=\"ticket\" value=\"", '"')?;
        Some(Self { host, ticket, at: Instant::now() })
    }
}

/// Somebody outside, who needs one more proof than the password and has a certificate.
pub struct Holder {
    origin: Origin,
    hosts: SocketAddr,
    device: Device,
    service: Service,
    person: u64,
    turn: u64,
}

impl Holder {
    /// One of many.
    pub fn new(
        origin: &Origin,
        hosts: SocketAddr,
        device: Device,
        client: &Rc<Client>,
        person: u64,
    ) -> Self {
        let service = Service::new(client, origin, SCOPE);
        Self { origin: origin.clone(), hosts, device, service, person, turn: 0 }
    }

    /// Up to the page that asks for the certificate.
    async fn asked(&mut self) -> Result<(Browser, Asked, Question), Failure> {
        let [.., a, b] = self.turn.to_be_bytes();
        self.turn += 1;
        let from = format!("203.{}.{a}.{b}", self.person % 256);
        let mut browser = Browser::new(&self.origin, &from);
        let asked = self.service.ask();
        browser.open("authorize", &asked.path).await?;
        let form = browser.form("authorize")?;
        browser.send("user name", &form, &[("username", &username(self.person))]).await?;
        let form = browser.form("user name")?;
        browser.send("password", &form, &[("password", &password(self.person))]).await?;
        let question = Question::on(browser.page());
        let question = question.ok_or_else(|| Failure::content("password", browser.heading()))?;
        Ok((browser, asked, question))
    }

    /// Present the certificate; gives the way back, on the server's own host.
    async fn present(&self, question: &Question) -> Result<String, Failure> {
        let step = "certificate";
        let Question { host, ticket, .. } = question;
        let mut stream = self.device.connect(self.hosts, host).await?;
        let request = format!(
            "GET /present?ticket={ticket} HTTP/1.1\r\nHost: {host}:{}\r\nAccept: text/html\r\n\r\n",
            self.hosts.port()
        );
        stream.write_all(request.as_bytes()).await.map_err(|error| broken(&error))?;
        let mut answer = Vec::with_capacity(4096);
        // It is closed after one answer.
        stream.read_to_end(&mut answer).await.map_err(|error| broken(&error))?;
        let text = std::str::from_utf8(&answer).map_err(|_| Failure::Malformed("head"))?;
        let mut lines = text.split("\r\n");
        if !lines.next().is_some_and(|line| line.starts_with("HTTP/1.1 303")) {
            return Err(Failure::content(step, text.lines().next().unwrap_or_default()));
        }
        let location = lines.find_map(|line| line.strip_prefix("location: "));
        let path = location.and_then(|location| location.strip_prefix(&*self.origin.issuer));
        path.map(str::to_owned).ok_or_else(|| Failure::content(step, "no way back"))
    }
}

/// `certificate`: handshake, question and answer on a certificate host, again and again with one page's ticket.
pub struct Presenting {
    holder: Holder,
    question: Question,
}

impl Presenting {
    /// Ask for a page first.
    pub async fn new(mut holder: Holder) -> Result<Self, Failure> {
        let (_, _, question) = holder.asked().await?;
        Ok(Self { holder, question })
    }

    /// For whole sign-ins afterwards.
    pub fn into_holder(self) -> Holder {
        self.holder
    }
}

impl Flow for Presenting {
    async fn walk(&mut self) -> Result<(), Failure> {
        if self.question.at.elapsed() > TICKET_LIFE {
            self.question = self.holder.asked().await?.2;
        }
        self.holder.present(&self.question).await.map(drop)
    }
}

/// Whole sign-ins, the certificate after the password.
impl Flow for Holder {
    async fn walk(&mut self) -> Result<(), Failure> {
        let (mut browser, asked, question) = self.asked().await?;
        let back = self.present(&question).await?;
        match browser.open("certificate", &back).await? {
            Arrived::Service(location) => self.service.redeem(&asked, &location).await.map(drop),
            Arrived::Page => Err(Failure::content("certificate", browser.heading())),
        }
    }
}

/// A handshake with a server that does nothing else.
pub struct Handshake {
    device: Device,
    address: SocketAddr,
}

impl Flow for Handshake {
    async fn walk(&mut self) -> Result<(), Failure> {
        let mut stream = self.device.connect(self.address, &format!("a.{BELOW}")).await?;
        // The end says that the certificate was looked at: in TLS 1.3 the client is ready before that.
        stream.read_to_end(&mut Vec::new()).await.map_err(|error| broken(&error))?;
        Ok(())
    }
}

/// A server that shakes hands and closes, verifying certificates as rustls does by itself.
pub struct Bare {
    /// Where it is.
    pub address: SocketAddr,
    /// Its thread's CPU time, in nanoseconds.
    cpu: Arc<AtomicU64>,
}

impl Bare {
    /// Start it on a core; it ends with this process.
    pub async fn start(
        core: CoreId,
        authority: &Authority,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Wrong> {
        let acceptor = acceptor(authority, chain, key)?;
        let (ready, address) = oneshot::channel();
        let cpu = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&cpu);
        std::thread::spawn(move || {
            stay_on(core);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else {
                    return;
                };
                let Ok(address) = listener.local_addr() else { return };
                if ready.send(address).is_err() {
                    return;
                }
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, told) = (acceptor.clone(), Arc::clone(&told));
                    tokio::spawn(async move {
                        let _ = stream.set_nodelay(true);
                        if let Ok(mut stream) = acceptor.accept(stream).await {
                            let _ = stream.shutdown().await;
                        }
                        let nanos = cpu_of_this_thread().as_nanos();
                        told.store(u64::try_from(nanos).unwrap_or(u64::MAX), Ordering::Relaxed);
                    });
                }
            });
        });
        let address = address.await.map_err(Wrong::at("a server that only shakes hands"))?;
        Ok(Self { address, cpu })
    }

    /// Its CPU time until its last handshake.
    pub fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed))
    }

    /// Somebody who shakes hands with it.
    pub fn handshake(&self, device: &Device) -> Handshake {
        Handshake { device: device.clone(), address: self.address }
    }
}

fn acceptor(
    authority: &Authority,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, Wrong> {
    let doing = "a server that only shakes hands";
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.root.clone()).map_err(Wrong::at(doing))?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = verifier.build().map_err(Wrong::at(doing))?;
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(&[&rustls::version::TLS13]);
    let config = config.map_err(Wrong::at(doing))?.with_client_cert_verifier(verifier);
    let mut config = config.with_single_cert(chain, key).map_err(Wrong::at(doing))?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_to_which_host_it_leads_and_with_what() {
        let page = "<form method=\"get\" action=\"https://abc.cert.localhost:4711/present\" id=\"step\">\
            <input type=\"hidden\" name=\"ticket\" value=\"x-y_z\">";
        let question = Question::on(page).unwrap();
        assert_eq!(
            (question.host.as_str(), question.ticket.as_str()),
            ("abc.cert.localhost", "x-y_z")
        );
        assert!(Question::on("<form method=\"post\" action=\"/login\">").is_none());
    }
}
