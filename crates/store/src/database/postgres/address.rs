//! The address of a database, with what it says about the way there: `postgres://…?sslmode=…&sslrootcert=…`
//! in the words of PostgreSQL's own clients, and a mark of ours for poolers.
//!
//! Over a network the connection is encrypted and the server's certificate verified, unless the address says
//! otherwise. On the machine itself (loopback, a socket) there is nobody in between.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_postgres::config::{Host, SslMode};

use crate::database::DatabaseError;

/// What stands between us and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Nothing, or what keeps a session together.
    None,
    /// A pooler that gives each transaction any session: nothing may outlive a transaction, prepared
    /// statements and locks above all (two nodes name their statements alike).
    Transaction,
}

/// Where the database is, as the driver needs it.
pub(crate) struct Address {
    /// Without what the driver does not know.
    pub config: tokio_postgres::Config,
    /// `None`: in clear.
    pub tls: Option<Tls>,
}

/// How far the server's certificate is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Not at all: somebody on the way could pretend to be the database.
    Unverified,
    /// Issued by one of these for the host's name; `None` are the system's authorities.
    Verified(Option<PathBuf>),
}

/// The words of an address that are not for the driver.
#[derive(Default)]
struct Words {
    mode: Option<String>,
    authorities: Option<PathBuf>,
    pooler: bool,
}

impl Words {
    /// The address without the words, and the words.
    fn of(url: &str) -> (String, Self) {
        let mut words = Self::default();
        let Some((before, query)) = url.split_once('?') else { return (url.to_owned(), words) };
        let mut rest = Vec::new();
        for part in query.split('&') {
            match form_urlencoded::parse(part.as_bytes()).next() {
                Some((name, value)) if name == "sslmode" => words.mode = Some(value.into_owned()),
                Some((name, value)) if name == "sslrootcert" => {
                    words.authorities = Some(value.into_owned().into());
                }
                Some((name, value)) if name == "pooler" && value == "transaction" => {
                    words.pooler = true;
                }
                _ => rest.push(part),
            }
        }
        let rest = rest.join("&");
        let url = if rest.is_empty() { before.to_owned() } else { format!("{before}?{rest}") };
        (url, words)
    }
}

/// What stands between us and the database of a URL.
pub(crate) fn pooling(url: &str) -> Pooling {
    if Words::of(url).1.pooler { Pooling::Transaction } else { Pooling::None }
}

impl Address {
    /// What a URL says.
    pub(crate) fn parse(url: &str) -> Result<Self, DatabaseError> {
        let (url, words) = Words::of(url);
        let mut config: tokio_postgres::Config = url.parse()?;
        let local = is_local(&config);
        let stated = words.mode.as_deref().or(match config.get_ssl_mode() {
            SslMode::Disable => Some("disable"),
            SslMode::Require => Some("require"),
            _ => None,
        });
        let strict = || Tls::Verified(words.authorities.clone());
        let encrypted = match &words.authorities {
            Some(_) => strict(),
            None => Tls::Unverified,
        };
        let (mode, tls) = match stated {
            Some("disable") => (SslMode::Disable, None),
            None if local && words.authorities.is_none() => (SslMode::Disable, None),
            Some("prefer") if local => (SslMode::Prefer, Some(encrypted)),
            Some("prefer" | "require") => (SslMode::Require, Some(encrypted)),
            None | Some("verify-full") => (SslMode::Require, Some(strict())),
            Some(other) => {
                return Err(DatabaseError::Other(format!(
                    "the database's address says sslmode={other}: use verify-full, require, prefer or disable"
                )));
            }
        };
        config.ssl_mode(mode);
        Ok(Self { config, tls })
    }
}

/// Whether every place that is named is this machine.
fn is_local(config: &tokio_postgres::Config) -> bool {
    let hosts = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    hosts && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

impl Tls {
    /// Settings of a TLS client.
    pub(crate) fn client(self) -> Result<ClientConfig, DatabaseError> {
        let failed = |error: String| DatabaseError::Other(error);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?;
        Ok(match self {
            Self::Unverified => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unverified::new(&provider)))
                .with_no_client_auth(),
            Self::Verified(authorities) => {
                builder.with_root_certificates(roots(authorities)?).with_no_client_auth()
            }
        })
    }
}

fn roots(authorities: Option<PathBuf>) -> Result<RootCertStore, DatabaseError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authorities else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        return Ok(roots);
    };
    let wrong = |error: String| {
        let text = format!("certificates of the database's authority, {}: {error}", path.display());
        DatabaseError::Other(text)
    };
    #[expect(clippy::disallowed_methods, reason = "read again with each connection: it may change")]
    let text = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}

/// Takes any certificate, if the server holds its key.
#[derive(Debug)]
struct Unverified(WebPkiSupportedAlgorithms);

impl Unverified {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Unverified {
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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_pooler_is_ours_and_does_not_reach_the_driver() {
        let plain = "postgres://h/d?connect_timeout=3";
        assert_eq!((Words::of(plain).0.as_str(), pooling(plain)), (plain, Pooling::None));
        let both = "postgres://h/d?pooler=transaction&connect_timeout=3&sslmode=disable";
        assert_eq!((Words::of(both).0.as_str(), pooling(both)), (plain, Pooling::Transaction));
        assert_eq!(Words::of("postgres://h/d?pooler=transaction").0, "postgres://h/d");
    }

    #[test]
    fn only_the_machine_itself_is_reached_in_clear_unless_the_address_says_so() {
        let strict = Some(Tls::Verified(None));
        let ours = Some(Tls::Verified(Some("/ca file".into())));
        let never = Some(Tls::Unverified);
        for (url, tls) in [
            ("postgres://u@127.0.0.1/d", None),
            ("postgres://u@localhost/d", None),
            ("postgres://u@%2Frun%2Fpostgresql/d", None),
            ("host=/run/postgresql user=u", None),
            ("postgres://u@db.example/d", strict.clone()),
            ("postgres://u@192.0.2.1/d", strict.clone()),
            ("postgres://u@localhost,db.example/d", strict.clone()),
            ("postgres://u@db.example/d?hostaddr=127.0.0.1", strict.clone()),
            ("postgres://u@localhost/d?hostaddr=192.0.2.1", strict.clone()),
            ("host=db.example user=u", strict.clone()),
            ("host=db.example user=u sslmode=disable", None),
            ("postgres://u@db.example/d?sslmode=disable", None),
            ("postgres://u@db.example/d?sslmode=prefer", never.clone()),
            ("postgres://u@db.example/d?sslmode=require", never.clone()),
            ("postgres://u@db.example/d?sslmode=require&sslrootcert=%2Fca%20file", ours.clone()),
            ("postgres://u@db.example/d?sslmode=verify-full", strict.clone()),
            ("postgres://u@localhost/d?sslmode=verify-full", strict),
            ("postgres://u@localhost/d?sslrootcert=/ca+file", ours),
            ("postgres://u@localhost/d?sslmode=prefer", never),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.tls, tls, "{url}");
            // Whoever is not this machine is never spoken to in clear.
            let clear = address.config.get_ssl_mode() != SslMode::Require;
            assert!(!clear || is_local(&address.config) || url.contains("disable"), "{url}");
        }
        assert!(Address::parse("postgres://u@db.example/d?sslmode=verify-ca").is_err());
    }
}
