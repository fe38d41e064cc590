//! TLS on the certificate hosts: whoever wants to presents a certificate, and that its key is theirs is proven here.
//!
//! What the certificate is worth is judged later, so that a page of ours says what is wrong with it and not the browser.
//! Nothing of a handshake outlives its connection: no tickets and no resumption, or a certificate that was taken back
//! meanwhile, or chosen wrongly, would come back with it (S41).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, PeerIncompatible, ServerConfig,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use sekimori_web::{Presented, PresentedHost};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::stream::Ahead;
use super::tls::Certificate;

/// Sets of names that are kept ready; there is one for each organisation.
const READY_MAX: usize = 64;

/// The names (DER) of the authorities whose certificates are taken on a host, for the browser to choose by; `None` where
/// it is no certificate host.
pub type Hints = dyn Fn(&str) -> Option<Vec<Vec<u8>>> + Send + Sync;

/// TLS on the certificate hosts.
pub struct Presenting {
    certificate: Arc<Certificate>,
    provider: Arc<CryptoProvider>,
    hints: Box<Hints>,
    ready: Mutex<HashMap<Vec<Vec<u8>>, Arc<ServerConfig>>>,
    /// For hosts that are none of ours: nobody is asked for a certificate there.
    foreign: Arc<ServerConfig>,
}

impl Presenting {
    /// Hosts that `certificate` covers, asking for what `hints` says.
    pub fn new(certificate: Arc<Certificate>, hints: Box<Hints>) -> Arc<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let foreign = config(&provider, &certificate, None);
        Arc::new(Self { certificate, provider, hints, ready: Mutex::default(), foreign })
    }

    /// Shake hands: the stream, and what was presented.
    pub(super) async fn accept(&self, io: Ahead) -> std::io::Result<(TlsStream<Ahead>, Presented)> {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), io).await?;
        let config = self.config(start.client_hello().server_name());
        let stream = start.into_stream(config).await?;
        let (_, session) = stream.get_ref();
        let presented = Presented {
            host: session
                .server_name()
                .map_or(PresentedHost::Unnamed, |name| PresentedHost::Named(name.into())),
            certificate: session
                .peer_certificates()
                .and_then(|chain| Some(Arc::from(chain.first()?.as_ref()))),
        };
        Ok((stream, presented))
    }

    fn config(&self, host: Option<&str>) -> Arc<ServerConfig> {
        let Some(names) = host.and_then(|host| (self.hints)(host)) else {
            return Arc::clone(&self.foreign);
        };
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = ready.get(&names) {
            return Arc::clone(config);
        }
        if ready.len() >= READY_MAX {
            ready.clear();
        }
        let hints = names.iter().cloned().map(DistinguishedName::from).collect();
        let config = config(&self.provider, &self.certificate, Some(hints));
        ready.insert(names, Arc::clone(&config));
        config
    }
}

fn config(
    provider: &Arc<CryptoProvider>,
    certificate: &Arc<Certificate>,
    asked: Option<Vec<DistinguishedName>>,
) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        // In TLS 1.2 the certificate would travel in clear.
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider speaks TLS 1.3");
    let builder = match asked {
        Some(hints) => {
            let algorithms = provider.signature_verification_algorithms;
            builder.with_client_cert_verifier(Arc::new(KeyProof { hints, algorithms }))
        }
        None => builder.with_no_client_auth(),
    };
    let mut config =
        builder.with_cert_resolver(Arc::clone(certificate) as Arc<dyn ResolvesServerCert>);
    // A connection of HTTP/2 may be used for another host that the certificate covers (RFC 9113, 9.1.1).
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

/// Takes any certificate whose key the browser proves to have, and nothing beside it.
struct KeyProof {
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl fmt::Debug for KeyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyProof({} hints)", self.hints.len())
    }
}

impl ClientCertVerifier for KeyProof {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        // Judged where a page can say what is wrong with it.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // By the key alone: the library would refuse certificates here that a page can explain.
        let key =
            sekimori_pki::public_key_info(certificate).ok_or(CertificateError::BadEncoding)?;
        let key = SubjectPublicKeyInfoDer::from(key);
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
