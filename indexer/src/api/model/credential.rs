use aegle_client::state;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Change;
use crate::api::{
    bytes::{Address, Digest},
    store::{credential::CredentialRow, registrar::RegistrarRow},
    time::{Day, Time},
};

/// What a registrar attests its subject to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "credential_kind", rename_all = "snake_case")]
pub enum CredentialKind {
    Practitioner,
    Organization,
    Researcher,
    Pharmacy,
    Manufacturer,
    Insurer,
    Custodian,
    Agent,
}

const KINDS: [(state::CredentialKind, CredentialKind); 8] = [
    (state::CredentialKind::Practitioner, CredentialKind::Practitioner),
    (state::CredentialKind::Organization, CredentialKind::Organization),
    (state::CredentialKind::Researcher, CredentialKind::Researcher),
    (state::CredentialKind::Pharmacy, CredentialKind::Pharmacy),
    (state::CredentialKind::Manufacturer, CredentialKind::Manufacturer),
    (state::CredentialKind::Insurer, CredentialKind::Insurer),
    (state::CredentialKind::Custodian, CredentialKind::Custodian),
    (state::CredentialKind::Agent, CredentialKind::Agent),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "credential_status", rename_all = "snake_case")]
pub enum CredentialStatus {
    Active,
    Suspended,
    /// For good.
    Revoked,
}

/// Why a credential is not in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialReason {
    Revoked,
    Suspended,
    /// Governance removed the registrar.
    RegistrarRemoved,
    NotYet,
    Expired,
    /// The mirror lacks the registrar, or the time of the slot, to tell.
    Unknown,
}

/// Who may attest credentials.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Registrar {
    pub registrar: Address,
    /// The key that attests.
    pub authority: Address,
    /// Kinds of credentials it may issue.
    pub kinds: Vec<CredentialKind>,
    /// SHA-256 over a 32-byte salt and the registrar's profile, which governance vouches for.
    pub profile_commitment: Digest,
    pub rent_payer: Address,
    pub added: Change,
    /// From then on none of its credentials is in effect; null while it is not removed.
    pub removed: Option<Change>,
}

impl From<RegistrarRow> for Registrar {
    fn from(row: RegistrarRow) -> Self {
        Self {
            registrar: row.registrar,
            authority: row.authority,
            kinds: KINDS
                .iter()
                .filter(|(kind, _)| row.kinds & i16::from(kind.bit()) != 0)
                .map(|(_, name)| *name)
                .collect(),
            profile_commitment: row.profile_commitment,
            rent_payer: row.rent_payer,
            added: row.added,
            removed: row.removed,
        }
    }
}

/// A registrar's attestation of who a key belongs to. Names are in a profile that it signs off chain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credential {
    pub credential: Address,
    pub registrar: Address,
    pub subject: Address,
    pub kind: CredentialKind,
    pub status: CredentialStatus,
    /// Whether the subject may open records in an emergency.
    pub emergency: bool,
    /// X25519 public key to which content is wrapped for the subject.
    pub encryption_key: Digest,
    /// SHA-256 over a 32-byte salt and the profile that the registrar signed.
    pub profile_commitment: Digest,
    /// First day valid and first day no more.
    pub from: Day,
    pub until: Day,
    /// One more for each change.
    pub revision: i64,
    /// Whether it holds in the state that `meta` names, at `meta.evaluated_at`.
    pub in_effect: bool,
    /// Why it is not in effect; null where it is.
    pub reason: Option<CredentialReason>,
    pub rent_payer: Address,
    pub issued: Change,
    /// The last renewal or change of status; without any, the issue.
    pub changed: Change,
}

impl Credential {
    pub fn new(row: CredentialRow, now: Option<Time>) -> Self {
        let reason = match (row.status, row.registrar_removed) {
            (CredentialStatus::Revoked, _) => Some(CredentialReason::Revoked),
            (CredentialStatus::Suspended, _) => Some(CredentialReason::Suspended),
            (CredentialStatus::Active, None) => Some(CredentialReason::Unknown),
            (CredentialStatus::Active, Some(true)) => Some(CredentialReason::RegistrarRemoved),
            (CredentialStatus::Active, Some(false)) => out_of_period(row.from, row.until, now),
        };
        Self {
            credential: row.credential,
            registrar: row.registrar,
            subject: row.subject,
            kind: row.kind,
            status: row.status,
            emergency: row.emergency,
            encryption_key: row.encryption_key,
            profile_commitment: row.profile_commitment,
            from: row.from,
            until: row.until,
            revision: row.revision,
            in_effect: reason.is_none(),
            reason,
            rent_payer: row.rent_payer,
            issued: row.issued,
            changed: row.changed,
        }
    }
}

fn out_of_period(from: Day, until: Day, now: Option<Time>) -> Option<CredentialReason> {
    let Some(now) = now else {
        return Some(CredentialReason::Unknown);
    };
    if now < from.start() {
        Some(CredentialReason::NotYet)
    } else if now >= until.start() {
        Some(CredentialReason::Expired)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use aegle_client::state::{DAY, period_holds};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inv_2_a_credentials_days_are_judged_as_the_program_judges_days(
            from in 20_000u32..20_010, length in 1u32..10, day in 19_995i64..20_025, second in -1i64..=1,
        ) {
            let (until, now) = (from + length, day * DAY + second);
            let reason = out_of_period(Day(from.into()), Day(until.into()), Some(Time(now)));
            prop_assert_eq!(reason.is_none(), period_holds(from, until, now), "{:?}", reason);
        }
    }

    #[test]
    fn every_kind_of_the_program_has_its_name() {
        let mut kinds = Vec::new();
        for (kind, name) in KINDS {
            assert_eq!(serde_json::to_value(name).unwrap(), format!("{kind:?}").to_lowercase());
            kinds.push(kind as u8);
        }
        assert_eq!(kinds, Vec::from_iter(0..8), "the bits of a byte");
    }
}
