use aegle_decision::Key;
use serde::{Deserialize, Serialize};

/// Characters of a name or an address at most.
const MOST: usize = 200;

/// Who a credential's subject is, as its registrar attests off chain.
///
/// Whoever reads one checks first that the credential on chain commits to its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The credential that commits to it.
    pub credential: Key,
    pub name: String,
    pub address: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("it is no JSON object with a name")]
    Malformed,
    #[error("its name or address is empty or longer than {MOST} characters")]
    Length,
    #[error("its name or address has characters that are not seen, or turn others around")]
    Invisible,
}

/// What a registrar writes about somebody; it may say more.
#[derive(Deserialize)]
struct Written {
    name: String,
    address: Option<String>,
}

impl Profile {
    /// # Errors
    /// Bytes that do not say who it is, or in characters that would show somebody else.
    pub fn read(credential: Key, bytes: &[u8]) -> Result<Self, ProfileError> {
        let Written { name, address } = serde_json::from_slice(bytes).map_err(|_| ProfileError::Malformed)?;
        let clean = |text: String| {
            let text = text.trim();
            match text.chars().count() {
                1..=MOST if text.chars().any(invisible) => Err(ProfileError::Invisible),
                1..=MOST => Ok(text.to_owned()),
                _ => Err(ProfileError::Length),
            }
        };
        Ok(Self { credential, name: clean(name)?, address: address.map(clean).transpose()? })
    }
}

/// Whether a character hides, or changes how others around it are shown. Joiners are letters' own.
fn invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_who_somebody_is_and_nothing_that_shows_somebody_else() {
        let read = |text: &str| Profile::read(Key([1; 32]), text.as_bytes());
        let profile = read(r#"{"name": " Δρ. Ἀσκληπιός ", "specialty": "cardiology", "address": "1 Quay"}"#).unwrap();
        assert_eq!((profile.name.as_str(), profile.address.as_deref()), ("Δρ. Ἀσκληπιός", Some("1 Quay")));
        assert_eq!(read("[]"), Err(ProfileError::Malformed));
        assert_eq!(read(r#"{"name": " "}"#), Err(ProfileError::Length));
        assert_eq!(read(&format!(r#"{{"name": "{}"}}"#, "a".repeat(201))), Err(ProfileError::Length));
        for hidden in ["\\u202e", "\\u0000", "\\n", "\\u200b", "\\u2066"] {
            assert_eq!(read(&format!(r#"{{"name": "A{hidden}B"}}"#)), Err(ProfileError::Invisible), "{hidden}");
        }
    }
}
