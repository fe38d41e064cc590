//! The bare cost of what a flow is made of, on the server's core while the server has nothing to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sekimori_base::{Secret, random};
use sekimori_credential::Memory;
use sekimori_credential::password::{self, Against, HashRecord, Recipe, Verdict};
use sekimori_hashmem::{Inputs, Unit, argon2id_on};
use sekimori_keys::{KeyProfile, RsaBits, SignatureAlgorithm, Signer, SigningKey};
use tokio::task::LocalSet;

use crate::Wrong;
use crate::outside::{SystemEntropy, cpu_of_this_thread};
use crate::pin::{Cores, apart_meanwhile};
use crate::statistics::count;
use crate::world::COST;

/// Connections of the bare commits on PostgreSQL: as many as the server has.
const CONNECTIONS: usize = 16;
/// Bytes of a row that is committed: about what a refresh writes.
const ROW_BYTES: usize = 256;
/// Bytes that are signed: about a token's header and claims.
const TOKEN_BYTES: usize = 600;

/// What is measured beside a flow.
pub enum Bare {
    /// One Argon2id after another, by the code that checks passwords.
    Argon2(Box<Argon2>),
    /// One signature after another.
    Signature(Arc<SigningKey>),
    /// One row, one commit, one after another, in a database of its own beside the server's.
    SqliteCommits(Option<Box<Connection>>),
    /// The same on as many connections as the server has.
    PostgresCommits(String),
}

/// One Argon2id.
pub struct Argon2 {
    parts: Option<(Memory, HashRecord, Secret<String>)>,
}

/// How often it was done.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Per second of the clock.
    pub per_second: f64,
    /// CPU time of one, in milliseconds.
    pub cpu_ms: f64,
}

impl Bare {
    /// Argon2id with the parameters of the server.
    pub fn argon2() -> Result<Self, Wrong> {
        let mut memory = Memory::new(COST.memory_kib).map_err(Wrong::at("memory for hashing"))?;
        let secret = Secret::new(crate::people::password(1));
        let recipe = Recipe { cost: COST, peppers: &[] };
        let record = password::hash(&mut memory, &recipe, &secret, random(&SystemEntropy));
        let record = record.map_err(Wrong::at("hashing"))?;
        Ok(Self::Argon2(Box::new(Argon2 { parts: Some((memory, record, secret)) })))
    }

    /// Signatures with this algorithm.
    pub fn signature(algorithm: SignatureAlgorithm) -> Result<Self, Wrong> {
        let profile = match algorithm {
            SignatureAlgorithm::Es256 => KeyProfile::Es256,
            SignatureAlgorithm::Rs256 => KeyProfile::Rs256(RsaBits::B2048),
            SignatureAlgorithm::Ps256 => KeyProfile::Ps256(RsaBits::B2048),
            SignatureAlgorithm::EdDsa => KeyProfile::EdDsa,
        };
        let key = SigningKey::generate(profile).map_err(Wrong::at("a key"))?;
        Ok(Self::Signature(Arc::new(key)))
    }

    /// Commits as durable as the server's.
    pub fn sqlite_commits(file: PathBuf) -> Result<Self, Wrong> {
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(file)?;
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE bare (id INTEGER PRIMARY KEY, row BLOB NOT NULL);",
            )?;
            Ok(connection)
        };
        let connection = open().map_err(Wrong::at("a database for bare commits"))?;
        Ok(Self::SqliteCommits(Some(Box::new(connection))))
    }

    /// What it is, for the report.
    pub fn describe(&self) -> String {
        match self {
            Self::Argon2(_) => "Argon2id alone".to_owned(),
            Self::Signature(key) => format!("one {} signature", key.algorithm()),
            Self::SqliteCommits(_) => {
                format!("commits of one row of {ROW_BYTES} bytes, one after another")
            }
            Self::PostgresCommits(_) => {
                format!("commits of one row of {ROW_BYTES} bytes on {CONNECTIONS} connections")
            }
        }
    }

    /// Do it for `length`, on the server's core.
    pub async fn slice(&mut self, cores: &Cores, length: Duration) -> Result<Rate, Wrong> {
        let core = cores.server;
        match self {
            Self::Argon2(argon2) => {
                let mut parts = argon2.parts.take().ok_or_else(Wrong::broken_before)?;
                let (parts, rate) = apart_meanwhile(core, move || {
                    let rate = repeat(length, || check(&mut parts));
                    (parts, rate)
                })
                .await;
                argon2.parts = Some(parts);
                rate
            }
            Self::Signature(key) => {
                let (key, message) = (Arc::clone(key), vec![b'x'; TOKEN_BYTES]);
                let sign = move || {
                    repeat(length, || key.sign(&message).map(drop).map_err(Wrong::at("signing")))
                };
                apart_meanwhile(core, sign).await
            }
            Self::SqliteCommits(connection) => {
                let own = connection.take().ok_or_else(Wrong::broken_before)?;
                let (own, rate) = apart_meanwhile(core, move || {
                    let rate = repeat(length, || commit(&own));
                    (own, rate)
                })
                .await;
                *connection = Some(own);
                rate
            }
            Self::PostgresCommits(url) => {
                let url = url.clone();
                apart_meanwhile(core, move || commits_on_postgres(&url, length)).await
            }
        }
    }
}

/// Argon2id with the server's parameters as the `argon2` crate computes it, without kernels of ours: what a server
/// that hashes by the library could reach at most.
pub async fn argon2_by_the_crate(cores: &Cores, length: Duration) -> Result<Rate, Wrong> {
    let hash = move || {
        let mut memory = Memory::new(COST.memory_kib).map_err(Wrong::at("memory for hashing"))?;
        let inputs = Inputs { password: b"correct horse", salt: &[7; 16], secret: b"" };
        repeat(length, || {
            let hashed = argon2id_on(Unit::Portable, &mut memory, COST, inputs, &mut [0; 32]);
            hashed.map_err(Wrong::at("hashing"))
        })
    };
    apart_meanwhile(cores.server, hash).await
}

fn check(parts: &mut (Memory, HashRecord, Secret<String>)) -> Result<(), Wrong> {
    let (memory, record, secret) = parts;
    let recipe = Recipe { cost: COST, peppers: &[] };
    let verdict = password::verify(memory, &recipe, Against::Record(record), secret);
    match verdict.map_err(Wrong::at("hashing"))? {
        Verdict::Match { .. } => Ok(()),
        Verdict::Mismatch => Err(Wrong::new("the right password does not match")),
    }
}

fn commit(connection: &Connection) -> Result<(), Wrong> {
    let insert = connection.prepare_cached("INSERT INTO bare (row) VALUES (?1)");
    let done = insert.and_then(|mut insert| insert.execute([vec![7_u8; ROW_BYTES]]));
    done.map(drop).map_err(Wrong::at("a bare commit"))
}

fn repeat(length: Duration, mut once: impl FnMut() -> Result<(), Wrong>) -> Result<Rate, Wrong> {
    let (cpu, begin) = (cpu_of_this_thread(), Instant::now());
    let mut done = 0;
    while begin.elapsed() < length {
        once()?;
        done += 1;
    }
    Ok(rate(done, begin.elapsed(), cpu_of_this_thread().saturating_sub(cpu)))
}

/// So many in that time and with that much CPU time.
pub fn rate(done: usize, took: Duration, cpu: Duration) -> Rate {
    let done = count(done);
    Rate { per_second: done / took.as_secs_f64(), cpu_ms: cpu.as_secs_f64() * 1000.0 / done }
}

/// The thread, and with it the drivers of all connections, is on the server's core; PostgreSQL is where it always is.
fn commits_on_postgres(url: &str, length: Duration) -> Result<Rate, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Wrong::at("a runtime"))?;
    let all = LocalSet::new();
    let done = all.block_on(&runtime, async {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, driver) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
            tokio::task::spawn_local(driver);
            client
                .batch_execute(
                    "CREATE TABLE IF NOT EXISTS bare (id BIGSERIAL PRIMARY KEY, row BYTEA)",
                )
                .await?;
            clients.push(client);
        }
        let (cpu, begin) = (cpu_of_this_thread(), Instant::now());
        let commits: Vec<_> = clients
            .into_iter()
            .map(|client| tokio::task::spawn_local(commits_on(client, begin + length)))
            .collect();
        let mut done = 0;
        for one in commits {
            done += one.await.expect("no task panics")?;
        }
        let cpu = cpu_of_this_thread().saturating_sub(cpu);
        Ok::<_, tokio_postgres::Error>(rate(done, begin.elapsed(), cpu))
    });
    done.map_err(Wrong::at("a bare commit"))
}

async fn commits_on(
    client: tokio_postgres::Client,
    until: Instant,
) -> Result<usize, tokio_postgres::Error> {
    let insert = client.prepare("INSERT INTO bare (row) VALUES ($1)").await?;
    let row = vec![7_u8; ROW_BYTES];
    let mut done = 0;
    while Instant::now() < until {
        client.execute(&insert, &[&row]).await?;
        done += 1;
    }
    Ok(done)
}
