//! The HTTP API: what the mirror knows of the chain, with the slot it reflects, and what callers who
//! signed in may do.
//!
//! Handlers hold no SQL (`store`), every answer is read in one transaction (`snapshot`), every refusal
//! is problem details (`error`), and what holds for all requests stands in `layers`.

mod access;
mod adopt;
mod app;
mod bytes;
mod config;
mod cursor;
mod disclosure;
mod document;
mod download;
mod error;
mod event_cursor;
mod extract;
mod layers;
mod limit;
mod links;
mod model;
mod notify;
mod places;
mod protected;
mod relay;
mod routes;
mod server;
mod session;
mod sign_in;
mod snapshot;
mod state;
mod store;
mod stream;
mod time;

pub use access::Engine;
#[doc(hidden)]
pub use access::withdrawn::delete as delete_withdrawn;
pub use adopt::{AdoptError, Adopted, LeftOut, adopt};
pub use app::AppConfig;
pub use config::ApiConfig;
pub use disclosure::{Anchor, Anchored, Checkpoints, LogConfig};
pub use error::{Code, Problem};
pub use notify::{Notifier, NotifyConfig, SmtpConfig};
pub use relay::{RelayConfig, invite};
pub use server::{Stores, openapi, router, serve};
#[doc(hidden)]
pub use server::{router_deciding_by, router_unlogged};
pub use session::end_sessions;
pub use sign_in::SignInConfig;
pub use state::wall_clock;
pub(crate) use store::notice;
