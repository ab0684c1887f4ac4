//! One event for every change, emitted by self-CPI because logs truncate.
//!
//! An event can be projected on its own: it names the account and the vault, and holds every old
//! and new value the account got. What was created is named by its seeds and bump instead of its
//! address, from which the address follows (`address()`), so that no event exceeds 256 bytes.

mod audit_root;
mod break_glass;
mod config;
mod consent;
mod credential;
mod delegate;
mod guardian;
mod record;
mod recovery;
mod registrar;
mod vault;

pub use audit_root::*;
pub use break_glass::*;
pub use config::*;
pub use consent::*;
pub use credential::*;
pub use delegate::*;
pub use guardian::*;
pub use record::*;
pub use recovery::*;
pub use registrar::*;
pub use vault::*;

use anchor_lang::{
    Discriminator,
    event::EVENT_IX_TAG_LE,
    prelude::*,
    solana_program::{
        instruction::{AccountMeta, Instruction},
        program::invoke_signed_unchecked,
    },
};

use crate::pda;

/// No event is larger, tag and discriminator included, in bytes.
pub const MAX_LEN: usize = 256;

/// Emits an event by self-CPI, exactly the instruction that `emit_cpi!` makes. The macro's copy byte
/// by byte costs some 2,000 compute units more.
// Inlined, as calls cost what grant_consent has not to spare.
#[inline(always)]
pub fn emit<'info>(event_authority: &AccountInfo<'info>, event: &(impl AnchorSerialize + Discriminator)) -> Result<()> {
    let (authority, bump) = crate::EVENT_AUTHORITY_AND_BUMP;
    let mut data = Vec::with_capacity(MAX_LEN);
    data.extend_from_slice(EVENT_IX_TAG_LE);
    data.extend_from_slice(discriminator(event));
    event.serialize(&mut data)?;
    let instruction =
        Instruction { program_id: crate::ID, accounts: vec![AccountMeta::new_readonly(authority, true)], data };
    // Unchecked: the event authority is never borrowed.
    invoke_signed_unchecked(&instruction, std::slice::from_ref(event_authority), &[&[pda::EVENT_AUTHORITY, &[bump]]])?;
    Ok(())
}

fn discriminator<E: Discriminator>(_: &E) -> &'static [u8] {
    E::DISCRIMINATOR
}

/// The address that `seeds` and a bump known to be canonical give.
fn derived(seeds: &[&[u8]], bump: u8) -> Pubkey {
    let bump = [bump];
    let mut parts = [&[][..]; 6];
    let (used, _) = parts.split_at_mut(seeds.len() + 3);
    used[..seeds.len()].copy_from_slice(seeds);
    used[seeds.len()..].copy_from_slice(&[&bump, crate::ID.as_ref(), b"ProgramDerivedAddress"]);
    Pubkey::new_from_array(solana_sha256_hasher::hashv(used).to_bytes())
}
