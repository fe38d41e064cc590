//! What somebody does not want to be told once more.

use sekimori_base::{Fault, PersonId, TenantId};

use crate::Store;
use crate::database::call;
use crate::statement as sql;

impl Store {
    /// The code of the reason for which a person does not want to be told once more that they would not get in from
    /// outside.
    pub async fn prompt_dismissed(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<String>, Fault> {
        self.read("loading what was dismissed", move |transaction| {
            let call = call!(sql::PEOPLE_PROMPT_DISMISSED, tenant.bytes(), person.bytes());
            match transaction.row(&call)? {
                Some(mut row) => row.maybe_text(),
                None => Ok(None),
            }
        })
        .await
    }
}
