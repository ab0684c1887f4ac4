//! Every refusal of the program. Codes start at 6000, in this order, and never change: new ones are
//! added at the end. docs/errors.md says what a user does about each.

use anchor_lang::prelude::*;

#[error_code]
pub enum AegleError {
    #[msg("The signer is neither the owner nor a delegate of this vault")]
    Unauthorized,
    #[msg("The vault has another owner than the transaction expects")]
    OwnerMismatch,
    #[msg("The vault's encryption key was changed since this was prepared")]
    KeyEpochMismatch,
    #[msg("All consents were revoked since this was prepared")]
    ConsentEpochMismatch,
    #[msg("The vault's delegates were reset since this was prepared")]
    DelegateEpochMismatch,
    #[msg("The program is paused; revoking and erasing still work")]
    Paused,
    #[msg("Only the program's upgrade authority may do this")]
    NotUpgradeAuthority,
    #[msg("Only the governance authority may do this")]
    NotGovernance,
    #[msg("The recovery delay bounds are not positive and in order")]
    InvalidRecoveryDelay,
    #[msg("The record address is empty or too long")]
    InvalidRecordUri,
    #[msg("A key must not be zero")]
    ZeroKey,
    #[msg("A commitment must not be zero")]
    ZeroCommitment,
    #[msg("The owner cannot be a delegate of the own vault")]
    DelegateIsOwner,
    #[msg("The rights are empty or not known")]
    InvalidRights,
    #[msg("The delegate account belongs to another vault or key")]
    DelegateMismatch,
    #[msg("The delegate was removed")]
    DelegateRemoved,
    #[msg("The delegate's rights have ended")]
    DelegateExpired,
    #[msg("The delegate has no right to do this")]
    DelegateRightMissing,
    #[msg("Delegates have minted as many records as this vault allows")]
    DelegateMintCapReached,
    #[msg("The period is empty, in the past or too long")]
    InvalidPeriod,
    #[msg("The record belongs to another vault")]
    RecordMismatch,
    #[msg("Minting takes no previous record, amending takes one")]
    LineageMismatch,
    #[msg("Only an active record can be amended")]
    RecordNotActive,
    #[msg("The record is already marked as entered in error")]
    RecordAlreadyInError,
    #[msg("The record was erased")]
    RecordErased,
    #[msg("The account does not hold this record's token")]
    TokenMismatch,
    #[msg("The rent goes back to the account that paid it")]
    RentPayerMismatch,
    #[msg("The purposes are empty or not known")]
    InvalidPurposes,
    #[msg("The actions are empty or not known")]
    InvalidActions,
    #[msg("The consent belongs to another vault")]
    ConsentMismatch,
    #[msg("The consent was already revoked")]
    ConsentRevoked,
    #[msg("The opening does not belong to this consent and signer")]
    GranteeMismatch,
    #[msg("A counter has reached its limit")]
    CounterOverflow,
    #[msg("The record's token is where it belongs")]
    TokenInPlace,
    #[msg("The guardians are too many, or their threshold is zero or above their number")]
    InvalidGuardians,
    #[msg("The opening does not belong to this vault's guardians and the signer")]
    GuardianMismatch,
    #[msg("The owner cannot be a guardian of the own vault")]
    GuardianIsOwner,
    #[msg("No change of guardians is pending")]
    NoGuardianChange,
    #[msg("The change of guardians is not due yet")]
    GuardianChangeNotDue,
    #[msg("A change of guardians is due and must be applied first")]
    GuardianChangeDue,
    #[msg("The vault's guardians changed since this was prepared")]
    GuardianEpochMismatch,
    #[msg("The recovery belongs to another vault")]
    RecoveryMismatch,
    #[msg("The new owner is the owner already")]
    NewOwnerIsOwner,
    #[msg("A recovery of this vault is pending")]
    RecoveryPending,
    #[msg("The recovery is not pending")]
    RecoveryNotPending,
    #[msg("This guardian approved the recovery already")]
    RecoveryAlreadyApproved,
    #[msg("The recovery was executed already")]
    RecoveryExecuted,
    #[msg("The recovery's delay has not passed yet")]
    RecoveryNotDue,
    #[msg("The recovery's time is over")]
    RecoveryLapsed,
    #[msg("The recovery's delay has passed, so that it can no longer be vetoed")]
    RecoveryVetoTooLate,
    #[msg("All guardians approved the recovery, which overrides a veto")]
    RecoveryUnanimous,
    #[msg("The signer is not the new owner whom the recovery names")]
    NotNewOwner,
    #[msg("The signer is not this registrar")]
    NotRegistrar,
    #[msg("The registrar was removed")]
    RegistrarRemoved,
    #[msg("The kinds of credentials are empty")]
    InvalidCredentialKinds,
    #[msg("The registrar may not issue credentials of this kind")]
    CredentialKindNotAllowed,
    #[msg("The credential belongs to another registrar")]
    CredentialMismatch,
    #[msg("The credential was changed since this was prepared")]
    CredentialRevisionMismatch,
    #[msg("The credential is suspended already")]
    CredentialSuspended,
    #[msg("The credential is not suspended")]
    CredentialNotSuspended,
    #[msg("The credential was revoked")]
    CredentialRevoked,
    #[msg("This vault forbids opening records in an emergency")]
    EmergencyForbidden,
    #[msg("The emergency policy is not known")]
    InvalidEmergencyPolicy,
    #[msg("The opening belongs to another vault")]
    BreakGlassMismatch,
    #[msg("The opening was already reviewed")]
    BreakGlassReviewed,
    #[msg("The first root takes no previous one, every other the operator's root before it")]
    AuditRootMismatch,
    #[msg("The log has fewer entries than its last root says")]
    AuditLogShrunk,
    #[msg("The last root says something else of a log of this size")]
    AuditLogForked,
    #[msg("No log has that many entries")]
    AuditLogTooLarge,
}
