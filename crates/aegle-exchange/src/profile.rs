//! Names: what a registrar attests of somebody off chain, and governance of a registrar, under a commitment on chain.

use aegle_client::{
    commitment::{Salt, commit},
    pda,
    state::{Credential, CredentialStatus, DAY, Registrar},
};
use aegle_decision::Key;
use serde::{Deserialize, Serialize};

/// Characters of each part at most.
const MOST: usize = 200;

/// Who somebody is, by a document that a credential or a registrar on chain commits to.
///
/// Whoever reads one checks first that the account commits to its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The credential or registrar that commits to it.
    pub of: Key,
    pub name: String,
    pub specialty: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("it is no JSON object with a name")]
    Malformed,
    #[error("its name, specialty or address is empty or longer than {MOST} characters")]
    Length,
    #[error("its name, specialty or address has characters that are not seen, or turn others around")]
    Invisible,
}

/// What a registrar writes about somebody; it may say more.
#[derive(Deserialize)]
struct Written {
    name: String,
    specialty: Option<String>,
    address: Option<String>,
}

/// A profile that was published, with the salt that opens the commitment to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub account: Key,
    #[serde(with = "hex::serde")]
    pub salt: Salt,
    pub profile: String,
}

/// Who a key belongs to, as far as the chain vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    pub name: Option<String>,
    pub specialty: Option<String>,
    /// The name of who attests it.
    pub registrar: Option<String>,
    pub in_effect: bool,
}

impl Published {
    /// The profile, where `commitment` is to it and it says who somebody is.
    pub fn opened(&self, commitment: &[u8; 32]) -> Option<Profile> {
        let bytes = self.profile.as_bytes();
        (commit(&self.salt, bytes) == *commitment).then(|| Profile::read(self.account, bytes).ok()).flatten()
    }
}

/// Who `subject` is by its credential and the registrar's account, at `now` in seconds by the ledger's clock. What is
/// published counts where the chain commits to it.
///
/// None where the accounts are not those of one credential of `subject`.
pub fn named(
    subject: &Key,
    (credential, state): (Key, &Credential),
    registrar: &Registrar,
    published: &[Published],
    now: i64,
) -> Option<Named> {
    let issuer = pda::find_registrar(&registrar.authority).0;
    if state.subject.to_bytes() != subject.0 || state.registrar != issuer {
        return None;
    }
    let opened = |account: Key, commitment| {
        published.iter().filter(|one| one.account == account).find_map(|one| one.opened(commitment))
    };
    let profile = opened(credential, &state.profile_commitment);
    let days = i64::from(state.from_day) * DAY..i64::from(state.until_day) * DAY;
    let in_effect = state.status == CredentialStatus::Active && registrar.removed_slot == 0 && days.contains(&now);
    Some(Named {
        registrar: opened(Key(issuer.to_bytes()), &registrar.profile_commitment).map(|profile| profile.name),
        specialty: profile.as_ref().and_then(|profile| profile.specialty.clone()),
        name: profile.map(|profile| profile.name),
        in_effect,
    })
}

impl Profile {
    /// # Errors
    /// Bytes that do not say who it is, or in characters that would show somebody else.
    pub fn read(of: Key, bytes: &[u8]) -> Result<Self, ProfileError> {
        let Written { name, specialty, address } =
            serde_json::from_slice(bytes).map_err(|_| ProfileError::Malformed)?;
        let clean = |text: String| {
            let text = text.trim();
            match text.chars().count() {
                1..=MOST if text.chars().any(invisible) => Err(ProfileError::Invisible),
                1..=MOST => Ok(text.to_owned()),
                _ => Err(ProfileError::Length),
            }
        };
        let or_none = |text: Option<String>| text.map(clean).transpose();
        Ok(Self { of, name: clean(name)?, specialty: or_none(specialty)?, address: or_none(address)? })
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
        assert_eq!(profile.specialty.as_deref(), Some("cardiology"));
        assert_eq!(read("[]"), Err(ProfileError::Malformed));
        assert_eq!(read(r#"{"name": " "}"#), Err(ProfileError::Length));
        assert_eq!(read(&format!(r#"{{"name": "{}"}}"#, "a".repeat(201))), Err(ProfileError::Length));
        for hidden in ["\\u202e", "\\u0000", "\\n", "\\u200b", "\\u2066"] {
            assert_eq!(read(&format!(r#"{{"name": "A{hidden}B"}}"#)), Err(ProfileError::Invisible), "{hidden}");
        }
    }
}
