//! `sekimori ca sign-list` and `install-list`: the revocation list of a root.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use rustls_pki_types::CertificateRevocationListDer;
use rustls_pki_types::pem::PemObject;
use sekimori_base::Clock;
use sekimori_pki::{Authority, PemKind, RevocationReason, RevokedCertificate, RootList, pem};
use serde_json::{Value, json};

use super::root::{self, RootKeyArgs};
use super::{read_certificate, text, write};
use crate::admin::command::CaCommand;
use crate::admin::{Answer, Command};
use crate::command::ask::{ask, show};
use crate::command::certificate::is_free;
use crate::command::{Common, Ended, Failed};
use crate::files::read_bytes;
use crate::outside::SystemClock;

/// Longest list of a root that is read, in bytes: it names a few authorities.
const LIST_BYTES_MAX: u64 = 256 * 1024;
/// A root's list is current for so many months, unless another time is asked for.
const MONTHS: u16 = 13;

/// Sign the revocation list of a root with its key; needs no server, and no settings for a key in a file
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --former the list goes on naming what the one before it named, which is a
must: the server does not take one that forgets. With --revoke it takes back an
issuing authority: nothing is issued with it from then on, and none of its
certificates signs in.

Examples:
  sekimori ca sign-list --root-key root-key.pem --root-certificate root.pem \\
    --former root.crl --out new-root.crl")]
pub(super) struct SignList {
    #[command(flatten)]
    key: RootKeyArgs,
    /// The root's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    root_certificate: PathBuf,
    /// The list before this one (PEM or DER), as the server has it
    #[arg(long, value_name = "FILE")]
    former: Option<PathBuf>,
    /// Take back the authority with this certificate (PEM), for good
    #[arg(long, value_name = "FILE")]
    revoke: Vec<PathBuf>,
    /// It is current for so many months
    #[arg(long, default_value_t = MONTHS, value_parser = clap::value_parser!(u16).range(1..=60))]
    months: u16,
    /// The list goes to this new file (PEM)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Take the revocation list that a root signed
#[derive(Debug, Args)]
pub(super) struct InstallList {
    /// The list (PEM or DER)
    list: PathBuf,
}

pub(super) fn sign(args: &SignList, common: &Common) -> Result<Ended, Failed> {
    is_free(&args.out)?;
    let root = root::existing(&args.key, &args.root_certificate, common)?;
    let former = args.former.as_deref().map(|path| {
        let list = RootList::read(&read_list(path)?, root.certificate());
        list.map_err(Failed::at(path.display()))
    });
    let mut revoked = former.transpose()?.map(|former| former.entries()).unwrap_or_default();
    for path in &args.revoke {
        let certificate = read_certificate(path)?;
        if !certificate.is_signed_by(root.certificate()) {
            return Err(Failed::new(format!("{} is not signed by this root", path.display())));
        }
        let (serial, at) = (certificate.serial(), SystemClock.now());
        if !revoked.iter().any(|entry| entry.serial == serial) {
            let reason = RevocationReason::AuthorityCompromise;
            revoked.push(RevokedCertificate { serial, at, reason });
        }
    }
    let list = signed(&root, &revoked, args.months)?;
    write(&args.out, &pem(PemKind::RevocationList, &list))?;
    let out = args.out.display();
    let text = format!("{out} was written; beside the server:\n  sekimori ca install-list {out}");
    Ok(show(&Answer::yes(text, json!({ "list": args.out })), common))
}

pub(super) fn install_file(args: &InstallList, common: &Common) -> Result<Ended, Failed> {
    let list = read_list(&args.list)?;
    install(&list, common).map(|answer| show(&answer, common))
}

/// Another list of a root whose key is at hand, with what the one in `shown` (the answer to "show") names.
pub(super) fn renew(root: &Authority, shown: &Value, common: &Common) -> Result<Answer, Failed> {
    let own = root.certificate();
    let mut lists =
        shown.as_array().into_iter().flatten().map(|one| text(&one["root_list"], "pem"));
    let former = lists.find_map(|text| RootList::read(&decoded(text.as_bytes()), own).ok());
    let revoked = former.map(|former| former.entries()).unwrap_or_default();
    install(&signed(root, &revoked, MONTHS)?, common)
}

fn signed(
    root: &Authority,
    revoked: &[RevokedCertificate],
    months: u16,
) -> Result<Vec<u8>, Failed> {
    let list = root.root_list(revoked, months, SystemClock.now());
    list.map_err(Failed::at("signing the list"))
}

fn install(list: &[u8], common: &Common) -> Result<Answer, Failed> {
    ask(Command::Ca(CaCommand::InstallList { list: STANDARD.encode(list) }), common)
}

fn read_list(path: &Path) -> Result<Vec<u8>, Failed> {
    let bytes = read_bytes(path, LIST_BYTES_MAX).map_err(Failed::at(path.display()))?;
    Ok(decoded(&bytes))
}

/// DER of a list that may be PEM.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    match CertificateRevocationListDer::from_pem_slice(bytes) {
        Ok(list) => list.to_vec(),
        Err(_) => bytes.to_vec(),
    }
}
