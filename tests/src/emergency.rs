//! A patient who allows emergencies, and openings of the vault.

use aegle_client::{
    Pubkey,
    aegle::{OpenBreakGlassParams, SetEmergencyPolicyParams},
    id, instruction, pda,
    state::{EMERGENCIES_ALLOWED, EMERGENCIES_FORBIDDEN},
};
use solana_instruction::Instruction;
use solana_signer::Signer;

use crate::vm::{Patient, Vm};

/// A patient who allows opening records in an emergency.
pub fn open_patient(vm: &mut Vm) -> Patient {
    let patient = vm.patient();
    allow_emergencies(vm, &patient, true);
    patient
}

/// The owner allows or forbids emergencies.
#[track_caller]
pub fn allow_emergencies(vm: &mut Vm, patient: &Patient, allowed: bool) {
    let emergency_policy = if allowed { EMERGENCIES_ALLOWED } else { EMERGENCIES_FORBIDDEN };
    let params = SetEmergencyPolicyParams { emergency_policy, expected: vm.expected(patient) };
    vm.run(&instruction::set_emergency_policy(patient.vault, params), &[&patient.owner]);
}

/// An opening for an hour.
pub fn opening_params(vm: &mut Vm, patient: &Patient) -> OpenBreakGlassParams {
    OpenBreakGlassParams {
        break_glass_id: id::break_glass_id(vm.rng(), &patient.vault),
        commitment: vm.bytes(),
        expires_at: vm.clock().unix_timestamp + 3_600,
    }
}

/// By the one who pays for everybody.
pub fn open_instruction(vm: &Vm, patient: &Patient, params: OpenBreakGlassParams) -> Instruction {
    instruction::open_break_glass(patient.vault, vm.payer.pubkey(), vm.payer.pubkey(), params)
}

/// Opens the vault for an hour.
#[track_caller]
pub fn open(vm: &mut Vm, patient: &Patient) -> Pubkey {
    let params = opening_params(vm, patient);
    let break_glass = pda::find_break_glass(&patient.vault, &params.break_glass_id).0;
    let (open, payer) = (open_instruction(vm, patient, params), vm.payer.insecure_clone());
    vm.run(&open, &[&payer]);
    break_glass
}
