use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyringError, RootSecret};
use crate::{derive::derive, rng::random, text};

const SALT_LENGTH: usize = 32;

/// A root secret under another secret: a random salt (32 bytes), then ChaCha20-Poly1305 of the root
/// under HKDF-SHA256 of that secret with this salt, hence under a nonce of zeros, with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedRoot(#[serde(with = "text::bytes")] pub [u8; 80]);

/// What a wrap of the root secret is for: an info of its own, and what it is bound to.
pub(super) struct Use<'a> {
    pub info: &'static [u8],
    pub aad: &'a [u8],
}

impl SealedRoot {
    pub(super) fn seal(
        root: &RootSecret,
        under: &[u8],
        purpose: &Use,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, KeyringError> {
        let salt: [u8; SALT_LENGTH] = random(rng);
        let payload = Payload { msg: root.as_bytes(), aad: purpose.aad };
        let sealed =
            cipher(under, &salt, purpose).encrypt(&Nonce::default(), payload).map_err(|_| KeyringError::Opening)?;
        [salt.as_slice(), &sealed].concat().try_into().map(Self).map_err(|_| KeyringError::Opening)
    }

    pub(super) fn open(&self, under: &[u8], purpose: &Use) -> Result<RootSecret, KeyringError> {
        let (salt, sealed) = self.0.split_at(SALT_LENGTH);
        let payload = Payload { msg: sealed, aad: purpose.aad };
        let root = cipher(under, salt, purpose)
            .decrypt(&Nonce::default(), payload)
            .map(Zeroizing::new)
            .map_err(|_| KeyringError::Opening)?;
        root.as_slice().try_into().map(RootSecret::from_bytes).map_err(|_| KeyringError::Opening)
    }
}

fn cipher(under: &[u8], salt: &[u8], purpose: &Use) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(<&Key>::from(&*derive(under, salt, &[purpose.info])))
}
