//! The server's agent as a process of its own: it makes records of what is sent to those who let it, each once,
//! and nothing else.

use std::time::Duration;

use aegle_api_client::{
    Session, agent, mailbox,
    record::{self, Query},
    wire::MailboxItem,
};
use aegle_client::{
    aegle::{AddDelegateParams, SetDelegateMintCapParams},
    instruction,
    state::{Purpose, Right},
};
use aegle_decision::Key;
use aegle_stack::{
    folders,
    indexer::{Agent, Settings},
};
use rand::rngs::OsRng;
use serde_json::{Value, json};
use solana_keypair::{Keypair, write_keypair_file};
use solana_signer::Signer;
use tokio::{process::Command, time::sleep};

use crate::care::{Care, Provider, RESULT, key_of};

const POLL: Duration = Duration::from_millis(20);
const ITEMS: usize = 4;

/// Keys in files beside the log; `payer` pays for what is minted.
fn with_agent(settings: &mut Settings, payer: &Keypair) {
    for (key, name, variable) in
        [(&Keypair::new(), "agent.json", "AEGLE_AGENT__KEYPAIR"), (payer, "agents-payer.json", "AEGLE_AGENT__PAYER")]
    {
        let file = settings.log.with_file_name(name);
        write_keypair_file(key, &file).expect("keypair file");
        settings.environment.push((variable.into(), file.display().to_string()));
    }
    for (variable, milliseconds) in [("AEGLE_AGENT__POLL_MS", "100"), ("AEGLE_AGENT__IDLE_POLL_MS", "200")] {
        settings.environment.push((variable.into(), milliseconds.into()));
    }
}

/// Waits until `is_so`; `what` is said where it takes half a minute.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        sleep(POLL).await;
    }
    panic!("{what}: not after half a minute");
}

async fn delegate(care: &Care, owner: &Keypair, vault: Key, key: Key, rights: u8) {
    let params = AddDelegateParams {
        key: key.0.into(),
        rights,
        until_day: care.today + 30,
        expected: instruction::expected(&care.vault(&vault).await),
    };
    let payer = care.stack.operator.payer();
    care.send(instruction::add_delegate(vault.0.into(), payer, params), &[owner]).await;
}

/// What a patient types; both keys are in files beside the log.
async fn aegle(care: &Care, arguments: &[&str]) -> Value {
    let Settings { rpc_url, log, .. } = &care.stack.settings;
    let output = Command::new(folders::sibling("aegle").expect("aegle"))
        .args(arguments)
        .args(["--agent", "--json"])
        .env("AEGLE_RPC_URL", rpc_url)
        .env("AEGLE_API_URL", &care.stack.indexer.api.url)
        .env("AEGLE_KEYPAIR", log.with_file_name("owner.json"))
        .env("AEGLE_PAYER", log.with_file_name("agents-payer.json"))
        .output()
        .await
        .expect("aegle");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn post(care: &Care, sender: &Session, provider: &Provider, vault: Key) -> MailboxItem {
    let reader = care.stack.operator.sender.reader();
    let sealed = care.sealed(vault, RESULT, provider);
    mailbox::post(sender, reader, sealed, &mut OsRng, &|_, _| {}).await.expect("posted")
}

async fn waiting(session: &Session, vault: Key) -> usize {
    mailbox::list(session, Some(vault)).await.expect("mailbox").len()
}

async fn accepted(agents: &[Agent], how: &str) -> f64 {
    let mut sum = 0.0;
    for agent in agents {
        sum += agent.metric("aegle_agent_accepted_total", how).await;
    }
    sum
}

async fn set_cap(care: &Care, owner: &Keypair, vault: Key, delegate_mint_cap: u32) {
    let expected = instruction::expected(&care.vault(&vault).await);
    let params = SetDelegateMintCapParams { delegate_mint_cap, expected };
    care.send(instruction::set_delegate_mint_cap(vault.0.into(), params), &[owner]).await;
}

/// INV-3, INV-4: an agent that is killed between minting and accepting, and two that run at once, make one record
/// of each item; cap and pause hold them up; a vault that gives more rights than to mint is not served; once the
/// agent is removed nothing more is minted.
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_makes_one_record_of_each_item_while_it_may_and_no_more() {
    let payer = Keypair::new();
    let mut care = Care::start_with(|settings| with_agent(settings, &payer)).await;
    care.stack.operator.sender.reader().airdrop(&payer.pubkey(), 10_000_000_000).await.expect("airdrop");
    let provider = care.provider().await;
    let (owner, generous) = (Keypair::new(), Keypair::new());
    write_keypair_file(&owner, care.stack.settings.log.with_file_name("owner.json")).expect("keypair file");
    let (unlocked, other) = (care.create_vault(&owner).await, care.create_vault(&generous).await);
    let (vault, wide) = (unlocked.vault(), other.vault());

    // Only the owner learns which key it is, and every vault has another.
    let (session, generous_session) = (care.sign_in(&owner).await, care.sign_in(&generous).await);
    let named = agent::key(&session, vault).await.expect("the agent's key");
    let wide_named = agent::key(&generous_session, wide).await.expect("the agent's key");
    assert!(!named.in_effect && named.key != wide_named.key);
    let sender = care.sign_in(&provider.key).await;
    for stranger in [&sender, &generous_session] {
        let refused = agent::key(stranger, vault).await.err();
        assert!(refused.is_some_and(|error| error.is("not_permitted")));
    }

    set_cap(&care, &owner, vault, ITEMS as u32 - 1).await;
    let address = vault.to_string();
    let allowed = aegle(&care, &["delegate", "add", "--vault", &address, "--until", "2099-01-01"]).await;
    assert_eq!((&allowed["key"], &allowed["rights"]), (&json!(named.key.to_string()), &json!(["mint"])));
    delegate(&care, &generous, wide, wide_named.key, Right::Mint as u8 | Right::Read as u8).await;
    let mirrored = care.api.mirror().await.expect("mirror").confirmed_slot;
    care.finalized(mirrored).await;
    assert!(agent::key(&session, vault).await.expect("the agent's key").in_effect);
    for _ in 0..ITEMS {
        post(&care, &sender, &provider, vault).await;
    }
    post(&care, &sender, &provider, wide).await;

    // The server dies under it once it has minted; then it mints once more, cannot accept, and is killed itself.
    let mut killed = care.stack.settings.start_agent("killed").expect("agent");
    until("a first record", async || care.vault(&vault).await.record_count > 0).await;
    care.stack.indexer.kill().await.expect("kill");
    until("a failure", async || killed.metric("aegle_agent_failed_total", "reason=\"server\"").await > 0.0).await;
    killed.kill().await.expect("kill");
    care.stack.indexer = care.stack.settings.start().expect("start");
    care.stack.indexer.ready(Duration::from_secs(60)).await.expect("ready");
    let reader = care.stack.operator.sender.reader();
    let left = mailbox::list(&session, Some(vault)).await.expect("mailbox");
    let mut between = 0;
    for item in &left {
        between += usize::from(mailbox::is_minted(reader, item).await.expect("node"));
    }
    assert_eq!(between, 1, "one is a record on the chain and not for the server yet");

    let before = care.vault(&vault).await.delegate_mints;

    // Two go on where it was, up to the owner's cap.
    let agents = [1, 2].map(|number| care.stack.settings.start_agent(&format!("agent-{number}")).expect("agent"));
    until("all but one are taken in", async || waiting(&session, vault).await == 1).await;
    until("the cap is said", async || agents[0].metric("aegle_agent_failed_total", "reason=\"cap\"").await > 0.0).await;
    let state = care.vault(&vault).await;
    assert_eq!((state.record_count, state.delegate_mints), (ITEMS as u64 - 1, ITEMS as u32 - 1), "each once");
    let minted = f64::from(state.delegate_mints - before);
    until("each is counted", async || accepted(&agents, "minted").await >= minted).await;
    assert_eq!(accepted(&agents, "minted").await, minted, "by one of them, not by both");
    until("one is completed", async || accepted(&agents, "completed").await >= 1.0).await;

    // A pause holds it up as well; then the last one comes in.
    let pause = async |paused| {
        let governance = &care.stack.upgrade_authority;
        care.send(instruction::set_pause(governance.pubkey(), paused), &[governance]).await;
    };
    set_cap(&care, &owner, vault, 100).await;
    until("the last is taken in", async || waiting(&session, vault).await == 0).await;
    pause(true).await;
    post(&care, &sender, &provider, vault).await;
    until("the pause is said", async || agents[0].metric("aegle_agent_failed_total", "\"paused\"").await > 0.0).await;
    assert_eq!(waiting(&session, vault).await, 1);
    pause(false).await;
    until("it goes on", async || waiting(&session, vault).await == 0).await;

    // The patient reads every one; the agent's key was never one that opens them.
    let mirrored = care.stack.operator.sender.rpc().get_slot().await.expect("slot");
    care.confirmed(mirrored).await;
    let held = record::list(&session, Purpose::PatientRequest, vault, &Query::default()).await.expect("records");
    assert_eq!(held.len(), ITEMS + 1);
    for held in &held {
        let content = care.open(&session, &unlocked.secrets(), Purpose::PatientRequest, held.record).await;
        assert_eq!(content, RESULT);
    }

    // Removed, it stops at once, long before that is final.
    let removed = aegle(&care, &["delegate", "remove", "--vault", &address]).await;
    assert_eq!(removed["key"], json!(named.key.to_string()));
    care.confirmed(removed["slot"].as_u64().expect("slot")).await;
    post(&care, &sender, &provider, vault).await;
    for agent in &agents {
        until("it lets go", async || agent.metric("aegle_agent_vaults", "").await == 0.0).await;
    }
    let (state, next) = (care.vault(&vault).await, agent::key(&session, vault).await.expect("the agent's key"));
    assert_eq!((state.record_count as usize, waiting(&session, vault).await), (ITEMS + 1, 1), "nothing more");
    assert!(!next.in_effect && next.key != named.key, "a removed key never comes back; the next is another");

    // The vault that gave more rights is untouched, and that is said without naming mail or vault.
    assert_eq!((care.vault(&wide).await.record_count, waiting(&generous_session, wide).await), (0, 1));
    for agent in agents {
        assert_eq!(agent.metric("aegle_agent_vaults_ignored", "").await, 1.0);
        let log = std::fs::read_to_string(&agent.log).expect("log");
        assert!(log.contains("more rights"), "{log}");
        for secret in [vault.to_string(), wide.to_string(), key_of(&provider.key).to_string(), "laboratory".into()] {
            assert!(!log.contains(&secret), "the log names {secret}");
        }
        assert!(agent.stop().await.expect("stop").success());
    }
    care.stack.verify().await;
    care.stack.stop().await;
}
