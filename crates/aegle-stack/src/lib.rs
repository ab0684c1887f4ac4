//! Aegle's parts together: a ledger, a Postgres and the indexer, for the demo and the tests.

mod board;
pub mod custodians;
pub mod figure;
pub mod folders;
pub mod indexer;
pub mod ledger;
mod left_over;
mod markers;
pub mod operator;
pub mod postgres;
pub mod practice;
pub mod progress;
pub mod replay;
pub mod story;
mod validator;
pub mod web_app;
