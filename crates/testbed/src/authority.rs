//! A certificate authority of the first organisation.

use std::sync::Arc;

use sekimori_flow::admin::By;
use sekimori_flow::certificates::AuthorityPlan;
use sekimori_keys::{KeyProfile, SigningKey};
use sekimori_pki::{AuthorityName, Locations, PemKind, Request, make_root, pem, request_issuing};

use crate::Testbed;

impl Testbed {
    /// Make one, under a root whose key is gone afterwards.
    pub async fn make_authority(&self) {
        let (tenant, by) = (self.tenant(), By("testbed".to_owned()));
        let name = |text| AuthorityName::parse(text, None, None).expect("a name");
        let issuing = name("Example University CA 1");
        let asked = self.flow.request_authority(&tenant, &issuing, AuthorityPlan::P256, &by).await;
        let request = Request::read(&asked.expect("a key is made").request).expect("a request");
        let key = Arc::new(SigningKey::generate(KeyProfile::Es256).expect("a key"));
        let (now, chance) = (self.now(), &*self.chance);
        let root = make_root(&name("Example University Root CA"), 240, key, now, chance);
        let root = root.expect("a root");
        let nowhere = Locations::default();
        let own = root.sign_issuing(&request, &issuing, 120, &nowhere, now, chance);
        let (own, root) = (own.expect("a root signs"), root.certificate().der());
        self.flow.install_authority(&tenant, own.der(), root, &by).await.expect("it is taken");
        self.keep().await;
    }

    /// A request of somebody who keeps the key (PEM).
    pub fn certificate_request(&self) -> String {
        let key = Arc::new(SigningKey::generate(KeyProfile::Es256).expect("a key"));
        let name = AuthorityName::parse("somebody else", None, None).expect("a name");
        pem(PemKind::Request, &request_issuing(&name, key).expect("a request"))
    }
}
