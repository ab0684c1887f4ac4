//! Every instruction of the program, built from the program's own types.

use aegle::{
    AddDelegateParams, CheckConsentParams, CreateVaultParams, GrantConsentParams, InitConfigParams, NewRecordParams,
    RotateKeyParams, accounts, instruction, pda, state::Expected,
};
use anchor_lang::{InstructionData, ToAccountMetas, prelude::Pubkey};
use solana_instruction::Instruction;

use crate::event::event_authority;

const PROGRAM: Pubkey = aegle::ID;
const SYSTEM: Pubkey = solana_sdk_ids::system_program::ID;
const TOKEN_2022: Pubkey = anchor_spl::token_2022::ID;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: PROGRAM, accounts: accounts.to_account_metas(None), data: data.data() }
}

/// Who signs for a vault: its owner, or a delegate by the own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    Owner(Pubkey),
    Delegate(Pubkey),
}

impl Authority {
    pub fn key(&self) -> Pubkey {
        match self {
            Self::Owner(key) | Self::Delegate(key) => *key,
        }
    }

    fn delegate(&self, vault: &Pubkey) -> Option<Pubkey> {
        match self {
            Self::Owner(_) => None,
            Self::Delegate(key) => Some(pda::find_delegate(vault, key).0),
        }
    }
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
        token: pda::find_token(&mint, &params.expected.owner).0,
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

/// `rent_payer` is the one the record names; it gets the rent back.
pub fn erase_record(vault: Pubkey, owner: Pubkey, record: Pubkey, rent_payer: Pubkey) -> Instruction {
    let mint = pda::find_mint(&record).0;
    build(
        accounts::EraseRecord {
            owner,
            vault,
            record,
            rent_payer,
            mint,
            token: pda::find_token(&mint, &owner).0,
            token_program: TOKEN_2022,
            event_authority: event_authority(),
            program: PROGRAM,
        },
        instruction::EraseRecord {},
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

/// What a transaction prepared now takes for granted about `vault`.
pub fn expected(vault: &aegle::state::Vault) -> Expected {
    Expected {
        owner: vault.owner,
        key_epoch: vault.key_epoch,
        consent_epoch: vault.consent_epoch,
        delegate_epoch: vault.delegate_epoch,
    }
}
