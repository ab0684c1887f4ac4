use aegle_envelope::{EncryptionKey, SecretKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// The X25519 keys that somebody reads with: a provider's, or those of every key epoch of a vault.
pub struct Secrets(Vec<SecretKey>);

impl Secrets {
    /// The newest first.
    pub fn new(keys: Vec<SecretKey>) -> Self {
        Self(keys)
    }

    pub fn iter(&self) -> impl Iterator<Item = &SecretKey> {
        self.0.iter()
    }

    pub fn of(&self, recipient: &EncryptionKey) -> Option<&SecretKey> {
        self.0.iter().find(|key| key.encryption_key() == *recipient)
    }
}

impl From<SecretKey> for Secrets {
    fn from(key: SecretKey) -> Self {
        Self(vec![key])
    }
}

/// The file of an X25519 key, as `aegle key encryption` writes it.
#[derive(Serialize, Deserialize)]
pub struct KeyFile {
    kind: String,
    #[serde(with = "hex::serde")]
    public_key: [u8; 32],
    #[serde(with = "hex::serde")]
    secret_key: [u8; 32],
}

impl KeyFile {
    pub fn new(key: &SecretKey) -> Self {
        let kind = "aegle:encryption-key:v1".to_owned();
        Self { kind, public_key: key.encryption_key().0, secret_key: *key.to_bytes() }
    }

    /// Reads the key of a file; none where it is none. What the parser would say may quote the secret.
    pub fn read(text: &[u8]) -> Option<SecretKey> {
        let file: Self = serde_json::from_slice(text).ok()?;
        SecretKey::from_bytes(&file.secret_key).ok()
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret_key.zeroize();
    }
}
