//! Mirrors the Aegle program into Postgres and serves it over HTTP.

pub mod agent;
pub mod api;
pub mod backup;
pub mod blob;
pub mod cli;
pub mod config;
pub mod db;
pub mod decode;
pub mod erasure;
pub mod ingest;
pub mod leader;
pub mod project;
pub mod repair;
pub mod retention;
pub mod retry;
pub mod source;
pub mod telemetry;
pub mod verify;
