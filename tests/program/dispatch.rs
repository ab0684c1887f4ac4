//! What reaches the program but is none of its instructions.

use aegle_client::{PROGRAM_ID, event::event_authority, instruction};
use aegle_tests::vm::{Vm, framework};
use anchor_lang::{error::ErrorCode, event::EVENT_IX_TAG_LE};
use solana_instruction::{AccountMeta, Instruction};
use solana_instruction_error::InstructionError;
use solana_signer::Signer;
use solana_transaction_error::TransactionError;

#[test]
fn unknown_instructions_are_refused() {
    let mut vm = Vm::new();
    for data in [vec![], vec![0; 7], vec![0; 8], vec![u8::MAX; 64]] {
        let unknown = Instruction { program_id: PROGRAM_ID, accounts: vec![], data };
        vm.refuse(unknown, &[], framework(ErrorCode::InstructionFallbackNotFound));
    }
}

/// INV-6: history is what the program itself told; nobody else can put an event into the ledger.
#[test]
fn nobody_else_can_emit_an_event() {
    let mut vm = Vm::new();
    let event_data = [EVENT_IX_TAG_LE, &[7; 40]].concat();
    let forge = |account| Instruction { program_id: PROGRAM_ID, accounts: vec![account], data: event_data.clone() };
    let unsigned = forge(AccountMeta::new_readonly(event_authority(), false));
    vm.refuse(unsigned, &[], framework(ErrorCode::ConstraintSigner));
    let stranger = vm.keypair();
    let by_stranger = forge(AccountMeta::new_readonly(stranger.pubkey(), true));
    vm.refuse(by_stranger, &[&stranger], framework(ErrorCode::ConstraintSeeds));
}

/// An event that goes to another program would be lost, so the change fails.
#[test]
fn events_go_to_the_program_itself() {
    let mut vm = Vm::new();
    let governance = vm.governance.insecure_clone();
    let mut pause = instruction::set_pause(governance.pubkey(), true);
    pause.accounts.last_mut().unwrap().pubkey = solana_sdk_ids::system_program::ID;
    let missing = TransactionError::InstructionError(0, InstructionError::MissingAccount);
    assert_eq!(vm.fail(&pause, &[&governance]).err, missing);
}
