//! One patient: a life in care that becomes records, corrections that become their next versions, and who is
//! let in and out again.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use aegle_api_client::{consent, keyring, wrap};
use aegle_client::{
    Pubkey,
    aegle::AddDelegateParams,
    commitment::Opening,
    instruction::{self, Authority},
    state::{DAY, Record, Right},
};
use aegle_decision::Key;
use anyhow::{Context, ensure};
use rand::{Rng, seq::SliceRandom};
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::{
    Expiring, PatientStory, VaultOutcome, check,
    consent::{Grantee, KINDS, Kind, TREATMENT, Wishes},
    keypair, ledger_time,
    life::{Life, date},
    owner::{AT_ONCE, Allowed, Owner},
    provider::Reader,
};

const GRANTS: usize = 3;
/// Seconds before midnight from which on a slow machine grants nothing that ends then.
const TOO_LATE: i64 = 5;

/// A patient afterwards: what there is to read, and for whom.
pub struct Shelf {
    pub number: usize,
    pub life: Life,
    pub records: Vec<Kept>,
    pub relative: Reader,
    pub readings: Vec<Reading>,
}

/// A record on chain.
pub struct Kept {
    pub record: Key,
    /// Place in the life.
    pub place: usize,
    /// Of what was corrected; the first version is among the records, too.
    pub correction: Option<usize>,
}

/// What somebody was let read.
pub struct Reading {
    pub kind: &'static Kind,
    pub open: BTreeSet<Key>,
    pub withheld: BTreeSet<Key>,
    /// The consent is over.
    pub is_over: bool,
    consent: Key,
}

impl Shelf {
    /// What was generated for a record, as bytes.
    pub fn content(&self, kept: &Kept) -> Option<Vec<u8>> {
        let record = match kept.correction {
            Some(correction) => self.life.corrected.get(correction).map(|(_, record)| record),
            None => self.life.records.get(kept.place),
        };
        record.map(aegle_fhir::Record::content)
    }
}

impl PatientStory {
    pub async fn play(mut self) -> anyhow::Result<(VaultOutcome, Shelf)> {
        let (seed, number, today) = (self.bytes(), self.number, date(self.today)?);
        let life = tokio::task::spawn_blocking(move || Life::new(seed, number + 1, today));
        let owner = self.arrive().await?;
        let mut outcome = VaultOutcome { vault: owner.vault, ..Default::default() };
        // First of all, as midnight does not wait.
        if self.number == 5 {
            outcome.expiring = self.grant_until_midnight(&owner).await?;
        }
        self.keep_keys(&owner, None).await?;
        // The third patient's parent adds half of the records and grants on the patient's behalf.
        let parent = match self.number {
            2 => Some(self.add_delegate(&owner, Right::Mint as u8 | Right::Grant as u8).await?),
            _ => None,
        };
        let life = life.await.context("a patient's life broke off")??;
        let records = self.add_records(&owner, parent.as_ref(), &life).await?;
        let (current, amended) = (life.records.len(), life.corrected.len());
        outcome.records = [("active", current), ("amended", amended)].into();

        let relative = Reader::new(&mut self.rng);
        let mut shelf = Shelf { number: self.number, life, records, relative, readings: Vec::new() };
        for count in 0..GRANTS {
            let kind = &KINDS[(self.number * GRANTS + count) % KINDS.len()];
            let reading = self.let_in(&owner, parent.as_ref(), &shelf, kind, [7, 30, 365][count]).await?;
            shelf.readings.push(reading);
        }
        outcome.consents = [("in_effect", GRANTS)].into();
        self.turn(&mut outcome, &mut shelf, owner, parent).await?;
        self.progress.fetch_add(1, Ordering::Relaxed);
        Ok((outcome, shelf))
    }

    /// Encrypts, uploads and mints a life's records, and then what was corrected of them.
    async fn add_records(&mut self, owner: &Owner, parent: Option<&Keypair>, life: &Life) -> anyhow::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        let places: Vec<usize> = (0..life.records.len()).collect();
        // What a delegate signs fits but once into a transaction.
        for (count, places) in places.chunks(if parent.is_some() { 1 } else { AT_ONCE }).enumerate() {
            let (by, key) = match parent {
                Some(parent) if count % 2 == 1 => (Authority::Delegate(parent.pubkey()), parent),
                _ => (owner.authority(), &owner.wallet),
            };
            let mut unminted = Vec::new();
            for place in places {
                let stored = self.store(owner, by, &life.records[*place]).await?;
                kept.push(Kept { record: stored.record, place: *place, correction: None });
                unminted.push(stored);
            }
            self.mint(key, by, None, &unminted).await?;
        }
        for (correction, (place, record)) in life.corrected.iter().enumerate() {
            let previous = kept.iter().find(|kept| kept.place == *place).context("no version before")?.record;
            let stored = self.store(owner, owner.authority(), record).await?;
            self.mint(&owner.wallet, owner.authority(), Some(previous), &[stored]).await?;
            kept.push(Kept { record: stored.record, place: *place, correction: Some(correction) });
        }
        Ok(kept)
    }

    /// Allows one kind of reader what their policy opens.
    async fn let_in(
        &mut self,
        owner: &Owner,
        parent: Option<&Keypair>,
        shelf: &Shelf,
        kind: &'static Kind,
        days: u32,
    ) -> anyhow::Result<Reading> {
        let exception = shelf.records.choose(&mut self.rng).context("no records")?.record;
        let sensitivities = shelf.life.sensitivities();
        let policy = kind.policy(&Wishes { today: date(self.today)?, exception, sensitivities });
        let providers = self.providers.clone();
        let to = match kind.grantee {
            Grantee::Provider(role) => providers.of(role)?,
            Grantee::Relative => &shelf.relative,
        };
        let until_day = self.today + days;
        let allowed = Allowed { to, purposes: kind.purposes, actions: kind.actions, until_day, policy };
        let (shown, consent) = self.allow(owner, parent.unwrap_or(&owner.wallet), allowed).await?;
        let open: BTreeSet<Key> = shown.records.into_iter().collect();
        let withheld: BTreeSet<Key> =
            shelf.records.iter().map(|kept| kept.record).filter(|record| !open.contains(record)).collect();
        ensure!(shown.withheld == withheld.len() as u64, "{} records are withheld", shown.withheld);
        Ok(Reading { kind, open, withheld, is_over: false, consent })
    }

    /// What is particular to some of the patients.
    async fn turn(
        &mut self,
        outcome: &mut VaultOutcome,
        shelf: &mut Shelf,
        owner: Owner,
        parent: Option<Keypair>,
    ) -> anyhow::Result<()> {
        let (vault, authority) = (owner.vault, owner.authority());
        // The newest version of what is in the middle of the life.
        let place = shelf.life.records.len() / 2;
        let middle = shelf.records.iter().rfind(|kept| kept.place == place).context("no records")?.record;
        let active = shelf.life.records.len();
        match self.number {
            2 => {
                let parent = parent.context("the parent")?.pubkey();
                let remove = instruction::remove_delegate(vault, owner.wallet.pubkey(), &parent);
                self.send("remove a delegate", remove, &owner.wallet).await?;
                outcome.delegates = 1;
            }
            3 => {
                self.change_key(owner, shelf).await?;
                outcome.key_epoch = 1;
            }
            4 => {
                let revoke = instruction::revoke_all_consents(vault, authority);
                let revoked = self.send("stop allowing everybody", revoke, &owner.wallet).await?;
                self.mirrored(&revoked).await?;
                shelf.readings.iter_mut().for_each(|reading| reading.is_over = true);
                // What is granted afterwards is in effect again.
                let reading = self.let_in(&owner, None, shelf, TREATMENT, 30).await?;
                shelf.readings.push(reading);
                outcome.consents = [("out_of_epoch", GRANTS), ("in_effect", 1)].into();
            }
            5 if outcome.expiring.is_some() => {
                outcome.consents.insert("expired", 1);
            }
            6 | 7 => {
                let mark = instruction::mark_record_entered_in_error(vault, authority, middle.0.into());
                self.send("mark a record as entered in error", mark, &owner.wallet).await?;
                outcome.records.extend([("active", active - 1), ("entered_in_error", 1)]);
            }
            8 | 9 => {
                let address = Pubkey::from(middle.0);
                let record: Record = self.operator.sender.account("record", &address).await?;
                let erase = instruction::erase_record(owner.wallet.pubkey(), address, &record);
                self.send("erase a record", erase, &owner.wallet).await?;
                for reading in &mut shelf.readings {
                    reading.open.remove(&middle);
                    reading.withheld.insert(middle);
                }
                outcome.records.extend([("active", active - 1), ("erased", 1)]);
            }
            10..=15 => {
                let reading = shelf.readings.first_mut().context("no consents")?;
                let revoke = instruction::revoke_consent(vault, authority, reading.consent.0.into());
                reading.is_over = true;
                self.send("stop allowing somebody", revoke, &owner.wallet).await?;
                outcome.consents = [("in_effect", GRANTS - 1), ("revoked", 1)].into();
            }
            _ => {}
        }
        Ok(())
    }

    /// Begins a key epoch, and encrypts every content key to the new key.
    async fn change_key(&mut self, owner: Owner, shelf: &Shelf) -> anyhow::Result<()> {
        let Owner { wallet, session, unlocked, .. } = owner;
        let pay = aegle_api_client::Pay::Own(&self.operator.sender);
        let rotated = keyring::rotate(&session, &pay, &wallet, unlocked, None, &mut self.rng).await?;
        self.operator.account_for("change the key", &rotated.sent).await?;
        self.reached(&rotated.sent).await;
        self.mirrored(&rotated.sent).await?;
        let reader = self.operator.sender.reader();
        let filled = wrap::fill(&session, reader, &rotated.unlocked, &[], &mut self.rng).await?;
        ensure!(filled.unproven.is_empty() && filled.unreadable.is_empty(), "{filled:?}");
        ensure!(filled.stored >= shelf.records.len(), "{} keys were encrypted anew", filled.stored);
        Ok(())
    }

    async fn add_delegate(&mut self, owner: &Owner, rights: u8) -> anyhow::Result<Keypair> {
        let key = keypair(&mut self.rng);
        let expected = self.expected(owner.vault).await?;
        let params = AddDelegateParams { key: key.pubkey(), rights, until_day: self.today + 30, expected };
        let add = instruction::add_delegate(owner.vault, self.operator.payer(), params);
        self.send("add a delegate", add, &owner.wallet).await?;
        Ok(key)
    }

    /// A consent that ends at the ledger's next midnight; none where that is now.
    async fn grant_until_midnight(&mut self, owner: &Owner) -> anyhow::Result<Option<Expiring>> {
        let until_day = self.today + 1;
        let ends_at = i64::from(until_day) * DAY;
        if ledger_time(&self.operator).await? >= ends_at - TOO_LATE {
            return Ok(None);
        }
        let reader = Reader::new(&mut self.rng);
        let Kind { purposes, actions, .. } = *TREATMENT;
        let wishes = Wishes { today: date(self.today)?, exception: Key(self.rng.r#gen()), sensitivities: [].into() };
        let policy = TREATMENT.policy(&wishes);
        let allowed = Allowed { to: &reader, purposes, actions, until_day, policy };
        let (_, consent) = self.allow(owner, &owner.wallet, allowed).await?;
        let held = consent::list(&owner.session, owner.unlocked.vault()).await?;
        let held = held.iter().find(|held| held.consent == consent).context("the opening is not kept")?;
        let (vault, grantee) = (owner.vault, reader.wallet.pubkey());
        let opening = Opening { vault, consent_id: held.consent_id.0, grantee, salt: held.salt.0 };
        let expiring = Expiring { consent: consent.0.into(), opening, grantee: reader.wallet, ends_at };
        let permits = check(&self.operator, &expiring).await?.permit;
        ensure!(permits || ledger_time(&self.operator).await? >= ends_at, "the program does not permit before the end");
        Ok(Some(expiring))
    }
}
