//! The program in the virtual machine, one file per instruction: what it does, and every refusal
//! by its code.

mod add_delegate;
mod amend_record;
mod apply_guardian_change;
mod approve_recovery;
mod change_guardians;
mod check_consent;
mod create_vault;
mod dispatch;
mod erase_record;
mod execute_recovery;
mod figures;
mod grant_consent;
mod init_config;
mod mark_record_entered_in_error;
mod mint_record;
mod propose_recovery;
mod remove_delegate;
mod revoke_all_consents;
mod revoke_consent;
mod rotate_key;
mod set_pause;
mod token;
mod veto_recovery;
