//! How long what is kept: the operator's schedule, legal holds, and the report of both.
//!
//! The schedule is a document ([`Schedule`]); [`Keeper`] deletes what it says is over, and ends the storage
//! of contents of which the patient was told beforehand. A hold keeps what a schedule or an erasure would
//! destroy. The contract of the tables is at the top of `migrations/20261123000000_retention.sql`.

mod class;
mod command;
mod config;
mod content;
mod hold;
mod keeper;
mod report;
mod rows;
mod schedule;

pub use self::{
    class::{Class, Event},
    command::{HoldCommand, RetentionCommand, run_hold, run_report, run_retention},
    config::{Controller, RetentionConfig},
    hold::{HoldError, HoldRow, NewHold, Placed, lift, list, place},
    keeper::{Keeper, Swept, due},
    report::{Report, Setting, Stores, report},
    schedule::{Period, Rule, Schedule, ScheduleError, Then},
};

#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error("retention.{0}")]
    Schedule(#[from] ScheduleError),
    #[error("a time is out of range")]
    Time,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
