//! What is kept beside an audit line so that the decision can be made again.

use sekimori_base::Fault;
use sekimori_login::replay::{Asked, Recorded};
use sekimori_login::{Decision, Facts, Policy, RULE_SET, Reason};
use sekimori_store::AuditFacts;
use serde::{Deserialize, Serialize};

use crate::carried::browser_mark;
use crate::visitor::Visitor;

/// A decision's facts as they lie beside their audit line. The policy is found by the version of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFacts {
    /// The rules then.
    pub rule_set: u16,
    /// The version of the site settings then.
    pub settings_version: u64,
    /// What was asked.
    #[serde(default)]
    pub asked: Asked,
    /// The reason that was given.
    pub reason: Reason,
    /// The rule that spoke.
    pub rule: String,
    /// The browser that it was said to, by the mark of its binding cookie. No rule may read it: it is kept so that
    /// this browser can ask about the incident code later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<u64>,
    /// The facts.
    pub facts: Facts,
}

impl RecordedFacts {
    /// What is kept of a decision that was made now.
    pub(crate) fn of(visitor: &Visitor, asked: Asked, facts: &Facts, decision: &Decision) -> Self {
        Self {
            rule_set: RULE_SET,
            settings_version: visitor.tenant.settings_version,
            asked,
            reason: decision.reason,
            rule: decision.rule.to_owned(),
            browser: visitor.browser_digest().map(browser_mark),
            facts: facts.clone(),
        }
    }

    /// As it lies beside its audit line.
    pub(crate) fn beside(&self, salt: [u8; 16]) -> Result<AuditFacts, Fault> {
        let json = serde_json::to_string(self).map_err(Fault::while_doing("recording facts"))?;
        Ok(AuditFacts { json, salt })
    }

    /// With the policy of the settings of that time, to be decided again.
    pub fn with_policy(self, policy: Policy) -> Recorded {
        Recorded {
            rule_set: self.rule_set,
            settings_version: self.settings_version,
            asked: self.asked,
            policy,
            facts: self.facts,
            reason: self.reason,
        }
    }
}
