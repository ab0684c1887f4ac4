//! `with-postgres COMMAND…`: runs a command with `DATABASE_URL` set to an empty database of its own.

use std::process::{Command, ExitCode};

use aegle_stack::{folders, postgres::Postgres};
use anyhow::Context;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("usage: with-postgres COMMAND…")?;
    let folder = folders::scratch().join("postgres-test");
    let postgres = Postgres::start(&folder)?;
    eprintln!("Postgres: {}", postgres.which);
    let database = format!("aegle_test_{}", std::process::id());
    let url = postgres.create(&database).await?;
    let mut command = Command::new(&program);
    command.args(arguments).env("DATABASE_URL", url);
    // The command gets a Ctrl-C itself; Postgres stops once the command has.
    let ended = tokio::task::spawn_blocking(move || command.status());
    let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let status = ended.await?.with_context(|| format!("cannot run {}", program.display()))?;
    postgres.remove(&database).await?;
    drop(postgres);
    // What failed tests left there is in memory.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
