//! Outgoing mail of the demo: delivered into memory, shown on a page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use http::request::Parts;
use sekimori_base::Fault;
use sekimori_flow::Flow;
use sekimori_pages::demo::{Mails, SentMail};
use sekimori_web::{App, Cx};

/// Where the page is.
pub const PATH: &str = "/demo/mails";
/// Mails that are kept.
const MAILS_MAX: usize = 200;

/// Mails that were sent, newest first.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<VecDeque<SentMail>>>);

impl Sink {
    /// Take what is due from the outbox, for ever.
    pub fn start(&self, flow: Flow) {
        let sink = self.clone();
        tokio::spawn(async move {
            loop {
                if let Err(fault) = sink.deliver(&flow).await {
                    tracing::error!(target: "sekimori", %fault, "the demo's mail could not be delivered");
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }

    async fn deliver(&self, flow: &Flow) -> Result<(), Fault> {
        for tenant in flow.tenants.all() {
            let due = flow.store.outbox_due(tenant.id, flow.clock.now(), 30, 20).await?;
            for waiting in due {
                let message = flow.open_message(&tenant, waiting.id, &waiting.message)?;
                let mail = crate::mail::mail(flow, &tenant, &message).await?;
                let sent = SentMail {
                    to: message.to.to_string(),
                    at: message.at,
                    subject: mail.subject,
                    body: mail.body,
                };
                self.keep(sent);
                flow.store.outbox_done(tenant.id, waiting.id).await?;
            }
        }
        Ok(())
    }

    fn keep(&self, sent: SentMail) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(sent);
        mails.truncate(MAILS_MAX);
    }
}

/// The page's routes.
pub fn routes(app: App, sink: Sink) -> Router {
    Router::new().route(PATH, get(page)).with_state((app, sink))
}

async fn page(State((app, sink)): State<(App, Sink)>, parts: Parts) -> Response {
    let Some(cx) = Cx::new(app, parts) else {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
        return response;
    };
    let mails = sink.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    cx.page(StatusCode::OK, &Mails { mails }.into())
}
