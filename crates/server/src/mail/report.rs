//! What a mail server sends back about a mail that it could not deliver (RFC 3464). Anybody may write such a thing:
//! which mail it is about is believed only from the mark in the address it came to, and the rest is words to show.

use mail_parser::{Message, MessageParser, MimeHeaders};
use sekimori_flow::MARK_LENGTH;
use serde::{Deserialize, Serialize};

use super::smtp::one_line;

/// Headers that name the address to which something came. Mail servers add the first ones.
const TO: [&str; 5] = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to"];
/// So many marks are tried.
const MARKS_MAX: usize = 8;

/// That a mail was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Marks that stand in addresses: whose they are, only the server knows.
    pub marks: Vec<String>,
    /// The mail server that did not take it.
    pub server: String,
    /// What it said.
    pub words: String,
}

/// Why something that came back says nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// A holiday notice, an advertisement, anything.
    #[error("it is no report of a mail server about a delivery (RFC 3464)")]
    NoReport,
    /// It was delayed, delivered or passed on: nothing is over.
    #[error("it does not say that a mail failed for good, but {0}")]
    NotFailed(String),
    /// It came to another address.
    #[error("no address in it has a mark; it is told with --recipient")]
    NoMark,
}

/// Read what came to `recipient`, or to whom it says itself.
pub fn read(message: &[u8], recipient: Option<&str>) -> Result<Report, Unread> {
    let message = MessageParser::default().parse(message).ok_or(Unread::NoReport)?;
    let mut report = failure(&message)?;
    let named = TO.iter().flat_map(|wanted| {
        let headers = message.headers_raw();
        headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    });
    for text in recipient.into_iter().chain(named) {
        for mark in marks(text) {
            if !report.marks.contains(&mark) && report.marks.len() < MARKS_MAX {
                report.marks.push(mark);
            }
        }
    }
    if report.marks.is_empty() { Err(Unread::NoMark) } else { Ok(report) }
}

/// Marks in addresses: `bounces+MARK@example.ac.jp`.
fn marks(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| c.is_whitespace() || "<>,;:\"()".contains(c));
    words.filter_map(|word| {
        let (local, _) = word.rsplit_once('@').unwrap_or((word, ""));
        let (_, mark) = local.rsplit_once('+')?;
        let is_mark = mark.len() == MARK_LENGTH && mark.bytes().all(|b| b.is_ascii_alphanumeric());
        is_mark.then(|| mark.to_owned())
    })
}

/// The part that programs read: a group of fields about the message, then one for each recipient.
fn failure(message: &Message<'_>) -> Result<Report, Unread> {
    let mut status = message.parts.iter().filter(|part| {
        part.content_type().is_some_and(|kind| {
            let sub = kind.c_subtype.as_deref().unwrap_or_default();
            kind.c_type.eq_ignore_ascii_case("message")
                && ["delivery-status", "global-delivery-status"]
                    .iter()
                    .any(|known| sub.eq_ignore_ascii_case(known))
        })
    });
    let text = status.next().ok_or(Unread::NoReport)?.contents();
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n");
    let groups: Vec<&str> = text.split("\n\n").filter(|group| !group.trim().is_empty()).collect();
    let about = groups.first().copied().unwrap_or_default();
    let mut otherwise = None;
    for group in groups.iter().skip(1) {
        let action = field(group, "action").unwrap_or_default();
        if action.eq_ignore_ascii_case("failed") {
            let typed = |group, name| field(group, name).map(|value| untyped(&value));
            let server = typed(group, "remote-mta").or_else(|| typed(about, "reporting-mta"));
            let words = typed(group, "diagnostic-code").or_else(|| field(group, "status"));
            let (server, words) = (server.unwrap_or_default(), words.unwrap_or_default());
            return Ok(Report { marks: Vec::new(), server, words });
        }
        otherwise = otherwise.or(Some(action));
    }
    Err(otherwise.map_or(Unread::NoReport, Unread::NotFailed))
}

/// A field of a group, on one line of bounded length.
fn field(group: &str, wanted: &str) -> Option<String> {
    let group = format!("{group}\n\n");
    let headers = MessageParser::default().parse_headers(group.as_bytes())?;
    let mut headers = headers.headers_raw();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| one_line(value)).filter(|value| !value.is_empty())
}

/// `smtp; 550 5.1.1 …` and `dns; mx.example.com` without what they are written in.
fn untyped(value: &str) -> String {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARK: &str = "0123456789abcdefghjkmnpqrstvwxyz0123456";

    fn report(to: &str, status: &str) -> String {
        format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: a code\r\n\r\n1234 5678\r\n--b--\r\n"
        )
    }

    fn failed(words: &str) -> String {
        format!(
            "Reporting-MTA: dns; mx.example\r\nArrival-Date: Fri, 27 Nov 2026 10:02:00 +0900\r\n\r\n\
             Final-Recipient: rfc822; aoi@post.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             Remote-MTA: dns; post.example\r\nDiagnostic-Code: smtp; {words}\r\n"
        )
    }

    #[test]
    fn a_report_names_its_mark_and_the_words_of_the_server() {
        let to = format!("bounces+{MARK}@sso.example");
        let read = read(report(&to, &failed("550 5.1.1 nobody\r\n lives here")).as_bytes(), None);
        let read = read.unwrap();
        assert_eq!(read.marks, [MARK]);
        assert_eq!(
            (read.server.as_str(), read.words.as_str()),
            ("post.example", "550 5.1.1 nobody lives here")
        );
    }

    #[test]
    fn the_address_that_the_mail_server_names_comes_first() {
        let to = format!("<bounces+{MARK}@sso.example>");
        let other = MARK.replace('0', "z");
        let read =
            read(report(&to, &failed("550")).as_bytes(), Some(&format!("b+{other}@x"))).unwrap();
        assert_eq!(read.marks, [other, MARK.to_owned()]);
    }

    #[test]
    fn what_says_nothing_final_about_a_mail_of_ours_is_told_so() {
        let to = format!("bounces+{MARK}@sso.example");
        let holiday = format!("From: a@b\r\nTo: {to}\r\nSubject: away\r\n\r\nAction: failed\r\n");
        assert_eq!(read(holiday.as_bytes(), None), Err(Unread::NoReport));
        let delayed = failed("450 4.2.0 later").replace("Action: failed", "Action: delayed");
        assert_eq!(
            read(report(&to, &delayed).as_bytes(), None),
            Err(Unread::NotFailed("delayed".to_owned()))
        );
        let unmarked = report("postmaster@sso.example", &failed("550"));
        assert_eq!(read(unmarked.as_bytes(), None), Err(Unread::NoMark));
    }

    #[test]
    fn words_are_bounded_and_steer_no_terminal() {
        let to = format!("bounces+{MARK}@sso.example");
        let words = format!("550 \u{1b}[2J{}", "x".repeat(5000));
        let read = read(report(&to, &failed(&words)).as_bytes(), None).unwrap();
        assert!(read.words.chars().count() <= 400 && !read.words.contains('\u{1b}'), "{read:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = read(&bytes, None);
        }

        #[test]
        fn any_status_has_an_answer(status in "(?s).{0,400}") {
            let _ = read(report("x", &status).as_bytes(), Some(&status));
        }
    }
}
