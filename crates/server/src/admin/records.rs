//! Records: everything about a person, out or away; backups.

use std::path::Path;

use sekimori_directory::Username;
use sekimori_pki::Serial;
use sekimori_store::{AuditEntry, PersonExport, Write};
use serde_json::{Value, json};

use super::Answer;
use super::command::Act;
use super::execute::Desk;
use super::people::{find, nobody};
use super::settings::moment;
use crate::command::Failed;

pub(super) async fn export(desk: &Desk<'_>, username: Username) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let (flow, id) = (&desk.app.flow, stored.person.id);
    let now = flow.clock.now();
    let line = desk.by.line(now, "person.exported", Some(id));
    let audited = desk.commit(&tenant, vec![Write::Audit(Box::new(line))]).await;
    audited.map_err(Failed::at("writing down that somebody was exported"))?;
    let exported = flow.store.person_export(tenant.id, now, id).await;
    let Some(exported) = exported.map_err(Failed::at("reading all about somebody"))? else {
        return Ok(nobody(&username));
    };
    let value = exported_value(&exported);
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    Ok(Answer::yes(text, value))
}

fn exported_value(exported: &PersonExport) -> Value {
    let history = |entry: &AuditEntry| {
        let facts: Option<Value> =
            entry.facts.as_ref().and_then(|facts| serde_json::from_str(&facts.json).ok());
        json!({ "line": entry.line, "facts": facts })
    };
    let factors = exported.person.factors.iter().map(|factor| {
        json!({
            "id": factor.facts.id, "method": factor.facts.method, "binding": factor.facts.binding,
            "state": factor.facts.state, "label": factor.label,
        })
    });
    let sessions = exported.sessions.iter().map(|session| {
        json!({
            "id": session.facts.id, "opened_at": moment(session.facts.opened_at),
            "used_at": moment(session.facts.used_at), "zone": session.zone,
            "browser": session.device,
        })
    });
    let consents = exported.consents.iter().map(|consent| {
        json!({
            "client_id": consent.client_id, "scopes": consent.scopes,
            "given_at": moment(consent.given_at),
        })
    });
    let tickets = exported.tickets.iter().map(|ticket| {
        json!({
            "made_at": moment(ticket.made_at), "made_by": ticket.made_by,
            "for": ticket.purpose.as_str(),
            "expires_at": moment(ticket.expires_at), "spent_at": ticket.spent_at.map(moment),
        })
    });
    let certificates = exported.certificates.iter().map(|certificate| {
        let number = Serial::from_bytes(certificate.serial.bytes());
        json!({
            "serial": number.map(|number| number.to_string()), "label": certificate.label,
            "issued_at": moment(certificate.issued_at), "issued_by": certificate.issued_by,
            "expires_at": moment(certificate.expires_at),
            "revoked_at": certificate.revoked.map(|taken| moment(taken.at)),
        })
    });
    json!({
        "person": exported.person.person,
        "certificates": certificates.collect::<Vec<_>>(),
        "factors": factors.collect::<Vec<_>>(),
        "preferences": exported.person.known.preferences,
        "sessions": sessions.collect::<Vec<_>>(),
        "consents": consents.collect::<Vec<_>>(),
        "tickets": tickets.collect::<Vec<_>>(),
        "grants": exported.grants.len(),
        "history": exported.history.iter().map(history).collect::<Vec<_>>(),
    })
}

pub(super) async fn erase(desk: &Desk<'_>, username: Username, act: Act) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let Some(stored) = find(desk, &tenant, &username).await? else { return Ok(nobody(&username)) };
    let id = stored.person.id;
    if act == Act::Rehearse {
        let text = format!(
            "{username} ({}) would be erased: account, factors, sessions, grants, and the facts\n\
             beside audit lines. The lines stay, with {id} and without a name.",
            stored.person.name.en
        );
        return Ok(Answer::yes(text, json!({ "username": username, "id": id })));
    }
    let line = desk.by.line(desk.app.flow.clock.now(), "person.erased", Some(id));
    let audited = desk.commit(&tenant, vec![Write::Audit(Box::new(line))]).await;
    audited.map_err(Failed::at("writing down that somebody is erased"))?;
    let now = desk.app.flow.clock.now();
    let erased = desk.app.flow.store.person_erase(tenant.id, now, id).await;
    erased.map_err(Failed::at("erasing somebody"))?;
    Ok(Answer::yes(format!("{username} is erased"), json!({ "id": id, "erased": true })))
}

pub(super) async fn backup(desk: &Desk<'_>, path: &Path) -> Result<Answer, Failed> {
    let flow = &desk.app.flow;
    let report = flow.store.backup(path).await;
    let report = report.map_err(Failed::at(format!("writing {}", path.display())))?;
    // Every organisation's audit says that its data was copied.
    for tenant in flow.tenants.all() {
        let line = desk.by.line(flow.clock.now(), "backup.written", None);
        let audited = desk.commit(&tenant, vec![Write::Audit(Box::new(line))]).await;
        audited.map_err(Failed::at("writing down that a backup was made"))?;
    }
    let tenants = flow.tenants.all();
    let own = tenants.iter().flat_map(|tenant| tenant.authorities.all());
    let elsewhere: Vec<String> =
        own.filter_map(|own| own.device.as_ref()).map(ToString::to_string).collect();
    let together = if elsewhere.is_empty() {
        "together they are everything.".to_owned()
    } else {
        let keys = elsewhere.join(", ");
        format!(
            "together they are everything\nbut the keys of authorities that are in a token, which only the \
             token's own tools can copy: {keys}."
        )
    };
    let text = format!(
        "{} was written and read back: {} people, {} rows\n\
         The root key file is not in it: without that it is of no use, {together}",
        path.display(),
        report.people,
        report.rows
    );
    let value = json!({
        "path": path, "people": report.people, "rows": report.rows, "keys_in_tokens": elsewhere,
    });
    Ok(Answer::yes(text, value))
}
