//! A browser: cookies, redirects, forms. It comes from an address, and checks every answer for what must
//! always be there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use http::header::{
    ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST as HOST_HEADER, LOCATION, ORIGIN, SET_COOKIE,
    USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use sekimori_base::Timestamp;
use sekimori_directory::PositionOrigin;
use sekimori_web::Peer;
use tower::ServiceExt;
use url::Url;

use crate::html::{self, Form};
use crate::{HOST, Network, OTHER_HOST, Someone, Testbed, reasons};

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 20;

/// Headers that stand on every answer, errors included.
const ALWAYS: [&str; 9] = [
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-frame-options",
    "permissions-policy",
    "strict-transport-security",
    "cache-control",
    "content-security-policy",
];

#[derive(Debug, Clone)]
struct Cookie {
    value: String,
    until: Option<Timestamp>,
}

type Jar = BTreeMap<(String, String), Cookie>;

/// A browser. A clone is another tab: the same cookies, wherever it comes from.
#[derive(Clone)]
pub struct Browser {
    bed: Testbed,
    jar: Arc<Mutex<Jar>>,
    network: Network,
    languages: &'static str,
    blocks_cookies: bool,
}

/// What a browser shows, or the address of a service where it was sent.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// The status of the last answer; 200 at a service.
    pub status: StatusCode,
    /// Headers of the last answer of ours.
    pub headers: HeaderMap,
    /// What it shows.
    pub body: String,
    /// Every address on the way here, the first one included.
    pub way: Vec<Url>,
    /// What a form brought to a service.
    pub posted: Vec<(String, String)>,
    ours: bool,
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From<'a> {
    /// By the person, or a page of ours.
    Own,
    /// By a page of another site: no cookies with a POST.
    Site(&'a str),
    /// The same by a browser that does not say from where, from a page without an origin to show.
    Nowhere,
}

impl Browser {
    pub(crate) fn new(bed: Testbed, network: Network) -> Self {
        let jar = Arc::default();
        Self { bed, jar, network, languages: "en", blocks_cookies: false }
    }

    /// The same browser, coming from another network now.
    #[must_use]
    pub fn at(&self, network: Network) -> Self {
        Self { network, ..self.clone() }
    }

    /// The same browser, asking for these languages (`Accept-Language`).
    #[must_use]
    pub fn speaking(&self, languages: &'static str) -> Self {
        Self { languages, ..self.clone() }
    }

    /// The same browser, which keeps no cookies from now on and sends none.
    #[must_use]
    pub fn without_cookies(&self) -> Self {
        Self { blocks_cookies: true, ..self.clone() }
    }

    /// The name and value of each cookie that it would send.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let jar = self.jar();
        jar.iter().map(|((_, name), cookie)| (name.clone(), cookie.value.clone())).collect()
    }

    /// The value of a cookie of the first organisation, by the word in its name.
    pub fn cookie(&self, word: &str) -> Option<String> {
        self.cookies().into_iter().find(|(name, _)| name.contains(word)).map(|(_, value)| value)
    }

    /// Forget all cookies whose name contains the word.
    pub fn forget(&self, word: &str) {
        self.jar().retain(|(_, name), _| !name.contains(word));
    }

    /// Change the value of a cookie of the first organisation.
    pub fn tamper(&self, word: &str, value: &str) {
        for ((_, name), cookie) in self.jar().iter_mut() {
            if name.contains(word) {
                value.clone_into(&mut cookie.value);
            }
        }
    }

    /// Open an address, following redirects.
    pub async fn open(&self, address: &str) -> Page {
        let page = self.open_only(address).await;
        self.follow(page, From::Own).await
    }

    /// Open an address, following nothing.
    pub async fn open_only(&self, address: &str) -> Page {
        let url = absolute(address);
        self.exchange(Method::GET, url, None, From::Own, Vec::new()).await
    }

    /// Open a link of the page.
    pub async fn click(&self, page: &Page, words: &str) -> Page {
        let links = page.links();
        let link = links.iter().find(|(_, text)| text.contains(words));
        let (href, _) = link.unwrap_or_else(|| panic!("no link {words:?} in {links:?}"));
        let url = page.url.join(href).expect("links of pages are addresses");
        self.open(url.as_str()).await
    }

    /// Fill fields of the page's first form and press its first button, following redirects.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let sent = self.submit_only(page, fields).await;
        self.follow(sent, From::Own).await
    }

    /// The same, following nothing.
    pub async fn submit_only(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let form = page.form();
        let button = form.buttons.first().cloned().unwrap_or_default();
        self.send(page, &form, fields, &button).await
    }

    /// Press the button with this name and value, in whichever form it is.
    pub async fn press(&self, page: &Page, name: &str, value: &str) -> Page {
        let button = (name.to_owned(), value.to_owned());
        let forms = page.forms();
        let form = forms
            .iter()
            .find(|form| form.buttons.contains(&button))
            .unwrap_or_else(|| panic!("no button {name}={value} on {}", page.text()));
        let sent = self.send(page, form, &[], &button).await;
        self.follow(sent, From::Own).await
    }

    /// A page of another site posts a form to us, as `origin`. Followed.
    pub async fn post_from(&self, origin: &str, address: &str, fields: &[(&str, &str)]) -> Page {
        let fields = owned(fields);
        let url = absolute(address);
        let page =
            self.exchange(Method::POST, url, Some(fields), From::Site(origin), Vec::new()).await;
        self.follow(page, From::Site(origin)).await
    }

    /// A page of another site posts a form to us, in a browser without `Sec-Fetch-Site`, with `Origin: null`. Not
    /// followed.
    pub async fn old_browser_posts(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let fields = Some(owned(fields));
        self.exchange(Method::POST, absolute(address), fields, From::Nowhere, Vec::new()).await
    }

    /// Post fields to an address, as a page of ours would. Not followed.
    pub async fn post_only(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let fields = owned(fields);
        self.exchange(Method::POST, absolute(address), Some(fields), From::Own, Vec::new()).await
    }

    /// Any request at all. Not followed.
    pub async fn request(&self, method: Method, address: &str, body: &[u8]) -> Page {
        self.request_with(method, address, &[], body).await
    }

    /// The same with headers beside a browser's own.
    pub async fn request_with(
        &self,
        method: Method,
        address: &str,
        headers: &[(&'static str, HeaderValue)],
        body: &[u8],
    ) -> Page {
        let mut request = self.head(method, &absolute(address), From::Own);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_vec())).expect("requests of tests are sound");
        self.run(request, absolute(address), Vec::new()).await
    }

    /// Type name and password, from the page that asks for the name to wherever it leads.
    pub async fn sign_in(&self, page: &Page, name: &str, password: &str) -> Page {
        let page = self.submit(page, &[("username", name)]).await;
        self.submit(&page, &[("password", password)]).await
    }

    /// Sign in with name and password as this person.
    pub async fn sign_in_as(&self, page: &Page, person: &Someone) -> Page {
        self.sign_in(page, &person.username, &person.password).await
    }

    /// Sign in with name, password and the app's present code.
    pub async fn sign_in_with_app(&self, page: &Page, person: &Someone) -> Page {
        let page = self.sign_in_as(page, person).await;
        let app = person.app.as_ref().expect("this person has an app");
        self.submit(&page, &[("code", &app.code(self.bed.now()))]).await
    }

    /// What a browser asks before it lets a script of `origin` call an address.
    pub async fn preflight(&self, address: &str, origin: &str) -> Page {
        let url = absolute(address);
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(url.path())
            .header(HOST_HEADER, url.host_str().unwrap_or_default())
            .header(ORIGIN, origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .expect("requests of tests are sound");
        self.run(request, url, Vec::new()).await
    }

    async fn send(
        &self,
        page: &Page,
        form: &Form,
        fields: &[(&str, &str)],
        button: &(String, String),
    ) -> Page {
        let mut filled = form.fields.clone();
        for (name, value) in fields {
            let field = filled.iter_mut().find(|(field, _)| field == name);
            let (_, old) = field.unwrap_or_else(|| {
                panic!("no field {name} on {} ({}): {}", page.url, page.status, page.text())
            });
            (*value).clone_into(old);
        }
        if !button.0.is_empty() {
            filled.push(button.clone());
        }
        let action = page.url.join(&form.action).expect("actions of forms are addresses");
        match form.method.as_str() {
            "post" if is_ours(&action) => {
                self.exchange(Method::POST, action, Some(filled), From::Own, page.way.clone()).await
            }
            "post" => {
                let mut way = page.way.clone();
                way.push(action.clone());
                Page { url: action, posted: filled, way, ours: false, ..page.clone() }
            }
            _ => {
                let mut url = action;
                url.query_pairs_mut().clear().extend_pairs(&filled);
                self.exchange(Method::GET, url, None, From::Own, page.way.clone()).await
            }
        }
    }

    async fn follow(&self, mut page: Page, from: From<'_>) -> Page {
        for _ in 0..REDIRECTS_MAX {
            let Some(target) = page.location() else { return page };
            assert_eq!(page.status, StatusCode::SEE_OTHER, "the only redirect is 303 (S53)");
            if is_ours(&target) {
                // A redirect keeps the initiator: a chain that another site began stays cross-site.
                page = self.exchange(Method::GET, target, None, from, page.way).await;
            } else {
                let mut way = page.way.clone();
                way.push(target.clone());
                return Page { url: target, status: StatusCode::OK, way, ours: false, ..page };
            }
        }
        panic!("redirects without end: {:?}", page.way);
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        fields: Option<Vec<(String, String)>>,
        from: From<'_>,
        way: Vec<Url>,
    ) -> Page {
        let mut request = self.head(method.clone(), &url, from);
        let body = match fields {
            Some(fields) => {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
            }
            None => String::new(),
        };
        let request = request.body(Body::from(body)).expect("requests of tests are sound");
        self.run(request, url, way).await
    }

    fn head(&self, method: Method, url: &Url, from: From<'_>) -> http::request::Builder {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = url.host_str().unwrap_or_default();
        let is_post = method == Method::POST;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST_HEADER, host)
            .header(ACCEPT_LANGUAGE, self.languages)
            .header(USER_AGENT, "Testbed/1.0 (a browser)");
        let cookies = match from {
            // SameSite=Lax: with a cross-site POST nothing is sent.
            From::Site(_) | From::Nowhere if is_post => String::new(),
            From::Site(_) | From::Nowhere | From::Own => self.cookie_header(host),
        };
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        match from {
            From::Own if is_post => {
                request = request
                    .header(ORIGIN, format!("https://{host}"))
                    .header("sec-fetch-site", "same-origin");
            }
            From::Own => request = request.header("sec-fetch-site", "none"),
            From::Nowhere => request = request.header(ORIGIN, "null"),
            From::Site(origin) => {
                request = request.header("sec-fetch-site", "cross-site");
                if is_post {
                    request = request.header(ORIGIN, origin);
                }
            }
        }
        let origin = PositionOrigin::Peer;
        let peer = "127.0.0.1".parse().expect("an address");
        match self.network.address() {
            Some(address) => request.extension(Peer { peer, address: Some(address), origin }),
            None => {
                request.extension(Peer { peer, address: None, origin: PositionOrigin::Unreadable })
            }
        }
    }

    async fn run(&self, request: Request<Body>, url: Url, mut way: Vec<Url>) -> Page {
        let response =
            self.bed.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("bodies of ours are whole").to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        for name in ALWAYS {
            assert!(
                parts.headers.contains_key(name),
                "{name} is missing on {url} {}",
                parts.status
            );
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        for value in parts.headers.get_all(SET_COOKIE) {
            self.keep_cookie(&host, value.to_str().expect("cookies of ours are ASCII"));
        }
        way.push(url.clone());
        let page = Page {
            url,
            status: parts.status,
            headers: parts.headers,
            body,
            way,
            posted: Vec::new(),
            ours: true,
        };
        reasons::shown(&page.body);
        page
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cookie_header(&self, host: &str) -> String {
        if self.blocks_cookies {
            return String::new();
        }
        let now = self.bed.now();
        let jar = self.jar();
        jar.iter()
            .filter(|((at, _), cookie)| at == host && cookie.until.is_none_or(|until| until > now))
            .map(|((_, name), cookie)| format!("{name}={}", cookie.value))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn keep_cookie(&self, host: &str, line: &str) {
        assert!(line.len() <= 4096, "a cookie has {} bytes (S45)", line.len());
        let mut parts = line.split("; ");
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
        let attributes: Vec<_> = parts.collect();
        assert!(name.starts_with("__Host-"), "{name} is not host-only (S45)");
        for wanted in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"] {
            assert!(attributes.contains(&wanted), "{line} has no {wanted} (S45)");
        }
        if self.blocks_cookies {
            return;
        }
        let age = attributes.iter().find_map(|part| part.strip_prefix("Max-Age="));
        let age: Option<i64> = age.map(|text| text.parse().expect("a number of seconds"));
        let key = (host.to_owned(), name.to_owned());
        if age == Some(0) {
            self.jar().remove(&key);
        } else {
            let until = age.map(|seconds| self.bed.now().plus_seconds(seconds));
            self.jar().insert(key, Cookie { value: value.to_owned(), until });
        }
    }
}

impl Page {
    /// Whether the browser is at a service, not with us.
    pub fn is_away(&self) -> bool {
        !self.ours
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        if !self.ours || !self.status.is_redirection() {
            return None;
        }
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        Some(self.url.join(location).expect("locations are addresses"))
    }

    /// A parameter that was brought to a service, or stands in the address.
    pub fn param(&self, name: &str) -> Option<String> {
        let posted =
            self.posted.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        posted.or_else(|| {
            self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        })
    }

    /// All forms.
    pub fn forms(&self) -> Vec<Form> {
        html::forms(&self.body)
    }

    /// The first form.
    pub fn form(&self) -> Form {
        let forms = self.forms();
        forms
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no form at {} ({}): {}", self.url, self.status, self.text()))
    }

    /// Whether this is what the page asks for: the last of its fields that somebody can see.
    pub fn asks(&self, name: &str) -> bool {
        let forms = if self.ours { self.forms() } else { Vec::new() };
        let visible = |(_, kind, _): &&(String, String, String)| kind != "hidden";
        forms
            .first()
            .and_then(|form| form.kinds.iter().rfind(visible))
            .is_some_and(|(field, ..)| field == name)
    }

    /// The title.
    pub fn title(&self) -> String {
        html::element(&self.body, "title").unwrap_or_default()
    }

    /// The first heading.
    pub fn heading(&self) -> String {
        html::element(&self.body, "h1").unwrap_or_default()
    }

    /// The language of the page.
    pub fn language(&self) -> String {
        html::attribute(&self.body, "html", "lang").unwrap_or_default()
    }

    /// All that can be read on it.
    pub fn text(&self) -> String {
        html::text(&self.body)
    }

    /// Targets and texts of its links.
    pub fn links(&self) -> Vec<(String, String)> {
        html::links(&self.body)
    }

    /// What it asks a passkey for, as its script hands it to the browser.
    pub fn passkey(&self) -> Option<String> {
        html::attribute(&self.body, "button", "data-passkey")
    }

    /// The incident code on it.
    pub fn incident(&self) -> Option<String> {
        self.text().split_whitespace().find(|word| is_incident_code(word)).map(str::to_owned)
    }

    /// The code of the reason that the page gives for a failure.
    pub fn reason(&self) -> Option<String> {
        html::attribute(&self.body, "section", "data-reason")
    }

    /// Whether the title says that something failed.
    pub fn failed(&self) -> bool {
        let title = self.title();
        title.starts_with("Error: ") || title.starts_with("エラー")
    }

    /// All about the page, for messages of tests.
    pub fn shows(&self) -> String {
        format!("{} {} {:?}: {}", self.status, self.url, self.title(), self.text())
    }
}

/// `7K3M-9QTX-4`: eight characters and a check character, in groups.
pub fn is_incident_code(word: &str) -> bool {
    const LETTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let groups: Vec<_> = word.split('-').collect();
    let [first, second, check] = groups.as_slice() else { return false };
    let plain = |group: &str| group.len() == 4 && group.chars().all(|c| LETTERS.contains(c));
    plain(first)
        && plain(second)
        && check.len() == 1
        && check.chars().all(|c| LETTERS.contains(c) || "*~$=U".contains(c))
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn is_ours(url: &Url) -> bool {
    url.scheme() == "https"
        && url.port().is_none()
        && matches!(url.host_str(), Some(HOST | OTHER_HOST))
}

/// An address, of the first organisation if it is a path.
fn absolute(address: &str) -> Url {
    let base = Url::parse(&format!("https://{HOST}")).expect("our own address");
    base.join(address).expect("addresses of tests are sound")
}
