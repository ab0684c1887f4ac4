use anchor_lang::prelude::*;

use crate::{
    events::{self, AuditRootAnchored},
    pda,
    state::{AuditRoot, VERSION},
};

#[event_cpi]
#[derive(Accounts)]
#[instruction(params: AnchorAuditRootParams)]
pub struct AnchorAuditRoot<'info> {
    pub operator: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The operator's root before this one; none for the first.
    pub previous: Option<Box<Account<'info, AuditRoot>>>,
    #[account(
        init, payer = payer, space = 8 + AuditRoot::INIT_SPACE,
        seeds = [pda::AUDIT_ROOT, operator.key().as_ref(), &params.index.to_le_bytes()], bump
    )]
    pub audit_root: Box<Account<'info, AuditRoot>>,
    pub system_program: Program<'info, System>,
}

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct AnchorAuditRootParams {
    /// Zero for the operator's first, one more for each.
    pub index: u64,
    /// Entries of the log.
    pub tree_size: u64,
    /// Merkle tree hash of those entries (RFC 9162).
    pub root: [u8; 32],
    /// Root over every vault's head.
    pub heads: [u8; 32],
}

impl AnchorAuditRoot<'_> {
    pub fn handle(ctx: Context<Self>, params: AnchorAuditRootParams) -> Result<()> {
        let clock = Clock::get()?;
        let bump = ctx.bumps.audit_root;
        let AnchorAuditRoot { operator, payer, previous, audit_root, .. } = &mut *ctx.accounts;
        let (operator, rent_payer) = (operator.key(), payer.key());
        let AnchorAuditRootParams { index, tree_size, root, heads } = params;
        audit_root.set_inner(AuditRoot {
            version: VERSION,
            bump,
            rent_payer,
            operator,
            index,
            tree_size,
            root,
            heads,
            anchored_slot: clock.slot,
            anchored_at: clock.unix_timestamp,
        });
        audit_root.invariant()?;
        audit_root.require_follows(previous.as_ref().map(|previous| &***previous))?;

        events::emit(
            &ctx.accounts.event_authority,
            &AuditRootAnchored {
                audit_root: ctx.accounts.audit_root.key(),
                operator,
                index,
                bump,
                rent_payer,
                tree_size,
                root,
                heads,
                slot: clock.slot,
                at: clock.unix_timestamp,
            },
        )
    }
}
