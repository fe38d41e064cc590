//! Fetching revocation lists of other authorities when they are due.

use std::sync::Arc;
use std::time::Duration;

use sekimori_base::Fault;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::app::App;
use crate::fetch::{Asked, fetch};

/// All of a fetch must be over by then.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// So many are fetched side by side: each may be as long as the settings allow.
const SIDE_BY_SIDE: usize = 4;

/// Fetch what is due. A silent address holds up no other one.
pub async fn fetch_due(app: &App) -> Result<(), Fault> {
    let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut fetches = JoinSet::new();
    for due in app.flow.due_lists().await? {
        let (app, places) = (app.clone(), Arc::clone(&places));
        fetches.spawn(async move {
            // The semaphore is never closed; without a place the fetch is merely not bounded.
            let _place = places.acquire_owned().await.ok();
            let fetched = fetch(&Asked::list(&due.address, due.bytes_max), WAIT_MAX).await;
            app.flow.list_fetched(&due, fetched).await
        });
    }
    let mut ended = Ok(());
    while let Some(fetched) = fetches.join_next().await {
        let fetched = fetched.map_err(Fault::while_doing("fetching a revocation list"));
        ended = ended.and(fetched.and_then(std::convert::identity));
    }
    ended
}
