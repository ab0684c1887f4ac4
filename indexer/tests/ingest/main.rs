//! Ingestion: pure decoding, projection and forks over a real Postgres, and the whole pipeline over a
//! ledger that the tests write.

mod blocks;
mod decoding;
mod forks;
mod ledger;
mod mirror;
mod pipeline;
mod projection;
mod story;
mod verifying;
