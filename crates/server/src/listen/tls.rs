//! Certificates from files, taken anew when they change. Bad new files leave the old ones in use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sekimori_config::node::TlsFiles;
use zeroize::Zeroizing;

/// A certificate file may be that long; a chain has a few kilobytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {why}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Certificate and key are not a pair, or the library refuses them.
    #[error("{path}: {source}")]
    Pair {
        /// The certificate's file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// One pair of files and what is in use from them.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
}

/// What tells one state of the files from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp([Option<(SystemTime, u64)>; 2]);

impl Certificate {
    /// Read the files.
    pub fn load(files: &TlsFiles) -> Result<Arc<Self>, TlsError> {
        let current = ArcSwap::from_pointee(read(files)?);
        Ok(Arc::new(Self { files: files.clone(), current }))
    }

    /// Read the files again. On an error the old certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.store(Arc::new(read(&self.files)?));
        Ok(())
    }

    /// The files' present state; it differs when one of them was replaced or rewritten.
    pub fn stamp(&self) -> Stamp {
        let of = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Stamp([of(&self.files.certificate_file), of(&self.files.key_file)])
    }

    /// The certificate in use, without its chain.
    pub fn end_entity(&self) -> Option<CertificateDer<'static>> {
        self.current.load().cert.first().cloned()
    }

    /// The certificate's file, for logs.
    pub fn path(&self) -> &Path {
        &self.files.certificate_file
    }

    /// A TLS configuration that always serves the certificate in use: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub fn server_config(self: &Arc<Self>) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .expect("the provider speaks both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let chain_path = &files.certificate_file;
    let content = |path: &Path, why: String| TlsError::Content { path: path.to_owned(), why };
    let chain = CertificateDer::pem_slice_iter(&bytes(chain_path)?)
        .collect::<Result<Vec<_>, pem::Error>>()
        .map_err(|error| content(chain_path, error.to_string()))?;
    if chain.is_empty() {
        return Err(content(chain_path, "there is no PEM certificate in it".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&bytes(&files.key_file)?).map_err(|error| {
        let why = match error {
            pem::Error::NoItemsFound => "there is no PEM private key in it".to_owned(),
            other => other.to_string(),
        };
        content(&files.key_file, why)
    })?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain, key, &provider)
        .map_err(|source| TlsError::Pair { path: chain_path.clone(), source })
}

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
        let why = "the file is too long for a certificate or a key".to_owned();
        return Err(TlsError::Content { path: path.to_owned(), why });
    }
    std::fs::read(path).map(Zeroizing::new).map_err(failed)
}
