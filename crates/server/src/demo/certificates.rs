//! Certificates in the demo: an authority, somebody who has one, and hosts below localhost to present it on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path as Named;
use axum::response::Response;
use axum::routing::get;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use sekimori_base::Clock as _;
use sekimori_config::node::TlsFiles;
use sekimori_directory::Binding;
use sekimori_flow::admin::By;
use sekimori_flow::certificates::{Addresses, Asked, AuthorityPlan, WantedKey};
use sekimori_flow::{Flow, Tenant};
use sekimori_keys::{KeyProfile, SigningKey};
use sekimori_pki::{AuthorityName, Locations, PemKind, PersonalKeyKind, Request, make_root, pem};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::people::OnPaper;
use crate::app::App;
use crate::command::Failed;
use crate::files::{make_folder_of, write_private};
use crate::outside::{SystemClock, SystemEntropy};

/// What all certificate hosts of the demo end in. Browsers take every name below `localhost` for this machine.
const BELOW: &str = "cert.localhost";
/// Who vouches for those hosts; its key is thrown away when it has.
const TLS_AUTHORITY: &str = "demo-tls-ca.pem";
/// The files that can be fetched from the demo's pages.
const PATH: &str = "/demo/certificate";

/// Somebody's certificate as it stands on paper.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldCertificate {
    /// The PKCS#12 file in the demo's folder.
    pub file: String,
    /// What opens it.
    pub pin: String,
}

/// The name of the certificate hosts on a port.
pub fn hosts(port: u16) -> String {
    format!("*.{BELOW}:{port}")
}

/// Certificate and key of the certificate hosts; made if the folder is new.
pub fn tls_files(folder: &Path) -> Result<TlsFiles, Failed> {
    let at = |name: &str| folder.join(name);
    let files = TlsFiles { certificate_file: at("demo-hosts.pem"), key_file: at("demo-hosts.key") };
    if files.certificate_file.exists() && files.key_file.exists() && at(TLS_AUTHORITY).exists() {
        return Ok(files);
    }
    let doing = "making a certificate for the certificate hosts";
    let [authority, certificate, key] = made().map_err(Failed::at(doing))?;
    make_folder_of(&files.key_file).map_err(Failed::at(doing))?;
    for (path, text) in [
        (&at(TLS_AUTHORITY), authority),
        (&files.certificate_file, certificate),
        (&files.key_file, key),
    ] {
        // What a demo was stopped in the middle of is made anew.
        let _ = std::fs::remove_file(path);
        write_private(path, text.as_bytes()).map_err(Failed::at(path.display()))?;
    }
    Ok(files)
}

/// An authority for names below localhost alone, a certificate of it and that one's key, PEM.
fn made() -> Result<[String; 3], rcgen::Error> {
    let validity = |params: &mut CertificateParams, name: &str| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2046, 1, 1);
        params.distinguished_name.push(DnType::CommonName, name);
    };
    let mut authority = CertificateParams::new(Vec::new())?;
    validity(&mut authority, "Sekimori demo, for this machine only");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("localhost".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let authority_key = KeyPair::generate()?;
    let anchor = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);
    let mut hosts = CertificateParams::new(vec![format!("*.{BELOW}")])?;
    validity(&mut hosts, "Sekimori demo");
    hosts.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    hosts.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = hosts.signed_by(&key, &issuer)?;
    let as_pem = |one: &rcgen::Certificate| pem(PemKind::Certificate, one.der());
    let key = pem(PemKind::PrivateKey, &key.serialize_der());
    Ok([as_pem(&anchor), as_pem(&certificate), key])
}

/// The root's list is current for as long as its certificate.
const ROOT_MONTHS: u16 = 240;

/// See to it that the site has an authority. Its root's key is thrown away: nobody renews a demo.
pub async fn ensure_authority(app: &App) -> Result<(), Failed> {
    let doing = "making the demo's certificate authority";
    let tenant = app.tenant(None)?;
    if tenant.authorities.active().is_some() {
        return Ok(());
    }
    let name = |common_name| {
        AuthorityName::parse(common_name, Some("Demo University"), Some("JP"))
            .map_err(Failed::at(doing))
    };
    let (by, now) = (By("demo".to_owned()), SystemClock.now());
    let key = SigningKey::generate(KeyProfile::Es256).map_err(Failed::at(doing))?;
    let root = make_root(
        &name("Demo University Root CA")?,
        ROOT_MONTHS,
        Arc::new(key),
        now,
        &SystemEntropy,
    );
    let root = root.map_err(Failed::at(doing))?;
    let issuing = name("Demo University CA 1")?;
    let asked = app.flow.request_authority(&tenant, &issuing, AuthorityPlan::P256, &by).await;
    let request = Request::read(&asked.map_err(Failed::at(doing))?.request);
    let request = request.map_err(Failed::at(doing))?;
    let above = Addresses::of(&tenant, &root.certificate().key_name());
    let places = Locations::parse(&[&above.list], &[], &[&above.certificate]);
    let places = places.map_err(Failed::at(doing))?;
    let signed = root.sign_issuing(&request, &issuing, 120, &places, now, &SystemEntropy);
    let signed = signed.map_err(Failed::at(doing))?;
    let own = root.certificate().der();
    let installed = app.flow.install_authority(&tenant, signed.der(), own, &by).await;
    installed.map_err(Failed::at(doing))?;
    app.keep().await?;
    let list = root.root_list(&[], ROOT_MONTHS, now).map_err(Failed::at(doing))?;
    let tenant = app.tenant(None)?;
    let taken = app.flow.install_root_list(&tenant, &list, &by).await;
    taken.map_err(Failed::at(doing))?;
    app.keep().await
}

/// A certificate for somebody of the demo, in a file of its folder.
pub async fn hand_out(
    flow: &Flow,
    tenant: &Arc<Tenant>,
    person: sekimori_base::PersonId,
    username: &str,
    folder: &Path,
) -> Result<HeldCertificate, Failed> {
    let doing = "issuing the demo's certificate";
    let now = flow.clock.now();
    let stored = flow.store.person(tenant.id, now, person).await.map_err(Failed::at(doing))?;
    let stored = stored.ok_or_else(|| Failed::new("the demo's person is gone"))?;
    let asked = Asked {
        key: WantedKey::Fresh(PersonalKeyKind::P256),
        label: String::new(),
        issued_by: "demo".to_owned(),
        binding: Binding::Desk,
    };
    let issued = flow.issue_certificate(tenant, &stored, asked, &By("demo".to_owned())).await;
    let issued = issued.map_err(Failed::at(doing))?;
    let (key, pin) =
        issued.file.ok_or_else(|| Failed::new("the certificate came without a file"))?;
    let file = format!("{username}.p12");
    let path = folder.join(&file);
    write_private(&path, key.expose()).map_err(Failed::at(path.display()))?;
    Ok(HeldCertificate { file, pin: pin.expose().to_owned() })
}

/// Where files of the demo are fetched: somebody's certificate, and who vouches for the certificate hosts.
pub fn routes(folder: &Path, people: &[OnPaper]) -> Router {
    let folder = folder.to_owned();
    let held = people.iter().filter_map(|person| person.certificate.as_ref());
    let held: Vec<String> = held.map(|held| held.file.clone()).collect();
    Router::new().route(
        &format!("{PATH}/{{file}}"),
        get(async move |Named(name): Named<String>| fetched(&folder, &held, &name)),
    )
}

fn fetched(folder: &Path, held: &[String], name: &str) -> Response {
    let kind = if name == TLS_AUTHORITY {
        "application/x-pem-file"
    } else if held.iter().any(|held| held == name) {
        "application/x-pkcs12"
    } else {
        return with_status(StatusCode::NOT_FOUND);
    };
    let Ok(bytes) = std::fs::read(folder.join(name)) else {
        return with_status(StatusCode::NOT_FOUND);
    };
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    response
}

fn with_status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// What stands on paper about certificates.
pub struct Sheet {
    /// Where certificates, and who vouches for the hosts, are fetched.
    pub fetch: String,
    /// Who vouches for the certificate hosts.
    pub tls_authority: PathBuf,
    json: Value,
}

impl Sheet {
    /// Of a running demo; `None` where it has no certificate hosts.
    pub fn of(tenant: &Tenant, folder: &Path) -> Result<Option<Self>, Failed> {
        let (Some(own), Some(hosts)) = (tenant.authorities.active(), &tenant.certificates) else {
            return Ok(None);
        };
        let tls_authority = folder.join(TLS_AUTHORITY);
        let vouching = std::fs::read_to_string(&tls_authority);
        let vouching = vouching.map_err(Failed::at(tls_authority.display()))?;
        let addresses = Addresses::of(tenant, &own.name);
        let chain = [own.authority.certificate(), &own.root];
        let chain = chain.map(|one| pem(PemKind::Certificate, one.der())).concat();
        let json = json!({
            "login_url": format!("{}/portal", tenant.issuer()),
            "hosts": Vec::<String>::from(hosts.clone()),
            "ca_pem": format!("{chain}{vouching}"),
            "ocsp_url": addresses.responder,
            "crl_url": addresses.list,
            "root_crl_url": Addresses::of(tenant, &own.root.key_name()).list,
        });
        Ok(Some(Self { fetch: format!("{}{PATH}/", tenant.issuer()), tls_authority, json }))
    }

    /// For programs.
    pub fn json(&self) -> &Value {
        &self.json
    }
}
