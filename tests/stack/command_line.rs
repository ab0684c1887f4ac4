use std::{path::Path, process::Output};

use aegle_stack::folders;
use serde_json::Value;
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use tokio::process::Command;

use crate::stack::Stack;

struct Aegle<'a> {
    stack: &'a Stack,
    owner: &'a Path,
    payer: &'a Path,
}

impl Aegle<'_> {
    async fn output(&self, arguments: &[&str]) -> Output {
        Command::new(folders::sibling("aegle").expect("aegle"))
            .args(arguments)
            .arg("--json")
            .env("AEGLE_RPC_URL", &self.stack.settings.rpc_url)
            .env("AEGLE_API_URL", &self.stack.indexer.api.url)
            .env("AEGLE_KEYPAIR", self.owner)
            .env("AEGLE_PAYER", self.payer)
            .current_dir(&self.stack.folder)
            .output()
            .await
            .expect("aegle")
    }

    async fn run(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    async fn refused(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments).await;
        assert!(!output.status.success(), "{arguments:?} succeeded");
        serde_json::from_slice(&output.stderr).expect("JSON")
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// What a patient does from the command line, with an empty wallet and a sponsor, is what the
/// indexer lists afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_patient_keeps_a_vault_from_the_command_line() {
    let stack = Stack::start(|_| {}).await;
    let (owner, payer) = (stack.folder.join("owner.json"), stack.folder.join("payer.json"));
    write_keypair_file(&Keypair::new(), &owner).expect("owner");
    let sponsor = Keypair::new();
    write_keypair_file(&sponsor, &payer).expect("payer");
    stack.operator.sender.reader().airdrop(&sponsor.pubkey(), 10_000_000_000).await.expect("airdrop");
    let aegle = Aegle { stack: &stack, owner: &owner, payer: &payer };

    let vault = aegle.run(&["vault", "create"]).await;
    let vault = text(&vault, "vault");
    std::fs::write(stack.folder.join("document"), "a letter").expect("document");
    let record = aegle.run(&["record", "mint", "--vault", vault, "--document", "document", "--out", "opening"]).await;
    let record = text(&record, "record");
    let proven = ["verify", "record", record, "--document", "document", "--opening", "opening"];
    aegle.run(&proven).await;
    std::fs::write(stack.folder.join("document"), "another letter").expect("document");
    assert!(!aegle.output(&proven).await.status.success(), "another document proves nothing");

    let grantee = Keypair::new().pubkey().to_string();
    let grant = ["consent", "grant", "--vault", vault, "--grantee", &grantee, "--purpose", "TREAT", "--action", "read"];
    let consent = aegle.run(&[&grant[..], &["--until", "2099-01-01", "--out", "consent"]].concat()).await;
    let consent = text(&consent, "consent").to_owned();
    let revoked = aegle.run(&["consent", "revoke", &consent]).await;
    let again = aegle.refused(&["consent", "revoke", &consent]).await;
    assert!(again.to_string().contains("6030"), "{again}");

    stack.finalized(revoked["slot"].as_u64().expect("slot")).await;
    let records = aegle.run(&["record", "list", "--vault", vault]).await;
    assert_eq!(records["items"][0]["record"], record);
    let consents = aegle.run(&["consent", "list", "--vault", vault]).await;
    assert_eq!(consents["items"][0]["consent"], consent.as_str());
    assert_eq!(consents["items"][0]["reason"], "revoked");
    stack.verify().await;
    stack.stop().await;
}
