//! Allowing somebody: what a policy would open, what goes to the server and what to the chain.

use aegle_client::{
    Pubkey,
    commitment::{Opening, random_bytes},
    id, pda,
    state::{Consent, Vault, day_of},
};
use aegle_decision::{Document, Key, Policy, PolicyVersion, Preview};
use aegle_envelope::EncryptionKey;
use rand::{CryptoRng, RngCore};
use serde::Serialize;

use crate::{
    Error, Unlocked,
    wire::{Digest, DraftPreview, HeldConsent},
};

/// What a policy would open now, as the patient is shown it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub records: Vec<Key>,
    /// How many others there are.
    pub withheld: u64,
    hash: [u8; 32],
}

impl Shown {
    /// Reads what the server shows of `vault` for `purposes`.
    ///
    /// # Errors
    /// A preview that is not of this vault and these purposes, or not what its hash covers.
    pub fn read(shown: DraftPreview, vault: Key, purposes: u16) -> Result<Self, Error> {
        let preview = Document::<Preview>::read(shown.preview.into_bytes())?;
        let Preview { vault: of, purposes: for_what, records, withheld, .. } = preview.value();
        let same = (*of, *for_what, *withheld) == (vault, purposes, shown.withheld)
            && shown.records.iter().eq(records)
            && preview.hash() == shown.hash.0;
        if !same {
            return Err(Error::Answer("a preview that is not what it shows"));
        }
        Ok(Self { records: shown.records, withheld: shown.withheld, hash: shown.hash.0 })
    }
}

/// What is to be allowed.
#[derive(Clone, Debug)]
pub struct Grant {
    pub grantee: Key,
    /// X25519 key of the grantee.
    pub encryption_key: EncryptionKey,
    /// Bits of the purposes and actions.
    pub purposes: u16,
    pub actions: u8,
    /// First day in effect and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    pub policy: Policy,
}

/// What opens a consent, for the server to keep.
#[derive(Clone, Debug, Serialize)]
pub struct NewConsent {
    pub vault: Key,
    pub consent_id: Digest,
    pub grantee: Key,
    salt: Digest,
    policy: String,
    policy_salt: Digest,
    pub encryption_key: EncryptionKey,
}

/// What the program is told of a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// Account of the consent.
    pub consent: Key,
    pub consent_id: Digest,
    pub handle: Digest,
    pub policy_commitment: Digest,
    pub purposes: u16,
    pub actions: u8,
    pub from_day: u32,
    pub until_day: u32,
}

impl Grant {
    /// Makes a consent of what was shown: what the server keeps, then what the chain is told.
    ///
    /// # Errors
    /// A policy that is not valid, a keyring without a root secret.
    pub fn make(
        self,
        unlocked: &Unlocked,
        shown: &Shown,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(NewConsent, Terms), Error> {
        let Self { grantee, encryption_key, purposes, actions, from_day, until_day, policy } = self;
        let recipient = Some(encryption_key.0);
        let policy = Document::new(Policy { kind: PolicyVersion::V2, preview: Some(shown.hash), recipient, ..policy });
        policy.value().validate()?;
        let vault = unlocked.vault();
        let address = Pubkey::from(vault.0);
        let consent_id = id::consent_id(rng, &address);
        let salt = unlocked.grantee_salt(&consent_id)?;
        let opening = Opening { vault: address, consent_id, grantee: grantee.0.into(), salt };
        let policy_salt = random_bytes(rng);
        let text = std::str::from_utf8(policy.bytes()).map_err(|_| Error::Answer("a policy that is no text"))?;
        let terms = Terms {
            consent: Key(pda::find_consent(&address, &consent_id).0.to_bytes()),
            consent_id: Digest(consent_id),
            handle: Digest(opening.handle()),
            policy_commitment: Digest(policy.commitment(&policy_salt)),
            purposes,
            actions,
            from_day,
            until_day,
        };
        let new = NewConsent {
            vault,
            consent_id: terms.consent_id,
            grantee,
            salt: Digest(salt),
            policy: text.to_owned(),
            policy_salt: Digest(policy_salt),
            encryption_key,
        };
        Ok((new, terms))
    }
}

impl HeldConsent {
    /// The policy, where this opens what the chain committed to.
    pub fn opened(&self, on_chain: &Consent) -> Option<Document<Policy>> {
        let policy = Document::<Policy>::read(self.policy.clone().into_bytes()).ok()?;
        let opening = Opening {
            vault: self.vault.0.into(),
            consent_id: on_chain.consent_id,
            grantee: self.grantee.0.into(),
            salt: self.salt.0,
        };
        let opens = on_chain.vault == opening.vault
            && on_chain.handle == opening.handle()
            && on_chain.policy_commitment == policy.commitment(&self.policy_salt.0);
        opens.then_some(policy)
    }
}

/// Whether a consent counts at `now`, in seconds since the Unix epoch by the ledger's clock.
pub fn in_effect(consent: &Consent, vault: &Vault, now: i64) -> bool {
    let today = day_of(now).unwrap_or(u32::MAX);
    consent.revoked_slot == 0
        && consent.consent_epoch == vault.consent_epoch
        && (consent.from_day..consent.until_day).contains(&today)
}
