//! `solana-test-validator` from the PATH: one node of the software the clusters run, in a folder of its own
//! that goes with it.

use std::{
    env, fs, io,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use aegle_client::Pubkey;
use anyhow::{Context, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::json;
use solana_client::nonblocking::rpc_client::RpcClient;
use tokio::time::{Instant, sleep};

use crate::left_over;

const BINARY: &str = "solana-test-validator";
/// Ports for what validators tell each other; the default range takes the API's.
const PORTS: &str = "20000-22000";
const LOADER: &str = "BPFLoaderUpgradeab1e11111111111111111111111";
/// The 36 zero bytes of a program's account without a program, in base64, and their rent.
const EMPTY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const PROGRAM_RENT: u64 = 1_141_440;

pub struct Validator {
    child: Child,
    folder: PathBuf,
    rpc_port: u16,
}

impl Validator {
    /// Starts one in `folder`, which must hold nothing else. `rich` has half a billion SOL from the start, and
    /// `program` an account without code: what the program's own key would sign for.
    pub fn start(folder: &Path, rich: &Pubkey, program: &Pubkey) -> anyhow::Result<Self> {
        let binary = find(BINARY).with_context(|| {
            format!(
                "There is no {BINARY} on the PATH. It comes with the Solana CLI \
                 (https://solana.com/docs/intro/installation); without it, `make demo` plays the same on the embedded ledger."
            )
        })?;
        left_over::stop(&folder.join("pid"), folder, Signal::SIGKILL);
        clear(folder)?;
        fs::create_dir_all(folder)?;
        let account = folder.join("program.json");
        fs::write(&account, empty_program(program).to_string())?;
        let (rpc_port, faucet_port) = free_ports()?;
        let log = fs::File::create(folder.join("output"))?;
        let child = Command::new(binary)
            .arg("--ledger")
            .arg(folder.join("ledger"))
            .args(["--quiet", "--dynamic-port-range", PORTS])
            .args(["--rpc-port", &rpc_port.to_string(), "--faucet-port", &faucet_port.to_string()])
            .args(["--mint", &rich.to_string(), "--account", &program.to_string()])
            .arg(&account)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its own group: a Ctrl-C at the terminal is ours to pass on, in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {BINARY}"))?;
        let validator = Self { child, folder: folder.to_path_buf(), rpc_port };
        fs::write(folder.join("pid"), validator.child.id().to_string())?;
        Ok(validator)
    }

    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rpc_port)
    }

    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port + 1)
    }

    /// Waits until it confirms slots.
    pub async fn ready(&mut self, node: &RpcClient, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        while node.get_slot().await.unwrap_or(0) == 0 {
            if let Some(status) = self.child.try_wait()? {
                let said = fs::read_to_string(self.folder.join("output")).unwrap_or_default();
                bail!("{BINARY} ended with {status}: {}", said.trim());
            }
            ensure!(Instant::now() < deadline, "{BINARY} confirms nothing within {} s", within.as_secs());
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        // Its ledger is deleted: there is nothing to end orderly for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = clear(&self.folder);
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// A port with the next one free as well, for the WebSocket, and another for the faucet.
fn free_ports() -> anyhow::Result<(u16, u16)> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        let Some(next) = port.checked_add(1) else { continue };
        if TcpListener::bind(("127.0.0.1", next)).is_err() {
            continue;
        }
        let other = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if other != next {
            return Ok((port, other));
        }
    }
    bail!("no two neighbouring ports are free")
}

/// An account of the loader without a program, as a deployment's first instruction leaves it.
fn empty_program(address: &Pubkey) -> serde_json::Value {
    json!({
        "pubkey": address.to_string(),
        "account": {
            "lamports": PROGRAM_RENT,
            "data": [EMPTY, "base64"],
            "owner": LOADER,
            "executable": false,
            "rentEpoch": u64::MAX,
        },
    })
}
