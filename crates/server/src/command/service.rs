//! `sekimori service`: services and their secrets.

use clap::{Args, Subcommand};

use super::ask::{ask, ask_and_show, show};
use super::{Common, Ended, Failed};
use crate::admin::command::Act;
use crate::admin::{Command, Outcome};
use crate::console::{confirm, note};

/// Services: add, list, make their secrets
#[derive(Debug, Args)]
pub struct Service {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The services, and how many secrets each has
    List,
    Add(Add),
    /// Make a client secret; it is shown once and stored nowhere
    #[command(after_long_help = "\
The former secret ends at once, unless --keep-former lets the service change
over: it then ends with the next one that is made.

Exit status: 0, 1 if there is no such service or it proves itself otherwise.")]
    Secret {
        /// The service's name
        service: String,
        /// The former secrets stay good
        #[arg(long)]
        keep_former: bool,
    },
}

/// Add an OpenID Connect service to the settings in use
#[derive(Debug, Args)]
#[command(after_long_help = "\
The same can be written into site.toml: see [[service]] in docs/config.md, where
everything else that a service may have stands as well.

Example:
  sekimori service add wiki --home https://wiki.example.ac.jp/ \\
      --redirect-uri https://wiki.example.ac.jp/oidc/callback

Exit status: 0 added, 1 refused, with what is wrong.")]
struct Add {
    /// The service's name, which is also its client id
    name: String,
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Where people start: pages lead back there, and the portal lists it
    #[arg(long, value_name = "URL")]
    home: Option<String>,
    /// Where sign-ins are answered to; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI", required = true)]
    redirect_uris: Vec<String>,
    /// A public client: no secret, PKCE alone
    #[arg(long)]
    public: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(service: Service, common: &Common) -> Result<Ended, Failed> {
    match service.what {
        What::List => ask_and_show(Command::ServiceList, common),
        What::Add(new) => add(&new, common),
        What::Secret { service, keep_former } => {
            ask_and_show(Command::ServiceSecret { service, keep_former }, common)
        }
    }
}

fn add(new: &Add, common: &Common) -> Result<Ended, Failed> {
    let section = section(new)?;
    let command = |act| {
        let (name, section) = (new.name.clone(), section.clone());
        Command::ServiceAdd { name, section, act }
    };
    let rehearsed = ask(command(Act::Rehearse), common)?;
    if rehearsed.outcome == Outcome::No {
        return Ok(show(&rehearsed, common));
    }
    if !new.yes {
        note(&rehearsed.text);
        if !confirm("Apply this?") {
            note("not applied (answer yes, or use --yes)");
            return Ok(Ended::No);
        }
    }
    ask_and_show(command(Act::Do), common)
}

/// The service's section of the site document.
fn section(new: &Add) -> Result<String, Failed> {
    let mut oidc = toml::Table::new();
    oidc.insert("redirect_uris".into(), new.redirect_uris.clone().into());
    if new.public {
        oidc.insert("auth".into(), "none".into());
    }
    let mut service = toml::Table::new();
    service.insert("name".into(), new.name.clone().into());
    if let Some(title) = &new.title {
        service.insert("title".into(), title.clone().into());
    }
    if let Some(home) = &new.home {
        service.insert("home".into(), home.clone().into());
    }
    service.insert("oidc".into(), oidc.into());
    let mut document = toml::Table::new();
    document.insert("service".into(), toml::Value::Array(vec![service.into()]));
    toml::to_string(&document).map_err(Failed::at("writing the service's section"))
}
