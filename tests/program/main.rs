//! The program in the virtual machine, one file per instruction: what it does, and every refusal
//! by its code.

mod add_delegate;
mod add_registrar;
mod amend_record;
mod anchor_audit_root;
mod apply_guardian_change;
mod approve_recovery;
mod attacks;
mod change_guardians;
mod check_consent;
mod create_vault;
mod credential_status;
mod dispatch;
mod erase_record;
mod execute_recovery;
mod figures;
mod grant_consent;
mod init_config;
mod issue_credential;
mod mark_record_entered_in_error;
mod mint_record;
mod open_break_glass;
mod propose_recovery;
mod reissue_record;
mod remove_delegate;
mod remove_registrar;
mod renew_credential;
mod review_break_glass;
mod revoke_all_consents;
mod revoke_consent;
mod rotate_key;
mod set_delegate_mint_cap;
mod set_emergency_policy;
mod set_pause;
mod token;
mod veto_recovery;
