//! A realistic story played through the client library: patients whose care is generated FHIR, encrypted,
//! uploaded and minted, with corrections as new versions; providers, consents of every kind with their
//! policies, revocations, delegates, an erasure and an expiry; beside them a vault is recovered from a thief
//! and a credential suspended.

pub mod care;
mod consent;
mod credential;
pub mod erasure;
pub mod leaving;
mod life;
mod owner;
mod patient;
mod provider;
pub mod reading;
pub mod recovery;
pub mod summary;

pub use recovery::RECOVERY_DELAY;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use aegle_api_client::Origin;
use aegle_client::{
    Pubkey, SendError, Sent,
    aegle::{AegleError, CheckConsentParams, ConsentAnswer},
    commitment::{Opening, random_bytes},
    instruction,
    state::{DAY, Expected, Vault},
};
use anyhow::{Context, bail, ensure};
use borsh::BorshDeserialize;
use futures::{StreamExt, TryStreamExt, stream};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::{sync::Mutex, time::Instant};

use crate::{indexer::Api, operator::Operator};

use consent::TREATMENT;
use patient::Shelf;
use provider::Providers;
use recovery::Recovered;

pub const PATIENTS: usize = 20;
pub const PROVIDERS: usize = Providers::COUNT;
/// Patients who act at the same time.
const AT_ONCE: usize = PATIENTS;
/// Longest wait for the mirror.
const WITHIN: Duration = Duration::from_secs(60);

/// What should be found afterwards, told from what was done.
#[derive(Default)]
pub struct Outcome {
    pub vaults: Vec<VaultOutcome>,
    /// What there is to read of each patient, and who may.
    pub shelves: Vec<Shelf>,
    providers: Option<Arc<Providers>>,
    /// The vault that was stolen, back with its owner.
    pub recovered: Option<Recovered>,
    /// Time from a transaction's confirmation until the API shows it.
    pub visible: Vec<Duration>,
    pub last_slot: u64,
    pub promises: Vec<Promise>,
}

impl Outcome {
    /// Adds what another part of the story left, which the ledger has up to `slot`.
    pub fn add(&mut self, vaults: Vec<VaultOutcome>, promises: Vec<Promise>, slot: u64) {
        self.vaults.extend(vaults);
        self.promises.extend(promises);
        self.last_slot = self.last_slot.max(slot);
    }
}

/// What should hold, and whether it did.
#[derive(Debug)]
pub struct Promise {
    pub what: String,
    pub kept: anyhow::Result<()>,
}

/// Promises as they are kept or broken, in order.
#[derive(Debug, Default)]
struct Promises(Vec<Promise>);

impl Promises {
    /// Notes how `what` went. Whether to go on.
    fn note<T>(&mut self, what: &str, result: anyhow::Result<T>) -> Option<T> {
        self.tell(what, result.map(|value| (String::new(), value)))
    }

    /// The same, with what was seen.
    fn tell<T>(&mut self, what: &str, result: anyhow::Result<(String, T)>) -> Option<T> {
        let (seen, value, kept) = match result {
            Ok((seen, value)) => (seen, Some(value), Ok(())),
            Err(error) => (String::new(), None, Err(error)),
        };
        let what = if seen.is_empty() { what.to_owned() } else { format!("{what}: {seen}") };
        self.0.push(Promise { what, kept });
        value
    }
}

#[derive(Debug, Default)]
pub struct VaultOutcome {
    pub vault: Pubkey,
    /// Records by status, as the API spells it.
    pub records: BTreeMap<&'static str, usize>,
    /// Consents by why they are not in effect; `in_effect` for those that are.
    pub consents: BTreeMap<&'static str, usize>,
    pub delegates: usize,
    pub key_epoch: u64,
    /// A consent that ends at the ledger's next midnight, with its opening.
    pub expiring: Option<Expiring>,
}

/// A consent to be watched over its end.
#[derive(Debug)]
pub struct Expiring {
    pub consent: Pubkey,
    pub opening: Opening,
    pub grantee: Keypair,
    /// Seconds since the Unix epoch.
    pub ends_at: i64,
}

/// The ledger's clock, in seconds since the Unix epoch.
pub async fn ledger_time(operator: &Operator) -> anyhow::Result<i64> {
    Ok(operator.sender.reader().now().await?)
}

/// Plays the story. `seed` gives every key and every document, so that a story can be told again on a fresh
/// ledger; `progress` counts the patients who are through.
/// Recoveries take days and credentials governance where the ledger is not ours: without `governance`
/// they are left out.
pub async fn play(
    operator: &Operator,
    api: &Api,
    governance: Option<&Keypair>,
    seed: u64,
    progress: &Arc<AtomicUsize>,
) -> anyhow::Result<Outcome> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let client = aegle_api_client::Api::new(&api.url, Origin::of(&api.url)?)?;
    let today = u32::try_from(ledger_time(operator).await? / DAY)?;
    let providers = Arc::new(Providers::new(operator, governance, today - 1, &mut rng).await?);
    let visible = Arc::new(Mutex::new(Vec::new()));
    let last_slot = Arc::new(Mutex::new(0));
    let patient = |(number, seed)| PatientStory {
        number,
        operator: operator.clone(),
        api: api.clone(),
        client: client.clone(),
        providers: providers.clone(),
        today,
        // The server's clock may be behind the ledger's by a midnight.
        from_day: today - 1,
        rng: ChaCha20Rng::from_seed(seed),
        visible: visible.clone(),
        last_slot: last_slot.clone(),
        progress: progress.clone(),
    };
    let mut seeds: Vec<_> = (0..PATIENTS + 2).map(|number| (number, random_bytes(&mut rng))).collect();
    let beside: Vec<PatientStory> = seeds.split_off(PATIENTS).into_iter().map(patient).collect();
    let patients = stream::iter(seeds)
        .map(|seed| {
            let story = patient(seed).play();
            async move { story.await.with_context(|| format!("patient {}", seed.0 + 1)) }
        })
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>();
    // What waits for a delay waits beside the patients.
    let beside = async {
        match (governance, <[PatientStory; 2]>::try_from(beside)) {
            (Some(governance), Ok([victim, registrar])) => {
                let ((recovered, mut promises), attested) =
                    tokio::join!(recovery::play(victim), credential::play(registrar, governance));
                promises.extend(attested);
                (recovered, promises)
            }
            _ => (None, Vec::new()),
        }
    };
    let (patients, (recovered, promises)) = tokio::join!(patients, beside);
    let (mut vaults, shelves): (Vec<_>, Vec<_>) = patients?.into_iter().unzip();
    vaults.extend(recovered.as_ref().map(Recovered::outcome));
    let visible = std::mem::take(&mut *visible.lock().await);
    let last_slot = *last_slot.lock().await;
    Ok(Outcome { vaults, shelves, providers: Some(providers), recovered, visible, last_slot, promises })
}

fn keypair(rng: &mut ChaCha20Rng) -> Keypair {
    Keypair::new_from_array(random_bytes(rng))
}

struct PatientStory {
    number: usize,
    operator: Operator,
    api: Api,
    /// The protected routes.
    client: aegle_api_client::Api,
    providers: Arc<Providers>,
    /// Day of the ledger, and the first day of what is granted, in days since the Unix epoch.
    today: u32,
    from_day: u32,
    rng: ChaCha20Rng,
    visible: Arc<Mutex<Vec<Duration>>>,
    last_slot: Arc<Mutex<u64>>,
    progress: Arc<AtomicUsize>,
}

impl PatientStory {
    async fn send(
        &self,
        operation: &'static str,
        instruction: solana_instruction::Instruction,
        signer: &Keypair,
    ) -> anyhow::Result<Sent> {
        let sent = self.operator.send(operation, instruction, &[signer]).await?;
        self.reached(&sent).await;
        Ok(sent)
    }

    async fn reached(&self, sent: &Sent) {
        let mut last = self.last_slot.lock().await;
        *last = sent.slot.max(*last);
    }

    fn bytes(&mut self) -> [u8; 32] {
        random_bytes(&mut self.rng)
    }

    async fn expected(&self, vault: Pubkey) -> anyhow::Result<Expected> {
        Ok(instruction::expected(&self.operator.sender.account::<Vault>("vault", &vault).await?))
    }

    /// Waits until the mirror's confirmed answer to `path` has `value` at `pointer`.
    async fn shown(&self, path: &str, pointer: &str, value: impl Into<serde_json::Value>) -> anyhow::Result<()> {
        let (value, started) = (value.into(), Instant::now());
        let path = format!("/v1/chain/{path}?commitment=confirmed");
        loop {
            let found = self.api.find(&path).await?;
            let shown = found.as_ref().and_then(|answer| answer["data"].pointer(pointer));
            if shown == Some(&value) {
                return Ok(());
            }
            let waited = started.elapsed() > Duration::from_secs(30);
            ensure!(!waited, "the mirror shows {shown:?} at {pointer} of {path}, expected {value}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The program must refuse this, for one of these reasons.
    async fn refused(
        &self,
        instruction: solana_instruction::Instruction,
        signer: &Keypair,
        reasons: &[AegleError],
    ) -> anyhow::Result<()> {
        match self.operator.sender.send(&[instruction], &[signer]).await {
            Err(SendError::Refused(refused)) if reasons.iter().any(|reason| refused.code == u32::from(*reason)) => {
                Ok(())
            }
            Err(error) => Err(error).context("refused for another reason"),
            Ok(_) => bail!("it was not refused"),
        }
    }
}

/// What the program itself answers about a consent right now, as another program would learn it.
pub async fn check(operator: &Operator, expiring: &Expiring) -> anyhow::Result<ConsentAnswer> {
    let params =
        CheckConsentParams { salt: expiring.opening.salt, purposes: TREATMENT.purposes, actions: TREATMENT.actions };
    let check = instruction::check_consent(expiring.opening.vault, expiring.consent, expiring.grantee.pubkey(), params);
    let answer = operator.sender.simulate(&[check], &[&expiring.grantee]).await.context("cannot ask the program")?;
    Ok(ConsentAnswer::try_from_slice(&answer)?)
}

/// Compares what the API shows of a vault as of `slot` with what was done.
/// `expired` says whether what ends at the ledger's next midnight has ended by then.
pub async fn compare(api: &Api, expected: &VaultOutcome, slot: u64, expired: bool) -> anyhow::Result<()> {
    let vault = expected.vault;
    let mut consents_expected = expected.consents.clone();
    if !expired && let Some(ending) = consents_expected.remove("expired") {
        *consents_expected.entry("in_effect").or_default() += ending;
    }
    let data = api.get(&format!("/v1/chain/vaults/{vault}?as_of_slot={slot}")).await?;
    ensure!(data["data"]["key_epoch"].as_u64() == Some(expected.key_epoch), "vault {vault}: key epoch");
    let records = api.list(&format!("/v1/chain/vaults/{vault}/records?as_of_slot={slot}")).await?;
    let by_status = count(records.iter().map(|record| record["status"].as_str().unwrap_or_default()));
    ensure!(by_status == expected.records, "vault {vault}: records {by_status:?}, expected {:?}", expected.records);
    let consents = api.list(&format!("/v1/chain/vaults/{vault}/consents?as_of_slot={slot}")).await?;
    let by_reason = count(consents.iter().map(|consent| consent["reason"].as_str().unwrap_or("in_effect")));
    ensure!(by_reason == consents_expected, "vault {vault}: consents {by_reason:?}, expected {consents_expected:?}");
    let delegates = api.list(&format!("/v1/chain/vaults/{vault}/delegates?as_of_slot={slot}")).await?;
    ensure!(delegates.len() == expected.delegates, "vault {vault}: {} delegates", delegates.len());
    Ok(())
}

fn count<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}
