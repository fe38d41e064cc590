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
use sekimori_flow::{Flow, Letter, Tenant};
use sekimori_pages::demo::{Mails, SentMail};
use sekimori_store::{MailState, MailTold, Message as Waiting, Urgency};
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
            for urgency in [Urgency::Urgent, Urgency::Ordinary] {
                let due = flow.store.outbox_due(tenant.id, flow.clock.now(), urgency, 30, 20);
                for waiting in due.await? {
                    self.deliver_one(flow, &tenant, &waiting).await?;
                }
            }
        }
        Ok(())
    }

    async fn deliver_one(
        &self,
        flow: &Flow,
        tenant: &Tenant,
        waiting: &Waiting,
    ) -> Result<(), Fault> {
        let letter = flow.open_letter(tenant, waiting.id, &waiting.message)?;
        let mail = crate::mail::mail(flow, tenant, &letter).await?;
        let (at, returns_to, told) = match &letter {
            Letter::Notice(notice) => (notice.at, None, None),
            Letter::Code(code) => {
                let at = flow.clock.now();
                let (server, words) = ("demo".to_owned(), "250 kept on the page".to_owned());
                let (person, state) = (code.person, MailState::Accepted);
                let told = MailTold { person, state, at, next_at: None, server, words };
                (code.at, flow.bounce_address(tenant, waiting.id), Some(told))
            }
        };
        self.keep(SentMail {
            to: letter.to().to_string(),
            returns_to: returns_to.map(|address| address.to_string()),
            at,
            subject: mail.subject,
            body: mail.body,
        });
        flow.store.outbox_done(tenant.id, waiting.id, told.as_ref()).await
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
