//! Ingestion: pure decoding, projection and forks over a real Postgres, and the whole pipeline over a
//! ledger that the tests write.

mod blocks;
mod corruption;
mod decoding;
mod forks;
#[cfg(feature = "yellowstone")]
mod geyser;
mod ledger;
mod mirror;
mod pipeline;
mod projection;
mod recording;
mod repairing;
mod story;
mod verifying;
#[cfg(feature = "yellowstone")]
mod yellowstone;
