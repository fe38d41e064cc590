//! Spans and moments in words.

use sekimori_base::Timestamp;

use crate::{Argument, Words};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

impl Words {
    /// A wait in words, to the second up to an hour: "45 seconds", "2 minutes 5 seconds", "2 hours".
    /// Never less than a second: a wait that is over is not shown.
    pub fn waiting(&self, seconds: i64) -> String {
        let seconds = seconds.max(1);
        if seconds < MINUTE {
            return self.count("span-seconds", seconds);
        }
        if seconds >= HOUR {
            return self.count("span-hours", (seconds + HOUR - 1) / HOUR);
        }
        let (minutes, rest) = (seconds / MINUTE, seconds % MINUTE);
        let minutes = self.count("span-minutes", minutes);
        if rest == 0 {
            return minutes;
        }
        let rest = self.count("span-seconds", rest);
        self.with(
            "span-minutes-and-seconds",
            &[("minutes", Argument::Text(&minutes)), ("seconds", Argument::Text(&rest))],
        )
    }

    /// A span in words, roughly: "45 seconds", "3 minutes", "2 hours", "5 days".
    pub fn span(&self, seconds: i64) -> String {
        match seconds.max(0) {
            seconds @ ..MINUTE => self.count("span-seconds", seconds.max(1)),
            seconds @ MINUTE..HOUR => self.count("span-minutes", seconds / MINUTE),
            seconds @ HOUR..DAY => self.count("span-hours", seconds / HOUR),
            seconds => self.count("span-days", seconds / DAY),
        }
    }

    /// How long ago `then` was at `now`, in words: "just now", "3 minutes ago".
    pub fn ago(&self, then: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds_since(then);
        if seconds < MINUTE {
            return self.text("span-now");
        }
        let span = self.span(seconds);
        self.with("span-ago", &[("span", Argument::Text(&span))])
    }

    fn count(&self, id: &str, number: i64) -> String {
        self.with(id, &[("number", Argument::Number(number))])
    }
}
