//! `sekimori ca`: the certificate authority. The root's part happens in this process, perhaps on another machine; the
//! issuing authority's key is made by the server and never leaves its database, or its token.

mod list;
mod root;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sekimori_base::Clock;
use sekimori_keys::KEY_LABEL_BYTES_MAX;
use sekimori_pki::{
    Authority, AuthorityName, CERTIFICATE_BYTES_MAX, Certificate, Locations, PemKind,
    REQUEST_BYTES_MAX, Request, pem,
};
use serde_json::{Value, json};

use super::ask::{ask, show};
use super::certificate::is_free;
use super::{Common, Ended, Failed};
use crate::admin::command::{AuthorityTitle, CaCommand};
use crate::admin::{Answer, Command, Outcome};
use crate::console::print;
use crate::files::{read_bytes, read_text, write_private};
use crate::outside::{SystemClock, SystemEntropy};
use root::RootKeyArgs;

/// Longest file of a certificate in text form, in bytes.
const PEM_BYTES_MAX: u64 = 2 * CERTIFICATE_BYTES_MAX as u64;

/// The certificate authority: make, show, renew
#[derive(Debug, Args)]
#[command(after_long_help = "\
Two levels: a root, which signs nothing but the issuing authority, and the
issuing authority, whose key lies sealed in the database and on no disk besides,
or is in a PKCS#11 token ([pkcs11] of sekimori.toml) and nowhere else.

  sekimori ca init      both at once; take the root's key file away afterwards

Where the root's key never touches this machine, the same in three steps:

  sekimori ca request   here: the issuing authority's key and its request
  sekimori ca sign      there: with the root's key, which is made if there is none
  sekimori ca install   here: take the certificate

The root has a revocation list too, for whoever checks the whole chain; it is
over after 13 months, and made anew with the root's key:

  sekimori ca sign-list     there
  sekimori ca install-list  here

Exit status: 0 done, 1 refused or there is none.")]
pub struct Ca {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Init(Init),
    Request(RequestArgs),
    Sign(Sign),
    Install(Install),
    SignList(list::SignList),
    InstallList(list::InstallList),
    /// The authorities, where their lists and answers are, and until when they are valid
    Show {
        /// Print certificates as PEM: the issuing ones and their roots
        #[arg(long)]
        pem: bool,
    },
}

#[derive(Debug, Args)]
struct Title {
    /// What people know the organisation as: stands before "Root CA" and "CA 1"
    #[arg(long)]
    name: String,
    /// The organisation in the authorities' names (O)
    #[arg(long, value_name = "TEXT")]
    organization: Option<String>,
    /// The country in the authorities' names (C), two capital letters
    #[arg(long, value_name = "CC")]
    country: Option<String>,
}

/// What the issuing authority's key is, and where.
#[derive(Debug, Args)]
struct KeyArgs {
    /// The issuing authority has an RSA key of 3072 bits, for old devices
    #[arg(long)]
    rsa: bool,
    /// Its key is the one with this label in the token of sekimori.toml ([pkcs11]); made there if there is none
    #[arg(long, value_name = "LABEL", conflicts_with = "rsa", value_parser = key_label)]
    pkcs11: Option<String>,
}

#[derive(Debug, Args)]
struct Anchor {
    #[command(flatten)]
    key: RootKeyArgs,
    /// The root's certificate (PEM); made with the key
    #[arg(long, value_name = "FILE")]
    root_certificate: PathBuf,
    /// A new root is valid for so many years
    #[arg(long, value_name = "YEARS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=40))]
    root_years: u16,
    /// The issuing authority is valid for so many years, never longer than the root
    #[arg(long, value_name = "YEARS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=30))]
    years: u16,
    /// A new root has an RSA key of 3072 bits, for old devices
    #[arg(long, conflicts_with = "root_pkcs11")]
    root_rsa: bool,
}

/// Make root and issuing authority
#[derive(Debug, Args)]
#[command(after_long_help = "\
Take the root's key file away when it is done (a stick in a safe): it is needed
again only to renew the issuing authority. Its certificate is no secret.

With --pkcs11 the issuing authority's key is made in the token that sekimori.toml
names, and can never be taken out of it: it is in no backup, and the nodes that
issue need the token.

With --renew, and the same two files, a second issuing authority takes over; the
first one goes on answering for the certificates that it issued.

Examples:
  sekimori ca init --name \"Example University\" --country JP \\
    --root-key root-key.pem --root-certificate root.pem
  sekimori ca init --name \"Example University\" --pkcs11 campus-ca-1 \\
    --root-key root-key.pem --root-certificate root.pem")]
struct Init {
    #[command(flatten)]
    title: Title,
    #[command(flatten)]
    root: Anchor,
    #[command(flatten)]
    key: KeyArgs,
    /// Although there is an authority
    #[arg(long)]
    renew: bool,
}

/// Make the key of an issuing authority, and its request to a root elsewhere
#[derive(Debug, Args)]
struct RequestArgs {
    #[command(flatten)]
    title: Title,
    /// The request goes to this new file (PEM)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Although there is an authority
    #[arg(long)]
    renew: bool,
}

/// Sign the request of an issuing authority with the root's key; needs no server, and no settings for a key in a file
#[derive(Debug, Args)]
struct Sign {
    /// The request
    request: PathBuf,
    /// What the issuing authority is called, as `ca request` printed it
    #[arg(long, value_name = "TEXT")]
    common_name: String,
    #[command(flatten)]
    title: Title,
    #[command(flatten)]
    root: Anchor,
    /// Where the server answers, as `ca request` printed it: the address of the root's list stands in the certificate
    #[arg(long, value_name = "URL")]
    status_url: Option<String>,
    /// The certificate goes to this new file (PEM)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Take the certificate that a root made of the request
#[derive(Debug, Args)]
struct Install {
    /// The issuing authority's certificate (PEM)
    certificate: PathBuf,
    /// The root's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    root_certificate: PathBuf,
}

pub(super) fn run(ca: Ca, common: &Common) -> Result<Ended, Failed> {
    match ca.what {
        What::Init(init) => self::init(&init, common),
        What::Request(args) => request(&args, common),
        What::Sign(args) => sign(&args, common),
        What::Install(args) => {
            let certificate = read_certificate(&args.certificate)?;
            let root = read_certificate(&args.root_certificate)?;
            install(&certificate, &root, common).map(|answer| show(&answer, common))
        }
        What::SignList(args) => list::sign(&args, common),
        What::InstallList(args) => list::install_file(&args, common),
        What::Show { pem } => self::show_authorities(pem, common),
    }
}

fn init(init: &Init, common: &Common) -> Result<Ended, Failed> {
    let answer = asked(&init.title, &init.key, init.renew, common)?;
    if answer.outcome == Outcome::No {
        return Ok(show(&answer, common));
    }
    let (root, made) = root::open(&init.root, &init.title, common)?;
    let der = STANDARD.decode(text(&answer.value, "request"));
    let request = Request::read(&der.map_err(Failed::at("reading the request"))?);
    let request = request.map_err(Failed::at("reading the request"))?;
    let common_name = text(&answer.value, "common_name");
    let places = places(root.certificate(), Some(&text(&answer.value, "status_url")))?;
    let years = init.root.years;
    let signed = sign_issuing(&root, &request, &common_name, &init.title, years, &places)?;
    let mut answer = install(&signed, root.certificate(), common)?;
    if answer.outcome == Outcome::Yes {
        answer = list::renew(&root, &answer.value, common)?;
    }
    if let Some(key) = init.root.key.root_key.as_ref().filter(|_| made) {
        let key = key.display();
        answer.text = format!(
            "{}\n\n{key} is the root's key: take it away now and keep it safe. Nothing here needs it\n\
             until the issuing authority is renewed.",
            answer.text
        );
    }
    Ok(show(&answer, common))
}

fn request(args: &RequestArgs, common: &Common) -> Result<Ended, Failed> {
    is_free(&args.out)?;
    let mut answer = asked(&args.title, &args.key, args.renew, common)?;
    if answer.outcome == Outcome::No {
        return Ok(show(&answer, common));
    }
    let der = STANDARD.decode(text(&answer.value, "request"));
    let der = der.map_err(Failed::at("reading the request"))?;
    write(&args.out, &pem(PemKind::Request, &der))?;
    answer.text = format!(
        "{}\n{} was written; where the root's key is:\n  sekimori ca sign {} --common-name \"{}\" \
         --name \"{}\" --status-url {} \
         --root-key root-key.pem --root-certificate root.pem --out issuing.pem",
        answer.text,
        args.out.display(),
        args.out.display(),
        text(&answer.value, "common_name"),
        args.title.name,
        text(&answer.value, "status_url"),
    );
    Ok(show(&answer, common))
}

fn sign(args: &Sign, common: &Common) -> Result<Ended, Failed> {
    is_free(&args.out)?;
    let request = read_bytes(&args.request, REQUEST_BYTES_MAX as u64);
    let request = Request::read(&request.map_err(Failed::at(args.request.display()))?);
    let request = request.map_err(Failed::at(args.request.display()))?;
    let (root, _) = root::open(&args.root, &args.title, common)?;
    let places = places(root.certificate(), args.status_url.as_deref())?;
    let (name, years) = (&args.common_name, args.root.years);
    let signed = sign_issuing(&root, &request, name, &args.title, years, &places)?;
    write(&args.out, &pem(PemKind::Certificate, signed.der()))?;
    let text = format!(
        "{} was written; beside the server:\n  sekimori ca install {} --root-certificate {}",
        args.out.display(),
        args.out.display(),
        args.root.root_certificate.display(),
    );
    let value = json!({ "certificate": args.out, "root": args.root.root_certificate });
    Ok(show(&Answer::yes(text, value), common))
}

fn show_authorities(as_pem: bool, common: &Common) -> Result<Ended, Failed> {
    let answer = ask(Command::Ca(CaCommand::Show), common)?;
    if !as_pem || answer.outcome == Outcome::No {
        return Ok(show(&answer, common));
    }
    let all = answer.value.as_array().into_iter().flatten();
    let texts = all.flat_map(|one| ["certificate", "root"].map(|part| text(&one[part], "pem")));
    print(texts.collect::<String>().trim_end());
    Ok(Ended::Well)
}

fn asked(title: &Title, key: &KeyArgs, renew: bool, common: &Common) -> Result<Answer, Failed> {
    let name = AuthorityTitle {
        name: title.name.clone(),
        organization: title.organization.clone(),
        country: title.country.clone(),
    };
    let (rsa, in_token) = (key.rsa, key.pkcs11.clone());
    ask(Command::Ca(CaCommand::Request { name, rsa, in_token, renew }), common)
}

fn install(
    certificate: &Certificate,
    root: &Certificate,
    common: &Common,
) -> Result<Answer, Failed> {
    let encode = |one: &Certificate| STANDARD.encode(one.der());
    let (certificate, root) = (encode(certificate), encode(root));
    ask(Command::Ca(CaCommand::Install { certificate, root }), common)
}

/// The label of a key in a token.
fn key_label(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > KEY_LABEL_BYTES_MAX {
        return Err(format!("a label has 1 to {KEY_LABEL_BYTES_MAX} bytes"));
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err("a label begins and ends with no space, and is one line".to_owned());
    }
    Ok(text.to_owned())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn authority_name(common_name: &str, title: &Title) -> Result<AuthorityName, Failed> {
    let (organization, country) = (title.organization.as_deref(), title.country.as_deref());
    let name = AuthorityName::parse(common_name, organization, country);
    name.map_err(Failed::at(format!("naming {common_name}")))
}

fn sign_issuing(
    root: &Authority,
    request: &Request,
    common_name: &str,
    title: &Title,
    years: u16,
    places: &Locations,
) -> Result<Certificate, Failed> {
    let name = authority_name(common_name, title)?;
    let now = SystemClock.now();
    let signed = root.sign_issuing(request, &name, 12 * years, places, now, &SystemEntropy);
    signed.map_err(Failed::at("signing the issuing authority"))
}

/// Where the list and the certificate of a root are served; nowhere, if it was not said.
fn places(root: &Certificate, status_url: Option<&str>) -> Result<Locations, Failed> {
    let Some(base) = status_url else { return Ok(Locations::default()) };
    let name = root.key_name();
    let [list, certificate] = ["crl", "cer"].map(|kind| format!("{base}/ca/{name}.{kind}"));
    let places = Locations::parse(&[&list], &[], &[&certificate]);
    places.map_err(Failed::at(format!("--status-url {base}")))
}

fn read_certificate(path: &Path) -> Result<Certificate, Failed> {
    let text = read_text(path, PEM_BYTES_MAX).map_err(Failed::at(path.display()))?;
    let der =
        CertificateDer::from_pem_slice(text.as_bytes()).map_err(Failed::at(path.display()))?;
    Certificate::read(&der).map_err(Failed::at(path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    write_private(path, text.as_bytes()).map_err(Failed::at(format!("writing {}", path.display())))
}
