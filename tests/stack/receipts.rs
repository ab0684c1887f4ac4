//! Receipts replayed from the ledger alone, after everything has changed.

use std::{path::Path, process::Output};

use aegle_api_client::{Error, Session, consent, disclosure, receipt, record};
use aegle_client::state::{Action, Purpose};
use aegle_decision::{Base, Key, Policy, RuleId};
use aegle_disclosure::{Digest, Outcome};
use aegle_receipt::{Bundle, Found};
use aegle_stack::folders;
use rand::rngs::OsRng;
use serde_json::Value;
use solana_keypair::Keypair;
use tokio::process::Command;

use crate::{
    care::{Care, Provider, key_of, nothing},
    stack::Stack,
};

const LETTER: &[u8] = b"{\"resourceType\":\"Observation\"}";
const PURPOSE: Purpose = Purpose::Treatment;

/// Allows the provider to read everything from a day on; gives the consent and its slot.
async fn allow(
    care: &Care,
    owner: &Keypair,
    unlocked: &aegle_api_client::Unlocked,
    to: &Provider,
    from: u32,
) -> (Key, u64) {
    let session = care.sign_in(owner).await;
    let pay = aegle_api_client::Pay::Own(&care.stack.operator.sender);
    let policy = Policy { base: Base::AllNormal, ..nothing() };
    let shown = consent::draft(&session, unlocked.vault(), PURPOSE as u16, &policy).await.expect("preview");
    let grantee = key_of(&to.key);
    let grant = consent::Grant {
        grantee,
        encryption_key: consent::key_of(&session, &pay, &grantee).await.expect("key").expect("attested"),
        purposes: PURPOSE as u16,
        actions: Action::Read as u8,
        from_day: from,
        until_day: from + 9,
        policy,
    };
    let granted = consent::grant(&session, &pay, owner, unlocked, grant, &shown, &mut OsRng).await.expect("granted");
    (granted.consent, granted.sent.slot)
}

/// `aegle receipt verify`, with no server anywhere.
async fn verify(stack: &Stack, file: &Path, log: &str) -> Output {
    Command::new(folders::sibling("aegle").expect("aegle"))
        .args(["receipt", "verify", "--json", "--log", log])
        .arg(file)
        .env("AEGLE_RPC_URL", &stack.settings.rpc_url)
        .env("AEGLE_API_URL", "http://127.0.0.1:1")
        .output()
        .await
        .expect("aegle")
}

fn write(stack: &Stack, name: &str, bundle: &Bundle) -> std::path::PathBuf {
    let path = stack.folder.join(name);
    std::fs::write(&path, serde_json::to_vec(bundle).expect("JSON")).expect("written");
    path
}

/// The patient's copy of the newest refusal.
async fn refusal(session: &Session, vault: Key) -> Bundle {
    let own = disclosure::own(session, vault).await.expect("log").expect("whole");
    let denied = |logged: &&aegle_disclosure::Logged| matches!(logged.entry.value().outcome, Outcome::Deny { .. });
    let index = own.entries.iter().rev().find(denied).expect("a refusal").index;
    receipt::save_own(session, &own, index).await.expect("saved")
}

/// INV-1, INV-9: what was permitted and what was refused follows from the chain and the openings, for whoever has
/// the receipt, and stays so whatever the patient does later; what was changed is contradicted.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_replayed_from_the_ledger_without_the_server() {
    let care = Care::start().await;
    let stack = &care.stack;
    let (pay, reader) = (aegle_api_client::Pay::Own(&stack.operator.sender), stack.operator.sender.reader());
    let (owner, provider) = (Keypair::new(), care.provider().await);
    let unlocked = care.create_vault(&owner).await;
    let vault = unlocked.vault();
    let session = care.sign_in(&owner).await;
    let sealed = care.sealed(vault, LETTER, &provider);
    let added = record::add(&session, &pay, &owner, vault, sealed, &mut OsRng, &|_, _| {}).await.expect("added");
    care.confirmed(added.sent.slot).await;

    // Tomorrow is not today.
    let (tomorrow, slot) = allow(&care, &owner, &unlocked, &provider, care.today + 1).await;
    care.finalized(slot).await;
    let doctor = care.sign_in(&provider.key).await;
    let refused = record::get(&doctor, PURPOSE, added.record).await.expect_err("not yet");
    let Error::Problem(problem) = &refused else { panic!("{refused}") };
    let header = problem.receipt.expect("a receipt").to_text();

    let (consent, slot) = allow(&care, &owner, &unlocked, &provider, care.today).await;
    consent::revoke(&pay, &owner, vault, tomorrow).await.expect("revoked");
    care.finalized(slot).await;
    let mut read = Vec::new();
    let opened = record::open(&doctor, reader, &provider.secrets, PURPOSE, added.record, &mut read, &|_, _| {}).await;
    let signed = opened.expect("opened").receipt.expect("a receipt");
    let not_yet = refusal(&session, vault).await;
    let permitted = receipt::save(&doctor, signed.receipt.index, Some(&signed)).await.expect("saved");
    let revoked = consent::revoke(&pay, &owner, vault, consent).await.expect("revoked");
    care.confirmed(revoked.slot).await;
    assert!(record::get(&doctor, PURPOSE, added.record).await.is_err(), "revoked");
    let after = refusal(&session, vault).await;
    let log = permitted.log.clone();

    for (name, bundle, rule) in [
        ("permitted", &permitted, None),
        ("not_yet", &not_yet, Some("not_yet_in_effect")),
        ("after", &after, Some("revoked")),
    ] {
        let output = verify(stack, &write(stack, name, bundle), &log).await;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
        assert!(output.status.success(), "{name}: {answer:#}");
        let item = &answer["items"][0];
        assert_eq!((&item["holds"], &item["replayed"]), (&true.into(), &true.into()), "{name}: {answer:#}");
        let said = item["entry"]["outcome"]["rule"].as_str();
        assert_eq!(said, rule, "{name}");
    }

    // Whoever was refused has the signature alone.
    std::fs::write(stack.folder.join("header"), header).expect("written");
    let output = verify(stack, &stack.folder.join("header"), &log).await;
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.success(), &answer["items"][0]["replayed"]), (true, &false.into()), "{answer:#}");

    // What is changed comes out, by the command and by the library.
    let mut other = permitted.clone();
    other.consents[0].policy_salt = Digest([1; 32]);
    let output = verify(stack, &write(stack, "changed", &other), &log).await;
    assert!(!output.status.success(), "another policy");
    let mut without = permitted.clone();
    (without.consents, without.records) = (vec![], vec![]);
    let report = receipt::verify(reader, &without, None).await.expect("verified");
    assert!(report.holds() && !report.replayed, "{:#?}", report.checks);
    assert!(report.checks.iter().any(|check| check.found == Found::NotChecked && check.what.contains("not at hand")));
    // The log itself lies: the entry is committed to, and not what follows from the chain.
    let mut entry = report.entry.expect("the entry");
    let ledger = receipt::ledger(reader, &entry).await.expect("ledger");
    assert!(ledger.every_credential && ledger.block.is_some());
    entry.outcome = Outcome::Deny { rule: RuleId::Revoked, consent: Some(consent) };
    let lied = resigned(&permitted, entry);
    let report = aegle_receipt::verify(&lied, None, Some(&ledger));
    assert!(report.contradictions().any(|said| said.contains("permitted. The receipt says: refused, revoked")));
    care.stack.stop().await;
}

/// The bundle as a log would sign it that writes this entry.
fn resigned(bundle: &Bundle, entry: aegle_disclosure::Entry) -> Bundle {
    use aegle_decision::Document;
    use aegle_disclosure::{LogKey, Receipt, commitment};
    let key = LogKey::new("log.example/disclosures", [1; 32]).expect("a key");
    let document = Document::new(entry.clone());
    let (salt, link) = (bundle.salt.expect("a salt"), bundle.link.expect("a link"));
    let receipt = key.receipt(Receipt {
        index: 0,
        commitment: commitment(&link, &Digest(document.commitment(&salt.0))),
        request: entry.request,
        at: entry.at,
        finalized_slot: entry.finalized_slot,
        confirmed_slot: entry.confirmed_slot,
    });
    Bundle {
        log: key.log().verifier(),
        receipt: Some(receipt.to_text()),
        entry: Some(String::from_utf8(document.bytes().to_vec()).expect("text")),
        inclusion: None,
        checkpoint: None,
        ..bundle.clone()
    }
}
