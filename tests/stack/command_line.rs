use std::{path::Path, process::Output};

use aegle_stack::folders;
use serde_json::Value;
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use tokio::process::Command;

use crate::stack::Stack;

#[derive(Clone, Copy)]
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

/// INV-3: two guardians and then all give a stolen vault back, against the thief's veto, with nothing but files
/// and keys that a person has.
#[tokio::test(flavor = "multi_thread")]
async fn guardians_give_a_stolen_vault_back_from_the_command_line() {
    let stack = Stack::start(|_| {}).await;
    let names = ["owner.json", "payer.json", "heir.json", "anna.json", "ben.json", "carla.json", "carer.json"];
    let paths = names.map(|name| stack.folder.join(name));
    let keys = names.map(|_| Keypair::new());
    for (key, path) in keys.iter().zip(&paths) {
        write_keypair_file(key, path).expect("key");
    }
    let [_, sponsor, heir, anna, ben, carla, carer] = keys.each_ref().map(|key| key.pubkey().to_string());
    let [owner, payer, heirs, annas, bens, carlas, carers] = &paths;
    let sponsor = sponsor.parse().expect("address");
    stack.operator.sender.reader().airdrop(&sponsor, 10_000_000_000).await.expect("airdrop");
    let as_owner = Aegle { stack: &stack, owner, payer };
    let by = |owner| Aegle { owner, ..as_owner };

    let vault = as_owner.run(&["vault", "create"]).await;
    let vault = text(&vault, "vault");
    let first = ["guardian", "change", "--vault", vault, "--guardian", &carer, "--threshold", "1", "--delay", "1s"];
    let named = as_owner.run(&first).await;
    assert_eq!((&named["guardians"], &named["due_at"]), (&1.into(), &Value::Null));
    let change = ["guardian", "change", "--vault", vault, "--threshold", "2", "--delay", "7s", "--out", "guardians"];
    let change = [&change[..], &["--guardian", &anna, "--guardian", &ben, "--guardian", &carla]].concat();
    let named = as_owner.run(&change).await;
    assert_eq!((&named["guardians"], &named["pending_guardians"]), (&1.into(), &3.into()));
    assert!(named["due_at"].is_string(), "{named}");
    let again = as_owner.refused(&change).await;
    assert_eq!(again["code"], "file_exists", "secrets are never replaced");

    as_owner.run(&["delegate", "add", "--vault", vault, &carer, "--right", "mint", "--until", "2099-01-01"]).await;
    as_owner.run(&["delegate", "cap", "--vault", vault, "1"]).await;
    std::fs::write(stack.folder.join("document"), "a letter").expect("document");
    let mint = ["record", "mint", "--vault", vault, "--document", "document", "--as-delegate", "--out"];
    let record = by(carers).run(&[&mint[..], &["opening"]].concat()).await;
    let record = text(&record, "record");
    let capped = by(carers).refused(&[&mint[..], &["another"]].concat()).await;
    assert_eq!(capped["code"], "DelegateMintCapReached");
    as_owner.run(&["record", "reissue", record]).await;

    let prepared = by(heirs).run(&["recovery", "prepare", "--vault", vault]).await;
    assert_eq!(prepared["new_owner"], heir);
    let opening = |key: &str| format!("guardians/{key}.json");
    let (annas_file, bens_file, carlas_file) = (opening(&anna), opening(&ben), opening(&carla));
    let new_key = text(&prepared, "new_encryption_key");
    let propose =
        ["recovery", "propose", "--new-owner", &heir, "--new-encryption-key", new_key, "--opening", &annas_file];
    let unconfirmed = by(annas).refused(&propose).await;
    assert_eq!(unconfirmed["code"], "confirmation_needed");
    let proposed = by(annas).run(&[&propose[..], &["--yes"]].concat()).await;
    assert_eq!((&proposed["status"], &proposed["approvals"]), (&"proposed".into(), &1.into()));
    // The change of guardians was due, and came first in the same transaction.
    let shown = as_owner.run(&["guardian", "show", "--vault", vault]).await;
    assert_eq!((&shown["guardians"], &shown["due_at"]), (&3.into(), &Value::Null));
    let applied = as_owner.refused(&["guardian", "apply", "--vault", vault]).await;
    assert_eq!(applied["code"], "NoGuardianChange");
    let recovery = text(&proposed, "recovery");
    let approve = ["recovery", "approve", recovery, "--yes", "--opening"];
    let stranger = by(carers).refused(&[&approve[..], &[&bens_file]].concat()).await;
    assert_eq!(stranger["code"], "GuardianMismatch");
    let approved = by(bens).run(&[&approve[..], &[&bens_file]].concat()).await;
    assert_eq!(approved["status"], "pending");
    // The thief.
    assert_eq!(as_owner.run(&["recovery", "veto", recovery]).await["status"], "vetoed");
    let execute = ["recovery", "execute", recovery, "--yes"];
    assert_eq!(by(heirs).refused(&execute).await["code"], "RecoveryNotPending");
    assert_eq!(by(carlas).run(&[&approve[..], &[&carlas_file]].concat()).await["status"], "pending");
    assert_eq!(as_owner.run(&["vault", "show", vault]).await["pending_recovery"], recovery);

    let executable = async || by(heirs).output(&execute).await;
    let mut executed = executable().await;
    while !executed.status.success() {
        let refused: Value = serde_json::from_slice(&executed.stderr).expect("JSON");
        assert_eq!(refused["code"], "RecoveryNotDue");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        executed = executable().await;
    }
    let executed: Value = serde_json::from_slice(&executed.stdout).expect("JSON");
    assert_eq!(as_owner.refused(&["delegate", "cap", "--vault", vault, "9"]).await["code"], "Unauthorized");
    assert_eq!(as_owner.refused(&["consent", "revoke-all", "--vault", vault, "--yes"]).await["code"], "Unauthorized");
    by(heirs).run(&["record", "reissue", record]).await;

    stack.finalized(executed["slot"].as_u64().expect("slot")).await;
    let recoveries = by(heirs).run(&["recovery", "list", "--vault", vault]).await;
    assert_eq!(recoveries["items"][0]["status"], "executed");
    stack.verify().await;
    stack.stop().await;
}

/// A registrar's attestation is what the command line and the indexer say it is, until the registrar is removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_registrar_attests_and_suspends_from_the_command_line() {
    let stack = Stack::start(|_| {}).await;
    let [governance, payer, board] =
        ["governance.json", "payer.json", "board.json"].map(|name| stack.folder.join(name));
    let (sponsor, key) = (Keypair::new(), Keypair::new());
    write_keypair_file(&stack.upgrade_authority, &governance).expect("governance");
    write_keypair_file(&sponsor, &payer).expect("payer");
    write_keypair_file(&key, &board).expect("board");
    stack.operator.sender.reader().airdrop(&sponsor.pubkey(), 10_000_000_000).await.expect("airdrop");
    let as_governance = Aegle { stack: &stack, owner: &governance, payer: &payer };
    let as_board = Aegle { owner: &board, ..as_governance };
    std::fs::write(stack.folder.join("profile"), "a cardiologist").expect("profile");
    let (key, subject) = (key.pubkey().to_string(), Keypair::new().pubkey().to_string());

    let add = ["registrar", "add", &key, "--kind", "practitioner", "--profile", "profile"];
    assert_eq!(as_board.refused(&add).await["code"], "NotGovernance");
    as_governance.run(&add).await;
    let encryption_key = "9c".repeat(32);
    let issue = ["credential", "issue", "--subject", &subject, "--encryption-key", &encryption_key];
    let issue = [&issue[..], &["--profile", "profile", "--until", "2099-01-01", "--kind"]].concat();
    assert_eq!(as_board.refused(&[&issue[..], &["insurer"]].concat()).await["code"], "CredentialKindNotAllowed");
    let issued = as_board.run(&[&issue[..], &["practitioner"]].concat()).await;
    let credential = text(&issued, "credential");
    let reason = async || as_board.run(&["credential", "show", credential]).await["reason"].clone();
    assert_eq!(reason().await, Value::Null);
    assert_eq!(as_governance.refused(&["credential", "suspend", credential]).await["code"], "NotRegistrar");
    as_board.run(&["credential", "suspend", credential]).await;
    assert_eq!(reason().await, "suspended");
    as_board.run(&["credential", "reinstate", credential]).await;
    assert_eq!(as_board.refused(&["credential", "renew", credential]).await["code"], "nothing_to_renew");
    let renewed = as_board.run(&["credential", "renew", credential, "--until", "2098-01-01", "--emergency"]).await;
    assert_eq!((&renewed["until"], &renewed["emergency"]), (&"2098-01-01".into(), &true.into()));
    let suspended = as_board.run(&["credential", "suspend", credential]).await;

    stack.finalized(suspended["slot"].as_u64().expect("slot")).await;
    let listed = as_board.run(&["credential", "list", "--registrar", &key, "--subject", &subject]).await;
    assert_eq!(listed["items"][0]["reason"], "suspended");
    as_board.run(&["credential", "revoke", credential, "--yes"]).await;
    assert_eq!(reason().await, "revoked");
    let removed = as_governance.run(&["registrar", "remove", &key, "--yes"]).await;
    stack.finalized(removed["slot"].as_u64().expect("slot")).await;
    assert!(as_board.run(&["registrar", "list"]).await["items"][0]["removed"].is_object());
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
