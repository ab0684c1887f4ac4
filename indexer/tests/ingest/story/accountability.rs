//! Emergencies and anchored log roots of a story, by the program's own transitions.

use aegle_client::{
    pda,
    state::{AuditRoot, BreakGlass, EMERGENCIES_ALLOWED, VERSION},
};

use super::{Story, id, key};

impl Story {
    /// Allows emergencies, or forbids them.
    pub(super) fn set_emergency_policy(&mut self) {
        let (slot, at, vault, authority) = (self.slot, self.at(), self.vault, self.root.owner);
        let old_emergency_policy = self.root.emergency_policy;
        let new_emergency_policy = 1 - old_emergency_policy;
        self.root.set_emergency_policy(new_emergency_policy).expect("a known policy");
        push!(self, EmergencyPolicySet { vault, authority, old_emergency_policy, new_emergency_policy, slot, at });
    }

    pub(super) fn open_break_glass(&mut self) {
        if self.root.emergency_policy != EMERGENCIES_ALLOWED {
            return;
        }
        let (slot, at, vault, number) = (self.slot, self.at(), self.vault, self.break_glasses.len() as u8);
        let (break_glass_id, commitment) = (id(number), [number.max(1); 32]);
        let (address, bump) = pda::find_break_glass(&vault, &break_glass_id);
        let (authority, rent_payer, expires_at) = (key(105), key(101), at + 1 + i64::from(number));
        let state = BreakGlass {
            version: VERSION,
            bump,
            rent_payer,
            vault,
            break_glass_id,
            commitment,
            opened_by: authority,
            opened_slot: slot,
            opened_at: at,
            expires_at,
            reviewed_slot: 0,
            reviewed_at: 0,
        };
        state.invariant().expect("an opening");
        self.break_glasses.push((address, state));
        push!(
            self,
            BreakGlassOpened { vault, break_glass_id, bump, commitment, authority, rent_payer, expires_at, slot, at }
        );
    }

    /// The owner reviews the oldest opening that nobody has.
    pub(super) fn review_break_glass(&mut self) {
        let (slot, at, clock, vault, authority) = (self.slot, self.at(), self.clock(), self.vault, self.root.owner);
        let Some((break_glass, state)) = self.break_glasses.iter_mut().find(|(_, state)| state.reviewed_slot == 0)
        else {
            return;
        };
        let break_glass = *break_glass;
        state.review(&clock).expect("an opening that is not reviewed");
        push!(self, BreakGlassReviewed { break_glass, vault, authority, slot, at });
    }

    pub(super) fn anchor_audit_root(&mut self) {
        let (slot, at, operator, rent_payer) = (self.slot, self.at(), key(106), key(101));
        let index = self.audit_roots.len() as u64;
        let (audit_root, bump) = pda::find_audit_root(&operator, index);
        let number = 1 + index as u8;
        let (tree_size, root, heads) = (3 * index, [number; 32], [number + 1; 32]);
        let state = AuditRoot {
            version: VERSION,
            bump,
            rent_payer,
            operator,
            index,
            tree_size,
            root,
            heads,
            anchored_slot: slot,
            anchored_at: at,
        };
        let previous = self.audit_roots.last().map(|(_, previous)| previous);
        state.invariant().and_then(|()| state.require_follows(previous)).expect("a root");
        self.audit_roots.push((audit_root, state));
        push!(
            self,
            AuditRootAnchored { audit_root, operator, index, bump, rent_payer, tree_size, root, heads, slot, at }
        );
    }
}
