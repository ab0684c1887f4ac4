//! A realistic story played through the client library: patients, providers, records with amendments,
//! consents of every kind, revocations, delegates, an erasure and an expiry; beside them a vault is
//! recovered from a thief and a credential suspended.

pub mod care;
mod credential;
mod recovery;

pub use recovery::RECOVERY_DELAY;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aegle_client::{
    Pubkey, SendError, Sent,
    aegle::{
        AddDelegateParams, AegleError, CheckConsentParams, ConsentAnswer, CreateVaultParams, GrantConsentParams,
        NewRecordParams, RotateKeyParams,
    },
    commitment::{Opening, commit, random_bytes},
    id,
    instruction::{self, Authority},
    pda,
    state::{ALL_ACTIONS, ALL_PURPOSES, Action, DAY, Expected, Purpose, Record, Right, Vault},
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

pub const PATIENTS: usize = 20;
pub const PROVIDERS: usize = 5;
/// Originals and amendments of each patient.
const ORIGINALS: usize = 8;
const AMENDMENTS: usize = 2;
const GRANTS: usize = 3;
/// Patients who act at the same time.
const AT_ONCE: usize = PATIENTS;

/// What each kind of consent allows, in turn.
const KINDS: [(u16, u8); 10] = [
    (Purpose::Treatment as u16, Action::Read as u8),
    (Purpose::EmergencyTreatment as u16, Action::Read as u8),
    (Purpose::Payment as u16, Action::Read as u8),
    (Purpose::Operations as u16, Action::Read as u8 | Action::Export as u8),
    (Purpose::Research as u16, Action::Compute as u8),
    (Purpose::PublicHealth as u16, Action::Read as u8 | Action::Compute as u8),
    (Purpose::FamilyRequest as u16, Action::Read as u8 | Action::Annotate as u8),
    (Purpose::PatientRequest as u16, Action::Contribute as u8),
    (Purpose::Marketing as u16, Action::Read as u8),
    (ALL_PURPOSES, ALL_ACTIONS),
];

/// What should be found afterwards, told from what was done.
#[derive(Debug, Default)]
pub struct Outcome {
    pub vaults: Vec<VaultOutcome>,
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

/// Seconds before midnight from which on a slow machine grants nothing that ends then.
const TOO_LATE: i64 = 5;

/// The ledger's clock, in seconds since the Unix epoch.
pub async fn ledger_time(operator: &Operator) -> anyhow::Result<i64> {
    Ok(operator.sender.reader().now().await?)
}

/// Plays the story. `seed` gives every key, so that a story can be told again on a fresh ledger.
/// Recoveries take days and credentials governance where the ledger is not ours: without `governance`
/// they are left out.
pub async fn play(operator: &Operator, api: &Api, governance: Option<&Keypair>, seed: u64) -> anyhow::Result<Outcome> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let providers: Arc<Vec<Pubkey>> = Arc::new((0..PROVIDERS).map(|_| keypair(&mut rng).pubkey()).collect());
    let now = ledger_time(operator).await?;
    let today = u32::try_from(now / DAY)?;
    let visible = Arc::new(Mutex::new(Vec::new()));
    let last_slot = Arc::new(Mutex::new(0));
    let patient = |(number, seed)| PatientStory {
        number,
        operator: operator.clone(),
        api: api.clone(),
        providers: providers.clone(),
        today,
        rng: ChaCha20Rng::from_seed(seed),
        visible: visible.clone(),
        last_slot: last_slot.clone(),
    };
    let mut seeds: Vec<_> = (0..PATIENTS + 2).map(|number| (number, random_bytes(&mut rng))).collect();
    let beside: Vec<PatientStory> = seeds.split_off(PATIENTS).into_iter().map(patient).collect();
    let patients = stream::iter(seeds)
        .map(|seed| tokio::spawn(patient(seed).play()))
        .buffered(AT_ONCE)
        .map(|joined| joined.context("a patient's story broke off")?)
        .try_collect::<Vec<_>>();
    // What waits for a delay waits beside the patients.
    let beside = async {
        match (governance, <[PatientStory; 2]>::try_from(beside)) {
            (Some(governance), Ok([victim, registrar])) => {
                let ((vault, mut promises), attested) =
                    tokio::join!(recovery::play(victim), credential::play(registrar, governance));
                promises.extend(attested);
                (vault, promises)
            }
            _ => (None, Vec::new()),
        }
    };
    let (vaults, (recovered, promises)) = tokio::join!(patients, beside);
    let vaults = vaults?.into_iter().chain(recovered).collect();
    let visible = std::mem::take(&mut *visible.lock().await);
    let last_slot = *last_slot.lock().await;
    Ok(Outcome { vaults, visible, last_slot, promises })
}

fn keypair(rng: &mut ChaCha20Rng) -> Keypair {
    Keypair::new_from_array(random_bytes(rng))
}

struct PatientStory {
    number: usize,
    operator: Operator,
    api: Api,
    providers: Arc<Vec<Pubkey>>,
    today: u32,
    rng: ChaCha20Rng,
    visible: Arc<Mutex<Vec<Duration>>>,
    last_slot: Arc<Mutex<u64>>,
}

impl PatientStory {
    async fn play(mut self) -> anyhow::Result<VaultOutcome> {
        let owner = keypair(&mut self.rng);
        let vault = self.create_vault(&owner).await?;
        let authority = Authority::Owner(owner.pubkey());
        let mut outcome = VaultOutcome { vault, ..Default::default() };

        // First of all, as midnight does not wait.
        if self.number == 5 {
            outcome.expiring = self.grant_until_midnight(vault, &owner).await?;
        }
        // The third patient's parent adds half of the records and grants on the patient's behalf.
        let parent = match self.number {
            2 => Some(self.add_delegate(vault, &owner, Right::Mint as u8 | Right::Grant as u8).await?),
            _ => None,
        };
        let mut records = Vec::new();
        for count in 0..ORIGINALS {
            let (by, key) = match &parent {
                Some(parent) if count % 2 == 1 => (Authority::Delegate(parent.pubkey()), parent),
                _ => (authority, &owner),
            };
            let params = self.new_record(vault, by).await?;
            records.push(pda::find_record(&vault, &params.record_id).0);
            let mint = instruction::mint_record(vault, by, self.operator.payer(), params);
            self.send("mint a record", mint, key).await?;
        }
        for record in &mut records[..AMENDMENTS] {
            let params = self.new_record(vault, authority).await?;
            let newer = pda::find_record(&vault, &params.record_id).0;
            let amend = instruction::amend_record(vault, authority, self.operator.payer(), *record, params);
            self.send("amend a record", amend, &owner).await?;
            *record = newer;
        }
        outcome.records = BTreeMap::from([("active", ORIGINALS), ("amended", AMENDMENTS)]);

        let mut consents = Vec::new();
        for count in 0..GRANTS {
            let (by, key) = match &parent {
                Some(parent) => (Authority::Delegate(parent.pubkey()), parent),
                None => (authority, &owner),
            };
            let kind = self.number * GRANTS + count;
            let grantee = self.providers[kind % PROVIDERS];
            let until = self.today + [7, 30, 365][count];
            let (consent, _) = self.grant(vault, by, key, grantee, KINDS[kind % KINDS.len()], until).await?;
            consents.push(consent);
        }
        outcome.consents = BTreeMap::from([("in_effect", GRANTS)]);

        match self.number {
            2 => {
                let parent = parent.context("the parent")?.pubkey();
                let remove = instruction::remove_delegate(vault, owner.pubkey(), &parent);
                self.send("remove a delegate", remove, &owner).await?;
                outcome.delegates = 1;
            }
            3 => {
                let params = RotateKeyParams { encryption_key: self.bytes(), expected: self.expected(vault).await? };
                self.send("change the key", instruction::rotate_key(vault, params), &owner).await?;
                outcome.key_epoch = 1;
            }
            4 => {
                let revoke = instruction::revoke_all_consents(vault, authority);
                self.send("stop allowing everybody", revoke, &owner).await?;
                outcome.consents = BTreeMap::from([("out_of_epoch", GRANTS)]);
                // What is granted afterwards is in effect again.
                let grantee = self.providers[0];
                self.grant(vault, authority, &owner, grantee, KINDS[0], self.today + 30).await?;
                outcome.consents.insert("in_effect", 1);
            }
            5 if outcome.expiring.is_some() => {
                outcome.consents.insert("expired", 1);
            }
            6 | 7 => {
                let mark = instruction::mark_record_entered_in_error(vault, authority, records[2]);
                self.send("mark a record as entered in error", mark, &owner).await?;
                outcome.records.insert("active", ORIGINALS - 1);
                outcome.records.insert("entered_in_error", 1);
            }
            8 | 9 => {
                let record: Record = self.operator.sender.account("record", &records[3]).await?;
                let erase = instruction::erase_record(owner.pubkey(), records[3], &record);
                self.send("erase a record", erase, &owner).await?;
                outcome.records.insert("active", ORIGINALS - 1);
                outcome.records.insert("erased", 1);
            }
            10..=15 => {
                let revoke = instruction::revoke_consent(vault, authority, consents[0]);
                self.send("stop allowing somebody", revoke, &owner).await?;
                outcome.consents = BTreeMap::from([("in_effect", GRANTS - 1), ("revoked", 1)]);
            }
            _ => {}
        }
        Ok(outcome)
    }

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

    async fn create_vault(&mut self, owner: &Keypair) -> anyhow::Result<Pubkey> {
        let vault_id = id::vault_id(&mut self.rng);
        let params = CreateVaultParams { vault_id, encryption_key: self.bytes() };
        let create = instruction::create_vault(owner.pubkey(), self.operator.payer(), params);
        self.send("create a vault", create, owner).await?;
        Ok(pda::find_vault(&vault_id).0)
    }

    async fn add_delegate(&mut self, vault: Pubkey, owner: &Keypair, rights: u8) -> anyhow::Result<Keypair> {
        let key = keypair(&mut self.rng);
        let expected = self.expected(vault).await?;
        let params = AddDelegateParams { key: key.pubkey(), rights, until_day: self.today + 30, expected };
        let add = instruction::add_delegate(vault, self.operator.payer(), params);
        self.send("add a delegate", add, owner).await?;
        Ok(key)
    }

    async fn new_record(&mut self, vault: Pubkey, by: Authority) -> anyhow::Result<NewRecordParams> {
        let expected = self.expected(vault).await?;
        let record_id = id::record_id(&mut self.rng, &vault, &expected.owner, &by);
        // The document itself is encrypted and stored elsewhere; the chain holds only this.
        let document = self.bytes();
        let commitment = commit(&self.bytes(), &document);
        Ok(NewRecordParams { record_id, commitment, expected })
    }

    async fn grant(
        &mut self,
        vault: Pubkey,
        by: Authority,
        key: &Keypair,
        grantee: Pubkey,
        (purposes, actions): (u16, u8),
        until_day: u32,
    ) -> anyhow::Result<(Pubkey, Opening)> {
        let consent_id = id::consent_id(&mut self.rng, &vault);
        let opening = Opening { vault, consent_id, grantee, salt: self.bytes() };
        let policy = self.bytes();
        let params = GrantConsentParams {
            handle: opening.handle(),
            policy_commitment: commit(&self.bytes(), &policy),
            purposes,
            actions,
            from_day: self.today,
            until_day,
            expected: self.expected(vault).await?,
        };
        let consent = pda::find_consent(&vault, &consent_id).0;
        let grant = instruction::grant_consent(vault, by, self.operator.payer(), consent_id, params);
        let sent = self.operator.sender.send(&[grant], &[key]).await.context("cannot allow somebody")?;
        let confirmed = Instant::now();
        let path = format!("/v1/chain/consents/{consent}?commitment=confirmed");
        while self.api.find(&path).await?.is_none() {
            ensure!(confirmed.elapsed() < Duration::from_secs(30), "the mirror does not show consent {consent}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.visible.lock().await.push(confirmed.elapsed());
        self.operator.account_for("allow somebody", &sent).await?;
        self.reached(&sent).await;
        Ok((consent, opening))
    }
}

impl PatientStory {
    /// A consent that ends at the ledger's next midnight; none where that is now.
    async fn grant_until_midnight(&mut self, vault: Pubkey, owner: &Keypair) -> anyhow::Result<Option<Expiring>> {
        let until = self.today + 1;
        let ends_at = i64::from(until) * DAY;
        if ledger_time(&self.operator).await? >= ends_at - TOO_LATE {
            return Ok(None);
        }
        let grantee = keypair(&mut self.rng);
        let authority = Authority::Owner(owner.pubkey());
        let (consent, opening) = self.grant(vault, authority, owner, grantee.pubkey(), KINDS[0], until).await?;
        let expiring = Expiring { consent, opening, grantee, ends_at };
        let permits = check(&self.operator, &expiring).await?.permit;
        ensure!(permits || ledger_time(&self.operator).await? >= ends_at, "the program does not permit before the end");
        Ok(Some(expiring))
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
    let params = CheckConsentParams { salt: expiring.opening.salt, purposes: KINDS[0].0, actions: KINDS[0].1 };
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
