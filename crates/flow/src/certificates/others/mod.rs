//! Certificates of other authorities: whom the site trusts, whom their certificates name, and what is known of those
//! that were revoked.
//!
//! Nothing of such a certificate is stored. What one proves is remembered by an id that follows from it
//! ([`Issuers::factor`]), and whether it still counts is asked of the lists each time.

mod lists;
mod responders;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use data_encoding::BASE64;
use sekimori_base::{FactorId, TenantId, Timestamp};
use sekimori_directory::settings::{
    CertificateField, CertificateIdentity, CertificateIssuer, IssuerName, Site,
};
use sekimori_directory::{Group, MailAddress, Method, Username};
use sekimori_keys::digest;
use sekimori_login::{FactorFacts, FactorState, KnownPerson, Proof};
use sekimori_pki::presented::{
    Field, Identity, IdentityRule, IssuerId, IssuerSettings, Refusal, Revocation, RevocationList,
    RevocationLists, RevocationUnknown, Status, Trust, TrustProblem, Verified, Which,
};
use sekimori_pki::{Certificate, Serial};
use sekimori_store::StoredPerson;
use serde::{Deserialize, Serialize};

pub use lists::DueList;
pub use responders::{Carried, Carrier};

/// The first bytes of a factor's id say which issuer.
const TAG_BYTES: usize = 6;
/// The next ones until when the certificate is valid, in minutes since 1970; the rest follows from its number.
const UNTIL_BYTES: usize = 4;

/// Other authorities, ready to judge by. Lists are replaced beneath it.
pub struct Issuers {
    tenant: TenantId,
    trust: Option<Trust>,
    settings: HashMap<IssuerId, CertificateIssuer>,
    known: ArcSwap<Known>,
    heard: responders::Heard,
}

/// What is known of revoked certificates.
#[derive(Default)]
struct Known {
    lists: RevocationLists,
    /// The list of each address.
    at: HashMap<String, Arc<RevocationList>>,
    /// When the list of each address was fetched.
    fetched: HashMap<String, Timestamp>,
    /// Addresses whose list could not be had when it was last tried.
    failing: HashSet<String>,
    /// The ids that the revoked ones would have as factors, without the time of their end.
    revoked: HashSet<[u8; TAG_BYTES + NUMBER_BYTES]>,
}

const NUMBER_BYTES: usize = 16 - TAG_BYTES - UNTIL_BYTES;

/// A certificate of another authority that was presented and held, on its way back from a certificate host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Foreign {
    /// Its id as a factor.
    #[serde(rename = "f")]
    pub factor: FactorId,
    /// Whom it names.
    #[serde(rename = "i")]
    pub names: Names,
}

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Names {
    /// An account, by its user name.
    #[serde(rename = "u")]
    Account(String),
    /// Whoever has this mail address.
    #[serde(rename = "m")]
    Mail(String),
}

/// What becomes of a certificate of another authority, as far as it itself goes.
pub(crate) enum Judged {
    /// It is of none that is trusted.
    Unknown,
    /// It holds.
    Holds(Serial, Foreign),
    /// It does not count.
    Refused(Refusal),
}

impl Issuers {
    /// Those of the site. One that does not hold together is logged and left out.
    pub(crate) fn open(tenant: TenantId, site: &Site) -> Self {
        let mut settings = HashMap::new();
        let mut trusted = Vec::new();
        for issuer in &site.certificates.issuers {
            match trust_in(issuer) {
                Ok((id, _)) if settings.contains_key(&id) => {
                    tracing::error!(issuer = %issuer.name, "this issuer stands twice");
                }
                Ok((id, one)) => {
                    settings.insert(id, issuer.clone());
                    trusted.push(one);
                }
                Err(problem) => {
                    tracing::error!(issuer = %issuer.name, problem, "this issuer is not trusted");
                }
            }
        }
        let trust = (!trusted.is_empty()).then(|| Trust::new(trusted).ok()).flatten();
        let (known, heard) = (ArcSwap::default(), responders::Heard::default());
        Self { tenant, trust, settings, known, heard }
    }

    /// Go on knowing what responders said to the issuers as they were before.
    pub(crate) fn remember(&mut self, before: &Self) {
        self.heard = responders::Heard::after(&before.heard, self.settings == before.settings);
    }

    /// What is wrong with the issuers of a site document, each with its name.
    pub fn problems(site: &Site) -> Vec<(IssuerName, String)> {
        let mut seen = HashSet::new();
        let found = site.certificates.issuers.iter().filter_map(|issuer| {
            let problem = match trust_in(issuer) {
                Ok((id, _)) if seen.insert(id) => return None,
                Ok(_) => "another issuer above has the same name and key".to_owned(),
                Err(problem) => problem,
            };
            Some((issuer.name.clone(), problem))
        });
        found.collect()
    }

    /// The names (DER) of those whose certificates are taken at that moment.
    pub(crate) fn names(&self, now: Timestamp) -> Vec<Vec<u8>> {
        let issuers = self.trust.iter().flat_map(Trust::issuers);
        let taken = issuers.filter(|one| one.withdrawn_since().is_none_or(|since| now < since));
        taken.map(sekimori_pki::presented::Issuer::name_der).collect()
    }

    /// What a certificate (DER) is worth by itself.
    pub(crate) fn judge(&self, der: &[u8], now: Timestamp) -> Judged {
        let Some(trust) = &self.trust else { return Judged::Unknown };
        match trust.verify(der, now, self) {
            Ok(verified) => match names(verified.identity()) {
                Some(names) => {
                    let factor = self.factor(&verified);
                    Judged::Holds(verified.serial(), Foreign { factor, names })
                }
                None => Judged::Unknown,
            },
            Err(Refusal::UnknownIssuer | Refusal::Malformed) => Judged::Unknown,
            Err(refused) => Judged::Refused(refused),
        }
    }

    /// Its id among the factors: which issuer, until when, which number.
    fn factor(&self, verified: &Verified) -> FactorId {
        let minutes = verified.not_after().unix_seconds().div_euclid(60);
        let until = u32::try_from(minutes).unwrap_or(u32::MAX);
        let mut id = [0; 16];
        let tag = self.tag(verified.issuer());
        id[..TAG_BYTES].copy_from_slice(&tag);
        id[TAG_BYTES..TAG_BYTES + UNTIL_BYTES].copy_from_slice(&until.to_be_bytes());
        id[TAG_BYTES + UNTIL_BYTES..].copy_from_slice(&number(
            self.tenant,
            verified.issuer(),
            verified.serial(),
        ));
        FactorId::from_bytes(id)
    }

    fn tag(&self, issuer: IssuerId) -> [u8; TAG_BYTES] {
        first(&digest::sha256(&[b"issuer:", self.tenant.bytes(), issuer.bytes()]))
    }

    /// The settings of the issuer of a factor.
    fn of_factor(&self, factor: FactorId) -> Option<&CertificateIssuer> {
        let tag = &factor.bytes()[..TAG_BYTES];
        let found = self.settings.iter().find(|(id, _)| self.tag(**id) == tag);
        found.map(|(_, settings)| settings)
    }

    /// The certificate of this id as a factor of somebody in these groups; none if it counts no more.
    pub(crate) fn standing(
        &self,
        factor: FactorId,
        groups: &std::collections::BTreeSet<Group>,
        now: Timestamp,
    ) -> Result<FactorFacts, Gone> {
        let issuer = self.of_factor(factor).ok_or(Gone::Issuer)?;
        if issuer.withdrawn_as_of.is_some_and(|since| since.0 <= now) {
            return Err(Gone::Issuer);
        }
        if !may_use(issuer, groups) {
            return Err(Gone::Groups);
        }
        let bytes = factor.bytes();
        let (tag, rest) = bytes.split_at(TAG_BYTES);
        let (until, number) = rest.split_at(UNTIL_BYTES);
        let until = u32::from_be_bytes(until.try_into().expect("it was split there"));
        // The minute in which it ends is left to the check of the certificate itself.
        if i64::from(until).saturating_add(1).saturating_mul(60) <= now.unix_seconds() {
            return Err(Gone::Over);
        }
        let mut key = [0; TAG_BYTES + NUMBER_BYTES];
        key[..TAG_BYTES].copy_from_slice(tag);
        key[TAG_BYTES..].copy_from_slice(number);
        if self.known.load().revoked.contains(&key) || self.heard.revoked(&key) {
            return Err(Gone::Revoked);
        }
        Ok(facts(factor, issuer, FactorState::Ready, now))
    }

    /// What somebody may have, and what was shown of it in these proofs and still counts, as factors of theirs.
    pub(crate) fn add<'p>(
        &self,
        known: &mut KnownPerson,
        proofs: impl Iterator<Item = &'p Proof>,
        now: Timestamp,
    ) {
        let shown = proofs.filter(|proof| proof.method == Method::Certificate);
        for id in shown.filter_map(|proof| proof.factor) {
            let has = known.factors.iter().any(|factor| factor.id == id);
            if !has && let Ok(factor) = self.standing(id, &known.groups, now) {
                let state = factor.state.under(&known.preferences, Method::Certificate);
                known.factors.push(FactorFacts { state, ..factor });
            }
        }
        if known.preferences.is_off(Method::Certificate) {
            return;
        }
        let mut may: Vec<FactorFacts> = Vec::new();
        for (id, issuer) in &self.settings {
            let gone = issuer.withdrawn_as_of.is_some_and(|since| since.0 <= now);
            if !gone && may_use(issuer, &known.groups) {
                let mut any = [0; 16];
                any[..TAG_BYTES].copy_from_slice(&self.tag(*id));
                let any = FactorId::from_bytes(any);
                may.push(facts(any, issuer, FactorState::Elsewhere, now));
            }
        }
        // One order for every load, or the same facts would look different.
        may.sort_by_key(|factor| *factor.id.bytes());
        known.factors.extend(may);
    }

    /// Issuers that are in use, have no responder, and of which no fresh list is here: none of their certificates is
    /// taken.
    pub fn without_fresh_list(&self, now: Timestamp) -> Vec<&IssuerName> {
        let known = self.known.load();
        let by_lists = self.settings.iter().filter(|(_, issuer)| issuer.responders.is_empty());
        let lacking = by_lists.filter(|(id, issuer)| {
            let gone = issuer.withdrawn_as_of.is_some_and(|since| since.0 <= now);
            let mut lists = known.lists.lists().filter(|list| list.issuer() == **id).peekable();
            !gone && (lists.peek().is_none() || lists.any(|list| stale_since(issuer, list) <= now))
        });
        lacking.map(|(_, issuer)| &issuer.name).collect()
    }

    /// How many addresses did not give a list when they were last asked.
    pub fn failing(&self) -> usize {
        self.known.load().failing.len()
    }
}

/// Why a certificate that once counted does so no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Its issuer is trusted no longer.
    Issuer,
    /// The person is in none of the groups that may use one.
    Groups,
    /// It is over.
    Over,
    /// It was revoked.
    Revoked,
}

/// The moment from which a list is stale.
fn stale_since(issuer: &CertificateIssuer, list: &RevocationList) -> Timestamp {
    until_stale(issuer, list.this_update(), list.next_update())
}

/// The moment from which what was said at one moment, until another, is stale.
fn until_stale(issuer: &CertificateIssuer, said: Timestamp, next: Timestamp) -> Timestamp {
    match issuer.list_hours_max {
        0 => next,
        hours => next.min(said.plus_seconds(i64::from(hours) * 3600)),
    }
}

impl Revocation for Issuers {
    fn status(&self, issuer: IssuerId, certificate: &Certificate, at: Timestamp) -> Status {
        let known = self.known.load();
        let status = known.lists.status(issuer, certificate, at);
        let Some(settings) = self.settings.get(&issuer) else { return status };
        let lists = known.lists.lists().filter(|list| list.issuer() == issuer);
        let stale = lists.map(|list| stale_since(settings, list)).min();
        let by_list = match (status, stale) {
            (Status::Good, Some(next_update)) if next_update <= at => {
                Status::Unknown(RevocationUnknown::Stale { next_update })
            }
            _ => status,
        };
        if settings.responders.is_empty() {
            return by_list;
        }
        self.heard.beside(by_list, settings, (issuer, certificate), at)
    }
}

fn may_use(issuer: &CertificateIssuer, groups: &std::collections::BTreeSet<Group>) -> bool {
    issuer.groups.is_empty() || !issuer.groups.is_disjoint(groups)
}

fn facts(
    id: FactorId,
    issuer: &CertificateIssuer,
    state: FactorState,
    now: Timestamp,
) -> FactorFacts {
    FactorFacts {
        id,
        method: Method::Certificate,
        binding: issuer.binding,
        state,
        registered_at: now,
        last_used_at: None,
        codes_left: None,
    }
}

fn first<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    digest[..N].try_into().expect("a digest has 32 bytes")
}

fn number(tenant: TenantId, issuer: IssuerId, serial: Serial) -> [u8; NUMBER_BYTES] {
    let parts: [&[u8]; 4] = [b"number:", tenant.bytes(), issuer.bytes(), serial.bytes()];
    first(&digest::sha256(&parts))
}

fn names(identity: &Identity) -> Option<Names> {
    match identity {
        Identity::Account(name) => Some(Names::Account(name.clone())),
        Identity::MailAddress(mail) => Some(Names::Mail(mail.clone())),
        // No rule of the settings leads here.
        Identity::Serial(_) => None,
    }
}

impl Names {
    /// The user name, if it is one.
    pub fn username(&self) -> Option<Username> {
        match self {
            Self::Account(name) => Username::parse(&name.to_lowercase()).ok(),
            Self::Mail(_) => None,
        }
    }

    /// Whether this is that person, as they are known now.
    pub fn is(&self, person: &StoredPerson) -> bool {
        match self {
            Self::Account(_) => self.username().as_ref() == Some(&person.person.username),
            Self::Mail(mail) => {
                let named = MailAddress::parse(mail).ok();
                named.is_some() && named == person.person.mail
            }
        }
    }
}

/// The issuer as the check wants it, proven to hold together; else why not, in words.
fn trust_in(issuer: &CertificateIssuer) -> Result<(IssuerId, IssuerSettings), String> {
    let mut ders = Vec::new();
    for text in &issuer.certificates {
        let der = BASE64.decode(text.as_bytes());
        ders.push(der.map_err(|_| "one of its certificates is not base 64".to_owned())?);
    }
    if ders.is_empty() {
        return Err("it has no certificate".to_owned());
    }
    let settings = IssuerSettings {
        certificate: ders.remove(0),
        above: ders,
        withdrawn_since: issuer.withdrawn_as_of.map(|since| since.0),
        identities: issuer.identities.iter().map(rule).collect(),
    };
    let trust = Trust::new(vec![settings.clone()]).map_err(|problem| words(&problem))?;
    let one = trust.issuers().first().ok_or_else(|| "it has no certificate".to_owned())?;
    Ok((one.id(), settings))
}

fn rule(rule: &CertificateIdentity) -> IdentityRule {
    let field = match &rule.field {
        CertificateField::CommonName => Field::CommonName,
        CertificateField::OrganizationalUnit => Field::OrganizationalUnit(Which::Only),
        CertificateField::FirstOrganizationalUnit => Field::OrganizationalUnit(Which::First),
        CertificateField::LastOrganizationalUnit => Field::OrganizationalUnit(Which::Last),
        CertificateField::PrincipalName(realm) => Field::PrincipalName { realm: realm.clone() },
        CertificateField::MailAccount(domain) => Field::MailAccount { domain: domain.clone() },
        CertificateField::MailAddress => Field::MailAddress,
    };
    IdentityRule {
        issued_from: rule.from.map(|moment| moment.0),
        issued_before: rule.until.map(|moment| moment.0),
        field,
    }
}

fn words(problem: &TrustProblem) -> String {
    let nth = |place: usize| format!("certificate {} (the issuing one is 1)", place + 1);
    match *problem {
        TrustProblem::Malformed { place, .. } => format!("{} cannot be read", nth(place)),
        TrustProblem::NotAnAuthority { place, .. } => {
            format!("{} is not that of an authority", nth(place))
        }
        TrustProblem::NotSigned { place, .. } => {
            format!("{} is not signed by the one after it", nth(place))
        }
        TrustProblem::Twice { .. } => "it stands twice".to_owned(),
        TrustProblem::NoRule { .. } => "no rule says whom its certificates name".to_owned(),
    }
}

/// The tenant's, shared by everything that looks at it.
pub(crate) fn open(tenant: TenantId, site: &Site) -> Arc<Issuers> {
    Arc::new(Issuers::open(tenant, site))
}
