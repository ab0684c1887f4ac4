//! The program's events as they stand in the ledger: self-CPI instructions signed by the program's
//! event authority.

use aegle::events;
use anchor_lang::{Discriminator, event::EVENT_IX_TAG_LE, prelude::Pubkey};
use borsh::BorshDeserialize;

/// Why bytes signed by the event authority are no event that this version knows.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("event with the unknown discriminator {0:02x?}")]
    UnknownEvent([u8; 8]),
    #[error("{name} event whose content does not fit: {reason}")]
    Malformed { name: &'static str, reason: String },
}

macro_rules! events {
    ($($name:ident),+ $(,)?) => {
        /// Every event of the program.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($name(events::$name),)+
        }

        impl Event {
            /// Every event's name.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The event's name, as in the IDL.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name),)+ }
            }

            fn decode_body(discriminator: [u8; 8], body: &[u8]) -> Result<Self, DecodeError> {
                $(if discriminator == events::$name::DISCRIMINATOR {
                    return events::$name::try_from_slice(body).map(Self::$name).map_err(|error| {
                        DecodeError::Malformed { name: stringify!($name), reason: error.to_string() }
                    });
                })+
                Err(DecodeError::UnknownEvent(discriminator))
            }
        }
    };
}

events! {
    ConfigInitialized,
    PauseSet,
    VaultCreated,
    KeyRotated,
    DelegateAdded,
    DelegateRemoved,
    RecordMinted,
    RecordAmended,
    RecordMarkedEnteredInError,
    RecordErased,
    ConsentGranted,
    ConsentRevoked,
    AllConsentsRevoked,
    RecordReissued,
    DelegateMintCapSet,
    GuardiansChanged,
    GuardianChangeProposed,
    GuardianChangeCancelled,
    RecoveryProposed,
    RecoveryApproved,
    RecoveryVetoed,
    RecoveryExecuted,
    RegistrarAdded,
    RegistrarRemoved,
    CredentialIssued,
    CredentialRenewed,
    CredentialStatusChanged,
    EmergencyPolicySet,
    BreakGlassOpened,
    BreakGlassReviewed,
    AuditRootAnchored,
}

impl Event {
    /// Decodes the data of an inner instruction. `None` where it is no event instruction at all.
    ///
    /// The caller has checked that the instruction's program is Aegle's and its one account the event
    /// authority: then only the program itself can have made it.
    pub fn decode(data: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some(rest) = data.strip_prefix(EVENT_IX_TAG_LE) else {
            return Ok(None);
        };
        let Some((discriminator, body)) = rest.split_first_chunk::<8>() else {
            return Err(DecodeError::Malformed { name: "unnamed", reason: "too short".into() });
        };
        Self::decode_body(*discriminator, body).map(Some)
    }

    /// The vault it is about; none where it is about the deployment, a registrar, a credential or an
    /// operator's log.
    pub fn vault(&self) -> Option<Pubkey> {
        match self {
            Self::ConfigInitialized(_)
            | Self::PauseSet(_)
            | Self::RegistrarAdded(_)
            | Self::RegistrarRemoved(_)
            | Self::CredentialIssued(_)
            | Self::CredentialRenewed(_)
            | Self::CredentialStatusChanged(_)
            | Self::AuditRootAnchored(_) => None,
            Self::VaultCreated(event) => Some(event.vault),
            Self::KeyRotated(event) => Some(event.vault),
            Self::DelegateAdded(event) => Some(event.vault),
            Self::DelegateRemoved(event) => Some(event.vault),
            Self::RecordMinted(event) => Some(event.vault),
            Self::RecordAmended(event) => Some(event.vault),
            Self::RecordMarkedEnteredInError(event) => Some(event.vault),
            Self::RecordErased(event) => Some(event.vault),
            Self::ConsentGranted(event) => Some(event.vault),
            Self::ConsentRevoked(event) => Some(event.vault),
            Self::AllConsentsRevoked(event) => Some(event.vault),
            Self::RecordReissued(event) => Some(event.vault),
            Self::DelegateMintCapSet(event) => Some(event.vault),
            Self::GuardiansChanged(event) => Some(event.vault),
            Self::GuardianChangeProposed(event) => Some(event.vault),
            Self::GuardianChangeCancelled(event) => Some(event.vault),
            Self::RecoveryProposed(event) => Some(event.vault),
            Self::RecoveryApproved(event) => Some(event.vault),
            Self::RecoveryVetoed(event) => Some(event.vault),
            Self::RecoveryExecuted(event) => Some(event.vault),
            Self::EmergencyPolicySet(event) => Some(event.vault),
            Self::BreakGlassOpened(event) => Some(event.vault),
            Self::BreakGlassReviewed(event) => Some(event.vault),
        }
    }

    /// Address of the account it created or changed.
    pub fn account(&self) -> Pubkey {
        match self {
            Self::ConfigInitialized(event) => event.config,
            Self::PauseSet(event) => event.config,
            Self::VaultCreated(event) => event.vault,
            Self::KeyRotated(event) => event.vault,
            Self::DelegateAdded(event) => event.delegate,
            Self::DelegateRemoved(event) => event.delegate,
            Self::RecordMinted(event) => event.address(),
            Self::RecordAmended(event) => event.address(),
            Self::RecordMarkedEnteredInError(event) => event.record,
            Self::RecordErased(event) => event.record,
            Self::ConsentGranted(event) => event.address(),
            Self::ConsentRevoked(event) => event.consent,
            Self::AllConsentsRevoked(event) => event.vault,
            Self::RecordReissued(event) => event.record,
            Self::DelegateMintCapSet(event) => event.vault,
            Self::GuardiansChanged(event) => event.vault,
            Self::GuardianChangeProposed(event) => event.vault,
            Self::GuardianChangeCancelled(event) => event.vault,
            Self::RecoveryProposed(event) => event.address(),
            Self::RecoveryApproved(event) => event.recovery,
            Self::RecoveryVetoed(event) => event.recovery,
            Self::RecoveryExecuted(event) => event.recovery,
            Self::RegistrarAdded(event) => event.registrar,
            Self::RegistrarRemoved(event) => event.registrar,
            Self::CredentialIssued(event) => event.address(),
            Self::CredentialRenewed(event) => event.credential,
            Self::CredentialStatusChanged(event) => event.credential,
            Self::EmergencyPolicySet(event) => event.vault,
            Self::BreakGlassOpened(event) => event.address(),
            Self::BreakGlassReviewed(event) => event.break_glass,
            Self::AuditRootAnchored(event) => event.audit_root,
        }
    }

    /// The key that signed for it; none for the deployment's own initialisation.
    pub fn authority(&self) -> Option<Pubkey> {
        match self {
            Self::ConfigInitialized(_) => None,
            Self::PauseSet(event) => Some(event.authority),
            Self::VaultCreated(event) => Some(event.owner),
            Self::KeyRotated(event) => Some(event.authority),
            Self::DelegateAdded(event) => Some(event.authority),
            Self::DelegateRemoved(event) => Some(event.authority),
            Self::RecordMinted(event) => Some(event.authority),
            Self::RecordAmended(event) => Some(event.authority),
            Self::RecordMarkedEnteredInError(event) => Some(event.authority),
            Self::RecordErased(event) => Some(event.authority),
            Self::ConsentGranted(event) => Some(event.authority),
            Self::ConsentRevoked(event) => Some(event.authority),
            Self::AllConsentsRevoked(event) => Some(event.authority),
            Self::RecordReissued(event) => Some(event.authority),
            Self::DelegateMintCapSet(event) => Some(event.authority),
            Self::GuardiansChanged(event) => Some(event.authority),
            Self::GuardianChangeProposed(event) => Some(event.authority),
            Self::GuardianChangeCancelled(event) => Some(event.authority),
            Self::RecoveryProposed(event) => Some(event.authority),
            Self::RecoveryApproved(event) => Some(event.authority),
            Self::RecoveryVetoed(event) => Some(event.authority),
            Self::RecoveryExecuted(event) => Some(event.new_owner),
            Self::RegistrarAdded(event) => Some(event.authority),
            Self::RegistrarRemoved(event) => Some(event.authority),
            Self::CredentialIssued(event) => Some(event.authority),
            Self::CredentialRenewed(event) => Some(event.authority),
            Self::CredentialStatusChanged(event) => Some(event.authority),
            Self::EmergencyPolicySet(event) => Some(event.authority),
            Self::BreakGlassOpened(event) => Some(event.authority),
            Self::BreakGlassReviewed(event) => Some(event.authority),
            Self::AuditRootAnchored(event) => Some(event.operator),
        }
    }
}

/// The one account of an event instruction; only the program can sign for it.
pub fn event_authority() -> Pubkey {
    aegle::EVENT_AUTHORITY_AND_BUMP.0
}
