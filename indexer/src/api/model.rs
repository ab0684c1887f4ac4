//! What the API answers.

mod audit_root;
mod break_glass;
mod credential;
mod recovery;
mod relay;
mod session;

use aegle_client::{
    PROGRAM_ID, Pubkey, pda,
    state::{Action, Purpose, Right},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    bytes::{Address, BlockHash, Digest, Signature},
    extract::Commitment,
    store::{consent::ConsentRow, delegate::DelegateRow},
    time::{Day, Time},
};

pub use audit_root::AuditRoot;
pub use break_glass::{BreakGlass, EmergencyPolicy};
pub use credential::{Credential, CredentialKind, CredentialStatus, Registrar};
pub use recovery::{Guardians, PendingGuardians, PendingRecovery, Recovery, RecoveryStatus};
pub use relay::{RelayRequest, RelayTerms, Relayed};
pub use session::{ChallengeRequest, Renewed, Session, Sessions, SignInRequest, SignedIn, ToSign};

/// What an answer reflects.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Meta {
    /// The slot whose state this is; also in the header `aegle-slot`.
    pub slot: i64,
    /// How sure the ledger is of that slot.
    pub commitment: Commitment,
    /// The time at which validity was judged: now, or for `as_of_slot` the time of its block.
    pub evaluated_at: Option<Time>,
    /// Newest slot of the mirror that is final; also in the header `aegle-finalized-slot`.
    pub finalized_slot: i64,
    /// Newest slot of the mirror.
    pub confirmed_slot: i64,
    /// How far the mirror is behind its node; also in the headers `aegle-lag-slots`, `aegle-lag-seconds`.
    pub lag_slots: i64,
    pub lag_seconds: i64,
}

/// One thing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answer<T> {
    pub meta: Meta,
    pub data: T,
}

/// Part of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub meta: Meta,
    pub data: Vec<T>,
    /// Cursor of the page after this one; null on the last.
    pub next: Option<String>,
}

/// The transaction that did something.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Transaction {
    pub signature: Signature,
    pub slot: i64,
    /// Time of the chain's clock in the transaction.
    pub at: Time,
}

impl Transaction {
    pub fn if_any(signature: Option<Signature>, slot: Option<i64>, at: Option<Time>) -> Option<Self> {
        Some(Self { signature: signature?, slot: slot?, at: at? })
    }
}

/// A transaction and who signed for it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Change {
    #[serde(flatten)]
    pub transaction: Transaction,
    /// The key that signed for it: the owner's or a delegate's, a guardian's, a registrar's.
    pub authority: Address,
}

/// A patient's root.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Vault {
    pub vault: Address,
    pub vault_id: Digest,
    pub owner: Address,
    pub rent_payer: Address,
    /// X25519 public key to which content is wrapped for the patient.
    pub encryption_key: Digest,
    pub key_epoch: i64,
    /// A consent of another epoch permits nothing.
    pub consent_epoch: i64,
    /// A delegate of another epoch has no rights.
    pub delegate_epoch: i64,
    /// Records minted by delegates, and how many they may mint together.
    pub delegate_mints: i64,
    pub delegate_mint_cap: i64,
    /// Records ever minted, amendments included.
    pub record_count: i64,
    /// Whether records may be opened in an emergency.
    pub emergency_policy: EmergencyPolicy,
    /// How often the guardians in effect changed. A recovery proposed under others is void.
    pub guardian_epoch: i64,
    /// Who together may hand the vault to a new owner; null without guardians.
    pub guardians: Option<Guardians>,
    /// The guardians that are to replace them; null where no change is pending.
    pub pending_guardians: Option<PendingGuardians>,
    /// The recovery that waits for its delay; null where none does.
    pub pending_recovery: Option<PendingRecovery>,
    pub created: Transaction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "record_status", rename_all = "snake_case")]
pub enum RecordStatus {
    Active,
    /// A newer version exists.
    Amended,
    EnteredInError,
    /// The token is gone.
    Erased,
}

impl From<aegle_client::state::RecordStatus> for RecordStatus {
    fn from(status: aegle_client::state::RecordStatus) -> Self {
        use aegle_client::state::RecordStatus as Status;
        match status {
            Status::Active => Self::Active,
            Status::Amended => Self::Amended,
            Status::EnteredInError => Self::EnteredInError,
            Status::Erased => Self::Erased,
        }
    }
}

/// A commitment to one version of a health record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Record {
    pub record: Address,
    pub vault: Address,
    pub record_id: Digest,
    /// Mint of its token, which is closed once the record is erased.
    pub mint: Option<Address>,
    /// How often the token was issued.
    pub issues: i64,
    /// In whose name the token is: the owner's at the time it was issued, or the record's own, which
    /// keeps what a delegate minted until the owner has it issued again.
    pub holder: Address,
    /// The holder's account for the token. Holding it gives no authority.
    pub token: Option<Address>,
    /// SHA-256 over a 32-byte salt and the manifest.
    pub commitment: Digest,
    /// 1 for an original, one more for each amendment.
    pub version: i64,
    /// The record this one amends; null for an original.
    pub previous: Option<Address>,
    pub status: RecordStatus,
    pub rent_payer: Address,
    pub minted: Change,
    /// What gave it its status; for an active record, its minting.
    pub changed: Change,
}

impl Record {
    pub fn mint_address(record: Address, bump: i16) -> Option<Address> {
        let bump = u8::try_from(bump).ok()?;
        let seeds: [&[u8]; 3] = [pda::MINT, &record.0, &[bump]];
        Pubkey::create_program_address(&seeds, &PROGRAM_ID).ok().map(|mint| Address(mint.to_bytes()))
    }

    pub fn token_address(mint: Address, holder: Address) -> Address {
        Address(pda::find_token(&mint.0.into(), &holder.0.into()).0.to_bytes())
    }
}

/// A change of a record's status.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordChange {
    /// The status it gave; `active` is the minting.
    pub status: RecordStatus,
    #[serde(flatten)]
    pub change: Change,
}

/// One version of a record with everything that happened to it, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordVersion {
    #[serde(flatten)]
    pub record: Record,
    pub changes: Vec<RecordChange>,
}

/// A record and the versions before and after it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordHistory {
    /// The one asked for.
    pub record: Record,
    /// The whole chain it stands in, itself included, oldest first.
    pub versions: Vec<RecordVersion>,
    /// Cursor of further versions, where there are more than `limit`.
    pub next: Option<String>,
}

/// HL7 v3 PurposeOfUse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PurposeCode {
    Treat,
    Etreat,
    Hpaymt,
    Hoperat,
    Hresch,
    Pubhlth,
    Famrqt,
    Patrqt,
    Hmarkt,
}

const PURPOSES: [(Purpose, PurposeCode); 9] = [
    (Purpose::Treatment, PurposeCode::Treat),
    (Purpose::EmergencyTreatment, PurposeCode::Etreat),
    (Purpose::Payment, PurposeCode::Hpaymt),
    (Purpose::Operations, PurposeCode::Hoperat),
    (Purpose::Research, PurposeCode::Hresch),
    (Purpose::PublicHealth, PurposeCode::Pubhlth),
    (Purpose::FamilyRequest, PurposeCode::Famrqt),
    (Purpose::PatientRequest, PurposeCode::Patrqt),
    (Purpose::Marketing, PurposeCode::Hmarkt),
];

/// What a grantee may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    Read,
    Annotate,
    Contribute,
    Export,
    Compute,
}

const ACTIONS: [(Action, ActionName); 5] = [
    (Action::Read, ActionName::Read),
    (Action::Annotate, ActionName::Annotate),
    (Action::Contribute, ActionName::Contribute),
    (Action::Export, ActionName::Export),
    (Action::Compute, ActionName::Compute),
];

/// What a delegate may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightName {
    Mint,
    Grant,
    Revoke,
    Read,
}

const RIGHTS: [(Right, RightName); 4] = [
    (Right::Mint, RightName::Mint),
    (Right::Grant, RightName::Grant),
    (Right::Revoke, RightName::Revoke),
    (Right::Read, RightName::Read),
];

/// Why a consent or a delegate is not in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Revoked,
    Removed,
    /// The vault's epoch is another: all were revoked since.
    OutOfEpoch,
    NotYet,
    Expired,
    /// The mirror lacks the vault, or the time of the slot, to tell.
    Unknown,
}

/// What validity is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The vault's epoch; none where the mirror lacks the vault.
    pub epoch: Option<i64>,
    pub now: Option<Time>,
}

impl Judge {
    fn reason(&self, epoch: i64, from: Option<Day>, until: Day) -> Option<Reason> {
        let (Some(current), Some(now)) = (self.epoch, self.now) else {
            return Some(Reason::Unknown);
        };
        if epoch != current {
            Some(Reason::OutOfEpoch)
        } else if from.is_some_and(|from| now < from.start()) {
            Some(Reason::NotYet)
        } else if now >= until.start() {
            Some(Reason::Expired)
        } else {
            None
        }
    }
}

/// A patient's permission for one grantee, whom the handle names only to who holds its opening.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Consent {
    pub consent: Address,
    pub vault: Address,
    pub consent_id: Digest,
    pub handle: Digest,
    /// SHA-256 over a 32-byte salt and the policy, which may narrow what stands here.
    pub policy_commitment: Digest,
    pub purposes: Vec<PurposeCode>,
    pub actions: Vec<ActionName>,
    /// First day in effect and first day no more.
    pub from: Day,
    pub until: Day,
    pub consent_epoch: i64,
    /// Whether it holds in the state that `meta` names, at `meta.evaluated_at`: an upper bound, since
    /// the policy is not on the chain. No decision to disclose may rest on this alone.
    pub in_effect: bool,
    /// Why it is not in effect; null where it is.
    pub reason: Option<Reason>,
    pub rent_payer: Address,
    pub granted: Change,
    pub revoked: Option<Change>,
}

impl Consent {
    /// `judge` holds the consent epoch of the vault.
    pub fn new(row: ConsentRow, judge: Judge) -> Self {
        let reason = match row.revoked {
            Some(_) => Some(Reason::Revoked),
            None => judge.reason(row.consent_epoch, Some(row.from), row.until),
        };
        Self {
            consent: row.consent,
            vault: row.vault,
            consent_id: row.consent_id,
            handle: row.handle,
            policy_commitment: row.policy_commitment,
            purposes: PURPOSES
                .iter()
                .filter(|(bit, _)| row.purposes & *bit as i32 != 0)
                .map(|(_, code)| *code)
                .collect(),
            actions: ACTIONS.iter().filter(|(bit, _)| row.actions & *bit as i16 != 0).map(|(_, name)| *name).collect(),
            from: row.from,
            until: row.until,
            consent_epoch: row.consent_epoch,
            in_effect: reason.is_none(),
            reason,
            rent_payer: row.rent_payer,
            granted: row.granted,
            revoked: row.revoked,
        }
    }
}

/// A parent, carer or agent of a vault.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Delegate {
    pub delegate: Address,
    pub vault: Address,
    /// The delegate's key, used for this vault alone.
    pub key: Address,
    pub rights: Vec<RightName>,
    /// First day without rights.
    pub until: Day,
    pub delegate_epoch: i64,
    /// Whether it holds in the state that `meta` names, at `meta.evaluated_at`.
    pub in_effect: bool,
    /// Why it is not in effect; null where it is.
    pub reason: Option<Reason>,
    pub rent_payer: Address,
    pub added: Transaction,
    pub removed: Option<Transaction>,
}

impl Delegate {
    /// `judge` holds the delegate epoch of the vault.
    pub fn new(row: DelegateRow, judge: Judge) -> Self {
        let reason = match row.removed {
            Some(_) => Some(Reason::Removed),
            None => judge.reason(row.delegate_epoch, None, row.until),
        };
        Self {
            delegate: row.delegate,
            vault: row.vault,
            key: row.key,
            rights: RIGHTS.iter().filter(|(bit, _)| row.rights & *bit as i16 != 0).map(|(_, name)| *name).collect(),
            until: row.until,
            delegate_epoch: row.delegate_epoch,
            in_effect: reason.is_none(),
            reason,
            rent_payer: row.rent_payer,
            added: row.added,
            removed: row.removed,
        }
    }
}

/// Where an event stands in the ledger; events are ordered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Position {
    pub slot: i64,
    /// Index of the transaction in its block.
    pub tx_index: i32,
    /// Index of the instruction in the transaction, and of the event among its inner instructions.
    pub instruction_index: i16,
    pub inner_index: i16,
}

impl Position {
    /// Before every event.
    pub const START: Self = Self { slot: -1, tx_index: -1, instruction_index: -1, inner_index: -1 };

    /// After every event of a slot.
    pub const fn end_of(slot: i64) -> Self {
        Self { slot, tx_index: i32::MAX, instruction_index: i16::MAX, inner_index: i16::MAX }
    }

    pub fn to_bytes(self) -> Vec<u8> {
        [
            &self.slot.to_be_bytes()[..],
            &self.tx_index.to_be_bytes(),
            &self.instruction_index.to_be_bytes(),
            &self.inner_index.to_be_bytes(),
        ]
        .concat()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (slot, rest) = bytes.split_first_chunk()?;
        let (tx_index, rest) = rest.split_first_chunk()?;
        let (instruction_index, rest) = rest.split_first_chunk()?;
        Some(Self {
            slot: i64::from_be_bytes(*slot),
            tx_index: i32::from_be_bytes(*tx_index),
            instruction_index: i16::from_be_bytes(*instruction_index),
            inner_index: i16::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

/// An event of the program as it stands in the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    pub signature: Signature,
    #[serde(flatten)]
    pub position: Position,
    pub block_hash: BlockHash,
    pub block_time: Option<Time>,
    /// Name of the event in the program's IDL.
    pub name: String,
    /// The account created or changed.
    pub account: Address,
    /// Its vault; null for the deployment's own accounts.
    pub vault: Option<Address>,
    /// The key that signed for it.
    pub authority: Option<Address>,
    /// The event's bytes in hex, tag and discriminator included.
    pub data: String,
}

/// Events in ledger order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventPage {
    pub meta: Meta,
    pub data: Vec<Event>,
    /// Where the next request continues, now or at any later time; there also where nothing is left.
    pub next: String,
    /// Whether more follow already.
    pub more: bool,
}

/// How far the mirror has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Status {
    /// Whether the mirror is near enough to its node to answer.
    pub ready: bool,
    pub program: Address,
    pub genesis_hash: BlockHash,
    pub first_slot: i64,
    pub finalized_slot: i64,
    pub finalized_hash: BlockHash,
    pub confirmed_slot: i64,
    pub confirmed_hash: BlockHash,
    /// When the mirror last moved.
    pub updated_at: Time,
    /// The node's newest confirmed slot when it was last asked; null before.
    pub node_slot: Option<i64>,
    /// Null while the node's slot is not known.
    pub lag_slots: Option<i64>,
    pub lag_seconds: Option<i64>,
}

#[cfg(test)]
mod tests {
    use aegle_client::state::{DAY, period_holds};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inv_2_a_period_is_judged_as_the_program_does(
            from in 20_000u32..20_010, length in 1u32..10, day in 19_995i64..20_025, second in -1i64..=1,
        ) {
            let (until, now) = (from + length, day * DAY + second);
            let judge = Judge { epoch: Some(3), now: Some(Time(now)) };
            let reason = judge.reason(3, Some(Day(from.into())), Day(until.into()));
            prop_assert_eq!(reason.is_none(), period_holds(from, until, now), "{:?}", reason);
            prop_assert_eq!(judge.reason(2, Some(Day(from.into())), Day(until.into())), Some(Reason::OutOfEpoch));
        }
    }

    #[test]
    fn every_bit_of_the_program_has_its_name() {
        use aegle_client::state::{ALL_ACTIONS, ALL_PURPOSES, ALL_RIGHTS};
        assert_eq!(PURPOSES.iter().fold(0, |bits, (bit, _)| bits | *bit as u16), ALL_PURPOSES);
        assert_eq!(ACTIONS.iter().fold(0, |bits, (bit, _)| bits | *bit as u8), ALL_ACTIONS);
        assert_eq!(RIGHTS.iter().fold(0, |bits, (bit, _)| bits | *bit as u8), ALL_RIGHTS);
        for (purpose, code) in PURPOSES.iter().zip(["TREAT", "ETREAT", "HPAYMT", "HOPERAT", "HRESCH", "PUBHLTH"]) {
            assert_eq!(serde_json::to_value(purpose.1).unwrap(), code);
        }
    }
}
