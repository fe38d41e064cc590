//! What is written down of a decision: its audit line, with the facts beside it so that it can be decided again.

use sekimori_base::{FactorId, Fault, random};
use sekimori_directory::Method;
use sekimori_login::replay::Asked;
use sekimori_login::{Decision, Effect, Next, Submission};
use sekimori_store::{AuditLine, CommitError, Write};

use super::round::Round;
use crate::Flow;
use crate::incident::IncidentCode;
use crate::record::RecordedFacts;

/// The detail of a line in which a recovery code was used up: its factor and its place on the sheet. A restored backup
/// does not know of it.
pub(crate) const SPENT: &str = "recovery_code";

impl Flow {
    /// Keep an audit line and an incident code of a refusal that stores nothing else, within the budget.
    pub(super) async fn narrate(
        &self,
        round: &Round<'_>,
        decision: &Decision,
    ) -> Result<Option<IncidentCode>, Fault> {
        let visitor = round.visitor;
        if !self.budget.take(visitor.tenant.id, visitor.network(), visitor.now) {
            return Ok(None);
        }
        let incident = IncidentCode::random(&*self.entropy);
        let line = self.audit_line(round, decision, Some(incident))?;
        let writes = vec![Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Some(incident)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// The audit line of a decision, with the facts beside it so that it can be decided again.
    pub(crate) fn audit_line(
        &self,
        round: &Round<'_>,
        decision: &Decision,
        incident: Option<IncidentCode>,
    ) -> Result<AuditLine, Fault> {
        let visitor = round.visitor;
        let recorded = RecordedFacts::of(visitor, Asked::SignIn, &round.facts, decision);
        Ok(AuditLine {
            at: visitor.now,
            event: event(decision).to_owned(),
            reason: Some(decision.reason.code().to_owned()),
            person: round.person.as_ref().map(|person| person.person.id),
            by: None,
            service: Some(round.facts.service.name.to_string()),
            zone: Some(visitor.position.zone.to_string()),
            incident: incident.map(|code| code.to_string()),
            details: audit_details(round, decision),
            facts: Some(recorded.beside(random(&*self.entropy))?),
        })
    }
}

/// The stable word of what happened.
fn event(decision: &Decision) -> &'static str {
    match &decision.next {
        Next::Admit(_) => "login.admitted",
        Next::Refuse => "login.refused",
        Next::Ask(_) if decision.reason.is_refusal() => "login.refused",
        Next::Ask(_) => "login.asked",
        Next::Check(_) => "login.checking",
    }
}

/// What stays in the audit line itself when the facts have gone.
fn audit_details(round: &Round<'_>, decision: &Decision) -> String {
    let mut details = serde_json::Map::new();
    details.insert("rule".into(), decision.rule.into());
    if let Next::Admit(authenticated) = &decision.next {
        let amr = authenticated.amr();
        details.insert("amr".into(), amr.into());
    }
    if let Some((factor, index)) = spent_code(round, decision) {
        details.insert(SPENT.into(), serde_json::json!({ "factor": factor, "index": index }));
    }
    if let Some(serial) = &round.certificate {
        details.insert("certificate".into(), serial.as_str().into());
    }
    if round.person.is_none()
        && let Some(typed) = &round.typed
    {
        // People type passwords into the name field: of a name that matches nobody only its shape is kept.
        details.insert("name_shape".into(), shape(typed.folded()).into());
    }
    serde_json::Value::Object(details).to_string()
}

/// The recovery code that is used up with this decision.
fn spent_code(round: &Round<'_>, decision: &Decision) -> Option<(FactorId, u64)> {
    if round.facts.submitted != Some(Submission::Code(Method::RecoveryCode)) {
        return None;
    }
    decision.effects.iter().find_map(|effect| match effect {
        Effect::SpendCode { factor, step } => Some((*factor, *step)),
        _ => None,
    })
}

/// `a` for letters, `9` for digits, the rest as it is if it is plain punctuation; at most 32 characters.
fn shape(name: &str) -> String {
    name.chars()
        .take(32)
        .map(|character| match character {
            'a'..='z' => 'a',
            '0'..='9' => '9',
            '@' | '.' | '-' | '_' => character,
            _ => '?',
        })
        .collect()
}
