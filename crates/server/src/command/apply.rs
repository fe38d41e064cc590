//! `sekimori apply` and `sekimori export`: the site document in and out.

use std::path::PathBuf;

use clap::Args;
use sekimori_directory::Site;

use super::ask::{ask, ask_and_show, show};
use super::{Common, Ended, Failed, settings};
use crate::admin::command::Act;
use crate::admin::{Answer, Command, Outcome};
use crate::app::App;
use crate::console::{confirm, note, print};

/// Put a site document to use: checked, compared with the one in use, applied as a whole
#[derive(Debug, Args)]
#[command(after_long_help = "\
Every node takes the new settings within 5 seconds; each version is kept, and
`sekimori apply --revision N` brings one back.

Examples:
  sekimori apply site.toml              show what changes, ask, apply
  sekimori apply site.toml --yes        without asking
  sekimori apply site.toml --dry-run    only show what would change
  sekimori apply --revision 7            bring back an earlier version

Exit status: 0 applied or nothing to do, 1 not applied, 3 mistakes in the file.")]
pub struct Apply {
    /// The site document
    #[arg(required_unless_present = "revision")]
    file: Option<PathBuf>,
    /// Bring back this version instead
    #[arg(long, value_name = "N", conflicts_with = "file")]
    revision: Option<u64>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Print the site document in use, as a file that `apply` takes
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  sekimori export > site.toml
  sekimori export --revision 7    an earlier version
  sekimori export --history      which versions there are, from when, by whom

Exit status: 0, 1 if there is no such version, 3 if it cannot be read.")]
pub struct Export {
    /// Of this version
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    /// List the versions instead
    #[arg(long, conflicts_with = "revision")]
    history: bool,
}

pub(super) fn run(apply: &Apply, common: &Common) -> Result<Ended, Failed> {
    let site = match (&apply.file, apply.revision) {
        (Some(file), _) => settings::site(file)?,
        (None, Some(version)) => match earlier(version, common)? {
            Ok(site) => site,
            Err(answer) => return Ok(show(&answer, common)),
        },
        (None, None) => return Err(Failed::new("name a site document")),
    };
    put(&site, apply.dry_run, apply.yes, common)
}

fn earlier(version: u64, common: &Common) -> Result<Result<Site, Answer>, Failed> {
    let answer = ask(Command::SiteShow { version: Some(version) }, common)?;
    if answer.outcome == Outcome::No {
        return Ok(Err(answer));
    }
    let site = serde_json::from_value(answer.value["site"].clone());
    site.map(Ok).map_err(Failed::at("reading the earlier version"))
}

/// Show what changes, ask if need be, apply.
pub(super) fn put(site: &Site, dry_run: bool, yes: bool, common: &Common) -> Result<Ended, Failed> {
    let command =
        |expected, act| Command::SiteApply { site: Box::new(site.clone()), expected, act };
    let rehearsed = ask(command(None, Act::Rehearse), common)?;
    let nothing = rehearsed.value["changes"].as_array().is_some_and(Vec::is_empty);
    let first = rehearsed.value["first"] == true;
    if dry_run || rehearsed.outcome == Outcome::No || (nothing && !first) {
        return Ok(show(&rehearsed, common));
    }
    // The first settings change nothing for anybody.
    if !yes && !first {
        note(&rehearsed.text);
        if !confirm("Apply this?") {
            note("not applied (answer yes, or use --yes)");
            return Ok(Ended::No);
        }
    }
    let expected = rehearsed.value["version"].as_u64();
    ask_and_show(command(expected, Act::Do), common)
}

pub(super) fn export(export: &Export, common: &Common) -> Result<Ended, Failed> {
    if export.history {
        return ask_and_show(Command::SiteHistory, common);
    }
    let answer = ask(Command::SiteShow { version: export.revision }, common)?;
    if answer.outcome == Outcome::Yes && !common.json {
        print(&answer.text);
        return Ok(Ended::Well);
    }
    Ok(show(&answer, common))
}

/// Site documents that `sekimori.toml` names, for organisations that have no settings yet.
pub(super) async fn first_site(app: &App) -> Result<(), Failed> {
    let node = &app.settings;
    let of_tenants = node.tenants.iter().filter_map(|tenant| tenant.site_file.as_ref());
    for file in node.site_file.iter().chain(of_tenants) {
        let site = settings::site(file)?;
        let tenant = app.tenant_of(&site).await?;
        let standing = app.flow.store.site(tenant).await;
        if standing.map_err(Failed::at("reading the settings in use"))?.is_none() {
            let by = sekimori_flow::admin::By("system".to_owned());
            let applied = app.flow.apply_site(tenant, &by, 0, &site).await;
            applied.map_err(Failed::at("applying the first settings"))?;
        }
    }
    app.keep().await?;
    app.tenant(None).map(drop).or_else(|failed| {
        // Several organisations are as good as one here; none is not.
        if app.flow.tenants.all().is_empty() { Err(failed) } else { Ok(()) }
    })
}
