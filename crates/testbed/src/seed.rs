//! Making an organisation: settings, keys, clients' secrets, people with what they know and have.

use sekimori_base::{Entropy, FactorId, NodeId, PersonId, Sealed, Secret, random};
use sekimori_credential::recovery::RecoveryCode;
use sekimori_credential::totp::TotpSecret;
use sekimori_credential::{Memory, password};
use sekimori_directory::client::ClientAuth;
use sekimori_directory::{Binding, Method};
use sekimori_flow::{Flow, FormerSecrets, Tenant};
use sekimori_keys::{Binding as SealBinding, Purpose};
use sekimori_login::FactorState;
use sekimori_store::{NewFactor, Write};

use crate::people::{PEOPLE, Seed, app, printed};
use crate::site::site;
use crate::{BEGINNING, COST, Organisation, Robot, Someone};

/// Make the organisation of a host.
pub(crate) async fn organisation(
    flow: &Flow,
    chance: &dyn Entropy,
    host: &'static str,
    robot: &Robot,
    node: NodeId,
) -> Organisation {
    let id = flow.ensure_tenant(host, BEGINNING).await.expect("a tenant can be made");
    let site = site(host, robot.jwks());
    flow.store.apply_site(id, 0, &site, BEGINNING, "testbed").await.expect("settings are taken");
    flow.keep(node, BEGINNING).await.expect("keeping works");
    let tenant = flow.tenants.by_id(id).expect("the tenant runs");
    let mut secrets = Vec::new();
    for client in site.services.iter().filter_map(|service| service.oidc.as_ref()) {
        if matches!(client.auth, ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost) {
            let client_id = client.client_id.as_str();
            let secret = flow
                .make_client_secret(&tenant, client_id, FormerSecrets::Keep)
                .await
                .expect("a secret can be made");
            secrets.push((client_id.to_owned(), secret.expose().clone()));
        }
    }
    flow.keep(node, BEGINNING).await.expect("keeping works");
    let mut people = Vec::new();
    let mut memory = Memory::new(COST.memory_kib).expect("there is memory");
    for seed in &PEOPLE {
        people.push(someone(flow, chance, &tenant, seed, &mut memory).await);
    }
    Organisation { host, id, people, secrets }
}

async fn someone(
    flow: &Flow,
    chance: &dyn Entropy,
    tenant: &Tenant,
    seed: &Seed,
    memory: &mut Memory,
) -> Someone {
    let id = PersonId::random(chance);
    let recipe = password::Recipe { cost: COST, peppers: &[] };
    let word = Secret::new(seed.password());
    let record =
        password::hash(memory, &recipe, &word, random(chance)).expect("a password can be hashed");
    let mut writes = vec![Write::PersonAdd {
        person: Box::new(seed.person(id, BEGINNING)),
        password: Some(record.to_string()),
    }];
    let mut someone = Someone {
        username: seed.name.to_owned(),
        password: seed.password(),
        app: None,
        recovery_codes: Vec::new(),
        id,
    };
    for (method, binding, state) in seed.factors {
        let factor = new_factor(chance, tenant, &mut someone, (*method, *binding, *state));
        let (suspended, factor_id) = (*state == FactorState::Suspended, factor.id);
        writes.push(match method {
            Method::RecoveryCode => Write::RecoveryCodesSet(factor),
            Method::Totp
            | Method::Password
            | Method::Passkey
            | Method::Certificate
            | Method::MailCode => Write::FactorAdd(factor),
        });
        if suspended {
            let (person, factor) = (id, factor_id);
            writes.push(Write::FactorSuspend { person, factor, until: None });
        }
    }
    if seed.lost_factor {
        let kind = (Method::Totp, Binding::Ticket, FactorState::Ready);
        let factor = new_factor(chance, tenant, &mut someone, kind);
        let (person, lost) = (id, factor.id);
        writes.push(Write::FactorAdd(factor));
        writes.push(Write::FactorRemove { person, factor: lost });
        someone.app = None;
    }
    flow.store.commit(tenant.id, BEGINNING, writes).await.expect("people can be stored");
    someone
}

fn new_factor(
    chance: &dyn Entropy,
    tenant: &Tenant,
    someone: &mut Someone,
    (method, binding, state): (Method, Binding, FactorState),
) -> NewFactor {
    let id = FactorId::random(chance);
    let sealed = |secret: &[u8]| -> Sealed<[u8]> {
        let seal = SealBinding::new(Purpose::DatabaseSecret, tenant.id).about(id.bytes());
        tenant.keys.seal(&seal, secret, chance).expect("a short secret can be sealed")
    };
    let (secret, codes) = match method {
        Method::Totp | Method::Password | Method::Passkey | Method::Certificate => {
            let secret = TotpSecret::random(chance);
            someone.app = Some(app(&secret));
            (sealed(secret.bytes().expose()), 0)
        }
        Method::MailCode => (sealed(format!("{}@post.example", someone.username).as_bytes()), 0),
        Method::RecoveryCode => {
            let codes = RecoveryCode::set(chance);
            someone.recovery_codes = printed(&codes);
            let digests: Vec<u8> =
                codes.iter().flat_map(|code| recovery_digest(tenant, code)).collect();
            (Sealed::from_bytes(digests), u8::try_from(codes.len()).unwrap_or(0))
        }
    };
    // A factor is suspended after it was in use.
    let state = if state == FactorState::Suspended { FactorState::Ready } else { state };
    let label = "testbed".to_owned();
    NewFactor {
        person: someone.id,
        id,
        method,
        binding,
        state,
        label,
        secret,
        codes,
        passkey: None,
    }
}

/// What flow stores of a recovery code.
fn recovery_digest(tenant: &Tenant, code: &RecoveryCode) -> Vec<u8> {
    let text = code.text();
    let data = [b"recovery:", text.expose().as_bytes()].concat();
    tenant.keys.digest(Purpose::TokenDigest, tenant.id, &data).stored().to_vec()
}
