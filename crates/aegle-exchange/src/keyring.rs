//! A patient's root secrets: made, wrapped, unlocked and followed by others.

use std::collections::BTreeMap;

use aegle_client::state::Vault;
use aegle_decision::Key;
use aegle_envelope::{
    EncryptionKey, Keyring, KeyringError, RecoveryCode, RootSecret, SecretKey,
    keyring::{Guardian, GuardianShare, RecoveryPlace, RecoveryShare, Share, WalletMessage, WalletSecret},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{Error, Secrets, wire::KeptShare};

/// A vault's root secrets, by key epoch.
#[derive(Clone)]
pub struct Unlocked {
    vault: Key,
    roots: BTreeMap<u32, RootSecret>,
}

impl Unlocked {
    /// With the root of one epoch alone.
    pub fn new(vault: Key, key_epoch: u32, root: RootSecret) -> Self {
        Self { vault, roots: BTreeMap::from([(key_epoch, root)]) }
    }

    pub fn vault(&self) -> Key {
        self.vault
    }

    /// The newest epoch and its root.
    ///
    /// # Errors
    /// There is none.
    pub fn newest(&self) -> Result<(u32, &RootSecret), Error> {
        let newest = self.roots.last_key_value().map(|(epoch, root)| (*epoch, root));
        newest.ok_or(Error::NoKey("the keyring holds no root secret"))
    }

    /// The epoch before the newest, and its root.
    pub fn before_newest(&self) -> Option<(u32, &RootSecret)> {
        self.roots.iter().rev().nth(1).map(|(epoch, root)| (*epoch, root))
    }

    /// Everything that content of this vault may be encrypted to, the newest first.
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.roots.iter().rev().map(|(epoch, root)| root.vault_key(&self.vault, *epoch)).collect())
    }

    /// X25519 key of the newest epoch.
    ///
    /// # Errors
    /// There is none.
    pub fn encryption_key(&self) -> Result<EncryptionKey, Error> {
        let (epoch, root) = self.newest()?;
        Ok(root.vault_key(&self.vault, epoch).encryption_key())
    }

    /// The salt of a consent's handle.
    ///
    /// # Errors
    /// There is no root secret.
    pub fn grantee_salt(&self, consent_id: &[u8; 32]) -> Result<[u8; 32], Error> {
        Ok(self.newest()?.1.grantee_salt(&self.vault, consent_id))
    }

    /// The keyring of the newest epoch among those that the server has, for changing one of the ways to it. The
    /// others stay as they are: nothing that a server altered in them reads more by that.
    ///
    /// # Errors
    /// There is none.
    pub fn keyring(&self, keyrings: Vec<Keyring>) -> Result<Keyring, Error> {
        let (newest, _) = self.newest()?;
        let own = |keyring: &Keyring| *keyring.vault() == self.vault && keyring.key_epoch() == newest;
        keyrings.into_iter().find(own).ok_or(Error::NoKey("the server has no keyring of the newest key"))
    }

    /// With the root of another epoch too.
    #[must_use]
    pub fn followed_by(mut self, key_epoch: u32, root: RootSecret) -> Self {
        self.roots.insert(key_epoch, root);
        self
    }
}

/// The guardians of a keyring: who, and how many together open it.
#[derive(Clone, Copy, Debug)]
pub struct Guardians<'a> {
    pub threshold: u8,
    pub guardians: &'a [Guardian],
}

/// A new root secret with its wraps.
pub struct Made {
    pub keyring: Keyring,
    /// To be written on paper: it opens the keyring without the wallet.
    pub code: RecoveryCode,
    pub root: RootSecret,
}

impl Made {
    /// Wraps the newest root; `wallet` is what the owner's wallet signed for it. `previous` is the root of the
    /// epoch before.
    ///
    /// # Errors
    /// A signature for another vault or epoch, guardians that cannot be.
    pub fn new(
        wallet: &WalletSecret,
        unlocked: &Unlocked,
        guardians: Option<Guardians<'_>>,
        previous: Option<(u32, &RootSecret)>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, Error> {
        let (key_epoch, root) = unlocked.newest()?;
        let mut keyring = Keyring::new(unlocked.vault, key_epoch);
        keyring.set_wallet(root, wallet, rng)?;
        let code = RecoveryCode::generate(rng);
        keyring.set_code(root, &code, rng)?;
        if let Some(Guardians { threshold, guardians }) = guardians {
            keyring.set_guardians(root, threshold, guardians, rng)?;
        }
        if let Some((epoch, previous)) = previous {
            keyring.set_previous(root, epoch, previous, rng)?;
        }
        Ok(Self { keyring, code, root: root.clone() })
    }
}

/// What the server stores of a keyring.
#[derive(Clone, Debug, Serialize)]
pub struct NewKeyring {
    vault: Key,
    key_epoch: u32,
    keyring: String,
    shares: Vec<NewShare>,
}

#[derive(Clone, Debug, Serialize)]
struct NewShare {
    guardian: Key,
    share: String,
}

impl NewKeyring {
    /// The keyring, and for each guardian the own share.
    ///
    /// # Errors
    /// None that a keyring leads to.
    pub fn new(keyring: &Keyring) -> Result<Self, Error> {
        let shares = guardian_shares(keyring)?;
        let shares = shares.into_iter().map(|(guardian, share)| NewShare { guardian, share }).collect();
        let text = serde_json::to_string(keyring).map_err(|_| Error::Answer("a keyring that is no JSON"))?;
        Ok(Self { vault: *keyring.vault(), key_epoch: keyring.key_epoch(), keyring: text, shares })
    }
}

/// Each guardian's own share as the server keeps it for them: it names no other guardian.
///
/// # Errors
/// None that a keyring leads to.
pub fn guardian_shares(keyring: &Keyring) -> Result<Vec<(Key, String)>, Error> {
    let Some(wraps) = keyring.guardians() else { return Ok(Vec::new()) };
    let text = |share: &GuardianShare| Ok((share.guardian, share_text(share)?));
    wraps.shares.iter().map(text).collect()
}

fn share_text(share: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(share).map_err(|_| Error::Answer("a share that is no JSON"))
}

/// A keyring as the server has it.
#[derive(Clone, Debug, Deserialize)]
pub struct StoredKeyring {
    keyring: String,
}

/// Reads what the server has for `vault`.
///
/// # Errors
/// What is no keyring, or one of another vault.
pub fn read(stored: &[StoredKeyring], vault: Key) -> Result<Vec<Keyring>, Error> {
    let read = |stored: &StoredKeyring| serde_json::from_str::<Keyring>(&stored.keyring).ok();
    let keyrings: Option<Vec<Keyring>> = stored.iter().map(read).collect();
    let keyrings = keyrings.ok_or(Error::Answer("a keyring that this version cannot read"))?;
    match keyrings.iter().all(|keyring| *keyring.vault() == vault) {
        true => Ok(keyrings),
        false => Err(Error::Answer("another vault's keyring")),
    }
}

/// What the owner's wallet is to sign, twice, to open the keyring of the vault's present epoch. A keyring for
/// another site than the person is at is not opened there.
///
/// # Errors
/// There is no keyring, or it is for another site.
pub fn wallet_message(
    keyrings: &[Keyring],
    (domain, uri): (&str, &str),
    owner: Key,
    state: &Vault,
    vault: Key,
) -> Result<WalletMessage, Error> {
    let wrap = present(keyrings, state)?.wallet().ok_or(KeyringError::NoWrap)?;
    if (&*wrap.domain, &*wrap.uri) != (domain, uri) {
        return Err(Error::Challenge("the keyring is for another site"));
    }
    Ok(WalletMessage::new(domain, uri, owner, vault, state.key_epoch)?)
}

/// What opens a keyring.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// What the wallet signed.
    Wallet(&'a WalletSecret),
    Code(&'a RecoveryCode),
    /// The guardians' shares, opened.
    Shares(&'a [Share]),
}

fn present<'a>(keyrings: &'a [Keyring], state: &Vault) -> Result<&'a Keyring, Error> {
    let present = keyrings.iter().find(|keyring| keyring.key_epoch() == state.key_epoch);
    present.ok_or(Error::NoKey("the server has no keyring for the vault's present key"))
}

/// Unlocks the root secrets of `vault`, which is `state` on chain. The newest is that of the key that the vault
/// has there, so that no server can pass an old keyring, or one of its own, for it.
///
/// # Errors
/// A keyring that does not open this way or is not the vault's.
pub fn unlock(keyrings: &[Keyring], state: &Vault, vault: Key, way: Way<'_>) -> Result<Unlocked, Error> {
    let (keyring, root) = match way {
        Way::Wallet(wallet) => {
            let keyring = present(keyrings, state)?;
            (keyring, keyring.open_with_wallet(wallet)?)
        }
        Way::Code(code) => {
            let keyring = present(keyrings, state)?;
            (keyring, keyring.open_with_code(code)?)
        }
        Way::Shares(shares) => return unlock_with_shares(vault, keyrings, shares),
    };
    let unlocked = Unlocked { vault, roots: keyring.open_all(root, keyrings)? };
    if unlocked.encryption_key()?.0 != state.encryption_key {
        return Err(Error::Chain("the vault has another key than the keyring holds"));
    }
    Ok(unlocked)
}

/// Shares open the newest keyring that they fit: that of the epoch before the recovery.
fn unlock_with_shares(vault: Key, keyrings: &[Keyring], shares: &[Share]) -> Result<Unlocked, Error> {
    let mut refusal = KeyringError::NoWrap;
    for keyring in keyrings.iter().filter(|keyring| keyring.guardians().is_some()) {
        match keyring.open_with_shares(shares) {
            Ok(root) => return Ok(Unlocked { vault, roots: keyring.open_all(root, keyrings)? }),
            Err(error) => refusal = error,
        }
    }
    Err(refusal.into())
}

/// A guardian's share for a new owner, as the server stores it.
#[derive(Clone, Debug, Serialize)]
pub struct HandedShare {
    pub vault: Key,
    pub key_epoch: u32,
    pub holder: Key,
    pub share: String,
}

/// As a guardian: opens the own share among `kept`, the newest of the vault, and encrypts it to the key that the
/// recovery `recovery`, which is `state` on chain, publishes.
///
/// # Errors
/// No share, or a key that does not open it.
pub fn hand_over(
    kept: &[KeptShare],
    guardian: Key,
    secret: &SecretKey,
    recovery: Key,
    state: &aegle_client::state::Recovery,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<HandedShare, Error> {
    let vault = Key(state.vault.to_bytes());
    let own = |share: &&KeptShare| share.vault == vault && share.guardian == guardian && share.holder == guardian;
    let kept = kept.iter().filter(own).max_by_key(|share| share.key_epoch);
    let kept = kept.ok_or(Error::NoKey("no share of this vault was given to you"))?;
    let sealed: GuardianShare =
        serde_json::from_str(&kept.share).map_err(|_| Error::Answer("a share that this version cannot read"))?;
    let share = sealed.open(&vault, kept.key_epoch, secret)?;
    let place = RecoveryPlace { vault, key_epoch: kept.key_epoch, recovery };
    let handed = share.hand_over(&place, guardian, &EncryptionKey(state.new_encryption_key), rng)?;
    let holder = Key(state.new_owner.to_bytes());
    Ok(HandedShare { vault, key_epoch: kept.key_epoch, holder, share: share_text(&handed)? })
}

/// The root that a new owner prepares before a recovery, and the key to publish with it.
pub struct Prepared {
    pub vault: Key,
    /// The vault's key epoch once the recovery is executed, unless the key changes before.
    pub key_epoch: u32,
    pub root: RootSecret,
}

impl Prepared {
    /// For a vault that is `state` on chain.
    pub fn new(vault: Key, state: &Vault, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self { vault, key_epoch: state.key_epoch.saturating_add(1), root: RootSecret::generate(rng) }
    }

    fn secret(&self) -> SecretKey {
        self.root.vault_key(&self.vault, self.key_epoch)
    }

    /// What the guardians propose on chain.
    pub fn encryption_key(&self) -> EncryptionKey {
        self.secret().encryption_key()
    }

    /// After the recovery was executed: everything that was, by the shares among `handed` that the guardians
    /// handed over to `holder`, and the prepared root.
    ///
    /// # Errors
    /// Too few shares, or a vault with another key than the one prepared.
    pub fn take_over(
        &self,
        handed: &[KeptShare],
        holder: Key,
        keyrings: &[Keyring],
        state: &Vault,
    ) -> Result<Unlocked, Error> {
        if state.key_epoch != self.key_epoch || state.encryption_key != self.encryption_key().0 {
            return Err(Error::Chain("the vault has another key than the one prepared: replace it, then go on"));
        }
        let secret = self.secret();
        let handed = handed.iter().filter(|share| share.vault == self.vault && share.holder == holder);
        let read = |share: &KeptShare| serde_json::from_str::<RecoveryShare>(&share.share).ok();
        // One that does not open is a guardian's mistake; enough others may do.
        let opened: Vec<Share> = handed.filter_map(read).filter_map(|share| share.open(&secret).ok()).collect();
        let before = unlock(keyrings, state, self.vault, Way::Shares(&opened))?;
        Ok(before.followed_by(self.key_epoch, self.root.clone()))
    }
}
