//! The one function that executes commands.

use std::sync::Arc;

use sekimori_base::PersonId;
use sekimori_flow::Tenant;
use sekimori_flow::admin::{By, View};
use sekimori_store::{CommitError, Write};

use super::{
    Answer, Command, Request, Watcher, audit, break_glass, certificates, desk, explain, import,
    keys, letters, locked_out, mail, people, records, services, settings,
};
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

    /// Write down that somebody is looked at: nothing is shown without that.
    pub(super) async fn view(
        &self,
        tenant: &Tenant,
        about: Option<PersonId>,
        what: View,
    ) -> Result<(), Failed> {
        let viewed = self.app.flow.view(tenant, about, what, self.by).await;
        viewed.map_err(Failed::at("writing down who looks"))
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
    watcher: Watcher,
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
        Command::PersonBreakGlass { username } => break_glass::renew(&desk, username).await,
        Command::PersonTicket { username, what } => people::ticket(&desk, username, what).await,
        Command::PersonUnlock { username } => desk::unlock(&desk, username).await,
        Command::FactorEnd { username, factor } => desk::end_factor(&desk, username, factor).await,
        Command::FactorResume { username, factor } => desk::resume(&desk, username, factor).await,
        Command::PreferencesClear { username } => desk::switch_on(&desk, username).await,
        Command::PersonExport { username } => records::export(&desk, username).await,
        Command::PersonErase { username, act } => records::erase(&desk, username, act).await,
        Command::PersonImport { file, act } => import::run(&desk, &file, act, &watcher).await,
        Command::PersonLockedOut { group, zone, after } => {
            locked_out::page(&desk, group.as_ref(), &zone, after, &watcher).await
        }
        Command::Letters(command) => letters::run(&desk, command, &watcher).await,
        Command::SessionList { username } => desk::sessions(&desk, username).await,
        Command::SessionEnd { username, session } => {
            desk::end_sessions(&desk, username, session).await
        }
        Command::KeyList => keys::list(&desk).await,
        Command::KeyRotate { line } => keys::rotate(&desk, &line).await,
        Command::Ca(command) => certificates::authority(&desk, command).await,
        Command::Certificate(command) => certificates::of_people(&desk, command).await,
        Command::Explain { code } => explain::explain(&desk, &code).await,
        Command::WhatIf { site, since_seconds } => {
            explain::what_if(&desk, &site, since_seconds, &watcher).await
        }
        Command::Backup { path } => records::backup(&desk, &path).await,
        Command::AuditExport { since_seconds, after } => {
            audit::lines(&desk, since_seconds, after.as_deref()).await
        }
        Command::AuditVerify { exported } => audit::verify(&desk, &exported, &watcher).await,
        Command::AuditCheckpoint => audit::checkpoint(&desk).await,
        Command::MailTest { to } => mail::test(&desk, to).await,
        Command::MailBounce(report) => mail::bounce(&desk, &report).await,
        Command::ServiceAdd { name, section, act } => {
            services::add(&desk, &name, &section, act).await
        }
        Command::ServiceSecret { service, keep_former } => {
            services::secret(&desk, &service, keep_former).await
        }
        Command::ServiceList => services::list(&desk),
    }
}
