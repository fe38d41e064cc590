//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use sekimori_keys::SignatureAlgorithm;

use crate::twin::PAIRS_AGAIN;

/// Walks whole flows against a server of its own, and says how far they are from the bare cost of their parts
#[derive(Debug, Clone, Parser)]
#[command(name = "sekimori-bench", version, color = clap::ColorChoice::Never)]
#[command(after_long_help = "\
The server is started as a process of its own on one core, this program stays on
another. A flow and the bare cost of its parts are measured in turns of a second;
the ratio is the median over the pairs. Only loopback is asked for anything.

Exit status: 0 measured without a failure, 1 something failed or fell short,
2 a wrong command line, 3 it could not be measured.")]
pub struct Arguments {
    /// What to measure
    #[arg(value_enum)]
    pub flow: FlowName,
    /// People in the database
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub people: u64,
    /// How long to measure the flow, in seconds; the bare cost takes as long again
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Which database to start
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    pub database: Database,
    /// Flows at the same time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub workers: u16,
    /// Signature of tokens [default: ES256 for `client`, `ocsp` and `crl`, RS256 (2048 bits) for the others]
    #[arg(long, value_enum)]
    pub algorithm: Option<AlgorithmName>,
    /// Pairs of names in the first run of `twin`
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=100_000))]
    pub pairs: u64,
    /// Entries of the list of `crl`
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub entries: u64,
    /// The server's program [default: `sekimori` beside this one, built if it is not there]
    #[arg(long, value_name = "FILE")]
    pub server: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlowName {
    /// A fresh browser: authorize, user name, password, code, tokens; beside Argon2id alone
    Login,
    /// A standing session: authorize, code, tokens; beside one signature
    Sso,
    /// A refresh token for the next one; beside commits alone
    Refresh,
    /// Client credentials, a JWT; beside one signature
    Client,
    /// Discovery and JWKS, two requests; beside two requests to a server that only answers
    Discovery,
    /// A certificate presented on a certificate host; beside the bare handshake with one. Then whole sign-ins
    Certificate,
    /// Questions to the OCSP responder, each with a nonce; beside one signature
    Ocsp,
    /// A revocation list with very many entries: size, time, memory
    Crl,
    /// Milliseconds from start to the first login page, on an existing and on an empty database
    Start,
    /// Memory before the first sign-in
    Idle,
    /// People sign in while two thousand clients try wrong passwords
    Storm,
    /// Whether names that exist answer in the time of names that do not
    Twin,
}

/// Signature algorithms that a client can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AlgorithmName {
    /// RSA, 2048 bits
    #[value(name = "RS256", alias = "rs256")]
    Rs256,
    /// ECDSA on P-256
    #[value(name = "ES256", alias = "es256")]
    Es256,
    /// Ed25519
    #[value(name = "EdDSA", alias = "eddsa")]
    EdDsa,
}

/// Databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Database {
    /// Embedded
    Sqlite,
    /// A PostgreSQL of its own, on the generator's core
    Postgres,
}

impl FlowName {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Sso => "sso",
            Self::Refresh => "refresh",
            Self::Client => "client",
            Self::Discovery => "discovery",
            Self::Certificate => "certificate",
            Self::Ocsp => "ocsp",
            Self::Crl => "crl",
            Self::Start => "start",
            Self::Idle => "idle",
            Self::Storm => "storm",
            Self::Twin => "twin",
        }
    }
}

impl Arguments {
    /// What a flow needs beyond what was asked: `twin` tries every name once, one at a time.
    pub fn settled(mut self) -> Self {
        if self.flow == FlowName::Twin {
            self.people = self.people.max(self.pairs + PAIRS_AGAIN);
            self.workers = 1;
        }
        self
    }

    /// The algorithm of tokens.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        let usual = match self.flow {
            FlowName::Client | FlowName::Ocsp | FlowName::Crl => AlgorithmName::Es256,
            _ => AlgorithmName::Rs256,
        };
        match self.algorithm.unwrap_or(usual) {
            AlgorithmName::Rs256 => SignatureAlgorithm::Rs256,
            AlgorithmName::Es256 => SignatureAlgorithm::Es256,
            AlgorithmName::EdDsa => SignatureAlgorithm::EdDsa,
        }
    }
}
