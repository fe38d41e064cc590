//! Another authority, as a national service would be: its certificates, their faults, its revocation lists.

use std::sync::Arc;

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber,
};
use sekimori_base::Timestamp;
use sekimori_directory::settings::{CertificateIdentity, CertificateIssuer, IssuerName};
use sekimori_flow::certificates::DueList;
use sekimori_keys::{SignatureAlgorithm, SigningKey};
use sekimori_pki::ocsp::{AnswerTimes, CertificateStatus, IdHash, OcspRequest};
use sekimori_pki::{Authority, Serial};
use time::OffsetDateTime;

use crate::Testbed;

/// Where the lists of [`Elsewhere`] are said to be.
pub const LIST_ADDRESS: &str = "http://crl.elsewhere.example/ca.crl";
const DAY: i64 = 86_400;

/// An authority that is not ours.
pub struct Elsewhere {
    issuing: Issuer<'static, KeyPair>,
    /// In base 64: the issuing one, its root.
    chain: Vec<String>,
}

/// What one of its certificates says.
pub struct Says<'a> {
    /// CN of the subject.
    pub common_name: Option<&'a str>,
    /// OU of the subject.
    pub unit: Option<&'a str>,
    /// The mail address among the alternative names.
    pub mail: Option<&'a str>,
    /// For what it is made.
    pub purpose: ExtendedKeyUsagePurpose,
    /// When it was issued.
    pub issued: Timestamp,
    /// For so long it is valid, in days.
    pub days: i64,
    /// Its number.
    pub serial: u64,
    /// Where it says that its list is.
    pub list: Option<&'a str>,
}

impl Says<'_> {
    /// A good one of that number, issued a day before that moment, that says nothing yet about whose it is.
    pub fn good(serial: u64, now: Timestamp) -> Self {
        Self {
            common_name: None,
            unit: None,
            mail: None,
            purpose: ExtendedKeyUsagePurpose::ClientAuth,
            issued: now.plus_seconds(-DAY),
            days: 700,
            serial,
            list: None,
        }
    }
}

fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.unix_seconds()).expect("a moment of our time")
}

fn number(serial: u64) -> SerialNumber {
    SerialNumber::from_slice(&serial.to_be_bytes())
}

fn authority(name: &str, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = moment(now.plus_seconds(-4000 * DAY));
    params.not_after = moment(now.plus_seconds(4000 * DAY));
    params
}

fn times(at: Timestamp, seconds: i64) -> AnswerTimes {
    AnswerTimes { this_update: at, next_update: at.plus_seconds(seconds), produced_at: at }
}

impl Elsewhere {
    /// A root and what issues below it.
    pub fn new(now: Timestamp) -> Self {
        let key = || KeyPair::generate().expect("a key");
        let (root_params, root_key) = (authority("Elsewhere Root", now), key());
        let root = root_params.self_signed(&root_key).expect("a root");
        let root_issuer = Issuer::new(root_params, root_key);
        let (params, issuing_key) = (authority("Elsewhere Members", now), key());
        let issuing = params.signed_by(&issuing_key, &root_issuer).expect("a root signs");
        let chain = vec![BASE64.encode(issuing.der()), BASE64.encode(root.der())];
        Self { issuing: Issuer::new(params, issuing_key), chain }
    }

    /// As a site names it, whose certificates name people by these rules.
    pub fn settings(&self, identities: &[&str]) -> CertificateIssuer {
        let rule = |text: &&str| CertificateIdentity::parse(text).expect("a rule");
        CertificateIssuer {
            name: IssuerName::parse("elsewhere").expect("a name"),
            certificates: self.chain.clone(),
            identities: identities.iter().map(rule).collect(),
            groups: std::collections::BTreeSet::new(),
            binding: CertificateIssuer::default_binding(),
            withdrawn_as_of: None,
            lists: vec![LIST_ADDRESS.to_owned()],
            responders: Vec::new(),
            fetch_minutes: CertificateIssuer::default_fetch_minutes(),
            list_hours_max: 0,
            list_megabytes_max: 1,
        }
    }

    /// One of its certificates (DER).
    pub fn certificate(&self, says: &Says<'_>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(unit) = says.unit {
            params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        }
        if let Some(name) = says.common_name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        if let Some(mail) = says.mail {
            let mail = mail.to_owned().try_into().expect("an address in ASCII");
            params.subject_alt_names = vec![SanType::Rfc822Name(mail)];
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![says.purpose.clone()];
        params.not_before = moment(says.issued);
        params.not_after = moment(says.issued.plus_seconds(says.days * DAY));
        params.serial_number = Some(number(says.serial));
        let points = says.list.iter().map(|list| vec![(*list).to_owned()]);
        params.crl_distribution_points = points.map(|uris| CrlDistributionPoint { uris }).collect();
        let key = KeyPair::generate().expect("a key");
        params.signed_by(&key, &self.issuing).expect("it is signed").der().to_vec()
    }

    /// What its responder says at that moment, good for so many seconds, to a question.
    pub fn answer(
        &self,
        question: &[u8],
        at: Timestamp,
        seconds: i64,
        status: CertificateStatus,
    ) -> Vec<u8> {
        let question = OcspRequest::read(question).expect("a question");
        let answer = self.authority().answer(&question, times(at, seconds), |_| status);
        answer.expect("it is about one of its certificates")
    }

    /// What its responder signed ahead: without a nonce.
    pub fn answer_ahead(
        &self,
        serial: u64,
        at: Timestamp,
        seconds: i64,
        status: CertificateStatus,
    ) -> Vec<u8> {
        let serial = Serial::from_bytes(&serial.to_be_bytes()).expect("a number");
        let times = times(at, seconds);
        self.authority().presign(IdHash::Sha1, serial, status, times).expect("it is signed")
    }

    fn authority(&self) -> Authority {
        let key = self.issuing.key().serialize_der();
        let key = SigningKey::from_pkcs8(SignatureAlgorithm::Es256, &key).expect("its key");
        let certificate = BASE64.decode(self.chain[0].as_bytes()).expect("base 64");
        Authority::open(&certificate, Arc::new(key)).expect("an authority")
    }

    /// Its list (DER) of that moment, good for so many seconds, with these numbers.
    pub fn list(&self, at: Timestamp, seconds: i64, revoked: &[u64]) -> Vec<u8> {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: number(*serial),
            revocation_time: moment(at),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: moment(at),
            next_update: moment(at.plus_seconds(seconds)),
            crl_number: number(at.unix_seconds().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuing).expect("a list is signed").der().to_vec()
    }
}

impl Testbed {
    /// The lists that are due, as whoever fetches them is told.
    pub async fn due_lists(&self) -> Vec<DueList> {
        self.flow.due_lists().await.expect("the database answers")
    }

    /// The one list that is due comes, or why it does not.
    pub async fn list_comes(&self, fetched: Result<Vec<u8>, String>) {
        let due = self.due_lists().await;
        let [due] = due.as_slice() else { panic!("{} lists are due", due.len()) };
        self.flow.list_fetched(due, fetched).await.expect("the database answers");
    }
}
