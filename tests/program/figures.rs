//! Compute units and sizes.

use aegle_client::{instruction, pda};
use aegle_tests::vm::Vm;

#[test]
fn show() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let params = vm.record_params(&patient);
    let record = pda::find_record(&patient.vault, &params.record_id).0;
    let mint = instruction::mint_record(patient.vault, patient.authority(), vm.payer.pubkey(), params);
    let done = vm.send(&[mint], &[&patient.owner]).unwrap();
    println!("mint {}", done.compute_units());
    println!("{}", done.meta.logs.join("\n"));
    let params = vm.consent_params(&patient);
    let consent = pda::find_consent(&patient.vault, &params.consent_id).0;
    let grant = instruction::grant_consent(patient.vault, patient.authority(), vm.payer.pubkey(), params);
    let done = vm.send(&[grant], &[&patient.owner]).unwrap();
    println!("grant {}", done.compute_units());
    let done = vm
        .send(&[instruction::revoke_consent(patient.vault, patient.authority(), consent)], &[&patient.owner])
        .unwrap();
    println!("revoke {}", done.compute_units());
    let done = vm
        .send(
            &[instruction::erase_record(patient.vault, patient.owner.pubkey(), record, vm.payer.pubkey())],
            &[&patient.owner],
        )
        .unwrap();
    println!("erase {}", done.compute_units());
    println!("{}", done.meta.logs.join("\n"));
}
use solana_signer::Signer;
