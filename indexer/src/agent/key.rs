use std::path::Path;

use aegle_client::Pubkey;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use solana_keypair::{Keypair, read_keypair_file};
use solana_signer::Signer;

const DOMAIN: &[u8] = b"aegle:agent:v1";

/// The agent's keys: another for every vault, so that the chain does not show which vaults have the same agent.
///
/// Key `number` of a vault has as its Ed25519 seed HMAC-SHA256, under the agent's secret, of
/// `"aegle:agent:v1" ‖ vault ‖ number` (u32, little-endian). Without the secret nobody tells such keys from
/// others. There are several for a vault because a delegate that was removed or has ended never comes back.
pub struct AgentKeys {
    secret: Keypair,
}

impl AgentKeys {
    /// # Errors
    /// A file that is no keypair's, named; its content is not repeated.
    pub fn read(file: &Path) -> Result<Self, String> {
        let secret = read_keypair_file(file);
        let secret = secret.map_err(|_| format!("keypair: {} cannot be read as a keypair", file.display()))?;
        Ok(Self { secret })
    }

    /// Key `number` for `vault`, counted from zero.
    pub fn of(&self, vault: &Pubkey, number: u32) -> Keypair {
        // HMAC fills a short key up to its block with zeros, RFC 2104 section 2.
        let mut block = [0; 64];
        block[..32].copy_from_slice(self.secret.secret_bytes());
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(DOMAIN);
        mac.update(vault.as_ref());
        mac.update(&number.to_le_bytes());
        Keypair::new_from_array(mac.finalize().into_bytes().into())
    }

    /// The key that a vault which has `used` as delegates' keys is to add next.
    pub fn next(&self, vault: &Pubkey, used: impl Fn(&Pubkey) -> bool) -> Pubkey {
        let mut keys = (0..=u32::MAX).map(|number| self.of(vault, number).pubkey());
        keys.find(|key| !used(key)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u8) -> AgentKeys {
        AgentKeys { secret: Keypair::new_from_array([seed; 32]) }
    }

    #[test]
    fn each_vault_and_each_number_has_a_key_that_needs_the_secret() {
        let (one, other) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let key = keys(7).of(&one, 0).pubkey();
        assert_eq!(key, keys(7).of(&one, 0).pubkey(), "the same on every run");
        for another in [keys(7).of(&other, 0), keys(7).of(&one, 1), keys(8).of(&one, 0)] {
            assert_ne!(another.pubkey(), key);
        }
        assert_ne!(key, keys(7).secret.pubkey(), "the agent's own key is on no chain");
    }

    #[test]
    fn the_next_key_is_the_first_that_is_not_used() {
        let (keys, vault) = (keys(7), Pubkey::new_from_array([1; 32]));
        let used = [keys.of(&vault, 0).pubkey(), keys.of(&vault, 1).pubkey()];
        assert_eq!(keys.next(&vault, |_| false), used[0]);
        assert_eq!(keys.next(&vault, |key| used.contains(key)), keys.of(&vault, 2).pubkey());
    }
}
