use std::process::ExitCode;

use aegle_indexer::cli::{self, Cli};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Cli::parse()).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("aegle-indexer: {failure:#}");
            ExitCode::from(2)
        }
    }
}
