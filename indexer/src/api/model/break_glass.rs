use serde::Serialize;
use utoipa::ToSchema;

use super::Change;
use crate::api::{
    bytes::{Address, Digest},
    store::break_glass::BreakGlassRow,
    time::Time,
};

/// Whether records of a vault may be opened in an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyPolicy {
    Forbidden,
    Allowed,
}

impl EmergencyPolicy {
    /// What the chain does not know to allow it forbids.
    pub fn of(policy: i16) -> Self {
        if policy == i16::from(aegle_client::state::EMERGENCIES_ALLOWED) { Self::Allowed } else { Self::Forbidden }
    }
}

/// That records of a vault were opened in an emergency. It names no clinician and permits nothing alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BreakGlass {
    pub break_glass: Address,
    pub vault: Address,
    pub break_glass_id: Digest,
    /// SHA-256 over a 32-byte salt and the clinician's signed statement.
    pub commitment: Digest,
    /// First second no more in effect.
    pub expires_at: Time,
    /// Whether it has not expired in the state that `meta` names, at `meta.evaluated_at`; false where the
    /// mirror lacks the time of the slot, to tell.
    pub in_effect: bool,
    pub rent_payer: Address,
    /// The key that submitted it is a relay's, never the clinician's.
    pub opened: Change,
    /// By the owner, or a delegate with the right to grant; null while nobody has. It ends nothing.
    pub reviewed: Option<Change>,
}

impl BreakGlass {
    pub fn new(row: BreakGlassRow, now: Option<Time>) -> Self {
        Self {
            break_glass: row.break_glass,
            vault: row.vault,
            break_glass_id: row.break_glass_id,
            commitment: row.commitment,
            expires_at: row.expires_at,
            in_effect: now.is_some_and(|now| now < row.expires_at),
            rent_payer: row.rent_payer,
            opened: row.opened,
            reviewed: row.reviewed,
        }
    }
}
