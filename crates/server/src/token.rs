//! The PKCS#11 token of the settings. Its module is loaded when it is first asked something, and not without one.

use std::sync::{Arc, Mutex, PoisonError};

use sekimori_base::Secret;
use sekimori_config::node::{Node, Pkcs11};
use sekimori_keys::KeyDevice;
use sekimori_signer_pkcs11::{Token, TokenSettings};

use crate::command::Failed;
use crate::console::note;
use crate::files;
use crate::outside::SystemClock;

/// A module has one state for the whole process: whoever needs the same token asks the same thread.
static STARTED: Mutex<Vec<(Pkcs11, Arc<Token>)>> = Mutex::new(Vec::new());

/// The token that the settings name.
pub fn of(settings: &Node) -> Result<Option<Arc<dyn KeyDevice>>, Failed> {
    let Some(pkcs11) = &settings.pkcs11 else { return Ok(None) };
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, token)) = started.iter().find(|(settings, _)| settings == pkcs11) {
        return Ok(Some(Arc::clone(token) as Arc<dyn KeyDevice>));
    }
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
    let token = Arc::new(token.map_err(Failed::at("starting the thread of the token"))?);
    started.push((pkcs11.clone(), Arc::clone(&token)));
    Ok(Some(token))
}
