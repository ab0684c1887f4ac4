use aegle_envelope::{EncryptionKey, SecretKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

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
#[derive(Serialize)]
pub struct KeyFile {
    kind: &'static str,
    #[serde(with = "hex::serde")]
    public_key: [u8; 32],
    #[serde(with = "hex::serde")]
    secret_key: [u8; 32],
}

impl KeyFile {
    pub fn new(key: &SecretKey) -> Self {
        Self { kind: "aegle:encryption-key:v1", public_key: key.encryption_key().0, secret_key: *key.to_bytes() }
    }

    /// Reads the key of a file; none where it is none. What the parser would say may quote the secret.
    pub fn read(text: &[u8]) -> Option<SecretKey> {
        #[derive(Deserialize)]
        struct Secret {
            #[serde(with = "hex::serde")]
            secret_key: [u8; 32],
        }
        let secret = serde_json::from_slice::<Secret>(text).ok()?;
        SecretKey::from_bytes(&Zeroizing::new(secret.secret_key)).ok()
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret_key.zeroize();
    }
}
