//! Mirrors the Aegle program into Postgres and serves it over HTTP.

pub mod api;
