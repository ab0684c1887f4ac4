//! Guardians' shares, on their way to them and back.

use aegle_client::{Reader, state::Recovery};
use aegle_decision::Key;
use aegle_envelope::{
    EncryptionKey, Keyring, RootSecret, SecretKey,
    keyring::{GuardianShare, RecoveryPlace, RecoveryShare, Share},
};
use rand::{CryptoRng, RngCore};
use serde_json::json;

use crate::{
    Error, Origin, Session, Unlocked, chain,
    keyring::{self, Made, Way},
    wire::{KeptShare, Stored},
};

/// Each guardian's own share as the server keeps it for them: it names no other guardian.
pub fn guardian_shares(keyring: &Keyring) -> Result<Vec<(Key, String)>, Error> {
    let Some(wraps) = keyring.guardians() else { return Ok(Vec::new()) };
    let text = |share: &GuardianShare| {
        let text = serde_json::to_string(share).map_err(|_| Error::Answer("a share that is no JSON"))?;
        Ok((share.guardian, text))
    };
    wraps.shares.iter().map(text).collect()
}

/// The shares that the caller keeps as a guardian, or was given as a new owner.
///
/// # Errors
/// The server's.
pub async fn shares(session: &Session) -> Result<Vec<KeptShare>, Error> {
    session.list("/v1/guardian-shares", &[]).await
}

/// As a guardian: opens the own share of a vault and encrypts it to the key that the recovery at `recovery`
/// publishes, which the chain is asked for.
///
/// # Errors
/// No share, or a key that does not open it; the server's or the node's.
pub async fn hand_over(
    session: &Session,
    reader: &Reader,
    secret: &SecretKey,
    recovery: Key,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(), Error> {
    let state: Recovery = reader.account("recovery", &recovery.0.into()).await?;
    let vault = Key(state.vault.to_bytes());
    let guardian = session.wallet();
    let own = |share: &KeptShare| share.vault == vault && share.guardian == guardian && share.holder == guardian;
    let kept = shares(session).await?.into_iter().filter(own).max_by_key(|share| share.key_epoch);
    let kept = kept.ok_or(Error::NoKey("no share of this vault was given to you"))?;
    let sealed: GuardianShare =
        serde_json::from_str(&kept.share).map_err(|_| Error::Answer("a share that this version cannot read"))?;
    let share = sealed.open(&vault, kept.key_epoch, secret)?;
    let place = RecoveryPlace { vault, key_epoch: kept.key_epoch, recovery };
    let handed = share.hand_over(&place, guardian, &EncryptionKey(state.new_encryption_key), rng)?;
    let handed = serde_json::to_string(&handed).map_err(|_| Error::Answer("a share that is no JSON"))?;
    let holder = Key(state.new_owner.to_bytes());
    let new = json!({"vault": vault, "key_epoch": kept.key_epoch, "holder": holder, "share": handed});
    session.post::<Stored>("/v1/guardian-shares", &new).await.map(drop)
}

/// The root that a new owner prepares before a recovery, and the key to publish with it.
pub struct Prepared {
    pub vault: Key,
    /// The vault's key epoch once the recovery is executed, unless the key changes before.
    pub key_epoch: u32,
    pub root: RootSecret,
}

impl Prepared {
    /// # Errors
    /// The node's.
    pub async fn new(reader: &Reader, vault: Key, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, Error> {
        let state = chain::vault(reader, &vault).await?;
        let key_epoch = state.key_epoch.saturating_add(1);
        Ok(Self { vault, key_epoch, root: RootSecret::generate(rng) })
    }

    fn secret(&self) -> SecretKey {
        self.root.vault_key(&self.vault, self.key_epoch)
    }

    /// What the guardians propose on chain.
    pub fn encryption_key(&self) -> EncryptionKey {
        self.secret().encryption_key()
    }
}

/// As the new owner, after the recovery was executed: opens what the guardians handed over, and with it
/// everything that was, and stores a keyring of the new epoch. The records' keys are then to be wrapped
/// anew, by [`crate::wrap::fill`].
///
/// # Errors
/// Too few shares; the server's or the node's.
pub async fn take_over(
    session: &Session,
    reader: &Reader,
    wallet: &dyn solana_signer::Signer,
    prepared: &Prepared,
    guardians: Option<keyring::Guardians<'_>>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(Unlocked, Made), Error> {
    let vault = prepared.vault;
    let state = chain::vault(reader, &vault).await?;
    if state.key_epoch != prepared.key_epoch || state.encryption_key != prepared.encryption_key().0 {
        return Err(Error::Chain("the vault has another key than the one prepared: replace it, then go on"));
    }
    let secret = prepared.secret();
    let handed = shares(session).await?;
    let handed = handed.iter().filter(|share| share.vault == vault && share.holder == session.wallet());
    let read = |share: &KeptShare| serde_json::from_str::<RecoveryShare>(&share.share).ok();
    // One that does not open is a guardian's mistake; enough others may do.
    let opened: Vec<Share> = handed.filter_map(read).filter_map(|share| share.open(&secret).ok()).collect();
    let before = keyring::unlock(session, reader, vault, Way::Shares(&opened)).await?;
    let (epoch, previous) = before.newest().map(|(epoch, root)| (epoch, root.clone()))?;
    let unlocked = before.followed_by(prepared.key_epoch, prepared.root.clone());
    let origin: &Origin = session.api().origin();
    let made = Made::new(origin, wallet, &unlocked, guardians, Some((epoch, &previous)), rng)?;
    keyring::store(session, &made.keyring).await?;
    Ok((unlocked, made))
}
