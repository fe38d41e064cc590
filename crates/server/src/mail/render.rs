//! A letter of the outbox as a mail, in its person's language.

use sekimori_base::{Fault, Language};
use sekimori_directory::Binding;
use sekimori_directory::settings::ServiceName;
use sekimori_directory::settings::{Help, Site};
use sekimori_flow::{CodeLetter, Flow, Letter, Message, Occasion, Tenant, door};
use sekimori_words::{CodeMail, CodeOccasion, Happening, Mail, Words};

use super::smtp::Sender;

/// From whom a tenant's mail comes.
pub(crate) fn sender(site: &Site, language: Language) -> Sender {
    // An address has no port.
    let host = site.host().split(':').next().unwrap_or_default();
    let address = site.mail.from.as_ref().map(ToString::to_string);
    Sender {
        name: site.organisation.name.text(language).to_owned(),
        address: address.unwrap_or_else(|| format!("no-reply@{host}")),
        returns_to: None,
    }
}

/// The mail of a letter.
pub(crate) async fn mail(flow: &Flow, tenant: &Tenant, letter: &Letter) -> Result<Mail, Fault> {
    match letter {
        Letter::Code(code) => Ok(code_mail(tenant, code)),
        Letter::Notice(notice) => self::notice(flow, tenant, notice).await,
    }
}

/// The mail with a code.
fn code_mail(tenant: &Tenant, letter: &CodeLetter) -> Mail {
    let (site, language) = (&tenant.site, letter.language);
    let zone = site.zone(&letter.zone);
    let issuer = tenant.issuer();
    Words::of(language).code_mail(&CodeMail {
        organisation: site.organisation.name.text(language),
        occasion: match &letter.occasion {
            Occasion::SignIn { username, service } => CodeOccasion::SignIn { username, service },
            Occasion::Registration => CodeOccasion::Registration,
        },
        code: letter.code.expose(),
        number: letter.number,
        at: letter.at,
        until: letter.until,
        time_zone: &site.time_zone,
        place: zone.map_or(letter.zone.as_str(), |zone| zone.title.text(language)),
        issuer,
        portal_url: &format!("{issuer}/portal"),
        desk: desk(&site.organisation.help, language).as_deref(),
    })
}

/// The mail of a notice.
async fn notice(flow: &Flow, tenant: &Tenant, message: &Message) -> Result<Mail, Fault> {
    let (site, language) = (&tenant.site, message.language);
    let zone = site.zone(&message.zone);
    let place = zone.map_or(message.zone.as_str(), |zone| zone.title.text(language));
    let (issuer, path) = (tenant.issuer(), flow.not_me_path(tenant, message)?);
    let desk = desk(&site.organisation.help, language);
    let times = flow.times(tenant, message).await?;
    // What is told together may have gone to several.
    let service = if times == 1 { service(tenant, message) } else { None };
    let happening = Happening {
        organisation: site.organisation.name.text(language),
        person: if message.name.is_empty() { &message.username } else { &message.name },
        username: &message.username,
        at: message.at,
        time_zone: &site.time_zone,
        place,
        service: service.as_deref(),
        method: message.about.method,
        times,
        by_desk: message.by_desk,
        codes_left: message.about.codes_left,
        replaced: message.about.replaced,
        inside_with_password: message.about.binding == Some(Binding::InsideWithPassword),
        not_me_url: &format!("{issuer}{path}"),
        portal_url: &format!("{issuer}/portal"),
        desk: desk.as_deref(),
    };
    Ok(Words::of(language).mail(message.notice, &happening))
}

/// What the service was called that was being signed in to; nothing of one that is gone since.
fn service(tenant: &Tenant, message: &Message) -> Option<String> {
    let name = message.service.as_ref()?;
    let known = *name == ServiceName::portal() || tenant.site.service(name).is_some();
    known.then(|| door::destination(tenant, name).title.text(message.language).to_owned())
}

/// What the help desk is called and how it is reached, in one line.
fn desk(help: &Help, language: Language) -> Option<String> {
    let parts = [
        help.name.as_ref().map(|name| name.text(language).to_owned()),
        help.telephone.clone(),
        help.mail.as_ref().map(ToString::to_string),
        help.url.clone(),
    ];
    let known: Vec<String> = parts.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(", "))
}
