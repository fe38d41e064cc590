//! What everybody may ask about certificates: `ocsp` beside a bare signature, and `crl`, a revocation list with very many
//! entries.

use std::time::{Duration, Instant};

use sekimori_base::{Clock, random};
use sekimori_directory::{Binding, Username};
use sekimori_pki::Serial;
use sekimori_pki::ocsp::{NONCE_BYTES, question};
use sekimori_pki::presented::{Field, IdentityRule, IssuerSettings, Trust};
use sekimori_store::{CertificateSerial, NewCertificate, Write};

use crate::Wrong;
use crate::arguments::Arguments;
use crate::authority::{Authority, Held};
use crate::browser::{Browser, Origin};
use crate::failure::Failure;
use crate::flows::Flow;
use crate::measure::measure;
use crate::outside::{SystemClock, SystemEntropy, peak_rss_mib};
use crate::people::username;
use crate::report::Report;
use crate::run::{beside, tell};
use crate::server::Server;
use crate::statistics::median;
use crate::wire::Connection;
use crate::world::{Open, World};

/// So many people share them: each one's good certificates are counted with every new one.
const OWNERS_MAX: u64 = 1_000;
/// Entries that are written at once.
const AT_ONCE: u64 = 200;
/// How often the standing list is fetched.
const FETCHES: usize = 20;
/// After so long a list is looked at again.
const LOOK: Duration = Duration::from_millis(2_200);
/// Certificates hold for so long, in seconds.
const LIFE_SECONDS: i64 = 25 * 30 * 86_400;
/// CRLReason: superseded.
const SUPERSEDED: u8 = 4;
/// A refusal has five bytes, an answer some hundreds.
const ANSWER_BYTES_MIN: usize = 100;

/// Questions about one certificate, each with a nonce: each is answered with a signature.
struct Asking {
    origin: Origin,
    request: Vec<u8>,
    connection: Option<Connection>,
}

impl Flow for Asking {
    async fn walk(&mut self) -> Result<(), Failure> {
        let step = "ocsp";
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.origin.address).await?,
        };
        let head = connection.exchange(&self.request).await?;
        if head.status != 200 {
            return Err(Failure::Status { step, status: head.status, reason: String::new() });
        }
        if connection.body().len() < ANSWER_BYTES_MIN {
            return Err(Failure::content(step, "a refusal"));
        }
        self.connection = Some(connection);
        Ok(())
    }
}

/// Measure the responder.
pub async fn ocsp(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    let first = server.pss_mib();
    let authority = Authority::make(world)?;
    let held = Authority::issue(world, 0)?;
    let beside = beside(arguments, world).await?;
    report.put("bare", beside.describe());
    let workers = (0..arguments.workers).map(|_| asking(world, &authority, &held));
    let mut workers = workers.collect::<Result<Vec<_>, Wrong>>()?;
    let (seconds, cores) = (arguments.seconds, &world.cores);
    let measured = measure(&mut workers, beside, &server, cores, seconds).await?;
    tell(report, &measured, first);
    server.stop();
    Ok(())
}

fn asking(world: &World, authority: &Authority, held: &Held) -> Result<Asking, Wrong> {
    let doing = "a question to the responder";
    let trust = Trust::new(vec![IssuerSettings {
        certificate: authority.issuing.to_vec(),
        above: vec![authority.root.to_vec()],
        withdrawn_since: None,
        identities: vec![IdentityRule::always(Field::SerialNumber)],
    }]);
    let trust = trust.map_err(Wrong::at(doing))?;
    let nonce: [u8; NONCE_BYTES] = random(&SystemEntropy);
    let body = question(&trust.issuers()[0], serial(held)?, &nonce).map_err(Wrong::at(doing))?;
    let head = format!(
        "POST /ca/ocsp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/ocsp-request\r\n\
         Content-Length: {}\r\n\r\n",
        world.origin.host(),
        body.len()
    );
    let request = [head.into_bytes(), body].concat();
    Ok(Asking { origin: world.origin.clone(), request, connection: None })
}

fn serial(held: &Held) -> Result<Serial, Wrong> {
    let read = sekimori_pki::Certificate::read(&held.chain[0]);
    Ok(read.map_err(Wrong::at("a certificate of a person"))?.serial())
}

/// Measure a list with very many entries.
pub async fn crl(arguments: &Arguments, world: &World, report: &mut Report) -> Result<(), Wrong> {
    let server = world.start().await?;
    let authority = Authority::make(world)?;
    let held = Authority::issue(world, 0)?;
    server.stop();
    let begin = Instant::now();
    revoke_many(world, &authority, &held, arguments).await?;
    report.put("entries", arguments.entries);
    report.figure("filled_s", begin.elapsed().as_secs_f64());
    let server = world.start().await?;
    let path = format!("/ca/{}.crl", authority.name);
    report.figure("server_pss_mib_before", server.pss_mib());
    let cpu = server.cpu();
    let (made, size) = fetch(world, &path).await?;
    report.figure("made_ms", made);
    report.figure("made_cpu_ms", server.cpu().saturating_sub(cpu).as_secs_f64() * 1000.0);
    report.put("bytes", size);
    let mut again = Vec::new();
    for _ in 0..FETCHES {
        again.push(fetch(world, &path).await?.0);
    }
    report.figure("fetched_ms", median(&mut again));
    memory(report, &server, "after_the_first");
    let number = serial(&held)?.to_string();
    world.command(&["certificate", "revoke", &number])?;
    tokio::time::sleep(LOOK).await;
    let (renewed, longer) = fetch(world, &path).await?;
    report.figure("made_anew_ms", renewed);
    report.must("one_entry_more", longer > size);
    memory(report, &server, "after_the_second");
    server.stop();
    Ok(())
}

fn memory(report: &mut Report, server: &Server, when: &str) {
    report.figure(&format!("server_pss_mib_{when}"), server.pss_mib());
    report
        .figure(&format!("server_peak_mib_{when}"), peak_rss_mib(server.id()).unwrap_or(f64::NAN));
}

/// Milliseconds and bytes of one fetch, on a connection of its own.
async fn fetch(world: &World, path: &str) -> Result<(f64, usize), Wrong> {
    let mut browser = Browser::new(&world.origin, "10.0.0.1");
    let begin = Instant::now();
    let head = browser.get(path).await.map_err(Wrong::at("the list"))?;
    let took = begin.elapsed().as_secs_f64() * 1000.0;
    if head.status != 200 {
        return Err(Wrong::new(format!("the list: status {}", head.status)));
    }
    Ok((took, head.length()))
}

/// Certificates of many people, each issued and taken back, straight into the database.
async fn revoke_many(
    world: &World,
    authority: &Authority,
    held: &Held,
    arguments: &Arguments,
) -> Result<(), Wrong> {
    let doing = "revoking";
    let Open { store, tenant } = world.open().await?;
    let now = SystemClock.now();
    let mut people = Vec::new();
    for number in 0..arguments.people.min(OWNERS_MAX) {
        let name = Username::parse(&username(number)).map_err(Wrong::at(doing))?;
        let person = store.person_by_username(tenant, now, name).await.map_err(Wrong::at(doing))?;
        people.push(person.ok_or_else(|| Wrong::new("there is nobody"))?.person.id);
    }
    let (mut done, mut turns) = (0, people.iter().cycle());
    while done < arguments.entries {
        let mut writes = Vec::new();
        for _ in 0..AT_ONCE.min(arguments.entries - done) {
            let Some(person) = turns.next() else { break };
            let serial = Serial::random(&SystemEntropy);
            let serial = CertificateSerial::from_bytes(serial.bytes());
            let serial = serial.ok_or_else(|| Wrong::new("a number that is none"))?;
            writes.push(Write::CertificatePut(NewCertificate {
                serial: serial.clone(),
                authority: authority.name.clone(),
                person: *person,
                label: String::new(),
                document: held.chain[0].to_vec(),
                issued_by: "bench".to_owned(),
                expires_at: now.plus_seconds(LIFE_SECONDS),
                account_until: None,
                binding: Binding::Desk,
                file: None,
                good_max: 20,
                is_factor: true,
            }));
            writes.push(Write::CertificateRevoke { serial, reason: SUPERSEDED });
        }
        done += AT_ONCE;
        store.commit(tenant, SystemClock.now(), writes).await.map_err(Wrong::at(doing))?;
    }
    store.close();
    Ok(())
}
