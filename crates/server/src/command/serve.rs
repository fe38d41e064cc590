//! `sekimori serve`.

use clap::Args;
use sekimori_web::App as WebApp;

use super::{Common, Ended, Failed, settings};
use crate::app::{App, Purpose};
use crate::log;
use crate::serve::Serving;

/// Serve people and services until told to stop
#[derive(Debug, Args)]
#[command(after_long_help = "\
SIGTERM or SIGINT stop it: requests in flight are finished first, within 25
seconds. SIGHUP takes changed certificate files at once; they are looked for
every few seconds as well. Logs go to standard error.

Exit status: 0 after a stop that was asked for, 3 if it cannot serve.")]
pub struct Serve {}

pub(super) fn run(_: Serve, common: &Common) -> Result<Ended, Failed> {
    let node = settings::node(common.config.as_deref())?;
    let _logging = log::start(node.log);
    super::runtime()?.block_on(async {
        if node.mail.is_none() {
            tracing::warn!(target: "sekimori", "no mail server is configured: notices wait");
        }
        let app = App::open(&node, Purpose::Serve).await?;
        super::apply::first_site(&app).await?;
        let router = sekimori_web::router(WebApp { flow: app.flow.clone(), demo: None });
        let serving = Serving::start(app, router)?;
        serving.until_stopped().await?;
        Ok(Ended::Well)
    })
}
