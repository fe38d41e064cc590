//! `sekimori certificate`: certificates of people.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use sekimori_directory::Username;
use sekimori_pki::REQUEST_BYTES_MAX;
use zeroize::Zeroizing;

use super::ask::{ask, ask_and_show, show};
use super::{Common, Ended, Failed};
use crate::admin::command::{CertificateCommand, TakenBack};
use crate::admin::{Command, Outcome};
use crate::files::{read_bytes, write_private};

/// Certificates of people: issue, list, revoke
#[derive(Debug, Args)]
#[command(after_long_help = "\
Certificates for client authentication: campus Wi-Fi by EAP-TLS, services that
ask for client certificates. Exit status: 0 done, 1 refused or there is none.")]
pub struct Certificate {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Issue(Issue),
    /// The certificates of somebody
    List {
        /// User name
        #[arg(value_parser = Username::parse)]
        username: Username,
    },
    /// Revoke a certificate, for good
    Revoke {
        /// Its serial number in hexadecimal
        serial: String,
        /// Why
        #[arg(long, value_name = "REASON", default_value = "unspecified")]
        reason: TakenBack,
    },
}

/// Issue a certificate to somebody
#[derive(Debug, Args)]
#[command(after_long_help = "\
Without --request a key is made, and put with the certificate into a PKCS#12
file that only you can read. Its access PIN is printed, once: give the person
file and PIN on different ways. Neither is kept here.

With --request the person keeps the key; of the request only the public key is
taken, and the certificate is written as PEM, with that of its issuer.

Examples:
  sekimori certificate issue taro taro.p12
  sekimori certificate issue taro taro.pem --request taro.csr")]
struct Issue {
    /// User name
    #[arg(value_parser = Username::parse)]
    username: Username,
    /// The new file
    file: PathBuf,
    /// A certificate request (PKCS#10, PEM or DER) of somebody who keeps the key
    #[arg(long, value_name = "FILE", conflicts_with = "rsa")]
    request: Option<PathBuf>,
    /// An RSA key of 2048 bits, for old devices
    #[arg(long)]
    rsa: bool,
    /// What the certificate is called in lists
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
}

pub(super) fn run(certificate: Certificate, common: &Common) -> Result<Ended, Failed> {
    match certificate.what {
        What::Issue(issue) => self::issue(issue, common),
        What::List { username } => {
            let list = CertificateCommand::List { username };
            ask_and_show(Command::Certificate(list), common)
        }
        What::Revoke { serial, reason } => {
            let revoke = CertificateCommand::Revoke { serial, reason };
            ask_and_show(Command::Certificate(revoke), common)
        }
    }
}

fn issue(issue: Issue, common: &Common) -> Result<Ended, Failed> {
    let Issue { username, file, request, rsa, label } = issue;
    is_free(&file)?;
    let request = request.as_deref().map(read_request).transpose()?;
    let with_key = request.is_none();
    let command = CertificateCommand::Issue { username, request, rsa, label };
    let mut answer = ask(Command::Certificate(command), common)?;
    if answer.outcome == Outcome::No {
        return Ok(show(&answer, common));
    }
    let part = |name: &str| answer.value[name].as_str().unwrap_or_default().to_owned();
    let bytes = if with_key {
        let text = Zeroizing::new(part("pkcs12"));
        STANDARD.decode(text.as_bytes()).map_err(Failed::at("reading the file"))?
    } else {
        part("pem").into_bytes()
    };
    let bytes = Zeroizing::new(bytes);
    write_private(&file, &bytes).map_err(Failed::at(format!("writing {}", file.display())))?;
    let shown = file.display().to_string();
    answer.text = format!("{}\n{shown} was written", answer.text);
    if with_key {
        answer.text = format!("{}; its access PIN, shown once: {}", answer.text, part("pin"));
    }
    if let Some(value) = answer.value.as_object_mut() {
        value.remove("pkcs12");
        value.insert("file".to_owned(), shown.into());
    }
    Ok(show(&answer, common))
}

/// Nothing is issued that could not be written afterwards.
pub(super) fn is_free(file: &Path) -> Result<(), Failed> {
    if file.exists() {
        return Err(Failed::new(format!("{} exists", file.display())).remedy("name a new file"));
    }
    Ok(())
}

fn read_request(path: &Path) -> Result<String, Failed> {
    let bytes = read_bytes(path, REQUEST_BYTES_MAX as u64);
    bytes.map(|bytes| STANDARD.encode(bytes)).map_err(Failed::at(path.display()))
}
