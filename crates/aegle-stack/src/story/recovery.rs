//! A thief has the owner's key. Her guardians give her the vault back, and the thief cannot stop them.

use std::{collections::BTreeMap, time::Duration};

use aegle_api_client::{
    Session,
    keyring::Guardians,
    record::{self, Query},
    recovery::{Prepared, hand_over, prepare, take_over},
    wrap,
};
use aegle_client::{
    Pubkey,
    aegle::{
        AddDelegateParams, AegleError, ApproveRecoveryParams, ChangeGuardiansParams, GrantConsentParams,
        ProposeRecoveryParams,
    },
    commitment::GuardianList,
    id,
    instruction::{self, Authority},
    pda,
    state::{Action, Purpose, Record, Recovery, Right, Vault},
};
use aegle_decision::Key;
use aegle_envelope::{SecretKey, keyring::Guardian};
use anyhow::{Context, ensure};
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::Instant;

use super::{
    PatientStory, Promise, Promises, VaultOutcome,
    consent::{TREATMENT, Wishes},
    keypair, ledger_time,
    life::{Life, date},
    owner::{Allowed, Owner},
    provider::Role,
};

/// Seconds that a recovery can be vetoed at least. On a slow machine it is the time of so many
/// transactions, up to the longest.
pub const RECOVERY_DELAY: i64 = 10;
const TRANSACTIONS: i64 = 10;
const LONGEST_DELAY: i64 = 120;
const GUARDIANS: usize = 3;
const THRESHOLD: u8 = 2;

/// A vault with guardians, its owner's key stolen.
struct Scene {
    story: PatientStory,
    vault: Pubkey,
    /// The thief has this key, too.
    owner: Keypair,
    guardians: Vec<(Keypair, SecretKey)>,
    list: GuardianList,
    /// Minted by a delegate, and what is in it.
    record: Pubkey,
    content: Vec<u8>,
    /// Signed by the old owner and held back.
    held_back: Instruction,
    new_owner: Keypair,
    prepared: Prepared,
}

/// The vault is the owner's again; its content is yet to be opened.
pub struct Recovered {
    scene: Scene,
    recovery: Pubkey,
}

/// Plays the recovery. Returns the vault that was recovered, and what held.
pub(super) async fn play(story: PatientStory) -> (Option<Recovered>, Vec<Promise>) {
    let mut promises = Promises::default();
    let recovered = steps(story, &mut promises).await;
    (recovered, promises.0)
}

async fn steps(story: PatientStory, promises: &mut Promises) -> Option<Recovered> {
    let named = "guardians are named, and the chain does not say who";
    let mut scene = promises.note(named, Scene::set(story).await)?;
    promises.note("the owner takes a token that her delegate minted", scene.reissue(&scene.owner).await)?;
    let recovery = promises.note("two of three guardians propose a new owner", scene.propose().await)?;
    promises
        .note("the thief's veto stops two guardians, all three override it", scene.override_veto(recovery).await)?;
    promises.note("after its delay the recovery gives the vault to the new owner", scene.execute(recovery).await)?;
    promises.note("the old key is refused, and what it had prepared", scene.refuse_old_key().await)?;
    promises.note("the token is reissued to the new owner", scene.reissue(&scene.new_owner).await)?;
    Some(Recovered { scene, recovery })
}

impl Recovered {
    /// What the API should show of the vault.
    pub fn outcome(&self) -> VaultOutcome {
        VaultOutcome {
            vault: self.scene.vault,
            records: BTreeMap::from([("active", 1)]),
            consents: BTreeMap::from([("out_of_epoch", 1)]),
            delegates: 1,
            key_epoch: 1,
            expiring: None,
        }
    }

    /// Two guardians hand their shares over; the new owner opens with them what there was, and encrypts its
    /// keys anew. The recovery is final.
    pub async fn read_again(&mut self) -> anyhow::Result<()> {
        let Self { scene, recovery } = self;
        let Scene { story, vault, owner, guardians, content, new_owner, prepared, .. } = scene;
        let PatientStory { operator, client, rng, .. } = story;
        let (reader, recovery, key) = (operator.sender.reader(), Key(recovery.to_bytes()), Key(vault.to_bytes()));
        for (guardian, secret) in &guardians[..usize::from(THRESHOLD)] {
            let session = Session::sign_in(client, guardian, None).await?;
            hand_over(&session, reader, secret, recovery, rng).await?;
        }
        let session = Session::sign_in(client, new_owner, None).await?;
        let known = known(guardians);
        let guardians = Guardians { threshold: THRESHOLD, guardians: &known };
        let (unlocked, _) = take_over(&session, reader, new_owner, prepared, Some(guardians), rng).await?;
        let filled = wrap::fill(&session, reader, &unlocked, &[], rng).await?;
        ensure!(filled.stored == 1, "{filled:?}");
        let purpose = Purpose::PatientRequest;
        let [held] = &record::list(&session, purpose, key, &Query::default()).await?[..] else {
            anyhow::bail!("not the one record that there was")
        };
        let newest = prepared.root.vault_key(&key, prepared.key_epoch).into();
        let mut found = Vec::new();
        record::open(&session, reader, &newest, purpose, held.record, &mut found, &|_, _| {}).await?;
        ensure!(found == *content, "another content than before");
        let thief = Session::sign_in(client, owner, None).await?;
        let refused = record::get(&thief, purpose, held.record).await;
        ensure!(refused.is_err_and(|error| error.is("not_permitted")), "the thief reads the record");
        Ok(())
    }
}

fn known(guardians: &[(Keypair, SecretKey)]) -> Vec<Guardian> {
    let known = |(key, secret): &(Keypair, SecretKey)| Guardian {
        guardian: Key(key.pubkey().to_bytes()),
        encryption_key: secret.encryption_key(),
    };
    guardians.iter().map(known).collect()
}

impl Scene {
    async fn set(mut story: PatientStory) -> anyhow::Result<Self> {
        let new_owner = keypair(&mut story.rng);
        let owner = story.arrive().await?;
        let vault = owner.vault;
        let (record, content, took) = Self::mint(&mut story, &owner).await?;
        let took = i64::try_from(took.as_secs())?;
        let delay = (took * TRANSACTIONS).clamp(RECOVERY_DELAY, LONGEST_DELAY);
        let guardians: Vec<_> =
            (0..GUARDIANS).map(|_| (keypair(&mut story.rng), SecretKey::generate(&mut story.rng))).collect();
        let keys: Vec<Pubkey> = guardians.iter().map(|(key, _)| key.pubkey()).collect();
        let list = GuardianList::new(vault, &keys, &mut story.rng);
        let params = ChangeGuardiansParams {
            guardians: list.guardians(THRESHOLD, delay),
            expected: story.expected(vault).await?,
        };
        story.send("name guardians", instruction::change_guardians(vault, params), &owner.wallet).await?;
        story.shown(&format!("vaults/{vault}"), "/guardians/count", GUARDIANS).await?;
        story.shown(&format!("vaults/{vault}"), "/guardians/threshold", THRESHOLD).await?;
        let threshold = Guardians { threshold: THRESHOLD, guardians: &known(&guardians) };
        story.keep_keys(&owner, Some(threshold)).await?;

        let providers = story.providers.clone();
        let (seen, sensitivities) = (Key(record.to_bytes()), [].into());
        let policy = TREATMENT.policy(&Wishes { today: date(story.today)?, exception: seen, sensitivities });
        let allowed = Allowed {
            to: providers.of(Role::FamilyDoctor)?,
            purposes: TREATMENT.purposes,
            actions: TREATMENT.actions,
            until_day: story.today + 30,
            policy,
        };
        story.allow(&owner, &owner.wallet, allowed).await?;

        let consent_id = id::consent_id(&mut story.rng, &vault);
        let params = GrantConsentParams {
            handle: story.bytes(),
            policy_commitment: story.bytes(),
            purposes: Purpose::Treatment as u16,
            actions: Action::Read as u8,
            from_day: story.today,
            until_day: story.today + 30,
            expected: story.expected(vault).await?,
        };
        let held_back =
            instruction::grant_consent(vault, owner.authority(), story.operator.payer(), consent_id, params);
        let reader = story.operator.sender.reader();
        let prepared = prepare(reader, Key(vault.to_bytes()), &mut story.rng).await?;
        let owner = owner.wallet;
        Ok(Self { story, vault, owner, guardians, list, record, content, held_back, new_owner, prepared })
    }

    /// A delegate mints one visit of a life; also tells how long a transaction took.
    async fn mint(story: &mut PatientStory, owner: &Owner) -> anyhow::Result<(Pubkey, Vec<u8>, Duration)> {
        let delegate = keypair(&mut story.rng);
        let params = AddDelegateParams {
            key: delegate.pubkey(),
            rights: Right::Mint as u8,
            until_day: story.today + 30,
            expected: story.expected(owner.vault).await?,
        };
        let add = instruction::add_delegate(owner.vault, story.operator.payer(), params);
        let started = Instant::now();
        story.send("add a delegate", add, &owner.wallet).await?;
        let took = started.elapsed();
        let (seed, number, today) = (story.bytes(), story.number + 1, date(story.today)?);
        let life = tokio::task::spawn_blocking(move || Life::new(seed, number, today)).await??;
        let visit = life.records.iter().find(|record| record.kind == aegle_fhir::Kind::Encounter);
        let visit = visit.context("a life without visits")?;
        let by = Authority::Delegate(delegate.pubkey());
        let stored = story.store(owner, by, visit).await?;
        story.mint(&delegate, by, None, &[stored]).await?;
        Ok((stored.record.0.into(), visit.content(), took))
    }

    async fn account(&self) -> anyhow::Result<Vault> {
        Ok(self.story.operator.sender.account("vault", &self.vault).await?)
    }

    /// `owner` has the record's token issued to the own account; where it was, nothing stays.
    async fn reissue(&self, owner: &Keypair) -> anyhow::Result<()> {
        let sender = &self.story.operator.sender;
        let before: Record = sender.account("record", &self.record).await?;
        let expected = self.story.expected(self.vault).await?;
        let reissue = instruction::reissue_record(self.story.operator.payer(), self.record, &before, expected);
        self.story.send("reissue a token", reissue, owner).await?;
        let after: Record = sender.account("record", &self.record).await?;
        let token = pda::find_token(&pda::find_mint(&self.record).0, &owner.pubkey()).0;
        ensure!(after.token == token, "the record names {} as its token, expected {token}", after.token);
        let addresses = [before.token, token];
        let accounts =
            sender.rpc().get_multiple_accounts_with_commitment(&addresses, CommitmentConfig::confirmed()).await?.value;
        let there: Vec<bool> = accounts.iter().map(Option::is_some).collect();
        ensure!(there == [false, true], "of the old and the new token account there are {there:?}");
        self.story.shown(&format!("records/{}", self.record), "/record/issues", after.issues).await
    }

    async fn propose(&mut self) -> anyhow::Result<Pubkey> {
        let account = self.account().await?;
        let (first, _) = &self.guardians[0];
        let recovery_id = id::recovery_id(&mut self.story.rng, &self.vault);
        let recovery = pda::find_recovery(&self.vault, &recovery_id).0;
        let params = ProposeRecoveryParams {
            recovery_id,
            new_owner: self.new_owner.pubkey(),
            new_encryption_key: self.prepared.encryption_key().0,
            opening: self.list.opening(&first.pubkey()).context("no guardian")?,
            guardian_epoch: account.guardian_epoch,
            delegate_epoch: account.delegate_epoch,
        };
        let payer = self.story.operator.payer();
        let propose = instruction::propose_recovery(self.vault, first.pubkey(), payer, params);
        self.story.send("propose a recovery", propose, first).await?;
        self.status(recovery, "proposed").await?;
        self.approve(recovery, 1).await?;
        Ok(recovery)
    }

    async fn approve(&self, recovery: Pubkey, guardian: usize) -> anyhow::Result<()> {
        let (guardian, _) = &self.guardians[guardian];
        let opening = self.list.opening(&guardian.pubkey()).context("no guardian")?;
        let params = ApproveRecoveryParams { opening };
        let approve = instruction::approve_recovery(self.vault, guardian.pubkey(), recovery, params);
        self.story.send("approve a recovery", approve, guardian).await?;
        Ok(())
    }

    async fn override_veto(&self, recovery: Pubkey) -> anyhow::Result<()> {
        let veto = instruction::veto_recovery(self.vault, self.owner.pubkey(), recovery);
        self.story.send("veto a recovery", veto.clone(), &self.owner).await?;
        self.status(recovery, "vetoed").await?;
        self.approve(recovery, 2).await?;
        self.status(recovery, "pending").await?;
        // On a slow machine the delay is over by then; either way the thief is too late.
        self.story.refused(veto, &self.owner, &[AegleError::RecoveryUnanimous, AegleError::RecoveryVetoTooLate]).await
    }

    async fn executable_at(&self, recovery: Pubkey) -> anyhow::Result<i64> {
        Ok(self.story.operator.sender.account::<Recovery>("recovery", &recovery).await?.executable_at)
    }

    /// Waits for the delay and hands the vault over.
    async fn execute(&self, recovery: Pubkey) -> anyhow::Result<()> {
        let executable_at = self.executable_at(recovery).await?;
        let execute = instruction::execute_recovery(self.vault, self.new_owner.pubkey(), recovery);
        while ledger_time(&self.story.operator).await? < executable_at {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        self.story.send("execute a recovery", execute, &self.new_owner).await?;
        self.status(recovery, "executed").await?;
        let owner = self.new_owner.pubkey().to_string();
        self.story.shown(&format!("vaults/{}", self.vault), "/owner", owner).await
    }

    async fn refuse_old_key(&self) -> anyhow::Result<()> {
        self.story.refused(self.held_back.clone(), &self.owner, &[AegleError::OwnerMismatch]).await?;
        let revoke = instruction::revoke_all_consents(self.vault, Authority::Owner(self.owner.pubkey()));
        self.story.refused(revoke, &self.owner, &[AegleError::Unauthorized]).await
    }

    async fn status(&self, recovery: Pubkey, status: &str) -> anyhow::Result<()> {
        self.story.shown(&format!("recoveries/{recovery}"), "/status", status).await
    }
}
