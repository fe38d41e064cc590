//! Who asks at the token endpoint and its relatives: the client's secret, assertion, or nothing.

use sekimori_keys::{KeyedDigest, Purpose};
use sekimori_protocol_oidc::client_auth::{AssertionId, Check, SecretVerdict, client_keys};
use sekimori_protocol_oidc::{Credential, ProvenClient, TokenError};

use super::assertions::Accepted;
use crate::Flow;
use crate::tenant::Tenant;
use crate::visitor::Caller;

/// When a client may come again that has sent more assertions than are remembered, in seconds.
const FULL_SECONDS: u32 = 60;

impl Flow {
    /// Check what the client presents; nothing is written.
    pub(super) fn prove<'a>(
        &self,
        caller: &'a Caller,
        credential: &'a Credential,
    ) -> Result<ProvenClient<'a>, TokenError> {
        let tenant = &caller.tenant;
        let identified = credential.identify(&tenant.site)?;
        match identified.check() {
            Check::Nothing => identified.public(),
            Check::Secret(secret) => {
                let client_id = identified.client().client_id.as_str();
                let verdict = secret_verdict(tenant, client_id, secret.expose());
                identified.secret_matched(verdict)
            }
            Check::Assertion => {
                let keys = client_keys(identified.client()).map_err(|_| TokenError::Server)?;
                let (client, id) =
                    identified.verify_assertion(&keys, tenant.issuer(), caller.now)?;
                self.accept_once(caller, &id)?;
                Ok(client)
            }
        }
    }

    /// An assertion's id is accepted once while it lives.
    fn accept_once(&self, caller: &Caller, id: &AssertionId) -> Result<(), TokenError> {
        let (tenant, client_id) = (caller.tenant.id, id.client_id.as_str());
        match self.assertions.accept(tenant, client_id, &id.token_id, id.expires, caller.now) {
            Accepted::Once => Ok(()),
            Accepted::Before => {
                Err(TokenError::InvalidClient("the assertion was used before".into()))
            }
            Accepted::Full => Err(TokenError::Busy { retry_after_seconds: FULL_SECONDS }),
        }
    }
}

/// Compare a secret with all that are stored for the client.
fn secret_verdict(tenant: &Tenant, client_id: &str, secret: &str) -> SecretVerdict {
    let data = secret_data(client_id, secret);
    let stored = tenant.secrets.get(client_id).map_or(&[][..], Vec::as_slice);
    let matches = stored
        .iter()
        .any(|stored| tenant.keys.matches(Purpose::TokenDigest, tenant.id, &data, stored));
    if matches { SecretVerdict::Match } else { SecretVerdict::Mismatch }
}

/// What is stored of a client's secret.
pub(crate) fn secret_digest(tenant: &Tenant, client_id: &str, secret: &str) -> KeyedDigest {
    tenant.keys.digest(Purpose::TokenDigest, tenant.id, &secret_data(client_id, secret))
}

fn secret_data(client_id: &str, secret: &str) -> Vec<u8> {
    [b"client-secret:", client_id.as_bytes(), b"\0", secret.as_bytes()].concat()
}
