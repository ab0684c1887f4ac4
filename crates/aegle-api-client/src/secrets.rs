use aegle_envelope::{EncryptionKey, SecretKey};

/// The X25519 keys that somebody reads with: a provider's, or those of every key epoch of a vault.
pub struct Secrets(Vec<SecretKey>);

impl Secrets {
    /// The newest first.
    pub fn new(keys: Vec<SecretKey>) -> Self {
        Self(keys)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SecretKey> {
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
