//! A browser as far as a sign-in sees it: one connection, a cookie jar, forms, redirects.
//!
//! It does not load style sheets and scripts: they are the same for everybody, cached for a year, and none of them
//! is part of a flow's cost after the first visit.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;

use crate::failure::Failure;
use crate::text::Form;
use crate::wire::{Connection, Head};

/// Redirects in a row that are followed.
const REDIRECTS_MAX: usize = 8;

/// Where the server is, and by which name.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Its socket.
    pub address: SocketAddr,
    /// `http://127.0.0.1:8080`.
    pub issuer: Rc<str>,
}

impl Origin {
    /// `127.0.0.1:8080`.
    pub fn host(&self) -> &str {
        self.issuer.split_once("://").map_or("", |(_, host)| host)
    }
}

/// Where a page led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// At a page of the server.
    Page,
    /// At an address of a service, where the browser does not go.
    Service(String),
}

/// A browser.
pub struct Browser {
    origin: Origin,
    /// The address that the proxy in front of the server states for it.
    from: Rc<str>,
    cookies: Vec<(String, String)>,
    connection: Option<Connection>,
    /// The server closes it after its last answer.
    last_closes: bool,
    request: String,
}

impl Browser {
    /// A fresh one, at an address.
    pub fn new(origin: &Origin, from: &str) -> Self {
        Self {
            origin: origin.clone(),
            from: from.into(),
            cookies: Vec::new(),
            connection: None,
            last_closes: false,
            request: String::with_capacity(4096),
        }
    }

    /// Forget all cookies but those whose names end so.
    pub fn keep_only(&mut self, endings: &[&str]) {
        self.cookies.retain(|(name, _)| endings.iter().any(|ending| name.ends_with(ending)));
    }

    /// The last page.
    pub fn page(&self) -> &str {
        let body = self.connection.as_ref().map(Connection::body).unwrap_or_default();
        std::str::from_utf8(body).unwrap_or_default()
    }

    /// The form of the last page.
    pub fn form(&self, step: &'static str) -> Result<Form, Failure> {
        Form::first(self.page()).ok_or_else(|| Failure::content(step, "no form on the page"))
    }

    /// Open a path and follow where it leads.
    pub async fn open(&mut self, step: &'static str, path: &str) -> Result<Arrived, Failure> {
        let head = self.get(path).await?;
        self.follow(step, head).await
    }

    /// Send a form of the last page and follow where it leads.
    pub async fn send(
        &mut self,
        step: &'static str,
        form: &Form,
        filled: &[(&str, &str)],
    ) -> Result<Arrived, Failure> {
        let head = self.post(form, filled).await?;
        self.follow(step, head).await
    }

    /// Follow redirects until a page or a service.
    async fn follow(&mut self, step: &'static str, head: Head) -> Result<Arrived, Failure> {
        let mut head = head;
        for _ in 0..REDIRECTS_MAX {
            match (head.status, head.location) {
                (200, _) => return Ok(Arrived::Page),
                (302 | 303, Some(location)) if location.starts_with('/') => {
                    head = self.get(&location).await?;
                }
                (302 | 303, Some(location)) => {
                    return match location.strip_prefix(&*self.origin.issuer) {
                        Some(path) if path.starts_with('/') => {
                            Err(Failure::content(step, "an absolute address of the server itself"))
                        }
                        _ => Ok(Arrived::Service(location)),
                    };
                }
                (status, _) => {
                    let reason = said(self.page());
                    return Err(Failure::Status { step, status, reason });
                }
            }
        }
        Err(Failure::content(step, "redirects without end"))
    }

    /// One GET, without following anything.
    pub async fn get(&mut self, path: &str) -> Result<Head, Failure> {
        self.begin("GET", path);
        self.request.push_str("\r\n");
        self.exchange().await
    }

    async fn post(&mut self, form: &Form, filled: &[(&str, &str)]) -> Result<Head, Failure> {
        let body = form.filled(filled);
        self.begin("POST", &form.action);
        let _ = write!(
            self.request,
            "Origin: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.origin.issuer,
            body.len()
        );
        self.exchange().await
    }

    fn begin(&mut self, method: &str, path: &str) {
        self.request.clear();
        let _ = write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {}\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\nAccept: text/html\r\n\
             Accept-Language: en\r\n",
            self.origin.host(),
            self.from
        );
        for (index, (name, value)) in self.cookies.iter().enumerate() {
            let start = if index == 0 { "Cookie: " } else { "; " };
            let _ = write!(self.request, "{start}{name}={value}");
        }
        if !self.cookies.is_empty() {
            self.request.push_str("\r\n");
        }
    }

    async fn exchange(&mut self) -> Result<Head, Failure> {
        let mut connection = match self.connection.take().filter(|_| !self.last_closes) {
            Some(connection) => connection,
            None => Connection::open(self.origin.address).await?,
        };
        let head = connection.exchange(self.request.as_bytes()).await?;
        for (name, value) in &head.cookies {
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.clone(), value.clone()));
            }
        }
        self.last_closes = head.closes;
        self.connection = Some(connection);
        Ok(head)
    }

    /// What the last page's heading says.
    pub fn heading(&self) -> String {
        said(self.page())
    }

    /// Close the connection: the next request opens another.
    pub fn hang_up(&mut self) {
        self.connection = None;
    }
}

/// What a page's heading says, for the list of failures.
fn said(page: &str) -> String {
    let heading = page.split_once("<h1").and_then(|(_, rest)| rest.split_once('>'));
    let text = heading.and_then(|(_, rest)| rest.split_once("</h1>")).map(|(text, _)| text.trim());
    text.map_or_else(String::new, |text| format!(" ({text})"))
}
