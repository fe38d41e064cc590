//! The file of a new certificate and what opens it, kept for minutes for the session that asked.

use sekimori_base::{Fault, Sealed, Secret, Timestamp};
use sekimori_keys::{Binding as SealBinding, Purpose};
use sekimori_pki::{AccessPin, PemKind, PersonalKey, Serial, pem};
use sekimori_store::Write;
use serde::{Deserialize, Serialize};

use super::{CertificateDone, LIST, plain};
use crate::Flow;
use crate::certificates::stored_serial;
use crate::portal::Portal;
use crate::portal::enter::{Care, Inside, Who};
use crate::visitor::Visitor;

/// A file is kept for so long.
pub(super) const FILE_SECONDS: i64 = 600;
/// Longest sealed file, in bytes.
const FILE_BYTES_MAX: usize = 32 * 1024;

/// The page with the PIN.
pub struct FilePage {
    /// Who.
    pub who: Who,
    /// The token of the form.
    pub token: String,
    /// Which certificate.
    pub serial: Serial,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// What opens the file.
    pub pin: Secret<String>,
    /// What the file should be called.
    pub file_name: String,
    /// The file (PKCS#12).
    pub file: Secret<Vec<u8>>,
}

/// A certificate and its issuer's.
#[derive(Debug, Clone)]
pub struct DocumentView {
    /// Both (PEM).
    pub text: String,
    /// What the file should be called.
    pub file_name: String,
}

/// What is kept, sealed, until its owner has it.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(rename = "p")]
    pin: String,
    #[serde(rename = "f")]
    file: String,
}

impl Flow {
    /// The page with the PIN, and the file: for the session that asked, after a recent proof, for minutes.
    // Not asked for the highest proof again: that may by now be this very certificate, which is not imported yet. The
    // session that has just shown enough to be issued it is the only one for which the file opens.
    pub async fn certificate_file_page(
        &self,
        visitor: &Visitor,
        serial: Serial,
    ) -> Result<Portal<FilePage>, Fault> {
        let inside = match self.enter(visitor, &file_path(serial), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let Some((kept, expires_at)) = self.file_of(&inside, serial).await? else {
            return Ok(Portal::see(LIST));
        };
        let file = data_encoding::BASE64.decode(kept.file.as_bytes());
        let file = file.map_err(Fault::while_doing("reading a certificate's file"))?;
        Ok(Portal::Here(FilePage {
            who: inside.who(),
            token: inside.token(),
            serial,
            expires_at,
            pin: Secret::new(kept.pin),
            file_name: format!("{}.p12", inside.person.person.username),
            file: Secret::new(file),
        }))
    }

    /// "I have saved both": nothing of them is kept any longer.
    pub async fn certificate_file_saved(
        &self,
        visitor: &Visitor,
        serial: Serial,
        token: &str,
    ) -> Result<Portal<()>, Fault> {
        let inside = match self.enter(visitor, &file_path(serial), Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        if !inside.is_token(token) {
            return Ok(Portal::see(file_path(serial)));
        }
        let person = inside.person.person.id;
        let forget = Write::CertificateFileForget { person, serial: stored_serial(serial) };
        match self.store.commit(visitor.tenant.id, visitor.now, vec![forget]).await {
            Ok(_) => Ok(Portal::see(CertificateDone::Saved.path())),
            Err(error) => Err(Fault::new("forgetting a certificate's file", error)),
        }
    }

    /// A certificate without its key, and its issuer's (PEM), for whoever keeps the key: to its owner alone.
    pub async fn certificate_document(
        &self,
        visitor: &Visitor,
        serial: Serial,
    ) -> Result<Portal<DocumentView>, Fault> {
        // After a sign-in comes the list: a download is no page to arrive at.
        let inside = match self.enter(visitor, LIST, Care::Plain).await? {
            Ok(inside) => inside,
            Err(progress) => return Ok(Portal::elsewhere(progress)),
        };
        let (tenant, person) = (&visitor.tenant, &inside.person.person);
        let stored = self.store.certificate(tenant.id, stored_serial(serial)).await?;
        let Some(stored) = stored.filter(|stored| stored.person == Some(person.id)) else {
            return Ok(Portal::see(LIST));
        };
        let mut text = pem(PemKind::Certificate, &stored.document);
        if let Some(own) = tenant.authorities.named(&stored.authority) {
            text.push_str(&pem(PemKind::Certificate, own.authority.certificate().der()));
        }
        Ok(Portal::Here(DocumentView { text, file_name: format!("{}.pem", person.username) }))
    }

    pub(super) fn sealed_file(
        &self,
        inside: &Inside<'_>,
        serial: Serial,
        (file, pin): &(PersonalKey, AccessPin),
    ) -> Result<Sealed<[u8]>, Fault> {
        let doing = "sealing a certificate's file";
        let kept = Kept {
            pin: pin.expose().to_owned(),
            file: data_encoding::BASE64.encode(file.expose()),
        };
        let tenant = &inside.visitor().tenant;
        let whose = whose(inside, serial);
        let binding = SealBinding::new(Purpose::IssuedFile, tenant.id).about(&whose);
        let sealed = tenant.keys.seal_json(&binding, &kept, FILE_BYTES_MAX, &*self.entropy);
        Ok(Sealed::from_bytes(sealed.map_err(Fault::while_doing(doing))?.into_bytes()))
    }

    /// The kept file of a certificate that this session had issued, and until when that is valid.
    pub(super) async fn file_of(
        &self,
        inside: &Inside<'_>,
        serial: Serial,
    ) -> Result<Option<(Kept, Timestamp)>, Fault> {
        let visitor = inside.visitor();
        let (tenant, person) = (&visitor.tenant, inside.person.person.id);
        let number = stored_serial(serial);
        let file = self.store.certificate_file(tenant.id, person, number.clone(), visitor.now);
        let Some(sealed) = file.await? else { return Ok(None) };
        let Some(stored) = self.store.certificate(tenant.id, number).await? else {
            return Ok(None);
        };
        let whose = whose(inside, serial);
        let binding = SealBinding::new(Purpose::IssuedFile, tenant.id).about(&whose);
        let sealed = Sealed::from_bytes(sealed.bytes().to_vec());
        // It opens for the session that asked for it and for no other one.
        let kept = tenant.keys.open_json::<Kept>(&binding, &sealed).ok();
        Ok(kept.map(|kept| (kept, stored.expires_at)))
    }
}

/// What a kept file is sealed to.
fn whose(inside: &Inside<'_>, serial: Serial) -> Vec<u8> {
    [inside.session.facts.id.bytes().as_slice(), serial.bytes()].concat()
}

pub(super) fn file_path(serial: Serial) -> String {
    format!("{LIST}/issued/{}", plain(serial))
}
