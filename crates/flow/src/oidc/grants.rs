//! Questions about tokens: userinfo, introspection, revocation. Reading writes nothing.

use std::collections::BTreeSet;

use sekimori_base::{Fault, Timestamp};
use sekimori_directory::release::Released;
use sekimori_directory::{ClientId, Person};
use sekimori_protocol_oidc::introspection::{self, ActiveToken, Inquirer, TokenKind};
use sekimori_protocol_oidc::redeem;
use sekimori_protocol_oidc::token_request::AboutToken;
use sekimori_protocol_oidc::tokens::{AccessToken, verify_access_token};
use sekimori_protocol_oidc::userinfo::{self, BearerError, BearerRequest};
use sekimori_protocol_oidc::{Granted, Reply, subject};
use sekimori_store::{Digest, RefreshState, StoredGrant, Write};

use super::token::{AccessPayload, granted_of, released, standing_client, usable};
use crate::Flow;
use crate::door::pairwise_key;
use crate::token::{self, Kind};
use crate::visitor::Caller;

/// An access token that stands: its grant, its person and its client do as well (R-DISABLED).
struct Standing {
    granted: Granted,
    /// What the client may still ask for of what the token was made for.
    scopes: BTreeSet<String>,
    released: Released,
    issued: Timestamp,
    expires: Timestamp,
}

impl Standing {
    /// A token from the first to the second moment of `span`, if person and client stand and the service is still open
    /// to the person.
    fn new(
        caller: &Caller,
        granted: Granted,
        person: &Person,
        scopes: &BTreeSet<String>,
        (issued, expires): (Timestamp, Timestamp),
    ) -> Option<Self> {
        let (service, client) = standing_client(caller, granted.client_id().as_str())?;
        if !usable(person, caller.now)
            || !caller.tenant.service_facts(&service.name).is_open_to(&person.groups)
        {
            return None;
        }
        let scopes = redeem::still_allowed(client, scopes);
        let released = released(person, &granted, client);
        Some(Self { granted, scopes, released, issued, expires })
    }
}

impl Flow {
    /// Answer the userinfo endpoint.
    pub async fn userinfo(
        &self,
        caller: &Caller,
        request: &BearerRequest<'_>,
    ) -> Result<(Reply, Option<String>), Fault> {
        let text = match userinfo::token(request) {
            Ok(text) => text,
            Err(error) => return Ok((error.reply(), None)),
        };
        let Some(standing) = self.standing(caller, text.expose()).await? else {
            return Ok((BearerError::Token.reply(), None));
        };
        let client_id = standing.granted.client_id().to_string();
        let sub = self.sub_of(caller, &standing.granted);
        let answer = userinfo::answer(
            &standing.granted,
            &standing.scopes,
            &standing.released,
            &sub,
            &caller.tenant.site,
        );
        Ok((answer.unwrap_or_else(BearerError::reply), Some(client_id)))
    }

    /// Answer introspection.
    pub async fn introspect(&self, caller: &Caller, about: AboutToken) -> Result<Reply, Fault> {
        let inquirer = self.prove(caller, &about.credential).and_then(Inquirer::new);
        let inquirer = match inquirer {
            Ok(inquirer) => inquirer,
            Err(error) => return Ok(error.reply()),
        };
        let token = about.token.expose();
        if let Some(standing) = self.standing(caller, token).await? {
            return Ok(self.describe(caller, &inquirer, &standing, TokenKind::Access));
        }
        if let Some(standing) = self.standing_refresh(caller, token).await? {
            return Ok(self.describe(caller, &inquirer, &standing, TokenKind::Refresh));
        }
        Ok(self.describe_client(caller, &inquirer, token))
    }

    /// Answer revocation: the grant of a refresh token ends with all its tokens (RFC 7009, 2.1), an access token
    /// ends alone.
    pub async fn revoke(&self, caller: &Caller, about: AboutToken) -> Result<Reply, Fault> {
        let client = match self.prove(caller, &about.credential) {
            Ok(client) => client,
            Err(error) => return Ok(error.reply()),
        };
        let tenant = &caller.tenant;
        let text = about.token.expose();
        let refresh = token::digest(tenant, Kind::Refresh, text).map(Digest::from_bytes);
        if let Some(digest) = refresh
            && let Some(stored) = self.store.refresh_token(tenant.id, digest).await?
        {
            return self.end_grant(caller, &client, &stored.grant, None).await;
        }
        let access = token::digest(tenant, Kind::Access, text).map(Digest::from_bytes);
        if let Some(digest) = access
            && let Some(stored) = self.store.access_token(tenant.id, digest).await?
        {
            return self.end_grant(caller, &client, &stored.grant, Some(digest)).await;
        }
        // A JWT lives until its end; ending its grant is what can be done.
        if let Some(jwt) = self.our_jwt(caller, text)
            && let Some(grant) = jwt.grant
            && jwt.client_id == client.client().client_id.as_str()
        {
            self.commit_anyway(caller, vec![Write::GrantEnd { grant }]).await?;
        }
        Ok(introspection::revoked())
    }

    async fn end_grant(
        &self,
        caller: &Caller,
        client: &sekimori_protocol_oidc::ProvenClient<'_>,
        grant: &StoredGrant,
        only: Option<Digest>,
    ) -> Result<Reply, Fault> {
        let Ok(owner) = ClientId::parse(&grant.client_id) else {
            return Ok(introspection::revoked());
        };
        if let Err(error) = introspection::may_revoke(client, &owner) {
            return Ok(error.reply());
        }
        let write = match only {
            Some(digest) => Write::AccessTokenEnd { digest },
            None => Write::GrantEnd { grant: grant.id },
        };
        self.commit_anyway(caller, vec![write]).await?;
        Ok(introspection::revoked())
    }

    /// An access token of a sign-in, opaque or JWT, that stands with all that it hangs on.
    async fn standing(&self, caller: &Caller, text: &str) -> Result<Option<Standing>, Fault> {
        let tenant = &caller.tenant;
        let digest = token::digest(tenant, Kind::Access, text).map(Digest::from_bytes);
        let Some(digest) = digest else { return self.standing_jwt(caller, text).await };
        let Some(stored) = self.store.access_token(tenant.id, digest).await? else {
            return Ok(None);
        };
        let Some(account) = stored.account.as_ref().filter(|_| stored.good(caller.now)) else {
            return Ok(None);
        };
        let payload: AccessPayload = serde_json::from_str(&stored.payload)
            .map_err(Fault::while_doing("reading an access token"))?;
        let granted = granted_of(&stored.grant)?;
        let span = (payload.issued, stored.expires_at);
        Ok(Standing::new(caller, granted, &account.person, &split(&payload.scopes), span))
    }

    async fn standing_jwt(&self, caller: &Caller, text: &str) -> Result<Option<Standing>, Fault> {
        let Some(jwt) = self.our_jwt(caller, text) else { return Ok(None) };
        let Some(grant) = jwt.grant else { return Ok(None) };
        let found = self.store.grant(caller.tenant.id, grant).await?;
        let Some((grant, Some(account))) = found else { return Ok(None) };
        let granted = granted_of(&grant)?;
        if !grant.good(caller.now) || grant.client_id != jwt.client_id {
            return Ok(None);
        }
        let span = (Timestamp::from_unix_seconds(jwt.iat), Timestamp::from_unix_seconds(jwt.exp));
        Ok(Standing::new(caller, granted, &account.person, &split(&jwt.scope), span))
    }

    async fn standing_refresh(
        &self,
        caller: &Caller,
        text: &str,
    ) -> Result<Option<Standing>, Fault> {
        let tenant = &caller.tenant;
        let digest = token::digest(tenant, Kind::Refresh, text).map(Digest::from_bytes);
        let Some(digest) = digest else { return Ok(None) };
        let Some(stored) = self.store.refresh_token(tenant.id, digest).await? else {
            return Ok(None);
        };
        let granted = granted_of(&stored.grant)?;
        let fresh = stored.state == RefreshState::Fresh
            && stored.expires_at > caller.now
            && stored.grant.good(caller.now);
        let Some(account) = stored.account.filter(|_| fresh) else { return Ok(None) };
        let (scopes, span) = (granted.scopes().clone(), (stored.issued_at, stored.expires_at));
        Ok(Standing::new(caller, granted, &account.person, &scopes, span))
    }

    fn our_jwt(&self, caller: &Caller, text: &str) -> Option<AccessToken> {
        let published = caller.tenant.signing.published(caller.now);
        verify_access_token(text, &caller.tenant.site, &published, caller.now).ok()
    }

    fn describe(
        &self,
        caller: &Caller,
        inquirer: &Inquirer<'_>,
        standing: &Standing,
        kind: TokenKind,
    ) -> Reply {
        let granted = &standing.granted;
        if !inquirer.may_see(granted.client_id()) {
            return introspection::inactive();
        }
        let sub = self.sub_of(caller, granted);
        let active = ActiveToken {
            client_id: granted.client_id(),
            sub: &sub,
            scopes: &standing.scopes,
            issued: standing.issued,
            expires: standing.expires,
            kind,
            person: Some((granted, &standing.released)),
        };
        introspection::active(&active, &caller.tenant.site)
    }

    /// A token of a client about itself: its signature is all there is to know.
    fn describe_client(&self, caller: &Caller, inquirer: &Inquirer<'_>, text: &str) -> Reply {
        let jwt = self.our_jwt(caller, text).filter(|jwt| jwt.grant.is_none());
        let Some(jwt) = jwt else { return introspection::inactive() };
        let client = standing_client(caller, &jwt.client_id);
        let Some((_, client)) = client.filter(|(_, client)| inquirer.may_see(&client.client_id))
        else {
            return introspection::inactive();
        };
        let scopes = split(&jwt.scope);
        let active = ActiveToken {
            client_id: &client.client_id,
            sub: &jwt.sub,
            scopes: &scopes,
            issued: Timestamp::from_unix_seconds(jwt.iat),
            expires: Timestamp::from_unix_seconds(jwt.exp),
            kind: TokenKind::Access,
            person: None,
        };
        introspection::active(&active, &caller.tenant.site)
    }

    fn sub_of(&self, caller: &Caller, granted: &Granted) -> String {
        let key = pairwise_key(&caller.tenant);
        caller.tenant.client(granted.client_id().as_str()).map_or_else(
            || granted.person().to_string(),
            |(_, client)| subject::sub(client, granted.person(), &key),
        )
    }
}

fn split(scopes: &str) -> BTreeSet<String> {
    scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}
