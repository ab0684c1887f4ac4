use std::{env, path::Path, process::Stdio, sync::Arc, time::Duration};

use aegle_client::{PROGRAM_ID, Sender, aegle::InitConfigParams, instruction};
use serde_json::Value;
use solana_client::nonblocking::rpc_client::RpcClient;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// The embedded ledger with the program deployed, for what the relay sends. It ends with this.
pub struct Ledger {
    pub rpc_url: String,
    _process: Child,
}

impl Ledger {
    /// With the program configured. `payer` begins with 100 SOL.
    pub async fn start(payer: &Keypair) -> Self {
        let funded = payer.pubkey();
        let binary = env::var("AEGLE_LOCALNET").expect("path of the embedded ledger; run `make fuzz`");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/deploy/aegle.so");
        let mut process = Command::new(binary)
            .args(["--until-stdin-closes", "--slot-ms", "400"])
            .args(["--program", &format!("{PROGRAM_ID}={}", program.display())])
            .args(["--upgrade-authority", &funded.to_string()])
            .args(["--fund", &format!("{funded}=100000000000")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the embedded ledger");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await.expect("a ledger within a minute");
        let ready: Value = serde_json::from_str(&line.unwrap().unwrap()).unwrap();
        // What it prints later goes nowhere, but must be read.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let rpc_url = ready["rpc_url"].as_str().unwrap().to_owned();

        let node = Arc::new(RpcClient::new(rpc_url.clone()));
        let sender = Sender::new(node, Arc::new(payer.insecure_clone()), CommitmentConfig::confirmed());
        let params = InitConfigParams {
            governance: funded,
            min_recovery_delay: 86_400,
            max_recovery_delay: 86_400,
            record_uri: "https://aegle.example/token/record.json".into(),
        };
        sender.send(&[instruction::init_config(funded, funded, params)], &[]).await.expect("a configured program");
        Self { rpc_url, _process: process }
    }
}
