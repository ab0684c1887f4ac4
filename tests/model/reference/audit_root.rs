//! What operators commit to of their disclosure logs.

use aegle_client::{
    Event,
    aegle::{AegleError, AnchorAuditRootParams},
    events::AuditRootAnchored,
    state::AuditRoot,
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{Ledger, Outcome, is_event_authority, is_program, optional, require};
use crate::call::Call;

impl Ledger {
    /// Each operator's roots are a chain, numbered from zero, of a log that only grows.
    pub(super) fn anchor_audit_root(&mut self, call: &Call, params: &AnchorAuditRootParams) -> Outcome {
        let [operator, payer, previous, audit_root_at, system, event_authority, _] = call.keys();
        let AnchorAuditRootParams { index, tree_size, root, heads } = *params;
        call.signed_by(operator)?;
        call.signed_by(payer)?;
        let previous = optional(previous).map(|previous| self.audit_root(previous)).transpose()?;
        is_program(system, SYSTEM)?;
        let seeds: &[&[u8]] = &[b"audit", operator.as_ref(), &index.to_le_bytes()];
        let bump = self.init::<AuditRoot>(audit_root_at, seeds, payer)?;
        is_event_authority(event_authority)?;

        require(root != [0; 32], AegleError::ZeroCommitment)?;
        require(tree_size < 1 << 53, AegleError::AuditLogTooLarge)?;
        match previous {
            None => require(index == 0, AegleError::AuditRootMismatch)?,
            Some(previous) => {
                let follows = previous.operator == operator && index > 0 && previous.index == index - 1;
                require(follows, AegleError::AuditRootMismatch)?;
                require(tree_size >= previous.tree_size, AegleError::AuditLogShrunk)?;
                let same = (root, heads) == (previous.root, previous.heads);
                require(tree_size != previous.tree_size || same, AegleError::AuditLogForked)?;
            }
        }
        let audit_root = AuditRoot {
            version: 1,
            bump,
            rent_payer: payer,
            operator,
            index,
            tree_size,
            root,
            heads,
            anchored_slot: self.slot,
            anchored_at: self.now,
        };
        self.write(audit_root_at, audit_root.into());
        Ok(Event::AuditRootAnchored(AuditRootAnchored {
            audit_root: audit_root_at,
            operator,
            index,
            bump,
            rent_payer: payer,
            tree_size,
            root,
            heads,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }
}
