//! Codes by mail that come back. Each goes out with an address of its own to come back to (a variable envelope return
//! path), so that what comes back says which one it was, and nothing else that it says has to be believed.

use sekimori_base::{Fault, base32};
use sekimori_directory::MailAddress;
use sekimori_keys::{Purpose, digest};
use sekimori_store::MessageId;

use crate::Flow;
use crate::tenant::Tenant;

/// Bytes of a message's id.
const ID_BYTES: usize = 16;
/// Bytes of the digest that nobody else can make.
const TAG_BYTES: usize = 8;

/// Length of a mark, in characters.
pub const MARK_LENGTH: usize = ((ID_BYTES + TAG_BYTES) * 8).div_ceil(5);

/// The mark of a message.
fn mark(id: MessageId, tag: &[u8]) -> String {
    base32::encode(&[id.bytes().as_slice(), &tag[..TAG_BYTES]].concat())
}

impl Flow {
    /// Where a code comes back to when it cannot be delivered, if the site says where.
    pub fn bounce_address(&self, tenant: &Tenant, id: MessageId) -> Option<MailAddress> {
        let to = tenant.site.mail.bounces.as_ref()?;
        let (local, domain) = to.as_str().rsplit_once('@')?;
        let tag = tenant.keys.digest(Purpose::BounceAddress, tenant.id, id.bytes());
        MailAddress::parse(&format!("{local}+{}@{domain}", mark(id, tag.bytes()))).ok()
    }

    /// Something came back to the address with this mark, with a server's words. Gives the masked address to which it
    /// had gone; nothing if the mark is not ours, or says nothing new.
    pub async fn came_back(
        &self,
        mark: &str,
        server: &str,
        words: &str,
    ) -> Result<Option<String>, Fault> {
        let Some(bytes) = base32::decode(mark).filter(|bytes| bytes.len() == ID_BYTES + TAG_BYTES)
        else {
            return Ok(None);
        };
        let (id, tag) = bytes.split_at(ID_BYTES);
        let ours = |tenant: &Tenant| {
            let digests = tenant.keys.digests(Purpose::BounceAddress, tenant.id, id);
            digests.iter().any(|known| digest::equal(&known.bytes()[..TAG_BYTES], tag))
        };
        let Some(tenant) = self.tenants.all().into_iter().find(|tenant| ours(tenant)) else {
            return Ok(None);
        };
        let id = MessageId::from_bytes(id.try_into().expect("it was split there"));
        self.store.mail_bounced(tenant.id, id, self.clock.now(), server, words).await
    }
}
