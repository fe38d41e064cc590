//! Tenants, and the versions of their site documents.

use sekimori_base::{Fault, TenantId, Timestamp};
use sekimori_directory::Site;

use crate::Store;
use crate::database::{DatabaseError, call};
use crate::statement as sql;
use crate::value::{Row, to_json};

/// One version of a site's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteVersion {
    /// Its number, from 1.
    pub version: u64,
    /// The settings.
    pub site: Site,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// By whom.
    pub applied_by: String,
}

/// A version without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteVersionLine {
    /// Its number.
    pub version: u64,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// By whom.
    pub applied_by: String,
}

/// A tenant and its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// Its host name.
    pub host: String,
}

/// What nodes poll every few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of the site settings; 0 when none were applied.
    pub site: u64,
    /// Of the set of keys.
    pub keys: u64,
}

/// Why a change of a version was refused.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else changed it meanwhile: look again.
    #[error("it was changed meanwhile")]
    Stale,
    /// Something of ours does not work.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Store {
    /// The tenant of `host`; it is made with the id `fresh` if there is none.
    pub async fn ensure_tenant(
        &self,
        host: &str,
        now: Timestamp,
        fresh: TenantId,
    ) -> Result<TenantId, Fault> {
        let host = host.to_owned();
        let ensured = self
            .write("making a tenant", move |transaction| {
                if let Some(mut row) = transaction.row(&call!(sql::TENANTS_BY_HOST, &host))? {
                    return Ok(Ok(TenantId::from_bytes(row.array()?)));
                }
                transaction.run(&call!(sql::TENANTS_ENSURE, fresh.bytes(), &host, now))?;
                let mut row = transaction
                    .row(&call!(sql::TENANTS_BY_HOST, &host))?
                    .ok_or(DatabaseError::Damaged("a tenant's id is in use"))?;
                Ok(Ok::<_, std::convert::Infallible>(TenantId::from_bytes(row.array()?)))
            })
            .await?;
        match ensured {
            Ok(tenant) => Ok(tenant),
            Err(never) => match never {},
        }
    }

    /// All tenants.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Fault> {
        self.read("loading tenants", |transaction| {
            transaction
                .rows(&call!(sql::TENANTS_ALL))?
                .iter_mut()
                .map(|row| Ok(Tenant { id: TenantId::from_bytes(row.array()?), host: row.text()? }))
                .collect()
        })
        .await
    }

    /// The versions of settings and keys, for polling.
    pub async fn versions(&self, tenant: TenantId) -> Result<Versions, Fault> {
        self.read("polling versions", move |transaction| {
            let found = transaction.row(&call!(sql::TENANTS_VERSIONS, tenant.bytes()))?;
            let Some(mut row) = found else { return Ok(Versions { site: 0, keys: 0 }) };
            Ok(Versions { site: row.natural()?, keys: row.natural()? })
        })
        .await
    }

    /// The settings in force.
    pub async fn site(&self, tenant: TenantId) -> Result<Option<SiteVersion>, Fault> {
        self.read("loading the settings", move |transaction| {
            let found = transaction.row(&call!(sql::SETTINGS_CURRENT, tenant.bytes()))?;
            found.map(|mut row| version(&mut row)).transpose()
        })
        .await
    }

    /// The settings of one version.
    pub async fn site_at(
        &self,
        tenant: TenantId,
        number: u64,
    ) -> Result<Option<SiteVersion>, Fault> {
        self.read("loading earlier settings", move |transaction| {
            let found = transaction.row(&call!(sql::SETTINGS_AT, tenant.bytes(), number))?;
            found.map(|mut row| version(&mut row)).transpose()
        })
        .await
    }

    /// Put `site` in force as the version after `expected` (0 for the first). Gives its number.
    pub async fn apply_site(
        &self,
        tenant: TenantId,
        expected: u64,
        site: &Site,
        now: Timestamp,
        by: &str,
    ) -> Result<u64, ChangeError> {
        let document = to_json(site);
        let by = by.to_owned();
        self.write("applying settings", move |transaction| {
            let advance = call!(sql::SETTINGS_ADVANCE, tenant.bytes(), expected);
            if transaction.count(&advance)? == 0 {
                return Ok(Err(()));
            }
            let number = expected + 1;
            let put = call!(sql::SETTINGS_PUT, tenant.bytes(), number, &document, now, &by);
            transaction.run(&put)?;
            Ok(Ok(number))
        })
        .await?
        .map_err(|()| ChangeError::Stale)
    }

    /// Versions before `before`, newest first.
    pub async fn site_history(
        &self,
        tenant: TenantId,
        before: u64,
        limit: u32,
    ) -> Result<Vec<SiteVersionLine>, Fault> {
        self.read("loading the history of settings", move |transaction| {
            transaction
                .rows(&call!(sql::SETTINGS_HISTORY, tenant.bytes(), before, limit))?
                .iter_mut()
                .map(|row| {
                    Ok(SiteVersionLine {
                        version: row.natural()?,
                        applied_at: row.moment()?,
                        applied_by: row.text()?,
                    })
                })
                .collect()
        })
        .await
    }
}

fn version(row: &mut Row) -> Result<SiteVersion, DatabaseError> {
    Ok(SiteVersion {
        version: row.natural()?,
        site: row.json()?,
        applied_at: row.moment()?,
        applied_by: row.text()?,
    })
}
