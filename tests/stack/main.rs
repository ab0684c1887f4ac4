//! The whole stack: ledger, program, indexer as a process of its own, Postgres, API and command line.

mod agent;
mod care;
mod command_line;
mod crashes;
mod emergency;
mod erasure;
mod lag;
mod leaving;
mod proxy;
mod receipts;
mod relay;
mod stack;
mod takeover;
