//! A module that was begun, a session in it that is logged in, and the keys that it finds.

use std::collections::HashMap;
use std::path::Path;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use sekimori_base::Secret;
use sekimori_keys::DeviceError;

use crate::TokenFound;

/// The curve P-256, by its object identifier (DER). RFC 5480, 2.1.1.1
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// Length of an uncompressed point of P-256, in bytes.
const POINT_BYTES: usize = 65;

/// Why there is no connection.
pub(crate) enum NotConnected {
    /// The token did not take the PIN.
    Refused(DeviceError),
    /// Something else.
    Other(DeviceError),
}

impl From<DeviceError> for NotConnected {
    fn from(error: DeviceError) -> Self {
        Self::Other(error)
    }
}

/// A session that is logged in.
pub(crate) struct Connection {
    module: Pkcs11,
    slot: Slot,
    token: String,
    session: Session,
    /// Private keys that were looked at, by label.
    keys: HashMap<String, ObjectHandle>,
}

/// Load the module into this process.
pub(crate) fn load(module: &Path) -> Result<Pkcs11, DeviceError> {
    Pkcs11::new(module).map_err(|error| DeviceError::Module { why: said(&error) })
}

/// Look for a token without logging in, and leave the module again.
pub(crate) fn find_once(module: &Path, token: &str) -> Result<TokenFound, DeviceError> {
    let module = load(module)?;
    begin(&module)?;
    let found = find(&module, token);
    let _ = module.finalize();
    let (_, info) = found?;
    Ok(TokenFound {
        manufacturer: info.manufacturer_id().to_owned(),
        model: info.model().to_owned(),
        serial: info.serial_number().to_owned(),
    })
}

fn begin(module: &Pkcs11) -> Result<(), DeviceError> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(DeviceError::Module { why: said(&error) }),
    }
}

fn find(module: &Pkcs11, token: &str) -> Result<(Slot, TokenInfo), DeviceError> {
    let mut labels = Vec::new();
    let mut found = Vec::new();
    for slot in module.get_slots_with_token().map_err(failed)? {
        // One that is pulled out at this moment is not there.
        let Ok(info) = module.get_token_info(slot) else { continue };
        if !info.token_initialized() {
            continue;
        }
        if info.label() == token {
            found.push((slot, info));
        } else {
            labels.push(info.label().to_owned());
        }
    }
    let token = token.to_owned();
    let count = found.len();
    match found.pop() {
        Some(one) if count == 1 => Ok(one),
        Some(_) => Err(DeviceError::SeveralTokens { token, count }),
        None if labels.is_empty() => Err(DeviceError::NoToken { token, shown: "none".to_owned() }),
        None => Err(DeviceError::NoToken { token, shown: labels.join(", ") }),
    }
}

impl Connection {
    /// Begin the module, find the token and log in, once.
    pub(crate) fn open(
        module: Pkcs11,
        token: &str,
        pin: &Secret<String>,
    ) -> Result<Self, NotConnected> {
        begin(&module)?;
        let opened = logged_in(&module, token, pin);
        match opened {
            Ok((slot, session)) => {
                let token = token.to_owned();
                Ok(Self { module, slot, token, session, keys: HashMap::new() })
            }
            Err(error) => {
                let _ = module.finalize();
                Err(error)
            }
        }
    }

    /// Leave the module, so that the next connection sees what is there then.
    pub(crate) fn close(self) {
        let _ = self.session.close();
        let _ = self.module.finalize();
    }

    /// The point of a key; `None` if there is neither half.
    pub(crate) fn public_point(&mut self, label: &str) -> Result<Option<Vec<u8>>, DeviceError> {
        let Some(private) = self.private(label)? else { return Ok(None) };
        self.keys.insert(label.to_owned(), private);
        let public = self.the_one(label, ObjectClass::PUBLIC_KEY)?;
        let unfit = |why| DeviceError::Unfit { label: label.to_owned(), why };
        let public = public.ok_or_else(|| unfit("its public half is not there"))?;
        self.point(label, public).map(Some)
    }

    /// A new key, which never leaves the token.
    pub(crate) fn make(&mut self, label: &str) -> Result<Vec<u8>, DeviceError> {
        let named = || [Attribute::Label(label.into()), Attribute::Id(label.into())];
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::KeyType(KeyType::EC),
            Attribute::EcParams(P256.to_vec()),
            Attribute::Verify(true),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let (public, private): (Vec<_>, Vec<_>) = (
            public.into_iter().chain(named()).collect(),
            private.into_iter().chain(named()).collect(),
        );
        // The standing session only reads; who is logged in is so in this one as well.
        let session = self.module.open_rw_session(self.slot).map_err(failed)?;
        let made = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private);
        let (public, private) = made.map_err(failed)?;
        self.fits(label, private)?;
        let point = self.point(label, public)?;
        let _ = session.close();
        Ok(point)
    }

    /// The signature over a digest.
    pub(crate) fn sign(&mut self, label: &str, digest: &[u8; 32]) -> Result<Vec<u8>, DeviceError> {
        let key = match self.keys.get(label) {
            Some(key) => *key,
            None => self.there(label)?,
        };
        self.session.sign(&Mechanism::Ecdsa, key, digest).map_err(failed)
    }

    /// Look whether the token is there, and these keys in it.
    pub(crate) fn look(&mut self, labels: &[String]) -> Result<(), DeviceError> {
        self.module.get_token_info(self.slot).map_err(failed)?;
        self.session.get_session_info().map_err(failed)?;
        labels.iter().try_for_each(|label| self.there(label).map(drop))
    }

    fn there(&mut self, label: &str) -> Result<ObjectHandle, DeviceError> {
        let Some(key) = self.private(label)? else {
            let (token, label) = (self.token.clone(), label.to_owned());
            return Err(DeviceError::NoKey { token, label });
        };
        self.keys.insert(label.to_owned(), key);
        Ok(key)
    }

    /// The private half, if it is there and stays there.
    fn private(&self, label: &str) -> Result<Option<ObjectHandle>, DeviceError> {
        let key = self.the_one(label, ObjectClass::PRIVATE_KEY)?;
        key.map(|key| self.fits(label, key).map(|()| key)).transpose()
    }

    fn the_one(
        &self,
        label: &str,
        class: ObjectClass,
    ) -> Result<Option<ObjectHandle>, DeviceError> {
        let wanted = [Attribute::Class(class), Attribute::Label(label.into())];
        let mut found = self.session.find_objects(&wanted).map_err(failed)?;
        let one = found.pop();
        if found.is_empty() {
            return Ok(one);
        }
        Err(DeviceError::SeveralKeys { token: self.token.clone(), label: label.to_owned() })
    }

    fn fits(&self, label: &str, private: ObjectHandle) -> Result<(), DeviceError> {
        let unfit = |why| Err(DeviceError::Unfit { label: label.to_owned(), why });
        let wanted = [
            AttributeType::KeyType,
            AttributeType::Sensitive,
            AttributeType::Extractable,
            AttributeType::Sign,
        ];
        let said = self.session.get_attributes(private, &wanted).map_err(failed)?;
        if !said.contains(&Attribute::KeyType(KeyType::EC)) {
            return unfit("it is not a key of ECDSA on P-256");
        }
        if !said.contains(&Attribute::Sensitive(true))
            || !said.contains(&Attribute::Extractable(false))
        {
            return unfit("it can be taken out of the token");
        }
        if !said.contains(&Attribute::Sign(true)) {
            return unfit("it may not sign");
        }
        Ok(())
    }

    fn point(&self, label: &str, public: ObjectHandle) -> Result<Vec<u8>, DeviceError> {
        let unfit = |why| Err(DeviceError::Unfit { label: label.to_owned(), why });
        let wanted = [AttributeType::EcParams, AttributeType::EcPoint];
        let said = self.session.get_attributes(public, &wanted).map_err(failed)?;
        if !said.contains(&Attribute::EcParams(P256.to_vec())) {
            return unfit("it is not a key of ECDSA on P-256");
        }
        let point = said.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        // PKCS #11, 2.3.5: an OCTET STRING around the point; some tokens leave it away.
        match point.as_deref() {
            Some([0x04, 0x41, point @ ..]) if point.len() == POINT_BYTES => Ok(point.to_vec()),
            Some(point) if point.len() == POINT_BYTES => Ok(point.to_vec()),
            Some(_) | None => unfit("its public half cannot be read"),
        }
    }
}

fn logged_in(
    module: &Pkcs11,
    token: &str,
    pin: &Secret<String>,
) -> Result<(Slot, Session), NotConnected> {
    let (slot, info) = find(module, token)?;
    let token = token.to_owned();
    if info.user_pin_locked() {
        return Err(DeviceError::Locked { token }.into());
    }
    if info.user_pin_final_try() {
        return Err(DeviceError::LastTry { token }.into());
    }
    let session = module.open_ro_session(slot).map_err(failed)?;
    let typed = AuthPin::from(pin.expose().as_str());
    match session.login(UserType::User, Some(&typed)) {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok((slot, session)),
        Err(Error::Pkcs11(code, _)) if is_about_pin(&code) => {
            Err(NotConnected::Refused(DeviceError::PinRefused { token }))
        }
        Err(Error::Pkcs11(RvError::PinLocked, _)) => {
            Err(NotConnected::Refused(DeviceError::Locked { token }))
        }
        Err(error) => Err(failed(error).into()),
    }
}

fn is_about_pin(code: &RvError) -> bool {
    matches!(
        code,
        RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinExpired
            | RvError::UserPinNotInitialized
    )
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: Error) -> DeviceError {
    DeviceError::Failed { why: said(&error) }
}

/// What the library says: names of functions and codes, without the paragraphs of the standard that explain them.
fn said(error: &Error) -> String {
    match error {
        Error::Pkcs11(code, function) => format!("{function}: {code:?}"),
        other => other.to_string(),
    }
}
