//! A guess that was checked, and whose attempt went on without it.

use sekimori_base::Fault;
use sekimori_login::{Decision, Effect};
use sekimori_store::{CommitError, Write};

use super::round::Round;
use crate::Flow;

impl Flow {
    /// Nothing could be stored of what a verdict led to. The guess was made all the same: a wrong one counts, or
    /// guesses could be had for nothing by getting in their way; another one is given back.
    pub(super) async fn settle_guess(
        &self,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<(), Fault> {
        let (Some(reserved), None) = (round.reserved, &round.reserving) else { return Ok(()) };
        let fate = decision.effects.iter().find_map(|effect| match effect {
            Effect::CountFailure { .. } => Some(Write::CounterFail(reserved)),
            Effect::RepeatFailure { .. } => Some(Write::CounterRepeat(reserved)),
            _ => None,
        });
        let mut writes = Vec::new();
        match fate {
            Some(wrong) => {
                let line = self.audit_line(round, decision, None)?;
                writes.extend([wrong, Write::Audit(Box::new(line))]);
                self.after(round, decision, None);
            }
            None => writes.push(Write::CounterGiveBack(reserved)),
        }
        match self.store.commit(round.visitor.tenant.id, round.visitor.now, writes).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("counting a guess", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}
