//! Going on without the person: whether a refresh is still what the policy lets a service have (S36).
//!
//! A refresh comes from a server. Its address is never the person's, so the place is unknown, which is outside, unless
//! a gateway states it. What was shown at the sign-in is all there is: it is enough, or the person signs in again.

use std::collections::BTreeSet;

use sekimori_base::Timestamp;
use sekimori_directory::client::RefreshRule;
use sekimori_directory::settings::Requirement;
use sekimori_directory::{Group, Method, Position};

use crate::Policy;
use crate::facts::ServiceFacts;

/// What is known where somebody is not there.
#[derive(Debug, Clone, Copy)]
pub struct GoingOn<'a> {
    /// What a refresh asks at this client.
    pub rule: RefreshRule,
    /// Where the person is, as far as somebody said.
    pub position: &'a Position,
    /// For which service.
    pub service: &'a ServiceFacts,
    /// The person's groups today.
    pub groups: &'a BTreeSet<Group>,
    /// What was shown at the sign-in (RFC 8176).
    pub amr: &'a [String],
    /// When the person was last there.
    pub shown_at: Timestamp,
    /// The moment.
    pub now: Timestamp,
}

impl GoingOn<'_> {
    /// Whether the client goes on: for nobody who may not use the service any more; else by what was granted, or only
    /// if the policy would let in, here and now, who showed this.
    pub fn is_allowed(&self, policy: &Policy) -> bool {
        self.service.is_open_to(self.groups)
            && match self.rule {
                RefreshRule::AsGranted => true,
                RefreshRule::ByPolicy => self.is_let_in(policy),
            }
    }

    fn is_let_in(&self, policy: &Policy) -> bool {
        let row = policy.matching_groups(self.position, self.service, Some(self.groups));
        let age = self.now.seconds_since(self.shown_at);
        let fresh = row.max_age_seconds.is_none_or(|most| age <= i64::from(most));
        match row.require {
            Requirement::Refuse => false,
            Requirement::OneFactor => fresh,
            Requirement::TwoFactors => fresh && self.second_factor(&row.methods),
        }
    }

    fn second_factor(&self, counting: &BTreeSet<Method>) -> bool {
        // What has no value of its own (a code by mail) is not known to have been shown.
        let shown = |method: &Method| {
            let values = method.amr();
            let all = values.iter().all(|value| self.amr.iter().any(|shown| shown == value));
            !values.is_empty() && all
        };
        let counts = |method: &&Method| counting.is_empty() || counting.contains(*method);
        // Whoever showed a passkey and no password opened with it, so that it had verified its holder.
        Method::ALL.iter().filter(|method| method.opens()).any(shown)
            && Method::ALL.iter().filter(|method| method.seconds()).filter(counts).any(shown)
    }
}

#[cfg(test)]
mod tests {
    use sekimori_directory::settings::PolicyRow;

    use super::*;
    use crate::samples::{NOW, campus, group, home, nobody, policy, service};

    fn row(require: Requirement, max_age_seconds: Option<u32>) -> PolicyRow {
        PolicyRow {
            name: "wiki".to_owned(),
            zones: BTreeSet::new(),
            services: [service("wiki")].into(),
            groups: BTreeSet::new(),
            require,
            methods: BTreeSet::new(),
            max_age_seconds,
        }
    }

    type Case<'a> = (&'a str, Vec<PolicyRow>, Position, &'a [String], i64, bool);

    #[test]
    fn what_a_place_unknown_asks_is_asked_of_what_was_shown() {
        let (password, both) = (["pwd".to_owned()], ["otp".to_owned(), "pwd".to_owned()]);
        let passkey = ["mfa", "swk", "user"].map(str::to_owned);
        let code = ["otp".to_owned()];
        let facts = ServiceFacts { name: service("wiki"), ..nobody().service };
        let staff = BTreeSet::from([group("staff")]);
        let app =
            PolicyRow { methods: [Method::Totp].into(), ..row(Requirement::TwoFactors, None) };
        let mail =
            PolicyRow { methods: [Method::MailCode].into(), ..row(Requirement::TwoFactors, None) };
        let for_staff =
            PolicyRow { groups: [group("staff")].into(), ..row(Requirement::OneFactor, None) };
        let cases: [Case<'_>; 14] = [
            ("a password, nowhere", vec![], home(), &password, 0, false),
            ("two factors, nowhere", vec![], home(), &both, 0, true),
            ("a password, and a gateway says campus", vec![], campus(), &password, 0, true),
            ("a passkey, nowhere", vec![], home(), &passkey, 0, true),
            ("a passkey where an app is asked for", vec![app.clone()], home(), &passkey, 0, false),
            ("a code and nothing before it", vec![], home(), &code, 0, false),
            ("nobody", vec![row(Requirement::Refuse, None)], home(), &both, 0, false),
            ("one is enough", vec![row(Requirement::OneFactor, None)], home(), &password, 0, true),
            (
                "as old as may be",
                vec![row(Requirement::OneFactor, Some(60))],
                home(),
                &both,
                60,
                true,
            ),
            ("too old", vec![row(Requirement::OneFactor, Some(60))], home(), &both, 61, false),
            ("by app", vec![app.clone()], home(), &both, 0, true),
            ("not by app", vec![app], home(), &password, 0, false),
            ("what amr cannot say was not shown", vec![mail], home(), &both, 0, false),
            ("the group counts", vec![for_staff], home(), &password, 0, true),
        ];
        for (case, rows, position, amr, age, expected) in cases {
            let mut policy = policy();
            policy.settings.rows = rows;
            let going_on = GoingOn {
                rule: RefreshRule::ByPolicy,
                position: &position,
                service: &facts,
                groups: &staff,
                amr,
                shown_at: NOW.plus_seconds(-age),
                now: NOW,
            };
            assert_eq!(going_on.is_allowed(&policy), expected, "{case}");
            let granted = GoingOn { rule: RefreshRule::AsGranted, ..going_on };
            assert!(granted.is_allowed(&policy), "what was granted goes on: {case}");
        }
    }

    #[test]
    fn whoever_may_not_use_the_service_any_more_goes_on_by_no_rule() {
        let both = ["otp".to_owned(), "pwd".to_owned()];
        let staff = BTreeSet::from([group("staff")]);
        let facts = ServiceFacts { groups: staff.clone(), ..nobody().service };
        for rule in [RefreshRule::AsGranted, RefreshRule::ByPolicy] {
            for (groups, expected) in [(&staff, true), (&BTreeSet::new(), false)] {
                let going_on = GoingOn {
                    rule,
                    position: &home(),
                    service: &facts,
                    groups,
                    amr: &both,
                    shown_at: NOW,
                    now: NOW,
                };
                assert_eq!(going_on.is_allowed(&policy()), expected, "{rule:?}");
            }
        }
    }
}
