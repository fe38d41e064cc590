//! What is kept beside an audit line so that the decision can be made again.

use sekimori_login::replay::Recorded;
use sekimori_login::{Facts, Policy, Reason};
use serde::{Deserialize, Serialize};

/// A decision's facts as they lie beside their audit line. The policy is found by the version of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFacts {
    /// The rules then.
    pub rule_set: u16,
    /// The version of the site settings then.
    pub settings_version: u64,
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
    /// With the policy of the settings of that time, to be decided again.
    pub fn with_policy(self, policy: Policy) -> Recorded {
        Recorded {
            rule_set: self.rule_set,
            settings_version: self.settings_version,
            policy,
            facts: self.facts,
            reason: self.reason,
        }
    }
}
