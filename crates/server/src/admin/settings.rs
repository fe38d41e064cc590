//! The site document: shown, applied, its versions.

use std::fmt::Write as _;

use sekimori_base::{TenantId, Timestamp};
use sekimori_config::site::{difference, print};
use sekimori_directory::Site;
use sekimori_flow::admin::ApplyError;
use serde_json::json;

use super::Answer;
use super::command::Act;
use super::execute::Desk;
use crate::command::Failed;
use crate::console::Table;

/// Versions that a history lists.
const HISTORY_LINES: u32 = 50;

pub(super) async fn show(desk: &Desk<'_>, version: Option<u64>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let reading = "reading the settings";
    let found = match version {
        None => Some((tenant.settings_version, tenant.site.clone())),
        Some(number) => {
            let stored = desk.app.flow.store.site_at(tenant.id, number).await;
            stored.map_err(Failed::at(reading))?.map(|stored| (stored.version, stored.site))
        }
    };
    match found {
        Some((version, site)) => {
            Ok(Answer::yes(print(&site), json!({ "version": version, "site": site })))
        }
        None => Ok(Answer::no("there is no such version", json!(null))),
    }
}

pub(super) async fn apply(
    desk: &Desk<'_>,
    site: &Site,
    expected: Option<u64>,
    act: Act,
) -> Result<Answer, Failed> {
    let flow = &desk.app.flow;
    let reading = "reading the settings in use";
    let tenants = flow.store.tenants().await.map_err(Failed::at(reading))?;
    // A rehearsal makes nothing, not even the organisation.
    if act == Act::Rehearse && tenants.is_empty() {
        let value = json!({ "version": 0, "first": true, "changes": [] });
        return Ok(Answer::yes("these are the first settings", value));
    }
    let tenant = desk.app.tenant_of(site).await?;
    let standing = flow.store.site(tenant).await.map_err(Failed::at(reading))?;
    let (version, changes) = match &standing {
        Some(standing) => (standing.version, difference(&standing.site, site)),
        None => (0, Vec::new()),
    };
    if let Some(expected) = expected.filter(|expected| *expected != version) {
        let text = format!("version {version} is in use, not {expected}: look at it again");
        return Ok(Answer::no(text, json!({ "version": version })));
    }
    let mut text = String::new();
    for change in &changes {
        let _ = writeln!(text, "{change}");
    }
    let warning = standing.as_ref().and_then(|standing| sooner(&standing.site, site));
    if let Some(warning) = &warning {
        let _ = writeln!(text, "warning: {warning}");
    }
    let first = standing.is_none();
    let mut value = json!({
        "version": version,
        "first": first,
        "changes": changes,
        "warnings": warning.into_iter().collect::<Vec<_>>(),
    });
    if !first && changes.is_empty() {
        return Ok(Answer::yes(format!("version {version} says the same: nothing to do"), value));
    }
    if act == Act::Rehearse {
        if first {
            text.push_str("these are the first settings");
        }
        return Ok(Answer::yes(text, value));
    }
    match put(desk, tenant, version, site).await? {
        Some(version) => {
            value["version"] = json!(version);
            let _ = write!(text, "version {version} is in use, on every node within 5 seconds");
            Ok(Answer::yes(text, value))
        }
        None => Ok(Answer::no("the settings were changed meanwhile: do it again", value)),
    }
}

/// What is to be said when wrong passwords are to be answered sooner than until now: hashes were imported that fitted
/// then, and nobody can tell from here whether their owners have signed in since.
fn sooner(before: &Site, after: &Site) -> Option<String> {
    let (before, after) =
        (before.password.wrong_password_millis, after.password.wrong_password_millis);
    (after < before).then(|| {
        format!(
            "password.wrong_password_millis goes from {before} to {after}: hashes of other systems that were imported \
             until now may take up to {before} ms to check, and whoever measures would learn that the account exists, \
             until its owner has signed in once"
        )
    })
}

/// Apply, and take it at once in this process. `None` = somebody was faster.
pub(super) async fn put(
    desk: &Desk<'_>,
    tenant: TenantId,
    version: u64,
    site: &Site,
) -> Result<Option<u64>, Failed> {
    match desk.app.flow.apply_site(tenant, desk.by, version, site).await {
        Ok(version) => {
            desk.app.keep().await?;
            Ok(Some(version))
        }
        Err(ApplyError::Stale) => Ok(None),
        Err(ApplyError::Fault(fault)) => Err(Failed::at("applying the settings")(fault)),
    }
}

pub(super) async fn history(desk: &Desk<'_>) -> Result<Answer, Failed> {
    let tenant = desk.tenant()?;
    let lines = desk.app.flow.store.site_history(tenant.id, u64::MAX >> 1, HISTORY_LINES).await;
    let lines = lines.map_err(Failed::at("reading the history of settings"))?;
    let mut table = Table::new(["version", "applied", "by"]);
    let mut values = Vec::new();
    for line in lines {
        let at = moment(line.applied_at);
        table.row([line.version.to_string(), at.clone(), line.applied_by.clone()]);
        values.push(json!({ "version": line.version, "at": at, "by": line.applied_by }));
    }
    Ok(Answer::yes(table.to_string(), values))
}

/// A moment as RFC 3339, UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_string()
}
