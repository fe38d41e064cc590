//! Registering an authenticator app: it counts when one correct code of it was entered.

use sekimori_base::{Fault, Secret};
use sekimori_credential::totp::{self, OneTimeCode, TotpSecret, TotpVerdict};
use sekimori_directory::{Binding, Method};
use sekimori_login::{FactorState, Notice, Reason};
use sekimori_store::{AuditLine, CommitError, StoredPerson, Write};

use super::enrolment::{Enrolment, Halt, NotNow, Registrar, What};
use super::enter::{Care, Changed, Who, portal_line};
use super::refused_code::{CodeFailure, RefusedCode};
use super::{APPS_MAX, Done, Portal, see};
use crate::Flow;
use crate::incident::IncidentCode;
use crate::notices::About;
use crate::view::Progress;
use crate::visitor::Visitor;

/// The page of registering an app.
pub struct TotpPage {
    /// The secret in base 32.
    pub secret: Secret<String>,
    /// The `otpauth:` address.
    pub uri: Secret<String>,
    /// What the form carries.
    pub request: String,
    /// The token of the form.
    pub token: String,
    /// Why the code just sent was not taken.
    pub failure: Option<Box<CodeFailure>>,
    /// Who is signed in; nobody if they came with a ticket.
    pub who: Option<Who>,
    /// A passkey can be registered instead.
    pub passkey_instead: bool,
}

/// What registering an app comes to.
pub enum TotpAnswer {
    /// Show it.
    Register(TotpPage),
    /// Not here and now.
    NotNow(NotNow),
}

impl Flow {
    /// The page of registering an app. Without `request` the engine is asked whether one may; nothing is stored.
    pub async fn totp_page(
        &self,
        visitor: &Visitor,
        request: Option<&str>,
    ) -> Result<Portal<TotpAnswer>, Fault> {
        let Some(request) = request else { return self.totp_begin(visitor).await };
        Ok(match self.resume_enrolment(visitor, request, What::Totp).await? {
            Ok((enrolment, registrar)) => {
                let page = view(&enrolment, &registrar, request);
                Portal::Here(TotpAnswer::Register(page))
            }
            Err(halt) => self.app_halt(visitor, halt, Done::TotpRegistered).await?,
        })
    }

    async fn totp_begin(&self, visitor: &Visitor) -> Result<Portal<TotpAnswer>, Fault> {
        let inside = match self.enter(visitor, What::Totp.path(), Care::Sensitive).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let apps = inside.person.factors.iter().filter(|stored| {
            stored.facts.method == Method::Totp && stored.facts.state != FactorState::Unfinished
        });
        if apps.count() >= APPS_MAX {
            return Ok(Portal::done(Done::AppsFull));
        }
        Ok(match self.permit(&inside, What::Totp).await? {
            Ok(progress) => Portal::elsewhere(progress),
            Err(not_now) => Portal::Here(TotpAnswer::NotNow(not_now)),
        })
    }

    /// A code of the new app.
    pub async fn totp_confirm(
        &self,
        visitor: &Visitor,
        request: &str,
        token: &str,
        code: &Secret<String>,
    ) -> Result<Portal<TotpAnswer>, Fault> {
        let (enrolment, registrar) =
            match self.resume_enrolment(visitor, request, What::Totp).await? {
                Ok(opened) => opened,
                Err(halt) => return self.app_halt(visitor, halt, Done::TotpRegistered).await,
            };
        if !registrar.is_token(token) {
            return Ok(Portal::see(format!("{}?r={request}", What::Totp.path())));
        }
        let secret = TotpSecret::random(&enrolment.chance(&visitor.tenant, "totp"));
        let step = match verdict(&secret, code, visitor) {
            Ok(step) => step,
            Err((reason, ahead_seconds)) => {
                let incident = match reason {
                    Reason::InputEmpty => None,
                    _ => self.narrate_code(&registrar, reason).await?,
                };
                let refused = RefusedCode {
                    ahead_seconds,
                    ..RefusedCode::plain(reason, incident, visitor.now)
                };
                let mut again = enrolment.clone();
                again.refused = Some(refused);
                return Ok(Portal::see(again.path(&visitor.tenant, &*self.entropy)?));
            }
        };
        let writes = self.totp_writes(&enrolment, &registrar, &secret, step)?;
        match self.store_enrolment(&registrar, writes, 1).await? {
            Changed::Done => {}
            // The same page was sent twice, or the ticket was used elsewhere: its own address knows which.
            Changed::Overtaken => {
                return Ok(Portal::see(format!("{}?r={request}", What::Totp.path())));
            }
        }
        let person = registrar.person();
        let next = self.after_app(&enrolment, person, visitor, Done::TotpRegistered).await?;
        Ok(Portal::elsewhere(next))
    }

    /// Keep a line about a code that was not taken, within the budget. There are no facts: no rule decided about it.
    pub(super) async fn narrate_code(
        &self,
        registrar: &Registrar<'_>,
        reason: Reason,
    ) -> Result<Option<IncidentCode>, Fault> {
        let visitor = registrar.visitor();
        let incident = IncidentCode::random(&*self.entropy);
        if !self.budget.take(visitor.tenant.id, visitor.network(), visitor.now) {
            return Ok(None);
        }
        let line = AuditLine {
            reason: Some(reason.code().to_owned()),
            incident: Some(incident.to_string()),
            ..portal_line(visitor, registrar.person(), "enrol.refused")
        };
        let writes = vec![Write::Audit(Box::new(line))];
        match self.store.commit(visitor.tenant.id, visitor.now, writes).await {
            Ok(_) => Ok(Some(incident)),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }

    fn totp_writes(
        &self,
        enrolment: &Enrolment,
        registrar: &Registrar<'_>,
        secret: &TotpSecret,
        step: u64,
    ) -> Result<Vec<Write>, Fault> {
        let visitor = registrar.visitor();
        let person = enrolment.person;
        let factor = enrolment.factor(&visitor.tenant);
        let sealed = self.seal_factor(&visitor.tenant, factor, secret.bytes().expose())?;
        let mut writes: Vec<Write> = enrolment.spends_ticket().into_iter().collect();
        writes.push(Write::FactorAdd(enrolment.new_factor(factor, sealed, 0)));
        writes.push(Write::SpendStep { person, factor, step });
        let about = About {
            factor: Some(factor),
            method: Some(Method::Totp),
            binding: Some(enrolment.binding),
            ..About::default()
        };
        writes.extend(self.told(
            visitor,
            registrar.person(),
            "factor.added",
            Notice::FactorAdded,
            about,
        )?);
        Ok(writes)
    }

    /// After an app or a passkey is registered: recovery codes under the same permission, unless there are some.
    pub(super) async fn after_app(
        &self,
        enrolment: &Enrolment,
        person: &StoredPerson,
        visitor: &Visitor,
        done: Done,
    ) -> Result<Progress, Fault> {
        let mut factors = person.factors.iter().map(|stored| &stored.facts);
        let has_codes = factors.any(|factor| {
            factor.method == Method::RecoveryCode
                && factor.binding != Binding::BreakGlass
                && factor.is_usable()
        });
        if has_codes {
            return self.after_enrolment(visitor, &enrolment.holder, done).await;
        }
        let holder = enrolment.holder.clone();
        let entropy = &*self.entropy;
        let mut codes =
            Enrolment::new(visitor, holder, person, enrolment.binding, What::Codes, entropy);
        codes.epoch = enrolment.epoch + 1;
        let sheet = codes.path(&visitor.tenant, entropy)?;
        Ok(see(format!("{sheet}&done={}", done.word())))
    }

    /// Where a halted registration of an app or a passkey goes on.
    pub(super) async fn app_halt<T>(
        &self,
        visitor: &Visitor,
        halt: Halt,
        done: Done,
    ) -> Result<Portal<T>, Fault> {
        match halt {
            Halt::Elsewhere(progress) => Ok(Portal::elsewhere(progress)),
            // Sent twice: on to where the first one led, if nothing was changed since.
            Halt::Finished(enrolment) => {
                let found = self.store.person(visitor.tenant.id, visitor.now, enrolment.person);
                match found.await? {
                    Some(person) if person.known.credential_epoch == enrolment.epoch + 1 => {
                        let next = self.after_app(&enrolment, &person, visitor, done).await?;
                        Ok(Portal::elsewhere(next))
                    }
                    Some(_) | None => Ok(Portal::see("/portal")),
                }
            }
        }
    }
}

fn view(enrolment: &Enrolment, registrar: &Registrar<'_>, request: &str) -> TotpPage {
    let tenant = &registrar.visitor().tenant;
    let secret = TotpSecret::random(&enrolment.chance(tenant, "totp"));
    let name = &tenant.site.organisation.name;
    let issuer = if name.en.is_empty() { &name.ja } else { &name.en };
    let username = registrar.person().person.username.as_str();
    TotpPage {
        uri: secret.uri(issuer, username),
        secret: Secret::new(secret.base32_groups().expose().replace(' ', "")),
        request: request.to_owned(),
        token: registrar.token(),
        failure: enrolment.refused.map(|refused| Box::new(CodeFailure::of(refused, Method::Totp))),
        who: registrar.who(),
        passkey_instead: tenant.relying_party.is_some(),
    }
}

/// The step of a correct code; else why not, and by how many seconds the device's clock is ahead. The secret stands on
/// the page, so that everything may be said about a wrong one.
fn verdict(
    secret: &TotpSecret,
    typed: &Secret<String>,
    visitor: &Visitor,
) -> Result<u64, (Reason, Option<i64>)> {
    if typed.expose().trim().is_empty() {
        return Err((Reason::InputEmpty, None));
    }
    let Ok(code) = OneTimeCode::parse(typed.expose()) else {
        return Err((Reason::CodeMalformed, None));
    };
    match totp::verify(secret, &code, visitor.now, None) {
        TotpVerdict::Accepted { step } => Ok(step),
        TotpVerdict::Drift { offset_steps, .. } => {
            let seconds = offset_steps.saturating_mul(totp::STEP_SECONDS.cast_signed());
            Err((Reason::ClockDrift, Some(seconds)))
        }
        TotpVerdict::Reused { .. } | TotpVerdict::Older { .. } | TotpVerdict::Wrong => {
            Err((Reason::CodeWrong, None))
        }
    }
}
