//! A message to a patient: encrypted to the vault, for its keys alone.

use std::io::{Read, Write};

use aegle_decision::Key;
use aegle_envelope::{
    Binding, ContentKey, EncryptionKey, Wrap,
    content::{Reader, Writer},
};
use rand::{CryptoRng, RngCore};

use crate::{Error, Secrets};

/// Longest message, in bytes of text.
const MAX_TEXT: usize = 3_500;

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
    Reader::new(&key, content)?.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use aegle_envelope::SecretKey;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    #[test]
    fn a_message_opens_for_its_vault_alone() {
        let rng = &mut ChaCha20Rng::seed_from_u64(1);
        let (secret, other) = (SecretKey::generate(rng), SecretKey::generate(rng));
        let (vault, key) = (Key([1; 32]), secret.encryption_key());
        let mut sealed = seal_message(vault, &key, "May I see your laboratory results?", rng).unwrap();
        assert!(open_message(vault, &other.into(), &sealed).is_err(), "another's key");
        let secrets = Secrets::from(secret);
        assert_eq!(open_message(vault, &secrets, &sealed).unwrap(), "May I see your laboratory results?");
        assert!(open_message(Key([2; 32]), &secrets, &sealed).is_err(), "another vault");
        assert!(open_message(vault, &secrets, &sealed[..111]).is_err(), "cut off");
        *sealed.last_mut().unwrap() ^= 1;
        assert!(open_message(vault, &secrets, &sealed).is_err(), "altered");
        assert!(seal_message(vault, &key, &"x".repeat(3_501), rng).is_err(), "too long");
    }
}
