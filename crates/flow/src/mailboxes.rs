//! Addresses of people: the one of the directory, and those that codes for signing in go to, which lie sealed.

use sekimori_base::Fault;
use sekimori_directory::{MailAddress, Method};
use sekimori_keys::{Binding, Purpose};
use sekimori_login::FactorState;
use sekimori_store::{StoredFactor, StoredPerson};

use crate::tenant::Tenant;

/// The address of a factor, opened from its row.
pub(crate) fn open_address(tenant: &Tenant, factor: &StoredFactor) -> Result<MailAddress, Fault> {
    let binding = Binding::new(Purpose::DatabaseSecret, tenant.id).about(factor.facts.id.bytes());
    let bytes = tenant
        .keys
        .open(&binding, &factor.secret)
        .map_err(Fault::while_doing("opening an address for codes"))?;
    let text = String::from_utf8(bytes.expose().clone())
        .map_err(Fault::while_doing("reading an address for codes"))?;
    MailAddress::parse(&text).map_err(Fault::while_doing("reading an address for codes"))
}

/// Every address at which a change of the account is told: that of notices, and those of codes, each once.
pub(crate) fn known_addresses(
    tenant: &Tenant,
    person: &StoredPerson,
) -> Result<Vec<MailAddress>, Fault> {
    let mut addresses: Vec<MailAddress> = person.person.mail.iter().cloned().collect();
    for factor in &person.factors {
        if factor.facts.method != Method::MailCode || factor.facts.state == FactorState::Unfinished
        {
            continue;
        }
        let address = open_address(tenant, factor)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}
