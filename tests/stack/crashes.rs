use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aegle_client::{
    Pubkey,
    aegle::{CreateVaultParams, GrantConsentParams, NewRecordParams},
    commitment::random_bytes,
    id,
    instruction::{self, Authority},
    pda,
    state::{Action, DAY, Purpose, Vault},
};
use aegle_stack::operator::Operator;
use rand::{Rng, RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::stack::Stack;

/// Patients who act all the while, and how often the indexer is killed.
const PATIENTS: u64 = 4;
const KILLS: usize = 20;

/// A patient who mints, allows and stops allowing until told to end. Returns how many transactions
/// were made and the last slot.
pub async fn load(operator: Operator, seed: u64, end: Arc<AtomicBool>) -> (usize, u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let owner = Keypair::new_from_array(random_bytes(&mut rng));
    let authority = Authority::Owner(owner.pubkey());
    let vault_id = id::vault_id(&mut rng);
    let vault = pda::find_vault(&vault_id).0;
    let params = CreateVaultParams { vault_id, encryption_key: random_bytes(&mut rng) };
    let create = instruction::create_vault(owner.pubkey(), operator.payer(), params);
    let (mut count, mut last) = (0, 0);
    let mut send = async |instruction| {
        let sent = operator.sender.send(&[instruction], &[&owner]).await.expect("transaction");
        count += 1;
        last = sent.slot.max(last);
    };
    send(create).await;
    let account: Vault = operator.sender.reader().account("vault", &vault).await.expect("vault");
    let expected = instruction::expected(&account);
    let today = u32::try_from(operator.sender.reader().now().await.expect("clock") / DAY).expect("day");
    let mut consents: Vec<Pubkey> = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let record_id = id::record_id(&mut rng, &vault, &owner.pubkey(), &authority);
        let params = NewRecordParams { record_id, commitment: random_bytes(&mut rng), expected };
        send(instruction::mint_record(vault, authority, operator.payer(), params)).await;
        let consent_id = id::consent_id(&mut rng, &vault);
        let params = GrantConsentParams {
            handle: random_bytes(&mut rng),
            policy_commitment: random_bytes(&mut rng),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            from_day: today,
            until_day: today + 30,
            expected,
        };
        consents.push(pda::find_consent(&vault, &consent_id).0);
        send(instruction::grant_consent(vault, authority, operator.payer(), consent_id, params)).await;
        if consents.len() > 2 {
            let consent = consents.swap_remove(rng.gen_range(0..consents.len()));
            send(instruction::revoke_consent(vault, authority, consent)).await;
        }
    }
    (count, last)
}

/// INV-6: the indexer is killed at random while patients act; nothing is lost, nothing stands twice.
#[tokio::test(flavor = "multi_thread")]
async fn killing_the_indexer_twenty_times_during_a_load_loses_and_repeats_nothing() {
    let seed = OsRng.next_u64();
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut stack = Stack::start(|_| {}).await;
    let end = Arc::new(AtomicBool::new(false));
    let patients: Vec<_> = (0..PATIENTS)
        .map(|number| tokio::spawn(load(stack.operator.clone(), seed.wrapping_add(number), end.clone())))
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rng.gen_range(50..900))).await;
        stack.indexer.kill().await.expect("kill");
        stack.indexer = stack.settings.start().expect("start");
    }
    end.store(true, Ordering::Relaxed);
    let (mut transactions, mut last) = (1, 0); // The configuration is one, too.
    for patient in patients {
        let (count, slot) = patient.await.expect("patient");
        transactions += count;
        last = slot.max(last);
    }
    stack.indexer.ready(Duration::from_secs(60)).await.expect("ready");
    stack.finalized(last).await;
    stack.verify().await;
    let events = stack.indexer.api.events().await.expect("events");
    assert_eq!(events.len(), transactions, "one event for every transaction");
    stack.stop().await;
}
