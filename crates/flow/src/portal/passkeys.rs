//! Registering and naming passkeys: one counts when the browser has made it and checked its holder.

use sekimori_base::{FactorId, Fault};
use sekimori_credential::passkey::{Owner, Passkey, Refused, Registered, RelyingParty};
use sekimori_directory::Method;
use sekimori_login::{Notice, Reason};
use sekimori_store::{AuditLine, CommitError, NewFactor, NewPasskey, StoredPerson, Write};

use super::enrolment::{Enrolment, NotNow, Registrar, What};
use super::enter::{Care, Changed, Who, portal_line};
use super::overview::FactorView;
use super::refused_code::{CodeFailure, RefusedCode};
use super::{Done, PASSKEYS_MAX, Portal};
use crate::Flow;
use crate::carried::browser_mark;
use crate::challenge::{Challenge, OnPage, credential_digest, open_passkey};
use crate::notices::About;
use crate::visitor::Visitor;

/// Longest name of a passkey, in characters.
const LABEL_MAX: usize = 60;

/// The page of registering a passkey.
pub struct PasskeyPage {
    /// What the browser is told, as JSON with bytes in base64url.
    pub options: String,
    /// The sealed challenge, for the form.
    pub challenge: String,
    /// What the form carries.
    pub request: String,
    /// The token of the form.
    pub token: String,
    /// Why what was just sent was not taken.
    pub failure: Option<Box<CodeFailure>>,
    /// Who is signed in; nobody if they came with a ticket.
    pub who: Option<Who>,
}

/// What registering a passkey comes to.
pub enum PasskeyAnswer {
    /// Show it.
    Register(PasskeyPage),
    /// Not here and now.
    NotNow(NotNow),
}

/// The page of naming a passkey.
#[derive(Debug, Clone)]
pub struct RenamePage {
    /// Who.
    pub who: Who,
    /// Which.
    pub factor: FactorView,
    /// The token of the form.
    pub token: String,
}

/// What a form of registering brings.
#[derive(Debug, Clone, Copy)]
pub struct PasskeyMade<'a> {
    /// What the page carried.
    pub request: &'a str,
    /// The token of the form.
    pub token: &'a str,
    /// The page's sealed challenge.
    pub challenge: &'a str,
    /// The browser's JSON.
    pub answer: &'a str,
    /// The browser in words, for a name.
    pub browser: Option<&'a str>,
}

impl Flow {
    /// The page of registering a passkey. Without `request` the engine is asked whether one may; nothing is stored.
    pub async fn passkey_page(
        &self,
        visitor: &Visitor,
        request: Option<&str>,
    ) -> Result<Portal<PasskeyAnswer>, Fault> {
        let Some(relying_party) = visitor.tenant.relying_party.as_deref() else {
            return Ok(Portal::see("/portal"));
        };
        let Some(request) = request else { return self.passkey_begin(visitor).await };
        Ok(match self.resume_enrolment(visitor, request, What::Passkey).await? {
            Ok((enrolment, registrar)) => {
                let page = self.passkey_view(relying_party, &enrolment, &registrar, request);
                page.map_or_else(
                    || Portal::see("/portal"),
                    |page| Portal::Here(PasskeyAnswer::Register(page)),
                )
            }
            Err(halt) => self.app_halt(visitor, halt, Done::PasskeyRegistered).await?,
        })
    }

    async fn passkey_begin(&self, visitor: &Visitor) -> Result<Portal<PasskeyAnswer>, Fault> {
        let inside = match self.enter(visitor, What::Passkey.path(), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let known = inside.person.factors.iter();
        if known.filter(|stored| stored.facts.method == Method::Passkey).count() >= PASSKEYS_MAX {
            return Ok(Portal::done(Done::PasskeysFull));
        }
        Ok(match self.permit(&inside, What::Passkey).await? {
            Ok(progress) => Portal::elsewhere(progress),
            Err(not_now) => Portal::Here(PasskeyAnswer::NotNow(not_now)),
        })
    }

    /// `None` for a browser without a cookie of ours: nothing could be bound to it.
    fn passkey_view(
        &self,
        relying_party: &RelyingParty,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        request: &str,
    ) -> Option<PasskeyPage> {
        let visitor = registrar.visitor();
        let person = registrar.person();
        let page = OnPage::Registering(enrolment.factor(&visitor.tenant));
        let browser = visitor.browser_digest().map(browser_mark);
        let challenge = Challenge::new(visitor, browser, page, &*self.entropy)?;
        let name = person.person.name.text(visitor.language);
        let username = person.person.username.as_str();
        let owner = Owner {
            handle: person.person.id.bytes(),
            name: username,
            display_name: if name.is_empty() { username } else { name },
        };
        let known = known_passkeys(visitor, person);
        Some(PasskeyPage {
            options: relying_party.creation(&challenge.value, owner, &known),
            challenge: challenge.sealed,
            request: request.to_owned(),
            token: registrar.token(),
            failure: enrolment
                .refused
                .map(|refused| Box::new(CodeFailure::of(refused, Method::Passkey))),
            who: registrar.who(),
        })
    }

    /// The browser has made a passkey.
    pub async fn passkey_made(
        &self,
        visitor: &Visitor,
        made: PasskeyMade<'_>,
    ) -> Result<Portal<PasskeyAnswer>, Fault> {
        let again = || format!("{}?r={}", What::Passkey.path(), made.request);
        let Some(relying_party) = visitor.tenant.relying_party.as_deref() else {
            return Ok(Portal::see("/portal"));
        };
        let (enrolment, registrar) =
            match self.resume_enrolment(visitor, made.request, What::Passkey).await? {
                Ok(opened) => opened,
                Err(halt) => return self.app_halt(visitor, halt, Done::PasskeyRegistered).await,
            };
        if !registrar.is_token(made.token) {
            return Ok(Portal::see(again()));
        }
        let page = OnPage::Registering(enrolment.factor(&visitor.tenant));
        let known = known_passkeys(visitor, registrar.person());
        let registered = Challenge::open(visitor, made.challenge, page)
            .ok_or(Refused::Mismatch)
            .and_then(|challenge| relying_party.register(&challenge, &known, made.answer));
        let registered = match registered {
            Ok(registered) => registered,
            Err(why) => return self.passkey_refused(&enrolment, &registrar, why).await,
        };
        let writes = self.passkey_writes(&enrolment, &registrar, &registered, made.browser)?;
        match self.store_enrolment(&registrar, writes, 1).await? {
            Changed::Done => {}
            Changed::Overtaken if self.is_unchanged(&registrar).await? => {
                return self.passkey_refused(&enrolment, &registrar, Refused::Mismatch).await;
            }
            // The same page was sent twice, or the ticket was used elsewhere: its own address knows which.
            Changed::Overtaken => return Ok(Portal::see(again())),
        }
        let person = registrar.person();
        let next = self.after_app(&enrolment, person, visitor, Done::PasskeyRegistered).await?;
        Ok(Portal::elsewhere(next))
    }

    /// Nothing of the account has changed since the page was opened: then what could not be stored is somebody else's
    /// passkey.
    async fn is_unchanged(&self, registrar: &Registrar<'_>) -> Result<bool, Fault> {
        let (visitor, was) = (registrar.visitor(), registrar.person());
        let now = self.store.person(visitor.tenant.id, visitor.now, was.person.id).await?;
        Ok(now.is_some_and(|now| now.known.credential_epoch == was.known.credential_epoch))
    }

    /// What the browser sent cannot be taken: the page once more, which says so.
    async fn passkey_refused(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        why: Refused,
    ) -> Result<Portal<PasskeyAnswer>, Fault> {
        let visitor = registrar.visitor();
        let reason = match why {
            Refused::Unverified => Reason::PasskeyUnverified,
            Refused::Mismatch | Refused::Counter => Reason::PasskeyRefused,
        };
        let incident = self.narrate_code(registrar, reason).await?;
        let refused = RefusedCode::plain(reason, incident, visitor.now);
        let mut again = enrolment.clone();
        again.refused = Some(refused);
        Ok(Portal::see(again.path(&visitor.tenant, &*self.entropy)?))
    }

    fn passkey_writes(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        registered: &Registered,
        browser: Option<&str>,
    ) -> Result<Vec<Write>, Fault> {
        let visitor = registrar.visitor();
        let tenant = &visitor.tenant;
        let factor = enrolment.factor(tenant);
        let passkey = &registered.passkey;
        let sealed = self.seal_factor(tenant, factor, &passkey.to_bytes())?;
        let name = passkey.maker().or(browser).unwrap_or_default();
        let new = NewFactor {
            label: unlike(name, registrar.person()),
            passkey: Some(NewPasskey {
                credential: credential_digest(tenant, passkey.id()),
                counter: registered.counter,
            }),
            ..enrolment.new_factor(factor, sealed, 0)
        };
        let mut writes: Vec<Write> = enrolment.spends_ticket().into_iter().collect();
        writes.push(Write::FactorAdd(new));
        let about = About {
            factor: Some(factor),
            method: Some(Method::Passkey),
            binding: Some(enrolment.binding),
            ..About::default()
        };
        let (person, notice) = (registrar.person(), Notice::FactorAdded);
        writes.extend(self.told(visitor, person, "factor.added", notice, about)?);
        Ok(writes)
    }

    /// The page of naming a passkey.
    pub async fn rename_page(
        &self,
        visitor: &Visitor,
        factor: FactorId,
    ) -> Result<Portal<RenamePage>, Fault> {
        let inside = match self.enter(visitor, &rename_path(factor), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let found = passkey_of(&inside.person, factor);
        let Some(factor) = found else { return Ok(Portal::see("/portal")) };
        Ok(Portal::Here(RenamePage { who: inside.who(), factor, token: inside.token() }))
    }

    /// Give it another name; an empty one leaves it as it was.
    pub async fn rename_factor(
        &self,
        visitor: &Visitor,
        factor: FactorId,
        token: &str,
        label: &str,
    ) -> Result<Portal<RenamePage>, Fault> {
        let inside = match self.enter(visitor, &rename_path(factor), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let label = clean(label);
        if !inside.is_token(token) || label.is_empty() {
            return Ok(Portal::see(rename_path(factor)));
        }
        if passkey_of(&inside.person, factor).is_none() {
            return Ok(Portal::see("/portal"));
        }
        let person = inside.person.person.id;
        let details = serde_json::json!({ "factor": factor.to_string() });
        let line = AuditLine {
            details: details.to_string(),
            ..portal_line(visitor, &inside.person, "factor.renamed")
        };
        let writes =
            vec![Write::FactorRename { person, factor, label }, Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Portal::done(Done::PasskeyRenamed)),
            Err(CommitError::Conflict { .. }) => Ok(Portal::see("/portal")),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}

/// The passkeys of somebody, so that no device makes a second one; also those that cannot be used now.
fn known_passkeys(visitor: &Visitor, person: &StoredPerson) -> Vec<Passkey> {
    let stored = person.factors.iter().filter(|stored| stored.facts.method == Method::Passkey);
    stored.filter_map(|stored| open_passkey(&visitor.tenant, stored)).collect()
}

/// What browsers are told about which of the person's passkeys there are, suspended ones among them; nothing when one
/// cannot be read.
pub(super) fn accepted_passkeys(visitor: &Visitor, person: &StoredPerson) -> Option<String> {
    let relying_party = visitor.tenant.relying_party.as_deref()?;
    let stored = person.factors.iter().filter(|stored| stored.facts.method == Method::Passkey);
    let known: Option<Vec<Passkey>> =
        stored.map(|stored| open_passkey(&visitor.tenant, stored)).collect();
    Some(relying_party.accepted(person.person.id.bytes(), &known?))
}

fn passkey_of(person: &StoredPerson, factor: FactorId) -> Option<FactorView> {
    let is_it =
        |facts: &sekimori_login::FactorFacts| facts.id == factor && facts.method == Method::Passkey;
    person.factors.iter().find(|stored| is_it(&stored.facts)).map(FactorView::of)
}

/// A path of its own, so that a sign-in in between leads back to it.
fn rename_path(factor: FactorId) -> String {
    format!("/portal/factor/rename/{factor}")
}

/// One line, of bounded length.
fn clean(label: &str) -> String {
    let plain = label.chars().map(|one| if one.is_control() { ' ' } else { one });
    let text: String = plain.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LABEL_MAX).collect()
}

/// The name, with a number behind it if the person has a passkey of that name.
fn unlike(name: &str, person: &StoredPerson) -> String {
    let taken = |name: &str| person.factors.iter().any(|stored| stored.label == name);
    if name.is_empty() || !taken(name) {
        return clean(name);
    }
    let numbered = (2..100).map(|number| format!("{name} {number}"));
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_not_endless() {
        assert_eq!(clean("  Work\nlaptop\u{0} "), "Work laptop");
        assert_eq!(clean(&"あ".repeat(100)).chars().count(), LABEL_MAX);
        assert_eq!(clean(" \t "), "");
    }
}
