//! A patient's own side: the keys, and records and consents on their way to the server and the chain.

use std::{io::Cursor, time::Duration};

use aegle_api_client::{
    Pay, Session, Unlocked, consent,
    keyring::{self, Guardians},
    record::{self, Issuer, Sealed, Unminted},
};
use aegle_client::{Pubkey, Sent, aegle::CreateVaultParams, id, instruction, instruction::Authority, pda};
use aegle_decision::{Key, Policy};
use aegle_envelope::RootSecret;
use aegle_fhir::Record;
use anyhow::{Context, ensure};
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::{Instant, sleep};

use super::{PatientStory, WITHIN, keypair, life, provider::Reader};

/// Records minted in one transaction, as many as fit.
pub const AT_ONCE: usize = 3;

/// Who owns a vault, with what only they have.
pub struct Owner {
    pub wallet: Keypair,
    pub vault: Pubkey,
    pub session: Session,
    pub unlocked: Unlocked,
}

impl Owner {
    pub fn authority(&self) -> Authority {
        Authority::Owner(self.wallet.pubkey())
    }
}

/// What is allowed to somebody.
pub struct Allowed<'a> {
    pub to: &'a Reader,
    pub purposes: u16,
    pub actions: u8,
    pub until_day: u32,
    pub policy: Policy,
}

impl PatientStory {
    pub fn pay(&self) -> Pay<'_> {
        Pay::Own(&self.operator.sender)
    }

    /// A vault whose owner is signed in and keeps the keys at the server, wrapped.
    pub async fn arrive(&mut self) -> anyhow::Result<Owner> {
        let wallet = keypair(&mut self.rng);
        let vault_id = id::vault_id(&mut self.rng);
        let vault = pda::find_vault(&vault_id).0;
        let unlocked = Unlocked::new(Key(vault.to_bytes()), 0, RootSecret::generate(&mut self.rng));
        let params = CreateVaultParams { vault_id, encryption_key: unlocked.encryption_key()?.0 };
        let create = instruction::create_vault(wallet.pubkey(), self.operator.payer(), params);
        let created = self.send("create a vault", create, &wallet).await?;
        let session = Session::sign_in(&self.client, &wallet, None).await?;
        self.mirrored(&created).await?;
        Ok(Owner { wallet, vault, session, unlocked })
    }

    /// Stores the ways back to the keys.
    pub async fn keep_keys(&mut self, owner: &Owner, guardians: Option<Guardians<'_>>) -> anyhow::Result<()> {
        let Owner { wallet, session, unlocked, .. } = owner;
        let made = keyring::make(self.client.origin(), wallet, unlocked, guardians, None, &mut self.rng)?;
        Ok(keyring::store(session, &made.keyring).await?)
    }

    /// Encrypts a record and uploads it; `authority` is to mint it.
    pub async fn store(&mut self, owner: &Owner, authority: Authority, record: &Record) -> anyhow::Result<Unminted> {
        let key = owner.unlocked.vault();
        let providers = self.providers.clone();
        // A visit's papers are signed by who was visited, where somebody says who that is.
        let doctor = providers.of(super::provider::Role::FamilyDoctor)?;
        let issuer = doctor.credential.filter(|_| record.kind == aegle_fhir::Kind::Encounter);
        let issuer = issuer.map(|credential| Issuer { credential, key: &doctor.wallet });
        let mut content = Cursor::new(record.content());
        let sealed = Sealed::new(key, life::draft(record), &mut content, issuer, &mut self.rng)?;
        let (pay, rng) = (Pay::Own(&self.operator.sender), &mut self.rng);
        Ok(record::store(&owner.session, &pay, authority, key, sealed, rng, &|_, _| {}).await?)
    }

    /// Mints what was uploaded, and waits until the mirror shows it.
    pub async fn mint(
        &self,
        signer: &Keypair,
        authority: Authority,
        previous: Option<Key>,
        records: &[Unminted],
    ) -> anyhow::Result<()> {
        let sent = record::mint(&self.pay(), signer, authority, previous, records).await.context("cannot mint")?;
        let confirmed = Instant::now();
        let last = records.last().context("nothing was minted")?;
        self.appears(&format!("records/{}", last.record), confirmed).await?;
        let operation = match (previous, records.len()) {
            (Some(_), _) => "amend a record",
            (None, 1) => "mint a record",
            (None, 2) => "mint two records",
            (None, _) => "mint three records",
        };
        self.operator.account_for(operation, &sent).await?;
        self.reached(&sent).await;
        Ok(())
    }

    /// Measures how long after `confirmed` the mirror has what is at `path`.
    async fn appears(&self, path: &str, confirmed: Instant) -> anyhow::Result<()> {
        let path = format!("/v1/chain/{path}?commitment=confirmed");
        while self.api.find(&path).await?.is_none() {
            ensure!(confirmed.elapsed() < WITHIN, "the mirror does not show {path}");
            sleep(Duration::from_millis(10)).await;
        }
        self.visible.lock().await.push(confirmed.elapsed());
        Ok(())
    }

    /// Shows what a policy opens, grants it, and encrypts the keys of that to who is let in.
    pub async fn allow(
        &mut self,
        owner: &Owner,
        signer: &Keypair,
        allowed: Allowed<'_>,
    ) -> anyhow::Result<(consent::Shown, Key)> {
        let Allowed { to, purposes, actions, until_day, policy } = allowed;
        let Owner { session, unlocked, .. } = owner;
        let shown = consent::draft(session, unlocked.vault(), purposes, &policy).await?;
        let grant = consent::Grant {
            grantee: to.key(),
            encryption_key: to.encryption_key,
            purposes,
            actions,
            from_day: self.from_day,
            until_day,
            policy,
        };
        let pay = Pay::Own(&self.operator.sender);
        let granted = consent::grant(session, &pay, signer, unlocked, grant, &shown, &mut self.rng).await;
        let granted = granted.context("cannot allow somebody")?;
        ensure!(granted.wrapped == shown.records.len(), "{} keys were encrypted", granted.wrapped);
        self.operator.account_for("allow somebody", &granted.sent).await?;
        self.reached(&granted.sent).await;
        Ok((shown, granted.consent))
    }

    /// Waits until the mirror has it.
    pub async fn mirrored(&self, sent: &Sent) -> anyhow::Result<()> {
        Ok(self.client.reached(sent.slot, false, WITHIN).await?)
    }
}
