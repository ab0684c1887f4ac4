//! The deployment's settings and its registrars: governance's alone.

use aegle_client::{
    Event, PROGRAM_ID, Pubkey,
    aegle::{AddRegistrarParams, AegleError, InitConfigParams},
    events::{ConfigInitialized, PauseSet, RegistrarAdded, RegistrarRemoved},
    state::{Config, Registrar},
};
use anchor_lang::error::ErrorCode;
use anchor_spl::token_2022::ID as TOKEN_2022;
use solana_sdk_ids::{bpf_loader_upgradeable, system_program::ID as SYSTEM};

use super::{Ledger, Outcome, is_event_authority, is_program, require};
use crate::{actors::UPGRADE_AUTHORITY, call::Call};

impl Ledger {
    pub(super) fn init_config(&mut self, call: &Call, params: &InitConfigParams) -> Outcome {
        let [authority, payer, config_at, program, program_data, system, event_authority, _] = call.keys();
        let InitConfigParams { governance, min_recovery_delay, max_recovery_delay, record_uri } = params.clone();
        call.signed_by(authority)?;
        call.signed_by(payer)?;
        is_program(program, PROGRAM_ID)?;
        if program_data != program_data_address() {
            return Err(match self.get(&program_data) {
                None => ErrorCode::AccountNotInitialized,
                // The loader's, but without the upgrade authority.
                Some(_) if [PROGRAM_ID, TOKEN_2022].contains(&program_data) => ErrorCode::AccountNotProgramData,
                Some(_) => ErrorCode::AccountOwnedByWrongProgram,
            }
            .into());
        }
        is_program(system, SYSTEM)?;
        let bump = self.init::<Config>(config_at, &[b"config"], payer)?;
        require(authority == UPGRADE_AUTHORITY, AegleError::NotUpgradeAuthority)?;
        is_event_authority(event_authority)?;

        require(governance != Pubkey::default(), AegleError::ZeroKey)?;
        require(min_recovery_delay > 0 && max_recovery_delay >= min_recovery_delay, AegleError::InvalidRecoveryDelay)?;
        require((1..=80).contains(&record_uri.len()), AegleError::InvalidRecordUri)?;
        let config = Config {
            version: 1,
            bump,
            paused: false,
            rent_payer: payer,
            governance,
            min_recovery_delay,
            max_recovery_delay,
            payment_mints: [Pubkey::default(); 4],
            record_uri: record_uri.clone(),
            reserved: [0; 64],
        };
        self.write(config_at, config.into());
        Ok(Event::ConfigInitialized(ConfigInitialized {
            config: config_at,
            bump,
            governance,
            rent_payer: payer,
            min_recovery_delay,
            max_recovery_delay,
            record_uri,
        })
        .into())
    }

    pub(super) fn set_pause(&mut self, call: &Call, paused: bool) -> Outcome {
        let [governance, config_at, event_authority, _] = call.keys();
        call.signed_by(governance)?;
        let mut config = self.config(config_at)?;
        require(config.governance == governance, AegleError::NotGovernance)?;
        is_event_authority(event_authority)?;

        let old_paused = config.paused;
        config.paused = paused;
        self.write(config_at, config.into());
        Ok(Event::PauseSet(PauseSet {
            config: config_at,
            authority: governance,
            old_paused,
            new_paused: paused,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn add_registrar(&mut self, call: &Call, params: &AddRegistrarParams) -> Outcome {
        let [governance, payer, config, registrar_at, system, event_authority, _] = call.keys();
        let AddRegistrarParams { authority, kinds, profile_commitment } = *params;
        call.signed_by(governance)?;
        call.signed_by(payer)?;
        let config = self.config(config)?;
        is_program(system, SYSTEM)?;
        let bump = self.init::<Registrar>(registrar_at, &[b"registrar", authority.as_ref()], payer)?;
        require(config.governance == governance, AegleError::NotGovernance)?;
        is_event_authority(event_authority)?;

        require(!config.paused, AegleError::Paused)?;
        require(authority != Pubkey::default(), AegleError::ZeroKey)?;
        require(kinds != 0, AegleError::InvalidCredentialKinds)?;
        require(profile_commitment != [0; 32], AegleError::ZeroCommitment)?;
        let registrar = Registrar {
            version: 1,
            bump,
            rent_payer: payer,
            authority,
            kinds,
            profile_commitment,
            added_slot: self.slot,
            added_at: self.now,
            removed_slot: 0,
            removed_at: 0,
        };
        self.write(registrar_at, registrar.into());
        Ok(Event::RegistrarAdded(RegistrarAdded {
            registrar: registrar_at,
            bump,
            authority: governance,
            rent_payer: payer,
            registrar_authority: authority,
            kinds,
            profile_commitment,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }

    pub(super) fn remove_registrar(&mut self, call: &Call) -> Outcome {
        let [governance, config, registrar_at, event_authority, _] = call.keys();
        call.signed_by(governance)?;
        let config = self.config(config)?;
        let mut registrar = self.registrar(registrar_at)?;
        require(config.governance == governance, AegleError::NotGovernance)?;
        is_event_authority(event_authority)?;

        require(registrar.removed_slot == 0, AegleError::RegistrarRemoved)?;
        registrar.removed_slot = self.slot;
        registrar.removed_at = self.now;
        let registrar_authority = registrar.authority;
        self.write(registrar_at, registrar.into());
        Ok(Event::RegistrarRemoved(RegistrarRemoved {
            registrar: registrar_at,
            authority: governance,
            registrar_authority,
            slot: self.slot,
            at: self.now,
        })
        .into())
    }
}

/// Where the loader keeps the program's code and upgrade authority.
pub fn program_data_address() -> Pubkey {
    Pubkey::find_program_address(&[PROGRAM_ID.as_ref()], &bpf_loader_upgradeable::ID).0
}
