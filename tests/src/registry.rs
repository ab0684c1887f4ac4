//! A registrar and the credentials it issues.

use aegle_client::{
    Pubkey,
    aegle::{AddRegistrarParams, IssueCredentialParams},
    instruction, pda,
    state::{CredentialKind, CredentialTerms},
};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::vm::{TODAY, Vm};

pub struct Registry {
    pub key: Keypair,
    pub registrar: Pubkey,
}

impl Registry {
    /// A registrar that governance added, for practitioners and organizations.
    pub fn new(vm: &mut Vm) -> Self {
        let key = vm.keypair();
        let kinds = CredentialKind::Practitioner.bit() | CredentialKind::Organization.bit();
        let params = AddRegistrarParams { authority: key.pubkey(), kinds, profile_commitment: vm.bytes() };
        let governance = vm.governance.insecure_clone();
        let add = instruction::add_registrar(governance.pubkey(), vm.payer.pubkey(), params);
        vm.run(&add, &[&governance]);
        let registrar = pda::find_registrar(&key.pubkey()).0;
        Self { key, registrar }
    }

    pub fn remove(&self, vm: &mut Vm) {
        let governance = vm.governance.insecure_clone();
        vm.run(&instruction::remove_registrar(governance.pubkey(), self.registrar), &[&governance]);
    }

    pub fn issue_instruction(&self, vm: &Vm, params: IssueCredentialParams) -> Instruction {
        instruction::issue_credential(self.key.pubkey(), vm.payer.pubkey(), params)
    }

    /// A credential of a new practitioner: its subject and its address.
    #[track_caller]
    pub fn issue(&self, vm: &mut Vm) -> (Pubkey, Pubkey) {
        let params = credential_params(vm);
        let subject = params.subject;
        let issue = self.issue_instruction(vm, params);
        vm.run(&issue, &[&self.key]);
        (subject, pda::find_credential(&self.registrar, &subject).0)
    }
}

/// What a practitioner's credential says for a year.
pub fn credential_params(vm: &mut Vm) -> IssueCredentialParams {
    let terms = CredentialTerms {
        emergency: true,
        encryption_key: vm.bytes(),
        profile_commitment: vm.bytes(),
        from_day: TODAY,
        until_day: TODAY + 365,
    };
    IssueCredentialParams { subject: vm.keypair().pubkey(), kind: CredentialKind::Practitioner, terms }
}
