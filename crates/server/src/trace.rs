//! W3C Trace Context: one trace id for each request, taken from the caller or made here.
//!
//! Only the id is taken. Flags and `tracestate` are not: nothing is sent on, so nothing has to be passed on.

use std::fmt;

use sekimori_base::Entropy;

/// The id that joins the log lines of one request, here and at whoever called.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// A fresh id.
    pub fn random(entropy: &(impl Entropy + ?Sized)) -> Self {
        Self(sekimori_base::random(entropy))
    }

    /// The id in a `traceparent` header (W3C Trace Context, 3.2); `None` if it is malformed.
    pub fn from_traceparent(header: &[u8]) -> Option<Self> {
        // version "-" trace-id "-" parent-id "-" flags; later versions may append fields.
        let version = header.get(..3)?;
        let fields_end = header.get(52) == Some(&b'-') && header.get(35) == Some(&b'-');
        let length_fits =
            header.len() == 55 || (header.get(55) == Some(&b'-') && version != b"00-");
        let version_fits = version[2] == b'-' && version != b"ff-" && lower_hex(&version[..2]);
        if !(fields_end && length_fits && version_fits) {
            return None;
        }
        let parent = &header[36..52];
        if !lower_hex(parent) || parent.iter().all(|digit| *digit == b'0') {
            return None;
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(header[3..35].chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        (id != [0; 16]).then_some(Self(id))
    }
}

fn lower_hex(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| digit(*byte).is_some())
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_id_is_taken() {
        let header = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let id = TraceId::from_traceparent(header).unwrap();
        assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn a_malformed_traceparent_is_as_good_as_none() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let later = format!("01{}-more", &good[2..]);
        assert!(TraceId::from_traceparent(later.as_bytes()).is_some());
        for bad in [
            String::new(),
            good[..54].to_owned(),
            format!("{good}-more"),
            good.to_uppercase(),
            good.replace("00-4", "ff-4"),
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace('-', "_"),
            "é".repeat(30),
        ] {
            assert_eq!(TraceId::from_traceparent(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_traceparent_or_none(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..70)) {
            let _ = TraceId::from_traceparent(&bytes);
        }
    }
}
