//! The commands of schedule, holds and report.

use std::io::Write;

use aegle_client::Pubkey;
use anyhow::Context;
use clap::Subcommand;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sqlx::PgPool;

use super::{
    hold::{self, HoldRow, NewHold},
    keeper::{self, database_time},
    report::{self, Setting, Stores},
    schedule::Schedule,
};
use crate::{blob::Location, config::Config};

/// Holds listed at most.
const MOST_HOLDS: i64 = 100_000;

#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Prints the schedule in force, as a file that can be changed and named by `retention.schedule`
    Show,
    /// Says how much of each class is over and would be deleted, and of how many contents the patient would be told;
    /// changes nothing
    Due {
        /// As of the end of this day, UTC; by default now
        #[arg(long)]
        at: Option<Date>,
    },
}

#[derive(Debug, Subcommand)]
pub enum HoldCommand {
    /// Keeps what is stored of a vault, also if it is erased, and tells the patient. Nobody can read it by that
    Place {
        /// Address of the patient's vault
        #[arg(long)]
        vault: Pubkey,
        /// Only this record of it; may be repeated. Without, everything, also what comes later
        #[arg(long = "record")]
        records: Vec<Pubkey>,
        /// Who ordered it; the patient reads it
        #[arg(long)]
        authority: String,
        /// Its reference there; the patient reads it
        #[arg(long)]
        reference: String,
    },
    /// Lists holds as JSON, one a line, the newest first
    List {
        /// Also those that were lifted
        #[arg(long)]
        all: bool,
    },
    /// Lifts a hold and tells the patient; what was erased meanwhile is destroyed
    Lift {
        hold: String,
        /// Why; the patient reads it
        #[arg(long)]
        reason: String,
    },
}

/// # Errors
/// What the user should read.
pub async fn run_retention(command: RetentionCommand, config: &Config, pool: &PgPool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match command {
        RetentionCommand::Show => {
            let schedule = Schedule::load(&config.retention).map_err(|error| anyhow::anyhow!("retention.{error}"))?;
            writeln!(out, "{}", serde_json::to_string_pretty(&schedule)?)?;
        }
        RetentionCommand::Due { at } => {
            let at = match at {
                Some(day) => end_of(day).context("the day is out of range")?,
                None => database_time(pool).await?,
            };
            writeln!(out, "{}", serde_json::to_string_pretty(&keeper::due(pool, &config.retention, at).await?)?)?;
        }
    }
    Ok(())
}

fn end_of(day: Date) -> Option<Timestamp> {
    Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// # Errors
/// What the user should read.
pub async fn run_hold(command: HoldCommand, pool: &PgPool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match command {
        HoldCommand::Place { vault, records, authority, reference } => {
            let placed = hold::place(pool, NewHold { vault, records, authority, reference }).await?;
            writeln!(out, "{}", serde_json::to_string(&placed)?)?;
        }
        HoldCommand::List { all } => {
            for row in hold::list(pool, all, MOST_HOLDS).await? {
                writeln!(out, "{}", serde_json::to_string::<HoldRow>(&row)?)?;
            }
        }
        HoldCommand::Lift { hold, reason } => {
            hold::lift(pool, &hold, &reason).await?;
            writeln!(out, "{}", serde_json::json!({ "hold": hold, "lifted": true }))?;
        }
    }
    Ok(())
}

/// # Errors
/// What the user should read.
pub async fn run_report(config: &Config, pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let place = |location: Result<Location, String>| match location {
        Ok(Location::S3(_)) => "an S3-compatible bucket",
        _ => "a folder",
    };
    let stores = Stores {
        database: "Postgres",
        contents: place(config.blob.location()),
        erasure_keys: place(config.erasure.location()),
    };
    let report = report::report(pool, &config.retention, settings(config), stores).await?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{}", report.markdown())?;
    }
    Ok(())
}

/// What ends by a setting, with the period in force.
fn settings(config: &Config) -> Vec<Setting> {
    let seconds = |seconds: u32| format!("{seconds} seconds");
    let sign_in = &config.api.sign_in;
    let of = |data, setting, period| Setting { data, setting, period, rows: None };
    vec![
        of("sessions", "api.sign_in.session_max_seconds", seconds(sign_in.session_max_seconds)),
        of("challenges of sign-in", "api.sign_in.challenge_seconds", seconds(sign_in.challenge_seconds)),
        of("uploads that nothing claimed", "blob.expire_after", seconds(config.blob.expire_after)),
        of("contents that no record claimed", "fixed", "1 day".into()),
        of("transactions that the relay paid for", "fixed", "30 days after they were settled".into()),
        of("subscriptions without an answer", "notify.give_up_days", format!("{} days", config.notify.give_up_days)),
        of("wrapped keys of who lost a permission", "fixed", "until the revocation is final".into()),
        of("shares released in an emergency", "fixed", "until the emergency is over".into()),
    ]
}
