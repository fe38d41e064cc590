//! An attempt ends after ten minutes, and with any change of password or factors.

use sekimori_base::limits::ATTEMPT_SECONDS_MAX;

use super::{Outcome, Weighed};
use crate::Reason;
use crate::facts::is_within;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let attempt = weighed.facts.attempt.as_ref()?;
    let life = u32::try_from(ATTEMPT_SECONDS_MAX).unwrap_or(0);
    if !is_within(attempt.begun_at, weighed.facts.now, life) {
        return Some(Outcome::refuse(Reason::AttemptExpired));
    }
    // Only somebody who has proven something notices an epoch: an unknown name has none.
    let overtaken = weighed.person().is_some_and(|person| {
        person.credential_epoch != attempt.credential_epoch
            && weighed.facts.proofs.iter().any(|proof| proof.person == person.id)
    });
    overtaken.then(|| Outcome::refuse(Reason::AttemptOvertaken))
}

#[cfg(test)]
mod tests {
    use crate::rules::tables::{passes, says};
    use crate::samples::{KENJI, NOW, attempt, calm, password, policy, proven};
    use crate::{AttemptFacts, Facts, Proof, Reason};

    fn begun(seconds_ago: i64) -> Facts {
        let proofs = vec![password(seconds_ago.max(0))];
        Facts { attempt: Some(attempt(seconds_ago)), proofs, ..proven() }
    }

    fn epoch(credential_epoch: u64, facts: Facts) -> Facts {
        Facts { attempt: Some(AttemptFacts { credential_epoch, ..attempt(20) }), ..facts }
    }

    #[test]
    fn an_attempt_lasts_ten_minutes() {
        says(
            "attempt_age",
            &policy(),
            [
                (
                    "a moment too old",
                    Facts { now: NOW.plus_millis(1), ..begun(600) },
                    Reason::AttemptExpired,
                ),
                ("of yesterday", begun(86_400), Reason::AttemptExpired),
                ("of tomorrow: a clock was wrong", begun(-86_400), Reason::AttemptExpired),
            ],
        );
        passes(
            "attempt_age",
            &policy(),
            [
                ("begun now", begun(0)),
                ("ten minutes", begun(600)),
                ("begun on a node whose clock is five seconds ahead", begun(-5)),
                ("before any attempt", calm()),
            ],
        );
    }

    #[test]
    fn a_change_of_password_or_factors_ends_an_attempt_in_which_something_was_proven() {
        let others = vec![Proof { person: KENJI, ..password(5) }];
        says("attempt_age", &policy(), [("changed", epoch(6, proven()), Reason::AttemptOvertaken)]);
        passes(
            "attempt_age",
            &policy(),
            [
                ("unchanged", epoch(7, proven())),
                ("nothing proven yet", epoch(6, calm())),
                ("proven by somebody else", epoch(6, Facts { proofs: others, ..calm() })),
            ],
        );
    }
}
