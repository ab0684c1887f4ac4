//! One event for every change, emitted by self-CPI because logs truncate.
//!
//! An event can be projected on its own: it names the account and the vault, and holds every old
//! and new value the account got. What was created is named by its seeds and bump instead of its
//! address, from which the address follows (`address()`), so that no event exceeds 256 bytes.

mod config;
mod consent;
mod delegate;
mod record;
mod vault;

pub use config::*;
pub use consent::*;
pub use delegate::*;
pub use record::*;
pub use vault::*;

use anchor_lang::prelude::*;

/// The address that `seeds` and a bump known to be canonical give.
fn derived(seeds: &[&[u8]], bump: u8) -> Pubkey {
    let bump = [bump];
    let mut parts = [&[][..]; 6];
    let (used, _) = parts.split_at_mut(seeds.len() + 3);
    used[..seeds.len()].copy_from_slice(seeds);
    used[seeds.len()..].copy_from_slice(&[&bump, crate::ID.as_ref(), b"ProgramDerivedAddress"]);
    Pubkey::new_from_array(solana_sha256_hasher::hashv(used).to_bytes())
}
