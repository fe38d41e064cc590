//! HTTP: parse, call `flow`, answer. Nothing is decided here; the whole URL table is [`routes::router`].

mod answer;
mod app;
mod authority;
pub mod certificate_host;
mod check;
pub mod cookies;
mod csp_report;
mod cx;
mod desk;
pub mod headers;
mod language;
mod login;
mod oidc;
mod origin;
mod peer;
mod portal;
mod presented;
mod query;
pub mod routes;
mod show;

pub use app::{App, DemoView};
pub use cx::Cx;
pub use language::loopback_language;
pub use peer::Peer;
pub use presented::{Presented, PresentedHost};
pub use routes::{router, router_with};
