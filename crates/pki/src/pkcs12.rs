//! PKCS#12 files: a person's key with its certificate and that of the issuer. RFC 7292

use p12_keystore::{
    Certificate as Bag, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use sekimori_base::{Fault, Secret};
use sekimori_keys::SigningKey;

use crate::certificate::Certificate;
use crate::pin::AccessPin;

/// Rounds of PBKDF2 (and of the MAC): the PIN has 98 bits, so these need not slow anybody down; the
/// number is what importing programs are used to.
const ITERATIONS: u32 = 10_000;
/// Longest label, in characters.
const LABEL_CHARACTERS_MAX: usize = 64;

/// The bytes of a PKCS#12 file. Handed over once, then gone.
pub struct PersonalKey(Secret<Vec<u8>>);

impl PersonalKey {
    /// The bytes, to be sent to the person (`application/x-pkcs12`).
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

/// PBES2 with AES-256 for key and certificates, HMAC-SHA-256 over all. Not the root: a device that
/// is offered one asks whether to trust it for everything.
pub(crate) fn write(
    key: &SigningKey,
    certificate: &Certificate,
    issuer: &Certificate,
    label: &str,
    pin: &AccessPin,
) -> Result<PersonalKey, Fault> {
    let doing = "writing a PKCS#12 file";
    let pkcs8 = key.to_pkcs8();
    let private = PrivateKey::from_der(pkcs8.expose()).map_err(Fault::while_doing(doing))?;
    let chain: Result<Vec<Bag>, _> =
        [certificate, issuer].iter().map(|one| Bag::from_der(one.der())).collect();
    let chain = chain.map_err(Fault::while_doing(doing))?;
    let id = certificate.fingerprint().bytes()[..20].to_vec();
    let chain = PrivateKeyChain::new(id, private, chain);
    let mut store = KeyStore::new();
    store.add_entry(&printable(label), KeyStoreEntry::PrivateKeyChain(chain));
    let file = store
        .writer(pin.expose())
        .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ITERATIONS)
        .write();
    file.map(|file| PersonalKey(Secret::new(file))).map_err(Fault::while_doing(doing))
}

/// A friendlyName is a BMPString, which has no characters beyond U+FFFF. RFC 2985, 5.5.1
fn printable(label: &str) -> String {
    let kept = label.chars().filter(|c| !c.is_control() && u32::from(*c) <= 0xffff);
    kept.take(LABEL_CHARACTERS_MAX).collect()
}
