//! Every instruction of the program, built from the program's own types.

use aegle::{
    AddDelegateParams, AddRegistrarParams, AnchorAuditRootParams, ApproveRecoveryParams, ChangeGuardiansParams,
    CheckConsentParams, CreateVaultParams, GrantConsentParams, InitConfigParams, IssueCredentialParams,
    NewRecordParams, OpenBreakGlassParams, ProposeRecoveryParams, ReissueRecordParams, RenewCredentialParams,
    RotateKeyParams, SetDelegateMintCapParams, SetEmergencyPolicyParams, accounts, instruction, pda,
    state::{Expected, Record},
};
use anchor_lang::{InstructionData, ToAccountMetas, prelude::Pubkey};
use solana_instruction::Instruction;

use crate::event::event_authority;

pub use crate::authority::Authority;

const PROGRAM: Pubkey = aegle::ID;
const SYSTEM: Pubkey = solana_sdk_ids::system_program::ID;
const TOKEN_2022: Pubkey = anchor_spl::token_2022::ID;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: PROGRAM, accounts: accounts.to_account_metas(None), data: data.data() }
}

pub fn init_config(upgrade_authority: Pubkey, payer: Pubkey, params: InitConfigParams) -> Instruction {
    build(
        accounts::InitConfig {
            upgrade_authority,
            payer,
            config: pda::find_config().0,
            aegle: PROGRAM,
            program_data: Pubkey::find_program_address(
                &[PROGRAM.as_ref()],
                &solana_sdk_ids::bpf_loader_upgradeable::ID,
            )
            .0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::InitConfig { params },
    )
}

pub fn set_pause(governance: Pubkey, paused: bool) -> Instruction {
    build(
        accounts::SetPause {
            governance,
            config: pda::find_config().0,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::SetPause { paused },
    )
}

pub fn create_vault(owner: Pubkey, payer: Pubkey, params: CreateVaultParams) -> Instruction {
    build(
        accounts::CreateVault {
            owner,
            payer,
            config: pda::find_config().0,
            vault: pda::find_vault(&params.vault_id).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::CreateVault { params },
    )
}

pub fn rotate_key(vault: Pubkey, params: RotateKeyParams) -> Instruction {
    build(
        accounts::RotateKey {
            owner: params.expected.owner,
            vault,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RotateKey { params },
    )
}

pub fn add_delegate(vault: Pubkey, payer: Pubkey, params: AddDelegateParams) -> Instruction {
    build(
        accounts::AddDelegate {
            owner: params.expected.owner,
            payer,
            config: pda::find_config().0,
            vault,
            delegate: pda::find_delegate(&vault, &params.key).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::AddDelegate { params },
    )
}

pub fn remove_delegate(vault: Pubkey, owner: Pubkey, key: &Pubkey) -> Instruction {
    build(
        accounts::RemoveDelegate {
            owner,
            vault,
            delegate: pda::find_delegate(&vault, key).0,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RemoveDelegate {},
    )
}

pub fn mint_record(vault: Pubkey, authority: Authority, payer: Pubkey, params: NewRecordParams) -> Instruction {
    build(new_record(vault, authority, payer, None, &params), instruction::MintRecord { params })
}

pub fn amend_record(
    vault: Pubkey,
    authority: Authority,
    payer: Pubkey,
    previous: Pubkey,
    params: NewRecordParams,
) -> Instruction {
    build(new_record(vault, authority, payer, Some(previous), &params), instruction::AmendRecord { params })
}

fn new_record(
    vault: Pubkey,
    authority: Authority,
    payer: Pubkey,
    previous: Option<Pubkey>,
    params: &NewRecordParams,
) -> accounts::NewRecord {
    let record = pda::find_record(&vault, &params.record_id).0;
    let mint = pda::find_mint(&record).0;
    accounts::NewRecord {
        authority: authority.key(),
        payer,
        config: pda::find_config().0,
        vault,
        delegate: authority.delegate(&vault),
        record,
        previous,
        mint,
        token: pda::find_token(&mint, &authority.token_holder(&params.expected.owner, &record)).0,
        token_program: TOKEN_2022,
        system_program: SYSTEM,
        event_authority: event_authority(),
        program: PROGRAM,
    }
}

pub fn mark_record_entered_in_error(vault: Pubkey, authority: Authority, record: Pubkey) -> Instruction {
    build(
        accounts::MarkRecordEnteredInError {
            authority: authority.key(),
            vault,
            delegate: authority.delegate(&vault),
            record,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::MarkRecordEnteredInError {},
    )
}

/// `record` as it is on chain: it names the token and who gets the rent back.
pub fn erase_record(owner: Pubkey, address: Pubkey, record: &Record) -> Instruction {
    build(
        accounts::EraseRecord {
            owner,
            vault: record.vault,
            record: address,
            rent_payer: record.rent_payer,
            mint: pda::find_mint(&address).0,
            token: record.token,
            token_program: TOKEN_2022,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::EraseRecord {},
    )
}

/// `record` as it is on chain: it names the old token and who gets the rent of it back.
pub fn reissue_record(payer: Pubkey, address: Pubkey, record: &Record, expected: Expected) -> Instruction {
    let mint = pda::find_mint(&address).0;
    build(
        accounts::ReissueRecord {
            owner: expected.owner,
            payer,
            config: pda::find_config().0,
            vault: record.vault,
            record: address,
            rent_payer: record.rent_payer,
            mint,
            old_token: record.token,
            token: pda::find_token(&mint, &expected.owner).0,
            token_program: TOKEN_2022,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ReissueRecord { params: ReissueRecordParams { expected } },
    )
}

pub fn grant_consent(
    vault: Pubkey,
    authority: Authority,
    payer: Pubkey,
    consent_id: [u8; 32],
    params: GrantConsentParams,
) -> Instruction {
    build(
        accounts::GrantConsent {
            authority: authority.key(),
            payer,
            config: pda::find_config().0,
            vault,
            delegate: authority.delegate(&vault),
            consent: pda::find_consent(&vault, &consent_id).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::GrantConsent { consent_id, params },
    )
}

pub fn revoke_consent(vault: Pubkey, authority: Authority, consent: Pubkey) -> Instruction {
    build(
        accounts::RevokeConsent {
            authority: authority.key(),
            vault,
            delegate: authority.delegate(&vault),
            consent,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RevokeConsent {},
    )
}

pub fn revoke_all_consents(vault: Pubkey, authority: Authority) -> Instruction {
    build(
        accounts::RevokeAllConsents {
            authority: authority.key(),
            vault,
            delegate: authority.delegate(&vault),
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RevokeAllConsents {},
    )
}

pub fn check_consent(vault: Pubkey, consent: Pubkey, grantee: Pubkey, params: CheckConsentParams) -> Instruction {
    build(
        accounts::CheckConsent { grantee, config: pda::find_config().0, vault, consent },
        instruction::CheckConsent { params },
    )
}

pub fn set_delegate_mint_cap(vault: Pubkey, params: SetDelegateMintCapParams) -> Instruction {
    build(
        accounts::SetDelegateMintCap {
            owner: params.expected.owner,
            vault,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::SetDelegateMintCap { params },
    )
}

pub fn change_guardians(vault: Pubkey, params: ChangeGuardiansParams) -> Instruction {
    build(
        accounts::ChangeGuardians {
            owner: params.expected.owner,
            config: pda::find_config().0,
            vault,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ChangeGuardians { params },
    )
}

/// `authority` may be anyone.
pub fn apply_guardian_change(vault: Pubkey, authority: Pubkey) -> Instruction {
    build(
        accounts::ApplyGuardianChange {
            authority,
            config: pda::find_config().0,
            vault,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ApplyGuardianChange {},
    )
}

pub fn propose_recovery(vault: Pubkey, guardian: Pubkey, payer: Pubkey, params: ProposeRecoveryParams) -> Instruction {
    build(
        accounts::ProposeRecovery {
            guardian,
            payer,
            vault,
            recovery: pda::find_recovery(&vault, &params.recovery_id).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ProposeRecovery { params },
    )
}

pub fn approve_recovery(
    vault: Pubkey,
    guardian: Pubkey,
    recovery: Pubkey,
    params: ApproveRecoveryParams,
) -> Instruction {
    build(
        accounts::ApproveRecovery { guardian, vault, recovery, event_authority: event_authority(), program: PROGRAM },
        instruction::ApproveRecovery { params },
    )
}

pub fn veto_recovery(vault: Pubkey, owner: Pubkey, recovery: Pubkey) -> Instruction {
    build(
        accounts::VetoRecovery { owner, vault, recovery, event_authority: event_authority(), program: PROGRAM },
        instruction::VetoRecovery {},
    )
}

pub fn execute_recovery(vault: Pubkey, new_owner: Pubkey, recovery: Pubkey) -> Instruction {
    build(
        accounts::ExecuteRecovery {
            new_owner,
            config: pda::find_config().0,
            vault,
            recovery,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ExecuteRecovery {},
    )
}

pub fn add_registrar(governance: Pubkey, payer: Pubkey, params: AddRegistrarParams) -> Instruction {
    build(
        accounts::AddRegistrar {
            governance,
            payer,
            config: pda::find_config().0,
            registrar: pda::find_registrar(&params.authority).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::AddRegistrar { params },
    )
}

pub fn remove_registrar(governance: Pubkey, registrar: Pubkey) -> Instruction {
    build(
        accounts::RemoveRegistrar {
            governance,
            config: pda::find_config().0,
            registrar,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RemoveRegistrar {},
    )
}

/// `authority` is the registrar's key.
pub fn issue_credential(authority: Pubkey, payer: Pubkey, params: IssueCredentialParams) -> Instruction {
    let registrar = pda::find_registrar(&authority).0;
    build(
        accounts::IssueCredential {
            authority,
            payer,
            config: pda::find_config().0,
            registrar,
            credential: pda::find_credential(&registrar, &params.subject).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::IssueCredential { params },
    )
}

pub fn renew_credential(authority: Pubkey, subject: &Pubkey, params: RenewCredentialParams) -> Instruction {
    let registrar = pda::find_registrar(&authority).0;
    build(
        accounts::RenewCredential {
            authority,
            config: pda::find_config().0,
            registrar,
            credential: pda::find_credential(&registrar, subject).0,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::RenewCredential { params },
    )
}

pub fn suspend_credential(authority: Pubkey, subject: &Pubkey) -> Instruction {
    build(credential_status(authority, subject), instruction::SuspendCredential {})
}

pub fn reinstate_credential(authority: Pubkey, subject: &Pubkey, expected_revision: u32) -> Instruction {
    build(credential_status(authority, subject), instruction::ReinstateCredential { expected_revision })
}

pub fn revoke_credential(authority: Pubkey, subject: &Pubkey) -> Instruction {
    build(credential_status(authority, subject), instruction::RevokeCredential {})
}

fn credential_status(authority: Pubkey, subject: &Pubkey) -> accounts::ChangeCredentialStatus {
    let registrar = pda::find_registrar(&authority).0;
    accounts::ChangeCredentialStatus {
        authority,
        config: pda::find_config().0,
        registrar,
        credential: pda::find_credential(&registrar, subject).0,
        event_authority: event_authority(),
        program: PROGRAM,
    }
}

pub fn set_emergency_policy(vault: Pubkey, params: SetEmergencyPolicyParams) -> Instruction {
    build(
        accounts::SetEmergencyPolicy {
            owner: params.expected.owner,
            config: pda::find_config().0,
            vault,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::SetEmergencyPolicy { params },
    )
}

/// `authority` may be anyone: the relay of the clinician's operator.
pub fn open_break_glass(vault: Pubkey, authority: Pubkey, payer: Pubkey, params: OpenBreakGlassParams) -> Instruction {
    build(
        accounts::OpenBreakGlass {
            authority,
            payer,
            config: pda::find_config().0,
            vault,
            break_glass: pda::find_break_glass(&vault, &params.break_glass_id).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::OpenBreakGlass { params },
    )
}

pub fn review_break_glass(vault: Pubkey, authority: Authority, break_glass: Pubkey) -> Instruction {
    build(
        accounts::ReviewBreakGlass {
            authority: authority.key(),
            vault,
            delegate: authority.delegate(&vault),
            break_glass,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::ReviewBreakGlass {},
    )
}

/// Names the operator's root before this one, but for the first.
pub fn anchor_audit_root(operator: Pubkey, payer: Pubkey, params: AnchorAuditRootParams) -> Instruction {
    let previous = params.index.checked_sub(1).map(|index| pda::find_audit_root(&operator, index).0);
    build(
        accounts::AnchorAuditRoot {
            operator,
            payer,
            previous,
            audit_root: pda::find_audit_root(&operator, params.index).0,
            system_program: SYSTEM,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::AnchorAuditRoot { params },
    )
}

/// What a transaction prepared now takes for granted about `vault`.
pub fn expected(vault: &aegle::state::Vault) -> Expected {
    Expected {
        owner: vault.owner,
        key_epoch: vault.key_epoch,
        consent_epoch: vault.consent_epoch,
        delegate_epoch: vault.delegate_epoch,
    }
}
