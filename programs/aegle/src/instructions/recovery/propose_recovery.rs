use anchor_lang::prelude::*;

use crate::{
    error::AegleError,
    events::{self, RecoveryProposed},
    pda,
    state::{GuardianOpening, RECOVERY_WINDOW, Recovery, RecoveryStatus, VERSION, Vault},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: ProposeRecoveryParams)]
pub struct ProposeRecovery<'info> {
    pub guardian: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut, dup)]
    pub vault: Box<Account<'info, Vault>>,
    #[account(
        init, payer = payer, space = 8 + Recovery::INIT_SPACE,
        seeds = [pda::RECOVERY, vault.key().as_ref(), &params.recovery_id], bump
    )]
    pub recovery: Box<Account<'info, Recovery>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct ProposeRecoveryParams {
    /// Random, chosen by the client.
    pub recovery_id: [u8; 32],
    pub new_owner: Pubkey,
    /// X25519 public key of the new owner.
    pub new_encryption_key: [u8; 32],
    pub opening: GuardianOpening,
    /// What the vault is expected to have. The owner's other epochs are not: a thief could raise them
    /// in every block.
    pub guardian_epoch: u32,
    pub delegate_epoch: u32,
}

impl ProposeRecovery<'_> {
    fn validate(&self, params: &ProposeRecoveryParams, now: i64) -> Result<()> {
        require_eq!(self.vault.guardian_epoch, params.guardian_epoch, AegleError::GuardianEpochMismatch);
        require_eq!(self.vault.delegate_epoch, params.delegate_epoch, AegleError::DelegateEpochMismatch);
        require_keys_neq!(self.vault.owner, params.new_owner, AegleError::NewOwnerIsOwner);
        self.vault.require_no_guardian_change_due(now)
    }

    pub fn handle(ctx: Context<Self>, params: ProposeRecoveryParams) -> Result<()> {
        let clock = Clock::get()?;
        let now = clock.unix_timestamp;
        ctx.accounts.validate(&params, now)?;
        let bump = ctx.bumps.recovery;
        let ProposeRecovery { guardian, payer, vault, recovery, .. } = &mut *ctx.accounts;
        let ProposeRecoveryParams {
            recovery_id,
            new_owner,
            new_encryption_key,
            opening,
            guardian_epoch,
            delegate_epoch,
        } = params;
        let approval = vault.approval(&vault.key(), guardian.key, &opening)?;
        recovery.set_inner(Recovery {
            version: VERSION,
            bump,
            status: RecoveryStatus::Proposed,
            rent_payer: payer.key(),
            vault: vault.key(),
            recovery_id,
            new_owner,
            new_encryption_key,
            guardian_epoch,
            delegate_epoch,
            approvals: 0,
            executable_at: 0,
            lapses_at: now.checked_add(RECOVERY_WINDOW).ok_or(AegleError::InvalidRecoveryDelay)?,
            proposed_slot: clock.slot,
            proposed_at: now,
            changed_slot: clock.slot,
            changed_at: now,
        });
        recovery.invariant()?;
        if recovery.approve(approval, &vault.guardians, &clock)? {
            vault.await_recovery(recovery.key(), recovery, now)?;
        }

        let ProposeRecovery { guardian, payer, vault, recovery, event_authority, .. } = &*ctx.accounts;
        events::emit(
            event_authority,
            &RecoveryProposed {
                vault: vault.key(),
                recovery_id,
                bump,
                authority: guardian.key(),
                rent_payer: payer.key(),
                new_owner,
                new_encryption_key,
                guardian_epoch,
                delegate_epoch,
                approvals: recovery.approvals,
                status: recovery.status,
                executable_at: recovery.executable_at,
                lapses_at: recovery.lapses_at,
                slot: clock.slot,
                at: now,
            },
        )
    }
}
