//! The root's key and certificate, where they are at hand: the key in a file, or in the token of the settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use sekimori_base::Clock;
use sekimori_keys::{
    DeviceKey, KeyDevice, KeyProfile, RsaBits, SignatureAlgorithm, Signer, SigningKey,
};
use sekimori_pki::{Authority, PemKind, make_root, pem};
use zeroize::Zeroizing;

use super::{Anchor, Title, authority_name, key_label, read_certificate, write};
use crate::command::{Common, Failed, settings};
use crate::files::read_text;
use crate::outside::{SystemClock, SystemEntropy};
use crate::token;

/// Longest file of a private key, in bytes.
const KEY_BYTES_MAX: u64 = 16 * 1024;

/// Where the root's key is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct RootKeyArgs {
    /// The root's private key (PKCS#8, PEM); a new root's is made
    #[arg(long, value_name = "FILE")]
    pub(super) root_key: Option<PathBuf>,
    /// The root's key is the one with this label in the token of sekimori.toml ([pkcs11]); a new root's is made there
    #[arg(long, value_name = "LABEL", value_parser = key_label)]
    pub(super) root_pkcs11: Option<String>,
}

/// The root, and whether a file with its key was made just now.
pub(super) fn open(
    root: &Anchor,
    title: &Title,
    common: &Common,
) -> Result<(Authority, bool), Failed> {
    let certificate = root.root_certificate.as_path();
    let Some(key) = root.key.root_key.as_deref() else {
        if certificate.exists() {
            return Ok((existing(&root.key, certificate, common)?, false));
        }
        let key = in_token(root.key.root_pkcs11.as_deref(), common, Wanted::OrNew)?;
        return Ok((new(root, title, key)?, false));
    };
    match (key.exists(), certificate.exists()) {
        (true, true) => Ok((existing(&root.key, certificate, common)?, false)),
        (false, false) => Ok((new_in_file(root, title, key)?, true)),
        (true, false) | (false, true) => {
            let (key, certificate) = (key.display(), certificate.display());
            let half = Failed::new(format!("only one of {key} and {certificate} is there"));
            Err(half.remedy("name both of an existing root, or none for a new one"))
        }
    }
}

/// A root that there is.
pub(super) fn existing(
    key: &RootKeyArgs,
    certificate: &Path,
    common: &Common,
) -> Result<Authority, Failed> {
    let signer = match &key.root_key {
        Some(file) => in_file(file)?,
        None => in_token(key.root_pkcs11.as_deref(), common, Wanted::There)?,
    };
    let own = read_certificate(certificate)?;
    Authority::open(own.der(), signer).map_err(Failed::at(certificate.display()))
}

fn in_file(file: &Path) -> Result<Arc<dyn Signer>, Failed> {
    let text = read_text(file, KEY_BYTES_MAX).map(Zeroizing::new);
    let text = text.map_err(Failed::at(file.display()))?;
    let read =
        PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(Failed::at(file.display()))?;
    let algorithms = [SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256];
    let opened = algorithms
        .into_iter()
        .find_map(|algorithm| SigningKey::from_pkcs8(algorithm, read.secret_der()).ok());
    let Some(opened) = opened else {
        let refused = Failed::new(format!("{} holds no key that can be used", file.display()));
        return Err(
            refused.remedy("it is PKCS#8 of ECDSA on P-256, or of RSA with 2048 to 4096 bits")
        );
    };
    Ok(Arc::new(opened))
}

/// Whether a key must be there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    There,
    OrNew,
}

fn in_token(
    label: Option<&str>,
    common: &Common,
    wanted: Wanted,
) -> Result<Arc<dyn Signer>, Failed> {
    let doing = "asking the token for the root's key";
    let node = settings::node(common.config.as_deref())?;
    let none = || Failed::new("sekimori.toml names no token").remedy("write its [pkcs11]");
    let device: Arc<dyn KeyDevice> = token::of(&node)?.ok_or_else(none)?;
    let label = label.ok_or_else(|| Failed::new("no key of a root is named"))?;
    if wanted == Wanted::There {
        device.look(&[label.to_owned()]).map_err(Failed::at(doing))?;
    }
    let (point, _) = device.take_or_make(label).map_err(Failed::at(doing))?;
    let key = DeviceKey::new(Some(&device), device.name(), label, &point);
    Ok(Arc::new(key.map_err(Failed::at(doing))?))
}

fn new_in_file(root: &Anchor, title: &Title, file: &Path) -> Result<Authority, Failed> {
    let profile = if root.root_rsa { KeyProfile::Rs256(RsaBits::B3072) } else { KeyProfile::Es256 };
    let key = Arc::new(SigningKey::generate(profile).map_err(Failed::at("making the root"))?);
    let pkcs8 = key.to_pkcs8();
    let text = Zeroizing::new(pem(PemKind::PrivateKey, pkcs8.expose()));
    write(file, &text)?;
    new(root, title, key)
}

fn new(root: &Anchor, title: &Title, key: Arc<dyn Signer>) -> Result<Authority, Failed> {
    let name = authority_name(&format!("{} Root CA", title.name), title)?;
    let made = make_root(&name, 12 * root.root_years, key, SystemClock.now(), &SystemEntropy);
    let made = made.map_err(Failed::at("making the root"))?;
    write(&root.root_certificate, &pem(PemKind::Certificate, made.certificate().der()))?;
    Ok(made)
}
