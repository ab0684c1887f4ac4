//! A whole Solana ledger in one process, for the demo and the tests: JSON-RPC, WebSocket, clocked
//! slots, the real virtual machine. It prints one JSON line with its addresses when it is ready and
//! ends when told to, or when its standard input closes, so that nothing outlives its parent.

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::json;
use solana_rpc_client_api::request::RpcRequest;
use surfpool_sdk::{BlockProductionMode, Pubkey, RpcClient, Surfnet};
use tokio::io::AsyncReadExt;

/// Bytes of a program written by one request; hex doubles them, below the node's request limit.
const CHUNK: usize = 1 << 20;

#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// Milliseconds a slot lasts
    #[arg(long, default_value_t = 400)]
    slot_ms: u64,
    /// Program to deploy: its address and ELF file, joined by '='
    #[arg(long, value_name = "ADDRESS=FILE", value_parser = pair::<PathBuf>)]
    program: Option<(Pubkey, PathBuf)>,
    /// Upgrade authority of the deployed program
    #[arg(long, requires = "program")]
    upgrade_authority: Option<Pubkey>,
    /// Lamports to give to an address, joined by '='; may be repeated
    #[arg(long, value_name = "ADDRESS=LAMPORTS", value_parser = pair::<u64>)]
    fund: Vec<(Pubkey, u64)>,
    /// Time the clock starts at, in seconds since the Unix epoch, later than now
    #[arg(long)]
    clock: Option<u64>,
    /// Ends when standard input closes
    #[arg(long)]
    until_stdin_closes: bool,
}

fn pair<T: FromStr>(text: &str) -> Result<(Pubkey, T), String> {
    let (address, value) = text.split_once('=').ok_or("expected ADDRESS=VALUE")?;
    let address = address.parse().map_err(|_| format!("{address} is not an address"))?;
    Ok((address, value.parse().map_err(|_| format!("{value} is not a valid value"))?))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let elf = match &options.program {
        Some((_, path)) => Some(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    let mut surfnet = Surfnet::builder()
        .offline(true)
        .block_production_mode(BlockProductionMode::Clock)
        .slot_time_ms(options.slot_ms)
        .start()
        .await
        .context("the ledger did not start")?;

    let cheatcodes = surfnet.cheatcodes();
    if let Some(clock) = options.clock {
        cheatcodes.time_travel_to_timestamp(clock * 1_000).context("the clock cannot be set to that time")?;
    }
    for (address, lamports) in &options.fund {
        cheatcodes.fund_sol(address, *lamports).with_context(|| format!("cannot fund {address}"))?;
    }
    if let (Some((program, _)), Some(elf)) = (&options.program, &elf) {
        // The client blocks and brings its own runtime.
        tokio::task::block_in_place(|| deploy(&surfnet.rpc_client(), program, options.upgrade_authority, elf))?;
    }
    println!("{}", json!({ "rpc_url": surfnet.rpc_url(), "ws_url": surfnet.ws_url() }));

    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = stdin_closed(), if options.until_stdin_closes => {}
    }
    surfnet.stop().context("the ledger did not stop cleanly")?;
    Ok(())
}

/// Writes the program and its upgrade authority the way the loader would have.
fn deploy(node: &RpcClient, program: &Pubkey, authority: Option<Pubkey>, elf: &[u8]) -> anyhow::Result<()> {
    ensure!(elf.starts_with(b"\x7fELF"), "the program is not an ELF file");
    let authority = authority.map(|key| key.to_string());
    for (index, chunk) in elf.chunks(CHUNK).enumerate() {
        let params = json!([program.to_string(), hex::encode(chunk), index * CHUNK, authority]);
        let request = RpcRequest::Custom { method: "surfnet_writeProgram" };
        node.send::<serde_json::Value>(request, params).context("the ledger did not take the program")?;
    }
    Ok(())
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0; 64];
    while !matches!(stdin.read(&mut buffer).await, Ok(0) | Err(_)) {}
}
