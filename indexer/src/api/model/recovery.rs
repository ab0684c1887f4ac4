use serde::Serialize;
use utoipa::ToSchema;

use super::{Change, Vault};
use crate::api::{
    bytes::{Address, Digest},
    store::recovery::RecoveryRow,
    time::Time,
};

/// Who together may hand a vault to a new owner: how many there are, never who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Guardians {
    pub count: i16,
    /// How many of them make a recovery pending.
    pub threshold: i16,
    /// Seconds between a recovery's becoming pending and its execution, and before other guardians are
    /// in effect.
    pub recovery_delay: i64,
}

/// Guardians that are to be in effect.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PendingGuardians {
    /// Null where the vault is to have none.
    pub guardians: Option<Guardians>,
    /// First second they may be put in effect. From then on those they replace have no say.
    pub due_at: Time,
}

/// A recovery that waits for its delay.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PendingRecovery {
    pub recovery: Address,
    /// First second it is void.
    pub lapses_at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "recovery_status", rename_all = "snake_case")]
pub enum RecoveryStatus {
    /// Fewer guardians than the threshold approved.
    Proposed,
    /// Enough approved; waits for its delay and may be vetoed.
    Pending,
    /// The owner vetoed it; only all guardians together can go on.
    Vetoed,
    Executed,
}

/// Why a recovery cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryReason {
    Executed,
    /// Its time is over.
    Lapsed,
    /// The vault has other guardians, or another owner, than when it was proposed.
    OutOfEpoch,
    /// The mirror lacks the vault, or the time of the slot, to tell.
    Unknown,
}

/// Guardians handing a vault to a new owner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Recovery {
    pub recovery: Address,
    pub vault: Address,
    pub recovery_id: Digest,
    pub new_owner: Address,
    /// X25519 public key of the new owner.
    pub new_encryption_key: Digest,
    /// What the vault had when this was proposed.
    pub guardian_epoch: i64,
    pub delegate_epoch: i64,
    /// How many guardians approved.
    pub approvals: u32,
    pub status: RecoveryStatus,
    /// First second it may be executed and no longer be vetoed; null until enough guardians approved.
    pub executable_at: Option<Time>,
    /// First second it is void.
    pub lapses_at: Time,
    /// Whether it can still be approved or executed in the state that `meta` names, at
    /// `meta.evaluated_at`.
    pub open: bool,
    /// Why it cannot; null where it can.
    pub reason: Option<RecoveryReason>,
    pub rent_payer: Address,
    pub proposed: Change,
    /// The last approval, the veto or the execution; without any, the proposal.
    pub changed: Change,
}

impl Recovery {
    /// Judged by its vault at `now`, where the mirror has both.
    pub fn new(row: RecoveryRow, vault: Option<&Vault>, now: Option<Time>) -> Self {
        let reason = reason(&row, vault, now);
        Self {
            recovery: row.recovery,
            vault: row.vault,
            recovery_id: row.recovery_id,
            new_owner: row.new_owner,
            new_encryption_key: row.new_encryption_key,
            guardian_epoch: row.guardian_epoch,
            delegate_epoch: row.delegate_epoch,
            approvals: row.approvals.count_ones(),
            status: row.status,
            executable_at: row.executable_at,
            lapses_at: row.lapses_at,
            open: reason.is_none(),
            reason,
            rent_payer: row.rent_payer,
            proposed: row.proposed,
            changed: row.changed,
        }
    }
}

fn reason(row: &RecoveryRow, vault: Option<&Vault>, now: Option<Time>) -> Option<RecoveryReason> {
    if row.status == RecoveryStatus::Executed {
        return Some(RecoveryReason::Executed);
    }
    let (Some(vault), Some(now)) = (vault, now) else {
        return Some(RecoveryReason::Unknown);
    };
    if now >= row.lapses_at {
        return Some(RecoveryReason::Lapsed);
    }
    // A pending one stops every change of guardians and of the owner.
    let replaced = (row.guardian_epoch, row.delegate_epoch) != (vault.guardian_epoch, vault.delegate_epoch)
        || vault.pending_guardians.is_some_and(|pending| now >= pending.due_at);
    (row.status != RecoveryStatus::Pending && replaced).then_some(RecoveryReason::OutOfEpoch)
}
