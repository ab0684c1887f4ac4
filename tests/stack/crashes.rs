use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aegle_api_client::{
    Session, disclosure,
    notice::{self, Target},
    record,
    wire::ErasureState,
};
use aegle_client::{
    Pubkey,
    aegle::{CreateVaultParams, GrantConsentParams, NewRecordParams},
    commitment::random_bytes,
    id,
    instruction::{self, Authority},
    pda,
    state::{Action, DAY, Purpose, Record, Vault},
};
use aegle_decision::Key;
use aegle_disclosure::{Outcome, SignedReceipt, Stated};
use aegle_stack::operator::Operator;
use axum::{Router, http::HeaderMap, routing::post};
use rand::{Rng, RngCore, SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{
    care::{Care, WITHIN, key_of},
    erasure,
    stack::Stack,
};

/// Patients who act all the while, and how often the indexer is killed.
const PATIENTS: u64 = 4;
const KILLS: usize = 20;
/// Readers at the same time, how often the server is killed under them, and records erased meanwhile.
const READERS: usize = 4;
const KILLS_UNDER_READERS: usize = 8;
const ERASED: usize = 4;

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

/// Reads the same record until told to end, now and then one that there is not. Gives the receipts.
async fn read(doctor: Session, record: Key, end: Arc<AtomicBool>) -> Vec<SignedReceipt> {
    let mut receipts = Vec::new();
    while !end.load(Ordering::Relaxed) {
        let path = format!("/v1/records/{record}");
        let request = doctor.read(Purpose::Treatment, &path, &[]).expect("request");
        let Ok(answer) = request.send().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let receipt = answer.headers().get("aegle-receipt").map(|text| text.to_str().expect("text").to_owned());
        // An answer that was cut off was given all the same.
        receipts.extend(receipt.map(|text| SignedReceipt::from_text(&text).expect("receipt")));
    }
    receipts
}

/// Takes webhooks; gives its address and the ids that came.
async fn receiver() -> (String, Arc<Mutex<Vec<u64>>>) {
    let came = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
    let url = format!("http://{}/", listener.local_addr().expect("address"));
    let numbers = came.clone();
    let take = move |headers: HeaderMap| async move {
        let id = headers["webhook-id"].to_str().expect("text");
        let (_, number) = id.rsplit_once(|char: char| !char.is_ascii_digit()).expect("subscription and number");
        numbers.lock().expect("numbers").push(number.parse().expect("a number"));
    };
    let router = Router::new().route("/", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    (url, came)
}

/// INV-5, INV-9: the server is killed at random while a provider reads, records are erased and the patient is
/// told. Whoever has a receipt finds it in the log, which is whole and has only grown; the patient is told of
/// each disclosure once; each erasure is done in the end.
#[tokio::test(flavor = "multi_thread")]
async fn killing_the_server_under_its_readers_loses_no_receipt_no_notice_and_no_erasure() {
    let seed = OsRng.next_u64();
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let settings = [
        ("AEGLE_API__LOG__KEY", "06".repeat(32)),
        ("AEGLE_API__LOG__CHECKPOINT_SECONDS", "1".into()),
        ("AEGLE_NOTIFY__POLL_MS", "50".into()),
        ("AEGLE_NOTIFY__RETRY_MS", "100".into()),
        ("AEGLE_NOTIFY__ALLOW_PRIVATE", "true".into()),
        ("AEGLE_NOTIFY__TAKEOVER_AFTER", "2".into()),
    ];
    let environment = settings.map(|(name, value)| (name.to_owned(), value));
    let mut care = Care::start_with(|settings| settings.environment.extend(environment)).await;
    let (owner, provider) = (Keypair::new(), care.provider().await);
    let unlocked = care.create_vault(&owner).await;
    let vault = unlocked.vault();
    let session = care.sign_in(&owner).await;
    let (mut records, mut last) = (Vec::new(), 0);
    for _ in 0..=ERASED {
        let sealed = care.sealed(vault, b"{}", &provider);
        let added = record::add(&session, &care.pay(), &owner, vault, sealed, &mut OsRng, &|_, _| {}).await;
        let added = added.expect("added");
        last = added.sent.slot;
        records.push(added.record);
    }
    care.finalized(last).await;
    assert_eq!(erasure::allow(&care, &session, &owner, &unlocked, &provider).await, records.len());
    let kept = records.pop().expect("one that is kept");
    let (url, came) = receiver().await;
    notice::subscribe(&session, vault, &Target::Webhook { url }, &[]).await.expect("subscribed");
    let doctor = care.sign_in(&provider.key).await;

    let end = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(read(doctor.clone(), kept, end.clone()))).collect();
    let mut stated: Vec<Stated> = Vec::new();
    for kill in 0..KILLS_UNDER_READERS {
        if let Some(record) = records.get(kill / 2).filter(|_| kill % 2 == 0) {
            let address = Pubkey::from(record.0);
            let state: Record = care.stack.operator.sender.account("record", &address).await.expect("record");
            let erase = instruction::erase_record(owner.pubkey(), address, &state);
            care.stack.operator.sender.send(&[erase], &[&owner]).await.expect("erased");
        }
        tokio::time::sleep(Duration::from_millis(rng.gen_range(300..2_000))).await;
        let published = disclosure::log(session.api()).await;
        stated.extend(published.ok().and_then(|log| log.checkpoint).map(|checkpoint| checkpoint.tree));
        care.stack.indexer.kill().await.expect("kill");
        care.stack.indexer = care.stack.settings.start().expect("start");
    }
    care.stack.indexer.ready(Duration::from_secs(60)).await.expect("ready");
    end.store(true, Ordering::Relaxed);
    let mut receipts = Vec::new();
    for reader in readers {
        receipts.extend(reader.await.expect("reader"));
    }

    for record in &records {
        let over = record::await_erasure(&session, *record, WITHIN).await.expect("told");
        assert_eq!(over.state, ErasureState::Destroyed, "{over:?}");
        assert!(over.destroyed.expect("destroyed").blob_gone_at.is_some());
    }
    let read = record::get(&doctor, Purpose::Treatment, kept).await;
    read.expect("what was not erased is there");

    let log = disclosure::log(session.api()).await.expect("log");
    let own = disclosure::own(&session, vault).await.expect("log").expect("it is whole");
    let logged: BTreeSet<_> = own.entries.iter().map(|logged| (logged.index, logged.commitment())).collect();
    assert!(receipts.len() > 10 * KILLS_UNDER_READERS, "{} receipts", receipts.len());
    for receipt in &receipts {
        let receipt = log.log.check(receipt).expect("the log's signature");
        assert!(logged.contains(&(receipt.index, receipt.commitment)), "entry {} is lost", receipt.index);
    }
    stated.extend(log.checkpoint.map(|checkpoint| checkpoint.tree));
    assert!(stated.len() > 2, "{} checkpoints", stated.len());
    let audited = disclosure::audit(session.api(), stated, &|_| {}).await.expect("log");
    assert!(audited.is_ok(), "{audited:?}");

    // Told of each disclosure once, here and elsewhere, in order.
    let to_others = own.entries.iter().filter(|logged| {
        let entry = logged.entry.value();
        entry.caller.key == key_of(&provider.key) && matches!(entry.outcome, Outcome::Permit { .. })
    });
    let disclosures = to_others.count();
    let mut told = Vec::new();
    for _ in 0..200 {
        told = notice::inbox(&session, vault, false).await.expect("inbox");
        if told.iter().filter(|notice| notice.kind == "disclosure").count() >= disclosures {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let said = told.iter().filter(|notice| notice.kind == "disclosure").count();
    assert_eq!(said, disclosures, "one notice for each disclosure");
    let newest = told.iter().map(|notice| notice.number).max().expect("notices");
    assert_eq!(told.len() as u64, newest, "numbered without a gap");
    care.stack.stop().await;
    let came = came.lock().expect("numbers");
    assert!(came.is_sorted_by(|before, after| *after == before + 1 || after == before), "{came:?}");
}
