//! The web app: its files, the headers they go out with, and what a page is told about this server.
//!
//! Its files need no session and no database, and count against no limit: one page is dozens of them.

mod config;
mod files;
mod headers;
mod serve;

pub use config::AppConfig;
pub use serve::{App, serve};
