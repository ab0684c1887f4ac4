//! Base58 of long values, as nodes write instruction data. The usual algorithm goes byte by byte for
//! every digit, which for one event takes longer than storing it; this one goes word by word.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Digits to a word when decoding: 58^10 fits 64 bits.
const DIGITS: usize = 10;
/// Digits to a word when encoding: 58^5 leaves room for 32 bits more.
const SMALL_DIGITS: usize = 5;
const SMALL_BASE: u64 = 58u64.pow(SMALL_DIGITS as u32);
const NONE: u8 = u8::MAX;
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut values = [NONE; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        values[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
}

/// The bytes that `text` stands for; none where a character is no digit.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    let zeros = text.iter().take_while(|digit| **digit == ALPHABET[0]).count();
    // Least significant word first.
    let mut words: Vec<u64> = Vec::with_capacity(text.len() * 3 / 4 / 8 + 1);
    for digits in text[zeros..].chunks(DIGITS) {
        let (mut carry, mut base) = (0, 1u64);
        for digit in digits {
            let value = VALUES[usize::from(*digit)];
            if value == NONE {
                return None;
            }
            carry = carry * 58 + u64::from(value);
            base *= 58;
        }
        for word in &mut words {
            let product = u128::from(*word) * u128::from(base) + u128::from(carry);
            (*word, carry) = (product as u64, (product >> 64) as u64);
        }
        if carry > 0 {
            words.push(carry);
        }
    }
    let mut bytes = vec![0; zeros];
    let significant = words.iter().rev().flat_map(|word| word.to_be_bytes());
    bytes.extend(significant.skip_while(|byte| *byte == 0));
    Some(bytes)
}

/// `bytes` as text.
pub fn encode(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    // Least significant word first, each of SMALL_DIGITS digits.
    let mut words: Vec<u64> = Vec::with_capacity(bytes.len() * 7 / 5 / SMALL_DIGITS + 1);
    for bytes in bytes[zeros..].chunks(4) {
        let mut carry = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        for word in &mut words {
            let value = (*word << (8 * bytes.len())) + carry;
            (*word, carry) = (value % SMALL_BASE, value / SMALL_BASE);
        }
        while carry > 0 {
            words.push(carry % SMALL_BASE);
            carry /= SMALL_BASE;
        }
    }
    let mut digits = Vec::with_capacity(words.len() * SMALL_DIGITS);
    for word in &words {
        let mut rest = *word;
        for _ in 0..SMALL_DIGITS {
            digits.push((rest % 58) as u8);
            rest /= 58;
        }
    }
    let leading = digits.iter().rev().take_while(|digit| **digit == 0).count();
    digits.truncate(digits.len() - leading);
    digits.extend(std::iter::repeat_n(0, zeros));
    digits.iter().rev().map(|digit| char::from(ALPHABET[usize::from(*digit)])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_written_as_the_usual_algorithm_writes_them_and_read_back(
            zeros in 0..12_usize, rest in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let bytes = [vec![0; zeros], rest].concat();
            let text = bs58::encode(&bytes).into_string();
            prop_assert_eq!(encode(&bytes), text.clone());
            prop_assert_eq!(decode(&text), Some(bytes));
        }

        #[test]
        fn any_text_is_read_as_the_usual_algorithm_reads_it(text in "[0-9A-Za-z\u{e9}]{0,40}|1*[2-9a-k]{0,80}") {
            prop_assert_eq!(decode(&text), bs58::decode(&text).into_vec().ok());
        }
    }
}
