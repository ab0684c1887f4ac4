//! The HTTP API over a real Postgres with the facts of a made-up ledger.

mod client;
mod document;
mod events;
mod facts;
mod lists;
mod operations;
mod refusals;
mod service;
mod state;
