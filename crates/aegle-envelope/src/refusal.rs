//! What a refusal came to, for the patient alone, handed over by whoever was refused.

use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    EncryptionKey, SecretKey, WrapError,
    wrap::{open, seal},
};

const INFO: &[u8] = b"aegle:refusal:v1";
/// Bytes of the plaintext, with its length and padding.
const LENGTH: usize = 4_096;
const PREFIX: usize = 2;

/// Encrypts what a refusal came to: always 4,144 bytes, whatever it is. The key it is encrypted to does not
/// show. What is too long is left out; the patient's log has it.
///
/// # Errors
/// A recipient's key of low order.
pub fn seal_refusal(
    detail: &[u8],
    recipient: &EncryptionKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, WrapError> {
    let mut plaintext = Zeroizing::new([0; LENGTH]);
    let detail = if detail.len() <= LENGTH - PREFIX { detail } else { &[] };
    let length = u16::try_from(detail.len()).unwrap_or_default();
    plaintext[..PREFIX].copy_from_slice(&length.to_be_bytes());
    plaintext[PREFIX..PREFIX + detail.len()].copy_from_slice(detail);
    seal(&*plaintext, INFO, &recipient.0, recipient, rng)
}

/// # Errors
/// It is not for this key, or was altered.
pub fn open_refusal(sealed: &[u8], recipient: &SecretKey) -> Result<Vec<u8>, WrapError> {
    let plaintext = open(sealed, INFO, &recipient.encryption_key().0, recipient)?;
    let (length, rest) = plaintext.split_first_chunk::<PREFIX>().ok_or(WrapError::Opening)?;
    let detail = rest.get(..usize::from(u16::from_be_bytes(*length))).ok_or(WrapError::Opening)?;
    Ok(detail.to_vec())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    #[test]
    fn a_refusal_is_of_one_length_and_opens_for_its_patient_alone() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (patient, other) = (SecretKey::generate(&mut rng), SecretKey::generate(&mut rng));
        for length in [0, 1, 900, LENGTH - PREFIX] {
            let detail = vec![7; length];
            let sealed = seal_refusal(&detail, &patient.encryption_key(), &mut rng).unwrap();
            assert_eq!(sealed.len(), 4_144);
            assert_eq!(open_refusal(&sealed, &patient).unwrap(), detail);
            assert_eq!(open_refusal(&sealed, &other), Err(WrapError::Opening));
            let mut altered = sealed.clone();
            altered[100] ^= 1;
            assert_eq!(open_refusal(&altered, &patient), Err(WrapError::Opening));
        }
        let long = seal_refusal(&[7; LENGTH], &patient.encryption_key(), &mut rng).unwrap();
        assert_eq!((long.len(), open_refusal(&long, &patient).unwrap()), (4_144, Vec::new()));
        assert_eq!(seal_refusal(&[7], &EncryptionKey([0; 32]), &mut rng), Err(WrapError::Recipient));
    }
}
