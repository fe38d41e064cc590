//! Services: added to the site document, their secrets.

use sekimori_config::site::{parse, print};
use sekimori_directory::client::ClientAuth;
use sekimori_directory::settings::ServiceName;
use sekimori_flow::FormerSecrets;
use sekimori_store::Write;
use serde_json::json;

use super::command::Act;
use super::execute::Desk;
use super::{Answer, settings};
use crate::command::Failed;
use crate::console::Table;

pub(super) fn list(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let mut table = Table::new(["service", "client id", "secrets", "state", "title"]);
    let mut values = Vec::new();
    for service in &tenant.site.services {
        let client_id = service.oidc.as_ref().map(|client| client.client_id.to_string());
        let secrets = client_id.as_ref().and_then(|id| tenant.secrets.get(id)).map_or(0, Vec::len);
        let state = if service.disabled { "disabled" } else { "in use" };
        table.row([
            service.name.to_string(),
            client_id.clone().unwrap_or_default(),
            secrets.to_string(),
            state.to_owned(),
            service.title.en.clone(),
        ]);
        values.push(json!({
            "name": service.name, "client_id": client_id, "secrets": secrets,
            "disabled": service.disabled, "title": service.title,
        }));
    }
    Ok(Answer::yes(table.to_string(), values))
}

pub(super) async fn add(
    desk: &Desk<'_>,
    name: &str,
    section: &str,
    act: Act,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    if tenant.site.services.iter().any(|service| service.name.as_str() == name) {
        let text = format!(
            "there is a service {name} already: give this one another name, or change that one in \
             the site document (sekimori export, then apply)"
        );
        return Ok(Answer::no(text, json!(null)));
    }
    let text = format!("{}\n{section}", print(&tenant.site));
    let none = |_: &str| Err("a service from the command line names no files".to_owned());
    let (site, _) = match parse(&text, "the settings with the new service", &none) {
        Ok(parsed) => parsed,
        Err(report) => {
            let whats = report.errors.iter().map(|mistake| {
                format!("error: {} ({})\n  help: {}", mistake.what, mistake.path, mistake.remedy)
            });
            let text = whats.collect::<Vec<_>>().join("\n");
            return Ok(Answer::no(text, json!({ "errors": report.errors })));
        }
    };
    settings::apply(desk, &site, Some(tenant.settings_version), act).await
}

pub(super) async fn secret(
    desk: &Desk<'_>,
    service: &str,
    keep_former: bool,
) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let found = ServiceName::parse(service).ok().and_then(|name| tenant.site.service(&name));
    let Some(found) = found else {
        return Ok(Answer::no(
            format!("there is no service {service}: sekimori service list shows those there are"),
            json!(null),
        ));
    };
    let Some(client) = found.oidc.as_ref().filter(|client| has_secret(client.auth)) else {
        let text = format!("{service} proves itself without a secret");
        return Ok(Answer::no(text, json!(null)));
    };
    let client_id = client.client_id.as_str();
    let former = if keep_former { FormerSecrets::Keep } else { FormerSecrets::End };
    let had = tenant.secrets.get(client_id).map_or(0, Vec::len);
    let secret = desk.app.flow.make_client_secret(&tenant, client_id, former).await;
    let secret = secret.map_err(Failed::at("making a secret"))?;
    let mut line = desk.by.line(desk.app.flow.clock.now(), "service.secret_made", None);
    line.service = Some(service.to_owned());
    let audited = desk.commit(&tenant, vec![Write::Audit(Box::new(line))]).await;
    audited.map_err(Failed::at("writing down that a secret was made"))?;
    desk.app.keep().await?;
    let ended = match (had, former) {
        (0, _) => "",
        (_, FormerSecrets::Keep) => "\nthe former secret stays good until the next one is made",
        (_, FormerSecrets::End) => "\nthe former secret has ended",
    };
    let issuer = tenant.issuer();
    let text = format!(
        "issuer         {issuer}\nclient id      {client_id}\nclient secret  {}\n\
         It is shown once and stored nowhere.{ended}",
        secret.expose()
    );
    let value =
        json!({ "issuer": issuer, "client_id": client_id, "client_secret": secret.expose() });
    Ok(Answer::yes(text, value))
}

/// Whether a client proves itself with a secret.
const fn has_secret(auth: ClientAuth) -> bool {
    match auth {
        ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost => true,
        ClientAuth::PrivateKeyJwt | ClientAuth::None => false,
    }
}
