//! `sekimori demo`: everything in one command, on loopback, in a fresh folder.
//!
//! The same server as `serve`, over plain http, with six people on paper, a sample service, a page to choose the
//! network that one pretends to be on, and a page of outgoing mail.
//! Certificates are presented over TLS, on hosts below localhost. Never for anybody but the one who tries it:
//! `X-Forwarded-For` from loopback is believed.

mod certificates;
mod codes;
mod mails;
mod networks;
mod paper;
mod passkeys;
mod people;
mod service;
mod site;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use clap::Args;
use sekimori_config::node::{
    Audit, Database, Listener, Log, LogFormat, Management, Node, Proxy, ProxyHeader, Transport,
};
use sekimori_flow::FormerSecrets;
use sekimori_store::ChangeError;
use sekimori_web::DemoView;

use crate::app::{App, Purpose};
use crate::command::{Common, Ended, Failed, runtime};
use crate::serve::Serving;

/// Try everything: a whole campus on this machine, for one person
///
/// Makes a fresh folder, six people, a sample service and pages to pretend to be on another network and to
/// read outgoing mail; prints what to try, in order. Only loopback can reach it. Ctrl-C ends it.
#[derive(Debug, Args)]
pub struct Demo {
    /// Port of the pages; 0 is a free one [default: 8080, or a free one if that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Keep everything in this folder, and go on with it next time [default: a temporary folder]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Address to listen on; only loopback is accepted
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    address: IpAddr,
}

/// The port that is tried first.
const PORT: u16 = 8080;
/// What lies in the folder.
const SOCKET: &str = "sekimori.socket";
const DATABASE: &str = "sekimori.db";
const KEY_FILE: &str = "root.key";

/// Run the demo until it is stopped.
pub fn run(demo: Demo, common: &Common) -> Result<Ended, Failed> {
    // Programs read JSON; a person reads the paper, and beside it what matters.
    let format = if common.json() { LogFormat::Json } else { LogFormat::Text };
    let _logging = crate::log::start(Log { format, ..Log::default() });
    runtime()?.block_on(until_stopped(demo, common.json()))?;
    Ok(Ended::Well)
}

async fn until_stopped(demo: Demo, json: bool) -> Result<(), Failed> {
    if !demo.address.is_loopback() {
        let refused = Failed::new(format!("the demo does not listen on {}", demo.address));
        return Err(refused.remedy(
            "its passwords are on paper: use loopback, or set up a server with `sekimori serve`",
        ));
    }
    let place = Place::of(&demo)?;
    let folder = place.folder().to_owned();
    let [chosen, sample_port, management, other_port] = free_ports(demo.address)?;
    let port = port(&demo, chosen);
    let management = SocketAddr::new(demo.address, management);
    let host = host(demo.address);
    let issuer = format!("http://{host}:{port}");
    let sample_base = format!("http://{host}:{sample_port}");
    let mut settings = settings(&demo, &folder, port, management);
    // Names below localhost lead to one address only.
    let certificates = (host == "localhost").then_some(other_port);
    if let Some(port) = certificates {
        let transport = Transport::Tls(certificates::tls_files(&folder)?);
        let address = SocketAddr::new(demo.address, port);
        settings.certificates = Some(Listener { address, transport, proxy_protocol: None });
    }
    let app = App::open(&settings, Purpose::Serve).await?;
    write_node_file(&folder, management)?;
    let present =
        site::Addresses { issuer: issuer.clone(), sample: sample_base.clone(), certificates };
    apply(&app, &present).await?;
    certificates::ensure_authority(&app).await?;
    let tenant = app.tenant(None)?;
    let secret = app
        .flow
        .make_client_secret(&tenant, site::SAMPLE_CLIENT, FormerSecrets::End)
        .await
        .map_err(Failed::at("making the sample service's secret"))?;
    app.keep().await?;
    let tenant = app.tenant(None)?;
    let people = people::ensure(&app.flow, &tenant, &folder).await?;
    let sink = mails::Sink::default();
    sink.start(app.flow.clone());
    let router = router(&app, sink.clone(), &people, &folder);
    let certificates = certificates::Sheet::of(&tenant, &folder)?;
    let serving = Serving::start(app, router)?;
    let addresses = both_families(demo.address, sample_port);
    service::start(&addresses, &sample_base, &issuer, secret.expose()).await?;
    let paper = paper::Paper {
        folder,
        issuer,
        management: format!("http://{management}"),
        sample_base,
        secret: secret.expose().clone(),
        people,
        certificates,
    };
    paper.print(json);
    serving.until_stopped().await
}

/// Where everything lies.
enum Place {
    Kept(PathBuf),
    /// Gone when the demo ends.
    Temporary(tempfile::TempDir),
}

impl Place {
    fn of(demo: &Demo) -> Result<Self, Failed> {
        if let Some(folder) = &demo.dir {
            not_a_node(folder)?;
            return Ok(Self::Kept(folder.clone()));
        }
        let fresh = tempfile::Builder::new().prefix("sekimori-demo-").tempdir();
        fresh.map(Self::Temporary).map_err(Failed::at("making a temporary folder"))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(temporary) => temporary.path(),
        }
    }
}

const WRITTEN: &str = "# Written by `sekimori demo`.";

/// A folder with the settings of a real node is left alone.
fn not_a_node(folder: &Path) -> Result<(), Failed> {
    let path = folder.join("sekimori.toml");
    match std::fs::read(&path) {
        Ok(text) if text.starts_with(WRITTEN.as_bytes()) => Ok(()),
        Ok(_) => {
            let other = Failed::new(format!("{} is not a demo's", path.display()));
            Err(other.remedy("name another folder: the demo would write over it"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failed::at(path.display())(error)),
    }
}

/// The node's file, so that commands in this folder find the demo, or its database when it has ended.
fn write_node_file(folder: &Path, management: SocketAddr) -> Result<(), Failed> {
    let text = format!(
        "{WRITTEN}\nkey_file = \"{KEY_FILE}\"\n\n\
         [management]\naddress = \"{management}\"\nsocket = \"{SOCKET}\"\n\n\
         [database]\nsqlite = \"{DATABASE}\"\n"
    );
    let path = folder.join("sekimori.toml");
    std::fs::write(&path, text).map_err(Failed::at(format!("writing {}", path.display())))
}

fn router(app: &App, sink: mails::Sink, people: &[people::OnPaper], folder: &Path) -> Router {
    let view = DemoView {
        networks_href: networks::PATH.to_owned(),
        mails_href: mails::PATH.to_owned(),
        codes_href: codes::PATH.to_owned(),
    };
    let web = sekimori_web::App { flow: app.flow.clone(), demo: Some(Arc::new(view)) };
    let pages = networks::routes(web.clone())
        .merge(mails::routes(web.clone(), sink))
        .merge(codes::routes(web.clone(), people))
        .merge(certificates::routes(folder, people));
    networks::pretending(sekimori_web::router_with(web, pages))
}

fn settings(demo: &Demo, folder: &Path, port: u16, management: SocketAddr) -> Node {
    let loopback = |text: &str| text.parse().expect("a well-formed range");
    Node {
        listeners: both_families(demo.address, port).into_iter().map(listener).collect(),
        proxies: vec![Proxy {
            addresses: vec![loopback("127.0.0.0/8"), loopback("::1/128")],
            header: ProxyHeader::XForwardedFor,
            client_cert: false,
        }],
        management: Management { address: management, socket: folder.join(SOCKET) },
        database: Database::Sqlite(folder.join(DATABASE)),
        key_file: folder.join(KEY_FILE),
        audit: Audit { checkpoint_file: folder.join(Audit::default().checkpoint_file) },
        ..Node::default()
    }
}

/// Where `localhost` leads to: browsers try `::1` first, where there is one and nobody else has the port.
fn both_families(address: IpAddr, port: u16) -> Vec<SocketAddr> {
    let mut addresses = vec![SocketAddr::new(address, port)];
    let other = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
    if address == Ipv4Addr::LOCALHOST && is_free(other) {
        addresses.push(other);
    }
    addresses
}

fn listener(address: SocketAddr) -> Listener {
    Listener { address, transport: Transport::Plain, proxy_protocol: None }
}

/// Apply the demo's site document; a site that stands already takes the present addresses and stays as it is.
async fn apply(app: &App, addresses: &site::Addresses) -> Result<(), Failed> {
    let doing = "applying the demo's site";
    let fresh = site::site(addresses);
    let tenant = app.tenant_of(&fresh).await?;
    let now = app.flow.clock.now();
    let standing = app.flow.store.site(tenant).await.map_err(Failed::at(doing))?;
    let (version, site) = match standing {
        None => (0, fresh),
        Some(standing) => {
            let moved = site::moved(&standing.site, addresses);
            if moved == standing.site {
                return app.keep().await;
            }
            (standing.version, moved)
        }
    };
    match app.flow.store.apply_site(tenant, version, &site, now, "demo").await {
        Ok(_) | Err(ChangeError::Stale) => {}
        Err(ChangeError::Fault(fault)) => return Err(Failed::at(doing)(fault)),
    }
    app.keep().await
}

/// What browsers call it: `localhost` leads to two addresses, and to no other.
fn host(address: IpAddr) -> String {
    match address {
        IpAddr::V4(other) if other != Ipv4Addr::LOCALHOST => other.to_string(),
        IpAddr::V4(_) | IpAddr::V6(_) => "localhost".to_owned(),
    }
}

fn port(demo: &Demo, free: u16) -> u16 {
    match demo.port {
        Some(0) => free,
        Some(port) => port,
        None if is_free(SocketAddr::new(demo.address, PORT)) => PORT,
        None => free,
    }
}

fn is_free(address: SocketAddr) -> bool {
    std::net::TcpListener::bind(address).is_ok()
}

/// As many ports as are asked for, no two of them the same.
fn free_ports<const N: usize>(address: IpAddr) -> Result<[u16; N], Failed> {
    let finding = || Failed::at(format!("finding a free port on {address}"));
    let mut ports = [0; N];
    // Each stays taken until all are found.
    let mut taken = Vec::with_capacity(N);
    for port in &mut ports {
        let socket = std::net::TcpListener::bind((address, 0)).map_err(finding())?;
        *port = socket.local_addr().map_err(finding())?.port();
        taken.push(socket);
    }
    Ok(ports)
}
