//! What most journeys begin with.

use sekimori_testbed::{Browser, Network, Page, Service, SignIn, Testbed};

/// The `acr` of one factor.
pub const ONE: &str = "https://refeds.org/profile/sfa";
/// The `acr` of two.
pub const TWO: &str = "https://refeds.org/profile/mfa";

/// A sign-in that has just begun: somebody at the first page of it.
pub struct Begun {
    pub bed: Testbed,
    pub service: Service,
    pub sign_in: SignIn,
    pub browser: Browser,
    pub page: Page,
}

/// A fresh server; somebody comes from `network` to sign in at `service`.
pub async fn at(service: &str, network: Network) -> Begun {
    again(Testbed::start().await, service, network, &[]).await
}

/// The same with more parameters in the service's request.
pub async fn asking(service: &str, network: Network, changes: &[(&str, &str)]) -> Begun {
    again(Testbed::start().await, service, network, changes).await
}

/// Somebody else, with a clean browser, at a server that runs already.
pub async fn again(
    bed: Testbed,
    service: &str,
    network: Network,
    changes: &[(&str, &str)],
) -> Begun {
    let service = bed.service(service);
    let sign_in = service.sign_in_with(changes);
    let browser = bed.browser(network);
    let page = browser.open(&sign_in.url).await;
    Begun { bed, service, sign_in, browser, page }
}

impl Begun {
    /// Name and password of somebody.
    pub async fn password(&self, name: &str) -> Page {
        self.browser.sign_in_as(&self.page, self.bed.person(name)).await
    }

    /// What somebody's app shows.
    pub fn code(&self, name: &str) -> String {
        code(&self.bed, name)
    }

    /// Signed in: the tokens of the service.
    pub async fn tokens(&self, page: &Page) -> sekimori_testbed::Tokens {
        self.service.redeem(&self.sign_in, page).await
    }

    /// Another sign-in of the same browser at a service.
    pub async fn next(&self, service: &str, changes: &[(&str, &str)]) -> (SignIn, Page) {
        let sign_in = self.bed.service(service).sign_in_with(changes);
        let page = self.browser.open(&sign_in.url).await;
        (sign_in, page)
    }
}

/// What somebody's app shows.
pub fn code(bed: &Testbed, name: &str) -> String {
    bed.person(name).app.as_ref().expect("this person has an app").code(bed.now())
}

impl Begun {
    /// Name and password of somebody, from this page.
    pub async fn password_at(&self, page: &Page, name: &str) -> Page {
        self.browser.sign_in_as(page, self.bed.person(name)).await
    }
}
