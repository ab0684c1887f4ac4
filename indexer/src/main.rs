use std::process::ExitCode;

use aegle_indexer::cli::{self, Cli};
use clap::Parser;
use mimalloc::MiMalloc;

/// An answer makes hundreds of small allocations on many threads; the system's allocator took a tenth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
