//! What this node remembers of failures beside the counters: words that repeat, networks with many names, one
//! password on many names.

use sekimori_base::{Secret, Timestamp};
use sekimori_login::throttle::Bucket;
use sekimori_store::CounterKey;

use super::round::Round;
use crate::Flow;
use crate::sources::Network;
use crate::tally::Side;
use crate::typed::short;
use crate::visitor::Visitor;

impl Flow {
    /// A turn for the guess, while unknown browsers outside take turns; otherwise the moment to come back.
    pub(super) fn turn(&self, round: &Round<'_>) -> Result<(), Timestamp> {
        match round.facts.throttle.bucket {
            Bucket::KnownDevice | Bucket::UnknownInside => Ok(()),
            Bucket::UnknownOutside => self.alarm.turn(round.visitor.tenant.id, round.visitor.now),
        }
    }

    /// Whether the password that is checked now was counted as wrong before: known of every name alike.
    pub(super) fn recognise(&self, round: &mut Round<'_>, typed: &Secret<String>) {
        let Some(counter) = round.counter_key() else { return };
        let visitor = round.visitor;
        let word = self.typed.word(visitor.tenant.id, counter, visitor.network(), typed);
        round.facts.throttle.repeated = self.typed.repeats(counter, word);
        round.word = Some(word);
    }

    /// A guess was wrong and counted.
    pub(super) fn remember_failure(&self, round: &Round<'_>) {
        let Some(counter) = round.counter_key() else { return };
        let visitor = round.visitor;
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let name = short(counter.bytes());
        if let Some(word) = round.word {
            self.typed.counted(counter, word);
        }
        let side = match round.facts.throttle.bucket {
            Bucket::KnownDevice => return,
            Bucket::UnknownInside => Side::Inside,
            Bucket::UnknownOutside => Side::Outside,
        };
        if let Some(word) = round.word {
            self.alarm.failed(tenant, side, word.anywhere, name, now);
        }
        if side == Side::Outside {
            self.network_failed(visitor, counter);
        }
    }

    /// An outside network failed with a name.
    pub(crate) fn network_failed(&self, visitor: &Visitor, counter: CounterKey) {
        let (tenant, now) = (visitor.tenant.id, visitor.now);
        let name = short(counter.bytes());
        if self.sources.failed(tenant, visitor.network(), name, now) == Network::HeldUp {
            self.alarm.held_up(tenant, now);
        }
    }
}
