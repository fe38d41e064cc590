//! Faults of ours that somebody was shown a code of. What broke is often the database itself, so the lines wait here, a
//! few of them, and go into the audit as soon as something can be written again.

use std::sync::{Mutex, PoisonError};

use sekimori_base::{Fault, TenantId};
use sekimori_login::Reason;
use sekimori_store::{AuditLine, Write};

use crate::{Flow, IncidentCode, Visitor};

/// Lines that wait at most; of more faults there is the log.
const WAITING_MAX: usize = 200;

/// Lines that wait to be written.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<(TenantId, AuditLine)>>);

impl Faults {
    fn take(&self) -> Vec<(TenantId, AuditLine)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there was room.
    fn put(&self, tenant: TenantId, line: AuditLine) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            return false;
        }
        waiting.push((tenant, line));
        true
    }
}

impl Flow {
    /// The code under which a fault will be found; `None` if no more of them are kept now.
    pub fn fault_code(&self, visitor: &Visitor, fault: &Fault) -> Option<IncidentCode> {
        if !self.budget.take(visitor.tenant.id, visitor.network(), visitor.now) {
            return None;
        }
        let code = IncidentCode::random(&*self.entropy);
        let line = AuditLine {
            at: visitor.now,
            event: "fault".to_owned(),
            reason: Some(Reason::ServerFault.code().to_owned()),
            zone: Some(visitor.position.zone.to_string()),
            incident: Some(code.to_string()),
            details: serde_json::json!({ "fault": fault.to_string() }).to_string(),
            ..AuditLine::default()
        };
        self.faults.put(visitor.tenant.id, line).then_some(code)
    }

    /// Write the lines that wait. One that cannot be written waits on.
    pub(crate) async fn keep_faults(&self) {
        for (tenant, line) in self.faults.take() {
            let writes = vec![Write::Audit(Box::new(line.clone()))];
            if self.store.commit(tenant, self.clock.now(), writes).await.is_err() {
                self.faults.put(tenant, line);
            }
        }
    }
}
