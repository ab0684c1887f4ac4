use rand::{RngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use super::DAY;
use crate::api::{state::wall_clock, store::relay};

/// Crockford's base 32: no letter that reads as a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUP: usize = 4;

/// Makes an invitation that holds for `days` and gives its code, 80 random bits.
///
/// # Errors
/// The database refuses or cannot be reached.
pub async fn invite(pool: &PgPool, days: u32) -> sqlx::Result<String> {
    let code = new_code(&mut OsRng);
    let now = wall_clock();
    relay::invite(pool, code_hash(&code), now, now + i64::from(days) * DAY).await?;
    Ok(code)
}

fn new_code(rng: &mut impl RngCore) -> String {
    let mut random = [0; 4 * GROUP];
    rng.fill_bytes(&mut random);
    let symbols = random.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    symbols.chunks(GROUP).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// The hash under which an invitation is stored; case, blanks and hyphens of the code don't matter.
pub fn code_hash(code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::digest(plain).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = new_code(&mut OsRng);
        assert_eq!(code.len(), 19, "{code}");
        assert_eq!(code_hash(&code), code_hash(&code.to_lowercase().replace('-', " ")));
        assert_ne!(code_hash(&code), code_hash(&new_code(&mut OsRng)));
    }
}
