//! The HTTP API: what the mirror knows of the chain, with the slot it reflects.

mod config;
mod server;

pub use config::ApiConfig;
pub use server::{openapi, router, serve};
