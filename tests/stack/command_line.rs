use std::{ffi::OsStr, path::Path, process::Output};

use aegle_stack::folders;
use serde_json::Value;
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use tokio::process::Command;

use crate::{proxy::Proxy, stack::Stack};

#[derive(Clone, Copy)]
struct Aegle<'a> {
    stack: &'a Stack,
    owner: &'a Path,
    /// None for the operator's relay.
    payer: Option<&'a Path>,
}

impl Aegle<'_> {
    async fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.expect("aegle")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(folders::sibling("aegle").expect("aegle"));
        command
            .args(arguments)
            .arg("--json")
            .env("AEGLE_RPC_URL", &self.stack.settings.rpc_url)
            .env("AEGLE_API_URL", &self.stack.indexer.api.url)
            .env("AEGLE_KEYPAIR", self.owner)
            .envs([self.payer.map_or(("AEGLE_RELAY", OsStr::new("true")), |payer| ("AEGLE_PAYER", payer.as_os_str()))])
            .current_dir(&self.stack.folder);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Value {
        succeeded(arguments, &self.output(arguments).await)
    }

    /// Runs through connections to the server that break.
    async fn run_through(&self, proxy: &Proxy, arguments: &[&str]) -> Value {
        let site = self.stack.indexer.api.url.as_str();
        let mut command = self.command(arguments);
        let output = command.env("AEGLE_API_URL", &proxy.url).env("AEGLE_SITE", site).output().await.expect("aegle");
        succeeded(arguments, &output)
    }

    async fn refused(&self, arguments: &[&str]) -> Value {
        let output = self.output(arguments).await;
        assert!(!output.status.success(), "{arguments:?} succeeded");
        serde_json::from_slice(&output.stderr).expect("JSON")
    }
}

fn succeeded(arguments: &[&str], output: &Output) -> Value {
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// The entries of a patient's log.
fn entries(listed: &Value) -> impl Iterator<Item = &Value> {
    listed["items"].as_array().unwrap_or_else(|| panic!("no items in {listed}")).iter().map(|item| &item["entry"])
}

/// Where what a command sent is.
fn slot(sent: &Value) -> u64 {
    sent["slot"].as_u64().filter(|slot| *slot > 0).unwrap_or_else(|| panic!("no slot in {sent}"))
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
    let aegle = Aegle { stack: &stack, owner: &owner, payer: Some(&payer) };

    let unpaid = Aegle { payer: None, ..aegle }.refused(&["vault", "create"]).await;
    assert_eq!(unpaid["code"], "relay_off", "this server pays for nobody");
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

    stack.finalized(slot(&revoked)).await;
    let records = aegle.run(&["record", "list", "--vault", vault]).await;
    assert_eq!(records["items"][0]["record"], record);
    let erased = aegle.run(&["record", "erase", record, "--yes"]).await;
    assert_eq!(erased["server"], "nothing_kept", "the document was never there");
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
    let as_owner = Aegle { stack: &stack, owner, payer: Some(payer) };
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
    // Until the change of guardians is due, those before it are the guardians.
    let propose = [&propose[..], &["--yes"]].concat();
    let mut proposed = by(annas).output(&propose).await;
    while !proposed.status.success() {
        let refused: Value = serde_json::from_slice(&proposed.stderr).expect("JSON");
        assert_eq!(refused["code"], "GuardianMismatch");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        proposed = by(annas).output(&propose).await;
    }
    let proposed: Value = serde_json::from_slice(&proposed.stdout).expect("JSON");
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

    stack.finalized(slot(&executed)).await;
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
    let as_governance = Aegle { stack: &stack, owner: &governance, payer: Some(&payer) };
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

    stack.finalized(slot(&suspended)).await;
    let listed = as_board.run(&["credential", "list", "--registrar", &key, "--subject", &subject]).await;
    assert_eq!(listed["items"][0]["reason"], "suspended");
    as_board.run(&["credential", "revoke", credential, "--yes"]).await;
    assert_eq!(reason().await, "revoked");
    let removed = as_governance.run(&["registrar", "remove", &key, "--yes"]).await;
    stack.finalized(slot(&removed)).await;
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
    let aegle = Aegle { stack: &stack, owner: upgrade, payer: Some(payer) };
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

/// INV-1, INV-2: what a patient and a doctor do from the command line with contents, from the first key to the
/// refusal after revoking.
#[tokio::test(flavor = "multi_thread")]
async fn contents_are_added_shared_and_withheld_from_the_command_line() {
    let stack = Stack::start(|_| {}).await;
    let names =
        ["owner.json", "payer.json", "doctor.json", "board.json", "clinic.json", "sister.json", "governance.json"];
    let [owner, payer, doctors, boards, clinics, sisters, governance] = names.map(|name| stack.folder.join(name));
    let (sponsor, doctor, board, clinic, sister) =
        (Keypair::new(), Keypair::new(), Keypair::new(), Keypair::new(), Keypair::new());
    for (key, path) in [
        (&Keypair::new(), &owner),
        (&sponsor, &payer),
        (&doctor, &doctors),
        (&board, &boards),
        (&clinic, &clinics),
        (&sister, &sisters),
    ] {
        write_keypair_file(key, path).expect("key");
    }
    write_keypair_file(&stack.upgrade_authority, &governance).expect("governance");
    stack.operator.sender.reader().airdrop(&sponsor.pubkey(), 10_000_000_000).await.expect("airdrop");
    let aegle = Aegle { stack: &stack, owner: &owner, payer: Some(&payer) };
    let as_doctor = Aegle { owner: &doctors, ..aegle };
    let as_clinic = Aegle { owner: &clinics, ..aegle };
    let as_sister = Aegle { owner: &sisters, ..aegle };
    let write = |name: &str, text: &str| std::fs::write(stack.folder.join(name), text).expect("file");
    let read = |name: &str| std::fs::read_to_string(stack.folder.join(name)).expect("file");

    // A doctor and a clinic whom a board attests, and a sister whom nobody does.
    write("profile", "a cardiologist");
    let add = ["registrar", "add", &board.pubkey().to_string(), "--kind", "practitioner,organization"];
    Aegle { owner: &governance, ..aegle }.run(&[&add[..], &["--profile", "profile"]].concat()).await;
    let key = as_doctor.run(&["key", "encryption", "--out", "doctor-key"]).await;
    let clinics_key = as_clinic.run(&["key", "encryption", "--out", "clinic-key"]).await;
    let sisters_key = as_sister.run(&["key", "encryption", "--out", "sister-key"]).await;
    let (grantee, clinic, sister) =
        (doctor.pubkey().to_string(), clinic.pubkey().to_string(), sister.pubkey().to_string());
    let issue = async |subject: &str, kind: &str, key: &Value| {
        let key = text(key, "encryption_key");
        let issue = ["credential", "issue", "--subject", subject, "--kind", kind, "--profile", "profile"];
        let issue = [&issue[..], &["--until", "2099-01-01", "--encryption-key", key]].concat();
        Aegle { owner: &boards, ..aegle }.run(&issue).await
    };
    issue(&clinic, "organization", &clinics_key).await;
    let credential = issue(&grantee, "practitioner", &key).await;
    let credential = text(&credential, "credential");

    // A vault that the code opens as well as the wallet.
    let created = aegle.run(&["keyring", "create", "--out", "code"]).await;
    let vault = text(&created, "vault");
    assert!(!created.to_string().contains(read("code").trim()), "the code is on paper alone");
    aegle.run(&["keyring", "unlock", "--vault", vault]).await;
    aegle.run(&["keyring", "unlock", "--vault", vault, "--code-file", "code"]).await;
    write("typo", "0000-0000");
    let refused = aegle.refused(&["keyring", "unlock", "--vault", vault, "--code-file", "typo"]).await;
    assert_eq!(refused["code"], "bad_recovery_code");

    // Records: a signed one, a sensitive one, and a folder of FHIR, which adds nothing the second time.
    write("letter.txt", "marker of the letter");
    let signed = ["--issuer", "doctor.json", "--credential", credential];
    let add = ["record", "add", "letter.txt", "--vault", vault, "--category", "laboratory", "--title", "Letter"];
    let letter = aegle.run(&[&add[..], &signed[..]].concat()).await;
    let letter = text(&letter, "record").to_owned();
    let add = ["record", "add", "letter.txt", "--vault", vault, "--category", "laboratory", "--sensitivity", "PSY"];
    let sensitive = aegle.run(&add).await;
    let fhir = stack.folder.join("fhir");
    std::fs::create_dir(&fhir).expect("folder");
    let patient = r#"{"resourceType":"Patient","id":"p","name":[{"family":"Day"}]}"#;
    let observation = |number: u32| {
        format!(
            r#"{{"resourceType":"Observation","id":"o{number}","status":"final","subject":{{"reference":"Patient/p"}},"code":{{"text":"Potassium"}},"effectiveDateTime":"2030-01-0{number}"}}"#
        )
    };
    let lines: Vec<String> = std::iter::once(patient.to_owned()).chain((1..=4).map(observation)).collect();
    write("fhir/export.ndjson", &lines.join("\n"));
    let import = ["import", "fhir", "--vault", vault];
    let planned = aegle.run(&[&import[..], &["--dry-run"]].concat()).await;
    let expected = planned["items"].as_array().map(Vec::len).expect("records");
    assert!(expected > 3, "{planned}");
    let imported = aegle.run(&import).await;
    assert_eq!((&imported["added"], &imported["known"]), (&expected.into(), &0.into()), "{imported}");
    let again = aegle.run(&import).await;
    assert_eq!((&again["added"], &again["known"]), (&0.into(), &expected.into()), "{again}");
    stack.finalized(stack.operator.sender.rpc().get_slot().await.expect("slot")).await;
    let held = aegle.run(&["record", "held", "--vault", vault]).await;
    assert_eq!(held["items"].as_array().map(Vec::len), Some(expected + 2));

    // Allowed: laboratory alone, and nothing sensitive.
    let list = ["patient", "list", "--purpose", "TREAT"];
    assert_eq!(as_doctor.run(&list).await["items"].as_array().map(Vec::len), Some(0));
    let what = ["--base", "normal", "--purpose", "TREAT", "--vault", vault];
    let shown = aegle.run(&[&["consent", "preview"], &what[..]].concat()).await;
    assert_eq!(shown["withheld"], 1, "{shown}");
    let grant = [&["consent", "grant", "--grantee", &grantee, "--until", "2099-01-01"], &what[..]].concat();
    assert_eq!(aegle.refused(&grant).await["code"], "confirmation_needed");
    let granted = aegle.run(&[&grant[..], &["--yes"]].concat()).await;
    assert_eq!((&granted["withheld"], &granted["keys_encrypted"]), (&1.into(), &(expected + 1).into()));
    stack.finalized(slot(&granted)).await;
    assert_eq!(as_doctor.run(&list).await["items"][0]["patient"], vault);
    let open = ["--purpose", "TREAT", "--encryption-key-file", "doctor-key"];
    let opened = as_doctor.run(&[&["record", "open", &letter, "--out", "seen"], &open[..]].concat()).await;
    assert_eq!((&opened["issuer_verified"], &opened["issuer"]), (&true.into(), &grantee.as_str().into()));
    assert_eq!(read("seen"), "marker of the letter");
    let other = ["record", "open", text(&sensitive, "record"), "--out", "no", "--purpose", "TREAT"];
    assert_eq!(as_doctor.refused(&other).await["code"], "not_permitted");
    assert!(!stack.folder.join("no").exists() && !stack.folder.join("no.part").exists());
    let explained = aegle.run(&["explain", "--vault", vault, "--grantee", &grantee]).await;
    assert_eq!((&explained["seen"], &explained["withheld"]), (&(expected + 1).into(), &1.into()));

    // Who looked is in the patient's log, which is whole, and so is the operator's.
    let looked = aegle.run(&["disclosure", "list", "--vault", vault]).await;
    let by_doctor: Vec<_> = entries(&looked).filter(|entry| entry["caller"]["key"] == *grantee).collect();
    assert!(by_doctor.iter().any(|entry| entry["operation"] == "read_content"), "{looked}");
    let refused = aegle.run(&["disclosure", "list", "--vault", vault, "--refused"]).await;
    let refused: Vec<_> = entries(&refused).collect();
    assert_eq!((&refused[0]["record"], &refused[0]["outcome"]["rule"]), (&sensitive["record"], &"sensitivity".into()));
    let log = aegle.run(&["log", "verify", "--log", text(&looked, "log")]).await;
    assert!(log["entries"].as_u64() >= looked["log_entries"].as_u64(), "{log}");
    let other = aegle.output(&["log", "verify", "--log", "another.example+00000000+AAAA"]).await;
    assert_eq!(other.status.code(), Some(1), "another key than the log's");

    // A clinic reads through a doctor of its own who signs in, too; a sister by the key that she was asked for.
    let grant = ["consent", "grant", "--grantee", &clinic, "--until", "2099-01-01", "--yes"];
    aegle.run(&[&grant[..], &what[..]].concat()).await;
    let grant = ["consent", "grant", "--vault", vault, "--grantee", &sister, "--purpose", "FAMRQT", "--base", "normal"];
    let grant = [&grant[..], &["--until", "2099-01-01", "--yes"]].concat();
    assert_eq!(aegle.refused(&grant).await["code"], "no_attested_key");
    let named = ["--encryption-key", text(&sisters_key, "encryption_key")];
    let allowed = aegle.run(&[&grant[..], &named[..]].concat()).await;
    stack.finalized(slot(&allowed)).await;
    let reading = ["record", "open", &letter, "--purpose", "TREAT", "--encryption-key-file", "clinic-key", "--out"];
    assert_eq!(as_clinic.refused(&[&reading[..], &["clinics"]].concat()).await["code"], "not_permitted");
    let acting = |name: &'static str| ["--practitioner", name];
    let unqualified = as_clinic.refused(&[&reading[..], &["clinics"], &acting("sister.json")[..]].concat()).await;
    assert_eq!(unqualified["code"], "not_permitted");
    as_clinic.run(&[&reading[..], &["clinics"], &acting("doctor.json")[..]].concat()).await;
    assert_eq!(read("clinics"), "marker of the letter");
    let elsewhere = as_doctor.refused(&["session", "list", "--site", "https://elsewhere.example"]).await;
    assert_eq!(elsewhere["code"], "wrong_site", "nothing is signed for another page");

    // A question, and a result by mail.
    as_doctor.run(&["request", "send", "--vault", vault, "--purpose", "TREAT", "--message", "On Friday?"]).await;
    let asked = aegle.run(&["request", "list", "--vault", vault]).await;
    assert_eq!(asked["items"][0]["message"], "On Friday?");
    aegle.run(&["request", "withdraw", text(&asked["items"][0], "request"), "--vault", vault]).await;
    let ask = ["request", "send", "--vault", vault, "--purpose", "TREAT", "--practitioner", "doctor.json"];
    as_clinic.run(&ask).await;
    let asked = aegle.run(&["request", "list", "--vault", vault]).await;
    let both = |item: &Value, whose: &str| (item[whose].clone(), item["practitioner"].clone());
    let recorded = (Value::from(clinic.as_str()), Value::from(grantee.as_str()));
    assert_eq!(both(&asked["items"][0], "requester"), recorded, "who asks, and who acts for them");
    write("result.txt", "marker of the result");
    let post = ["mailbox", "post", "result.txt", "--vault", vault, "--category", "laboratory"];
    let posted = as_doctor.run(&[&post[..], &signed[..]].concat()).await;
    let item = text(&posted, "item");
    let opened = aegle.run(&["mailbox", "open", item, "--vault", vault, "--out", "result"]).await;
    assert_eq!((read("result").as_str(), &opened["issuer_verified"]), ("marker of the result", &true.into()));
    let accepted = aegle.run(&["mailbox", "accept", item, "--vault", vault]).await;
    assert!(accepted["record"].is_string(), "{accepted}");
    as_clinic.run(&[&post[..], &acting("doctor.json")[..]].concat()).await;
    let waiting = aegle.run(&["mailbox", "list", "--vault", vault]).await;
    assert_eq!(both(&waiting["items"][0], "sender"), recorded, "who sends, and who acts for them");
    aegle.run(&["mailbox", "discard", text(&waiting["items"][0], "item"), "--vault", vault, "--yes"]).await;

    // A new key and code; what was granted goes on, what was lost with the paper is worth nothing.
    let rotated = aegle.run(&["keyring", "rotate", "--vault", vault, "--out", "new-code"]).await;
    assert_eq!(rotated["keys_encrypted"], expected + 3, "{rotated}");
    let refused = aegle.refused(&["keyring", "unlock", "--vault", vault, "--code-file", "code"]).await;
    assert_eq!(refused["code"], "keyring");
    let opened = aegle.run(&["record", "open", &letter, "--out", "copy", "--code-file", "new-code"]).await;
    assert_eq!((read("copy").as_str(), &opened["title"]), ("marker of the letter", &"Letter".into()));
    stack.finalized(slot(&rotated)).await;
    let wrapped = aegle.run(&["wrap", "--vault", vault]).await;
    assert_eq!(
        (&wrapped["encrypted"], &wrapped["unproven"]),
        (&3.into(), &serde_json::json!([])),
        "the result, for the doctor, the clinic and the sister"
    );
    let result = text(&accepted, "record");
    let reading = ["record", "open", result, "--purpose", "FAMRQT", "--encryption-key-file", "sister-key"];
    as_sister.run(&[&reading[..], &["--out", "sisters"]].concat()).await;
    assert_eq!(read("sisters"), "marker of the result");

    // A next version, over connections that break again and again: both ways go on where they were.
    let scan: Vec<u8> = (0..1_000_000_u32).map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    std::fs::write(stack.folder.join("scan.pdf"), &scan).expect("scan");
    let proxy = Proxy::start(&stack.indexer.api.url, 300_000).await;
    let amend = ["record", "add", "scan.pdf", "--vault", vault, "--category", "laboratory", "--amends", &letter];
    let amended = aegle.run_through(&proxy, &amend).await;
    assert_eq!(amended["previous"], letter.as_str());
    assert!(proxy.broken() >= 3, "the upload was cut");
    stack.finalized(slot(&amended)).await;
    let reading = ["record", "open", text(&amended, "record"), "--out", "scan"];
    aegle.run_through(&proxy, &reading).await;
    assert!(proxy.broken() >= 3, "the download was cut");
    assert_eq!(std::fs::read(stack.folder.join("scan")).expect("scan"), scan);
    let versions = aegle.run(&["record", "show", &letter]).await;
    assert_eq!(versions["status"], "amended");

    // And no longer.
    let revoked = aegle.run(&["consent", "revoke", text(&granted, "consent")]).await;
    stack.confirmed(slot(&revoked)).await;
    let refused = as_doctor.refused(&[&["record", "open", &letter, "--out", "no"], &open[..]].concat()).await;
    assert_eq!(refused["code"], "not_permitted");

    // Nor for anybody, ever; what a legal hold is about stays stored, as the patient sees.
    let operator = async |arguments: &[&str]| -> Value {
        let output = stack.settings.output(arguments).await.expect("aegle-indexer");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let placed = operator(&[
        "hold",
        "place",
        "--vault",
        vault,
        "--record",
        &letter,
        "--authority",
        "A court",
        "--reference",
        "7",
    ])
    .await;
    assert_eq!(placed["contents"], 1);
    let held = aegle.run(&["record", "erase", &letter, "--yes"]).await;
    assert_eq!((text(&held, "server"), &held["destroyed_at"]), ("held", &Value::Null), "{held}");
    assert_eq!(aegle.refused(&["record", "open", &letter, "--out", "no"]).await["code"], "not_permitted");
    let storage = aegle.run(&["storage", "--vault", vault]).await;
    assert_eq!((&storage["items"][0]["hold"], &storage["items"][0]["authority"]), (&placed["hold"], &"A court".into()));
    operator(&["hold", "lift", text(&placed, "hold"), "--reason", "over"]).await;

    // Once it is lifted, that is destroyed; asked again, it says what was.
    let erased = aegle.run(&["record", "erase", &letter]).await;
    assert_eq!((text(&erased, "server"), erased["wrapped_keys"].as_u64() > Some(0)), ("destroyed", true), "{erased}");
    let again = aegle.run(&["record", "erase", &letter]).await;
    assert_eq!(again["destroyed_at"], erased["destroyed_at"]);
    let refused = aegle.refused(&["record", "open", &letter, "--out", "no"]).await;
    assert_eq!(refused["code"], "not_permitted");
    assert_eq!(
        aegle.run(&["session", "list"]).await["items"].as_array().map(Vec::len),
        Some(0),
        "each command signs out"
    );
    aegle.run(&["session", "end"]).await;
    stack.stop().await;
}

/// INV-12: a patient, a delegate, guardians and a new owner, none of whom has a lamport, do everything, and the
/// operator pays for it until its limit. What it refuses is said with what to do, and leaves nothing behind.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_pays_for_people_with_empty_wallets() {
    let relay = Keypair::new();
    let stack = Stack::start(|settings| {
        let path = settings.log.with_file_name("relay.json");
        write_keypair_file(&relay, &path).expect("key");
        settings.environment.push(("AEGLE_API__RELAY__KEYPAIR".into(), path.display().to_string()));
        // Those that the owner sends below.
        settings.environment.push(("AEGLE_API__RELAY__WALLET_TRANSACTIONS_PER_DAY".into(), "9".into()));
    })
    .await;
    stack.operator.sender.reader().airdrop(&relay.pubkey(), 10_000_000_000).await.expect("airdrop");
    let names = ["owner.json", "carer.json", "anna.json", "ben.json", "heir.json", "grantee.json"];
    let paths = names.map(|name| stack.folder.join(name));
    let keys = names.map(|_| Keypair::new());
    for (key, path) in keys.iter().zip(&paths) {
        write_keypair_file(key, path).expect("key");
    }
    let [_, carer, anna, ben, heir, grantee] = keys.each_ref().map(|key| key.pubkey().to_string());
    let [owner, carers, annas, bens, heirs, grantees] = &paths;
    let aegle = Aegle { stack: &stack, owner, payer: None };
    let by = |owner| Aegle { owner, ..aegle };

    let poor = Aegle { payer: Some(owner), ..aegle }.refused(&["vault", "create", "--out", "key"]).await;
    assert_eq!(poor["code"], "payer_empty");
    let create = ["vault", "create", "--out", "key"];
    let uninvited = aegle.refused(&create).await;
    assert_eq!(uninvited["code"], "invitation_needed");
    assert!(text(&uninvited, "advice").contains("--invitation"), "{uninvited}");
    assert!(!stack.folder.join("key").exists(), "nothing was created, nothing is left");
    let governance = aegle.output(&["config", "pause"]).await;
    assert_eq!(governance.status.code(), Some(2), "governance pays for itself");
    let invited = stack.settings.output(&["invite"]).await.expect("invitation");
    std::fs::write(stack.folder.join("invitation"), invited.stdout).expect("invitation");
    let created = aegle.run(&[&create[..], &["--invitation", "invitation"]].concat()).await;
    let vault = text(&created, "vault");
    stack.confirmed(slot(&created)).await;
    let annas_key = by(annas).run(&["key", "encryption", "--out", "anna-key"]).await;
    let bens_key = by(bens).run(&["key", "encryption", "--out", "ben-key"]).await;
    let guardian = |who: &str, key: &Value| format!("{who}={}", text(key, "encryption_key"));
    let (first, second) = (guardian(&anna, &annas_key), guardian(&ben, &bens_key));
    let create = ["keyring", "create", "--vault", vault, "--out", "code", "--threshold", "2"];
    aegle.run(&[&create[..], &["--guardian", &first, "--guardian", &second]].concat()).await;

    std::fs::write(stack.folder.join("letter.txt"), "marker of the letter").expect("letter");
    let add = ["record", "add", "letter.txt", "--vault", vault, "--category", "laboratory"];
    let added = aegle.run(&add).await;
    stack.finalized(slot(&added)).await;
    aegle.run(&["record", "open", text(&added, "record"), "--out", "copy"]).await;
    assert_eq!(std::fs::read_to_string(stack.folder.join("copy")).expect("copy"), "marker of the letter");

    let grant = ["consent", "grant", "--vault", vault, "--grantee", &grantee, "--purpose", "TREAT"];
    let granted = aegle.run(&[&grant[..], &["--until", "2099-01-01", "--out", "opening"]].concat()).await;
    let consent = text(&granted, "consent");
    let check = ["consent", "check", consent, "--opening", "opening", "--purpose", "TREAT"];
    assert_eq!(by(grantees).run(&check).await["permit"], true);
    aegle.run(&["consent", "revoke", consent]).await;
    let again = aegle.refused(&["consent", "revoke", consent]).await;
    assert_eq!(again["number"], 6030, "the program's refusal reads the same, whoever pays: {again}");

    aegle.run(&["delegate", "add", "--vault", vault, &carer, "--right", "mint", "--until", "2099-01-01"]).await;
    let mint = ["record", "mint", "--vault", vault, "--document", "letter.txt", "--as-delegate", "--out", "minted"];
    let minted = by(carers).run(&mint).await;
    let record = text(&minted, "record");
    aegle.run(&["delegate", "remove", "--vault", vault, &carer]).await;
    let change = ["guardian", "change", "--vault", vault, "--threshold", "2", "--delay", "1s", "--out", "guardians"];
    aegle.run(&[&change[..], &["--guardian", &anna, "--guardian", &ben]].concat()).await;

    aegle.run(&["record", "reissue", record]).await;
    let limit = aegle.refused(&["consent", "revoke-all", "--vault", vault, "--yes"]).await;
    assert_eq!(limit["code"], "relay_limit");
    assert!(text(&limit, "advice").contains("midnight"), "{limit}");

    let prepared = by(heirs).run(&["keyring", "prepare", "--vault", vault, "--out", "prepared"]).await;
    let new_key = text(&prepared, "new_encryption_key");
    let (annas_file, bens_file) = (format!("guardians/{anna}.json"), format!("guardians/{ben}.json"));
    let propose = ["recovery", "propose", "--yes", "--opening", &annas_file, "--new-owner", &heir];
    let proposed = by(annas).run(&[&propose[..], &["--new-encryption-key", new_key]].concat()).await;
    let recovery = text(&proposed, "recovery");
    by(bens).run(&["recovery", "approve", recovery, "--yes", "--opening", &bens_file]).await;
    let execute = ["recovery", "execute", recovery, "--yes"];
    let mut executed = by(heirs).output(&execute).await;
    while !executed.status.success() {
        let refused: Value = serde_json::from_slice(&executed.stderr).expect("JSON");
        assert_eq!(refused["code"], "RecoveryNotDue");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        executed = by(heirs).output(&execute).await;
    }
    let executed: Value = serde_json::from_slice(&executed.stdout).expect("JSON");
    stack.finalized(slot(&executed)).await;
    let kept = by(annas).run(&["keyring", "shares"]).await;
    assert_eq!((&kept["items"][0]["vault"], &kept["items"][1]), (&vault.into(), &Value::Null));
    let hand_over = ["keyring", "shares", "--hand-over", recovery, "--encryption-key-file"];
    by(annas).run(&[&hand_over[..], &["anna-key"]].concat()).await;
    let take_over = ["keyring", "take-over", "--prepared", "prepared", "--out", "new-code"];
    assert_eq!(by(heirs).refused(&take_over).await["code"], "keyring", "one share of two");
    assert!(!stack.folder.join("new-code").exists());
    assert_eq!(by(bens).refused(&[&hand_over[..], &["anna-key"]].concat()).await["code"], "keyring", "another's key");
    by(bens).run(&[&hand_over[..], &["ben-key"]].concat()).await;
    let taken = by(heirs).run(&take_over).await;
    assert_eq!((&taken["keys_encrypted"], &taken["unreadable"]), (&1.into(), &0.into()), "{taken}");
    let letter = ["record", "open", text(&added, "record"), "--code-file", "new-code", "--out", "heirs"];
    by(heirs).run(&letter).await;
    assert_eq!(std::fs::read_to_string(stack.folder.join("heirs")).expect("copy"), "marker of the letter");

    by(heirs).run(&["consent", "revoke-all", "--vault", vault, "--yes"]).await;
    by(heirs).run(&["record", "reissue", record]).await;
    let cap = ["delegate", "cap", "--vault", vault, "9", "--commitment", "finalized"];
    let capped = by(heirs).run(&cap).await;
    let signature = text(&capped, "signature").parse().expect("signature");
    let status = stack.operator.sender.rpc().get_signature_statuses(&[signature]).await.expect("status").value;
    let status = status.into_iter().next().flatten().expect("status").confirmation_status;
    assert_eq!(format!("{status:?}"), "Some(Finalized)", "who asks for finality waits for it, whoever pays");
    for key in &keys {
        assert_eq!(stack.operator.sender.rpc().get_balance(&key.pubkey()).await.expect("balance"), 0);
    }
    stack.finalized(slot(&capped)).await;
    stack.verify().await;
    stack.stop().await;
}
