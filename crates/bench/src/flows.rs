//! The flows that are walked again and again.

use std::rc::Rc;

use crate::browser::{Arrived, Browser, Origin};
use crate::failure::Failure;
use crate::people::{Crowd, password, username};
use crate::service::{Client, Service};
use crate::wire::Connection;

/// Scopes of an ordinary sign-in.
const SCOPE: &str = "openid profile";
/// Scopes with which a refresh token comes.
const SCOPE_OFFLINE: &str = "openid profile offline_access";

/// Something that is walked from its beginning to its end.
pub trait Flow {
    /// Once.
    async fn walk(&mut self) -> Result<(), Failure>;
}

/// A sign-in from the service's first redirect to the verified ID token. Gives the refresh token, if there is one.
pub async fn sign_in(
    browser: &mut Browser,
    service: &mut Service,
    username: &str,
    password: &str,
) -> Result<Option<String>, Failure> {
    let asked = service.ask();
    arrived_at_page("authorize", &browser.open("authorize", &asked.path).await?)?;
    let form = browser.form("authorize")?;
    let arrived = browser.send("user name", &form, &[("username", username)]).await?;
    arrived_at_page("user name", &arrived)?;
    let form = browser.form("user name")?;
    if !form.has("password") {
        return Err(Failure::content("user name", "no field for a password"));
    }
    match browser.send("password", &form, &[("password", password)]).await? {
        Arrived::Service(location) => service.redeem(&asked, &location).await,
        Arrived::Page => Err(Failure::content("password", browser.heading())),
    }
}

fn arrived_at_page(step: &'static str, arrived: &Arrived) -> Result<(), Failure> {
    match arrived {
        Arrived::Page => Ok(()),
        Arrived::Service(_) => Err(Failure::content(step, "back at the service already")),
    }
}

/// Addresses on campus, a fresh one each time.
pub fn campus_address(number: u64) -> String {
    let [.., a, b, c] = number.to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

/// `login`: a fresh browser with a connection of its own.
pub struct Login {
    origin: Origin,
    service: Service,
    crowd: Rc<Crowd>,
}

impl Login {
    /// One of many.
    pub fn new(origin: &Origin, client: &Rc<Client>, crowd: &Rc<Crowd>) -> Self {
        Self {
            origin: origin.clone(),
            service: Service::new(client, origin, SCOPE),
            crowd: Rc::clone(crowd),
        }
    }
}

impl Flow for Login {
    async fn walk(&mut self) -> Result<(), Failure> {
        let person = self.crowd.next();
        let mut browser = Browser::new(&self.origin, &campus_address(person));
        let (username, password) = (username(person), password(person));
        sign_in(&mut browser, &mut self.service, &username, &password).await.map(drop)
    }
}

/// `sso`: browsers that are signed in, and services that they go to in turn.
pub struct Sso {
    browsers: Vec<Browser>,
    services: Vec<Service>,
    turn: usize,
}

impl Sso {
    /// Sign everybody in first.
    pub async fn new(
        origin: &Origin,
        clients: &[Rc<Client>],
        people: impl Iterator<Item = u64>,
    ) -> Result<Self, Failure> {
        let mut services: Vec<_> =
            clients.iter().map(|client| Service::new(client, origin, SCOPE)).collect();
        let mut browsers = Vec::new();
        for person in people {
            let mut browser = Browser::new(origin, &campus_address(person));
            let service = &mut services[0];
            sign_in(&mut browser, service, &username(person), &password(person)).await?;
            browsers.push(browser);
        }
        Ok(Self { browsers, services, turn: 0 })
    }
}

impl Flow for Sso {
    async fn walk(&mut self) -> Result<(), Failure> {
        // Everybody goes to one service, then everybody to the next.
        let (people, services) = (self.browsers.len(), self.services.len());
        let browser = &mut self.browsers[self.turn % people];
        let service = &mut self.services[self.turn / people % services];
        self.turn += 1;
        let asked = service.ask();
        match browser.open("authorize", &asked.path).await? {
            Arrived::Service(location) => service.redeem(&asked, &location).await.map(drop),
            Arrived::Page => Err(Failure::content("authorize", browser.heading())),
        }
    }
}

/// `refresh`: a family of refresh tokens.
pub struct Refresh {
    service: Service,
    token: String,
}

impl Refresh {
    /// Sign in first.
    pub async fn new(origin: &Origin, client: &Rc<Client>, person: u64) -> Result<Self, Failure> {
        let mut browser = Browser::new(origin, &campus_address(person));
        let mut service = Service::new(client, origin, SCOPE_OFFLINE);
        let (username, password) = (username(person), password(person));
        let token = sign_in(&mut browser, &mut service, &username, &password).await?;
        let token = token.ok_or_else(|| Failure::content("code", "no refresh token"))?;
        Ok(Self { service, token })
    }
}

impl Flow for Refresh {
    async fn walk(&mut self) -> Result<(), Failure> {
        self.token = self.service.refresh(&self.token).await?;
        Ok(())
    }
}

/// `client`: a program that speaks for itself.
pub struct ClientCredentials {
    service: Service,
}

impl ClientCredentials {
    /// One of many.
    pub fn new(origin: &Origin, client: &Rc<Client>) -> Self {
        Self { service: Service::new(client, origin, "") }
    }
}

impl Flow for ClientCredentials {
    async fn walk(&mut self) -> Result<(), Failure> {
        self.service.own_token().await
    }
}

/// `discovery`: what a service asks before it knows anything.
pub struct Discovery {
    origin: Origin,
    requests: [Vec<u8>; 2],
    connection: Option<Connection>,
    /// What was answered the first time; every later answer must be the same.
    pub bodies: [Vec<u8>; 2],
}

impl Discovery {
    /// One of many.
    pub fn new(origin: &Origin) -> Self {
        let request = |path: &str| {
            format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n\r\n",
                origin.host()
            )
            .into_bytes()
        };
        Self {
            origin: origin.clone(),
            requests: [request("/.well-known/openid-configuration"), request("/oidc/jwks")],
            connection: None,
            bodies: [Vec::new(), Vec::new()],
        }
    }

    /// The same against another server.
    pub fn against(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        self
    }
}

impl Flow for Discovery {
    async fn walk(&mut self) -> Result<(), Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.origin.address).await?,
        };
        for (request, body) in self.requests.iter().zip(&mut self.bodies) {
            let head = connection.exchange(request).await?;
            if head.status != 200 {
                let (status, reason) = (head.status, String::new());
                return Err(Failure::Status { step: "discovery", status, reason });
            }
            if body.is_empty() {
                body.extend_from_slice(connection.body());
            } else if body != connection.body() {
                return Err(Failure::content("discovery", "another answer than before"));
            }
        }
        self.connection = Some(connection);
        Ok(())
    }
}
