//! Serial numbers of certificates. RFC 5280, 4.1.2.2

use std::fmt;

use sekimori_base::Entropy;

const BYTES_MAX: usize = 20;
const RANDOM_BYTES: usize = 17;

/// The serial number of a certificate: not negative, at most 20 bytes. Unique per issuer, no secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial([u8; BYTES_MAX]);

impl Serial {
    /// A fresh one of 17 bytes, 134 bits of them random, so that no counter has to be shared by
    /// nodes and nothing of the next certificate can be guessed.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        let mut bytes: [u8; RANDOM_BYTES] = sekimori_base::random(entropy);
        // The same length for all, and positive: the first bit is the sign.
        bytes[0] = bytes[0] & 0x7f | 0x40;
        Self::from_bytes(&bytes).expect("17 bytes are not too many")
    }

    /// From big-endian bytes, leading zeros or not; `None` if the number is longer than 20 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let number = &bytes[zeros..];
        let mut padded = [0; BYTES_MAX];
        padded.get_mut(BYTES_MAX.checked_sub(number.len())?..)?.copy_from_slice(number);
        Some(Self(padded))
    }

    /// From the content of a DER INTEGER; `None` if it is empty, negative or too long.
    pub(crate) fn from_der_content(content: &[u8]) -> Option<Self> {
        let first = content.first()?;
        if first & 0x80 != 0 {
            return None;
        }
        Self::from_bytes(content)
    }

    /// Big-endian bytes without leading zeros, as stored; one zero byte for zero.
    pub fn bytes(&self) -> &[u8] {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        &self.0[zeros.min(BYTES_MAX - 1)..]
    }

    /// Decimal digits, as some issuers' pages show it (browsers show [`Self::to_string`]).
    pub fn decimal(&self) -> String {
        let mut digits = vec![0_u8];
        for byte in self.bytes() {
            let mut carry = u32::from(*byte);
            for digit in &mut digits {
                let value = u32::from(*digit) * 256 + carry;
                *digit = u8::try_from(value % 10).expect("a remainder of ten is a digit");
                carry = value / 10;
            }
            while carry > 0 {
                digits.push(u8::try_from(carry % 10).expect("a remainder of ten is a digit"));
                carry /= 10;
            }
        }
        digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
    }

    /// From hexadecimal digits, with or without colons or spaces between them.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX * 4 {
            return None;
        }
        let digits: Option<Vec<u32>> =
            text.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_digit(16)).collect();
        let digits = digits.filter(|digits| !digits.is_empty())?;
        let pairs =
            digits.rchunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit));
        let bytes: Option<Vec<u8>> = pairs.rev().map(|pair| u8::try_from(pair).ok()).collect();
        Self::from_bytes(&bytes?)
    }
}

impl fmt::Display for Serial {
    /// Hexadecimal with colons, as browsers show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.bytes().iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::Chance;

    #[test]
    fn a_serial_is_shown_in_both_ways_that_people_meet_it() {
        let serial = Serial::from_bytes(&[0, 1, 0x0a, 0xff]).unwrap();
        assert_eq!(serial.to_string(), "01:0a:ff");
        assert_eq!(serial.decimal(), "68351");
        assert_eq!(Serial::from_bytes(&[]).unwrap().decimal(), "0");
        assert_eq!(Serial::from_bytes(&[]).unwrap().to_string(), "00");
        for written in ["01:0A:FF", "10aff", "01 0a ff"] {
            assert_eq!(Serial::from_hex(written), Some(serial), "{written}");
        }
        for not_one in ["", ":", "0g", "-1", &"f".repeat(41), &"f".repeat(500)] {
            assert_eq!(Serial::from_hex(not_one), None, "{not_one}");
        }
    }

    #[test]
    fn a_fresh_serial_is_positive_has_seventeen_bytes_and_never_comes_twice() {
        let chance = Chance::new(1);
        let many: std::collections::HashSet<_> =
            (0..2000).map(|_| Serial::random(&chance)).collect();
        assert_eq!(many.len(), 2000);
        for serial in many {
            assert_eq!(serial.bytes().len(), RANDOM_BYTES);
            assert_eq!(Serial::from_der_content(serial.bytes()), Some(serial));
        }
    }

    #[test]
    fn numbers_below_zero_or_beyond_twenty_bytes_are_none() {
        assert_eq!(Serial::from_der_content(&[0x80]), None);
        assert_eq!(Serial::from_der_content(&[]), None);
        assert_eq!(Serial::from_bytes(&[1; 21]), None);
        let padded = [&[0][..], &[0xff; 20]].concat();
        assert_eq!(Serial::from_der_content(&padded).unwrap().bytes(), [0xff; 20]);
    }

    proptest! {
        #[test]
        fn hexadecimal_and_decimal_say_the_same_number(number: u128) {
            let serial = Serial::from_bytes(&number.to_be_bytes()).unwrap();
            prop_assert_eq!(serial.decimal(), number.to_string());
            prop_assert_eq!(Serial::from_hex(&serial.to_string()), Some(serial));
            prop_assert_eq!(Serial::from_hex(&format!("{number:x}")), Some(serial));
        }
    }
}
