//! The PKCS#11 token of the settings. Its module is loaded when it is first asked something, and not without one.

use std::sync::Arc;

use sekimori_base::Secret;
use sekimori_config::node::Node;
use sekimori_keys::KeyDevice;
use sekimori_signer_pkcs11::{Token, TokenSettings};

use crate::command::Failed;
use crate::console::note;
use crate::files;
use crate::outside::SystemClock;

/// The token that the settings name.
pub fn of(settings: &Node) -> Result<Option<Arc<dyn KeyDevice>>, Failed> {
    let Some(pkcs11) = &settings.pkcs11 else { return Ok(None) };
    if let Some(warning) = files::unsafe_mode(&pkcs11.pin_file) {
        note(&format!("warning: {warning}"));
    }
    let pin_file = pkcs11.pin_file.clone();
    let pin = move || {
        let text = files::read_secret(&pin_file)
            .map_err(|error| std::io::Error::other(format!("{}: {error}", pin_file.display())))?;
        Ok(Secret::new(text.as_str().to_owned()))
    };
    let token = Token::start(TokenSettings {
        module: pkcs11.module.clone(),
        token: pkcs11.token.clone(),
        pin: Box::new(pin),
        clock: Arc::new(SystemClock),
    });
    let token = token.map_err(Failed::at("starting the thread of the token"))?;
    Ok(Some(Arc::new(token)))
}
