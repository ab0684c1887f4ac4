use std::io::{Read, Write};

use aegle_client::Reader;
use aegle_decision::Key;
use aegle_envelope::{
    Binding, ContentKey, EncryptionKey, Wrap,
    content::{Reader as ContentReader, Writer},
};
use rand::{CryptoRng, RngCore};
use serde::Serialize;

use crate::{
    Error, Secrets, Session, chain,
    wire::{AccessRequest, base64_bytes},
};

/// Longest message, in bytes of text.
const MAX_TEXT: usize = 3_500;

#[derive(Serialize)]
struct NewAccessRequest {
    vault: Key,
    purposes: u16,
    actions: u8,
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    message: Option<Vec<u8>>,
}

/// Encrypts a message to a vault: a fresh content key wrapped as mail (80 bytes), the key it is wrapped to
/// (32 bytes), then the text as encrypted content.
///
/// # Errors
/// A text that is too long, a key of low order.
pub fn seal_message(
    vault: Key,
    recipient: &EncryptionKey,
    text: &str,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::Answer("a message has at most 3,500 bytes"));
    }
    let key = ContentKey::generate(rng);
    let wrap = Wrap::seal(&key, &Binding::Mail(vault), recipient, rng)?;
    let mut sealed = wrap.0.to_vec();
    sealed.extend(recipient.0);
    let mut writer = Writer::new(&key, sealed, rng)?;
    writer.write_all(text.as_bytes())?;
    Ok(writer.finish()?)
}

/// Opens a message to a vault.
///
/// # Errors
/// Bytes that are no such message, or to a key that is not at hand.
pub fn open_message(vault: Key, secrets: &Secrets, sealed: &[u8]) -> Result<String, Error> {
    let short = Error::Answer("a message that is too short");
    let (Some((wrap, rest)), false) = (sealed.split_first_chunk::<80>(), sealed.len() < 112) else {
        return Err(short);
    };
    let Some((recipient, content)) = rest.split_first_chunk::<32>() else { return Err(short) };
    let secret = secrets.of(&EncryptionKey(*recipient)).ok_or(Error::NoKey("it is encrypted to another key"))?;
    let key = Wrap(*wrap).open(&Binding::Mail(vault), secret)?;
    let mut text = String::new();
    ContentReader::new(&key, content)?.read_to_string(&mut text)?;
    Ok(text)
}

impl Session {
    /// Asks a patient to allow something; a message is encrypted to the vault's key on chain.
    ///
    /// # Errors
    /// The server's or the node's.
    pub async fn request_access(
        &self,
        reader: &Reader,
        vault: Key,
        (purposes, actions): (u16, u8),
        message: Option<&str>,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<AccessRequest, Error> {
        let message = match message {
            Some(text) => {
                let recipient = EncryptionKey(chain::vault(reader, &vault).await?.encryption_key);
                Some(seal_message(vault, &recipient, text, rng)?)
            }
            None => None,
        };
        self.post("/v1/access-requests", &NewAccessRequest { vault, purposes, actions, message }).await
    }

    /// What the patient of `vault` is asked; without one, what the caller asks.
    ///
    /// # Errors
    /// The server's.
    pub async fn access_requests(&self, vault: Option<Key>) -> Result<Vec<AccessRequest>, Error> {
        let query: Vec<_> = vault.iter().map(|vault| ("patient", vault.to_string())).collect();
        self.pages(None, "/v1/access-requests", &query).await
    }

    /// Withdraws a request, or lays it aside.
    ///
    /// # Errors
    /// The server's.
    pub async fn withdraw(&self, request: &AccessRequest) -> Result<(), Error> {
        self.delete(&format!("/v1/access-requests/{}/{}", request.vault, hex::encode(request.request.0))).await
    }
}

#[cfg(test)]
mod tests {
    use aegle_envelope::SecretKey;
    use rand::rngs::OsRng;

    use super::*;

    #[test]
    fn a_message_opens_for_its_vault_alone() {
        let (secret, other) = (SecretKey::generate(&mut OsRng), SecretKey::generate(&mut OsRng));
        let (vault, key) = (Key([1; 32]), secret.encryption_key());
        let mut sealed = seal_message(vault, &key, "May I see your laboratory results?", &mut OsRng).unwrap();
        assert!(open_message(vault, &other.into(), &sealed).is_err(), "another's key");
        let secrets = Secrets::from(secret);
        assert_eq!(open_message(vault, &secrets, &sealed).unwrap(), "May I see your laboratory results?");
        assert!(open_message(Key([2; 32]), &secrets, &sealed).is_err(), "another vault");
        assert!(open_message(vault, &secrets, &sealed[..111]).is_err(), "cut off");
        *sealed.last_mut().unwrap() ^= 1;
        assert!(open_message(vault, &secrets, &sealed).is_err(), "altered");
        assert!(seal_message(vault, &key, &"x".repeat(3_501), &mut OsRng).is_err(), "too long");
    }
}
