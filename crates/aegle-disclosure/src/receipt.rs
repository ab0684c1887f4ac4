use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer};

use crate::{Digest, Log, LogKey};

const DOMAIN: &[u8] = b"aegle:receipt:v1\0";

/// What a log promises about one request: that it stands at this place. The same to whoever was
/// answered and whoever was refused; what it came to is in the entry, which only those it concerns can
/// open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Place in the log.
    pub index: u64,
    /// Commitment to the entry.
    pub commitment: Digest,
    /// SHA-256 of the request as the caller signed it.
    pub request: Digest,
    /// Seconds since the Unix epoch.
    pub at: i64,
    pub finalized_slot: u64,
    pub confirmed_slot: u64,
}

/// A receipt with the log's signature, Ed25519 over a domain, the length of the log's name, the name and
/// the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedReceipt {
    pub receipt: Receipt,
    pub signature: [u8; 64],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error("it is not a receipt")]
    Malformed,
    #[error("the log's key did not sign it")]
    Signature,
}

/// Bytes of a receipt: index, commitment, request, time and two slots, numbers big-endian.
const BYTES: usize = 8 + 32 + 32 + 8 + 8 + 8;

impl Receipt {
    fn to_bytes(self) -> [u8; BYTES] {
        let Self { index, commitment, request, at, finalized_slot, confirmed_slot } = self;
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&index.to_be_bytes());
        bytes[8..40].copy_from_slice(&commitment.0);
        bytes[40..72].copy_from_slice(&request.0);
        bytes[72..80].copy_from_slice(&at.to_be_bytes());
        bytes[80..88].copy_from_slice(&finalized_slot.to_be_bytes());
        bytes[88..].copy_from_slice(&confirmed_slot.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        let eight = |from: usize| std::array::from_fn(|place| bytes[from + place]);
        let digest = |from: usize| Digest(std::array::from_fn(|place| bytes[from + place]));
        Self {
            index: u64::from_be_bytes(eight(0)),
            commitment: digest(8),
            request: digest(40),
            at: i64::from_be_bytes(eight(72)),
            finalized_slot: u64::from_be_bytes(eight(80)),
            confirmed_slot: u64::from_be_bytes(eight(88)),
        }
    }

    fn message(self, origin: &str) -> Vec<u8> {
        let length = u16::try_from(origin.len()).unwrap_or(u16::MAX).to_be_bytes();
        [DOMAIN, &length, origin.as_bytes(), &self.to_bytes()].concat()
    }
}

impl SignedReceipt {
    /// As an answer's header carries it: base64url of the receipt and the signature.
    pub fn to_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([&self.receipt.to_bytes()[..], &self.signature].concat())
    }

    /// # Errors
    /// Another length or alphabet.
    pub fn from_text(text: &str) -> Result<Self, ReceiptError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| ReceiptError::Malformed)?;
        let (receipt, signature) = bytes.split_first_chunk::<BYTES>().ok_or(ReceiptError::Malformed)?;
        let signature = signature.try_into().map_err(|_| ReceiptError::Malformed)?;
        Ok(Self { receipt: Receipt::from_bytes(receipt), signature })
    }
}

impl LogKey {
    pub fn receipt(&self, receipt: Receipt) -> SignedReceipt {
        let signature = self.signing_key().sign(&receipt.message(self.origin())).to_bytes();
        SignedReceipt { receipt, signature }
    }
}

impl Log {
    /// # Errors
    /// [`ReceiptError::Signature`].
    pub fn check(&self, signed: &SignedReceipt) -> Result<Receipt, ReceiptError> {
        let signature = Signature::from_bytes(&signed.signature);
        let message = signed.receipt.message(&self.origin);
        self.key.verify_strict(&message, &signature).map_err(|_| ReceiptError::Signature)?;
        Ok(signed.receipt)
    }
}
