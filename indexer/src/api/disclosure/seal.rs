//! What a refusal came to, for the patient alone.

use aegle_client::commitment::random_bytes;
use aegle_disclosure::Logged;
use aegle_envelope::{EncryptionKey, seal_refusal};
use base64::{Engine, prelude::BASE64_STANDARD};
use rand::rngs::OsRng;

/// The entry of a refusal with what opens it, encrypted to the key of the vault that it is about, in base64.
/// Without one it is encrypted to nobody, which takes the same steps and looks the same.
pub fn seal(logged: &Logged, key: Option<[u8; 32]>) -> Option<String> {
    let (detail, nobody) = (logged.detail(), EncryptionKey(random_bytes(&mut OsRng)));
    let key = key.map_or(nobody, EncryptionKey);
    // A vault has a key of low order only if its owner wants nobody to read this.
    let sealed = seal_refusal(&detail, &key, &mut OsRng).or_else(|_| seal_refusal(&detail, &nobody, &mut OsRng));
    sealed.ok().map(|sealed| BASE64_STANDARD.encode(sealed))
}
