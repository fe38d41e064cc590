//! A service that sends somebody here again and again is told apart from a person who uses it: the loop ends with a
//! page that names the service (U23).

use super::{Outcome, Weighed};
use crate::Reason;

/// Answers of a standing session to one service within a minute that are no loop yet.
const ANSWERS_MAX: u32 = 10;

pub(super) fn rule(weighed: &Weighed<'_>) -> Option<Outcome> {
    let by_session_alone = weighed.attempt_proofs().next().is_none();
    (by_session_alone && weighed.facts.answered_lately >= ANSWERS_MAX)
        .then(|| Outcome::refuse(Reason::RequestLoop).with(weighed.row_details()))
}

#[cfg(test)]
mod tests {
    use super::ANSWERS_MAX;
    use crate::rules::tables::{passes, says};
    use crate::samples::{policy, proven, signed_in};
    use crate::{Facts, Reason};

    #[test]
    fn the_eleventh_answer_within_a_minute_is_a_page() {
        let answered = |answered_lately, facts| Facts { answered_lately, ..facts };
        let looping = answered(ANSWERS_MAX, signed_in());
        says("redirect_loop", &policy(), [("a loop", looping, Reason::RequestLoop)]);
        passes(
            "redirect_loop",
            &policy(),
            [
                ("ten answers", answered(ANSWERS_MAX - 1, signed_in())),
                ("somebody signed in for it", answered(ANSWERS_MAX, proven())),
            ],
        );
    }
}
