//! Any bytes at any door: an answer that is no fault of ours, leads nowhere else, and signs nobody in.

use http::{HeaderValue, Method};
use sekimori_base::Entropy;
use sekimori_testbed::{HOST, Network, Testbed};

/// Fields that some form or query of ours reads, and one that none does.
const FIELDS: [&str; 30] = [
    "r",
    "request",
    "attempt",
    "version",
    "username",
    "password",
    "code",
    "method",
    "decision",
    "ticket",
    "token",
    "lang",
    "state",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "response_type",
    "scope",
    "claims",
    "prompt",
    "max_age",
    "id_token_hint",
    "grant_type",
    "refresh_token",
    "code_verifier",
    "code_challenge",
    "post_logout_redirect_uri",
    "anything",
];
/// Values that go further than noise does.
const VALUES: [&str; 16] = [
    "wiki",
    "hana",
    "1",
    "18446744073709551615",
    "-1",
    "openid",
    "code",
    "none",
    "allow",
    "totp",
    "https://wiki.example.ac.jp/callback",
    "https://evil.example/",
    "{\"userinfo\":{\"name\":null}}",
    "[[[[[[[[",
    "authorization_code",
    "refresh_token",
];
const HEADERS: [&str; 8] = [
    "cookie",
    "authorization",
    "accept-language",
    "origin",
    "sec-fetch-site",
    "content-type",
    "forwarded",
    "x-forwarded-for",
];
const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::OPTIONS, Method::HEAD, Method::DELETE];

/// Makes requests; the same ones in each run.
struct Noise<'a>(&'a Testbed);

impl Noise<'_> {
    fn below(&self, bound: usize) -> usize {
        self.0.chance.below(bound)
    }

    fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.below(60)];
        self.0.chance.fill(&mut bytes);
        bytes
    }

    /// A value of a field or a step of a path, percent-encoded or not as chance has it.
    fn value(&self) -> String {
        match self.below(4) {
            0 => form_urlencoded::byte_serialize(&self.bytes()).collect(),
            1 => String::from_utf8_lossy(&self.bytes()).into_owned(),
            2 => "a".repeat(self.below(3_000)),
            _ => self.pick(&VALUES).to_owned(),
        }
    }

    fn fields(&self) -> String {
        let field = |_| format!("{}={}", self.pick(&FIELDS), self.value());
        (0..self.below(6)).map(field).collect::<Vec<_>>().join("&")
    }

    fn header(&self) -> Option<(&'static str, HeaderValue)> {
        let name = self.pick(&HEADERS);
        let own = ["browser", "session", "device", "language", "request-x"];
        let value = match name {
            "cookie" => format!("__Host-sekimori-{}={}", self.pick(&own), self.value()).into(),
            "authorization" => {
                format!("{} {}", self.pick(&["Basic", "Bearer"]), self.value()).into()
            }
            _ => self.bytes(),
        };
        Some((name, HeaderValue::from_bytes(&value).ok()?))
    }

    fn address(&self, path: &str) -> String {
        let step = |step: &str| {
            if step.starts_with('{') {
                self.value().replace(['/', '?', '#'], "x")
            } else {
                step.to_owned()
            }
        };
        let path = path.split('/').map(step).collect::<Vec<_>>().join("/");
        format!("https://{HOST}{path}?{}", self.fields().replace('#', "x"))
    }

    fn body(&self) -> Vec<u8> {
        match self.below(3) {
            0 => self.bytes(),
            1 => vec![b'a'; self.below(100_000)],
            _ => self.fields().into_bytes(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the volume of a test run is the runner's to say")]
fn rounds() -> usize {
    let full = std::env::var("SEKIMORI_TEST_VOLUME").is_ok_and(|volume| volume == "full");
    if full { 2_000 } else { 40 }
}

#[tokio::test]
async fn any_bytes_at_any_door_get_an_answer_that_is_no_fault_of_ours() {
    let bed = Testbed::start().await;
    let noise = Noise(&bed);
    let wiki = bed.service("wiki");
    for round in 0..rounds() {
        // Now and then within a real sign-in, so that forms meet a request that opens.
        let browser = bed.browser(Network::Home);
        if round % 2 == 0 {
            browser.open(&wiki.sign_in().url).await;
        }
        for path in sekimori_web::routes::paths() {
            let (method, address) = (noise.pick(&METHODS), noise.address(path));
            let headers: Vec<_> = (0..noise.below(3)).filter_map(|_| noise.header()).collect();
            let body = noise.body();
            let page = browser.request_with(method.clone(), &address, &headers, &body).await;
            let seen =
                || format!("{method} {address}\n{headers:?}\n{:?}", String::from_utf8_lossy(&body));
            assert!(!page.status.is_server_error(), "{}\n{}", seen(), page.text());
            let Some(there) = page.location() else { continue };
            let ours = ["wiki.example.ac.jp", HOST];
            assert!(ours.contains(&there.host_str().unwrap_or_default()), "{there}\n{}", seen());
            let code = there.query_pairs().any(|(name, _)| name == "code");
            assert!(!(code && there.host_str() != Some(HOST)), "{there}\n{}", seen());
        }
    }
}
