use aegle_client::{
    Event, Pubkey, Space,
    aegle::{AegleError, ProposeRecoveryParams},
    commitment::GuardianList,
    events, pda,
    state::{GuardianOpening, Guardians, RECOVERY_WINDOW, Recovery, RecoveryStatus, VERSION, Vault},
};
use aegle_tests::{
    guarded::{DELAY, Guarded, change, guardians},
    vm::{Vm, framework, replace},
};
use anchor_lang::error::ErrorCode;
use solana_signer::Signer;

/// INV-3: below the threshold a proposal changes nothing of the vault; at the threshold the delay
/// begins.
#[test]
fn a_guardian_proposes_a_new_owner_at_the_payers_expense() {
    for threshold in [2, 1] {
        let mut vm = Vm::new();
        let guarded = Guarded::new(&mut vm, 3, threshold);
        let (before, sponsor) = (guarded.vault(&vm), vm.sponsor());
        vm.set_time(vm.clock().unix_timestamp + 60);
        let new_owner = vm.keypair().pubkey();
        let params = guarded.proposal(&mut vm, 1, new_owner);
        let propose = guarded.propose_instruction(&vm, 1, params.clone());
        let propose = replace(propose, vm.payer.pubkey(), sponsor.pubkey());
        let done = vm.run(&propose, &[&guarded.keys[1], &sponsor]);

        let (recovery, bump) = pda::find_recovery(&guarded.patient.vault, &params.recovery_id);
        let (slot, now) = (vm.clock().slot, vm.clock().unix_timestamp);
        let (status, executable_at, lapses_at) = match threshold {
            1 => (RecoveryStatus::Pending, now + DELAY, now + DELAY + RECOVERY_WINDOW),
            _ => (RecoveryStatus::Proposed, 0, now + RECOVERY_WINDOW),
        };
        assert_eq!(
            vm.account::<Recovery>(&recovery),
            Recovery {
                version: VERSION,
                bump,
                status,
                rent_payer: sponsor.pubkey(),
                vault: guarded.patient.vault,
                recovery_id: params.recovery_id,
                new_owner,
                new_encryption_key: params.new_encryption_key,
                guardian_epoch: 1,
                delegate_epoch: 0,
                approvals: 0b10,
                executable_at,
                lapses_at,
                proposed_slot: slot,
                proposed_at: now,
                changed_slot: slot,
                changed_at: now,
            }
        );
        assert_eq!(
            *done.event(),
            Event::RecoveryProposed(events::RecoveryProposed {
                vault: guarded.patient.vault,
                recovery_id: params.recovery_id,
                bump,
                authority: guarded.keys[1].pubkey(),
                rent_payer: sponsor.pubkey(),
                new_owner,
                new_encryption_key: params.new_encryption_key,
                guardian_epoch: 1,
                delegate_epoch: 0,
                approvals: 0b10,
                status,
                executable_at,
                lapses_at,
                slot,
                at: now,
            })
        );
        assert_eq!(done.event().account(), recovery);
        let pending = match threshold {
            1 => Vault { pending_recovery: recovery, recovery_lapses_at: lapses_at, ..before },
            _ => before,
        };
        assert_eq!(guarded.vault(&vm), pending);
        assert_eq!(vm.size(&recovery), Some(8 + Recovery::INIT_SPACE));
        assert_eq!(vm.spent(&sponsor), vm.rent_of(&recovery), "INV-12");
    }
}

/// INV-3: only who opens a commitment of the vault's guardians is one.
#[test]
fn nobody_but_a_guardian_proposes() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let others = Guarded::new(&mut vm, 3, 2);
    let thief = vm.keypair();
    let good = guarded.proposal(&mut vm, 0, thief.pubkey());
    let open = |opening| ProposeRecoveryParams { opening, ..good.clone() };
    let GuardianOpening { commitments, index, salt } = good.opening.clone();
    let own = GuardianList::new(guarded.patient.vault, &[thief.pubkey(); 3], vm.rng());

    for stranger in [&thief, &guarded.keys[1], &others.keys[0]] {
        let propose = guarded.propose_instruction(&vm, 0, good.clone());
        let by_stranger = replace(propose, guarded.keys[0].pubkey(), stranger.pubkey());
        vm.refuse(by_stranger, &[stranger], AegleError::GuardianMismatch);
    }
    let wrong_openings = [
        GuardianOpening { salt: [7; 32], ..good.opening.clone() },
        GuardianOpening { index: 1, ..good.opening.clone() },
        GuardianOpening { index: 3, ..good.opening.clone() },
        GuardianOpening { index: u8::MAX, ..good.opening.clone() },
        GuardianOpening { commitments: commitments[..2].to_vec(), index, salt },
        GuardianOpening { commitments: [&commitments[..], &commitments[..1]].concat(), index, salt },
        GuardianOpening { commitments: vec![commitments[1], commitments[0], commitments[2]], index: 1, salt },
        GuardianOpening { commitments: vec![], index: 0, salt },
        others.list.opening(&others.keys[0].pubkey()).unwrap(),
    ];
    for opening in wrong_openings {
        let propose = guarded.propose_instruction(&vm, 0, open(opening));
        vm.refuse(propose, &[&guarded.keys[0]], AegleError::GuardianMismatch);
    }
    let propose = guarded.propose_instruction(&vm, 0, open(own.opening(&thief.pubkey()).unwrap()));
    let by_thief = replace(propose, guarded.keys[0].pubkey(), thief.pubkey());
    vm.refuse(by_thief, &[&thief], AegleError::GuardianMismatch);
    vm.run(&guarded.propose_instruction(&vm, 0, good), &[&guarded.keys[0]]);
}

#[test]
fn a_vault_without_guardians_is_not_recovered() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let (keys, list, guardians) = guardians(&mut vm, &patient, 1, 1);
    let unguarded = Guarded { patient, keys, list, guardians };
    let heir = vm.keypair().pubkey();
    for commitments in [vec![], unguarded.list.commitments()] {
        let mut params = unguarded.proposal(&mut vm, 0, heir);
        params.opening.commitments = commitments;
        let propose = unguarded.propose_instruction(&vm, 0, params);
        vm.refuse(propose, &[&unguarded.keys[0]], AegleError::GuardianMismatch);
    }
}

/// The owner's key, once stolen, must not count among the guardians.
#[test]
fn the_owner_is_no_guardian() {
    let mut vm = Vm::new();
    let patient = vm.patient();
    let other = vm.keypair();
    let keys = [patient.owner.pubkey(), other.pubkey()];
    let list = GuardianList::new(patient.vault, &keys, vm.rng());
    let guardians = list.guardians(1, DELAY);
    vm.run(&change(&vm, &patient, guardians), &[&patient.owner]);
    let keys = vec![patient.owner.insecure_clone(), other];
    let guarded = Guarded { patient, keys, list, guardians };
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let propose = guarded.propose_instruction(&vm, 0, params);
    vm.refuse(propose, &[&guarded.keys[0]], AegleError::GuardianIsOwner);
    let recovery = guarded.propose(&mut vm, 1, heir);
    let approve = guarded.approve_instruction(0, recovery);
    vm.refuse(approve, &[&guarded.keys[0]], AegleError::GuardianIsOwner);
}

#[test]
fn a_new_owner_without_a_key_or_who_is_the_owner_is_refused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let good = guarded.proposal(&mut vm, 0, heir);
    for (params, error) in [
        (
            ProposeRecoveryParams { new_owner: guarded.patient.owner.pubkey(), ..good.clone() },
            AegleError::NewOwnerIsOwner,
        ),
        (ProposeRecoveryParams { new_owner: Pubkey::default(), ..good.clone() }, AegleError::ZeroKey),
        (ProposeRecoveryParams { new_encryption_key: [0; 32], ..good.clone() }, AegleError::ZeroKey),
    ] {
        let propose = guarded.propose_instruction(&vm, 0, params);
        vm.refuse(propose, &[&guarded.keys[0]], error);
    }
}

/// A proposal prepared before the guardians or the owner changed does not land afterwards; but the
/// owner's other epochs are no way for a thief to keep the guardians out.
#[test]
fn a_proposal_of_earlier_guardians_or_an_earlier_owner_is_refused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let propose = guarded.propose_instruction(&vm, 0, params);
    let signers = [&guarded.keys[0]];
    for (change, error) in [
        ((|vault| vault.guardian_epoch += 1) as fn(&mut Vault), AegleError::GuardianEpochMismatch),
        (|vault| vault.delegate_epoch += 1, AegleError::DelegateEpochMismatch),
    ] {
        let vault = vm.svm.get_account(&guarded.patient.vault).unwrap();
        vm.edit(&guarded.patient.vault, change);
        vm.refuse(propose.clone(), &signers, error);
        vm.svm.set_account(guarded.patient.vault, vault).unwrap();
    }
    vm.edit(&guarded.patient.vault, |vault: &mut Vault| {
        (vault.key_epoch, vault.consent_epoch) = (7, 8);
    });
    vm.run(&propose, &signers);
}

#[test]
fn guardians_who_were_replaced_do_not_propose_before_that_is_applied() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    vm.run(&change(&vm, &guarded.patient, others), &[&guarded.patient.owner]);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let propose = guarded.propose_instruction(&vm, 0, params);
    let due_at = guarded.vault(&vm).guardians_due_at;
    vm.set_time(due_at);
    vm.refuse(propose.clone(), &[&guarded.keys[0]], AegleError::GuardianChangeDue);
    vm.set_time(due_at - 1);
    vm.run(&propose, &[&guarded.keys[0]]);
    // Below the threshold the change goes on.
    let vault = guarded.vault(&vm);
    assert_eq!((vault.pending_guardians, vault.guardians_due_at), (others, due_at));
}

/// What becomes pending makes a change of guardians void that is not due.
#[test]
fn a_pending_recovery_drops_the_change_of_guardians() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 1);
    let (_, _, others) = guardians(&mut vm, &guarded.patient, 2, 1);
    vm.run(&change(&vm, &guarded.patient, others), &[&guarded.patient.owner]);
    let heir = vm.keypair().pubkey();
    let recovery = guarded.propose(&mut vm, 0, heir);
    let vault = guarded.vault(&vm);
    assert_eq!((vault.pending_guardians, vault.guardians_due_at), (Guardians::default(), 0));
    assert_eq!(vault.pending_recovery, recovery);
}

#[test]
fn one_recovery_is_pending_at_a_time_until_it_lapses() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 1);
    let heir = vm.keypair().pubkey();
    let first = guarded.propose(&mut vm, 0, heir);
    let params = guarded.proposal(&mut vm, 1, heir);
    let propose = guarded.propose_instruction(&vm, 1, params.clone());
    let lapses_at = vm.account::<Recovery>(&first).lapses_at;
    for now in [vm.clock().unix_timestamp, lapses_at - 1] {
        vm.set_time(now);
        vm.refuse(propose.clone(), &[&guarded.keys[1]], AegleError::RecoveryPending);
    }
    vm.set_time(lapses_at);
    vm.run(&propose, &[&guarded.keys[1]]);
    let second = pda::find_recovery(&guarded.patient.vault, &params.recovery_id).0;
    assert_eq!(guarded.vault(&vm).pending_recovery, second);
}

#[test]
fn a_recovery_id_is_used_once() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let propose = guarded.propose_instruction(&vm, 0, params);
    vm.run(&propose, &[&guarded.keys[0]]);
    vm.refuse_existing(propose, &[&guarded.keys[0]]);
}

/// INV-3: a recovery belongs to its vault's address.
#[test]
fn a_proposal_for_another_vault_is_refused() {
    let mut vm = Vm::new();
    let (guarded, other) = (Guarded::new(&mut vm, 3, 2), Guarded::new(&mut vm, 3, 2));
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let crossed = replace(guarded.propose_instruction(&vm, 0, params), guarded.patient.vault, other.patient.vault);
    vm.refuse(crossed, &[&guarded.keys[0]], framework(ErrorCode::ConstraintSeeds));
}

/// Times at the integer's end, which no clock reaches, fail instead of wrapping round.
#[test]
fn a_clock_at_its_end_is_refused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 1);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let propose = guarded.propose_instruction(&vm, 0, params);
    for now in [i64::MAX, i64::MAX - RECOVERY_WINDOW] {
        vm.set_time(now);
        vm.refuse(propose.clone(), &[&guarded.keys[0]], AegleError::InvalidRecoveryDelay);
    }
}

#[test]
fn guardians_propose_while_paused() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    vm.set_paused(true);
    let heir = vm.keypair().pubkey();
    guarded.pend(&mut vm, heir);
}

#[test]
fn every_account_must_be_the_right_one() {
    let mut vm = Vm::new();
    let guarded = Guarded::new(&mut vm, 3, 2);
    let heir = vm.keypair().pubkey();
    let params = guarded.proposal(&mut vm, 0, heir);
    let sponsor = vm.sponsor();
    let good = replace(guarded.propose_instruction(&vm, 0, params), vm.payer.pubkey(), sponsor.pubkey());
    vm.refuse_wrong_accounts(&good, &[&guarded.keys[0], &sponsor]);
}
