//! Aegle's on-chain program.
//!
//! A patient's root is a vault. Records are commitments below it, each with a non-transferable
//! Token-2022 NFT in the owner's wallet; consents are salted handles of grantees with purposes,
//! actions and a period. Nothing readable and no grantee is ever on chain. Every instruction that
//! changes something emits one event by self-CPI that can be projected on its own.

use anchor_lang::prelude::*;

pub mod error;
pub mod events;
pub mod instructions;
pub mod pda;
pub mod state;
mod token;

pub use error::AegleError;
pub use instructions::*;

#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

declare_id!("CwU9raCfZN6TXoUTzehgM5Rd5kUfRaq6kpB1j48UXnSZ");

/// Records, consents and commitments of patients. Nothing readable and no grantee is on chain; every
/// change emits one event by self-CPI.
#[program]
pub mod aegle {
    use super::*;

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

    /// Commits to a record and issues its token to the owner.
    pub fn mint_record(ctx: Context<NewRecord>, params: NewRecordParams) -> Result<()> {
        NewRecord::mint(ctx, params)
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

    /// Records a consent for a grantee whom only the parties can name. The id is random, chosen by the
    /// client; it stands apart from the rest because reading it alone to derive the address is cheaper.
    pub fn grant_consent(ctx: Context<GrantConsent>, consent_id: [u8; 32], params: GrantConsentParams) -> Result<()> {
        GrantConsent::handle(ctx, consent_id, params)
    }

    /// Revokes one consent. It stays as a tombstone.
    pub fn revoke_consent(ctx: Context<RevokeConsent>) -> Result<()> {
        RevokeConsent::handle(ctx)
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
}
