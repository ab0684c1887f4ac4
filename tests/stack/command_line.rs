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

/// A small program that the virtual machine brings: the embedded ledger takes its time for every piece of a large
/// one.
fn other_program() -> Vec<u8> {
    let memo = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr".parse().expect("address");
    litesvm::LiteSVM::new().get_account(&memo).expect("memo program").data
}

/// What runs can be compared with a build, handed to another authority and upgraded by it through the loader;
/// nobody else can, and other code or another authority is told.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_upgrades_the_program_and_anybody_verifies_it() {
    let stack = Stack::start(|_| {}).await;
    let keys = ["upgrade.json", "payer.json", "next.json"].map(|name| stack.folder.join(name));
    let [upgrade, payer, next] = &keys;
    let (sponsor, successor) = (Keypair::new(), Keypair::new());
    write_keypair_file(&stack.upgrade_authority, upgrade).expect("upgrade authority");
    write_keypair_file(&sponsor, payer).expect("payer");
    write_keypair_file(&successor, next).expect("successor");
    stack.operator.sender.reader().airdrop(&sponsor.pubkey(), 100_000_000_000).await.expect("airdrop");
    let aegle = Aegle { stack: &stack, owner: upgrade, payer };
    let (old, new) = (stack.upgrade_authority.pubkey().to_string(), successor.pubkey().to_string());

    let elf = folders::elf();
    let elf = elf.to_str().expect("path");
    std::fs::write(stack.folder.join("other.so"), other_program()).expect("other code");
    let deployed = aegle.run(&["program", "verify", "--elf", elf, "--authority", &old]).await;
    assert_eq!(deployed["sha256"], deployed["file_sha256"]);
    for wrong in [["--elf", "other.so"], ["--authority", &new]] {
        let output = aegle.output(&[&["program", "verify"][..], &wrong].concat()).await;
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
    }

    // A buffer that is another's: who wrote it cannot take it back, and it can be looked at.
    let written = aegle.run(&["program", "write-buffer", "--elf", "other.so", "--authority", &new]).await;
    let buffer = text(&written, "buffer");
    aegle.run(&["program", "verify", "--buffer", buffer, "--elf", "other.so", "--authority", &new]).await;
    aegle.refused(&["program", "close-buffer", buffer]).await;
    let again = aegle.run(&["program", "write-buffer", "--elf", "other.so", "--authority", &new]).await;
    assert_eq!(again["buffer"], buffer);
    let as_next = Aegle { owner: next, ..aegle };
    let closed = as_next.run(&["program", "close-buffer", buffer]).await;
    // INV-12: all the rent, of the account's own 128 bytes, the loader's 37 and the code.
    assert_eq!(closed["lamports"], (128 + 37 + other_program().len()) * 6_960);

    let refused = as_next.refused(&["program", "deploy", "--elf", "other.so"]).await;
    assert_eq!(refused["code"], "not_upgrade_authority");
    aegle.run(&["program", "hand-over", "--to", &new, "--yes"]).await;
    let refused = aegle.refused(&["program", "hand-over", "--to", &old, "--yes"]).await;
    assert_eq!(refused["code"], "transaction_failed", "{refused}");
    let upgraded = as_next.run(&["program", "deploy", "--elf", "other.so"]).await;
    assert_eq!(upgraded["upgraded"], true);
    let after = aegle.run(&["program", "verify", "--elf", "other.so", "--authority", &new]).await;
    assert!(after["slot"].as_u64() > deployed["slot"].as_u64(), "{deployed} {after}");
    stack.verify().await;
    stack.stop().await;
}
