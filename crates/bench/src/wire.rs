//! HTTP/1.1 as a client on loopback needs it: one connection, one request at a time, answers with a length.
//!
//! Small on purpose: the generator's own work must not be what is measured. Chunked answers are refused, as the
//! server sends none on the paths walked here.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::failure::Failure;

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What stands above an answer's body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Where to go next.
    pub location: Option<String>,
    /// Cookies to keep: name and value.
    pub cookies: Vec<(String, String)>,
    /// The other side closes the connection.
    pub closes: bool,
    /// Bytes of the body.
    length: usize,
    /// Bytes of the head.
    bytes: usize,
}

impl Head {
    /// Bytes of the body.
    pub const fn length(&self) -> usize {
        self.length
    }
}

/// A connection to the server.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body_at: usize,
}

impl Connection {
    /// Connect.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await.map_err(|error| broken(&error))?;
        stream.set_nodelay(true).map_err(|error| broken(&error))?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), body_at: 0 })
    }

    /// Send a request and read its answer whole.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Head, Failure> {
        self.stream.write_all(request).await.map_err(|error| broken(&error))?;
        self.buffer.clear();
        let mut head: Option<Head> = None;
        loop {
            if let Some(found) = &head
                && self.buffer.len() >= found.bytes + found.length
            {
                break;
            }
            if self.buffer.len() > ANSWER_BYTES_MAX {
                return Err(Failure::Malformed("longer than any answer"));
            }
            let read = self.stream.read_buf(&mut self.buffer).await;
            if read.map_err(|error| broken(&error))? == 0 {
                return Err(Failure::Connection("closed before the answer ended".to_owned()));
            }
            if head.is_none() {
                head = parse(&self.buffer)?;
            }
        }
        let head = head.unwrap_or_default();
        self.body_at = head.bytes;
        Ok(head)
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body_at..).unwrap_or_default()
    }
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::Connection(error.kind().to_string())
}

/// The head of an answer; `None` while it is not complete.
fn parse(bytes: &[u8]) -> Result<Option<Head>, Failure> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| Failure::Malformed("head"))?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|rest| rest.get(..3)?.parse().ok())
        .ok_or(Failure::Malformed("status line"))?;
    let mut head = Head { status, bytes: end + 4, ..Head::default() };
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse().map_err(|_| Failure::Malformed("length"))?);
        } else if name.eq_ignore_ascii_case("location") {
            head.location = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("set-cookie") {
            head.cookies.extend(cookie(value));
        } else if name.eq_ignore_ascii_case("connection") {
            head.closes = value.eq_ignore_ascii_case("close");
        }
    }
    head.length = match (length, status) {
        (Some(length), _) => length,
        (None, 204 | 304) => 0,
        (None, _) => return Err(Failure::Malformed("without a length")),
    };
    Ok(Some(head))
}

/// Name and value of a cookie; what it says of its life is not looked at.
fn cookie(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split(';').next()?.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_complete() {
        let answer = "HTTP/1.1 303 See Other\r\nLocation: /login?r=x\r\nSet-Cookie: a=b; Path=/\r\n\
                      set-cookie: c=; Max-Age=0\r\ncontent-length: 0\r\n\r\n";
        for cut in 0..answer.len() {
            assert_eq!(parse(&answer.as_bytes()[..cut]), Ok(None), "{cut}");
        }
        let head = parse(answer.as_bytes()).unwrap().unwrap();
        assert_eq!((head.status, head.location.as_deref()), (303, Some("/login?r=x")));
        let cookies = [("a".to_owned(), "b".to_owned()), ("c".to_owned(), String::new())];
        assert_eq!(head.cookies, cookies);
    }

    #[test]
    fn an_answer_without_a_length_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().is_some());
        assert!(parse(b"SSH-2.0\r\n\r\n").is_err());
    }
}
