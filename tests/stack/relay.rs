use std::time::Duration;

use aegle_client::{
    Pubkey,
    aegle::{CreateVaultParams, GrantConsentParams, NewRecordParams},
    instruction::{self, Authority},
    pda,
    state::{Expected, Record, Vault},
};
use aegle_stack::indexer::Api;
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::join_all;
use serde_json::{Value, json};
use solana_instruction::Instruction;
use solana_keypair::{Keypair, write_keypair_file};
use solana_message::{Message, VersionedMessage};
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use sqlx::{Connection, PgConnection};

use crate::stack::Stack;

const TRANSACTIONS_PER_DAY: usize = 12;

/// A patient whose wallet is empty, signed in.
struct Patient<'a> {
    stack: &'a Stack,
    api: &'a Api,
    wallet: Keypair,
    relay: Pubkey,
    token: String,
}

impl<'a> Patient<'a> {
    async fn sign_in(stack: &'a Stack, api: &'a Api, relay: Pubkey) -> Self {
        let wallet = Keypair::new();
        let token = api.sign_in(&wallet).await.expect("sign in");
        Self { stack, api, wallet, relay, token }
    }

    /// The instructions on the wire, signed by the wallet.
    async fn signed(&self, instructions: &[Instruction]) -> String {
        let mut message = Message::new(instructions, Some(&self.relay));
        message.recent_blockhash = self.stack.operator.sender.rpc().get_latest_blockhash().await.expect("blockhash");
        let message = VersionedMessage::Legacy(message);
        let signatures = vec![Signature::default(), self.wallet.sign_message(&message.serialize())];
        BASE64_STANDARD.encode(wincode::serialize(&VersionedTransaction { signatures, message }).expect("wire"))
    }

    async fn send(&self, body: &Value) -> (u16, Value) {
        self.api.ask("POST", "/v1/relay", Some(&self.token), Some(body)).await.expect("answer")
    }

    /// Sends through the relay and waits until it is confirmed.
    async fn relay(&self, instruction: Instruction) -> String {
        let transaction = self.signed(&[instruction]).await;
        let (status, answer) = self.send(&json!({ "transaction": transaction, "wait": true })).await;
        assert_eq!((status, &answer["status"]), (200, &json!("landed")), "{answer}");
        answer["signature"].as_str().expect("signature").to_owned()
    }

    /// The code and the detail of a refusal.
    async fn refused(&self, body: &Value) -> (u16, String, String) {
        let (status, answer) = self.send(body).await;
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (status, text("code"), text("detail"))
    }

    async fn balance(&self, key: &Pubkey) -> u64 {
        self.stack.operator.sender.rpc().get_balance(key).await.expect("balance")
    }
}

/// Through another process of the same server, whose relay is open to one newcomer.
async fn anybody_makes_a_first_vault_where_the_relay_is_open(stack: &Stack, relay: Pubkey) {
    let mut settings = stack.settings.another("open", "api").expect("settings");
    for (key, value) in [("OPEN", "true"), ("OPEN_PER_DAY", "1")] {
        settings.environment.push((format!("AEGLE_API__RELAY__{key}"), value.into()));
    }
    let mut open = settings.start().expect("another process");
    open.ready(Duration::from_secs(30)).await.expect("ready");
    for (api, invitations) in [(&open.api, false), (&stack.indexer.api, true)] {
        let told = api.get("/v1/app").await.expect("settings");
        assert_eq!((&told["relay"], &told["invitations"]), (&json!(true), &json!(invitations)));
    }
    let newcomer = Patient::sign_in(stack, &open.api, relay).await;
    let vault_of = |id| CreateVaultParams { vault_id: [id; 32], encryption_key: [8; 32] };
    newcomer.relay(instruction::create_vault(newcomer.wallet.pubkey(), relay, vault_of(11))).await;
    let next = Patient::sign_in(stack, &open.api, relay).await;
    let vault = instruction::create_vault(next.wallet.pubkey(), relay, vault_of(12));
    let (status, code, _) = next.refused(&json!({ "transaction": next.signed(&[vault]).await })).await;
    assert_eq!((status, &*code), (429, "too_many_first_vaults"));
    open.stop().await.expect("stop");
}

/// INV-12: a patient with an empty wallet does everything, and the relay counts to the lamport what it paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_patient_with_an_empty_wallet_does_everything_through_the_relay() {
    let (key, mut file) = (Keypair::new(), None);
    let stack = Stack::start(|settings| {
        let path = settings.log.with_file_name("relay.json");
        write_keypair_file(&key, &path).expect("key");
        let path = file.insert(path).display().to_string();
        settings.environment.push(("AEGLE_API__RELAY__KEYPAIR".into(), path));
        let limit = ("AEGLE_API__RELAY__WALLET_TRANSACTIONS_PER_DAY".into(), TRANSACTIONS_PER_DAY.to_string());
        settings.environment.push(limit);
    })
    .await;
    let relay = key.pubkey();
    let patient = Patient::sign_in(&stack, &stack.indexer.api, relay).await;
    let owner = patient.wallet.pubkey();
    let invited = stack.settings.output(&["invite"]).await.expect("invitation");
    let invitation = String::from_utf8(invited.stdout).expect("text").trim().to_owned();
    let vault_of = |id| CreateVaultParams { vault_id: [id; 32], encryption_key: [8; 32] };
    let create = instruction::create_vault(owner, relay, vault_of(7));
    let vault = pda::find_vault(&[7; 32]).0;

    // Before the operator has funded it.
    let created = patient.signed(&[create]).await;
    let order = json!({ "transaction": created, "invitation": invitation, "wait": true });
    assert_eq!(patient.refused(&order).await.1, "relay_unavailable");
    stack.operator.sender.reader().airdrop(&relay, 10_000_000_000).await.expect("airdrop");
    let funded = patient.balance(&relay).await;

    let (status, code, _) = patient.refused(&json!({ "transaction": created })).await;
    assert_eq!((status, &*code), (403, "invitation_needed"));
    let wrong = json!({ "transaction": created, "invitation": "0000-0000-0000-0000" });
    assert_eq!(patient.refused(&wrong).await.1, "invitation_needed");
    let (status, answer) = patient.send(&order).await;
    assert_eq!((status, &answer["status"]), (200, &json!("landed")), "{answer}");
    let spent = funded - patient.balance(&relay).await;
    assert_eq!(patient.send(&order).await, (200, answer.clone()), "the same again is the same");
    assert_eq!(funded - patient.balance(&relay).await, spent, "and costs nothing");
    let path = format!("/v1/relay/{}", answer["signature"].as_str().expect("signature"));
    let seen = stack.indexer.api.ask("GET", &path, Some(&patient.token), None).await.expect("answer");
    assert_eq!(seen, (200, answer));
    let stranger = stack.indexer.api.sign_in(&Keypair::new()).await.expect("sign in");
    assert_eq!(stack.indexer.api.ask("GET", &path, Some(&stranger), None).await.expect("answer").0, 404);

    let second = patient.signed(&[instruction::create_vault(owner, relay, vault_of(9))]).await;
    let again = json!({ "transaction": second, "invitation": invitation });
    assert_eq!(patient.refused(&again).await.1, "invitation_needed", "an invitation opens one vault");
    anybody_makes_a_first_vault_where_the_relay_is_open(&stack, relay).await;

    let expected: Expected =
        instruction::expected(&stack.operator.sender.account::<Vault>("vault", &vault).await.expect("vault"));
    let params = NewRecordParams { record_id: [3; 32], commitment: [4; 32], expected };
    patient.relay(instruction::mint_record(vault, Authority::Owner(owner), relay, params)).await;
    let today = stack.operator.sender.reader().now().await.expect("clock") / 86_400;
    let today = u32::try_from(today).expect("day");
    let grant = GrantConsentParams {
        handle: [1; 32],
        policy_commitment: [2; 32],
        purposes: 1,
        actions: 1,
        from_day: today,
        until_day: today + 30,
        expected,
    };
    patient.relay(instruction::grant_consent(vault, Authority::Owner(owner), relay, [5; 32], grant)).await;
    let consent = pda::find_consent(&vault, &[5; 32]).0;
    let revoke = || instruction::revoke_consent(vault, Authority::Owner(owner), consent);
    patient.relay(revoke()).await;
    let (status, code, detail) = patient.refused(&json!({ "transaction": patient.signed(&[revoke()]).await })).await;
    assert_eq!((status, &*code), (422, "transaction_fails"));
    assert!(detail.contains("6030"), "{detail}");

    let mut old = Message::new(&[instruction::revoke_all_consents(vault, Authority::Owner(owner))], Some(&relay));
    old.recent_blockhash = [9; 32].into();
    let old = VersionedMessage::Legacy(old);
    let signatures = vec![Signature::default(), patient.wallet.sign_message(&old.serialize())];
    let old = wincode::serialize(&VersionedTransaction { signatures, message: old }).expect("wire");
    let (_, code, detail) = patient.refused(&json!({ "transaction": BASE64_STANDARD.encode(old) })).await;
    assert!(code == "transaction_fails" && detail.contains("blockhash"), "{detail}");

    let mut database = PgConnection::connect(&stack.settings.database_url).await.expect("database");
    let counted: i64 =
        sqlx::query_scalar("SELECT sum(lamports)::bigint FROM protected.relayed WHERE status = 'landed'")
            .fetch_one(&mut database)
            .await
            .expect("sum");
    assert_eq!(funded - patient.balance(&relay).await, counted.unsigned_abs(), "to the lamport");

    let record = pda::find_record(&vault, &[3; 32]).0;
    let minted: Record = stack.operator.sender.account("record", &record).await.expect("record");
    let before = patient.balance(&relay).await;
    patient.relay(instruction::erase_record(owner, record, &minted)).await;
    assert!(patient.balance(&relay).await > before, "rent comes back to who paid it");

    // Five transactions were sent; fifteen more at once, and the day has room for seven.
    let price = |price: u64| {
        let data = [&[3][..], &price.to_le_bytes()].concat();
        Instruction::new_with_bytes(solana_sdk_ids::compute_budget::ID, &data, Vec::new())
    };
    let revoke_all = || instruction::revoke_all_consents(vault, Authority::Owner(owner));
    let (patient, price, revoke_all) = (&patient, &price, &revoke_all);
    let burst = join_all((0..15).map(|number| async move {
        let transaction = patient.signed(&[price(number), revoke_all()]).await;
        patient.send(&json!({ "transaction": transaction })).await
    }))
    .await;
    let sent = burst.iter().filter(|(status, _)| *status == 200).count();
    let limited = burst.iter().filter(|(status, body)| *status == 429 && body["code"] == "relay_limit").count();
    assert_eq!((sent, limited), (TRANSACTIONS_PER_DAY - 5, 15 - (TRANSACTIONS_PER_DAY - 5)), "{burst:?}");

    assert_eq!(patient.balance(&owner).await, 0, "the patient never had a lamport");
    drop(database.close().await);
    stack.stop().await;
}
