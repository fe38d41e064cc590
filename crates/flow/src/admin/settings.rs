//! The site document: applied as a new version, atomically.

use sekimori_base::{Fault, TenantId};
use sekimori_directory::Site;
use sekimori_store::{ChangeError, Write};

use super::By;
use super::people::admin_line;
use crate::Flow;

/// Why a site document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Somebody else applied another one meanwhile.
    #[error("the settings were changed meanwhile")]
    Stale,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<ChangeError> for ApplyError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Stale => Self::Stale,
            ChangeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl Flow {
    /// Make `site` the settings of a tenant, if they are still at `expected`. Gives the new version; every node
    /// takes it within seconds.
    pub async fn apply_site(
        &self,
        tenant: TenantId,
        by: &By,
        expected: u64,
        site: &Site,
    ) -> Result<u64, ApplyError> {
        let now = self.clock.now();
        let version = self.store.apply_site(tenant, expected, site, now, &by.0).await?;
        let details = serde_json::json!({ "version": version });
        let mut line = admin_line(now, "settings.applied", None, by);
        line.details = details.to_string();
        self.store
            .commit(tenant, now, vec![Write::Audit(Box::new(line))])
            .await
            .map_err(Fault::while_doing("writing down that settings were applied"))?;
        Ok(version)
    }
}
