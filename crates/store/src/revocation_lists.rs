//! Revocation lists of other authorities, as they were fetched. What is in one, `pki` knows.

use sekimori_base::{Fault, TenantId, Timestamp};

use crate::Store;
use crate::database::{DatabaseError, call};
use crate::statement as sql;
use crate::value::Row;

/// How the list of an address fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListHead {
    /// Where it is fetched from.
    pub address: String,
    /// When that was last begun.
    pub tried_at: Timestamp,
    /// When the one that is here came.
    pub fetched_at: Option<Timestamp>,
    /// Why the last try came to nothing; empty if it did not.
    pub problem: String,
}

fn head(row: &mut Row) -> Result<ListHead, DatabaseError> {
    Ok(ListHead {
        address: row.text()?,
        tried_at: row.moment()?,
        fetched_at: row.maybe_moment()?,
        problem: row.text()?,
    })
}

impl Store {
    /// How the lists of all addresses fare.
    pub async fn list_heads(&self, tenant: TenantId) -> Result<Vec<ListHead>, Fault> {
        self.read("loading how revocation lists fare", move |transaction| {
            let mut rows = transaction.rows(&call!(sql::REVOCATION_LISTS_HEADS, tenant.bytes()))?;
            rows.iter_mut().map(head).collect()
        })
        .await
    }

    /// The list that came from an address.
    pub async fn list(&self, tenant: TenantId, address: &str) -> Result<Option<Vec<u8>>, Fault> {
        let address = address.to_owned();
        self.read("loading a revocation list", move |transaction| {
            let call = call!(sql::REVOCATION_LISTS_DOCUMENT, tenant.bytes(), &address);
            let row = transaction.row(&call)?;
            Ok(row.map(|mut row| row.maybe_bytes()).transpose()?.flatten())
        })
        .await
    }

    /// Whether the caller is to ask the address now: nobody has since `before`, and from now on nobody else will.
    pub async fn claim_list(
        &self,
        tenant: TenantId,
        address: &str,
        now: Timestamp,
        before: Timestamp,
    ) -> Result<bool, Fault> {
        let address = address.to_owned();
        let claimed = self
            .write("choosing who fetches a revocation list", move |transaction| {
                let call =
                    call!(sql::REVOCATION_LISTS_CLAIM, tenant.bytes(), &address, now, before);
                Ok(Ok::<_, std::convert::Infallible>(transaction.count(&call)? == 1))
            })
            .await?;
        let Ok(claimed) = claimed;
        Ok(claimed)
    }

    /// A newer list came from an address.
    pub async fn put_list(
        &self,
        tenant: TenantId,
        address: &str,
        now: Timestamp,
        document: Vec<u8>,
    ) -> Result<(), Fault> {
        let call = call!(sql::REVOCATION_LISTS_PUT, document, now, tenant.bytes(), address);
        self.write_all("keeping a revocation list", vec![call]).await
    }

    /// How asking an address ended; an empty `problem` if well.
    pub async fn list_tried(
        &self,
        tenant: TenantId,
        address: &str,
        problem: &str,
    ) -> Result<(), Fault> {
        let call = call!(sql::REVOCATION_LISTS_TRIED, problem, tenant.bytes(), address);
        self.write_all("noting how a revocation list fares", vec![call]).await
    }

    /// Forget an address that the settings name no more.
    pub async fn forget_list(&self, tenant: TenantId, address: &str) -> Result<(), Fault> {
        let call = call!(sql::REVOCATION_LISTS_FORGET, tenant.bytes(), address);
        self.write_all("forgetting a revocation list", vec![call]).await
    }
}
