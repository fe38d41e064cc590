//! A browser and a service on real connections. An answer that does not come is an error, never a panic:
//! servers are killed here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekimori_testbed::Form;
use serde_json::Value;

/// Where the services of the tests take answers.
pub const CALLBACK: &str = "https://service.example/callback";
/// Inside.
pub const CAMPUS: &str = "10.1.2.3";
/// Outside.
pub const HOME: &str = "192.0.2.7";

const PATIENCE: Duration = Duration::from_mins(1);
const REDIRECTS_MAX: usize = 10;

/// A browser: cookies, and a connection to each of the nodes that it was sent to.
#[derive(Default)]
pub struct Browser {
    /// The node that it talks to.
    pub node: Option<SocketAddr>,
    /// Where it is, as the proxy says.
    pub from: &'static str,
    issuer: String,
    cookies: BTreeMap<String, String>,
    connection: Option<(SocketAddr, TcpStream)>,
}

impl Clone for Browser {
    /// Another tab: the same cookies, a connection of its own.
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            from: self.from,
            issuer: self.issuer.clone(),
            cookies: self.cookies.clone(),
            connection: None,
        }
    }
}

/// What a browser shows, or the address of a service where it was sent.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Path and query with us, or the whole address at a service.
    pub address: String,
    /// What it shows.
    pub body: String,
}

/// What a request brings back.
struct Answer {
    status: u16,
    location: Option<String>,
    cookies: Vec<(String, String)>,
    body: String,
    closes: bool,
}

impl Browser {
    /// A fresh one, of a server with this issuer.
    pub fn new(node: SocketAddr, issuer: &str, from: &'static str) -> Self {
        let (node, issuer) = (Some(node), issuer.to_owned());
        Self { node, from, issuer, ..Self::default() }
    }

    /// Open a path, following redirects.
    pub fn open(&mut self, path: &str) -> io::Result<Page> {
        let answer = self.ask("GET", path, "", None)?;
        self.follow(path, answer)
    }

    /// Fill the page's first form in and send it, following redirects.
    pub fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> io::Result<Page> {
        let form = page.forms().into_iter().next().ok_or_else(|| page.unexpected("no form"))?;
        let button = form.buttons.first().cloned().unwrap_or_default();
        self.send(page, form, fields, button)
    }

    /// Press the button with this name and value, in whichever form it is.
    pub fn press(&mut self, page: &Page, name: &str, value: &str) -> io::Result<Page> {
        let button = (name.to_owned(), value.to_owned());
        let form = page.forms().into_iter().find(|form| form.buttons.contains(&button));
        let form = form.ok_or_else(|| page.unexpected("no such button"))?;
        self.send(page, form, &[], button)
    }

    /// Type name and password from the page that asks for the name.
    pub fn sign_in(&mut self, page: &Page, name: &str, password: &str) -> io::Result<Page> {
        let page = self.submit(page, &[("username", name)])?;
        self.submit(&page, &[("password", password)])
    }

    /// Send a form as it is filled in, with fields and a button.
    pub fn send(
        &mut self,
        page: &Page,
        form: Form,
        fields: &[(&str, &str)],
        button: (String, String),
    ) -> io::Result<Page> {
        let mut filled = form.fields;
        for (name, value) in fields {
            let field = filled.iter_mut().find(|(field, _)| field == name);
            let (_, old) = field.ok_or_else(|| page.unexpected(&format!("no field {name}")))?;
            (*value).clone_into(old);
        }
        if !button.0.is_empty() {
            filled.push(button);
        }
        let answer = self.ask("POST", &form.action, &encoded(&filled), None)?;
        self.follow(&form.action, answer)
    }

    fn follow(&mut self, path: &str, answer: Answer) -> io::Result<Page> {
        let (mut answer, mut address) = (answer, path.to_owned());
        for _ in 0..REDIRECTS_MAX {
            match answer.location {
                None => return Ok(Page { status: answer.status, address, body: answer.body }),
                Some(to) if to.starts_with('/') => {
                    answer = self.ask("GET", &to, "", None)?;
                    address = to;
                }
                Some(to) => return Ok(Page { status: 200, address: to, body: String::new() }),
            }
        }
        Err(io::Error::other("redirects without end"))
    }

    /// One request as a service sends it.
    pub fn program(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        bearer: Option<&str>,
    ) -> io::Result<(u16, Value)> {
        let method = if bearer.is_some() { "GET" } else { "POST" };
        let answer = self.ask(method, path, &encoded(fields), bearer)?;
        Ok((answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null)))
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        bearer: Option<&str>,
    ) -> io::Result<Answer> {
        let host = self.issuer.split_once("://").map_or("", |(_, host)| host);
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {}\r\nAccept-Language: en\r\n\
             User-Agent: Mozilla/5.0 (a test)\r\n",
            self.from
        );
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let _ = write!(head, "Cookie: {}\r\n", pairs.join("; "));
        }
        if let Some(bearer) = bearer {
            let _ = write!(head, "Authorization: Bearer {bearer}\r\n");
        }
        if method == "POST" {
            let _ = write!(
                head,
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
                body.len()
            );
        }
        let answer = self.exchange(format!("{head}\r\n{body}").as_bytes())?;
        for (name, value) in &answer.cookies {
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.clone(), value.clone());
            }
        }
        Ok(answer)
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let node = self.node.ok_or_else(|| io::Error::other("to no node"))?;
        let mut stream = match self.connection.take() {
            Some((to, stream)) if to == node => stream,
            _ => {
                let stream = TcpStream::connect(node)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream
            }
        };
        stream.write_all(request)?;
        let answer = read(&mut stream)?;
        if !answer.closes {
            self.connection = Some((node, stream));
        }
        Ok(answer)
    }

    /// Connect before it matters: a race is about what the server does, not about connecting.
    pub fn connect(&mut self) -> io::Result<()> {
        self.ask("GET", "/.well-known/openid-configuration", "", None).map(drop)
    }
}

fn read(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut more = |bytes: &mut Vec<u8>| -> io::Result<()> {
        match stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    };
    let end = loop {
        match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end,
            None => more(&mut bytes)?,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(|| io::Error::other("no status"))?,
        location: None,
        cookies: Vec::new(),
        body: String::new(),
        closes: false,
    };
    let mut length = 0;
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            "location" => answer.location = Some(value.to_owned()),
            "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
            "set-cookie" => {
                let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
                answer.cookies.extend(pair.map(|(n, v)| (n.to_owned(), v.to_owned())));
            }
            _ => {}
        }
    }
    while bytes.len() < end + 4 + length {
        more(&mut bytes)?;
    }
    answer.body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
    Ok(answer)
}

impl Page {
    /// Its forms.
    pub fn forms(&self) -> Vec<Form> {
        sekimori_testbed::forms(&self.body)
    }

    /// Its path.
    pub fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or_default()
    }

    /// Whether it has a field of this name that somebody can fill in.
    pub fn asks(&self, name: &str) -> bool {
        let seen = |(field, kind, _): &(String, String, String)| field == name && kind != "hidden";
        self.forms().first().is_some_and(|form| form.kinds.iter().any(seen))
    }

    /// The reason that it gives for a failure.
    pub fn reason(&self) -> String {
        let (_, rest) = self.body.split_once("data-reason=\"").unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// A parameter of its address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.address.split_once('?')?.1;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The secret of the app that it offers.
    pub fn app_secret(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("otpauth://totp/")?;
        let (_, rest) = rest.split_once("secret=")?;
        Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
    }

    /// What it asks a passkey for.
    pub fn passkey(&self) -> String {
        let asked = sekimori_testbed::attribute(&self.body, "button", "data-passkey");
        asked.unwrap_or_else(|| panic!("{}", self.unexpected("asks for no passkey")))
    }

    /// The recovery codes on it.
    pub fn recovery_codes(&self) -> Vec<String> {
        let inside = self.body.split("<code>").skip(1).filter_map(|rest| rest.split('<').next());
        inside.filter(|text| text.len() == 19).map(str::to_owned).collect()
    }

    /// An error that shows the page.
    pub fn unexpected(&self, what: &str) -> io::Error {
        let (status, address, reason) = (self.status, &self.address, self.reason());
        let heading = self.body.split("<h1").nth(1).and_then(|rest| rest.split("</h1").next());
        let heading = heading.unwrap_or_default();
        io::Error::other(format!("{what}: {status} at {address}, reason {reason:?}, {heading}"))
    }
}

/// A sign-in that a service asked for.
pub struct Asked {
    /// Where the browser goes.
    pub path: String,
    service: String,
    verifier: String,
}

/// What a service got.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For userinfo.
    pub access: String,
    /// For going on.
    pub refresh: String,
}

impl Asked {
    /// A service asks for a sign-in with which it can go on later.
    pub fn by(service: &str) -> Self {
        let verifier = URL_SAFE_NO_PAD.encode(super::place::chance::<32>());
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", service),
            ("redirect_uri", CALLBACK),
            ("scope", "openid offline_access"),
            ("state", "a state of the service"),
            ("code_challenge", &sekimori_keys::pkce::s256_challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ]);
        let path = format!("/oidc/authorize?{query}");
        Self { path, service: service.to_owned(), verifier }
    }

    /// Redeem a code: the tokens, or the error.
    pub fn redeem(&self, via: &mut Browser, code: &str) -> io::Result<Result<Tokens, String>> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", self.service.as_str()),
            ("redirect_uri", CALLBACK),
            ("code", code),
            ("code_verifier", &self.verifier),
        ];
        tokens(via.program("/oidc/token", &fields, None)?)
    }

    /// Its service.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// Trade a refresh token: the next tokens, or the error.
pub fn refresh(
    via: &mut Browser,
    service: &str,
    token: &str,
) -> io::Result<Result<Tokens, String>> {
    let fields =
        [("grant_type", "refresh_token"), ("client_id", service), ("refresh_token", token)];
    tokens(via.program("/oidc/token", &fields, None)?)
}

fn tokens((status, json): (u16, Value)) -> io::Result<Result<Tokens, String>> {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    match (status, text("access_token"), text("refresh_token"), text("error")) {
        (200, Some(access), Some(refresh), _) => Ok(Ok(Tokens { access, refresh })),
        (_, _, _, Some(error)) => Ok(Err(error)),
        _ => Err(io::Error::other(format!("token answer {status}: {json}"))),
    }
}

fn encoded<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
