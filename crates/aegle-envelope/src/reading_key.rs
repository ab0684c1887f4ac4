use std::fmt;

use aegle_decision::Key;

use crate::{
    KeyringError, SecretKey,
    derive::derive,
    keyring::{require_site, require_twice},
};

const INFO: &[u8] = b"aegle:reading-key:v1";

/// The message from whose signature the key follows that somebody who is no patient reads with: a provider, a
/// guardian. In the form of Sign-In With Solana, as that of a patient's keyring, so that wallets warn where the page
/// that asks has another domain. It names no time and no nonce: the same wallet gets the same key on every device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingKeyMessage {
    domain: String,
    uri: String,
    wallet: Key,
    number: u32,
}

impl ReadingKeyMessage {
    /// `domain` is the host of the page that asks, with its port where it has one; `uri` is the page's. `number`
    /// counts the keys of one wallet: the first is 1, and the next one takes the place of a key that leaked.
    ///
    /// # Errors
    /// A domain or URI that is empty, has more than 255 characters or any but printable ASCII without space; a URI
    /// that is not on the domain.
    pub fn new(domain: &str, uri: &str, wallet: Key, number: u32) -> Result<Self, KeyringError> {
        require_site(domain, uri)?;
        Ok(Self { domain: domain.into(), uri: uri.into(), wallet, number })
    }

    /// The key: RFC 9180's `DeriveKeyPair` of HKDF-SHA256 over the signature, with the wallet as salt. Whoever has
    /// the public key to compare with may give one signature for both.
    ///
    /// # Errors
    /// Signatures that are not the wallet's, or two that differ: what is encrypted to such a key could not be opened
    /// again.
    pub fn signed(&self, first: &[u8; 64], second: &[u8; 64]) -> Result<SecretKey, KeyringError> {
        require_twice(&self.wallet, &self.to_string(), first, second)?;
        Ok(SecretKey::derive(&derive(first, &self.wallet.0, &[INFO])))
    }
}

/// The text to sign, with line feeds and none at the end.
impl fmt::Display for ReadingKeyMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, uri, wallet, number } = self;
        write!(
            f,
            "{domain} wants you to sign in with your Solana account:\n{wallet}\n\n\
             Open your reading key. Whoever has this signature can read what patients open to you: sign it nowhere \
             but at {domain}.\n\nURI: {uri}\nVersion: 1\nResources:\n- aegle:reading-key:{number}"
        )
    }
}
