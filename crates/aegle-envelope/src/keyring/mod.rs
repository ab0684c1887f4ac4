//! A patient's root secret and the ways back to it: the wallet, a printed code, the guardians. All of
//! them are wraps that a server may keep: none opens without what only those have.

mod code;
mod guardians;
mod root;
mod sealed;
mod wallet;

use std::collections::BTreeMap;

use aegle_decision::Key;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use crate::{SecretKey, WrapError};
use root::place;
use sealed::Use;

pub use code::RecoveryCode;
pub use guardians::{Guardian, GuardianShare, GuardianWraps, RecoveryPlace, RecoveryShare, SealedShare, Share};
pub use root::RootSecret;
pub use sealed::SealedRoot;
pub use wallet::{WalletMessage, WalletSecret, WalletWrap};
pub(crate) use wallet::{require_site, require_twice};

const WALLET_INFO: &[u8] = b"aegle:keyring:wallet:v1";
const CODE_INFO: &[u8] = b"aegle:keyring:code:v1";
const PREVIOUS_INFO: &[u8] = b"aegle:keyring:previous:v1";

/// The wraps of the root secret of one key epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyring {
    kind: KeyringVersion,
    vault: Key,
    key_epoch: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wallet: Option<WalletWrap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<SealedRoot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guardians: Option<GuardianWraps>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousRoot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyringVersion {
    #[default]
    #[serde(rename = "aegle:keyring:v1")]
    V1,
}

/// The root secret of an earlier epoch, under that of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviousRoot {
    pub key_epoch: u32,
    pub root: SealedRoot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("it does not open: what it is opened with is another's, or it was altered")]
    Opening,
    #[error("the keyring has no wrap of this kind")]
    NoWrap,
    #[error("the wallet's message names another vault or key epoch")]
    OtherEpoch,
    #[error("domain and URI are printable ASCII, and the URI is on the domain")]
    Domain,
    #[error("the signature is not the owner's over this message")]
    Signature,
    #[error("the wallet signs the same message differently each time, so that its signature cannot be a key")]
    Undetermined,
    #[error("this is not a recovery code; there may be a typing error")]
    Code,
    #[error("guardians are 1 to 10, and the threshold is not above their number")]
    Threshold,
    #[error("the keyring has no share for this guardian")]
    NoGuardian,
    #[error("there are fewer different shares than the threshold")]
    TooFewShares,
    #[error("an epoch comes before the one it follows")]
    Order,
    #[error(transparent)]
    Wrap(#[from] WrapError),
}

impl Keyring {
    /// Without any wraps yet.
    pub fn new(vault: Key, key_epoch: u32) -> Self {
        let kind = KeyringVersion::V1;
        Self { kind, vault, key_epoch, wallet: None, code: None, guardians: None, previous: None }
    }

    pub fn vault(&self) -> &Key {
        &self.vault
    }

    pub fn key_epoch(&self) -> u32 {
        self.key_epoch
    }

    pub fn wallet(&self) -> Option<&WalletWrap> {
        self.wallet.as_ref()
    }

    pub fn has_code(&self) -> bool {
        self.code.is_some()
    }

    pub fn guardians(&self) -> Option<&GuardianWraps> {
        self.guardians.as_ref()
    }

    /// Wraps `root` to the owner's wallet, instead of what was before.
    ///
    /// # Errors
    /// A signature for another vault or epoch.
    pub fn set_wallet(
        &mut self,
        root: &RootSecret,
        wallet: &WalletSecret,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), KeyringError> {
        if !wallet.is_of(&self.vault, self.key_epoch) {
            return Err(KeyringError::OtherEpoch);
        }
        let place = place(&self.vault, self.key_epoch);
        let sealed = SealedRoot::seal(root, wallet.signature(), &Use { info: WALLET_INFO, aad: &place }, rng)?;
        self.wallet = Some(wallet.wrap(sealed));
        Ok(())
    }

    /// Wraps `root` to a recovery code, instead of what was before.
    ///
    /// # Errors
    /// None that input leads to.
    pub fn set_code(
        &mut self,
        root: &RootSecret,
        code: &RecoveryCode,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), KeyringError> {
        let place = place(&self.vault, self.key_epoch);
        self.code = Some(SealedRoot::seal(root, code.as_bytes(), &Use { info: CODE_INFO, aad: &place }, rng)?);
        Ok(())
    }

    /// Wraps `root` to guardians, `threshold` of whom open it, instead of what was before.
    ///
    /// # Errors
    /// Too many guardians, a threshold they cannot reach, a key of low order.
    pub fn set_guardians(
        &mut self,
        root: &RootSecret,
        threshold: u8,
        guardians: &[Guardian],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), KeyringError> {
        self.guardians = Some(GuardianWraps::seal(root, &self.vault, self.key_epoch, threshold, guardians, rng)?);
        Ok(())
    }

    /// Wraps the root of an earlier epoch to this one's.
    ///
    /// # Errors
    /// An epoch that is not earlier.
    pub fn set_previous(
        &mut self,
        root: &RootSecret,
        key_epoch: u32,
        previous: &RootSecret,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(), KeyringError> {
        if key_epoch >= self.key_epoch {
            return Err(KeyringError::Order);
        }
        let aad = self.previous_aad(key_epoch);
        let sealed = SealedRoot::seal(previous, root.as_bytes(), &Use { info: PREVIOUS_INFO, aad: &aad }, rng)?;
        self.previous = Some(PreviousRoot { key_epoch, root: sealed });
        Ok(())
    }

    /// # Errors
    /// No such wrap, or a signature that does not open it.
    pub fn open_with_wallet(&self, wallet: &WalletSecret) -> Result<RootSecret, KeyringError> {
        let wrap = self.wallet.as_ref().ok_or(KeyringError::NoWrap)?;
        let place = place(&self.vault, self.key_epoch);
        wrap.root.open(wallet.signature(), &Use { info: WALLET_INFO, aad: &place })
    }

    /// # Errors
    /// No such wrap, or a code that does not open it.
    pub fn open_with_code(&self, code: &RecoveryCode) -> Result<RootSecret, KeyringError> {
        let sealed = self.code.as_ref().ok_or(KeyringError::NoWrap)?;
        let place = place(&self.vault, self.key_epoch);
        sealed.open(code.as_bytes(), &Use { info: CODE_INFO, aad: &place })
    }

    /// What `guardian` does in a recovery, before handing the share over.
    ///
    /// # Errors
    /// Not a guardian, or not its key.
    pub fn open_share(&self, guardian: &Key, secret: &SecretKey) -> Result<Share, KeyringError> {
        let wraps = self.guardians.as_ref().ok_or(KeyringError::NoWrap)?;
        wraps.open_share(&self.vault, self.key_epoch, guardian, secret)
    }

    /// Shares that were altered do no harm as long as enough others are true.
    ///
    /// # Errors
    /// Too few shares, or too few true ones.
    pub fn open_with_shares(&self, shares: &[Share]) -> Result<RootSecret, KeyringError> {
        let wraps = self.guardians.as_ref().ok_or(KeyringError::NoWrap)?;
        wraps.open_root(&self.vault, self.key_epoch, shares)
    }

    /// The root of the epoch before, if this keyring leads there.
    ///
    /// # Errors
    /// A root that is not this epoch's.
    pub fn open_previous(&self, root: &RootSecret) -> Result<Option<(u32, RootSecret)>, KeyringError> {
        let Some(previous) = &self.previous else { return Ok(None) };
        let aad = self.previous_aad(previous.key_epoch);
        let opened = previous.root.open(root.as_bytes(), &Use { info: PREVIOUS_INFO, aad: &aad })?;
        Ok(Some((previous.key_epoch, opened)))
    }

    /// The roots of this epoch and, through the `older` keyrings, of all those that it leads to.
    ///
    /// # Errors
    /// A root that is not this epoch's, or an older keyring that was altered.
    pub fn open_all(&self, root: RootSecret, older: &[Self]) -> Result<BTreeMap<u32, RootSecret>, KeyringError> {
        let mut roots = BTreeMap::new();
        let mut next = Some((self, root));
        while let Some((keyring, root)) = next {
            let previous = keyring.open_previous(&root)?;
            roots.insert(keyring.key_epoch, root);
            next = None;
            if let Some((key_epoch, root)) = previous {
                if key_epoch >= keyring.key_epoch {
                    return Err(KeyringError::Order);
                }
                match older.iter().find(|older| older.vault == self.vault && older.key_epoch == key_epoch) {
                    Some(keyring) => next = Some((keyring, root)),
                    None => drop(roots.insert(key_epoch, root)),
                }
            }
        }
        Ok(roots)
    }

    fn previous_aad(&self, key_epoch: u32) -> Vec<u8> {
        [place(&self.vault, self.key_epoch).as_slice(), &key_epoch.to_le_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    #[test]
    fn a_keyring_that_leads_to_itself_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let root = RootSecret::generate(&mut rng);
        let mut keyring = Keyring::new(Key([7; 32]), 2);
        for key_epoch in [2, 3] {
            let aad = keyring.previous_aad(key_epoch);
            let purpose = Use { info: PREVIOUS_INFO, aad: &aad };
            let sealed = SealedRoot::seal(&root, root.as_bytes(), &purpose, &mut rng).unwrap();
            keyring.previous = Some(PreviousRoot { key_epoch, root: sealed });
            let refused = keyring.open_all(root.clone(), std::slice::from_ref(&keyring)).err();
            assert_eq!(refused, Some(KeyringError::Order));
        }
    }
}
