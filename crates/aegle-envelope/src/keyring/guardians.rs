use std::collections::BTreeMap;

use aegle_decision::Key;
use blahaj::{Share as ShamirShare, Sharks};
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{KeyringError, RootSecret, SealedRoot, root::place, sealed::Use};
use crate::{
    EncryptionKey, SecretKey,
    rng::{Adapted, random},
    text, wrap,
};

const ROOT_INFO: &[u8] = b"aegle:keyring:guardians:v1";
const SHARE_INFO: &[u8] = b"aegle:share:v1";
const RECOVERY_INFO: &[u8] = b"aegle:recovery-share:v1";
/// As many as the program allows.
const MAX_GUARDIANS: usize = 10;
/// The share's number, then one byte for each of the secret's.
const SHARE_LENGTH: usize = 33;
const SEALED_SHARE_LENGTH: usize = SHARE_LENGTH + 48;

/// Whom a patient trusts to give the vault back, and the X25519 key to reach them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guardian {
    pub guardian: Key,
    pub encryption_key: EncryptionKey,
}

/// The root secret under a secret of which each guardian has a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardianWraps {
    /// How many shares open the root.
    pub threshold: u8,
    pub root: SealedRoot,
    /// In the order of their shares' numbers, which begin at 1.
    pub shares: Vec<GuardianShare>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardianShare {
    pub guardian: Key,
    /// The guardian's key to which the share is wrapped.
    pub encryption_key: EncryptionKey,
    pub share: SealedShare,
}

/// A guardian's share for the new owner of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryShare {
    pub vault: Key,
    /// The epoch whose root it opens, before the recovery.
    pub key_epoch: u32,
    /// Account of the recovery.
    pub recovery: Key,
    pub guardian: Key,
    pub share: SealedShare,
}

/// An HPKE wrap of a share: encapsulated key (32 bytes), then ciphertext and tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedShare(#[serde(with = "text::bytes")] pub [u8; SEALED_SHARE_LENGTH]);

/// A share that was opened. Fewer than the threshold tell nothing of the root.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    bytes: [u8; SHARE_LENGTH],
}

impl GuardianWraps {
    pub(super) fn seal(
        root: &RootSecret,
        vault: &Key,
        key_epoch: u32,
        threshold: u8,
        guardians: &[Guardian],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, KeyringError> {
        if threshold == 0 || guardians.len() > MAX_GUARDIANS || guardians.len() < usize::from(threshold) {
            return Err(KeyringError::Threshold);
        }
        let secret = Zeroizing::new(random::<32>(rng));
        let sealed = SealedRoot::seal(root, &*secret, &root_use(&place(vault, key_epoch)), rng)?;
        let dealt: Vec<_> = Sharks(threshold).dealer_rng(&*secret, &mut Adapted(rng)).take(guardians.len()).collect();
        let mut shares = Vec::with_capacity(guardians.len());
        for (Guardian { guardian, encryption_key }, share) in guardians.iter().zip(&dealt) {
            let bytes = Zeroizing::new(Vec::from(share));
            let aad = share_aad(vault, key_epoch, guardian, encryption_key);
            let share = wrap::seal(&bytes, SHARE_INFO, &aad, encryption_key, rng)?.try_into();
            let share = share.map(SealedShare).map_err(|_| KeyringError::Opening)?;
            shares.push(GuardianShare { guardian: *guardian, encryption_key: *encryption_key, share });
        }
        Ok(Self { threshold, root: sealed, shares })
    }

    pub(super) fn open_share(
        &self,
        vault: &Key,
        key_epoch: u32,
        guardian: &Key,
        secret: &SecretKey,
    ) -> Result<Share, KeyringError> {
        let (number, entry) = (1..=MAX_GUARDIANS as u8)
            .zip(&self.shares)
            .find(|(_, entry)| entry.guardian == *guardian)
            .ok_or(KeyringError::NoGuardian)?;
        let share = entry.open(vault, key_epoch, secret)?;
        if share.bytes[0] == number { Ok(share) } else { Err(KeyringError::Opening) }
    }

    /// With more shares than the threshold, as many as were altered may be left over: any combination
    /// that opens the root will do.
    pub(super) fn open_root(&self, vault: &Key, key_epoch: u32, shares: &[Share]) -> Result<RootSecret, KeyringError> {
        let threshold = usize::from(self.threshold);
        let by_number: BTreeMap<u8, &Share> =
            shares.iter().map(|share| (share.bytes[0], share)).filter(|(number, _)| *number > 0).collect();
        let shares: Vec<&Share> = by_number.into_values().take(MAX_GUARDIANS).collect();
        if threshold == 0 || shares.len() < threshold {
            return Err(KeyringError::TooFewShares);
        }
        let place = place(vault, key_epoch);
        // Ten guardians make at most 252 combinations.
        (0u16..1 << shares.len())
            .filter(|chosen| chosen.count_ones() as usize == threshold)
            .find_map(|chosen| {
                let chosen: Vec<ShamirShare> = (0..shares.len())
                    .filter(|place| chosen >> place & 1 == 1)
                    .filter_map(|place| ShamirShare::try_from(shares[place].bytes.as_slice()).ok())
                    .collect();
                let secret = Zeroizing::new(Sharks(self.threshold).recover(&chosen).ok()?);
                self.root.open(&secret, &root_use(&place)).ok()
            })
            .ok_or(KeyringError::Opening)
    }
}

impl GuardianShare {
    /// What a guardian does with the own share, without the keyring that it is of.
    ///
    /// # Errors
    /// Another vault's or epoch's share, or another guardian's key.
    pub fn open(&self, vault: &Key, key_epoch: u32, secret: &SecretKey) -> Result<Share, KeyringError> {
        let aad = share_aad(vault, key_epoch, &self.guardian, &secret.encryption_key());
        Share::read(&wrap::open(&self.share.0, SHARE_INFO, &aad, secret)?)
    }
}

impl Share {
    /// Gives the share to whom a recovery makes the vault's owner, by the key that it publishes.
    ///
    /// # Errors
    /// A key of low order.
    pub fn hand_over(
        &self,
        to: &RecoveryPlace,
        guardian: Key,
        new_owner: &EncryptionKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<RecoveryShare, KeyringError> {
        let RecoveryPlace { vault, key_epoch, recovery } = *to;
        let aad = recovery_aad(to, &guardian, new_owner);
        let share = wrap::seal(&self.bytes, RECOVERY_INFO, &aad, new_owner, rng)?.try_into();
        let share = share.map(SealedShare).map_err(|_| KeyringError::Opening)?;
        Ok(RecoveryShare { vault, key_epoch, recovery, guardian, share })
    }

    fn read(bytes: &[u8]) -> Result<Self, KeyringError> {
        bytes.try_into().map(|bytes| Self { bytes }).map_err(|_| KeyringError::Opening)
    }
}

/// Which recovery hands over shares of which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryPlace {
    pub vault: Key,
    /// The epoch whose root the shares open, before the recovery.
    pub key_epoch: u32,
    /// Account of the recovery.
    pub recovery: Key,
}

impl RecoveryShare {
    /// # Errors
    /// A share for somebody else or another recovery than it says, or one that was altered.
    pub fn open(&self, new_owner: &SecretKey) -> Result<Share, KeyringError> {
        let Self { vault, key_epoch, recovery, guardian, share } = self;
        let place = RecoveryPlace { vault: *vault, key_epoch: *key_epoch, recovery: *recovery };
        let aad = recovery_aad(&place, guardian, &new_owner.encryption_key());
        Share::read(&wrap::open(&share.0, RECOVERY_INFO, &aad, new_owner)?)
    }
}

fn root_use(place: &[u8]) -> Use<'_> {
    Use { info: ROOT_INFO, aad: place }
}

fn share_aad(vault: &Key, key_epoch: u32, guardian: &Key, recipient: &EncryptionKey) -> Vec<u8> {
    [place(vault, key_epoch).as_slice(), &guardian.0, &recipient.0].concat()
}

fn recovery_aad(to: &RecoveryPlace, guardian: &Key, recipient: &EncryptionKey) -> Vec<u8> {
    [place(&to.vault, to.key_epoch).as_slice(), &to.recovery.0, &guardian.0, &recipient.0].concat()
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    const VAULT: Key = Key([7; 32]);

    /// Anyone can wrap something to a guardian, the server too.
    fn forged(number: u8, guardian: &Guardian) -> SealedShare {
        let bytes = [number; SHARE_LENGTH];
        let aad = share_aad(&VAULT, 1, &guardian.guardian, &guardian.encryption_key);
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let sealed = wrap::seal(&bytes, SHARE_INFO, &aad, &guardian.encryption_key, &mut rng).unwrap();
        SealedShare(sealed.try_into().unwrap())
    }

    #[test]
    fn a_share_of_another_number_than_its_place_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let secrets: Vec<SecretKey> = (0..3).map(|_| SecretKey::generate(&mut rng)).collect();
        let guardians: Vec<Guardian> = (1..)
            .zip(&secrets)
            .map(|(place, secret)| Guardian { guardian: Key([place; 32]), encryption_key: secret.encryption_key() })
            .collect();
        let root = RootSecret::generate(&mut rng);
        let mut wraps = GuardianWraps::seal(&root, &VAULT, 1, 2, &guardians, &mut rng).unwrap();
        for number in [0, 1, 3] {
            wraps.shares[1].share = forged(number, &guardians[1]);
            let refused = wraps.open_share(&VAULT, 1, &guardians[1].guardian, &secrets[1]);
            assert_eq!(refused.err(), Some(KeyringError::Opening), "number {number} at place 2");
        }
        wraps.shares[1].share = forged(2, &guardians[1]);
        assert!(wraps.open_share(&VAULT, 1, &guardians[1].guardian, &secrets[1]).is_ok());
    }

    #[test]
    fn a_share_of_number_zero_does_not_count() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let secret = SecretKey::generate(&mut rng);
        let guardian = Guardian { guardian: Key([1; 32]), encryption_key: secret.encryption_key() };
        let root = RootSecret::generate(&mut rng);
        let wraps = GuardianWraps::seal(&root, &VAULT, 1, 1, &[guardian], &mut rng).unwrap();
        let zero = Share { bytes: [0; SHARE_LENGTH] };
        let refused = wraps.open_root(&VAULT, 1, std::slice::from_ref(&zero)).err();
        assert_eq!(refused, Some(KeyringError::TooFewShares));
        let own = wraps.open_share(&VAULT, 1, &guardian.guardian, &secret).unwrap();
        assert!(wraps.open_root(&VAULT, 1, &[zero, own]).is_ok());
    }
}
