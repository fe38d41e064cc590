//! A certificate authority for a run, made and used by the server's own commands.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sekimori_pki::{PemKind, pem};
use serde_json::Value;

use crate::Wrong;
use crate::people::username;
use crate::world::World;

/// The root's files in the folder of a run.
const ROOT: [&str; 4] =
    ["--root-key", "root-key.pem", "--root-certificate", "root-certificate.pem"];

/// An authority that issues.
pub struct Authority {
    /// Its name in addresses.
    pub name: String,
    /// Its certificate (DER).
    pub issuing: CertificateDer<'static>,
    /// Its root's (DER).
    pub root: CertificateDer<'static>,
}

/// A certificate with its key.
pub struct Held {
    /// The certificate and its issuer's.
    pub chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Held {
    /// The key, for one more connection.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

impl Authority {
    /// Made beside the running server.
    pub fn make(world: &World) -> Result<Self, Wrong> {
        let words = ["ca", "init", "--json", "--name", "Example University"];
        let said = world.command(&[&words[..], &ROOT].concat())?;
        let shown: Value = serde_json::from_str(&said).map_err(Wrong::at("ca init"))?;
        let read = |part: &str| {
            let text = shown[0][part]["pem"].as_str().unwrap_or_default();
            CertificateDer::from_pem_slice(text.as_bytes()).map_err(Wrong::at("ca init"))
        };
        let name = shown[0]["authority"].as_str().unwrap_or_default().to_owned();
        Ok(Self { name, issuing: read("certificate")?, root: read("root")? })
    }

    /// A certificate for a person, whose key is made here.
    pub fn issue(world: &World, person: u64) -> Result<Held, Wrong> {
        let doing = "a certificate of a person";
        let key = KeyPair::generate().map_err(Wrong::at(doing))?;
        let request = CertificateParams::default().serialize_request(&key);
        let request = pem(PemKind::Request, request.map_err(Wrong::at(doing))?.der());
        let name = username(person);
        let [asked, issued] = ["csr", "pem"].map(|kind| format!("{name}.{kind}"));
        let at = |file: &str| world.folder().join(file);
        fs::write(at(&asked), request).map_err(Wrong::at(doing))?;
        let words = ["certificate", "issue", &name, &issued, "--request", &asked];
        world.command(&words)?;
        let chain = certificates(&at(&issued))?;
        Ok(Held { chain, key })
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Wrong> {
    let read = CertificateDer::pem_file_iter(file).map_err(Wrong::at(file.display()))?;
    read.collect::<Result<_, _>>().map_err(Wrong::at(file.display()))
}
