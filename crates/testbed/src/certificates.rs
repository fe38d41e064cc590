//! An authority of the first organisation, hosts on which certificates are presented, and people's certificates.

use std::sync::Arc;

use sekimori_base::PersonId;
use sekimori_directory::Binding;
use sekimori_directory::settings::CertificateHosts;
use sekimori_flow::admin::By;
use sekimori_flow::certificates::{Asked, AuthorityPlan, WantedKey};
use sekimori_keys::{KeyProfile, SigningKey};
use sekimori_pki::{
    Authority, AuthorityName, Lifetime, Locations, PersonalKeyKind, Profile, Request,
    RevocationReason, Serial, Subject, make_root,
};

use crate::Testbed;

/// The wildcard of the certificate hosts.
pub const CERTIFICATE_HOSTS: &str = "*.cert.login.example.ac.jp";

impl Testbed {
    /// An authority, its root signed it and is gone, and hosts for its certificates.
    pub async fn with_certificates(self) -> Self {
        let (tenant, by) = (self.tenant(), By("testbed".to_owned()));
        let name = name("Example University CA");
        let plan = AuthorityPlan::P256;
        let asked = self.flow.request_authority(&tenant, &name, plan, &by).await;
        let request = Request::read(&asked.expect("a key is made").request).expect("a request");
        let root = self.root();
        let nowhere = Locations::parse(&[], &[], &[]).expect("no address is one too many");
        let own = root
            .sign_issuing(&request, &name, 60, &nowhere, self.now(), &*self.chance)
            .expect("a root signs");
        let (own, root) = (own.der(), root.certificate().der());
        self.flow.install_authority(&tenant, own, root, &by).await.expect("it is taken");
        let hosts = CertificateHosts::parse(&[CERTIFICATE_HOSTS.to_owned()]).expect("a wildcard");
        self.change_site(|site| site.certificates.hosts = Some(hosts)).await;
        self
    }

    fn root(&self) -> Authority {
        let key = SigningKey::generate(KeyProfile::Es256).expect("a key");
        let name = name("Example University Root CA");
        make_root(&name, 120, Arc::new(key), self.now(), &*self.chance).expect("a root")
    }

    /// A certificate of somebody, issued by the desk (DER).
    pub async fn certificate_of(&self, person: PersonId) -> Vec<u8> {
        self.certificate_bound(person, Binding::Desk).await
    }

    /// The same for somebody who was known in this way (DER).
    pub async fn certificate_bound(&self, person: PersonId, binding: Binding) -> Vec<u8> {
        let key = WantedKey::Fresh(PersonalKeyKind::P256);
        let (label, issued_by) = ("laptop".to_owned(), "testbed".to_owned());
        let asked = Asked { key, label, issued_by, binding };
        let (stored, by) = (self.stored(person).await, By("testbed".to_owned()));
        let issued = self.flow.issue_certificate(&self.tenant(), &stored, asked, &by).await;
        issued.expect("a certificate is issued").certificate.der().to_vec()
    }

    /// A certificate for that name of an authority that nobody here knows (DER).
    pub fn stray_certificate(&self, username: &str) -> Vec<u8> {
        let nowhere = Locations::parse(&[], &[], &[]).expect("no address is one too many");
        let profile = Profile::new(Lifetime::Months13, nowhere);
        let subject = Subject::parse(username, None).expect("a subject");
        let kind = PersonalKeyKind::P256;
        let made = self.root().issue_with_key(
            &profile,
            &subject,
            kind,
            "stray",
            self.now(),
            &*self.chance,
        );
        made.expect("a certificate").certificate.der().to_vec()
    }

    /// Take a certificate back.
    pub async fn revoke(&self, certificate: &[u8]) {
        let serial = sekimori_pki::Certificate::read(certificate).expect("a certificate").serial();
        let serial: Serial = serial;
        let (by, reason) = (By("testbed".to_owned()), RevocationReason::KeyCompromise);
        let done = self.flow.revoke_certificate(&self.tenant(), None, serial, reason, &by).await;
        assert!(done.expect("the database answers"), "it was good");
    }
}

fn name(text: &str) -> AuthorityName {
    AuthorityName::parse(text, None, None).expect("a name")
}
