use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, AnchorAuditRootParams},
    events, instruction, pda,
    state::{AuditRoot, MAX_TREE_SIZE, VERSION},
};
use aegle_tests::vm::{Vm, replace};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

fn params(vm: &mut Vm, index: u64, tree_size: u64) -> AnchorAuditRootParams {
    AnchorAuditRootParams { index, tree_size, root: vm.bytes(), heads: vm.bytes() }
}

fn anchor(vm: &Vm, operator: &Keypair, params: &AnchorAuditRootParams) -> Instruction {
    instruction::anchor_audit_root(operator.pubkey(), vm.payer.pubkey(), params.clone())
}

/// A root of a log that nobody has.
fn next(vm: &mut Vm, operator: &Keypair, index: u64, tree_size: u64) -> Instruction {
    let params = params(vm, index, tree_size);
    anchor(vm, operator, &params)
}

/// An operator whose first root is of three entries, and that root.
fn scene() -> (Vm, Keypair, AnchorAuditRootParams) {
    let mut vm = Vm::new();
    let operator = vm.keypair();
    let first = params(&mut vm, 0, 3);
    let instruction = anchor(&vm, &operator, &first);
    vm.run(&instruction, &[&operator]);
    (vm, operator, first)
}

fn address(operator: &Keypair, index: u64) -> Pubkey {
    pda::find_audit_root(&operator.pubkey(), index).0
}

/// INV-9.
#[test]
fn an_operator_anchors_one_root_after_another_at_the_payers_expense() {
    let mut vm = Vm::new();
    let (operator, sponsor) = (vm.keypair(), vm.sponsor());
    let mut rent = 0;
    for (index, tree_size) in [(0, 0), (1, 7), (2, 1_000_000), (3, MAX_TREE_SIZE)] {
        vm.set_time(vm.clock().unix_timestamp + 60);
        let params = params(&mut vm, index, tree_size);
        let anchor = instruction::anchor_audit_root(operator.pubkey(), sponsor.pubkey(), params.clone());
        let done = vm.run(&anchor, &[&operator, &sponsor]);

        let (audit_root, bump) = pda::find_audit_root(&operator.pubkey(), index);
        let clock = vm.clock();
        let AnchorAuditRootParams { root, heads, .. } = params;
        assert_eq!(
            vm.account::<AuditRoot>(&audit_root),
            AuditRoot {
                version: VERSION,
                bump,
                rent_payer: sponsor.pubkey(),
                operator: operator.pubkey(),
                index,
                tree_size,
                root,
                heads,
                anchored_slot: clock.slot,
                anchored_at: clock.unix_timestamp,
            }
        );
        assert_eq!(
            *done.event(),
            Event::AuditRootAnchored(events::AuditRootAnchored {
                audit_root,
                operator: operator.pubkey(),
                index,
                bump,
                rent_payer: sponsor.pubkey(),
                tree_size,
                root,
                heads,
                slot: clock.slot,
                at: clock.unix_timestamp,
            })
        );
        assert_eq!(done.event().vault(), None);
        assert_eq!(vm.size(&audit_root), Some(8 + AuditRoot::INIT_SPACE));
        rent += vm.rent_of(&audit_root);
        assert_eq!(vm.spent(&sponsor), rent, "INV-12");
        vm.refuse_existing(anchor, &[&operator, &sponsor]);
    }
}

/// INV-9: an operator that cuts the tail of its log cannot anchor what is left.
#[test]
fn a_log_never_shrinks() {
    let (mut vm, operator, _) = scene();
    for tree_size in [0, 1, 2] {
        let params = params(&mut vm, 1, tree_size);
        vm.refuse(anchor(&vm, &operator, &params), &[&operator], AegleError::AuditLogShrunk);
    }
}

/// INV-9: of as many entries there is one log.
#[test]
fn the_same_size_says_the_same_again() {
    let (mut vm, operator, first) = scene();
    for (root, heads) in [(vm.bytes(), first.heads), (first.root, vm.bytes()), (vm.bytes(), vm.bytes())] {
        let params = AnchorAuditRootParams { index: 1, root, heads, ..first };
        vm.refuse(anchor(&vm, &operator, &params), &[&operator], AegleError::AuditLogForked);
    }
    let same = anchor(&vm, &operator, &AnchorAuditRootParams { index: 1, ..first });
    vm.run(&same, &[&operator]);
}

/// INV-9: no root is left out, or anchored beside the others.
#[test]
fn every_root_but_the_first_follows_the_operators_last() {
    let (mut vm, operator, first) = scene();
    let second = next(&mut vm, &operator, 1, 4);
    vm.run(&second, &[&operator]);
    let stranger = vm.keypair();
    let theirs = next(&mut vm, &stranger, 0, 1);
    vm.run(&theirs, &[&stranger]);

    let third = next(&mut vm, &operator, 2, 5);
    let named = address(&operator, 1);
    // None, the first one, and another operator's of the number before.
    for previous in [aegle_client::PROGRAM_ID, address(&operator, 0), address(&stranger, 0)] {
        vm.refuse(replace(third.clone(), named, previous), &[&operator], AegleError::AuditRootMismatch);
    }
    let theirs = next(&mut vm, &stranger, 1, 2);
    vm.refuse(
        replace(theirs, address(&stranger, 0), address(&operator, 0)),
        &[&stranger],
        AegleError::AuditRootMismatch,
    );
    // A number left out: without a previous root, and with the last one there is.
    let fourth = next(&mut vm, &operator, 3, 5);
    for previous in [aegle_client::PROGRAM_ID, named] {
        let skipping = replace(fourth.clone(), address(&operator, 2), previous);
        vm.refuse(skipping, &[&operator], AegleError::AuditRootMismatch);
    }
    vm.run(&third, &[&operator]);

    // The first takes none.
    let newcomer = vm.keypair();
    let mut first = anchor(&vm, &newcomer, &AnchorAuditRootParams { tree_size: 9, ..first });
    first.accounts[2].pubkey = named;
    vm.refuse(first, &[&newcomer], AegleError::AuditRootMismatch);
}

/// An operator's roots are its own.
#[test]
fn nobody_anchors_for_another_operator() {
    let (mut vm, operator, _) = scene();
    let stranger = vm.keypair();
    let second = next(&mut vm, &operator, 1, 4);
    let mut unsigned = second.clone();
    unsigned.accounts[0].is_signer = false;
    let code = anchor_lang::error::ErrorCode::AccountNotSigner as u32;
    vm.refuse(unsigned, &[], code);
    let by_stranger = replace(second, operator.pubkey(), stranger.pubkey());
    vm.refuse(by_stranger, &[&stranger], anchor_lang::error::ErrorCode::ConstraintSeeds as u32);
}

#[test]
fn a_root_that_cannot_be_one_is_refused() {
    let (mut vm, operator, _) = scene();
    let zero = AnchorAuditRootParams { root: [0; 32], ..params(&mut vm, 1, 4) };
    vm.refuse(anchor(&vm, &operator, &zero), &[&operator], AegleError::ZeroCommitment);
    for tree_size in [MAX_TREE_SIZE + 1, u64::MAX] {
        let beyond = params(&mut vm, 1, tree_size);
        vm.refuse(anchor(&vm, &operator, &beyond), &[&operator], AegleError::AuditLogTooLarge);
    }
}

/// A pause is when an operator's honesty may matter most.
#[test]
fn roots_are_anchored_while_paused() {
    let (mut vm, operator, _) = scene();
    vm.set_paused(true);
    let second = next(&mut vm, &operator, 1, 4);
    vm.run(&second, &[&operator]);
}

#[test]
fn every_account_must_be_the_right_one() {
    let (mut vm, operator, _) = scene();
    let sponsor = vm.sponsor();
    let params = params(&mut vm, 1, 4);
    let good = instruction::anchor_audit_root(operator.pubkey(), sponsor.pubkey(), params);
    vm.refuse_wrong_accounts(&good, &[&operator, &sponsor]);
}
