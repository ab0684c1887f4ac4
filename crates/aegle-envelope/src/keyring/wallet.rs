use std::fmt;

use aegle_decision::Key;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{KeyringError, SealedRoot};

/// The message whose signature unlocks a keyring, in the form of Sign-In With Solana, so that wallets
/// show it well and warn where the page that asks has another domain. It never changes within a key
/// epoch: it names no time and no nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletMessage {
    domain: String,
    uri: String,
    owner: Key,
    vault: Key,
    key_epoch: u32,
}

/// What only the owner's wallet can make: its signature over a [`WalletMessage`].
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WalletSecret {
    signature: [u8; 64],
    #[zeroize(skip)]
    message: WalletMessage,
}

/// The root secret under the owner's signature, and what was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletWrap {
    pub owner: Key,
    pub domain: String,
    pub uri: String,
    pub root: SealedRoot,
}

impl WalletMessage {
    /// `domain` is the host of the page that asks, with its port where it has one; `uri` is the page's.
    ///
    /// # Errors
    /// A domain or URI that is empty, has more than 255 characters or any but printable ASCII without
    /// space, which could add lines of their own; a URI that is not on the domain.
    pub fn new(domain: &str, uri: &str, owner: Key, vault: Key, key_epoch: u32) -> Result<Self, KeyringError> {
        require_site(domain, uri)?;
        Ok(Self { domain: domain.into(), uri: uri.into(), owner, vault, key_epoch })
    }

    /// # Errors
    /// Signatures that are not the owner's, or two that differ: such a wallet makes another one each
    /// time, and nothing sealed under one could be opened again.
    pub fn signed(self, first: &[u8; 64], second: &[u8; 64]) -> Result<WalletSecret, KeyringError> {
        require_twice(&self.owner, &self.to_string(), first, second)?;
        Ok(WalletSecret { signature: *first, message: self })
    }
}

/// The text to sign, with line feeds and none at the end.
impl fmt::Display for WalletMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, uri, owner, vault, key_epoch } = self;
        write!(
            f,
            "{domain} wants you to sign in with your Solana account:\n{owner}\n\n\
             Unlock your health records. Whoever has this signature can read them: sign it nowhere but at {domain}.\n\n\
             URI: {uri}\nVersion: 1\nResources:\n- aegle:vault:{vault}:{key_epoch}"
        )
    }
}

impl WalletSecret {
    pub(super) fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Whether it unlocks this vault in this epoch.
    pub(super) fn is_of(&self, vault: &Key, key_epoch: u32) -> bool {
        self.message.vault == *vault && self.message.key_epoch == key_epoch
    }

    pub(super) fn wrap(&self, root: SealedRoot) -> WalletWrap {
        let WalletMessage { domain, uri, owner, .. } = self.message.clone();
        WalletWrap { owner, domain, uri, root }
    }
}

/// That texts of a wallet name a page by its host and address, in characters that add no line of their own.
pub(crate) fn require_site(domain: &str, uri: &str) -> Result<(), KeyringError> {
    let plain = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let host = uri.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match plain(domain) && plain(uri) && host == Some(domain) {
        true => Ok(()),
        false => Err(KeyringError::Domain),
    }
}

/// That a wallet signed `text` twice, the same way.
pub(crate) fn require_twice(wallet: &Key, text: &str, first: &[u8; 64], second: &[u8; 64]) -> Result<(), KeyringError> {
    let wallet = VerifyingKey::from_bytes(&wallet.0).map_err(|_| KeyringError::Signature)?;
    for signature in [first, second] {
        wallet
            .verify_strict(text.as_bytes(), &Signature::from_bytes(signature))
            .map_err(|_| KeyringError::Signature)?;
    }
    match first == second {
        true => Ok(()),
        false => Err(KeyringError::Undetermined),
    }
}
