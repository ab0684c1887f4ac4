//! A patient with guardians, and what they do for a lost or stolen key.

use aegle_client::{
    Pubkey,
    aegle::{ApproveRecoveryParams, ChangeGuardiansParams, ProposeRecoveryParams},
    commitment::GuardianList,
    id, instruction, pda,
    state::{DAY, Guardians, Recovery, Vault},
};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::vm::{Done, Patient, Vm};

/// The delay of every vault of the tests, in seconds.
pub const DELAY: i64 = 3 * DAY;

pub struct Guarded {
    pub patient: Patient,
    pub keys: Vec<Keypair>,
    pub list: GuardianList,
    pub guardians: Guardians,
}

impl Guarded {
    /// A patient whose `count` guardians are in effect.
    pub fn new(vm: &mut Vm, count: usize, threshold: u8) -> Self {
        let patient = vm.patient();
        let (keys, list, guardians) = guardians(vm, &patient, count, threshold);
        let change = change(vm, &patient, guardians);
        vm.run(&change, &[&patient.owner]);
        Self { patient, keys, list, guardians }
    }

    pub fn vault(&self, vm: &Vm) -> Vault {
        vm.vault(&self.patient)
    }

    pub fn proposal(&self, vm: &mut Vm, guardian: usize, new_owner: Pubkey) -> ProposeRecoveryParams {
        let vault = self.vault(vm);
        ProposeRecoveryParams {
            recovery_id: id::recovery_id(vm.rng(), &self.patient.vault),
            new_owner,
            new_encryption_key: vm.bytes(),
            opening: self.list.opening(&self.keys[guardian].pubkey()).expect("guardian"),
            guardian_epoch: vault.guardian_epoch,
            delegate_epoch: vault.delegate_epoch,
        }
    }

    pub fn propose_instruction(&self, vm: &Vm, guardian: usize, params: ProposeRecoveryParams) -> Instruction {
        instruction::propose_recovery(self.patient.vault, self.keys[guardian].pubkey(), vm.payer.pubkey(), params)
    }

    /// A guardian proposes `new_owner`.
    #[track_caller]
    pub fn propose(&self, vm: &mut Vm, guardian: usize, new_owner: Pubkey) -> Pubkey {
        let params = self.proposal(vm, guardian, new_owner);
        let recovery = pda::find_recovery(&self.patient.vault, &params.recovery_id).0;
        let propose = self.propose_instruction(vm, guardian, params);
        vm.run(&propose, &[&self.keys[guardian]]);
        recovery
    }

    pub fn approve_instruction(&self, guardian: usize, recovery: Pubkey) -> Instruction {
        let key = self.keys[guardian].pubkey();
        let opening = self.list.opening(&key).expect("guardian");
        instruction::approve_recovery(self.patient.vault, key, recovery, ApproveRecoveryParams { opening })
    }

    #[track_caller]
    pub fn approve(&self, vm: &mut Vm, guardian: usize, recovery: Pubkey) -> Done {
        vm.run(&self.approve_instruction(guardian, recovery), &[&self.keys[guardian]])
    }

    /// The first guardians, as many as the threshold, propose `new_owner`.
    #[track_caller]
    pub fn pend(&self, vm: &mut Vm, new_owner: Pubkey) -> Pubkey {
        let recovery = self.propose(vm, 0, new_owner);
        for guardian in 1..usize::from(self.guardians.threshold) {
            self.approve(vm, guardian, recovery);
        }
        recovery
    }

    pub fn veto_instruction(&self, recovery: Pubkey) -> Instruction {
        instruction::veto_recovery(self.patient.vault, self.patient.owner.pubkey(), recovery)
    }

    #[track_caller]
    pub fn veto(&self, vm: &mut Vm, recovery: Pubkey) -> Done {
        vm.run(&self.veto_instruction(recovery), &[&self.patient.owner])
    }

    /// The clock passes the recovery's delay.
    pub fn wait(&self, vm: &mut Vm, recovery: Pubkey) {
        let executable_at = vm.account::<Recovery>(&recovery).executable_at;
        vm.set_time(executable_at);
    }

    #[track_caller]
    pub fn execute(&self, vm: &mut Vm, new_owner: &Keypair, recovery: Pubkey) -> Done {
        let execute = instruction::execute_recovery(self.patient.vault, new_owner.pubkey(), recovery);
        vm.run(&execute, &[new_owner])
    }

    /// The whole way to a new owner.
    #[track_caller]
    pub fn recover(&self, vm: &mut Vm) -> Patient {
        let new_owner = vm.keypair();
        let recovery = self.pend(vm, new_owner.pubkey());
        self.wait(vm, recovery);
        self.execute(vm, &new_owner, recovery);
        Patient { owner: new_owner, vault: self.patient.vault }
    }
}

/// `count` new keys as guardians of a patient, not yet named on chain.
pub fn guardians(
    vm: &mut Vm,
    patient: &Patient,
    count: usize,
    threshold: u8,
) -> (Vec<Keypair>, GuardianList, Guardians) {
    let keys: Vec<Keypair> = (0..count).map(|_| vm.keypair()).collect();
    let addresses: Vec<Pubkey> = keys.iter().map(Signer::pubkey).collect();
    let list = GuardianList::new(patient.vault, &addresses, vm.rng());
    let guardians = list.guardians(threshold, DELAY);
    (keys, list, guardians)
}

/// The owner names guardians.
pub fn change(vm: &Vm, patient: &Patient, guardians: Guardians) -> Instruction {
    let params = ChangeGuardiansParams { guardians, expected: vm.expected(patient) };
    instruction::change_guardians(patient.vault, params)
}
