//! A patient's root secret: made, wrapped, stored, unlocked and replaced.

use std::collections::BTreeMap;

use aegle_client::{Pubkey, Sent, aegle::RotateKeyParams, instruction};
use aegle_decision::Key;
use aegle_envelope::{
    EncryptionKey, Keyring, KeyringError, RecoveryCode, RootSecret,
    keyring::{Guardian, Share, WalletMessage, WalletSecret},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::{Error, Origin, Pay, Secrets, Session, chain, recovery::guardian_shares, wire::Stored};

/// A vault's root secrets, by key epoch.
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

    pub(crate) fn grantee_salt(&self, consent_id: &[u8; 32]) -> Result<[u8; 32], Error> {
        Ok(self.newest()?.1.grantee_salt(&self.vault, consent_id))
    }

    pub(crate) fn followed_by(mut self, key_epoch: u32, root: RootSecret) -> Self {
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
    /// Makes the root of an epoch, or wraps one that is there; `wallet` signs twice. `previous` is the root
    /// of the epoch before.
    ///
    /// # Errors
    /// A wallet that signs differently each time, guardians that cannot be.
    pub fn new(
        origin: &Origin,
        wallet: &dyn Signer,
        unlocked: &Unlocked,
        guardians: Option<Guardians<'_>>,
        previous: Option<(u32, &RootSecret)>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, Error> {
        let (key_epoch, root) = unlocked.newest()?;
        let vault = unlocked.vault;
        let mut keyring = Keyring::new(vault, key_epoch);
        keyring.set_wallet(root, &wallet_secret(origin, wallet, vault, key_epoch)?, rng)?;
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

/// The newest keyring of `unlocked` among `keyrings`, to be opened by `wallet` on another site too.
///
/// # Errors
/// There is none, or a wallet that signs differently each time.
pub(crate) fn for_site(
    keyrings: &mut [Keyring],
    unlocked: &Unlocked,
    site: &Origin,
    wallet: &dyn Signer,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(), Error> {
    let (key_epoch, root) = unlocked.newest()?;
    let newest = keyrings.iter_mut().find(|keyring| keyring.key_epoch() == key_epoch);
    let newest = newest.ok_or(Error::NoKey("the server has no keyring for the vault's present key"))?;
    newest.set_wallet(root, &wallet_secret(site, wallet, unlocked.vault, key_epoch)?, rng)?;
    Ok(())
}

/// What only the wallet can make: the signature that unlocks.
fn wallet_secret(origin: &Origin, wallet: &dyn Signer, vault: Key, key_epoch: u32) -> Result<WalletSecret, Error> {
    let owner = Key(wallet.pubkey().to_bytes());
    let message = WalletMessage::new(&origin.domain, &origin.uri, owner, vault, key_epoch)?;
    let text = message.to_string();
    let sign = || wallet.try_sign_message(text.as_bytes()).map(<[u8; 64]>::from);
    Ok(message.signed(&sign()?, &sign()?)?)
}

#[derive(Serialize)]
struct NewKeyring<'a> {
    vault: Key,
    key_epoch: u32,
    keyring: &'a str,
    shares: Vec<NewShare>,
}

#[derive(Serialize)]
struct NewShare {
    guardian: Key,
    share: String,
}

#[derive(Deserialize)]
struct StoredKeyring {
    keyring: String,
}

/// Stores a keyring, in the place of an earlier one of its epoch, and gives each guardian the own share.
///
/// # Errors
/// The server's; the vault has to be in its mirror, with the caller as its owner.
pub async fn store(session: &Session, keyring: &Keyring) -> Result<(), Error> {
    let text = serde_json::to_string(keyring).map_err(|_| Error::Answer("a keyring that is no JSON"))?;
    let shares = guardian_shares(keyring)?;
    let shares = shares.into_iter().map(|(guardian, share)| NewShare { guardian, share }).collect();
    let new = NewKeyring { vault: *keyring.vault(), key_epoch: keyring.key_epoch(), keyring: &text, shares };
    session.post::<Stored>("/v1/keyrings", &new).await.map(drop)
}

/// The keyrings of the caller's vault, the newest first.
///
/// # Errors
/// The server's; one of another vault.
pub async fn list(session: &Session, vault: Key) -> Result<Vec<Keyring>, Error> {
    let stored: Vec<StoredKeyring> = session.list("/v1/keyrings", &[("patient", vault.to_string())]).await?;
    let read = |stored: StoredKeyring| serde_json::from_str::<Keyring>(&stored.keyring).ok();
    let keyrings: Option<Vec<Keyring>> = stored.into_iter().map(read).collect();
    let keyrings = keyrings.ok_or(Error::Answer("a keyring that this version cannot read"))?;
    match keyrings.iter().all(|keyring| *keyring.vault() == vault) {
        true => Ok(keyrings),
        false => Err(Error::Answer("another vault's keyring")),
    }
}

/// What opens a keyring.
pub enum Way<'a> {
    Wallet(&'a dyn Signer),
    Code(&'a RecoveryCode),
    /// The guardians' shares, opened.
    Shares(&'a [Share]),
}

/// Unlocks the root secrets of `vault`. The newest is that of the key that the vault has on chain, so that
/// no server can pass an old keyring, or one of its own, for it.
///
/// # Errors
/// The server's, a keyring that does not open this way or is not the vault's.
pub async fn unlock(
    session: &Session,
    reader: &aegle_client::Reader,
    vault: Key,
    way: Way<'_>,
) -> Result<Unlocked, Error> {
    let state = chain::vault(reader, &vault).await?;
    let keyrings = list(session, vault).await?;
    let of = |epoch: u32| keyrings.iter().find(|keyring| keyring.key_epoch() == epoch);
    let keyring = of(state.key_epoch).ok_or(Error::NoKey("the server has no keyring for the vault's present key"));
    let (keyring, root) = match way {
        Way::Wallet(wallet) => {
            let keyring = keyring?;
            let wrap = keyring.wallet().ok_or(KeyringError::NoWrap)?;
            let origin = session.api().origin();
            if (&wrap.domain, &wrap.uri) != (&origin.domain, &origin.uri) {
                return Err(Error::Challenge("the keyring is for another site"));
            }
            (keyring, keyring.open_with_wallet(&wallet_secret(origin, wallet, vault, state.key_epoch)?)?)
        }
        Way::Code(code) => {
            let keyring = keyring?;
            (keyring, keyring.open_with_code(code)?)
        }
        Way::Shares(shares) => return unlock_with_shares(vault, &keyrings, shares),
    };
    let unlocked = Unlocked { vault, roots: keyring.open_all(root, &keyrings)? };
    if unlocked.encryption_key()?.0 != state.encryption_key {
        return Err(Error::Chain("the vault has another key than the keyring holds"));
    }
    Ok(unlocked)
}

/// Shares open the newest keyring that they fit: that of the epoch before the recovery.
fn unlock_with_shares(vault: Key, keyrings: &[Keyring], shares: &[Share]) -> Result<Unlocked, Error> {
    let open = |keyring: &Keyring| keyring.open_with_shares(shares).map(|root| (keyring.clone(), root));
    let mut refusal = KeyringError::NoWrap;
    for keyring in keyrings.iter().filter(|keyring| keyring.guardians().is_some()) {
        match open(keyring) {
            Ok((keyring, root)) => return Ok(Unlocked { vault, roots: keyring.open_all(root, keyrings)? }),
            Err(error) => refusal = error,
        }
    }
    Err(refusal.into())
}

/// A vault's key epoch that begins, and the new ways to it.
pub struct Rotated {
    pub unlocked: Unlocked,
    pub code: RecoveryCode,
    pub sent: Sent,
}

/// Begins a key epoch: a new root, its keyring, then the vault's new key on chain. What was before is then
/// to be wrapped anew, by [`crate::wrap::fill`], once the mirror has passed the slot.
///
/// # Errors
/// The server's or the program's. A keyring without its epoch opens nothing and is replaced.
pub async fn rotate(
    session: &Session,
    pay: &Pay<'_>,
    signer: &Keypair,
    unlocked: Unlocked,
    guardians: Option<Guardians<'_>>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Rotated, Error> {
    let vault = unlocked.vault;
    let state = chain::vault(pay.reader(), &vault).await?;
    let epoch = state.key_epoch.checked_add(1).ok_or(Error::NoKey("there are no more key epochs"))?;
    let previous = unlocked.newest().ok().map(|(epoch, root)| (epoch, root.clone()));
    let unlocked = unlocked.followed_by(epoch, RootSecret::generate(rng));
    let previous = previous.as_ref().map(|(epoch, root)| (*epoch, root));
    let made = Made::new(session.api().origin(), signer, &unlocked, guardians, previous, rng)?;
    store(session, &made.keyring).await?;
    let params =
        RotateKeyParams { encryption_key: unlocked.encryption_key()?.0, expected: instruction::expected(&state) };
    let sent = pay.send(&[instruction::rotate_key(Pubkey::from(vault.0), params)], &[signer]).await?;
    Ok(Rotated { unlocked, code: made.code, sent })
}
