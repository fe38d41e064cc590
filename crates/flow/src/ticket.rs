//! Tickets: a code on paper that lets its person choose a password or register a factor, once.
//!
//! 60 random bits: short enough to be typed, and wrong tries are throttled as those of passwords are. One for a factor
//! counts after the right password only; there five wrong tries end it. One for a password is entered by whoever knows
//! the user name, so that wrong tries must not end it: anybody could.

use std::fmt;

use sekimori_base::{Entropy, PersonId, Secret, TicketId, Timestamp, alphabet, base32, random};
use sekimori_keys::Purpose;
use sekimori_login::ticket::TicketPurpose;
use sekimori_store::{Digest, NewTicket, StoredTicket};

use crate::Flow;
use crate::tenant::Tenant;

/// Characters of a ticket.
const CHARACTERS: usize = 12;
/// Characters of tickets that nobody takes for another in print.
const UNMISTAKABLE: &[u8] = b"ACDEFHJKMNPQRTVWXY3479";
/// Characters that are read out in one breath.
const GROUP: usize = 4;
/// How long a ticket of the desk counts for somebody who is there already (S19, S20).
pub const DESK_TICKET_SECONDS: i64 = 30 * 60;

/// The text on a ticket: `4T7K-9QMX-2B8R`.
pub struct TicketCode(Secret<String>);

/// Not the shape of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket has {CHARACTERS} letters and digits, like 4T7K-9QMX-2B8R")]
pub struct TicketCodeError;

impl TicketCode {
    /// A fresh ticket of 60 random bits.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let bits: [u8; 8] = random(entropy);
        Self(Secret::new(base32::encode(&bits).to_ascii_uppercase()[..CHARACTERS].to_owned()))
    }

    /// A fresh ticket for print, of 53 random bits: neither character of a pair that looks alike (0 and O, 1 and I,
    /// 2 and Z, 5 and S, 6 and G, 8 and B) occurs in it.
    pub fn unmistakable(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(Secret::new(alphabet::draw(entropy, UNMISTAKABLE, CHARACTERS)))
    }

    /// Read what somebody typed: case, spaces, hyphens and full width do not matter; `O` reads as 0, `I` and `L`
    /// as 1.
    pub fn parse(typed: &str) -> Result<Self, TicketCodeError> {
        let mut text = String::with_capacity(CHARACTERS);
        for character in typed.chars().take(4 * CHARACTERS).map(half_width) {
            if character.is_whitespace() || "-_‐‑‒–—―−ー".contains(character) {
                continue;
            }
            let value = base32::value(character).ok_or(TicketCodeError)?;
            let plain = base32::encode(&[value << 3]);
            text.push_str(&plain[..1].to_ascii_uppercase());
        }
        if text.len() == CHARACTERS { Ok(Self(Secret::new(text))) } else { Err(TicketCodeError) }
    }

    /// The code for paper, in groups of four.
    pub fn text(&self) -> Secret<String> {
        let plain = self.0.expose();
        let groups: Vec<&str> =
            (0..CHARACTERS).step_by(GROUP).map(|from| &plain[from..from + GROUP]).collect();
        Secret::new(groups.join("-"))
    }

    fn digest_data(&self) -> Vec<u8> {
        [b"ticket:", self.0.expose().as_bytes()].concat()
    }

    /// What is stored of it.
    pub(crate) fn digest(&self, tenant: &Tenant) -> Digest {
        let data = self.digest_data();
        Digest::from_bytes(*tenant.keys.digest(Purpose::TokenDigest, tenant.id, &data).bytes())
    }

    /// Whether this is the code of a stored ticket, whichever key was active when it was made.
    pub(crate) fn is_of(&self, tenant: &Tenant, stored: &StoredTicket) -> bool {
        let data = self.digest_data();
        // Keyed digests tell nothing about each other, so that comparing them needs no constant time.
        tenant
            .keys
            .digests(Purpose::TokenDigest, tenant.id, &data)
            .iter()
            .any(|digest| *digest.bytes() == *stored.digest.bytes())
    }
}

impl fmt::Debug for TicketCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketCode(..)")
    }
}

/// How long a ticket counts. Nobody new can come for one within half an hour, and their account holds nothing yet.
pub fn ticket_seconds(tenant: &Tenant, purpose: TicketPurpose) -> i64 {
    match purpose {
        TicketPurpose::Start => i64::from(tenant.site.password.start_ticket_days) * 24 * 3600,
        TicketPurpose::Password | TicketPurpose::Factor => DESK_TICKET_SECONDS,
    }
}

/// The plain form of a full-width letter, digit or sign.
fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        other => other,
    }
}

impl Flow {
    /// A fresh ticket for somebody: its text for paper, and what is stored of it. `made_by` as the audit names who
    /// acts.
    pub fn new_ticket(
        &self,
        tenant: &Tenant,
        person: PersonId,
        purpose: TicketPurpose,
        made_by: &str,
        now: Timestamp,
    ) -> (Secret<String>, NewTicket) {
        let code = TicketCode::random(&*self.entropy);
        let ticket = NewTicket {
            id: TicketId::random(&*self.entropy),
            person,
            digest: code.digest(tenant),
            purpose,
            made_by: made_by.to_owned(),
            expires_at: now.plus_seconds(ticket_seconds(tenant, purpose)),
        };
        (code.text(), ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            for (byte, value) in bytes.iter_mut().zip(0x5a_u8..) {
                *byte = value.wrapping_mul(73);
            }
        }
    }

    #[test]
    fn a_ticket_is_read_however_it_is_typed() {
        let text = TicketCode::random(&Fixed).text();
        let text = text.expose();
        assert_eq!(text.len(), 14, "{text}");
        let wide: String = text
            .chars()
            .map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c != '-').unwrap_or('ー'))
            .collect();
        let variants = [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('0', "o").replace('1', "l"),
            format!("\u{3000}{wide}"),
        ];
        for typed in variants {
            let read = TicketCode::parse(&typed).unwrap();
            assert_eq!(read.text().expose(), text, "{typed}");
        }
    }

    #[test]
    fn a_ticket_for_print_has_nothing_that_looks_like_something_else() {
        let text = TicketCode::unmistakable(&Fixed).text();
        assert_eq!(text.expose().len(), 14);
        assert!(
            !text.expose().contains(|c| "0O1IL2Z5S6G8B".contains(c)),
            "{text:?}",
            text = text.expose()
        );
        assert_eq!(TicketCode::parse(text.expose()).unwrap().text().expose(), text.expose());
    }

    #[test]
    fn what_cannot_be_a_ticket_is_recognised() {
        for typed in ["", "4T7K-9QMX", "4T7K-9QMX-2B8R-0", "4T7K-9QMX-2B8U", "電子"] {
            assert_eq!(TicketCode::parse(typed).err(), Some(TicketCodeError), "{typed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_ticket_or_none(text in ".{0,100}") {
            let _ = TicketCode::parse(&text);
        }
    }
}
