//! Without what nobody can sign in here: database, settings, keys.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sekimori_flow::lacking_key;
use tokio::time::Instant;

use super::health::Check;
use crate::app::App;

/// A node that has not seen the database's settings and keys for so long may work with old ones.
const KEPT_MAX: Duration = Duration::from_mins(1);

/// When settings and keys were last taken from the database.
#[derive(Debug, Clone)]
pub struct Kept(Arc<Mutex<Instant>>);

impl Kept {
    /// Just now.
    pub fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// They were taken again.
    pub fn again(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether that is not too long ago.
    fn check(&self) -> Result<(), String> {
        let age = self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if age <= KEPT_MAX {
            return Ok(());
        }
        let seconds = age.as_secs();
        Err(format!("settings and keys could not be taken for {seconds} seconds: look at the logs"))
    }
}

/// All checks of a node.
pub fn all(app: &App, kept: &Kept) -> Vec<Check> {
    let (database, settings, keys) = (app.clone(), app.clone(), app.clone());
    let kept = kept.clone();
    let database = Check::new("database", move || {
        let app = database.clone();
        async move { app.flow.store.health().await.map_err(|fault| fault.to_string()) }
    });
    let settings = Check::new("settings", move || {
        let ready = !settings.flow.tenants.all().is_empty();
        async move { ready.then_some(()).ok_or_else(|| "no site settings were applied".to_owned()) }
    });
    let keys = Check::new("keys", move || {
        let tenants = keys.flow.tenants.all();
        let lacking = tenants.iter().find_map(|tenant| {
            let algorithm = lacking_key(&tenant.signing)?;
            Some(format!("{} has no active {} key here", tenant.host(), algorithm))
        });
        let checked = lacking.map_or_else(|| kept.check(), Err);
        async move { checked }
    });
    vec![database, settings, keys]
}

/// Checks of what people can sign in without.
pub fn impaired(app: &App) -> Vec<Check> {
    let app = app.clone();
    let token = Check::new("token", move || {
        let problem = app.flow.device.problem();
        async move { problem.map_or(Ok(()), |problem| Err(problem.to_string())) }
    });
    vec![token]
}

#[cfg(test)]
mod tests {
    use sekimori_base::Timestamp;
    use sekimori_keys::{KeyProfile, KeyState, RsaBits, Signer, SigningKey, SigningKeySet};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_node_that_cannot_take_settings_and_keys_is_not_ready_after_a_minute() {
        let kept = Kept::now();
        tokio::time::advance(KEPT_MAX).await;
        assert_eq!(kept.check(), Ok(()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(kept.check().unwrap_err().contains("61 seconds"));
        kept.again();
        assert_eq!(kept.check(), Ok(()));
    }

    #[test]
    fn a_node_that_lacks_an_active_key_is_not_ready() {
        let now = Timestamp::from_unix_seconds(0);
        let key = |profile, state| -> (KeyState, Arc<dyn Signer>) {
            (state, Arc::new(SigningKey::generate(profile).unwrap()))
        };
        let active = KeyState::Active { since: now };
        let rest =
            || [key(KeyProfile::Rs256(RsaBits::B2048), active), key(KeyProfile::EdDsa, active)];
        let whole = rest().into_iter().chain([key(KeyProfile::Es256, active)]);
        assert_eq!(lacking_key(&SigningKeySet::new(now, whole)), None);
        let retired = KeyState::Retired { until: now.plus_seconds(60) };
        let without = rest().into_iter().chain([key(KeyProfile::Es256, retired)]);
        let found = lacking_key(&SigningKeySet::new(now, without));
        assert_eq!(found, Some("ES256"));
    }
}
