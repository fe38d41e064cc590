//! The certificate authority, and the certificates that it issues.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sekimori_directory::{Binding, Username};
use sekimori_flow::admin::View;
use sekimori_flow::certificates::{
    Addresses, Asked, AuthorityPlan, InstallError, NotIssued, OwnAuthority, RequestError,
    RootListNotTaken, WantedKey,
};
use sekimori_pki::{
    AuthorityName, Certificate, PemKind, PersonalKeyKind, Request, RevocationReason, Serial, pem,
};
use serde_json::{Value, json};

use super::Answer;
use super::command::{AuthorityTitle, CaCommand, CertificateCommand, TakenBack};
use super::execute::Desk;
use super::people::{find, nobody};
use super::settings::moment;
use crate::command::Failed;
use crate::console::Table;

/// What is done with the authority.
pub(super) async fn authority(desk: &Desk<'_>, command: CaCommand) -> Result<Answer, Failed> {
    match command {
        CaCommand::Request { name, rsa, in_token, renew } => {
            request(desk, name, plan(rsa, in_token), renew).await
        }
        CaCommand::Install { certificate, root } => install(desk, &certificate, &root).await,
        CaCommand::InstallList { list } => install_list(desk, &list).await,
        CaCommand::Show => show(desk).await,
    }
}

/// What is done with certificates of people.
pub(super) async fn of_people(
    desk: &Desk<'_>,
    command: CertificateCommand,
) -> Result<Answer, Failed> {
    match command {
        CertificateCommand::Issue { username, request, rsa, label } => {
            issue(desk, username, request.as_deref(), rsa, label).await
        }
        CertificateCommand::List { username } => list(desk, username).await,
        CertificateCommand::Revoke { serial, reason } => revoke(desk, &serial, reason).await,
    }
}

/// A refusal in its own words.
fn no(why: &impl ToString) -> Answer {
    Answer::no(why.to_string(), json!(null))
}

fn decoded(text: &str) -> Result<Vec<u8>, Failed> {
    STANDARD.decode(text).map_err(Failed::at("reading base 64"))
}

fn plan(rsa: bool, in_token: Option<String>) -> AuthorityPlan {
    match in_token {
        Some(label) => AuthorityPlan::InDevice { label },
        None if rsa => AuthorityPlan::Rsa3072,
        None => AuthorityPlan::P256,
    }
}

async fn request(
    desk: &Desk<'_>,
    title: AuthorityTitle,
    plan: AuthorityPlan,
    renew: bool,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    if let Some(own) = tenant.authorities.active()
        && !renew
    {
        let subject = own.authority.certificate().subject_text();
        return Ok(no(&format!("there is an authority: {subject}\nfor another one: --renew")));
    }
    let number = tenant.authorities.all().len() + 1;
    let common_name = format!("{} CA {number}", title.name);
    let (organization, country) = (title.organization.as_deref(), title.country.as_deref());
    let name = match AuthorityName::parse(&common_name, organization, country) {
        Ok(name) => name,
        Err(error) => return Ok(no(&format!("{common_name}: {error}"))),
    };
    let made = match desk.app.flow.request_authority(&tenant, &name, plan, desk.by).await {
        Ok(made) => made,
        Err(RequestError::Fault(fault)) => {
            return Err(Failed::at("making an authority's key")(fault));
        }
        Err(refused) => return Ok(no(&refused)),
    };
    let value = json!({
        "common_name": common_name, "organization": title.organization, "country": title.country,
        "authority": made.name, "request": STANDARD.encode(&made.request),
        "status_url": Addresses::base(&tenant),
    });
    let key = match &made.device {
        Some(there) => format!("is {there}"),
        None => "was made".to_owned(),
    };
    Ok(Answer::yes(format!("the key of {common_name} {key}; it waits for its certificate"), value))
}

async fn install(desk: &Desk<'_>, certificate: &str, root: &str) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let (certificate, root) = (decoded(certificate)?, decoded(root)?);
    let taken = desk.app.flow.install_authority(&tenant, &certificate, &root, desk.by).await;
    match taken {
        Ok(_) => {}
        Err(InstallError::Fault(fault)) => return Err(Failed::at("taking an authority")(fault)),
        Err(refused) => return Ok(no(&refused)),
    }
    desk.app.keep().await?;
    authorities(desk)
}

async fn install_list(desk: &Desk<'_>, list: &str) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    match desk.app.flow.install_root_list(&tenant, &decoded(list)?, desk.by).await {
        Ok(_) => {}
        Err(RootListNotTaken::Fault(fault)) => return Err(Failed::at("taking a list")(fault)),
        Err(refused) => return Ok(no(&refused)),
    }
    desk.app.keep().await?;
    authorities(desk)
}

async fn show(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let looked = desk.app.flow.look_at_device().await;
    looked.map_err(Failed::at("looking at the token"))?;
    authorities(desk)
}

fn authorities(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let mut text = String::new();
    let mut values = Vec::new();
    for own in tenant.authorities.all() {
        let addresses = Addresses::of(&tenant, &own.name);
        let above = Addresses::of(&tenant, &own.root.key_name());
        let problem = problem(desk, own);
        text.push_str(&described(own, &addresses, &above, problem.as_deref()));
        values.push(shown(own, &addresses, &above, problem.as_deref()));
    }
    if values.is_empty() {
        return Ok(Answer::no("there is no certificate authority: sekimori ca init", json!([])));
    }
    Ok(Answer::yes(text.trim_end(), values))
}

/// Why the device of an authority's key does not sign, as far as is known.
fn problem(desk: &Desk<'_>, own: &OwnAuthority) -> Option<String> {
    own.device.as_ref().and_then(|_| desk.app.flow.device.problem()).map(|it| it.to_string())
}

fn described(
    own: &OwnAuthority,
    addresses: &Addresses,
    above: &Addresses,
    problem: Option<&str>,
) -> String {
    let certificate = own.authority.certificate();
    let root = &own.root;
    let state = match own.revoked() {
        Some(revoked) => format!("revoked by its root, since {}", moment(revoked.at)),
        None => format!("{}, since {}", own.standing.as_str(), moment(own.since)),
    };
    let list_above = match &own.root_list {
        Some(list) => format!("{}, until {}", above.list, moment(list.until())),
        None => "none: sekimori ca sign-list".to_owned(),
    };
    let key = match (&own.device, problem) {
        (None, _) => "sealed in the database".to_owned(),
        (Some(there), None) => there.to_string(),
        (Some(there), Some(problem)) => format!("{there}\n  PROBLEM      {problem}"),
    };
    format!(
        "{}\n  state        {state}\n  key          {key}\n  valid until  {}\n  SHA-256      {}\n  \
         root         {}, until {}\n  SHA-256      {}\n  root's list  {list_above}\n  \
         list         {}\n  OCSP         {}\n  certificate  {}\n\n",
        certificate.subject_text(),
        moment(certificate.not_after()),
        certificate.fingerprint(),
        root.subject_text(),
        moment(root.not_after()),
        root.fingerprint(),
        addresses.list,
        addresses.responder,
        addresses.certificate,
    )
}

fn shown(
    own: &OwnAuthority,
    addresses: &Addresses,
    above: &Addresses,
    problem: Option<&str>,
) -> Value {
    let one = |certificate: &Certificate| {
        json!({
            "subject": certificate.subject_text(),
            "not_after": moment(certificate.not_after()),
            "sha256": certificate.fingerprint().to_string(),
            "pem": pem(PemKind::Certificate, certificate.der()),
        })
    };
    let list = own.root_list.as_ref().map(|list| {
        let text = pem(PemKind::RevocationList, list.der());
        json!({ "url": above.list, "until": moment(list.until()), "pem": text })
    });
    let key = match &own.device {
        None => json!({ "in": "database" }),
        Some(there) => json!({
            "in": "token", "token": there.token, "label": there.label, "problem": problem,
        }),
    };
    json!({
        "authority": own.name, "key": key, "state": own.standing.as_str(), "since": moment(own.since),
        "revoked_at": own.revoked().map(|revoked| moment(revoked.at)),
        "certificate": one(own.authority.certificate()), "root": one(&own.root),
        "root_list": list,
        "crl_url": addresses.list, "ocsp_url": addresses.responder,
        "certificate_url": addresses.certificate,
    })
}

async fn issue(
    desk: &Desk<'_>,
    username: Username,
    request: Option<&str>,
    rsa: bool,
    label: String,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let key = match request {
        Some(request) => match Request::read(&decoded(request)?) {
            Ok(request) => WantedKey::Request(Box::new(request)),
            Err(refused) => return Ok(no(&refused)),
        },
        None if rsa => WantedKey::Fresh(PersonalKeyKind::Rsa2048),
        None => WantedKey::Fresh(PersonalKeyKind::P256),
    };
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let issued_by = desk.by.0.clone();
    let asked = Asked { key, label, issued_by, binding: Binding::Desk };
    let issued = match desk.app.flow.issue_certificate(&tenant, &stored, asked, desk.by).await {
        Ok(issued) => issued,
        Err(NotIssued::Token(fault) | NotIssued::Fault(fault)) => {
            return Err(Failed::at("issuing a certificate")(fault));
        }
        Err(refused) => return Ok(no(&format!("{username}: {refused}"))),
    };
    let certificate = &issued.certificate;
    let (serial, until) = (certificate.serial().to_string(), moment(certificate.not_after()));
    let chain = [certificate, &issued.issuer].map(|one| pem(PemKind::Certificate, one.der()));
    let mut value = json!({
        "username": username, "serial": serial, "not_after": until,
        "subject": certificate.subject_text(), "pem": chain.concat(),
    });
    if let Some((file, pin)) = &issued.file {
        value["pkcs12"] = STANDARD.encode(file.expose()).into();
        value["pin"] = pin.expose().into();
    }
    let text = format!("a certificate for {username}: {serial}, valid until {until}");
    Ok(Answer::yes(text, value))
}

async fn list(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let id = stored.person.id;
    desk.view(&tenant, Some(id), View::Certificates).await?;
    let (flow, now) = (&desk.app.flow, desk.app.flow.clock.now());
    let certificates = flow.certificates_of(&tenant, id).await;
    let mut table = Table::new(["serial", "decimal", "label", "issued", "by", "until", "state"]);
    let mut values = Vec::new();
    for one in certificates.map_err(Failed::at("reading certificates"))? {
        let (serial, decimal) = (one.serial.to_string(), one.serial.decimal());
        let (issued, until) = (moment(one.issued_at), moment(one.expires_at));
        let state = match one.revoked {
            Some((at, reason)) => format!("revoked {} ({})", moment(at), word(reason)),
            None if one.is_good(now) => "good".to_owned(),
            None => "expired".to_owned(),
        };
        values.push(json!({
            "serial": serial, "serial_decimal": decimal, "label": one.label, "issued_at": issued,
            "issued_by": one.issued_by, "not_after": until, "good": one.is_good(now),
            "revoked_at": one.revoked.map(|(at, _)| moment(at)),
            "reason": one.revoked.map(|(_, reason)| word(reason)),
        }));
        table.row([serial, decimal, one.label, issued, one.issued_by, until, state]);
    }
    Ok(Answer::yes(table.to_string(), values))
}

async fn revoke(desk: &Desk<'_>, serial: &str, reason: TakenBack) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(number) = Serial::from_hex(serial) else {
        return Ok(no(&format!("{serial} is not a serial number in hexadecimal")));
    };
    let reason = match reason {
        TakenBack::Unspecified => RevocationReason::Unspecified,
        TakenBack::KeyCompromise => RevocationReason::KeyCompromise,
        TakenBack::AffiliationChanged => RevocationReason::AffiliationChanged,
        TakenBack::Superseded => RevocationReason::Superseded,
        TakenBack::CessationOfOperation => RevocationReason::CessationOfOperation,
        TakenBack::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
    };
    let revoked = desk.app.flow.revoke_certificate(&tenant, None, number, reason, desk.by).await;
    if revoked.map_err(Failed::at("taking a certificate back"))? {
        let text =
            format!("{number} is revoked, for good; lists and answers say so within seconds");
        return Ok(Answer::yes(text, json!({ "serial": number.to_string() })));
    }
    Ok(no(&format!("there is no certificate {number}, or it was revoked before")))
}

const fn word(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "no reason said",
        RevocationReason::KeyCompromise => "key compromise",
        RevocationReason::AuthorityCompromise => "authority compromise",
        RevocationReason::AffiliationChanged => "affiliation changed",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "the account ended",
        RevocationReason::PrivilegeWithdrawn => "privilege withdrawn",
    }
}
