//! Tables of cases: facts, and the reason that they give.

use std::collections::BTreeSet;

use crate::{Decision, Effect, Facts, Next, Policy, Reason, Step, decide};

/// Each case gives its reason, and `rule` is the one that says so.
pub fn says<const N: usize>(rule: &str, policy: &Policy, cases: [(&str, Facts, Reason); N]) {
    for (case, facts, reason) in cases {
        let decision = decide(policy, &facts);
        assert_eq!((decision.reason, decision.rule), (reason, rule), "{case}");
    }
}

/// Each case passes the rule: another one speaks.
pub fn passes<const N: usize>(rule: &str, policy: &Policy, cases: [(&str, Facts); N]) {
    for (case, facts) in cases {
        assert_ne!(decide(policy, &facts).rule, rule, "{case}");
    }
}

/// What the decision asks.
pub fn step(decision: &Decision) -> Option<&Step> {
    match &decision.next {
        Next::Ask(step) => Some(step),
        Next::Check(_) | Next::Admit(_) | Next::Refuse => None,
    }
}

/// The kinds of effects, by the words that they are stored as.
pub fn kinds(effects: &[Effect]) -> BTreeSet<String> {
    let kind = |effect: &Effect| match serde_json::to_value(effect).unwrap() {
        serde_json::Value::String(word) => word,
        serde_json::Value::Object(map) => map.keys().next().unwrap().clone(),
        other => panic!("an effect is a word or an object: {other}"),
    };
    let kinds: BTreeSet<String> = effects.iter().map(kind).collect();
    assert_eq!(kinds.len(), effects.len(), "each kind once: {effects:?}");
    kinds
}
