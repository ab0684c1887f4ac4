//! Aegle's on-chain program.
//!
//! A patient's root is a vault. Records are commitments below it, each with a non-transferable
//! Token-2022 NFT in the owner's wallet; consents are salted handles of grantees with purposes,
//! actions and a period. Nothing readable and no grantee is ever on chain. Every instruction that
//! changes something emits one event by self-CPI that can be projected on its own.

use anchor_lang::prelude::*;

pub mod error;
pub mod events;
#[cfg(not(target_arch = "wasm32"))]
pub mod instructions;
pub mod pda;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
mod token;

pub use error::AegleError;
#[cfg(not(target_arch = "wasm32"))]
pub use instructions::*;

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

declare_id!("CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ");

/// Records, consents and commitments of patients. Nothing readable and no grantee is on chain; every
/// change emits one event by self-CPI.
#[cfg(not(target_arch = "wasm32"))]
#[program]
pub mod aegle {
    use super::*;

    // An instruction is looked for in this order, at some compute units for each: the frequent ones first.

    /// Records a consent for a grantee whom only the parties can name. The id is random, chosen by the
    /// client; it stands apart from the rest because reading it alone to derive the address is cheaper.
    pub fn grant_consent(ctx: Context<GrantConsent>, consent_id: [u8; 32], params: GrantConsentParams) -> Result<()> {
        GrantConsent::handle(ctx, consent_id, params)
    }

    /// Revokes one consent. It stays as a tombstone.
    pub fn revoke_consent(ctx: Context<RevokeConsent>) -> Result<()> {
        RevokeConsent::handle(ctx)
    }

    /// Commits to a record and issues its token to the owner.
    pub fn mint_record(ctx: Context<NewRecord>, params: NewRecordParams) -> Result<()> {
        NewRecord::mint(ctx, params)
    }

    /// Creates the configuration. Only the program's upgrade authority may.
    pub fn init_config(ctx: Context<InitConfig>, params: InitConfigParams) -> Result<()> {
        InitConfig::handle(ctx, params)
    }

    /// Stops or resumes what creates vaults, delegates, records and consents. Never stops a
    /// revocation, an erasure or the removal of a delegate.
    pub fn set_pause(ctx: Context<SetPause>, paused: bool) -> Result<()> {
        SetPause::handle(ctx, paused)
    }

    /// Creates a patient's vault. The owner signs, anyone may pay.
    pub fn create_vault(ctx: Context<CreateVault>, params: CreateVaultParams) -> Result<()> {
        CreateVault::handle(ctx, params)
    }

    /// Replaces the vault's encryption key and raises the key epoch.
    pub fn rotate_key(ctx: Context<RotateKey>, params: RotateKeyParams) -> Result<()> {
        RotateKey::handle(ctx, params)
    }

    /// Gives a key of its own to a parent, carer or agent, with rights and an end.
    pub fn add_delegate(ctx: Context<AddDelegate>, params: AddDelegateParams) -> Result<()> {
        AddDelegate::handle(ctx, params)
    }

    /// Ends a delegate's rights at once and for good.
    pub fn remove_delegate(ctx: Context<RemoveDelegate>) -> Result<()> {
        RemoveDelegate::handle(ctx)
    }

    /// Commits to a new version of a record, with a token of its own.
    pub fn amend_record(ctx: Context<NewRecord>, params: NewRecordParams) -> Result<()> {
        NewRecord::amend(ctx, params)
    }

    /// Marks a record as entered in error. Its token and history stay.
    pub fn mark_record_entered_in_error(ctx: Context<MarkRecordEnteredInError>) -> Result<()> {
        MarkRecordEnteredInError::handle(ctx)
    }

    /// Burns a record's token, closes its accounts and leaves a tombstone.
    pub fn erase_record(ctx: Context<EraseRecord>) -> Result<()> {
        EraseRecord::handle(ctx)
    }

    /// Revokes every consent of the vault by raising its consent epoch.
    pub fn revoke_all_consents(ctx: Context<RevokeAllConsents>) -> Result<()> {
        RevokeAllConsents::handle(ctx)
    }

    /// Tells another program whether a consent is in effect for the signing grantee.
    ///
    /// The answer is an upper bound: the policy it names narrows it off chain. The opening becomes
    /// public with the transaction.
    pub fn check_consent(ctx: Context<CheckConsent>, params: CheckConsentParams) -> Result<ConsentAnswer> {
        CheckConsent::handle(ctx, params)
    }

    /// Issues a record's token again, to the owner: where it was burnt, where it is in the name of an
    /// earlier owner, or where a delegate minted it.
    pub fn reissue_record(ctx: Context<ReissueRecord>, params: ReissueRecordParams) -> Result<()> {
        ReissueRecord::handle(ctx, params)
    }

    /// Sets how many records delegates may mint.
    pub fn set_delegate_mint_cap(ctx: Context<SetDelegateMintCap>, params: SetDelegateMintCapParams) -> Result<()> {
        SetDelegateMintCap::handle(ctx, params)
    }

    /// Names the guardians of a vault, by commitments. The first are in effect at once, later ones
    /// after the delay, unless a recovery becomes pending before.
    pub fn change_guardians(ctx: Context<ChangeGuardians>, params: ChangeGuardiansParams) -> Result<()> {
        ChangeGuardians::handle(ctx, params)
    }

    /// Puts pending guardians in effect once they are due. Anyone may.
    pub fn apply_guardian_change(ctx: Context<ApplyGuardianChange>) -> Result<()> {
        ApplyGuardianChange::handle(ctx)
    }

    /// A guardian proposes a new owner. With enough guardians it waits for the vault's delay.
    pub fn propose_recovery(ctx: Context<ProposeRecovery>, params: ProposeRecoveryParams) -> Result<()> {
        ProposeRecovery::handle(ctx, params)
    }

    /// One more guardian approves a recovery. All of them together override a veto.
    pub fn approve_recovery(ctx: Context<ApproveRecovery>, params: ApproveRecoveryParams) -> Result<()> {
        ApproveRecovery::handle(ctx, params)
    }

    /// The owner stops a recovery within its delay.
    pub fn veto_recovery(ctx: Context<VetoRecovery>) -> Result<()> {
        VetoRecovery::handle(ctx)
    }

    /// The new owner takes the vault over. Every consent, delegate and prepared transaction of the old
    /// one is void.
    pub fn execute_recovery(ctx: Context<ExecuteRecovery>) -> Result<()> {
        ExecuteRecovery::handle(ctx)
    }

    /// Lets a key attest credentials of some kinds. Only governance may.
    pub fn add_registrar(ctx: Context<AddRegistrar>, params: AddRegistrarParams) -> Result<()> {
        AddRegistrar::handle(ctx, params)
    }

    /// Ends a registrar, and with it all its credentials, for good.
    pub fn remove_registrar(ctx: Context<RemoveRegistrar>) -> Result<()> {
        RemoveRegistrar::handle(ctx)
    }

    /// A registrar attests what a key's holder is.
    pub fn issue_credential(ctx: Context<IssueCredential>, params: IssueCredentialParams) -> Result<()> {
        IssueCredential::handle(ctx, params)
    }

    /// Sets a credential's period, keys and profile anew.
    pub fn renew_credential(ctx: Context<RenewCredential>, params: RenewCredentialParams) -> Result<()> {
        RenewCredential::handle(ctx, params)
    }

    /// Suspends a credential until it is reinstated.
    pub fn suspend_credential(ctx: Context<ChangeCredentialStatus>) -> Result<()> {
        ChangeCredentialStatus::suspend(ctx)
    }

    /// Ends a credential's suspension.
    pub fn reinstate_credential(ctx: Context<ChangeCredentialStatus>, expected_revision: u32) -> Result<()> {
        ChangeCredentialStatus::reinstate(ctx, expected_revision)
    }

    /// Revokes a credential for good.
    pub fn revoke_credential(ctx: Context<ChangeCredentialStatus>) -> Result<()> {
        ChangeCredentialStatus::revoke(ctx)
    }

    /// Allows or forbids opening records of a vault in an emergency. A pause does not stop forbidding.
    pub fn set_emergency_policy(ctx: Context<SetEmergencyPolicy>, params: SetEmergencyPolicyParams) -> Result<()> {
        SetEmergencyPolicy::handle(ctx, params)
    }

    /// Says that records of a vault are opened in an emergency, before they are. Anyone may; it gives
    /// nobody anything without the signed statement that it commits to.
    pub fn open_break_glass(ctx: Context<OpenBreakGlass>, params: OpenBreakGlassParams) -> Result<()> {
        OpenBreakGlass::handle(ctx, params)
    }

    /// The patient's side has looked at an emergency opening. It does not end it.
    pub fn review_break_glass(ctx: Context<ReviewBreakGlass>) -> Result<()> {
        ReviewBreakGlass::handle(ctx)
    }

    /// An operator commits to the disclosure log it has so far, which contains what it committed to before.
    /// Never stopped.
    pub fn anchor_audit_root(ctx: Context<AnchorAuditRoot>, params: AnchorAuditRootParams) -> Result<()> {
        AnchorAuditRoot::handle(ctx, params)
    }
}
