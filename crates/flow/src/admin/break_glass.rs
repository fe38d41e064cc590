//! Break-glass codes: one for each administrator, on paper in a safe, for the day on which their factor is lost or the
//! policy takes nothing that anybody has.
//!
//! It is a recovery code of one: typed where recovery codes are typed, after the password, counted and throttled like
//! one, spent once. Only it is taken by every row of the policy that lets anybody in.

use sekimori_base::{FactorId, Fault, PersonId, Sealed, Secret};
use sekimori_credential::recovery::RecoveryCode;
use sekimori_directory::{Binding, Method};
use sekimori_login::FactorState;
use sekimori_store::{NewFactor, Write};

use super::By;
use crate::Flow;
use crate::login::recovery_digest;
use crate::tenant::Tenant;

impl Flow {
    /// A fresh break-glass code of an administrator; an earlier one ends. It is returned once, and only its digest is
    /// kept. Whether the person is an administrator is for the caller to see to.
    pub async fn make_break_glass(
        &self,
        tenant: &Tenant,
        person: PersonId,
        by: &By,
    ) -> Result<Secret<String>, Fault> {
        let doing = "making a break-glass code";
        let now = self.clock.now();
        let code = RecoveryCode::random(&*self.entropy);
        let factor = NewFactor {
            person,
            id: FactorId::random(&*self.entropy),
            method: Method::RecoveryCode,
            binding: Binding::BreakGlass,
            state: FactorState::Ready,
            label: String::new(),
            secret: Sealed::from_bytes(recovery_digest(tenant, &code).to_vec()),
            codes: 1,
            passkey: None,
        };
        let line = by.line(now, "break_glass.made", Some(person));
        let writes = vec![Write::BreakGlassSet(factor), Write::Audit(Box::new(line))];
        self.store.commit(tenant.id, now, writes).await.map_err(Fault::while_doing(doing))?;
        Ok(code.text())
    }
}
