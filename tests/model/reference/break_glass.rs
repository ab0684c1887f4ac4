//! Emergencies, of which the chain names neither the clinician nor the reason.

use aegle_client::{
    Event,
    aegle::{AegleError, OpenBreakGlassParams},
    events::{BreakGlassOpened, BreakGlassReviewed},
    state::BreakGlass,
};
use solana_sdk_ids::system_program::ID as SYSTEM;

use super::{DAY, Ledger, Outcome, is_event_authority, is_program, optional, require, vault::GRANT};
use crate::call::Call;

impl Ledger {
    /// Anyone may, where the vault allows it, for a day at most.
    pub(super) fn open_break_glass(&mut self, call: &Call, params: &OpenBreakGlassParams) -> Outcome {
        let [authority, payer, config, vault_at, break_glass_at, system, event_authority, _] = call.keys();
        let OpenBreakGlassParams { break_glass_id, commitment, expires_at } = *params;
        call.signed_by(authority)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        let vault = self.vault(vault_at)?;
        is_program(system, SYSTEM)?;
        let seeds: &[&[u8]] = &[b"break-glass", vault_at.as_ref(), &break_glass_id];
        let bump = self.init::<BreakGlass>(break_glass_at, seeds, payer)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        require(vault.emergency_policy != 0, AegleError::EmergencyForbidden)?;
        require(commitment != [0; 32], AegleError::ZeroCommitment)?;
        require(self.now < expires_at && expires_at <= self.now + DAY, AegleError::InvalidPeriod)?;
        let break_glass = BreakGlass {
            version: 1,
            bump,
            rent_payer: payer,
            vault: vault_at,
            break_glass_id,
            commitment,
            opened_by: authority,
            opened_slot: self.slot,
            opened_at: self.now,
            expires_at,
            reviewed_slot: 0,
            reviewed_at: 0,
        };
        self.write(break_glass_at, break_glass.into());
        Ok(Event::BreakGlassOpened(BreakGlassOpened {
            vault: vault_at,
            break_glass_id,
            bump,
            commitment,
            authority,
            rent_payer: payer,
            expires_at,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn review_break_glass(&mut self, call: &Call) -> Outcome {
        let [authority, vault_at, delegate, break_glass_at, event_authority, _] = call.keys();
        call.signed_by(authority)?;
        let vault = self.vault(vault_at)?;
        let delegate = optional(delegate).map(|delegate| self.delegate(delegate)).transpose()?;
        let mut break_glass = self.break_glass(break_glass_at)?;
        require(break_glass.vault == vault_at, AegleError::BreakGlassMismatch)?;
        is_event_authority(event_authority)?;

        self.may(GRANT, authority, vault_at, &vault, delegate.as_ref())?;
        require(break_glass.reviewed_slot == 0, AegleError::BreakGlassReviewed)?;
        break_glass.reviewed_slot = self.slot;
        break_glass.reviewed_at = self.now;
        self.write(break_glass_at, break_glass.into());
        Ok(Event::BreakGlassReviewed(BreakGlassReviewed {
            break_glass: break_glass_at,
            vault: vault_at,
            authority,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }
}
