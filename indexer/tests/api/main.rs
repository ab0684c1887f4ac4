//! The HTTP API over a real Postgres with the facts of a made-up ledger.

mod access;
mod blobs;
mod client;
mod credentials;
mod document;
mod events;
mod facts;
mod follow;
mod lists;
mod operations;
mod records;
mod recoveries;
mod refusals;
mod relay;
mod service;
mod sign_in;
mod sse;
mod state;
mod stream;
mod stream_forks;
mod stream_load;
mod timing;
mod uploads;
mod world;
