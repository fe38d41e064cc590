//! Revocation lists of other authorities: fetched from the addresses in the settings and from nowhere else, verified,
//! kept in the database, so that every node and every start has them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sekimori_base::{Fault, Timestamp};
use sekimori_directory::settings::{CertificateIssuer, IssuerName};
use sekimori_pki::presented::{RevocationList, RevocationLists};
use sekimori_store::{ListHead, Write};

use super::super::device::OWN_LISTS;
use super::{Issuers, Known, NUMBER_BYTES, TAG_BYTES, number, stale_since};
use crate::Flow;
use crate::admin::By;
use crate::tenant::Tenant;

/// After a failure an address is asked again so soon, in seconds.
const AGAIN_SECONDS: i64 = 300;
/// Longest word of why a list could not be had, in characters.
const PROBLEM_MAX: usize = 300;

/// A list that is to be fetched now, by this node and no other.
pub struct DueList {
    tenant: Arc<Tenant>,
    /// Whose it is.
    pub issuer: IssuerName,
    /// From where.
    pub address: String,
    /// A longer one is not taken.
    pub bytes_max: usize,
    /// Why it could not be had the last time; empty if it could.
    problem: String,
}

impl Flow {
    /// The lists that are to be fetched now. Each is given to one node only.
    pub async fn due_lists(&self) -> Result<Vec<DueList>, Fault> {
        let now = self.clock.now();
        let mut due = Vec::new();
        for tenant in self.tenants.all() {
            if tenant.site.certificates.issuers.is_empty() {
                continue;
            }
            let heads = self.store.list_heads(tenant.id).await?;
            let mut wanted = HashSet::new();
            for issuer in &tenant.site.certificates.issuers {
                if issuer.withdrawn_as_of.is_some_and(|since| since.0 <= now) {
                    continue;
                }
                for address in &issuer.lists {
                    wanted.insert(address.as_str());
                    let head = heads.iter().find(|head| head.address == *address);
                    let before = now.plus_seconds(-tenant.issuers.rest_seconds(issuer, head, now));
                    if head.is_some_and(|head| head.tried_at > before) {
                        continue;
                    }
                    if self.store.claim_list(tenant.id, address, now, before).await? {
                        due.push(DueList {
                            tenant: Arc::clone(&tenant),
                            issuer: issuer.name.clone(),
                            address: address.clone(),
                            bytes_max: issuer.list_megabytes_max as usize * 1024 * 1024,
                            problem: head.map(|head| head.problem.clone()).unwrap_or_default(),
                        });
                    }
                }
            }
            let named = |address: &str| wanted.contains(address) || address.starts_with(OWN_LISTS);
            for head in heads.iter().filter(|head| !named(&head.address)) {
                self.store.forget_list(tenant.id, &head.address).await?;
            }
        }
        Ok(due)
    }

    /// What came from the address of a list, or why nothing did. What is not a newer list of that issuer changes
    /// nothing of what is known.
    pub async fn list_fetched(
        &self,
        due: &DueList,
        fetched: Result<Vec<u8>, String>,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let tenant = &due.tenant;
        let taken = match fetched {
            Ok(der) => self.take_list(due, der, now).await?,
            Err(why) => Err(why),
        };
        let problem: String = taken.err().unwrap_or_default().chars().take(PROBLEM_MAX).collect();
        self.store.list_tried(tenant.id, &due.address, &problem).await?;
        let (issuer, address) = (&due.issuer, &due.address);
        if problem.is_empty() {
            tracing::debug!(%issuer, address, "a revocation list is here");
        } else {
            tracing::warn!(%issuer, address, problem, "a revocation list cannot be had");
        }
        if problem.is_empty() != due.problem.is_empty() {
            let event =
                if problem.is_empty() { "issuer.list_here_again" } else { "issuer.list_missing" };
            let mut line = By("system".to_owned()).line(now, event, None);
            line.details =
                serde_json::json!({ "issuer": issuer, "address": address, "problem": problem })
                    .to_string();
            let done = self.store.commit(tenant.id, now, vec![Write::Audit(Box::new(line))]).await;
            done.map_err(Fault::while_doing("writing down what became of a revocation list"))?;
        }
        self.keep_lists(tenant).await
    }

    async fn take_list(
        &self,
        due: &DueList,
        der: Vec<u8>,
        now: Timestamp,
    ) -> Result<Result<(), String>, Fault> {
        if der.len() > due.bytes_max {
            return Ok(Err(format!("it is longer than {} bytes", due.bytes_max)));
        }
        let issuers = Arc::clone(&due.tenant.issuers);
        let reading = tokio::task::spawn_blocking(move || {
            let read = issuers.read(&der).map(|(list, name)| (list, name.clone()));
            (der, read)
        });
        let (der, read) = reading.await.map_err(Fault::while_doing("reading a revocation list"))?;
        let (list, name) = match read {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        if name != due.issuer {
            return Ok(Err(format!("it is the list of {name}")));
        }
        if list.this_update() > now.plus_seconds(300) {
            return Ok(Err(format!("it begins at {}, which is not yet", list.this_update())));
        }
        let known = due.tenant.issuers.known.load_full();
        let older = known.at.get(&due.address).is_some_and(|here| !list.is_newer_than(here));
        if !older {
            self.store.put_list(due.tenant.id, &due.address, now, der).await?;
        }
        if list.next_update() <= now {
            return Ok(Err(format!("it was due for replacement at {}", list.next_update())));
        }
        Ok(Ok(()))
    }

    /// Take what has changed in the database since.
    pub(crate) async fn keep_lists(&self, tenant: &Tenant) -> Result<(), Fault> {
        if tenant.issuers.trust.is_none() {
            return Ok(());
        }
        let heads = self.store.list_heads(tenant.id).await?;
        let known = tenant.issuers.known.load_full();
        let wanted: HashMap<&str, &IssuerName> = tenant
            .site
            .certificates
            .issuers
            .iter()
            .flat_map(|issuer| issuer.lists.iter().map(move |list| (list.as_str(), &issuer.name)))
            .collect();
        let heads: Vec<ListHead> =
            heads.into_iter().filter(|head| wanted.contains_key(head.address.as_str())).collect();
        let failing: HashSet<String> = heads
            .iter()
            .filter(|head| !head.problem.is_empty())
            .map(|head| head.address.clone())
            .collect();
        let fetched: HashMap<String, Timestamp> = heads
            .iter()
            .filter_map(|head| Some((head.address.clone(), head.fetched_at?)))
            .collect();
        if fetched == known.fetched && failing == known.failing {
            return Ok(());
        }
        let mut at: HashMap<String, Arc<RevocationList>> = HashMap::new();
        for (address, moment) in &fetched {
            if known.fetched.get(address) == Some(moment)
                && let Some(list) = known.at.get(address)
            {
                at.insert(address.clone(), Arc::clone(list));
                continue;
            }
            let Some(der) = self.store.list(tenant.id, address).await? else { continue };
            let issuers = Arc::clone(&tenant.issuers);
            let reading = tokio::task::spawn_blocking(move || {
                issuers.read(&der).map(|(list, name)| (list, name.clone()))
            });
            match reading.await.map_err(Fault::while_doing("reading a revocation list"))? {
                Ok((list, name)) if wanted.get(address.as_str()) == Some(&&name) => {
                    at.insert(address.clone(), Arc::new(list));
                }
                // Of an issuer that the settings had before: it is fetched anew in its time.
                Ok(_) => {}
                Err(problem) => {
                    tracing::warn!(address, problem, "a stored revocation list is not used");
                }
            }
        }
        tenant.issuers.know(at, fetched, failing);
        Ok(())
    }
}

impl Issuers {
    /// A list, verified, with the name of its issuer.
    fn read(&self, der: &[u8]) -> Result<(RevocationList, &IssuerName), String> {
        let trust = self.trust.as_ref().ok_or("nobody is trusted")?;
        let list = RevocationList::read(der, trust).map_err(|error| error.to_string())?;
        let issuer = self.settings.get(&list.issuer()).ok_or("its issuer is not known")?;
        Ok((list, &issuer.name))
    }

    fn know(
        &self,
        at: HashMap<String, Arc<RevocationList>>,
        fetched: HashMap<String, Timestamp>,
        failing: HashSet<String>,
    ) {
        let mut lists = RevocationLists::default();
        let mut revoked = HashSet::new();
        for list in at.values() {
            lists.put(Arc::clone(list));
            let tag = self.tag(list.issuer());
            for serial in list.serials() {
                let mut key = [0; TAG_BYTES + NUMBER_BYTES];
                key[..TAG_BYTES].copy_from_slice(&tag);
                key[TAG_BYTES..].copy_from_slice(&number(self.tenant, list.issuer(), serial));
                revoked.insert(key);
            }
        }
        self.known.store(Arc::new(Known { lists, at, fetched, failing, revoked }));
    }

    /// So long an address is left alone after it was asked, in seconds.
    fn rest_seconds(
        &self,
        issuer: &CertificateIssuer,
        head: Option<&ListHead>,
        now: Timestamp,
    ) -> i64 {
        let usual = i64::from(issuer.fetch_minutes) * 60;
        let Some(head) = head else { return usual };
        let known = self.known.load();
        let stale = known.at.get(&head.address).is_none_or(|list| stale_since(issuer, list) <= now);
        if head.problem.is_empty() && !stale { usual } else { usual.min(AGAIN_SECONDS) }
    }
}
