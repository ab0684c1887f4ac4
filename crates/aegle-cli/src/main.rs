use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    aegle_cli::main(std::env::args_os()).await
}
