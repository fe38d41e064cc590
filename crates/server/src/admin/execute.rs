//! The one function that executes commands.

use std::sync::Arc;

use sekimori_flow::Tenant;
use sekimori_flow::admin::By;
use sekimori_store::{CommitError, Write};

use super::{Answer, Command, Request, Watcher, people, services, settings};
use crate::app::App;
use crate::command::Failed;

/// What a command works with.
pub(super) struct Desk<'a> {
    /// The program.
    pub(super) app: &'a App,
    /// Who acts.
    pub(super) by: &'a By,
    /// The organisation that was named.
    pub(super) host: Option<String>,
}

impl Desk<'_> {
    /// The organisation that the command is about.
    pub(super) fn tenant(&self) -> Result<Arc<Tenant>, Failed> {
        self.app.tenant(self.host.as_deref())
    }

    /// Write all of it, or nothing.
    pub(super) async fn commit(
        &self,
        tenant: &Tenant,
        writes: Vec<Write>,
    ) -> Result<(), CommitError> {
        let now = self.app.flow.clock.now();
        self.app.flow.store.commit(tenant.id, now, writes).await.map(drop)
    }
}

/// Execute a command for `by`.
pub async fn execute(
    app: &App,
    by: &By,
    request: Request,
    _watcher: Watcher,
) -> Result<Answer, Failed> {
    let desk = Desk { app, by, host: request.tenant };
    match request.command {
        Command::SiteShow { version } => settings::show(&desk, version).await,
        Command::SiteApply { site, expected, act } => {
            settings::apply(&desk, &site, expected, act).await
        }
        Command::SiteHistory => settings::history(&desk).await,
        Command::PersonAdd { person, password } => people::add(&desk, *person, password).await,
        Command::PersonShow { username } => people::show(&desk, username).await,
        Command::PersonState { username, state } => people::state(&desk, username, state).await,
        Command::PersonTicket { username } => people::ticket(&desk, username).await,
        Command::ServiceAdd { section, act } => services::add(&desk, &section, act).await,
        Command::ServiceSecret { service, keep_former } => {
            services::secret(&desk, &service, keep_former).await
        }
        Command::ServiceList => services::list(&desk),
    }
}
