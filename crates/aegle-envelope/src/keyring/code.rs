use std::str::FromStr;

use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::KeyringError;

/// Crockford's alphabet: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DOMAIN: &[u8] = b"aegle:recovery-code:v1";
const SECRET_SYMBOLS: usize = 32;
const SYMBOLS: usize = 36;
const GROUP: usize = 4;

/// 160 random bits that a patient keeps on paper. As text it has 36 symbols of Crockford's base 32 in
/// groups of four, the last group a checksum of 20 bits.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 20]);

impl RecoveryCode {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self(crate::rng::random(rng))
    }

    /// The text to print. It is as secret as the code.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(SYMBOLS + SYMBOLS / GROUP));
        for (place, symbol) in self.symbols().iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(*symbol)]));
        }
        text
    }

    pub(super) fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    fn symbols(&self) -> Zeroizing<[u8; SYMBOLS]> {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let check = Sha256::new().chain_update(DOMAIN).chain_update(self.0).finalize();
        // 160 and 20 bits: what follows the first 20 bits of the hash is not read.
        let bits = Zeroizing::new([self.0.as_slice(), &check[..3]].concat());
        for (place, symbol) in symbols.iter_mut().enumerate() {
            let (byte, shift) = (place * 5 / 8, place * 5 % 8);
            let pair = u16::from_be_bytes([bits[byte], bits.get(byte + 1).copied().unwrap_or_default()]);
            *symbol = (pair >> (11 - shift)) as u8 & 31;
        }
        symbols
    }
}

impl FromStr for RecoveryCode {
    type Err = KeyringError;

    /// Reads what was typed: case, hyphens and spaces don't matter, I and L are 1, O is 0.
    fn from_str(text: &str) -> Result<Self, KeyringError> {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut count = 0;
        for typed in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-') {
            let read = match typed.to_ascii_uppercase() {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other => other,
            };
            let value = ALPHABET.iter().position(|symbol| *symbol == read).ok_or(KeyringError::Code)?;
            *symbols.get_mut(count).ok_or(KeyringError::Code)? = value as u8;
            count += 1;
        }
        if count != SYMBOLS {
            return Err(KeyringError::Code);
        }
        let mut code = Self([0; 20]);
        for (place, symbol) in symbols[..SECRET_SYMBOLS].iter().enumerate() {
            let (byte, shift) = (place * 5 / 8, place * 5 % 8);
            let pair = (u16::from(*symbol) << (11 - shift)).to_be_bytes();
            code.0[byte] |= pair[0];
            if let Some(next) = code.0.get_mut(byte + 1) {
                *next |= pair[1];
            }
        }
        if *code.symbols() == *symbols { Ok(code) } else { Err(KeyringError::Code) }
    }
}
