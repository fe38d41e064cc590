//! The token endpoint: a code, a refresh token or the client itself become tokens. One transaction for a code or
//! a refresh, none for client credentials.

use sekimori_base::{Fault, Secret, Timestamp, random};
use sekimori_directory::client::AccessTokenFormat;
use sekimori_directory::release::{self, Released};
use sekimori_directory::settings::Service;
use sekimori_directory::{Client, Person, PositionOrigin};
use sekimori_login::{GoingOn, account_refusal};
use sekimori_protocol_oidc::redeem::{self, Entitled};
use sekimori_protocol_oidc::tokens::{About, Mint, TokenAnswer, access_expires};
use sekimori_protocol_oidc::{
    CodePayload, GrantRequest, Granted, ProvenClient, Reply, TokenError, TokenRequest, subject,
    userinfo,
};
use sekimori_store::{
    AuditLine, CommitError, Conflict, Digest, NewGrant, RefreshState, StoredGrant, Write,
};
use serde::{Deserialize, Serialize};

use crate::Flow;
use crate::door::pairwise_key;
use crate::token::{self, Kind};
use crate::visitor::Caller;

/// A second use of a refresh token within so many seconds of the first is a parallel request, not a theft
/// (decisions on races).
const REFRESH_RACE_SECONDS: i64 = 10;
/// How long a grant without refresh tokens is kept beyond its access token, in seconds.
const GRANT_SECONDS_MIN: i64 = 3600;

/// What is stored with an opaque access token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccessPayload {
    /// Scopes, joined by spaces.
    #[serde(rename = "o")]
    pub scopes: String,
    /// When it was made.
    #[serde(rename = "t")]
    pub issued: Timestamp,
}

impl Flow {
    /// Answer a request to the token endpoint.
    pub async fn token(&self, caller: &Caller, request: TokenRequest) -> Result<Reply, Fault> {
        let client = match self.prove(caller, &request.credential) {
            Ok(client) => client,
            Err(error) => return Ok(error.reply()),
        };
        let answered = match request.grant {
            GrantRequest::Code { code, redirect_uri, verifier } => {
                let sent = Sent { redirect_uri, verifier };
                self.redeem_code(caller, client, &code, sent).await?
            }
            GrantRequest::Refresh { token, scopes } => {
                self.refresh(caller, client, &token, scopes).await?
            }
            GrantRequest::ClientCredentials { scopes } => {
                match redeem::check_client_credentials(client, scopes) {
                    Ok(entitled) => Ok(self.client_token(caller, &entitled)?),
                    Err(error) => Err(error),
                }
            }
        };
        Ok(answered.unwrap_or_else(|error| error.reply()))
    }

    async fn redeem_code(
        &self,
        caller: &Caller,
        client: ProvenClient<'_>,
        code: &Secret<String>,
        sent: Sent,
    ) -> Result<Result<Reply, TokenError>, Fault> {
        let tenant = &caller.tenant;
        let Some(digest) = token::digest(tenant, Kind::Code, code.expose()) else {
            return Ok(Err(redeem::unknown_code()));
        };
        let digest = Digest::from_bytes(digest);
        let Some(stored) = self.store.code(tenant.id, digest).await? else {
            return Ok(Err(redeem::unknown_code()));
        };
        let payload: CodePayload = serde_json::from_str(&stored.payload)
            .map_err(Fault::while_doing("reading an authorization code"))?;
        let entitled = match redeem::check_code(
            &payload,
            client,
            sent.redirect_uri.as_deref(),
            sent.verifier.as_deref(),
        ) {
            Ok(entitled) => entitled,
            Err(error) => return Ok(Err(error)),
        };
        if stored.redeemed_at.is_some() {
            return self.code_reused(caller, payload.granted()).await.map(Err);
        }
        let person = stored.account.map(|account| account.person);
        let Some(person) = person.filter(|person| usable(person, caller.now)) else {
            return Ok(Err(redeem::unknown_code()));
        };
        if stored.expires_at <= caller.now {
            return Ok(Err(redeem::unknown_code()));
        }
        let granted = payload.granted();
        let mut writes = vec![Write::CodeRedeem { digest }];
        writes.push(grant_open(&entitled, caller.now));
        let made = self.make_tokens(caller, &entitled, &person, &mut writes)?;
        writes.push(Write::Audit(Box::new(token_line(caller, granted, "oidc.code_redeemed"))));
        match self.store.commit(tenant.id, caller.now, writes).await {
            Ok(_) => Ok(Ok(made.reply(&entitled, caller.now))),
            Err(CommitError::Conflict { conflict: Conflict::CodeSpent, .. }) => {
                self.code_reused(caller, granted).await.map(Err)
            }
            // What the code came from has ended since: the session, the consent, the password, the account.
            Err(CommitError::Conflict { conflict: Conflict::GrantEnded, .. }) => {
                Ok(Err(redeem::unknown_code()))
            }
            Err(CommitError::Conflict { conflict, .. }) => {
                Err(Fault::new("redeeming a code", conflict))
            }
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// A second redemption ends what the first one gave (RFC 6749, 4.1.2).
    async fn code_reused(&self, caller: &Caller, granted: &Granted) -> Result<TokenError, Fault> {
        let writes = vec![
            Write::GrantEnd { grant: granted.grant() },
            Write::Audit(Box::new(token_line(caller, granted, "oidc.code_reused"))),
        ];
        self.commit_anyway(caller, writes).await?;
        Ok(redeem::unknown_code())
    }

    async fn refresh(
        &self,
        caller: &Caller,
        client: ProvenClient<'_>,
        presented: &Secret<String>,
        scopes: Option<std::collections::BTreeSet<String>>,
    ) -> Result<Result<Reply, TokenError>, Fault> {
        let tenant = &caller.tenant;
        let unknown = || Ok(Err(redeem::unknown_refresh_token()));
        let Some(digest) = token::digest(tenant, Kind::Refresh, presented.expose()) else {
            return unknown();
        };
        let digest = Digest::from_bytes(digest);
        let Some(stored) = self.store.refresh_token(tenant.id, digest).await? else {
            return unknown();
        };
        let granted = granted_of(&stored.grant)?;
        let entitled = match redeem::check_refresh(&granted, client, scopes) {
            Ok(entitled) => entitled,
            Err(error) => return Ok(Err(error)),
        };
        if let RefreshState::Rotated { at, .. } = stored.state {
            // Parallel requests of one client lose without harm; a later one is a theft (S59).
            if caller.now.seconds_since(at) > REFRESH_RACE_SECONDS && stored.grant.good(caller.now)
            {
                let writes = vec![
                    Write::GrantEnd { grant: granted.grant() },
                    Write::Audit(Box::new(token_line(caller, &granted, "oidc.refresh_reused"))),
                ];
                self.commit_anyway(caller, writes).await?;
            }
            return unknown();
        }
        let person = stored.account.map(|account| account.person);
        let Some(person) = person.filter(|person| usable(person, caller.now)) else {
            return unknown();
        };
        if stored.expires_at <= caller.now || !stored.grant.good(caller.now) {
            return unknown();
        }
        if !may_go_on(caller, &granted, &entitled, &person) {
            return Ok(Err(redeem::sign_in_again()));
        }
        let mut writes = Vec::new();
        let mut made = self.make_tokens(caller, &entitled, &person, &mut writes)?;
        let (text, successor) = token::fresh(tenant, Kind::Refresh, &*self.entropy);
        writes.push(Write::RefreshRotate {
            digest,
            successor: Digest::from_bytes(successor),
            grant: granted.grant(),
            expires_at: stored.grant.expires_at,
        });
        made.refresh = Some(text);
        match self.store.commit(tenant.id, caller.now, writes).await {
            Ok(_) => Ok(Ok(made.reply(&entitled, caller.now))),
            Err(CommitError::Conflict { .. }) => unknown(),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    /// Access, ID and (for a code with `offline_access`) refresh token, and what must be stored of them.
    fn make_tokens(
        &self,
        caller: &Caller,
        entitled: &Entitled<'_>,
        person: &Person,
        writes: &mut Vec<Write>,
    ) -> Result<Made, Fault> {
        let tenant = &caller.tenant;
        let granted = entitled.granted();
        let client = entitled.client().client();
        let key = pairwise_key(tenant);
        let sub = subject::sub(client, person.id, &key);
        let sid = subject::sid(client, granted.session(), &key);
        let released = released(person, granted, client);
        let expires = access_expires(client, caller.now);
        let about = About { sub: &sub, sid: &sid, released: &released, expires };
        let mint = self.mint(caller);
        let access = match client.access_token {
            AccessTokenFormat::Jwt => {
                let id = data_encoding::BASE64URL_NOPAD.encode(&random::<16>(&*self.entropy));
                mint.access_token(entitled, &about, &id)?
            }
            AccessTokenFormat::Opaque => {
                let (text, digest) = token::fresh(tenant, Kind::Access, &*self.entropy);
                let scopes = entitled.scopes().iter().map(String::as_str).collect::<Vec<_>>();
                let payload = AccessPayload { scopes: scopes.join(" "), issued: caller.now };
                writes.push(Write::AccessTokenPut {
                    digest: Digest::from_bytes(digest),
                    grant: granted.grant(),
                    payload: serde_json::to_string(&payload)
                        .map_err(Fault::while_doing("storing an access token"))?,
                    expires_at: expires,
                });
                text
            }
        };
        let id_token = mint.id_token(entitled, &about, &access)?;
        let first = writes.iter().any(|write| matches!(write, Write::GrantOpen { .. }));
        let offline = entitled.scopes().contains("offline_access");
        let refresh = (first && offline).then(|| {
            let (text, digest) = token::fresh(tenant, Kind::Refresh, &*self.entropy);
            writes.push(Write::RefreshPut {
                digest: Digest::from_bytes(digest),
                grant: granted.grant(),
                expires_at: caller.now.plus_seconds(i64::from(client.refresh_token_seconds)),
            });
            text
        });
        Ok(Made { access, id_token, refresh, expires })
    }

    /// A client about itself: a signed JWT, nothing stored.
    fn client_token(
        &self,
        caller: &Caller,
        entitled: &redeem::ClientEntitled<'_>,
    ) -> Result<Reply, Fault> {
        let client = entitled.client().client();
        let expires = access_expires(client, caller.now);
        let id = data_encoding::BASE64URL_NOPAD.encode(&random::<16>(&*self.entropy));
        let token = self.mint(caller).client_access_token(entitled, expires, &id)?;
        let answer = TokenAnswer {
            access_token: &token,
            expires_in_seconds: expires.seconds_since(caller.now),
            refresh_token: None,
            id_token: None,
            scopes: entitled.scopes(),
        };
        Ok(answer.reply())
    }

    fn mint<'a>(&self, caller: &'a Caller) -> Mint<'a> {
        Mint { site: &caller.tenant.site, keys: &caller.tenant.signing, now: caller.now }
    }

    /// Writes whose refusal changes nothing for the caller: what they end has ended already.
    pub(super) async fn commit_anyway(
        &self,
        caller: &Caller,
        writes: Vec<Write>,
    ) -> Result<(), Fault> {
        match self.store.commit(caller.tenant.id, caller.now, writes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// What a client sent beside its code.
struct Sent {
    redirect_uri: Option<String>,
    verifier: Option<String>,
}

/// Tokens that leave once they are stored.
struct Made {
    access: Secret<String>,
    id_token: Option<Secret<String>>,
    refresh: Option<Secret<String>>,
    expires: Timestamp,
}

impl Made {
    fn reply(&self, entitled: &Entitled<'_>, now: Timestamp) -> Reply {
        let answer = TokenAnswer {
            access_token: &self.access,
            expires_in_seconds: self.expires.seconds_since(now),
            refresh_token: self.refresh.as_ref(),
            id_token: self.id_token.as_ref(),
            scopes: entitled.scopes(),
        };
        answer.reply()
    }
}

/// The grant that a code promises until `expires_at`.
pub(super) fn promised(granted: &Granted, expires_at: Timestamp) -> Result<Write, Fault> {
    Ok(Write::GrantPromise(NewGrant {
        id: granted.grant(),
        person: granted.person(),
        client_id: granted.client_id().to_string(),
        session: Some(granted.session()),
        payload: serde_json::to_string(granted).map_err(Fault::while_doing("storing a grant"))?,
        expires_at,
    }))
}

/// The grant that was promised, for as long as its tokens may live.
fn grant_open(entitled: &Entitled<'_>, now: Timestamp) -> Write {
    let granted = entitled.granted();
    let client = entitled.client().client();
    let life = if entitled.scopes().contains("offline_access") {
        i64::from(client.refresh_token_seconds)
    } else {
        i64::from(client.access_token_seconds).max(GRANT_SECONDS_MIN)
    };
    Write::GrantOpen { grant: granted.grant(), expires_at: now.plus_seconds(life) }
}

/// What a stored grant granted.
pub(super) fn granted_of(grant: &StoredGrant) -> Result<Granted, Fault> {
    serde_json::from_str(&grant.payload).map_err(Fault::while_doing("reading a grant"))
}

/// Whether the client may go on (S36); the engine is asked. The peer is a server: where the person is nobody says.
fn may_go_on(caller: &Caller, granted: &Granted, entitled: &Entitled<'_>, person: &Person) -> bool {
    let tenant = &caller.tenant;
    GoingOn {
        rule: entitled.client().client().refresh,
        position: &tenant.networks.position(None, PositionOrigin::Unstated),
        service: &tenant.service_facts(granted.service()),
        groups: &person.groups,
        amr: granted.amr(),
        shown_at: granted.auth_time(),
        now: caller.now,
    }
    .is_allowed(&tenant.policy)
}

/// Whether the account may be used now: the engine is asked at every grant.
pub(super) fn usable(person: &Person, now: Timestamp) -> bool {
    account_refusal(person.state, now).is_none()
}

/// A service and its client that stand and are switched on.
pub(super) fn standing_client<'a>(
    caller: &'a Caller,
    client_id: &str,
) -> Option<(&'a Service, &'a Client)> {
    caller.tenant.client(client_id).filter(|(service, _)| !service.disabled)
}

/// What may be released of a person to a grant, with scopes that its client still has.
pub(super) fn released(person: &Person, granted: &Granted, client: &Client) -> Released {
    let scopes = redeem::still_allowed(client, &userinfo::release_scopes(granted));
    release::release(person, &scopes)
}

fn token_line(caller: &Caller, granted: &Granted, event: &str) -> AuditLine {
    AuditLine {
        at: caller.now,
        event: event.to_owned(),
        person: Some(granted.person()),
        service: Some(granted.service().to_string()),
        ..AuditLine::default()
    }
}
