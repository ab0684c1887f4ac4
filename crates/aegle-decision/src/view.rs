//! What the engine looks at: a vault as the chain had it at one slot.

use aegle::state::{CredentialKind, CredentialStatus, RecordStatus, grantee_handle};

use crate::{Document, Emergency, Key, Policy};

/// One vault and all that concerns one caller, at one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    pub slot: u64,
    /// None where the vault did not exist yet.
    pub vault: Option<VaultView>,
    /// The caller's delegation, if there ever was one.
    pub delegate: Option<DelegateView>,
    /// Consents of the vault whose openings name the caller.
    pub consents: Vec<ConsentView>,
    /// Credentials of the caller and of the practitioner who acts for it.
    pub credentials: Vec<CredentialView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaultView {
    pub vault: Key,
    pub owner: Key,
    pub key_epoch: u32,
    pub consent_epoch: u32,
    pub delegate_epoch: u32,
    /// Whether records may be opened in an emergency.
    pub emergencies_allowed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegateView {
    pub key: Key,
    /// Bits of [`aegle::state::Right`].
    pub rights: u8,
    /// First day without rights, in days since the Unix epoch, UTC.
    pub until_day: u32,
    pub delegate_epoch: u32,
    pub removed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentView {
    pub consent: Key,
    pub consent_id: [u8; 32],
    pub handle: [u8; 32],
    pub policy_commitment: [u8; 32],
    /// Bits of [`aegle::state::Purpose`] and [`aegle::state::Action`].
    pub purposes: u16,
    pub actions: u8,
    /// First day in effect and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    pub consent_epoch: u32,
    pub revoked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialView {
    pub credential: Key,
    pub registrar: Key,
    pub subject: Key,
    pub kind: CredentialKind,
    pub status: CredentialStatus,
    /// First day valid and first day no more, in days since the Unix epoch, UTC.
    pub from_day: u32,
    pub until_day: u32,
    /// It counts only while its registrar is not.
    pub registrar_removed: bool,
    /// Whether the subject may open records in an emergency.
    pub emergency: bool,
}

/// What the chain says of one vault at its two commitments. Only what both permit is permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Views {
    pub finalized: ChainView,
    pub confirmed: ChainView,
    /// A confirmed withdrawal (a revocation, a removal, a suspension, an epoch raised) was seen on a
    /// branch that was left, and finality has not passed its slot.
    pub withdrawals_pending: bool,
    /// The caller's signed statements on this vault. An opening counts once it is confirmed.
    pub emergencies: Vec<Emergency>,
}

/// What the chain says of a record that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordView {
    pub record: Key,
    pub vault: Key,
    pub status: RecordStatus,
    /// SHA-256 over a salt and the manifest.
    pub commitment: [u8; 32],
}

/// A record that is asked for at the two commitments; none where it was not minted yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordViews {
    pub finalized: Option<RecordView>,
    pub confirmed: Option<RecordView>,
}

impl RecordViews {
    pub fn key(&self) -> Option<Key> {
        self.confirmed.or(self.finalized).map(|view| view.record)
    }
}

/// What names the grantee and the policy of a consent to who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentOpening {
    pub consent: Key,
    pub grantee: Key,
    pub salt: [u8; 32],
    pub policy: Document<Policy>,
    pub policy_salt: [u8; 32],
}

impl ConsentOpening {
    /// Whether this is the opening of `consent` in `vault`: its grantee and its policy are those the
    /// chain committed to.
    pub fn opens(&self, vault: &Key, consent: &ConsentView) -> bool {
        self.consent == consent.consent
            && grantee_handle(&vault.0.into(), &consent.consent_id, &self.grantee.0.into(), &self.salt)
                == consent.handle
            && self.policy.commitment(&self.policy_salt) == consent.policy_commitment
    }
}
