use aegle_decision::Key;
use aegle_envelope::{ReadingKeyMessage, SecretKey};
use solana_signer::Signer;

use crate::{Error, Origin};

/// The key to read with that follows from `wallet` on `origin`; the wallet signs twice. Keys of one wallet are
/// numbered from 1.
///
/// # Errors
/// A wallet that signs differently each time.
pub fn reading_key(origin: &Origin, wallet: &dyn Signer, number: u32) -> Result<SecretKey, Error> {
    let message = ReadingKeyMessage::new(&origin.domain, &origin.uri, Key(wallet.pubkey().to_bytes()), number)?;
    let text = message.to_string();
    let sign = || wallet.try_sign_message(text.as_bytes()).map(<[u8; 64]>::from);
    Ok(message.signed(&sign()?, &sign()?)?)
}
