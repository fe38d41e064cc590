//! Notices: what a person is told by mail about their account. Put into the outbox in the transaction of the change,
//! delivered later; the text is made at delivery, in the person's language.

use sekimori_base::{FactorId, Fault, Language, PersonId, Timestamp, random};
use sekimori_directory::settings::{ServiceName, ZoneName};
use sekimori_directory::{Binding as FactorBinding, MailAddress, Method, Person, PositionOrigin};
use sekimori_keys::Purpose;
use sekimori_login::{FactorFacts, Notice, Reason, Submission, Verdict};
use sekimori_pki::Serial;
use sekimori_store::{MessageId, StoredPerson, Write};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::letters::Letter;
use crate::login::Round;
use crate::mailboxes::known_addresses;
use crate::tenant::Tenant;
use crate::visitor::Visitor;

/// Wrong second proofs are told once in so many seconds.
const HOUR_SECONDS: i64 = 3600;
/// So much of somebody's history is read for what was told lately.
const LINES_MAX: u32 = 200;

/// A notice that waits to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub to: MailAddress,
    /// Whose account it is about.
    pub person: PersonId,
    /// Their user name.
    pub username: String,
    /// Their name, in the language of the mail; empty in messages of an earlier program.
    #[serde(default)]
    pub name: String,
    /// In which language.
    pub language: Language,
    /// What happened.
    pub notice: Notice,
    /// To which factor, if to one.
    #[serde(flatten)]
    pub about: About,
    /// When.
    pub at: Timestamp,
    /// From which zone.
    pub zone: ZoneName,
    /// Where the sign-in went in which it happened, if it happened in one.
    #[serde(default)]
    pub service: Option<ServiceName>,
    /// From which browser, as it describes itself.
    pub device: String,
    /// The help desk did it: there is no zone and no browser of the person's.
    #[serde(default)]
    pub by_desk: bool,
    /// Told together with all that followed within an hour of this moment.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// The factor, or the certificate, that a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct About {
    /// Which.
    #[serde(default)]
    pub factor: Option<FactorId>,
    /// Of what kind.
    #[serde(default)]
    pub method: Option<Method>,
    /// How it came to the account.
    #[serde(default)]
    pub binding: Option<FactorBinding>,
    /// Recovery codes that are left.
    #[serde(default)]
    pub codes_left: Option<u8>,
    /// It took the place of another of its kind.
    #[serde(default)]
    pub replaced: bool,
    /// The certificate that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "serial_text")]
    pub certificate: Option<Serial>,
}

/// A certificate's number as text.
mod serial_text {
    use sekimori_pki::Serial;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(
        serial: &Option<Serial>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match serial {
            Some(serial) => serializer.collect_str(serial),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Serial>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| Serial::from_hex(&text)))
    }
}

impl About {
    /// A certificate.
    pub fn certificate(serial: Serial) -> Self {
        Self { certificate: Some(serial), ..Self::default() }
    }
}

impl Flow {
    /// The message to the person of a round; nothing if no address is known.
    pub(crate) async fn notice_writes(
        &self,
        round: &Round<'_>,
        notice: Notice,
    ) -> Result<Option<Write>, Fault> {
        let Some(person) = &round.person else { return Ok(None) };
        let (visitor, about) = (round.visitor, submitted(round));
        let Some(message) = message(visitor, &person.person, notice, about) else {
            return Ok(None);
        };
        let message = Message { service: Some(round.stage.door().service()), ..message };
        match notice {
            Notice::SecondFactorFailed => self.failure_notice(visitor, message).await,
            Notice::RecoveryCodeUsed
            | Notice::PasskeyCopied
            | Notice::ClockSuspected
            | Notice::PasswordChanged
            | Notice::FactorAdded
            | Notice::FactorRemoved
            | Notice::FactorResumed
            | Notice::RecoveryCodesMade
            | Notice::CertificateIssued
            | Notice::CertificateRevoked
            | Notice::PreferencesChanged
            | Notice::LossReported => {
                self.outbox_write(&visitor.tenant, visitor.now, message).map(Some)
            }
        }
    }

    /// The password was right and the second factor failed: told at once the first time, then once an hour with how
    /// often (S31).
    async fn failure_notice(
        &self,
        visitor: &Visitor,
        message: Message,
    ) -> Result<Option<Write>, Fault> {
        let (tenant, now, person) = (&visitor.tenant, visitor.now, message.person);
        let (earlier, whole) = self.failures(tenant, person, now).await?;
        let Some(since) = hour_of(&earlier, whole, now) else {
            return self.outbox_write(tenant, now, message).map(Some);
        };
        let hour = [
            b"second-factor-failed".as_slice(),
            person.bytes(),
            &since.unix_millis().to_be_bytes(),
        ];
        let digest = tenant.keys.digest(Purpose::Outbox, tenant.id, &hour.concat());
        let id = digest.bytes()[..16].try_into().expect("a digest has 32 bytes");
        let id = MessageId::from_bytes(id);
        let message = Message { since: Some(since), ..message };
        let message = self.sealed_letter(tenant, id, &Letter::Notice(message))?;
        let due_at = since.plus_seconds(HOUR_SECONDS);
        Ok(Some(Write::OutboxPutOnce { id, message, due_at }))
    }

    /// When the person's second factor failed after the right password before `before`, newest first, and whether
    /// that is all there is.
    async fn failures(
        &self,
        tenant: &Tenant,
        person: PersonId,
        before: Timestamp,
    ) -> Result<(Vec<Timestamp>, bool), Fault> {
        let lines = self.store.history_of(tenant.id, person, before, LINES_MAX).await?;
        let whole = lines.len() < LINES_MAX as usize;
        let failed = |reason: &str| {
            matches!(
                Reason::from_code(reason),
                Some(
                    Reason::CodeWrong
                        | Reason::CodeReused
                        | Reason::CodeRaced
                        | Reason::ClockDrift
                        | Reason::ClockSuspected
                        | Reason::RecoverySpent
                )
            )
        };
        let failures = lines.iter().filter(|line| line.line.reason.as_deref().is_some_and(failed));
        Ok((failures.map(|line| line.line.at).collect(), whole))
    }

    /// How often it happened what a message tells about.
    pub async fn times(&self, tenant: &Tenant, message: &Message) -> Result<u32, Fault> {
        let Some(since) = message.since else { return Ok(1) };
        let until = since.plus_seconds(HOUR_SECONDS);
        let (failures, _) = self.failures(tenant, message.person, until).await?;
        let times = failures.iter().filter(|at| **at >= since).count();
        Ok(u32::try_from(times).unwrap_or(u32::MAX).max(1))
    }

    /// The message to a person about something that this visitor did; nothing if no address is known.
    pub(crate) fn notice(
        &self,
        visitor: &Visitor,
        person: &Person,
        notice: Notice,
        about: About,
    ) -> Result<Option<Write>, Fault> {
        message(visitor, person, notice, about)
            .map(|message| self.outbox_write(&visitor.tenant, visitor.now, message))
            .transpose()
    }

    /// The same to every address that is known of them: a change of what somebody proves themselves with is told to all
    /// (decision on factors), the address that goes among them.
    pub(crate) fn notice_to_all(
        &self,
        visitor: &Visitor,
        person: &StoredPerson,
        notice: Notice,
        about: About,
    ) -> Result<Vec<Write>, Fault> {
        let tenant = &visitor.tenant;
        let to_all = known_addresses(tenant, person)?.into_iter().map(|to| {
            let message = message_to(to, visitor, &person.person, notice, about);
            self.outbox_write(tenant, visitor.now, message)
        });
        to_all.collect()
    }

    /// The messages to a person about something that the help desk did (S17), to every address that is known.
    pub(crate) fn desk_notice(
        &self,
        tenant: &Tenant,
        stored: &StoredPerson,
        notice: Notice,
        about: About,
    ) -> Result<Vec<Write>, Fault> {
        let (now, person) = (self.clock.now(), &stored.person);
        let to_all = known_addresses(tenant, stored)?.into_iter().map(|to| {
            let zone = tenant.position(None, PositionOrigin::Unreadable).zone;
            let message = Message::to(to, person, notice, about, now, zone);
            self.outbox_write(tenant, now, Message { by_desk: true, ..message })
        });
        to_all.collect()
    }

    /// Put a message into the outbox.
    pub(crate) fn outbox_write(
        &self,
        tenant: &Tenant,
        now: Timestamp,
        message: Message,
    ) -> Result<Write, Fault> {
        let id = MessageId::from_bytes(random(&*self.entropy));
        let message = self.sealed_letter(tenant, id, &Letter::Notice(message))?;
        Ok(Write::OutboxPut { id, message, due_at: now })
    }
}

impl Message {
    /// A message about something that happened just now.
    fn to(
        to: MailAddress,
        person: &Person,
        notice: Notice,
        about: About,
        at: Timestamp,
        zone: ZoneName,
    ) -> Self {
        Self {
            to,
            person: person.id,
            username: person.username.to_string(),
            name: person.name.text(person.language).to_owned(),
            language: person.language,
            notice,
            about,
            at,
            zone,
            device: String::new(),
            service: None,
            by_desk: false,
            since: None,
        }
    }
}

fn message(visitor: &Visitor, person: &Person, notice: Notice, about: About) -> Option<Message> {
    Some(message_to(person.mail.clone()?, visitor, person, notice, about))
}

fn message_to(
    to: MailAddress,
    visitor: &Visitor,
    person: &Person,
    notice: Notice,
    about: About,
) -> Message {
    let zone = visitor.position.zone.clone();
    let message = Message::to(to, person, notice, about, visitor.now, zone);
    Message { device: visitor.user_agent.clone(), ..message }
}

/// What a round's code was of, and how many recovery codes are left after it. It names no factor: nothing was added.
fn submitted(round: &Round<'_>) -> About {
    let method = match round.facts.submitted {
        Some(Submission::Code(method)) => Some(method),
        _ => None,
    };
    let codes_left = match (round.facts.verdict, &round.person) {
        (Some(Verdict::CodeAccepted { factor, .. }), Some(person)) => {
            codes_left_after(&person.known.factors, factor)
        }
        _ => None,
    };
    About { method, codes_left, ..About::default() }
}

/// How many codes of a list are left when one more of it is used now; `None` if it is none of recovery codes.
pub(crate) fn codes_left_after(factors: &[FactorFacts], used: FactorId) -> Option<u8> {
    let list = factors.iter().find(|factor| factor.id == used)?;
    list.codes_left.map(|left| left.saturating_sub(1))
}

/// The beginning of the hour that a failure is told with; `None` if it is told at once. Failures make a row that
/// ends with two quiet hours; its first is told at once, and its hours are counted from that one, so that two
/// messages are an hour apart whatever the nodes. In a row too long to be seen whole, hours of the clock count.
fn hour_of(earlier: &[Timestamp], whole: bool, now: Timestamp) -> Option<Timestamp> {
    let (mut first, mut ended) = (now, false);
    for at in earlier {
        if first.seconds_since(*at) >= 2 * HOUR_SECONDS {
            ended = true;
            break;
        }
        first = *at;
    }
    if !whole && !ended {
        let hour = now.unix_seconds().div_euclid(HOUR_SECONDS);
        return Some(Timestamp::from_unix_seconds(hour * HOUR_SECONDS));
    }
    if first == now {
        return None;
    }
    let hours = now.seconds_since(first).div_euclid(HOUR_SECONDS);
    Some(first.plus_seconds(hours * HOUR_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_000_000 + minute * MINUTE)
    }

    fn hour(earlier: &[i64], now: i64) -> Option<Timestamp> {
        let earlier: Vec<_> = earlier.iter().rev().map(|minute| at(*minute)).collect();
        hour_of(&earlier, true, at(now))
    }

    #[test]
    fn the_first_of_a_row_is_told_at_once_and_the_others_by_the_hour() {
        assert_eq!(hour(&[], 0), None);
        assert_eq!(hour(&[0], 1), Some(at(0)));
        assert_eq!(hour(&[0, 1, 2], 59), Some(at(0)));
        assert_eq!(hour(&[0, 1, 2, 59], 60), Some(at(60)));
        assert_eq!(hour(&[0, 59, 150], 185), Some(at(180)));
        assert_eq!(hour(&[0, 1], 121), None, "two quiet hours");
    }

    #[test]
    fn no_two_messages_are_less_than_an_hour_apart() {
        for step in [1, 7, 31, 61, 90, 119, 121] {
            let mut told = std::collections::BTreeSet::new();
            let all: Vec<i64> = (0..100).map(|number| number * step).collect();
            for (index, now) in all.iter().enumerate() {
                told.insert(match hour(&all[..index], *now) {
                    None => at(*now),
                    Some(since) => since.plus_seconds(HOUR_SECONDS),
                });
            }
            let told: Vec<_> = told.into_iter().collect();
            let near = told.windows(2).find(|two| two[1].seconds_since(two[0]) < HOUR_SECONDS);
            assert_eq!(near, None, "every {step} minutes");
        }
    }

    #[test]
    fn a_row_without_end_is_told_by_the_hours_of_the_clock() {
        let earlier: Vec<_> = (0..20).rev().map(at).collect();
        let told = |now| hour_of(&earlier, false, at(now)).unwrap();
        assert_eq!(told(20), told(21));
        assert_eq!(told(20).unix_seconds() % HOUR_SECONDS, 0);
    }
}
