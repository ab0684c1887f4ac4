//! Seeds of every program-derived address, each with the one function that finds it.

use anchor_lang::prelude::*;

pub const CONFIG: &[u8] = b"config";
pub const VAULT: &[u8] = b"vault";
pub const DELEGATE: &[u8] = b"delegate";
pub const RECORD: &[u8] = b"record";
pub const MINT: &[u8] = b"mint";
pub const TOKEN: &[u8] = b"token";
pub const CONSENT: &[u8] = b"consent";
pub const REGISTRAR: &[u8] = b"registrar";
pub const CREDENTIAL: &[u8] = b"credential";
pub const RECOVERY: &[u8] = b"recovery";
pub const BREAK_GLASS: &[u8] = b"break-glass";
pub const AUDIT_ROOT: &[u8] = b"audit";
/// Of the address that signs event instructions; Anchor fixes it.
pub const EVENT_AUTHORITY: &[u8] = b"__event_authority";

pub fn find_config() -> (Pubkey, u8) {
    find(&[CONFIG])
}

pub fn find_vault(vault_id: &[u8; 32]) -> (Pubkey, u8) {
    find(&[VAULT, vault_id])
}

pub fn find_delegate(vault: &Pubkey, key: &Pubkey) -> (Pubkey, u8) {
    find(&[DELEGATE, vault.as_ref(), key.as_ref()])
}

pub fn find_record(vault: &Pubkey, record_id: &[u8; 32]) -> (Pubkey, u8) {
    find(&[RECORD, vault.as_ref(), record_id])
}

/// The record's Token-2022 mint.
pub fn find_mint(record: &Pubkey) -> (Pubkey, u8) {
    find(&[MINT, record.as_ref()])
}

/// The token account that holds a record's token for `holder`.
pub fn find_token(mint: &Pubkey, holder: &Pubkey) -> (Pubkey, u8) {
    find(&[TOKEN, mint.as_ref(), holder.as_ref()])
}

pub fn find_consent(vault: &Pubkey, consent_id: &[u8; 32]) -> (Pubkey, u8) {
    find(&[CONSENT, vault.as_ref(), consent_id])
}

pub fn find_registrar(authority: &Pubkey) -> (Pubkey, u8) {
    find(&[REGISTRAR, authority.as_ref()])
}

pub fn find_credential(registrar: &Pubkey, subject: &Pubkey) -> (Pubkey, u8) {
    find(&[CREDENTIAL, registrar.as_ref(), subject.as_ref()])
}

pub fn find_recovery(vault: &Pubkey, recovery_id: &[u8; 32]) -> (Pubkey, u8) {
    find(&[RECOVERY, vault.as_ref(), recovery_id])
}

pub fn find_break_glass(vault: &Pubkey, break_glass_id: &[u8; 32]) -> (Pubkey, u8) {
    find(&[BREAK_GLASS, vault.as_ref(), break_glass_id])
}

/// An operator's root of that number; numbers start at zero.
pub fn find_audit_root(operator: &Pubkey, index: u64) -> (Pubkey, u8) {
    find(&[AUDIT_ROOT, operator.as_ref(), &index.to_le_bytes()])
}

fn find(seeds: &[&[u8]]) -> (Pubkey, u8) {
    Pubkey::find_program_address(seeds, &crate::ID)
}
